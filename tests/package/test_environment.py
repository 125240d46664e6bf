"""The environment: one list of packages, told three times alike, and the command for it."""

import ast
import errno
import importlib.metadata
import os
import re
import runpy
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from unrolled import environment

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GROUPS = PROJECT["optional-dependencies"]
PARTS = ("book", "grade", "author")
LINES = [*PROJECT["dependencies"], *(line for name in PARTS for line in GROUPS[name])]
ASKED = [Requirement(line) for line in dict.fromkeys(LINES)]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
# What conda-forge calls otherwise; TensorFlow's two names there are one.
CONDA = {"torch": "pytorch-cpu", "tensorflow": "tensorflow-cpu"}


def pins(lock: Path) -> dict[str, str]:
    lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines), "only name==version"
    return {canonicalize_name(name): version for name, version in (s.split("==") for s in lines)}


# One list, told three times


def conda_lines() -> list[str]:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    return re.findall(r"^ +- (?!conda-forge|pip:)(.+)$", text, re.MULTILINE)


def test_conda_and_pyproject_ask_for_the_same_packages_in_the_same_ranges():
    conda = {}
    for line in conda_lines():
        asked = Requirement(line.split("  #")[0])
        conda[canonicalize_name(asked.name)] = asked.specifier
    assert conda.pop("python") == SpecifierSet(PROJECT["requires-python"])
    conda.pop("pip")
    pip = {canonicalize_name(CONDA.get(r.name, r.name)): r.specifier for r in ASKED}
    assert conda == pip


def test_every_group_is_part_of_all_and_a_package_has_one_range():
    assert set(GROUPS) == {*PARTS, "all"}
    [whole] = map(Requirement, GROUPS["all"])
    assert (whole.name, whole.extras) == (PROJECT["name"], set(PARTS))
    assert len({canonicalize_name(r.name) for r in ASKED}) == len(ASKED)


def test_the_two_builds_of_tensorflow_have_one_range():
    ranges = {r.name: r.specifier for r in ASKED if r.name.startswith("tensorflow")}
    assert ranges["tensorflow"] == ranges["tensorflow-cpu"]


def test_environment_yml_is_what_conda_reads():
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert content["name"] == "unrolled"
    *plain, pip = content["dependencies"]
    assert len(plain) + len(pip["pip"]) == len(conda_lines())


@pytest.mark.parametrize("line", conda_lines())
def test_every_package_has_a_reason(line):
    _, _, reason = line.partition("  # ")
    assert len(reason.split()) >= 3, f"environment.yml: {line}: say what it is for"


def test_whatever_the_book_imports_it_asks_for():
    modules = importlib.metadata.packages_distributions()
    asked = {canonicalize_name(r.name) for r in ASKED}
    # Parts of something asked for, in any version of theirs: PyYAML of myst-nb, docutils of Sphinx.
    allowed = asked | {"unrolled", "pyyaml", "docutils"}
    for folder in ("unrolled", "chapters", "solutions", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [node.module]
                for name in {name.split(".")[0] for name in names}:
                    owners = {canonicalize_name(o) for o in modules.get(name, ())}
                    assert not owners or owners & allowed, f"{path}: {name} comes from {owners}"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.stem)
def test_the_pins_lie_in_the_ranges(lock):
    pinned = pins(lock)
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}[lock.stem.split("-")[0]]
    digits = re.search(r"-py(\d)(\d+)$", lock.stem)
    setting = {"sys_platform": system, "python_version": f"{digits[1]}.{digits[2]}"}
    for asked in ASKED:
        if asked.marker is None or asked.marker.evaluate(setting):
            version = pinned.get(canonicalize_name(asked.name))
            assert version, f"{lock.name} has no {asked.name}"
            assert version in asked.specifier, f"{asked.name}: {version} is not {asked.specifier}"


