"""Grade a class: every attempt once, side by side, each row written as soon as it is there."""

import csv
import hashlib
import io
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

import unrolled
from unrolled.course import Course
from unrolled.errors import BookError, Show
from unrolled.files import fingerprint, write_atomic
from unrolled.grade.grader import Marked, Settings, grade
from unrolled.grade.submissions import Attempt, Files, read, shown
from unrolled.manifest import Book, Notebook

DEADLY = "the process that graded it ended by itself, twice; grade it alone with --one"
Row = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """One graded attempt. late: hours after the due time, 0 if in time or without one."""

    student: str
    label: str
    file: str
    when: datetime
    stamped: bool
    digest: str
    late: float
    points: Mapping[str, float]
    marked: Marked

    @property
    def total(self) -> float:
        """The sum of the points."""
        return round(sum(self.points.values()), 6)


@dataclass(frozen=True)
class Class:
    """A graded class: the course, its notebooks, and every student's attempts in order."""

    course: Course
    notebooks: tuple[Notebook, ...]
    results: tuple[Result, ...]

    @property
    def best(self) -> list[Result]:
        """Each student's best attempt, the earliest of equals."""
        found: dict[str, Result] = {}
        for one in self.results:
            if one.student not in found or one.total > found[one.student].total:
                found[one.student] = one
        return list(found.values())

    @property
    def exercises(self) -> list[str]:
        """The ids of all exercises, in book order."""
        return [one.id for notebook in self.notebooks for one in notebook.exercises]


def run(
    book: Book,
    course: Course,
    settings: Settings,
    attempts: Sequence[Attempt],
    out: Path,
    progress: Show,
    jobs: int = 2,
    scheduler: str = "",
) -> Class:
    """Grade attempts into `out` and return the class.

    A row is written, whole, as soon as an attempt is graded; rows that are there and were made from
    the same files, secret, book and packages are kept. jobs: processes on this machine; scheduler:
    the address of a Dask cluster, in place of those.
    """
    rows, notebooks = out / "rows", book.select(settings.notebooks)
    key = book_key(settings, notebooks)
    found: dict[Attempt, Row] = {}
    for attempt in attempts:
        kept = _kept(_place(rows, attempt), key, read(attempt, notebooks).digest)
        if kept:
            found[attempt] = kept
    progress("grading", len(found), len(attempts))
    waiting = ((one, read(one, notebooks)) for one in attempts if one not in found)
    for attempt, marked in _graded(settings, waiting, jobs, scheduler):
        row = {"key": key, **marked}
        write_atomic(_place(rows, attempt), json.dumps(row, indent=1) + "\n", mode=0o600)
        found[attempt] = row
        progress("grading", len(found), len(attempts))
    results = [_result(course, notebooks, one, found[one]) for one in attempts]
    return Class(course, notebooks, tuple(results))


def prepare(out: Path, resume: bool, course: Path | None) -> None:
    """Refuse a second run into `out` unless it resumes, and keep the course's settings there."""
    rows = out / "rows"
    if rows.is_dir() and any(rows.iterdir()) and not resume:
        raise BookError(f"{out} holds a run already; add --resume to go on, or name another --out")
    if course:
        write_atomic(out / "course.toml", course.read_text(encoding="utf-8"))


def book_key(settings: Settings, notebooks: Sequence[Notebook]) -> str:
    """Return the hash of what a row depends on besides the submission: secret, book, packages."""
    secret = hashlib.sha256(settings.secret).hexdigest()
    points = [(one.id, one.points) for notebook in notebooks for one in notebook.exercises]
    how = repr((settings.notebooks, settings.jail, settings.limits, points))
    files = [path for one in notebooks for path in one.judges]
    files += Path(unrolled.__file__).parent.rglob("*.py")
    return fingerprint(files, secret, how)


def secret_of(out: Path, file: Path | None) -> bytes:
    """Return the run's secret, of a file or drawn, and keep it in `out` for appeals."""
    given = None
    if file is not None:
        given = file.read_bytes().strip() if file.is_file() else b""
        if not given:
            raise BookError(f"{file}: expected a file with a secret in it; any text will do")
    place = out / "secret"
    if not place.is_file():
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write((given or secrets.token_hex(32).encode()) + b"\n")
        except BaseException:
            place.unlink()
            raise
    kept = place.read_bytes().strip()
    if not kept:
        raise BookError(f"{place} is empty; put the run's secret back, or name another --out")
    if given and given != kept:
        raise BookError(f"{place} is another secret than {file}: this run was made with the former")
    return kept


