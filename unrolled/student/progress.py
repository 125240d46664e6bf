"""work/progress.json: what passed, what the last check said, which hints were seen."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unrolled.checks.verdict import Verdict
from unrolled.errors import BookError
from unrolled.files import keep, write_atomic
from unrolled.notebook import Cell, joined

VERSION = 1
NAME = "progress.json"
KEPT = "kept"  # the folder in work/ of answers and files that others took the place of


class Record(BaseModel):
    """One exercise: the last check of it, and what was asked for.

    answer: a hash of the answer that was checked; empty for one that was checked in a notebook.
    points: earned of the book's. says, hint: of the mistake that it looked like, if any. passed:
    when it did so first. seen: the levels of its hints that were shown.
    """

    model_config = ConfigDict(extra="ignore", validate_assignment=True)
    answer: str = ""
    passing: int = 0
    checks: int = 0
    points: float = 0.0
    says: str = ""
    hint: int | None = None
    passed: datetime | None = None
    seen: list[int] = Field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether the last check of it passed."""
        return 0 < self.checks == self.passing


class Progress(BaseModel):
    """The whole file."""

    version: int = VERSION
    exercises: dict[str, Record] = Field(default_factory=dict)

    def of(self, exercise: str) -> Record:
        """Return the record of an exercise; a new one where there is none."""
        return self.exercises.setdefault(exercise, Record())


def read_progress(work: Path) -> tuple[Progress, bool]:
    """Return what is known, and whether the file held something that could not be read.

    What of a damaged file can be read counts. A newer version of the book may have written more:
    such a file is read as far as this one understands it.
    """
    path = work / NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = int(content["version"])
        rows = dict(content["exercises"].items())
        whole = version > VERSION or set(content) == {"version", "exercises"}
    except FileNotFoundError:
        return Progress(), False
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Progress(), True
    found = Progress(version=max(version, VERSION))
    for name, row in rows.items():
        try:
            found.exercises[name] = Record.model_validate(row)
        except ValidationError:
            whole = version > VERSION
    return found, not whole


@contextmanager
def changing(work: Path) -> Iterator[Progress]:
    """Read the file, let the block change it, and write it whole; one process at a time.

    A damaged file is put aside first, once, so that nothing of it is lost. One that a newer version
    of the book has written is left as it is.
    """
    path = work / NAME
    with FileLock(work / f".{NAME}.lock"):
        progress, damaged = read_progress(work)
        if damaged:
            keep(work / KEPT, NAME, path.read_bytes().decode(errors="surrogateescape"))
        yield progress
        if progress.version == VERSION:
            write_atomic(path, progress.model_dump_json(indent=1) + "\n")


def digest(cells: Sequence[Cell]) -> str:
    """Return the hash by which an answer is known again."""
    text = joined(cell.source for cell in cells)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def record(
    work: Path, verdicts: Sequence[Verdict], answers: Iterable[tuple[str, str]] = ()
) -> None:
    """Note the verdicts of a run. answers: (exercise, hash) of each that came from a file.

    Raises BookError where the file cannot be written: the verdicts hold all the same.
    """
    try:
        _record(work, verdicts, dict(answers))
    except OSError as error:
        raise BookError(f"not noted in work/{NAME}: {error.strerror or error}") from error


def _record(work: Path, verdicts: Sequence[Verdict], hashes: Mapping[str, str]) -> None:
    with changing(work) as progress:
        for exercise in dict.fromkeys(one.exercise for one in verdicts):
            mine = [one for one in verdicts if one.exercise == exercise]
            if all(one.outcome == "untried" for one in mine) and not progress.of(exercise).checks:
                del progress.exercises[exercise]
                continue
            row = progress.of(exercise)
            row.answer = hashes.get(exercise, "")
            row.checks = len(mine)
            row.passing = sum(one.outcome == "passed" for one in mine)
            row.points = round(sum(one.points for one in mine), 6)
            like = next((one for one in mine if one.mistake), mine[0])
            row.says, row.hint = like.looks_like, like.hint
            if row.holds and row.passed is None:
                row.passed = datetime.now(UTC).replace(microsecond=0)