@pytest.mark.skipif(not environment.lock_of(str(ROOT)), reason="no lock for this machine")
@pytest.mark.skipif(
    not environment.found(sys.prefix), reason="made by hand, not by environment.py from the lock"
)
def test_every_package_that_is_needed_has_a_pin_and_this_environment_has_it():
    pinned = pins(Path(environment.lock_of(str(ROOT))))
    first = "{}.{}.0".format(*sys.version_info)  # Debian 12, say, stays with an early one
    todo, seen = [Requirement("unrolled[all]")], set()
    while todo:
        asked = todo.pop()
        name = canonicalize_name(asked.name)
        key = (name, frozenset(asked.extras))
        if key in seen:
            continue
        seen.add(key)
        there = importlib.metadata.distribution(name)
        releases = SpecifierSet(there.metadata.get("Requires-Python") or "")
        assert first in releases, f"{name} {there.version} needs Python {releases}"
        if name != "unrolled":
            assert name in pinned, f"{name} has no pin"
            assert there.version.partition("+")[0] == pinned[name], f"{name}: {there.version}"
        for line in there.requires or ():
            part = Requirement(line)
            extras = asked.extras or {""}
            if part.marker is None or any(part.marker.evaluate({"extra": e}) for e in extras):
                todo.append(part)
    surplus = pinned.keys() - {name for name, _ in seen}
    assert not surplus, f"pins that nothing needs: {sorted(surplus)}"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.stem)
def test_a_lock_names_no_host_and_no_folder(lock):
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"://|@ |file:|--|\+cpu", text)


# The command


def test_the_versions_it_accepts_are_those_of_the_project():
    supported = SpecifierSet(PROJECT["requires-python"])
    for minor in range(6, 20):
        accepted = environment.OLDEST <= (3, minor) <= environment.NEWEST
        assert accepted == (f"3.{minor}.1" in supported)


