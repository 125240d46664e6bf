"""The book's environment: `.venv`, installed from the lock of this platform.

    python unrolled/environment.py [GROUP ...]

A GROUP is one of the optional dependencies of pyproject.toml. Without one, a clone gets all of
them, and a course, which has no answers, what a student needs.

It is what `make` calls first, and all that a machine without make needs. A second call finds the
stamp in `.venv` and returns at once; a changed lock or a changed list of dependencies installs
what changed; whatever was interrupted is built anew. Where `locks/` has no file for this platform
and Python, the ranges of pyproject.toml are installed.

Only the standard library, and no syntax newer than Python 3.6: an older Python has to get as far
as the sentence that tells it so.
"""

import errno
import hashlib
import json
import os
import sys
from contextlib import contextmanager
from typing import IO, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

OLDEST, NEWEST = (3, 11), (3, 13)  # requires-python of pyproject.toml
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WINDOWS = sys.platform == "win32"

FULL = ("No space left on device", "Errno 28", "Disk quota exceeded", "not enough space on")
OFFLINE = (
    "connection broken by", "Max retries exceeded", "Failed to establish a new connection",
    "Temporary failure in name resolution", "Network is unreachable", "Read timed out",
    "Connection aborted", "ProxyError",
)  # fmt: skip
FORBIDDEN = ("Permission denied", "Errno 13", "Read-only file system", "Access is denied")


class Trouble(Exception):
    """The environment cannot be made; the message is one line that says what to do."""


def check_python(version: "Tuple[int, ...]") -> None:
    """Refuse a Python that the book's packages do not support."""
    if not OLDEST <= version[:2] <= NEWEST:
        raise Trouble(
            "this is Python %d.%d, and the book needs 3.%d to 3.%d; name another one: "
            "make PYTHON=python3.12, or without make: python3.12 unrolled/environment.py"
            % (version[0], version[1], OLDEST[1], NEWEST[1])
        )


def python_of(home: str) -> str:
    """Path of the environment's own interpreter."""
    return os.path.join(home, *(("Scripts", "python.exe") if WINDOWS else ("bin", "python")))


def lock_of(root: str) -> "Optional[str]":
    """The lock for this platform and Python, or None where there is none."""
    from platform import machine

    name = "%s-%s-py%d%d.txt" % (sys.platform, machine().lower(), *sys.version_info[:2])
    path = os.path.join(root, "locks", name)
    return path if os.path.exists(path) else None


def pins_of(lock: str) -> "Dict[str, str]":
    """The version that a lock gives to each package."""
    with open(lock, encoding="utf-8") as file:
        return dict(line.strip().split("==") for line in file if "==" in line)


def differing(lock: str) -> "List[str]":
    """The packages that this Python has in another version than the lock says, or not at all.

    A local version, as of a build for CPUs, is no other one.
    """
    from importlib.metadata import PackageNotFoundError, version

    def here(name: str) -> str:
        try:
            return version(name).split("+")[0]
        except PackageNotFoundError:
            return ""

    return [name for name, pin in pins_of(lock).items() if here(name) != pin]


def project_of(root: str) -> dict:
    """What stands in pyproject.toml."""
    import tomllib  # not before 3.11, so not before check_python

    try:
        with open(os.path.join(root, "pyproject.toml"), "rb") as file:
            return tomllib.load(file)
    except ValueError as error:  # a merge that was left half-way, say
        raise Trouble("pyproject.toml: %s; put back what git has" % error) from error


def groups_of(root: str, named: "Sequence[str]" = ()) -> "List[str]":
    """The groups of optional dependencies to install: those named, or what `root` is for."""
    there = sorted(project_of(root)["project"].get("optional-dependencies", {}))
    for name in named:
        if name not in there:
            raise Trouble("no group %s in pyproject.toml; there are %s" % (name, ", ".join(there)))
    answers = os.path.isdir(os.path.join(root, "solutions"))
    return sorted(set(named)) or ["all"] * answers


