"""A process that has torch or Keras imported and runs checks as often as it is asked."""

import io
import os
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from pathlib import Path

from unrolled.answers import Answers, program, run_program
from unrolled.checks.diagnosis import Catalog
from unrolled.checks.plugin import CALLING, MEMORY, Warm
from unrolled.checks.run import checks_by_exercise, load_checks
from unrolled.checks.session import Ran, run_pytest
from unrolled.manifest import Notebook, home_of, read_book
from unrolled.runtime import unchanged

MOMENT = 0.3  # seconds of learning, for which a save may have to wait
SECONDS = CALLING  # until an answer is stopped, loaded or called
Stamp = tuple[int, ...]


@cache
def _imported(notebook: Notebook, _stamp: Stamp) -> None:
    """Run a chapter's setup cells once: what they import stays imported."""
    said = io.StringIO()
    with suppress(Exception), redirect_stdout(said), redirect_stderr(said):  # checks tell it
        run_program(program(notebook, Answers(), kinds=("setup",)))


@cache
def _catalog(notebook: Notebook, keeps: bool, _stamp: Stamp) -> Catalog:
    """A notebook's wrong answers, and how they were found to fail so far."""
    return Catalog(notebook, home_of(notebook.root) / MEMORY, keeps)


def _stamp(*files: Path) -> Stamp:
    return tuple(one.stat().st_mtime_ns for one in files if one.is_file())


def ready(home: str, names: Sequence[str]) -> None:
    """Import what these notebooks need, before the first answer is saved."""
    os.chdir(home)
    for notebook in read_book().select(names):
        _imported(notebook, _stamp(notebook.source))


def run(home: str, names: Sequence[str], arguments: Sequence[str]) -> Ran:
    """Run the checks of these notebooks; the arguments are pytest's.

    What a wrong answer was found to do is kept as long as the book's files stay as they are.
    """
    ready(home, names)
    try:
        return run_pytest(arguments, kept(read_book().select(names)))
    except KeyboardInterrupt:  # raised by an answer
        return Ran(2, [], "the answer raised KeyboardInterrupt", {})


def learn(home: str, name: str, exercise: str) -> bool:
    """Run an exercise's wrong answers for a moment, while nobody waits; whether all are known."""
    ready(home, [name])
    [notebook] = read_book().select([name])
    [catalog] = kept([notebook]).catalogs.values()
    checks = checks_by_exercise(notebook, load_checks(notebook))[exercise]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return catalog.learn(exercise, checks, MOMENT)


def renew() -> None:
    """End this process if an answer has changed what all code shares; the pool starts another."""
    if not unchanged():
        os._exit(0)


def kept(notebooks: Sequence[Notebook], keeps: bool = True) -> Warm:
    """Return the plugin that hands on what this process knows of the wrong answers.

    keeps: whether other processes may learn it from this one, see `Catalog`.
    """
    catalogs = {}
    for one in notebooks:
        stamp = _stamp(*one.judges)
        catalogs[one.name] = _catalog(one, keeps, stamp)
    return Warm(SECONDS, catalogs)
