"""What was handed in: whose it is, when it came, and its bytes, read without following any link."""

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from unrolled.errors import BookError
from unrolled.grade.intake import ARCHIVES, FOLDERS, RAW_BYTES
from unrolled.manifest import Notebook

ENDINGS = (*ARCHIVES, ".py", ".ipynb")
NOISE = (".DS_Store", ".git", ".gitkeep", "__MACOSX", "Thumbs.db", "desktop.ini")
STAMP = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"([T ](?P<hour>\d\d)(?P<sep>[:\-.]?)(?P<minute>\d\d)((?P=sep)(?P<second>\d\d))?)?"
    r"(?P<offset>Z|[+\-]\d\d(:?[0-5]\d)?)?"
)
DATED = re.compile(r"\d{4}-\d\d-\d\d(?![^T Z+\-])")  # meant as a time, right or wrong


@dataclass(frozen=True)
class Attempt:
    """One hand-in of a student: a file, an archive or a folder.

    label tells a student's attempts apart; when: from the label where it is a time (stamped), else
    the time of the newest file.
    """

    student: str
    label: str
    path: Path
    when: datetime
    stamped: bool


@dataclass(frozen=True)
class Files:
    """The bytes of an attempt, each with its path inside; or the reason why they are not read."""

    members: tuple[tuple[str, float, bytes], ...] = ()
    problem: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of paths and bytes: what an attempt's seeds and its row depend on.

        Where a folder holds two files of one notebook, of which one is the newer: that is read.
        """
        found = hashlib.sha256(self.problem.encode())
        for path, changed, raw in self.members:
            found.update(hashlib.sha256(path.encode(errors="surrogateescape")).digest())
            found.update(hashlib.sha256(raw).digest())
            twins = [one for one in self.members if _same_notebook(one[0], path)]
            if any((-other, name) < (-changed, path) for name, other, _ in twins):
                found.update(b"older")
        return found.hexdigest()


def attempts(
    folder: Path, notebooks: Sequence[Notebook], zone: tzinfo | None = None
) -> list[Attempt]:
    """Return every attempt in a folder of submissions, by student and time.

    `alice.zip`, `alice.ipynb`, `alice/`: one attempt. `alice@2026-10-01T17:30.zip`, or a folder
    `alice/` that holds only such files and folders and no notebook: one of several. Whatever else
    lies there is an attempt too, that cannot be read: no row is lost. zone: of times without an
    offset; this machine's by default.
    """
    if folder.is_file():
        raise BookError(f"{folder} is a file; add --one to grade a single submission")
    if not folder.is_dir():
        raise BookError(f"{folder}: no such folder; expected one with a file or folder a student")
    found = []
    for path in _entries(folder):
        student, label = _named(path)
        inner = _entries(path) if _is_folder(path) else []
        if any(_holds(path, one) for one in notebooks) or not any(map(_is_attempt, inner)):
            found.append(_attempt(student, label, path, notebooks, zone))
            continue
        for one in filter(_is_attempt, inner):
            found.append(_attempt(student, _label(one), one, notebooks, zone))
    if not found:
        raise BookError(f"{folder} is empty; expected a file or a folder for each student")
    return sorted(found, key=lambda one: (one.student, one.when, one.label))


def single(path: Path, notebooks: Sequence[Notebook], zone: tzinfo | None = None) -> Attempt:
    """Return the one attempt that a file or a folder is."""
    if not path.exists():
        raise BookError(f"{path}: no such file or folder; expected one submission")
    path = path.resolve()
    if path.is_dir() and not any(_holds(path, one) for one in notebooks):
        inside = [one for one in _entries(path) if _is_attempt(one) or _is_notebook(one)]
        if len(inside) > 1:
            raise BookError(f"{path} holds {len(inside)} entries; leave out --one to grade a class")
    return _attempt(*_named(path), path, notebooks, zone)


def shown(name: str) -> str:
    """Return a file's name as text that any table, page and frame can hold.

    What cannot be printed is escaped; equal letters of different encodings become one.
    """
    text = unicodedata.normalize("NFC", name)
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def _entries(folder: Path) -> list[Path]:
    found = (one for one in folder.iterdir() if one.name not in NOISE)
    return sorted(one for one in found if not one.name.startswith("._"))


def _named(path: Path) -> tuple[str, str]:
    """Split `alice@2026-10-01` into the student and the time; any other name is the student's."""
    name = _stem(path)
    student, _, label = name.rpartition("@")
    if not student or not DATED.match(label):
        return name, ""
    if _time(label, None) is None:
        raise BookError(f"{path.name}: {label} is no time; expected one like 2026-10-01T17:30")
    return student, label


def _label(path: Path) -> str:
    """Name one of a student's attempts: by its time, else by all of its name."""
    with suppress(BookError):
        return _named(path)[1] or _stem(path)
    return _stem(path)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _is_notebook(path: Path) -> bool:
    return path.suffix in (".py", ".ipynb")


def _is_attempt(path: Path) -> bool:
    folder = _is_folder(path) and path.name not in FOLDERS
    return folder or path.name.lower().endswith(ARCHIVES)


