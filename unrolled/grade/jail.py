"""The trusted side of the jail: starts it, talks to what runs in it, ends what takes too long."""

import ast
import ctypes.util
import json
import math
import os
import secrets
import select
import shutil
import site
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import unrolled
from unrolled.answers import Step
from unrolled.checks.remote import Broken, Lost, Session, Space
from unrolled.errors import BookError
from unrolled.manifest import Book, Notebook, amount
from unrolled.notebook import read_cells
from unrolled.wire import HEADER, WireError, encode, frame_size

INSTALL = "apt-get install bubblewrap libseccomp2"
NAMESPACES = (
    "it needs namespaces: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` on "
    "Ubuntu; where a machine allows none, `grade --jail container` as in chapters/instructors.md"
)
# One reason for all: which of them is seen first is a matter of microseconds, and a class that is
# graded twice has to have the same rows.
BROKEN_OFF = "it ended in the middle of a request, or said what it was not asked"
HEAVY = ("keras", "torch")  # worth importing once; each set of them in a server of its own
GONE = "the jail ended by itself (is memory short? add --resume to go on)"
FIRST_UID = 1_900_000_000
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache")
# What holds answers in a clone, its history too: nobody else in a container may read them.
PRIVATE = ("solutions", "tests/wrong", "tests/nbval", "tests/independent", "build", "dist", ".git")
SCRATCH = {"bubblewrap": "/scratch", "container": "/tmp"}  # the book may lie in the jail's /tmp
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "UNROLLED_DEVICE": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTRAOP_THREADS": "1",  # otherwise as many as there are cores, beyond what is allowed
    "TF_NUM_INTEROP_THREADS": "1",
}
TICK = 0.05


@dataclass(frozen=True)
class Limits:
    """What a child may use. CPU time is the limit; wall time is the back-stop.

    call, notebook: CPU seconds of one request, and of a notebook in all; idle: seconds asleep;
    submission: wall seconds in all; patience: wall seconds for each CPU second; memory: bytes
    beyond those of the libraries.
    """

    call: float = 15.0
    notebook: int = 120
    submission: float = 900.0
    idle: float = 10.0
    patience: float = 20.0
    memory: int = 2 << 30


class Child:
    """One confined process and the conversation with it."""

    def __init__(self, server: "Server", pid: int, wire: socket.socket, limits: Limits) -> None:
        self.server, self.pid, self.wire, self.limits = server, pid, wire, limits
        wire.setblocking(False)
        self.cpu, self.until = 0.0, math.inf
        self.ended: str | None = None

    def transport(self, request: bytes) -> bytes:
        """Send a request and wait for its reply; raise Lost where there will be none."""
        if self.ended:
            raise Lost(self.ended)
        self._in_time()
        try:
            if self._available(1, socket.MSG_PEEK) is not None:
                raise self.end(BROKEN_OFF)
            self._send(request)
            return self._receive()
        except (WireError, OSError) as error:
            raise self.end(BROKEN_OFF) from error

    def _send(self, request: bytes) -> None:
        self.wire.settimeout(self.limits.idle)
        self.wire.sendall(request)
        self.wire.setblocking(False)
        self.started = self.busy = time.monotonic()
        self.before = math.inf  # nobody has looked yet

    def _available(self, size: int, flags: int = 0) -> bytes | None:
        """Return what has come so far, up to a size; None for nothing yet, no bytes for the end."""
        try:
            return self.wire.recv(size, flags)
        except BlockingIOError:
            return None

    def _receive(self) -> bytes:
        reply, size = bytearray(), HEADER.size
        while len(reply) < size:
            while not select.select([self.wire], [], [], TICK)[0]:
                self._watch()
            part = self._available(1 << 18)
            if not part:
                raise self.end(BROKEN_OFF)
            reply += part
            if len(reply) >= HEADER.size:
                size = HEADER.size + frame_size(bytes(reply[: HEADER.size]))
        if len(reply) > size:
            raise self.end(BROKEN_OFF)
        return bytes(reply)

    def _watch(self) -> None:
        """End the child if it has had its time."""
        now, used = time.monotonic(), self.server.ask(op="usage", pid=self.pid)
        if used["cpu"] > self.cpu or used["state"] not in "SIT":
            self.busy = now
        if self.before == math.inf:  # calls that nobody looked at may have come before this one
            self.before = max(self.cpu, used["cpu"] - (now - self.started))
        self.cpu = used["cpu"]
        if used["state"] == "Z":
            raise self.end(BROKEN_OFF)
        if self.cpu - self.before > self.limits.call:
            raise self.end(f"a call took more than {self.limits.call:g} s of CPU time")
        if now - self.busy > self.limits.idle:
            raise self.end(f"a call slept for more than {self.limits.idle:g} s")
        self._in_time()
        if now - self.started > self.limits.call * self.limits.patience:
            raise self.end(f"a call took more than {self.limits.call * self.limits.patience:g} s")

    @property
    def threads(self) -> int:
        """How many threads the process has."""
        return int(self.server.ask(op="usage", pid=self.pid)["threads"])

    def _in_time(self) -> None:
        if time.monotonic() > self.until:
            raise self.end(f"the submission took more than {self.limits.submission:g} s")

    def end(self, why: str) -> Lost:
        """End the process and all it has started; return the error that says why."""
        if not self.ended:
            self.wire.close()
            used = self.server.ask(op="stop", pid=self.pid)
            self.cpu = used["cpu"] + used["server"] - self.server.cpu
            self.server.cpu = used["server"]
            self.ended = {31: "it made a forbidden system call", 9: OUT_OF_TIME}.get(
                used["signal"], why
            )
        return Lost(self.ended)