def requirements_of(root: str, groups: "Sequence[str]") -> "List[str]":
    """What pyproject.toml asks for: to install the package, to run, and for these groups."""
    table = project_of(root)
    project = table["project"]
    asked = table["build-system"]["requires"] + project.get("dependencies", [])
    left, own = list(groups), "%s[" % project["name"]
    for group in left:  # a group may name others: "unrolled[author,book]"
        for line in project["optional-dependencies"][group]:
            if line.startswith(own):
                left += line[len(own) : -1].split(",")
            else:
                asked.append(line)
    return list(dict.fromkeys(asked))


def wanted(root: str, groups: "Sequence[str]" = ()) -> str:
    """The stamp of a finished environment: line 1 what it stands on, line 2 what is in it."""
    table = project_of(root)
    parts = [table["build-system"], table["project"], groups_of(root, groups)]
    asked = json.dumps(parts, sort_keys=True).encode()
    lock = lock_of(root)
    if lock:
        with open(lock, "rb") as file:
            asked += file.read()
    return "python%d.%d %s\n%s\n" % (*sys.version_info[:2], root, hashlib.sha256(asked).hexdigest())


def found(home: str) -> str:
    """The stamp that is there; empty without a finished environment."""
    try:
        with open(os.path.join(home, "stamp"), encoding="utf-8") as file:
            stamp = file.read()
    except (OSError, UnicodeDecodeError):
        return ""
    return stamp if os.path.exists(python_of(home)) else ""


@contextmanager
def alone(home: str) -> "Iterator[IO[str]]":
    """Hold `.venv/lock`: of several calls one installs and the others wait for it.

    The system drops the lock when its holder ends, however it ends.
    """
    os.makedirs(home, exist_ok=True)
    with open(os.path.join(home, "lock"), "a") as file:
        if not lock_file(file, wait=False):
            print("environment: another process is at work on it, waiting", flush=True)
            lock_file(file, wait=True)
        yield file