def _stem(path: Path) -> str:
    if _is_folder(path):
        return shown(path.name)
    known = (one for one in ENDINGS if path.name.lower().endswith(one))
    return shown(path.name[: len(path.name) - len(next(known, path.suffix))])


def _attempt(
    student: str, label: str, path: Path, notebooks: Sequence[Notebook], zone: tzinfo | None
) -> Attempt:
    time = _time(label, zone)
    return Attempt(student, label, path, time or _changed(path, notebooks), time is not None)


def _time(label: str, zone: tzinfo | None) -> datetime | None:
    match = STAMP.fullmatch(label)
    if not match:
        return None
    day, hour, minute, second, offset = match.group("day", "hour", "minute", "second", "offset")
    if offset and not hour:
        return None
    clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}"
    with suppress(ValueError):
        parsed = datetime.fromisoformat(f"{day}T{clock}{offset or ''}")
        if parsed.tzinfo:
            return parsed
        return parsed.replace(tzinfo=zone) if zone else parsed.astimezone()
    return None


def _changed(path: Path, notebooks: Sequence[Notebook]) -> datetime:
    """Return when the newest of an attempt's files was changed."""
    places = [path / name for one in notebooks for name in _names(one)] if _is_folder(path) else []
    places = [one for one in places if os.path.lexists(one)]
    if not places and _is_folder(path):
        places = _entries(path)
    times = [0.0]
    for place in places or [path]:
        with suppress(OSError):
            times.append(place.lstat().st_mtime)
    return datetime.fromtimestamp(max(times), UTC)


def _same_notebook(one: str, other: str) -> bool:
    """Whether two paths name one notebook, 01_twice.py and 01.ipynb, in the same folder."""
    (folder, name), (elsewhere, another) = os.path.split(one), os.path.split(other)
    first, second = (re.split("[_.]", word)[0] for word in (name, another))
    return (folder, first) == (elsewhere, second)


def _names(notebook: Notebook) -> Iterator[str]:
    for folder in FOLDERS:
        for name in notebook.files:
            yield f"{folder}/{name}" if folder else name


def _holds(folder: Path, notebook: Notebook) -> bool:
    return any(os.path.lexists(folder / name) for name in _names(notebook))


# --- reading ----------------------------------------------------------------------------------


def read(attempt: Attempt, notebooks: Sequence[Notebook]) -> Files:
    """Read an attempt's file, or from its folder the files that may hold answers.

    No link is followed, nothing but regular files is opened, and none that is above the limit.
    """
    members: list[tuple[str, float, bytes]] = []
    try:
        parent = os.open(attempt.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            own = attempt.path.name
            if stat.S_ISDIR(os.stat(own, dir_fd=parent, follow_symlinks=False).st_mode):
                for name in _wanted(attempt.path, notebooks):
                    members += _regular(parent, [own, *name.split("/")], shown(name))
            else:
                members += _regular(parent, [own], shown(own))
                if not own.lower().endswith(ENDINGS):
                    raise _Problem(f"{shown(own)}: expected {', '.join(ENDINGS)}")
        finally:
            os.close(parent)
    except _Problem as problem:
        return Files(problem=str(problem))
    except OSError as error:
        return Files(problem=f"{shown(attempt.path.name)} cannot be read: {error.strerror}")
    if not members:
        wanted = ", ".join(f"{one.name}.py" for one in notebooks)
        return Files(problem=f"no notebook found; expected {wanted} (or .ipynb)")
    return Files(tuple(members))


def _wanted(folder: Path, notebooks: Sequence[Notebook]) -> list[str]:
    """Return the names in a folder that may hold answers; by any name if there is one notebook."""
    names = [name for one in notebooks for name in _names(one)]
    other = [one.name for one in _entries(folder) if _is_notebook(one) and not one.is_dir()]
    known = any(os.path.lexists(folder / name) for name in names)
    return names if known or len(other) != 1 else other


class _Problem(Exception):
    """What is wrong with a submission's files, for the student."""


def _regular(folder: int, parts: Sequence[str], shown: str) -> Iterator[tuple[str, float, bytes]]:
    """Yield one file, opened a step at a time below an open folder; nothing where there is none."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        status = os.stat(parts[0], dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return
    if stat.S_ISLNK(status.st_mode):
        raise _Problem(f"{shown} is a link; hand in the file itself")
    if len(parts) > 1:
        if not stat.S_ISDIR(status.st_mode):
            return
        inner = os.open(parts[0], flags | os.O_DIRECTORY, dir_fd=folder)
        try:
            yield from _regular(inner, parts[1:], shown)
        finally:
            os.close(inner)
        return
    if stat.S_ISDIR(status.st_mode):
        return
    if not stat.S_ISREG(status.st_mode):  # a pipe or a device is not even opened
        raise _Problem(f"{shown} is not a regular file")
    opened = os.open(parts[0], flags, dir_fd=folder)
    with os.fdopen(opened, "rb") as file:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            raise _Problem(f"{shown} is not a regular file")
        raw = file.read(RAW_BYTES + 1)
    if len(raw) > RAW_BYTES:
        raise _Problem(f"{shown} is larger than {RAW_BYTES >> 20} MiB")
    yield shown, status.st_mtime, raw
