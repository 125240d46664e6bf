"""What things cost, for `make bench`: CPU seconds, memory, ratios within one run, waiting."""

import gc
import io
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stdout, suppress
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import jupytext
from rich.console import Console

from unrolled.answers import Answers, load_namespace
from unrolled.checks.live import check
from unrolled.checks.run import Bench, Check, Load, checks_by_exercise, in_process, load_checks
from unrolled.course import Course
from unrolled.data import here
from unrolled.data.store import hide_fetched
from unrolled.errors import BookError
from unrolled.execute import execute
from unrolled.files import fingerprint, write_atomic
from unrolled.grade.grader import Grader, Settings
from unrolled.grade.jail import Jail, tried
from unrolled.grade.run import run
from unrolled.grade.submissions import attempts, read, single
from unrolled.manifest import Book, Notebook, read_book
from unrolled.measure.costs import OF_EACH, Part, Row, Run, Unit, place
from unrolled.measure.run import end_with_the_parent, run_seeds, versions
from unrolled.notebook import read_notebook, splice
from unrolled.runtime import spent
from unrolled.student import loop
from unrolled.student.work import asked, start

ROUNDS = 5
SAVES = 20
REPEATS = 3
CLASS = 60
SOURCES = ("chapters", "data", "solutions", "tests/chapters", "tests/wrong")
EXECUTED = Path("build", "executed")
KEPT = Path("build", "bench")
ELSEWHERE = ("UNROLLED_SCALE", "KERAS_BACKEND")  # what would measure another book than is stored
Rows = Iterator[tuple[str, float, Unit]]


def parts(
    book: Book, names: Sequence[str], said: Callable[[str], object]
) -> dict[str, tuple[str, Notebook]]:
    """Return what is to be measured, in order: kinds and notebooks by kind/notebook.

    names: notebooks (01, 3) and kinds that limit it; the building from nothing, `cold`, has to be
    named. said(line) is told what is left out, because no jail starts on this machine, and why.
    Raises BookError for a name that is neither; for a kind that is named where it is not measured:
    of these notebooks, or without a jail.
    """
    named = [name for name in names if name in KINDS]
    try:
        asked = book.select([name for name in names if name not in KINDS])
    except BookError as error:
        raise BookError(f"{error}; what is measured is {', '.join(KINDS)}") from error
    kinds = named or [kind for kind in KINDS if kind != "cold"]
    found = {kind: [n for n in _measured_of(book, kind) if n in asked] for kind in kinds}
    for kind in named:
        if not found[kind]:
            there = ", ".join(one.key for one in _measured_of(book, kind)) or "no notebook"
            told = ", ".join(one.key for one in asked)
            raise BookError(f"{kind} is measured of {there}, not of {told}")
    jailed = [kind for kind in JAILED if found.get(kind)]
    try:
        if jailed:
            tried(book)
    except BookError as error:
        if named:
            raise
        said(f"{', '.join(jailed)} are left out: {error}")
        found = {kind: ones for kind, ones in found.items() if kind not in jailed}
    return {
        f"{kind}/{notebook.name}": (kind, notebook)
        for kind in KINDS
        for notebook in found.get(kind, ())
    }


def _measured_of(book: Book, kind: str) -> Sequence[Notebook]:
    """The notebooks of which a kind is measured."""
    if kind not in OF_EACH:
        return book.notebooks[:1]
    return [one for one in book.notebooks if kind != "ratios" or _ratios(one)]


def _ratios(notebook: Notebook) -> list[tuple[str, str]]:
    """The ratios of book.toml that are a notebook's: table and rows."""
    asked = [ratio.split("/", 2) for ratio in notebook.chapter.ratios]
    return [(table, rows) for key, table, rows in asked if key == notebook.key]