def lock_file(file: "IO[str]", wait: bool) -> bool:
    """Lock an open file for this process, or say that another has it."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                return True
            except OSError:
                if not wait:
                    return False
                import time

                time.sleep(0.5)
    else:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            return True
        except BlockingIOError:
            return False


def prepare(root: str, groups: "Sequence[str]" = ()) -> None:
    """Make `.venv` in `root` what its lock and pyproject.toml say; at once if it is so already."""
    home, want = os.path.join(root, ".venv"), wanted(root, groups)
    if found(home) == want:
        return
    with alone(home) as held:
        have = found(home)
        if have == want:
            return  # another process made it while this one waited
        stamp = os.path.join(home, "stamp")
        with open(os.path.join(home, "install.log"), "a", encoding="utf-8") as log:
            if have.split("\n")[0] != want.split("\n")[0]:
                create(home, log, held)
            install(root, groups_of(root, groups), home, log, held)
        with open(stamp + ".new", "w", encoding="utf-8") as file:
            file.write(want)
        os.replace(stamp + ".new", stamp)


def create(home: str, log: "IO[str]", held: "IO[str]") -> None:
    """An empty virtual environment in place of whatever `home` holds."""
    from importlib.util import find_spec
    from shutil import rmtree

    if not (find_spec("venv") and find_spec("ensurepip")):
        raise Trouble(no_venv())
    for name in os.listdir(home):
        path = os.path.join(home, name)
        if os.path.isdir(path) and not os.path.islink(path):
            rmtree(path)
        elif name not in ("lock", "install.log"):
            os.remove(path)
    # Called from inside an environment, a new one still stands on the Python beneath it.
    base = getattr(sys, "_base_executable", None) or sys.executable
    run([base, "-I", "-m", "venv", home], log, held)


def install(root: str, groups: "List[str]", home: str, log: "IO[str]", held: "IO[str]") -> None:
    """Install what the package and its groups need, then the package itself, editable."""
    import time

    lock, start = lock_of(root), time.time()
    source = "the pins of locks/" + os.path.basename(lock) if lock else "pyproject.toml's ranges"
    parts = " and ".join(["what a student needs", *groups]) if groups != ["all"] else "all packages"
    print("environment: %s, in %s, into .venv, once" % (parts, source), flush=True)

    stamp, live = os.path.join(home, "stamp"), sys.stdout.isatty()
    step, seen = "looking up", 0

    def follow(line: str) -> None:
        nonlocal step, seen
        seen += line.startswith(("Collecting ", "Processing ", "Requirement already satisfied"))
        if line.startswith("Installing collected"):
            step = "installing"
            if os.path.exists(stamp):
                os.remove(stamp)  # from here until the end the environment is neither old nor new
        if live:
            print("\renvironment: %s, %d seen " % (step, seen), end="", flush=True)

    pip = [python_of(home), "-I", "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    pip += ["--disable-pip-version-check", *(("-c", lock) if lock else ())]
    asked = requirements_of(root, groups)
    if asked:
        run([*pip, *asked], log, held, follow)
    run([*pip, "--no-deps", "--no-build-isolation", "-e", root], log, held, follow)
    print("\r" * live + "environment: ready after %.0f s" % (time.time() - start), flush=True)


def run(
    command: "List[str]",
    log: "IO[str]",
    held: "IO[str]",
    follow: "Callable[[str], None]" = lambda line: None,
) -> None:
    """Run a command; its words go to the log, and on failure one line of them to the reader.

    The command inherits the lock `held`: should this process be killed, nobody else begins before
    the command has ended.
    """
    import subprocess

    away = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    clean = {name: value for name, value in os.environ.items() if name not in away}
    clean["PYTHONIOENCODING"] = "utf-8"
    log.write("\n$ %s\n" % " ".join(command))
    log.flush()
    said = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=clean,
        pass_fds=() if WINDOWS else (held.fileno(),),
    ) as process:
        assert process.stdout
        for line in process.stdout:
            said.append(line)
            log.write(line)
            follow(line)
    log.flush()
    if process.returncode:
        raise Trouble(explain("".join(said), what=command[3]))


def explain(said: str, what: str) -> str:
    """One line for a failed installation, from all that the command said."""
    from shutil import disk_usage

    if any(sign in said for sign in FULL) or disk_usage(ROOT).free < 2**26:
        return disk_full()
    if any(sign in said for sign in OFFLINE):
        return "no network: pip does not reach its package index; connect (or set a proxy), repeat"
    if any(sign in said for sign in FORBIDDEN):
        return no_right(ROOT)
    if "ensurepip is not" in said:
        return no_venv()
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["(it said nothing)"]
    return "%s failed: %s (all of it in .venv/install.log)" % (what, errors[-1][:300])


def disk_full() -> str:
    """The line for a full disk: which two folders need room."""
    from tempfile import gettempdir

    try:
        temporary = gettempdir()
    except OSError:  # full as well
        temporary = "the temporary folder"
    need = ".venv needs 4 GB, or 8 with CUDA, in %s, pip some more in %s" % (ROOT, temporary)
    return "the disk is full: " + need


def no_venv() -> str:
    """The line for a Python that a distribution split up: venv or its pip is another package."""
    package = "python%d.%d-venv" % sys.version_info[:2]
    return "this Python cannot make environments; on Debian and Ubuntu: sudo apt install " + package


def no_right(path: str) -> str:
    """The line for a folder that cannot be written."""
    return "cannot write to %s; copy the book to a folder of your own" % path


def main(groups: "Sequence[str]" = ()) -> int:
    """Prepare the environment: 0, or 2 and one line that says what is in the way."""
    try:
        check_python(sys.version_info[:2])
        prepare(ROOT, groups)
    except Trouble as trouble:
        message = str(trouble)
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            message = disk_full()
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            message = no_right(error.filename or ROOT)
        else:
            message = str(error)
    except KeyboardInterrupt:
        message = "interrupted; the next call begins anew"
    else:
        return 0
    print("unrolled: " + message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