def _place(rows: Path, attempt: Attempt) -> Path:
    """Name an attempt's row; a student's name may hold anything."""
    name = digest(f"{attempt.student}\0{attempt.label}\0{attempt.path.name}")
    plain = "".join(c for c in attempt.student if c.isascii() and c.isalnum())[:20]
    return rows / f"{plain}-{name[:16]}.json"


def digest(name: str) -> str:
    """Return the SHA-256 of a name, which may hold whatever a file system's may."""
    return hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()


def _kept(place: Path, key: str, digest: str) -> Row | None:
    try:
        row: Row = json.loads(place.read_text(encoding="utf-8"))
        return row if (row["key"], row["digest"]) == (key, digest) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _graded(
    settings: Settings, waiting: Iterator[tuple[Attempt, Files]], jobs: int, scheduler: str
) -> Iterator[tuple[Attempt, Row]]:
    """Yield what is graded, as it comes."""
    if scheduler:
        yield from _on_cluster(settings, waiting, scheduler)
        return
    os.environ["OMP_NUM_THREADS"] = "1"  # a worker's libraries leave the other cores alone
    with ProcessPool(jobs, context=get_context("spawn")) as pool:
        try:
            yield from _in_turn(
                waiting,
                lambda files: pool.schedule(grade, args=[settings, files]),
                ProcessExpired,
                2 * jobs,
            )
        finally:
            pool.stop()


@dataclass(frozen=True)
class _Turn:
    """One attempt under way. digest: of its files as they came; deaths: of processes at it."""

    attempt: Attempt
    files: Files
    digest: str
    deaths: int = 0

    def again(self) -> "_Turn":
        """Return what is tried next: the same, then its row alone, so that a class can go on."""
        if self.deaths == 2:
            raise BookError("a grading process ended three times by itself; add --resume to go on")
        files = replace(self.files, problem=DEADLY) if self.deaths else self.files
        return replace(self, files=files, deaths=self.deaths + 1)


def _in_turn(
    waiting: Iterator[tuple[Attempt, Files]],
    submit: Callable[[Files], "Future[Row]"],
    died: type[Exception],
    most: int,
) -> Iterator[tuple[Attempt, Row]]:
    """Keep a few attempts under way, so that not all of a class is in memory.

    died: what a future raises whose process is gone; its attempt is begun anew.
    """
    under_way: dict[Future[Row], _Turn] = {}

    def done() -> Iterator[tuple[Attempt, Row]]:
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            turn = under_way.pop(future)
            try:
                row = future.result()
            except died:
                turn = turn.again()
                under_way[submit(turn.files)] = turn
            else:
                yield turn.attempt, row | {"digest": turn.digest}

    for attempt, files in waiting:
        under_way[submit(files)] = _Turn(attempt, files, files.digest)
        if len(under_way) >= most:
            yield from done()
    while under_way:
        yield from done()


def _on_cluster(
    settings: Settings, waiting: Iterator[tuple[Attempt, Files]], scheduler: str
) -> Iterator[tuple[Attempt, Row]]:
    """Grade on a Dask cluster; what a worker that dies was at is given to another."""
    from distributed import Client, KilledWorker

    try:
        client = Client(scheduler, timeout="20s")
    except (OSError, ValueError) as error:
        reason = f"no Dask scheduler at {scheduler}"
        raise BookError(f"{reason}; start one with `dask scheduler`") from error
    with client, client.get_executor(pure=False, retries=2) as executor:
        most = 4 * max(1, sum(client.ncores().values()))
        yield from _in_turn(
            waiting, lambda files: executor.submit(grade, settings, files), KilledWorker, most
        )


def _result(course: Course, notebooks: Sequence[Notebook], attempt: Attempt, row: Row) -> Result:
    marked = Marked.from_plain(row)
    points: dict[str, float] = {}
    for notebook in notebooks:
        for exercise in notebook.exercises:
            earned = sum(v.points for v in marked.verdicts if v.exercise == exercise.id)
            points[exercise.id] = course.earned(exercise, earned)
    late = course.late(notebooks, attempt.when)
    about = (attempt.student, attempt.label, shown(attempt.path.name), attempt.when)
    return Result(*about, attempt.stamped, row["digest"], late, points, marked)


def table(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV; a cell that a spreadsheet would run as a formula is made text."""
    said = io.StringIO()
    writer = csv.writer(said, lineterminator="\n")
    for row in rows:
        writer.writerow([_cell(one) for one in row])
    return said.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