def measure(
    book: Book,
    chosen: Mapping[str, tuple[str, Notebook]],
    machine: str,
    said: Callable[[str], object],
) -> Run:
    """Measure these parts, each in a process of its own; return what they cost.

    Every finished part is kept in build/bench, so that an interrupted call goes on where it
    stopped, on this kind of machine and with the same code; `forget` removes them. said(line) is
    told what is going on.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in ELSEWHERE:
        os.environ.pop(name, None)
    if here():
        hide_fetched(book.root)
    found = {}
    key = fingerprint(_code(book), machine)
    for number, (name, (kind, notebook)) in enumerate(chosen.items(), 1):
        file = book.root / KEPT / f"{kind}-{notebook.key}-{key}.json"
        if not file.is_file():
            said(f"{number} of {len(chosen)}: {kind} {notebook.key}")
            write_atomic(file, apart(kind, book.root, notebook.name).model_dump_json())
        found[name] = Part.model_validate_json(file.read_bytes())
    return found


def _code(book: Book) -> list[Path]:
    """What the figures rest on: neither what Python compiled nor what a run has stored."""
    files = [path for name in SOURCES for path in (book.root / name).rglob("*.*")]
    files += [*Path(__file__).parents[1].rglob("*.py"), book.root / "book.toml"]
    return [one for one in files if one.suffix != ".pyc" and one != place(book)]


def forget(book: Book, chosen: Mapping[str, tuple[str, Notebook]]) -> None:
    """Remove what an interrupted call goes on with: the next one measures these parts anew."""
    for kind, notebook in chosen.values():
        for file in (book.root / KEPT).glob(f"{kind}-{notebook.key}-*.json"):
            file.unlink()


def apart(kind: str, root: Path, name: str) -> Part:
    """Measure one part in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn"), end_with_the_parent) as pool:
        return pool.submit(_part, kind, root, name).result()


def _part(kind: str, root: Path, name: str) -> Part:
    book = read_book(root)
    [notebook] = book.select([name])
    rows = {
        title: Row(value=float(f"{value:.4g}"), unit=unit)
        for title, value, unit in KINDS[kind](book, notebook)
    }
    return Part(date=date.today().isoformat(), versions=versions(), rows=rows)


# --- what is measured -------------------------------------------------------------------------


def cold(book: Book, notebook: Notebook) -> Rows:
    """The book built where nothing is cached; what it executed is kept for `execution`."""
    with _copy(book) as root:
        for title, value, unit in _built(root):
            yield f"from nothing, {title}", value, unit
        shutil.copytree(root / EXECUTED, book.root / EXECUTED, dirs_exist_ok=True)


def execution(book: Book, notebook: Notebook) -> Rows:
    """A notebook executed, and the most memory of its kernel; executed now if it has to be."""
    [done] = execute([notebook], book.root / EXECUTED, lambda *_: None)
    cpu, peak = done.cost
    yield "executed", cpu, "CPU s"
    yield "its memory", peak / 1e6, "MB"


def build(book: Book, notebook: Notebook) -> Rows:
    """The book built once more, with nothing changed."""
    with _copy(book) as root:
        with suppress(FileNotFoundError):
            shutil.copytree(book.root / EXECUTED, root / EXECUTED)
        for _ in _built(root):
            pass
        for title, value, unit in _built(root):
            yield f"nothing changed, {title}", value, unit


def checks(book: Book, notebook: Notebook) -> Rows:
    """The checks on the solutions, by exercise, and the most memory of the process."""
    found = checks_by_exercise(notebook, load_checks(notebook))
    rounds = [
        {name: _spent(notebook, {name: mine}, in_process) for name, mine in found.items()}
        for _ in range(ROUNDS + 1)
    ][1:]
    yield "all checks", statistics.median(sum(one.values()) for one in rounds), "CPU s"
    yield "their memory", spent()[1] / 1e6, "MB"
    for name in found:
        yield f"checks of {name}", statistics.median(one[name] for one in rounds), "CPU s"


def ratios(book: Book, notebook: Notebook) -> Rows:
    """What chapters compare by its cost: ratios within one run of an experiment, medians."""
    mine = _ratios(notebook)
    tables = dict.fromkeys(table for table, _ in mine)
    runs = {one: [run_seeds(notebook.name, one, (n,)) for n in range(REPEATS)] for one in tables}
    for table, rows in mine:
        first, _, second = rows.partition(" : ")
        values = [run[first][0] / (run[second][0] if second else 1) for run in runs[table]]
        yield f"{table}: {rows}", statistics.median(values), "times"


