"""What things cost, for `make bench`: CPU seconds, ratios within one run, a student's waiting."""

import gc
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import jupytext
from rich.console import Console

from unrolled import loop
from unrolled.answers import Answers, load_namespace
from unrolled.checks.live import check
from unrolled.checks.run import Bench, Check, Load, checks_by_exercise, in_process, load_checks
from unrolled.errors import BookError
from unrolled.files import write_atomic
from unrolled.grade.course import Course
from unrolled.grade.grader import Grader, Settings
from unrolled.grade.jail import Jail
from unrolled.grade.run import run
from unrolled.grade.submissions import attempts, read, single
from unrolled.manifest import Book, Notebook, read_book
from unrolled.notebook import read_notebook, splice
from unrolled.work import asked, start

ROUNDS = 5
SAVES = 20
CLASS = 60
Row = tuple[str, str]
Said = Callable[[str, int, int], None]


def bench(book: Book, said: Said) -> Iterator[Row]:
    """Yield what is measured and its figure. `said` is told what is going on."""
    os.environ["OMP_NUM_THREADS"] = "1"
    notebook = book.notebooks[0]
    yield from students(book, notebook)
    yield from boundary(book, notebook)
    yield from submissions(book, notebook)
    yield from throughput(book, notebook, said)


def students(book: Book, notebook: Notebook) -> Iterator[Row]:
    """What a student waits for: the verdict on a save, a cold check, a check in a notebook.

    The exercise is the notebook's first. Wall times, so for a machine that has nothing else to do.
    """
    exercise = notebook.exercises[0].id
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "book")
        names = ("chapters", "data", "solutions", "tests/chapters", "tests/wrong")
        for name in names:
            shutil.copytree(book.root / name, copy / name)
        shutil.copy2(book.root / "book.toml", copy)
        mine = read_book(copy)
        for _ in start(mine, [mine.notebooks[0]]):
            pass
        path = copy / "work" / f"{notebook.name}.py"
        solved = splice(read_notebook(path), read_notebook(notebook.solutions), "mine")
        text = jupytext.writes(solved, fmt="py:percent")
        [answer] = Answers.reference(notebook).cells[exercise]
        line = answer.source.splitlines()[-1]
        command = [sys.executable, "-m", "unrolled", "check", exercise]
        write_atomic(path, text)
        begin = time.monotonic()
        subprocess.run(command, cwd=copy, check=True, stdout=subprocess.DEVNULL)
        yield f"unrolled check {exercise}, cold", f"{time.monotonic() - begin:.1f} s"
        screen = Console(file=io.StringIO())
        waits, checks = [], []
        with loop.warm_process() as pool:
            what = asked(mine, [mine.notebooks[0]], [exercise], str(path.parent))
            watch = loop.Loop(mine, what, pool, screen, 1)
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
        found = sorted(waits[2:])  # the first waits for the libraries, the second for the files
        middle, late = statistics.median(found), found[round(0.95 * (len(found) - 1))]
        title = f"from a save to its verdict, {exercise}, {SAVES} saves"
        yield title, f"median {middle:.2f} s, 95th percentile {late:.2f} s"
        yield "of which the checks themselves", f"median {statistics.median(checks[2:]):.2f} s"
        space = {**load_namespace(notebook, Answers.reference(notebook)), "check": check}
        spent = []
        for _ in range(ROUNDS + 1):
            begin = time.monotonic()
            with redirect_stdout(io.StringIO()):
                exec(f"check({exercise!r})", space)
            spent.append(time.monotonic() - begin)
        yield f'check("{exercise}") in a notebook', f"{statistics.median(spent[1:]):.2f} s"


def boundary(book: Book, notebook: Notebook) -> Iterator[Row]:
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
    spent: dict[str, list[float]] = {}
    try:
        for _ in range(ROUNDS + 1):
            for title, found in (("all", checks), ("small", small)):
                spent.setdefault(title, []).append(_spent(notebook, found, in_process))
                jailed = _spent(notebook, found, jail.load, jail)
                spent.setdefault(f"{title} jailed", []).append(jailed)
    finally:
        jail.close()
    figures = {title: statistics.median(values[1:]) for title, values in spent.items()}
    gap = (figures["small jailed"] - figures["small"]) / sum(map(len, small.values()))
    yield f"the checks of {notebook.key} in one process", f"{figures['all']:.2f} CPU s"
    yield "the same in the jail", f"{figures['all jailed']:.2f} CPU s"
    yield "what the boundary adds", f"{figures['all jailed'] / figures['all'] - 1:.0%}"
    yield "what it adds to a small check", f"{1000 * gap:.2f} CPU ms"


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


def submissions(book: Book, notebook: Notebook) -> Iterator[Row]:
    """What one submission costs, all exercises answered: reading, pytest and checks."""
    grader = Grader(Settings(book.root, (notebook.name,), b"bench"))
    files = read(single(notebook.solutions, [notebook]), [notebook])
    spent = []
    try:
        for _ in range(ROUNDS + 1):
            start = time.process_time() + grader.jail.cpu
            grader.grade(files)
            spent.append(time.process_time() + grader.jail.cpu - start)
    finally:
        grader.jail.close()
    yield f"one submission, all of {notebook.key}", f"{statistics.median(spent[1:]):.2f} CPU s"


def throughput(book: Book, notebook: Notebook, said: Said) -> Iterator[Row]:
    """Submissions a minute, of one exercise with five checks, workers' start included."""
    cells = Answers.reference(notebook).cells
    checks = checks_by_exercise(notebook, load_checks(notebook))
    exercise = next(name for name, found in checks.items() if len(found) == 5)
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
        run(book, Course(), settings, found, Path(folder, "out"), said)
        minutes = (time.monotonic() - start) / 60
    title = f"throughput, {CLASS} submissions of {exercise}, two processes"
    yield title, f"{CLASS / minutes:.0f} a minute"
