"""doctor, completion, and the page that --help is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.package.conftest import edit, run
from unrolled import cli, doctor, grade
from unrolled.cli import SECTIONS, main
from unrolled.doctor import MAKE, Finding, examine
from unrolled.grade import jail
from unrolled.manifest import Book

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = '[project]\ndependencies = ["numpy>=2", "nowhere-to-be-found>=1", "click<1"]\n'
EMBEDDED = f"""
[[set]]
name = "five.csv"
what = "five numbers"
origin = "here"
license = "none"
file = [{{ path = "five.csv", bytes = 10, sha256 = "{64 * "f"}" }}]
"""


@pytest.fixture
def examined(tiny: Book) -> dict[str, Finding]:
    """The tiny book with one package that is there, one too new, and one that is missing."""
    (tiny.root / "pyproject.toml").write_text(PYPROJECT)
    return {one.what: one for one in examine(tiny)}


def test_what_is_missing_comes_with_the_command_that_mends_it(
    examined: dict[str, Finding],
) -> None:
    assert examined["nowhere-to-be-found"].found == "not here; expected >=1"
    assert examined["nowhere-to-be-found"].mend == examined["click"].mend == MAKE
    assert "expected <1" in examined["click"].found
    assert "packages" not in examined
    assert examined["your answers"].mend == "unrolled start"
    assert "device" in examined and not examined["device"].mend


@pytest.mark.parametrize("text", ["<<<<<<< HEAD\n", "", "[project]\n"])
def test_a_project_file_that_cannot_be_read_is_a_line(text: str, tiny: Book) -> None:
    (tiny.root / "pyproject.toml").write_text(text)
    code, said = run("doctor")
    assert code == 2 and "✗ pyproject.toml: " in said and "put back what git has" in said


@pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")
def test_what_a_jail_lacks_is_named(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    (tiny.root / "pyproject.toml").write_text('[project]\ndependencies = ["numpy>=2"]\n')
    monkeypatch.setattr(jail.shutil, "which", lambda _: None)
    monkeypatch.setattr(jail.ctypes.util, "find_library", lambda _: None)
    code, said = run("doctor")
    assert code == 0 and "without bubblewrap and libseccomp2" in said and jail.INSTALL in said


def test_where_the_book_is_installed_pip_mends_it(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tiny.root / "pyproject.toml").write_text(PYPROJECT)
    monkeypatch.setattr(doctor, "PACKED", tiny.root)
    found = {one.what: one for one in examine(tiny)}
    assert found["click"].mend == f'{sys.executable} -m pip install "click<1"'


def test_doctor_fails_only_where_something_is_needed(tiny: Book) -> None:
    (tiny.root / "pyproject.toml").write_text(PYPROJECT)
    code, said = run("doctor")
    assert code == 2 and "✗ nowhere-to-be-found: not here" in said and MAKE in said
    (tiny.root / "pyproject.toml").write_text('[project]\ndependencies = ["numpy>=2"]\n')
    run("start")
    edit(tiny.notebooks[0].source, "# ## A section", "# ## A better section")
    (tiny.root / "work" / "progress.json").write_text("{")
    code, said = run("doctor")
    assert code == 0
    assert "packages: all in their ranges" in said
    assert "newer chapters: 01" in said and "unrolled update" in said
    assert "work/progress.json: damaged" in said


def test_a_clone_is_told_which_groups_lack_something_and_a_course_is_not(tiny: Book) -> None:
    groups = '[project.optional-dependencies]\nmore = ["click>=8", "nowhere-to-be-found"]\n'
    base = '[project]\ndependencies = ["numpy>=2", "nothing; python_version < \'3\'"]\n'
    (tiny.root / "pyproject.toml").write_text(base + groups)
    found = {one.what: one for one in examine(tiny)}
    assert found["packages"].mend == "" and "nothing" not in found
    lack = "missing, or not in its range: nowhere-to-be-found"
    assert found["group more"] == Finding("group more", lack, MAKE, needed=False)
    shutil.rmtree(tiny.root / "solutions")
    assert "group more" not in {one.what for one in examine(tiny)}


@pytest.mark.parametrize(
    "place", [("python unrolled/environment.py all", "nowhere"), ("unrolled doctor", "chapters")]
)
def test_a_package_that_is_not_installed_is_a_line(
    place: tuple[str, str], tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    mend, folder = place
    monkeypatch.setattr(cli, "PACKED", tiny.root / folder)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.delitem(sys.modules, "unrolled.grade.release", raising=False)
    monkeypatch.delattr(grade, "release", raising=False)  # another test may have imported it
    code, said = run("release", str(tiny.root / "course"))
    assert (code, said) == (2, f"unrolled: jinja2 is not installed; `{mend}` helps\n")


def test_a_device_that_is_not_there_is_a_line(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    (tiny.root / "pyproject.toml").write_text(PYPROJECT)
    monkeypatch.setenv("UNROLLED_DEVICE", "abacus")
    [found] = [one for one in examine(tiny) if one.what == "device"]
    assert "abacus" in found.found and found.mend == "unset UNROLLED_DEVICE"


def test_embedded_data_that_is_gone_comes_back_by_a_command(tiny: Book) -> None:
    (tiny.root / "pyproject.toml").write_text(PYPROJECT)
    (tiny.root / "data" / "registry.toml").write_text(EMBEDDED)
    [found] = [one for one in examine(tiny) if one.what == "data: five.csv"]
    assert found.needed and found.mend == "git checkout data/"


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "unrolled", "data", "list"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=ROOT)
    os.close(writing)
    assert done.stderr == b""


def test_help_lists_every_command_once_by_what_one_is_about_to_do() -> None:
    listed = [name for names in SECTIONS.values() for name in names]
    assert sorted(listed) == sorted(main.commands)
    said = run("--help")[1]
    assert said.index("Work through the book") < said.index("Maintain it")
    assert "..." not in said.partition("Work through")[2]


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_a_page_of_its_own(name: str) -> None:
    code, said = run(name, "--help")
    assert code == 0
    assert len(said.splitlines()) >= 5


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_exercises_and_chapters(
    shell: str, tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = run("completion", shell)
    assert code == 0 and "_UNROLLED_COMPLETE" in said
    for words, wanted in (("unrolled hint t", "twice"), ("unrolled start 0", "02")):
        environment = {"_UNROLLED_COMPLETE": f"{shell}_complete", "COMP_WORDS": words}
        environment["COMP_CWORD"] = "2" if shell != "fish" else words.split()[-1]
        done = CliRunner().invoke(main, env=environment, prog_name="unrolled")
        assert wanted in done.output


def test_completion_outside_a_book_is_silent(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    (tiny.root / "book.toml").write_text("[")
    environment = {"_UNROLLED_COMPLETE": "bash_complete", "COMP_WORDS": "unrolled hint t"}
    done = CliRunner().invoke(main, env={**environment, "COMP_CWORD": "2"}, prog_name="unrolled")
    assert (done.exit_code, done.output.strip()) == (0, "")
