"""A release: what its two files hold, and the book read from the wheel, with no clone near."""

import email
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from tests import cleanroom
from tests.package.conftest import edit
from unrolled import __version__
from unrolled.cli import SECTIONS
from unrolled.data.registry import read_registry
from unrolled.errors import BookError
from unrolled.grade import jail
from unrolled.grade.jail import LEVELS, PRIVATE, bubblewrap, container, refuse_answers
from unrolled.manifest import Book, read_book

ROOT = Path(__file__).resolve().parents[2]
BOOK = ("chapters/", "solutions/", "tests/chapters/", "tests/wrong/", "data/")
BOTH = ("book.toml", "pyproject.toml")
ABOUT = {"README.md", "LICENSE", "LICENSE-prose", ".gitignore", "PKG-INFO"}
INFO = f"unrolled-{__version__}.dist-info"


def wheel_of(root: Path, place: Path, kind: str = "standard") -> Path:
    return Path(next(WheelBuilder(str(root)).build(directory=str(place), versions=[kind])))


def sdist_of(root: Path, place: Path) -> Path:
    return Path(next(SdistBuilder(str(root)).build(directory=str(place), versions=["standard"])))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel_of(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sdist_of(ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that has the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


# What they hold


@pytest.fixture(scope="module")
def known() -> set[str]:
    """The files of the clone, without what git ignores."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("NO GIT: what belongs to the book is not known")
    said = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    return {name for name in said.stdout.split("\0") if (ROOT / name).is_file()}


def test_the_wheel_holds_the_package_and_the_book_and_nothing_else(
    wheel: Path, known: set[str]
) -> None:
    package = {name for name in known if name.startswith("unrolled/")}
    book = {f"unrolled/book/{name}" for name in known if name.startswith(BOOK) or name in BOTH}
    named = ("METADATA", "WHEEL", "RECORD", "entry_points.txt")
    about = {f"{INFO}/{name}" for name in (*named, "licenses/LICENSE", "licenses/LICENSE-prose")}
    assert set(zipfile.ZipFile(wheel).namelist()) == package | book | about


def test_the_sdist_holds_the_same(sdist: Path, known: set[str]) -> None:
    top = f"unrolled-{__version__}"
    held = {PurePosixPath(one.name).relative_to(top).as_posix() for one in tarfile.open(sdist)}
    mine = {name for name in known if name.startswith(("unrolled/", *BOOK)) or name in BOTH}
    assert held == mine | ABOUT


def test_what_commands_read_is_in_the_wheel(installed: Path) -> None:
    root = installed / "unrolled" / "book"
    for one in read_book(root).notebooks:
        parts = (one.source, one.checks, one.solutions, one.wrong, one.hints, one.results)
        assert [path for path in parts if not path.is_file()] == []
    files = [file for one in read_registry(root) for file in one.files if file.embedded]
    assert files and all((root / "data" / file.path).is_file() for file in files)


def test_the_same_files_give_the_same_bytes(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as packed:  # by hand: extractall has a filter from Python 3.11.4 on
        for entry in filter(tarfile.TarInfo.isfile, packed):
            place, content = tmp_path / entry.name, packed.extractfile(entry)
            place.parent.mkdir(parents=True, exist_ok=True)
            assert content is not None
            place.write_bytes(content.read())
    root = tmp_path / f"unrolled-{__version__}"
    for path in root.rglob("*"):  # another day, another umask
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert wheel_of(root, tmp_path / "again").read_bytes() == wheel.read_bytes()
    assert sdist_of(root, tmp_path / "again").read_bytes() == sdist.read_bytes()


def test_the_wheel_says_which_version_it_is_and_under_which_licenses(installed: Path) -> None:
    about = email.message_from_string((installed / INFO / "METADATA").read_text(encoding="utf-8"))
    assert (about["Name"], about["Version"]) == ("unrolled", __version__)
    # Code; prose, figures and tables; the series that data/README.md tells the license of.
    assert about["License-Expression"] == "MIT AND CC-BY-4.0 AND CC-BY-SA-4.0"
    assert about.get_all("License-File") == ["LICENSE", "LICENSE-prose"]
    assert "quoted as in the question, CC BY-SA 4.0" in (
        installed / "unrolled" / "book" / "data" / "README.md"
    ).read_text(encoding="utf-8")


def test_installed_as_editable_the_book_stays_where_it_is(tmp_path: Path) -> None:
    content = zipfile.ZipFile(wheel_of(ROOT, tmp_path, "editable"))
    names = {one for one in content.namelist() if not one.startswith(INFO)}
    assert names == {"_unrolled.pth", *(f"unrolled/book/{name}" for name in BOTH)}
    assert content.read("_unrolled.pth").decode() == str(ROOT)


# The book read from the wheel

# What a student writes in place of the stub; then what is done in work/, where notebooks run.
RIGHT = "return (x - x.mean(dim=1, keepdim=True)).square().mean()"
NOTEBOOK = f"""
import json, sys
from click.testing import CliRunner
from unrolled import check, data, measured
from unrolled.checks import warm
from unrolled.cli import main
from unrolled.errors import BookError
from unrolled.grade.jail import LEVELS
from unrolled.manifest import read_book

def variance_floor(x):
    {RIGHT}

def said(line):
    ran = CliRunner().invoke(main, line.split())
    return ran.exit_code, ran.output

def jailed(level):
    try:
        return list(level(book))
    except BookError as error:
        return str(error)

book = read_book()
found = dict(
    commands={{line: said(line) for line in sys.argv[1:]}},
    places=[str(book.root), str(book.home), str(data.path("icews_14x5.csv"))],
    measured=len(measured(book.notebooks[0].name)),
    jails=[jailed(level) for level in LEVELS.values()],
    live=[one.outcome for one in check("variance_floor").verdicts],
)
warm.learn(str(book.home), "01", "variance_floor")
print(json.dumps(found))
"""


def read(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder with the wheel before whatever else is installed."""
    away = ("PYTHONPATH", "UNROLLED_DATA")
    settings = {name: value for name, value in os.environ.items() if name not in away}
    settings |= {"PYTHONPATH": str(installed), "NO_COLOR": "1", "COLUMNS": "120"}
    command = [sys.executable, "-P", *words]
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, encoding="utf-8")


def test_the_book_is_read_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    before = sorted(path for path in installed.rglob("*") if "__pycache__" not in path.parts)
    mine = tmp_path / "an empty folder"
    mine.mkdir()

    # start, check, an answer, check
    started = read(installed, mine, "-m", "unrolled", "start", "1")
    assert (started.returncode, started.stderr) == (0, "")
    assert "work/01_autoencoder_collapse.py and .ipynb" in started.stdout
    checked = read(installed, mine, "-m", "unrolled", "check", "variance_floor")
    assert (checked.returncode, checked.stderr) == (1, "") and "not tried yet" in checked.stdout
    path = mine / "work" / "01_autoencoder_collapse.py"
    edit(path, 'raise NotImplementedError("exercise variance_floor")', RIGHT)
    os.utime(path, (4e9, 4e9))

    # everything else, in work/
    reader = ("check 1.1", "status", "hint", "solution 1.1", "reset 1.1", "update", "data list")
    whole = [*SECTIONS["Maintain it"], "release course", "grade . --out grades"]
    ran = read(installed, mine / "work", "-c", NOTEBOOK, *reader, *whole)
    assert (ran.returncode, ran.stderr) == (0, "")
    found = json.loads(ran.stdout.splitlines()[-1])
    book = installed / "unrolled" / "book"
    assert found["places"] == [str(book), str(mine), str(book / "data" / "icews_14x5.csv")]
    assert found["measured"] and set(found["live"]) == {"passed"}
    for line in reader:
        assert found["commands"][line][0] == 0, found["commands"][line]
    assert "1 of 9" in found["commands"]["status"][1]
    assert "your answer is kept in work/kept/" in found["commands"]["reset 1.1"][1]
    for line in whole:
        code, said = found["commands"][line]
        assert code == 2 and said.count("\n") == 1, said
        assert said.startswith(f"unrolled: `unrolled {line.split()[0]}` needs a clone of the book")
    assert found["jails"] == len(LEVELS) * [
        f"a submission could read the answers in {book}, so nothing is graded; uninstall that "
        "wheel and grade from a clone"
    ]

    assert {one.name for one in mine.iterdir()} == {"work", "build"}
    assert {one.name for one in (mine / "build").iterdir()} == {"pytest", "mistakes"}
    after = sorted(path for path in installed.rglob("*") if "__pycache__" not in path.parts)
    assert before == after  # nothing was written beside the package


# Answers in reach of a submission


@pytest.mark.parametrize(
    "at", ["lib/python3.11/site-packages", "envs/old/lib64/python3.9/dist-packages"]
)
@pytest.mark.parametrize("prefix", ["prefix", "base_prefix"])
def test_nothing_is_graded_where_a_python_has_the_wheel(
    tiny: Book, monkeypatch: pytest.MonkeyPatch, at: str, prefix: str
) -> None:
    refuse_answers()  # as it is
    monkeypatch.setattr(sys, prefix, str(tiny.root / "python"))
    book = tiny.root / "python" / at / "unrolled" / "book"
    book.mkdir(parents=True)
    refuse_answers()  # what an editable installation leaves there holds no answer
    (book / "solutions").mkdir()
    for level in LEVELS.values():
        with pytest.raises(BookError, match="uninstall that wheel and grade from a clone"):
            list(level(tiny))


@pytest.mark.parametrize("where", ["prefix", "base_prefix"])
def test_nothing_is_graded_where_the_book_lies_in_a_python(
    tiny: Book, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(sys, where, str(tiny.root))
    with pytest.raises(BookError, match=f"could read {tiny.root}, and the book with its answers"):
        list(bubblewrap(tiny))


def test_nothing_is_graded_where_the_book_lies_in_the_system(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiny.root / "link").symlink_to(tiny.root.parent)
    monkeypatch.setattr(jail, "SYSTEM", (str(tiny.root / "link"),))
    with pytest.raises(BookError, match=f"move {tiny.root} elsewhere"):
        list(bubblewrap(tiny))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no root")
@pytest.mark.parametrize("name", PRIVATE)
def test_a_container_grades_where_no_folder_with_answers_can_be_read(
    tiny: Book, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for prefix in ("prefix", "base_prefix"):
        monkeypatch.setattr(sys, prefix, str(tiny.root))
    monkeypatch.setattr(jail.unrolled, "__file__", str(tiny.root / "unrolled" / "__init__.py"))
    (tiny.root / "unrolled").mkdir()
    for folder in (tiny.root, *tiny.root.parents):
        if not folder.stat().st_mode & 1:
            folder.chmod(0o755)
    for one in PRIVATE:
        (tiny.root / one).mkdir(parents=True, exist_ok=True)
        (tiny.root / one).chmod(0o700)
    assert list(container(tiny)) == []
    (tiny.root / name).chmod(0o750)
    with pytest.raises(BookError, match=f"`chmod 700 {tiny.root / name}` first"):
        list(container(tiny))


# Where nothing else is installed


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="Windows measures no child")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="a clean room clones the book")
@pytest.mark.parametrize(
    ("target", "code", "line"), [("help", 0, "exit 0"), ("nonesuch", 1, "exit 2")]
)
def test_a_clean_room_tells_how_each_step_ended(target: str, code: int, line: str) -> None:
    words = [sys.executable, str(ROOT / "tests" / "cleanroom.py"), target, "--room", "user"]
    ran = subprocess.run(words, capture_output=True, encoding="utf-8")
    assert ran.returncode == code, ran.stderr
    figures = rf"^make {target} · {line} · \d+ s · \d+ s CPU · \d+ MB · ."
    assert re.search(figures, ran.stdout, re.MULTILINE), ran.stdout
    assert ("expected exit 0" in ran.stdout) == (code != 0)


def test_a_clean_room_tells_where_there_is_nothing_to_clone(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    script = shutil.copy(ROOT / "tests" / "cleanroom.py", tmp_path / "tests")
    words = [sys.executable, script, "help", "--room", "user"]
    ran = subprocess.run(words, capture_output=True, encoding="utf-8")
    assert ran.returncode == 1 and ran.stderr == ""
    assert re.search(r"^git clone · exit 128 · ", ran.stdout, re.MULTILINE), ran.stdout
    assert "make help" not in ran.stdout


def test_a_setting_of_a_clean_room_has_a_name_and_a_value() -> None:
    words = [sys.executable, str(ROOT / "tests" / "cleanroom.py"), "help", "--room", "user"]
    ran = subprocess.run([*words, "--env", "PIP_RETRIES"], capture_output=True, encoding="utf-8")
    assert ran.returncode == 2
    assert ran.stderr.endswith("argument --env: 'PIP_RETRIES': expected NAME=VALUE\n")


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="Windows measures no child")
def test_an_interrupted_clean_room_leaves_no_step_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    steps: list[subprocess.Popen[bytes]] = []

    def begin(words: Sequence[str], **settings: object) -> subprocess.Popen[bytes]:
        steps.append(popen(words, **settings))
        return steps[0]

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    popen = subprocess.Popen
    monkeypatch.setattr(cleanroom.subprocess, "Popen", begin)
    monkeypatch.setattr(cleanroom.os, "wait4", interrupt)
    with pytest.raises(KeyboardInterrupt):
        cleanroom.run(["sleep", "60"], "sleep", tmp_path, 0, os.environ)
    assert steps[0].returncode is not None
