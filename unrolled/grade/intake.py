"""Inside the jail: what a submission holds, read out of bytes that nobody else parses.

A submission is a .py, an .ipynb, or an archive (.zip, .tar.gz) with a student's notebooks in it, at
the top, in `work/` or in `chapters/`. Only exercise cells are taken out; all else stays behind.
"""

import io
import posixpath
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jupytext
import nbformat

from unrolled.notebook import PERCENT
from unrolled.wire import decode, encode
from unrolled.worker import described

RAW_BYTES = 10 << 20
SOURCE_BYTES = 200 << 10
MEMBERS = 2_000
FOLDERS = ("work", "", "chapters")  # in this order; in a course, chapters/ holds the stubs
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")


class Refused(Exception):
    """A submission that is not read; the text is for the student."""


@dataclass(frozen=True)
class Member:
    """One file of a submission: its path in there, when it was changed, its bytes."""

    path: str
    changed: float
    raw: bytes


class Intake:
    """Answers requests to read submissions; each is (None, "read", files, wanted)."""

    def answer(self, request: bytes) -> bytes:
        """Read a submission; whatever goes wrong becomes a reply."""
        try:
            _, _, files, wanted = decode(request)
            members = [Member(*one) for one in files]
            return encode(["ok", read_submission(members, wanted)])
        except BaseException as error:
            return encode(["error", *described(error), []])


def read_submission(files: list[Member], wanted: dict[str, list[str]]) -> dict[str, Any]:
    """Return, for each notebook that is there, the file's name and its exercise cells.

    files: the submission's one file, or those of its folder. wanted: notebook → exercise ids.
    The result maps a notebook to (path, [(exercise, source, line), …]).
    """
    members = files
    if len(files) == 1 and files[0].path.lower().endswith(ARCHIVES):
        members = list(_unpacked(files[0]))
    found: dict[str, Any] = {}
    for notebook, exercises in wanted.items():
        candidates = [one for one in members if _rank(one.path, notebook) is not None]
        if candidates:
            best = min(candidates, key=lambda m: (_rank(m.path, notebook), -m.changed, m.path))
            found[notebook] = (best.path, _cells(best, exercises))
    if not found and len(members) == 1:  # alice.py: the exercises in it say which notebook it is
        for notebook, exercises in wanted.items():
            cells = _cells(members[0], exercises)
            if cells:
                found[notebook] = (members[0].path, cells)
        if not found:
            path = members[0].path
            raise Refused(
                f"{path} has no exercise cells; fill in a copy that `unrolled start` made"
            )
    if not found:
        names = ", ".join(f"{name}.py" for name in wanted)
        raise Refused(f"no notebook found; expected {names} (or .ipynb), as `unrolled start` names")
    return found


def _rank(path: str, notebook: str) -> int | None:
    """Say how good a place this is for a notebook's answers: 0 is best, None is none."""
    folder, name = posixpath.split(path)
    if name not in (f"{notebook}.py", f"{notebook}.ipynb", f"{notebook.split('_')[0]}.ipynb"):
        return None
    ranks = [r for r, one in enumerate(FOLDERS) if one and f"/{folder}/".endswith(f"/{one}/")]
    return ranks[0] if ranks else FOLDERS.index("")


def _unpacked(archive: Member) -> Iterator[Member]:
    """Yield the notebooks in an archive; nothing is ever written to a disk."""
    data, left = io.BytesIO(archive.raw), RAW_BYTES
    try:
        if archive.path.lower().endswith(".zip"):
            with zipfile.ZipFile(data) as opened:
                for count, info in enumerate(opened.infolist()):
                    if count < MEMBERS and _plain(info.filename) and not info.is_dir():
                        with opened.open(info) as file:
                            raw = file.read(left + 1)
                        left -= len(raw)
                        yield _member(info.filename, _minutes(info.date_time), raw, left)
            return
        with tarfile.open(fileobj=data, mode="r:*") as packed:
            for count, entry in enumerate(packed):
                if count >= MEMBERS:
                    break
                if entry.isreg() and _plain(entry.name):
                    taken = packed.extractfile(entry)
                    raw = taken.read(left + 1) if taken else b""
                    left -= len(raw)
                    yield _member(entry.name, entry.mtime, raw, left)
    except Refused:
        raise
    except Exception as error:
        raise Refused(f"{archive.path} is damaged or no archive; pack it again") from error


def _member(path: str, changed: float, raw: bytes, left: int) -> Member:
    if left < 0:
        raise Refused(f"the notebooks in the archive are larger than {RAW_BYTES >> 20} MiB")
    return Member(path, changed, raw)


def _plain(path: str) -> bool:
    """Whether a path is a notebook's, and stays inside."""
    parts = path.split("/")
    inside = not path.startswith("/") and ".." not in parts and "\\" not in path
    return inside and path.endswith((".py", ".ipynb")) and "__MACOSX" not in parts


def _minutes(stamp: tuple[int, ...]) -> float:
    year, month, day, hour, minute, second = stamp
    return ((((year * 12 + month) * 31 + day) * 24 + hour) * 60 + minute) * 60.0 + second


def _cells(file: Member, exercises: list[str]) -> list[tuple[str, str, int]]:
    """Return the code cells that are keyed with these exercises: (exercise, source, line)."""
    if b"\0" in file.raw:
        raise Refused(f"{file.path} is not text: it holds a zero byte")
    try:
        text = file.raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise Refused(f"{file.path} is not UTF-8 text; save it as UTF-8") from error
    try:
        if file.path.endswith(".ipynb"):
            notebook = nbformat.reads(text, as_version=4)
            text = "".join(cell.source for cell in notebook.cells)  # outputs do not count
        else:
            _sized(file, text)
            notebook = jupytext.reads(text, fmt=PERCENT)
    except Refused:
        raise
    except Exception as error:
        raise Refused(f"{file.path} is no notebook that Jupyter can open") from error
    _sized(file, text)
    found = []
    for cell in notebook.cells:
        exercise = cell.metadata.get("exercise")
        if cell.cell_type == "code" and exercise in exercises:
            at = 1 if file.path.endswith(".ipynb") else _line(text, cell.source)
            found.append((exercise, cell.source, at))
    return found


def _sized(file: Member, text: str) -> None:
    if len(text.encode()) > SOURCE_BYTES:
        raise Refused(f"{file.path} holds more than {SOURCE_BYTES >> 10} KiB of source")


def _line(text: str, source: str) -> int:
    return text.count("\n", 0, max(0, text.find(source))) + 1