def students(book: Book, notebook: Notebook) -> Rows:
    """What a student waits for: the verdict on a save, a cold check, a check in a notebook.

    The exercise is the notebook's first. Wall times, so for a machine that has nothing else to do.
    """
    exercise = notebook.exercises[0].id
    with _copy(book) as copy:
        mine = read_book(copy)
        [own] = mine.select([notebook.name])
        for _ in start(mine, [own]):
            pass
        path = copy / "work" / f"{notebook.name}.py"
        solved = splice(read_notebook(path), read_notebook(notebook.solutions), "mine")
        text = jupytext.writes(solved, fmt="py:percent")
        [answer] = Answers.reference(notebook).cells[exercise]
        line = answer.source.splitlines()[-1]
        write_atomic(path, text)
        begin = time.monotonic()
        _called(copy, "check", exercise)
        yield "unrolled check", time.monotonic() - begin, "s"
        waits, checks = _saves(mine, own, path, text, line)
        middle, late = statistics.median(waits), waits[round(0.95 * (len(waits) - 1))]
        yield "from a save to its verdict", middle, "s"
        yield "the same, 95th percentile", late, "s"
        yield "of which the checks themselves", statistics.median(checks), "s"
        space = {**load_namespace(notebook, Answers.reference(notebook)), "check": check}
        rounds = []
        for _ in range(ROUNDS + 1):
            begin = time.monotonic()
            with redirect_stdout(io.StringIO()):
                exec(f"check({exercise!r})", space)
            rounds.append(time.monotonic() - begin)
        yield "a check in a notebook", statistics.median(rounds[1:]), "s"


def _saves(
    book: Book, notebook: Notebook, path: Path, text: str, line: str
) -> tuple[list[float], list[float]]:
    """Save an answer again and again, with a comment behind one line, while it is watched.

    Returns the seconds from save to verdict, sorted, and those that the checks took. Raises
    BookError where a save has no verdict.
    """
    exercise, said = notebook.exercises[0].id, io.StringIO()
    waits, checks = [], []
    with loop.warm_process() as pool:
        what = asked(book, [notebook], [exercise], str(path.parent))
        watch = loop.Loop(book, what, pool, Console(file=said), 1)
        saved = loop.saved(what)
        for number in range(SAVES + 2):
            next(saved)
            begin = time.monotonic()
            path.write_text(text.replace(line, f"{line}  # {number}"), encoding="utf-8")
            shown = watch.shown
            while watch.shown == shown:
                if next(saved):
                    watch.look()
                watch.turn()
                if time.monotonic() - begin > loop.STUCK:
                    raise BookError(f"no verdict on a save after {loop.STUCK:.0f} s")
            waits.append(time.monotonic() - begin)
            checks.append(watch.seconds)
    if trouble := re.search("unrolled: .+", said.getvalue()):
        raise BookError(f"a save of {exercise} had no verdict: {trouble[0]}")
    # the first waits for the libraries, the second for the files
    return sorted(waits[2:]), checks[2:]


def boundary(book: Book, notebook: Notebook) -> Rows:
    """What the jail adds to a notebook's checks: CPU of both sides against one process alone.

    Small checks are those of the exercises whose checks take less than 20 ms each.
    """
    checks = checks_by_exercise(notebook, load_checks(notebook))
    small = {
        name: found
        for name, found in checks.items()
        if [_spent(notebook, {name: found}, in_process) for _ in range(2)][1] < 0.02 * len(found)
    }
    jail = Jail(book)
    gc.collect()
    gc.freeze()  # as the grader does
    rounds: dict[str, list[float]] = {}
    try:
        for _ in range(ROUNDS + 1):
            for title, found in (("all", checks), ("small", small)):
                rounds.setdefault(title, []).append(_spent(notebook, found, in_process))
                jailed = _spent(notebook, found, jail.load, jail)
                rounds.setdefault(f"{title} jailed", []).append(jailed)
    finally:
        jail.close()
    figures = {title: statistics.median(values[1:]) for title, values in rounds.items()}
    yield "checks in one process", figures["all"], "CPU s"
    yield "checks in the jail", figures["all jailed"], "CPU s"
    yield "in the jail : in one process", figures["all jailed"] / figures["all"], "times"
    if small:  # a slow machine may have none
        gap = (figures["small jailed"] - figures["small"]) / sum(map(len, small.values()))
        yield "added to a small check", max(1000 * gap, 0), "CPU ms"