def test_an_old_python_can_read_it():
    source = (ROOT / "unrolled" / "environment.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    for old in ("3.6", "3.7", "3.8", "3.9", "3.10"):
        assert "3.11 to 3.13" in wrong_python(tuple(map(int, old.split("."))))


def wrong_python(version: tuple[int, ...]) -> str:
    with pytest.raises(environment.Trouble) as caught:
        environment.check_python(version)
    return str(caught.value)


BACKEND = '''\
"""A small build backend: this project has nothing to download but what it asks for."""
import tomllib, zipfile

INFO = "tiny-1.dist-info/"
TAGS = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def metadata():
    project = tomllib.load(open("pyproject.toml", "rb"))["project"]
    yield "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1"
    yield from (f"Requires-Dist: {one}" for one in project["dependencies"])
    for group, lines in project.get("optional-dependencies", {}).items():
        yield f"Provides-Extra: {group}"
        yield from (f"Requires-Dist: {one}; extra == '{group}'" for one in lines)

def build_editable(folder, settings=None, _=None):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr(INFO + "METADATA", "\\n".join([*metadata(), ""]))
        wheel.writestr(INFO + "WHEEL", TAGS)
        wheel.writestr(INFO + "RECORD", "")
    return name

def build_wheel(folder, settings=None, metadata=None):
    raise NotImplementedError
'''
PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny"
version = "1"
dependencies = []
"""


@pytest.fixture
def tiny(tmp_path):
    """A project that installs itself and needs nothing, with the book's environment.py."""
    (tmp_path / "unrolled").mkdir()
    source = (ROOT / "unrolled" / "environment.py").read_bytes()
    (tmp_path / "unrolled" / "environment.py").write_bytes(source)
    (tmp_path / "backend.py").write_text(BACKEND, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    return tmp_path


def command(root: Path, *groups: str, **settings: str) -> dict:
    """How to start environment.py: no settings of pip but ours, and no index that exists."""
    setting = {k: v for k, v in os.environ.items() if not k.upper().startswith("PIP_")}
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/"}
    return {
        "args": [sys.executable, str(root / "unrolled" / "environment.py"), *groups],
        "env": setting | nowhere | {"PIP_RETRIES": "1"} | settings,
        "text": True,
    }


def call(root: Path, *groups: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(**command(root, *groups, **settings), capture_output=True)


def installed(root: Path) -> int:
    """How often the log says that the package was installed."""
    log = (root / ".venv" / "install.log").read_text(encoding="utf-8")
    return log.count("Successfully installed tiny-1")


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2, result.stdout + result.stderr
    assert result.stderr.startswith("unrolled: ") and result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_it_is_made_once_and_again_when_its_lists_or_its_python_change(tiny):
    first = call(tiny)
    assert first.returncode == 0, first.stderr
    assert "ready" in first.stdout and installed(tiny) == 1
    again = call(tiny)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert installed(tiny) == 1

    # Settings of tools are no reason to install anything; a dependency is.
    project = tiny / "pyproject.toml"
    project.write_text(PYPROJECT + "\n[tool.ruff]\nline-length = 100\n", encoding="utf-8")
    assert call(tiny).stdout == ""
    project.write_text(PYPROJECT.replace('"1"', '"1"\ndescription = "d"'), encoding="utf-8")
    assert "ready" in call(tiny).stdout and installed(tiny) == 2

    # A half-made environment (no stamp) is made anew, leftovers and all.
    (tiny / ".venv" / "stamp").unlink()
    left = tiny / ".venv" / "left_over"
    left.mkdir()
    assert call(tiny).returncode == 0 and installed(tiny) == 3 and not left.exists()


def test_calls_at_once_install_once(tiny):
    both = [
        subprocess.Popen(**command(tiny), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("ready" in words for words in said) == 1 and installed(tiny) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_what_was_killed_is_made_anew(tiny):
    process = subprocess.Popen(**command(tiny), stdout=subprocess.PIPE)
    python = tiny / ".venv" / "bin" / "python"
    limit = time.monotonic() + 60
    while not os.path.lexists(python) and time.monotonic() < limit:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (tiny / ".venv" / "stamp").exists()
    after = call(tiny)
    assert after.returncode == 0, after.stderr
    assert installed(tiny) == 1


def test_no_network_is_one_line_and_leaves_what_works_alone(tiny):
    assert call(tiny).returncode == 0
    stamp = (tiny / ".venv" / "stamp").read_text(encoding="utf-8")
    asked = PYPROJECT.replace("dependencies = []", 'dependencies = ["numpy>=2"]')
    (tiny / "pyproject.toml").write_text(asked, encoding="utf-8")
    assert "no network" in one_line(call(tiny, PIP_TIMEOUT="2"))
    assert (tiny / ".venv" / "stamp").read_text(encoding="utf-8") == stamp


def test_a_clone_gets_every_group_and_a_course_what_a_student_needs(tiny):
    groups = '[project.optional-dependencies]\nall = ["numpy>=2"]\nnone = []\n'
    (tiny / "pyproject.toml").write_text(PYPROJECT + groups, encoding="utf-8")
    assert "what a student needs, in" in call(tiny).stdout and installed(tiny) == 1
    assert "what a student needs and none, in" in call(tiny, "none").stdout
    assert one_line(call(tiny, "some")).endswith(
        "no group some in pyproject.toml; there are all, none\n"
    )
    (tiny / "solutions").mkdir()
    assert environment.groups_of(str(tiny)) == ["all"]
    assert "no network" in one_line(call(tiny, PIP_TIMEOUT="2"))
    assert environment.groups_of(str(tiny), ["none"]) == ["none"]


def test_all_is_what_the_groups_ask_for_and_no_group_is_asked_of_an_index():
    build = ["hatchling>=1.27,<2"]
    assert set(environment.requirements_of(str(ROOT), ["all"])) == {*build, *LINES}
    assert set(environment.requirements_of(str(ROOT), [])) == {*build, *PROJECT["dependencies"]}


def test_a_damaged_pyproject_is_one_line(tiny):
    (tiny / "pyproject.toml").write_text(f"<<<<<<< HEAD\n{PYPROJECT}", encoding="utf-8")
    assert one_line(call(tiny)).startswith("unrolled: pyproject.toml: ")
    assert not (tiny / ".venv").exists()


def test_a_lock_for_this_platform_is_preferred(tiny, monkeypatch):
    import platform

    (tiny / "locks").mkdir()
    machine, python = platform.machine().lower(), "{}{}".format(*sys.version_info)
    lock = tiny / "locks" / f"{sys.platform}-{machine}-py{python}.txt"
    assert environment.lock_of(str(tiny)) is None
    before = environment.wanted(str(tiny))
    lock.write_text("one==1\n", encoding="utf-8")
    assert environment.lock_of(str(tiny)) == str(lock)
    after = environment.wanted(str(tiny))
    lock.write_text("one==2\n", encoding="utf-8")
    assert len({before, after, environment.wanted(str(tiny))}) == 3


def test_what_differs_from_a_lock_is_named(tmp_path):
    lock, here = tmp_path / "lock.txt", importlib.metadata.version("pytest")
    for line, expected in {
        f"pytest=={here}": [],
        f"pytest=={here}.1": ["pytest"],
        "not-installed==1": ["not-installed"],
    }.items():
        lock.write_text(f"# Pins.\n{line}\n", encoding="utf-8")
        assert environment.differing(str(lock)) == expected


def test_a_build_for_cpus_is_the_version_of_the_lock(tmp_path, monkeypatch):
    (tmp_path / "lock.txt").write_text("torch==2.13.0\n", encoding="utf-8")
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2.13.0+cpu")
    assert environment.differing(str(tmp_path / "lock.txt")) == []


@pytest.mark.parametrize(
    ("system", "machine", "lock", "differing", "compared"),
    [
        ("linux", "x86_64", "lock.txt", [], True),
        ("linux", "x86_64", "lock.txt", ["torch"], False),
        ("linux", "x86_64", None, [], False),
        ("linux", "aarch64", "lock.txt", [], False),
        ("darwin", "x86_64", "lock.txt", [], False),
    ],
)
def test_outputs_are_compared_with_the_versions_of_the_lock_alone(
    system, machine, lock, differing, compared, monkeypatch
):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(environment, "lock_of", lambda root: lock)
    monkeypatch.setattr(environment, "differing", lambda lock: differing)
    steps = runpy.run_path(str(ROOT / "tests" / "__main__.py"))["STEPS"]
    assert ("--nbval-lax" in steps["the notebooks"]) == compared


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device: 'x'", "disk is full"),
        ("OSError: [Errno 122] Disk quota exceeded", "disk is full"),
        ("WARNING: Retrying after connection broken by 'New...'\nERROR: No match", "no network"),
        ("ERROR: Could not install: [Errno 13] Permission denied: 'x'", "cannot write"),
        ("The virtual environment was not created: ensurepip is not\navailable.", "apt install"),
        ("ERROR: No matching distribution found for torch==99", "torch==99 (all of it in"),
        ("", "said nothing"),
    ],
)
def test_what_pip_says_becomes_one_line(said, line):
    message = environment.explain(said, "pip")
    assert line in message and "\n" not in message


def failing(error: Exception):
    def prepare(root: str, groups: list[str]) -> None:
        raise error

    return prepare


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "here"), "cannot write to here"),
        (OSError(errno.EROFS, "Read-only file system", "here"), "cannot write to here"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_what_the_system_refuses_becomes_one_line(error, line, monkeypatch, capsys):
    monkeypatch.setattr(environment, "prepare", failing(error))
    assert environment.main() == 2
    said = capsys.readouterr().err
    assert said.startswith("unrolled: ") and said.count("\n") == 1 and line in said


def test_a_python_without_venv_is_one_line(tiny, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(environment, "ROOT", str(tiny))
    assert environment.main() == 2
    assert "apt install python3" in capsys.readouterr().err


def test_without_make_the_readme_gives_the_same_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    recipes = (ROOT / "Makefile").read_text(encoding="utf-8")
    for recipe in re.findall(r"^\t@\$\(BIN\)/([^$\n]+?)\s*(?:\$.*)?$", recipes, re.MULTILINE):
        assert f".venv/bin/{recipe}" in readme, f"README.md lacks .venv/bin/{recipe}"


def test_no_file_names_a_package_index():
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\0")
    hosts = ("py" + "pi.org", "python" + "hosted", "download." + "pytorch", "conda." + "anaconda")
    for name in filter(None, files):
        text = (ROOT / name).read_bytes().decode("utf-8", errors="replace")
        for host in hosts:
            assert host not in text, f"{name} names {host}"