OUT_OF_TIME = "it used up the CPU time of a notebook"


class Server:
    """A jail with a fork server in it."""

    def __init__(self, book: Book, level: str, warm: Sequence[Notebook], limits: Limits) -> None:
        self.level, self.limits = level, limits
        outside = list(LEVELS[level](book))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        names = [one.name for one in warm]
        server = [sys.executable, "-m", "unrolled.grade.server", str(theirs.fileno()), level]
        words = [*outside, *server, str(book.root), *names]
        self.process = subprocess.Popen(
            words,
            env={**ENVIRONMENT, "HOME": SCRATCH[level], "TMPDIR": SCRATCH[level]},
            cwd="/",
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        self.control, self.cpu = ours, 0.0
        try:
            said = self._heard("the jail did not start")
        except Broken:
            self.close()
            raise
        self.cpu = said["cpu"]
        threads = said["ready"]
        if threads != 1:
            self.close()
            raise Broken(
                f"the libraries of the chapter start {amount(threads - 1, 'thread')} when they are "
                "imported, and a process with threads cannot fork safely; use --workers cold"
            )

    def ask(self, **request: Any) -> dict[str, Any]:
        """Ask the server something."""
        try:
            self.control.sendall(json.dumps(request).encode())
        except OSError as error:
            raise Broken(GONE) from error
        return self._heard()

    def _heard(self, silence: str = GONE) -> dict[str, Any]:
        """Return what the server says; raise Broken, with what its silence means, if it ended."""
        said = self.control.recv(1 << 16)
        if not said:
            assert self.process.stderr is not None
            self.process.kill()
            last = self.process.stderr.read().decode(errors="replace").strip().splitlines()[-1:]
            reason = "".join(last) or "it ended silently"
            mend = f"; {NAMESPACES}" if reason.startswith("bwrap:") else ""
            raise Broken(f"{silence}: {reason}{mend}")
        found: dict[str, Any] = json.loads(said)
        return found

    def start(self, notebook: Notebook | None) -> Child:
        """Start a child that runs answers to a notebook; without one, it reads submissions."""
        ours, theirs = socket.socketpair()
        uid = FIRST_UID + secrets.randbelow(1 << 20) if os.geteuid() == 0 else None
        task = {
            "op": "start",
            "notebook": notebook and notebook.name,
            "scratch": SCRATCH[self.level],
            "uid": uid,
            "cpu": self.limits.notebook,
            "memory": self.limits.memory,
        }
        try:
            with theirs:
                socket.send_fds(self.control, [json.dumps(task).encode()], [theirs.fileno()])
            return Child(self, self._heard()["pid"], ours, self.limits)
        except Broken:
            ours.close()
            raise
        except OSError as error:
            ours.close()
            raise Broken(GONE) from error

    def close(self) -> None:
        """End the jail and all that is in it."""
        self.control.close()
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()


class Jail:
    """Runs answers in confined children, one for each notebook of a submission.

    warm: fork from a parent that has imported the libraries and not used them: TensorFlow starts
    threads with its first operation.
    """

    def __init__(
        self,
        book: Book,
        warm: bool = True,
        level: str = "bubblewrap",
        limits: Limits | None = None,
    ) -> None:
        self.book, self.warm, self.level = book, warm, level
        self.limits = limits or Limits()
        self.noticed: list[str] = []
        self.cpu = 0.0  # seconds, of all children that have ended
        self._warm: dict[frozenset[str], Server] = {}
        self._cold: Server | None = None
        self._child: Child | None = None
        self._session: Session | None = None
        self._at: tuple[str, str] = ("", "")
        self._failed: Exception | None = None
        self._until = math.inf

    def begin(self) -> None:
        """Begin with a new submission."""
        self.fresh()
        self.noticed = []
        self._until = time.monotonic() + self.limits.submission

    def load(
        self, notebook: Notebook, exercise: str, steps: Sequence[Step], names: Sequence[str] = ()
    ) -> Space:
        """Run a program; one that once failed for this exercise is not run again.

        A child that was ended in one exercise, or that has left threads running, is followed by a
        new one in the next.
        """
        if self._at != (notebook.name, exercise):
            child = self._child
            if self._at[0] != notebook.name or (child and (child.ended or child.threads > 1)):
                self.fresh()
            self._at, self._failed = (notebook.name, exercise), None
        if self._session is None:
            if time.monotonic() > self._until:
                raise Lost(f"the submission took more than {self.limits.submission:g} s")
            self._child = self._server(notebook).start(notebook)
            self._child.until = self._until
            self._session = Session(self._child.transport)
        if self._failed:
            raise self._failed
        try:
            return self._session.load(steps, names)
        except Exception as error:
            self._failed = error
            raise

    def fresh(self) -> None:
        """End the child that is there: the next program, whosever it is, gets one of its own."""
        if self._child:
            if self._child.ended:
                self.noticed.append(self._child.ended)
            self._child.end("")
            self.cpu += self._child.cpu
        self._child, self._session, self._at = None, None, ("", "")
        if self._cold:
            self._cold.close()
            self._cold = None

    def _server(self, notebook: Notebook) -> Server:
        if self.warm:
            return self._forking(notebook)
        limits = replace(self.limits, memory=4 * self.limits.memory)  # the libraries count too
        self._cold = Server(self.book, self.level, (), limits)
        return self._cold

    def _forking(self, notebook: Notebook) -> Server:
        libraries = heavy(notebook)
        if libraries not in self._warm:
            warm = [one for one in self.book.notebooks if heavy(one) == libraries]
            self._warm[libraries] = Server(self.book, self.level, warm, self.limits)
        return self._warm[libraries]

    def reader(self) -> Child:
        """Return a child that reads submissions."""
        servers = iter(self._warm.values())
        return (next(servers, None) or self._forking(self.book.notebooks[0])).start(None)

    def close(self) -> None:
        """End everything."""
        with suppress(BookError, OSError):
            self.fresh()
        for server in (*self._warm.values(), self._cold):
            if server:
                server.close()
        self._warm, self._cold = {}, None


@cache
def heavy(notebook: Notebook) -> frozenset[str]:
    """Return the libraries that take seconds to import, of those of setup cells and checks."""
    cells = [one.source for one in read_cells(notebook.source) if "setup" in one.tags]
    found = set()
    for source in [*cells, notebook.checks.read_text(encoding="utf-8")]:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {one.name.split(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return frozenset(found & set(HEAVY))


def missing_of_jail() -> list[str]:
    """Return what of a jail this machine lacks."""
    lack = [] if shutil.which("bwrap") else ["bubblewrap"]
    return lack if ctypes.util.find_library("seccomp") else [*lack, "libseccomp2"]


def bubblewrap(book: Book) -> Iterator[str]:
    """Yield the words that start a program in the jail.

    Inside there are the system's libraries, Python with its packages, this package, the checks and
    the embedded data, all read-only; no solutions, no network, no other process.
    """
    refuse_answers()
    inside = {Path(sys.base_prefix), Path(sys.prefix), *map(Path, site.getsitepackages())}
    inside |= {Path(unrolled.__file__).parent, book.root / "book.toml"}
    inside |= {*(book.root / "data").glob("*.*"), *(one.source for one in book.notebooks)}
    inside |= {one.checks for one in book.notebooks}
    for shown in (*map(Path, SYSTEM), *inside):
        if book.root.resolve().is_relative_to(shown.resolve()):
            raise BookError(
                f"a submission could read {shown}, and the book with its answers lies there, so "
                f"nothing is graded; move {book.root} elsewhere"
            )
    if missing_of_jail():
        raise BookError(
            f"no jail on this machine, so nothing is graded; on Debian or Ubuntu: {INSTALL}; "
            "elsewhere use the container (chapters/instructors.md)"
        )
    yield str(shutil.which("bwrap"))
    yield from ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts")
    if os.geteuid() != 0:  # user 0 of a namespace in which that is the instructor, without rights
        yield from ("--unshare-user", "--uid", "0", "--gid", "0")
    yield from ("--die-with-parent", "--new-session", "--cap-drop", "ALL")
    for right in ("SYS_ADMIN", "SETUID", "SETGID", "KILL"):
        yield from ("--cap-add", f"CAP_{right}")
    for place in SYSTEM:
        yield from ("--ro-bind-try", place, place)
    for folder in sorted({above for path in inside for above in path.parents}):
        yield from ("--perms", "0755", "--dir", str(folder))  # a child has no right to private ones
    for path in sorted(inside):
        yield from ("--ro-bind-try", str(path), str(path))
    yield from ("--proc", "/proc", "--dev", "/dev", "--tmpfs", SCRATCH["bubblewrap"])
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/")


def tried(book: Book) -> None:
    """Start a jail, and a child in it; raise BookError, one line, where that cannot be done."""
    server = Server(book, "bubblewrap", (), Limits())
    try:
        child = server.start(None)
        child.transport(encode((None, "read", [], {})))
        child.end("")
    except Lost as error:
        raise BookError(f"a process in the jail is not confined: {error}; {NAMESPACES}") from error
    finally:
        server.close()


def container(book: Book) -> Iterator[str]:
    """Yield no words: the container that this runs in is the jail, and is thrown away after use.

    Its children have a user of their own and no system call to get further; what that user may
    read, it reads. Raises BookError where the solutions can be read by all.
    """
    refuse_answers()
    if os.geteuid() != 0:
        raise BookError("--jail container needs root, to give each submission a user of its own")
    for place in (sys.base_prefix, sys.prefix, unrolled.__file__, book.root):
        hidden = next((one for one in Path(place).parents if not one.stat().st_mode & 1), None)
        if hidden:
            raise BookError(f"{place} lies in {hidden}, which a submission's user cannot enter")
    for folder in (book.root / name for name in PRIVATE):
        if folder.is_dir() and folder.stat().st_mode & 0o077:
            raise BookError(f"{folder} can be read by every user; `chmod 700 {folder}` first")
    yield from ()


def refuse_answers() -> None:
    """Raise BookError where the book's wheel, which carries the answers, is in what a jail shows.

    Looked for are this package's folder, and every folder of packages below a Python that is bound.
    """
    folders = [Path(unrolled.__file__).parents[1], *map(Path, sys.path)]
    for prefix in (sys.prefix, sys.base_prefix, "/usr", "/usr/local"):
        for within in ("", "envs/*/"):  # conda and pyenv keep environments within others
            folders += Path(prefix).glob(f"{within}lib*/python3*/*-packages")
    for folder in folders:
        if os.path.exists(folder / "unrolled" / "book" / "solutions"):
            raise BookError(
                f"a submission could read the answers in {folder / 'unrolled' / 'book'}, so "
                "nothing is graded; uninstall that wheel and grade from a clone"
            )


LEVELS = {"bubblewrap": bubblewrap, "container": container}
