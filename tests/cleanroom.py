"""The README's commands, and the wheel, where nothing of this machine's is at hand.

    python tests/cleanroom.py [TARGET …] [--room ROOM] [--env NAME=VALUE] [--show FOLDER]

A TARGET is one of make's, or `wheel`: the wheel in an environment of its own, outside the clone, in
an empty folder. The default is `book test wheel`. All begin with a clone of HEAD and an empty home,
on Linux in the first of these rooms that can be made, on macOS in the last:

    debian  a root that debootstrap makes: Debian with Python and make (as root; with bubblewrap)
    bare    this system's /usr, read-only, and an empty rest (with bubblewrap)
    user    this system as it is, for a user with an empty home and a plain PATH

`--env` gives the room a variable, and `--show` a folder to read, such as PIP_FIND_LINKS and what
it names. A line for each step: exit status, seconds by the clock and of the CPU, the memory of its
largest process, the last line.
Exit code 1 when a step ends otherwise than it has to.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ["book", "test", "wheel"]
SUITE = "bookworm"  # its Python has a lock in locks/
PACKAGES = "python3,python3-venv,make,git,ca-certificates"
HOME = "/home/reader"  # of a room with a root of its own
NETWORK = ("/etc/resolv.conf", "/etc/ssl/certs")  # how names and certificates are looked up here
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
WIDTH = 100  # columns of a step's last line that are shown
FAILED = 20  # lines of a failed step that are shown
MEGABYTE = 2**20 if sys.platform == "darwin" else 2**10  # in the units of ru_maxrss

# The folder below home, the command, the exit status that it has to have.
Step = tuple[str, str, int]
WHEEL: list[Step] = [
    ("", "python3 -m venv reader", 0),
    ("", "reader/bin/python -m pip wheel --no-deps ./book", 0),
    ("", "reader/bin/python -m pip install unrolled-*.whl", 0),
    ("empty", "../reader/bin/unrolled start", 0),
    ("empty", "../reader/bin/unrolled check", 1),  # nothing is tried yet
]


def rooms() -> list[str]:
    """The rooms that this machine can make, the emptiest first."""
    jail = shutil.which("bwrap") is not None
    debian = jail and shutil.which("debootstrap") is not None and os.geteuid() == 0
    return ["debian"] * debian + ["bare"] * jail + ["user"]


def entering(room: str, place: Path, shown: Sequence[str]) -> list[str]:
    """The words before a command that has a room around it."""
    if room == "user":
        return []
    words = ["bwrap", "--unshare-pid", "--as-pid-1", "--die-with-parent"]
    if room == "debian":
        words += ["--bind", f"{place}/root", "/"]
    for one in (*(SYSTEM if room == "bare" else ()), *NETWORK, *shown):
        words += ["--ro-bind-try", os.path.realpath(one), one]
    words += ["--proc", "/proc", "--dev", "/dev", "--bind", f"{place}/tmp", "/tmp"]
    return [*words, "--bind", f"{place}/home", HOME, "--chdir", HOME]


def run(
    words: Sequence[str], title: str, place: Path, expected: int, settings: Mapping[str, str]
) -> bool:
    """Run a step with these environment variables alone; print its line; whether it ended well."""
    log, start = place / "log", time.perf_counter()
    with log.open("wb") as said:
        step = subprocess.Popen(
            words,
            cwd=place / "home",
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            _, status, used = os.wait4(step.pid, 0)
        except BaseException:  # nothing of an interrupted room stays
            step.kill()
            step.wait()
            raise
    step.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [one for one in text.splitlines() if one.strip()]
    figures = [
        f"exit {step.returncode}",
        f"{time.perf_counter() - start:.0f} s",
        f"{used.ru_utime + used.ru_stime:.0f} s CPU",
        f"{used.ru_maxrss / MEGABYTE:.0f} MB",
    ]
    print(" · ".join([title, *figures, "".join(lines[-1:])[:WIDTH]]), flush=True)
    if step.returncode != expected:
        print(f"expected exit {expected}; the end of what it said:", *lines[-FAILED:], sep="\n  ")
    return step.returncode == expected


def setting(text: str) -> tuple[str, str]:
    """A variable of the room, as `--env` names it."""
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE")
    return name, value


def main() -> int:
    """Make a room, run the steps in it, remove it."""
    about = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    about.add_argument("targets", nargs="*", metavar="TARGET", default=TARGETS)
    about.add_argument("--room", choices=["debian", "bare", "user"], default=rooms()[0])
    about.add_argument("--env", action="append", default=[], type=setting, metavar="NAME=VALUE")
    about.add_argument("--show", action="append", default=[], metavar="FOLDER")
    asked = about.parse_args()
    if asked.room not in rooms():
        about.error(f"--room {asked.room}: this machine can make {', '.join(rooms())}")
    steps: list[Step] = []
    for target in asked.targets:
        steps += WHEEL if target == "wheel" else [("book", f"make {target}", 0)]
    with tempfile.TemporaryDirectory(prefix="unrolled-") as folder:
        place = Path(folder)
        for name in ("root", "tmp", "home/empty"):
            (place / name).mkdir(parents=True)
        print(f"a clean room ({asked.room}), {place}", flush=True)
        clone = ["git", "clone", "--quiet", str(ROOT), str(place / "home" / "book")]
        if not run(clone, "git clone", place, 0, os.environ):
            return 1
        home = f"{place}/home" if asked.room == "user" else HOME
        settings = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8"}
        settings |= dict(asked.env)
        if asked.room == "debian":
            # What it mounts is gone with it, however it ends.
            make = ["unshare", "--mount", "debootstrap", "--variant=minbase"]
            make += [f"--include={PACKAGES}", SUITE, f"{place}/root"]
            if not run(make, "debootstrap", place, 0, os.environ):
                return 1
        inside = [*entering(asked.room, place, asked.show), "sh", "-c"]
        for where, command, expected in steps:
            words = [*inside, f"cd ./{where} && {command}"]
            if not run(words, command, place, expected, settings):
                return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; the room is removed")