def _spent(
    notebook: Notebook, checks: dict[str, list[Check]], load: Load, jail: Jail | None = None
) -> float:
    """CPU seconds that the solutions' checks take, in this process and in the jail."""
    solutions = Answers.reference(notebook)
    found = Bench(notebook, solutions, load)
    start = time.process_time() + (jail.cpu if jail else 0)
    for exercise, mine in checks.items():
        found.behavior(mine, exercise, solutions, seed=1)
    if jail:
        jail.fresh()
    return time.process_time() + (jail.cpu if jail else 0) - start


def submission(book: Book, notebook: Notebook) -> Rows:
    """What one submission costs, all exercises answered: reading, pytest and checks."""
    grader = Grader(Settings(book.root, (notebook.name,), b"bench"))
    files = read(single(notebook.solutions, [notebook]), [notebook])
    costs = []
    try:
        for _ in range(ROUNDS + 1):
            start = time.process_time() + grader.jail.cpu
            grader.grade(files)
            costs.append(time.process_time() + grader.jail.cpu - start)
    finally:
        grader.jail.close()
    yield "one submission, all exercises", statistics.median(costs[1:]), "CPU s"


def throughput(book: Book, notebook: Notebook) -> Rows:
    """Submissions a minute, of one exercise with some five checks, workers' start included."""
    cells = Answers.reference(notebook).cells
    checks = checks_by_exercise(notebook, load_checks(notebook))
    exercise = min(checks, key=lambda name: abs(len(checks[name]) - 5))
    [cell] = cells[exercise]
    with tempfile.TemporaryDirectory() as folder:
        handed = Path(folder, "handed")
        handed.mkdir()
        for number in range(CLASS):
            text = f'# %% exercise="{exercise}"\n{cell.source}\n# {number}\n'
            (handed / f"student{number}.py").write_text(text, encoding="utf-8")
        settings = Settings(book.root, (notebook.name,), b"bench")
        found = attempts(handed, [notebook])
        start = time.monotonic()
        run(book, Course(), settings, found, Path(folder, "out"), lambda *_: None)
        minutes = (time.monotonic() - start) / 60
    yield f"submissions of {exercise}, {CLASS} in two processes", CLASS / minutes, "a minute"


@contextmanager
def _copy(book: Book) -> Iterator[Path]:
    """A copy of what the book is made of, without what was generated; it is removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "book")
        for name in SOURCES:
            shutil.copytree(book.root / name, copy / name)
        shutil.copy2(book.root / "book.toml", copy)
        yield copy


def _built(root: Path) -> Rows:
    """The book in a folder built; CPU seconds of all processes that took part."""
    begin, before = time.monotonic(), sum(os.times()[2:4])
    said = _called(root, "build")
    yield "cells executed", int(said.split()[0]), "cells"
    yield "work", sum(os.times()[2:4]) - before, "CPU s"
    yield "waiting", time.monotonic() - begin, "s"


def _called(folder: Path, *words: str) -> str:
    """Call `unrolled` in a folder, in a process of its own; return what it said."""
    command = [sys.executable, "-m", "unrolled", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise BookError(f"`unrolled {' '.join(words)}` failed: {''.join(last)}")
    return done.stdout


# In the order in which they are measured: of each notebook (OF_EACH), or of the first alone.
KINDS: dict[str, Callable[[Book, Notebook], Rows]] = {
    "cold": cold,
    "execution": execution,
    "checks": checks,
    "students": students,
    "ratios": ratios,
    "build": build,
    "boundary": boundary,
    "submission": submission,
    "throughput": throughput,
}
JAILED = ("boundary", "submission", "throughput")
