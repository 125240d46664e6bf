"""What things cost: CPU seconds and ratios within one run, for `make bench`."""

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from unrolled.answers import Answers
from unrolled.checks.run import Bench, Check, Load, checks_by_exercise, in_process, load_checks
from unrolled.grade.course import Course
from unrolled.grade.grader import Grader, Settings
from unrolled.grade.jail import Jail
from unrolled.grade.run import run
from unrolled.grade.submissions import attempts, read, single
from unrolled.manifest import Book, Notebook

ROUNDS = 5
CLASS = 60
Row = tuple[str, str]
Said = Callable[[str, int, int], None]


def bench(book: Book, said: Said) -> Iterator[Row]:
    """Yield what is measured and its figure. `said` is told what is going on."""
    os.environ["OMP_NUM_THREADS"] = "1"
    notebook = book.notebooks[0]
    yield from boundary(book, notebook)
    yield from submissions(book, notebook)
    yield from throughput(book, notebook, said)


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
