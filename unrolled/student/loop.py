"""check --watch: save a file, read the verdict; one process stays warm for it."""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pebble import ProcessExpired, ProcessFuture, ProcessPool
from rich.console import Console
from rich.markup import escape
from watchfiles import watch as changes

from unrolled.answers import newest
from unrolled.checks import warm
from unrolled.checks.run import new_seed
from unrolled.checks.session import Ran
from unrolled.errors import BookError
from unrolled.manifest import Book, Notebook
from unrolled.student.progress import read_progress
from unrolled.student.report import conclude, two_answers, words
from unrolled.student.tutor import console, following, hint, next_exercise
from unrolled.student.work import Asked, answered, asked, checked

TICK, STEP = 30, 15  # milliseconds between two looks at keys and verdicts; without a further write
STUCK = 90.0  # seconds after which the process itself is ended, loops that cannot be stopped too
KEYS = "h hint · n next · a all · q quit"
QUIT = ("q", "Q", "c-c", "c-d")


def watch(
    book: Book, notebooks: Sequence[Notebook], exercises: Sequence[str], seed: int | None
) -> None:
    """Check every answer of work/ that is saved, until somebody quits.

    exercises: as a person calls them; all for none. seed: of every run; drawn for each without it.
    """
    what = asked(book, notebooks, exercises)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # restores the keys
    with warm_process() as pool, _keys() as keys:
        loop = Loop(book, what, pool, console(), seed)
        loop.begin()
        for number, written in enumerate(saved(what)):
            for key in keys():
                if key in QUIT:
                    return
                loop.press(key.lower())
            if written or number == 0:  # or before anybody watched
                loop.look(told=written)
            loop.turn()


class Loop:
    """What is known between two looks: which answers were seen, what runs, what waits.

    shown: how many runs were. seconds: what the checks of the last one took.
    """

    def __init__(
        self, book: Book, what: Asked, pool: ProcessPool, screen: Console, seed: int | None
    ) -> None:
        self.book, self.what, self.pool, self.screen, self.seed = book, what, pool, screen, seed
        self.wanted = what.exercises or tuple(e.id for n in what.notebooks for e in n.exercises)
        self.seen: dict[str, str] = {}
        self.read: dict[str, Path] = {}
        self.shown, self.seconds = 0, 0.0
        self.waiting: list[str] = []
        self.current: str | None = None
        self.running: tuple[ProcessFuture, Asked, int, list[tuple[str, str]]] | None = None
        self.learning: tuple[ProcessFuture, str] | None = None
        self.learned: set[str] = set()

    def begin(self) -> None:
        """Say what is watched, and check what is there already."""
        self.screen.print(f"watching work/ · [bold]{KEYS}[/]")
        if self._say(lambda: self.seen.update(self._answers())):
            tried = [one for n in self.what.notebooks for one in answered(self.book, n)]
            self.waiting = [one for one in tried if one in self.wanted]
            if self.waiting:
                self.screen.print("[dim]loading, and checking what is there …[/]")
            else:
                self._say(lambda: self._next(None))

    def press(self, key: str) -> None:
        """Do what a key asks for."""
        if key == "h" and self.current:
            self._say(self._hint)
        elif key in ("h", "n"):
            self._say(lambda: self._next(self.current))
        elif key == "a":
            self.waiting = list(self.wanted)
        else:
            self.screen.print(f"[dim]{KEYS}[/]")

    def look(self, told: bool = False) -> None:
        """Find out which answers a save has changed, and put them on the list.

        told: whether to say so where none has.
        """
        found: dict[str, str] = {}
        if self._say(lambda: found.update(self._answers())):
            changed = [e for e, one in found.items() if self.seen.get(e) != one]
            changed = [e for e in changed if e in self.wanted]
            self.seen.update(found)
            self.waiting += [e for e in changed if e not in self.waiting]
            if told and not changed:
                self.screen.print("[dim]saved; no answer to an exercise has changed[/]")

    def turn(self) -> None:
        """Show a run that has ended; begin the next."""
        if self.running and self.running[0].done():
            (future, what, seed, hashes), self.running = self.running, None
            self._say(lambda: self._show(_result(future, what), what, seed, hashes))
            self.shown += 1
            self.pool.schedule(warm.renew)
        if self.waiting and not self.running:
            self._say(self._begin)
        if not self.running:
            self._learn()

    def _learn(self) -> None:
        """Have the libraries loaded, and the wrong answers run with which the next is compared."""
        if self.learning is None and self.current and self.current not in self.learned:
            name = self.book.notebook_of(self.current).name
            arguments = [str(self.book.home), name, self.current]
            future = self.pool.schedule(warm.learn, args=arguments, timeout=STUCK)
            self.learning = future, self.current
        elif self.learning is not None and self.learning[0].done():
            (future, exercise), self.learning = self.learning, None
            if future.exception() or future.result():
                self.learned.add(exercise)

    def _hint(self) -> None:
        for line in hint(self.book, self.current or self.wanted[0]):
            self.screen.print(line)

    def _begin(self) -> None:
        names, self.waiting = tuple(self.waiting), []
        self.current = names[0]
        try:
            what = asked(self.book, self.what.notebooks, names, str(self.what.folder))
            hashes = checked(what)
        except (BookError, OSError):  # a file that is being saved: the next look brings them back
            self.seen = {one: seen for one, seen in self.seen.items() if one not in names}
            raise
        seed = new_seed() if self.seed is None else self.seed
        files = [one.name for one in what.notebooks]
        future = self.pool.schedule(
            warm.run,
            args=[str(self.book.home), files, words(self.book, what, seed)],
            timeout=STUCK + warm.SECONDS * len(names),
        )
        self.running = future, what, seed, hashes

    def _show(self, ran: Ran, what: Asked, seed: int, hashes: list[tuple[str, str]]) -> None:
        self.screen.rule(f"{datetime.now():%H:%M:%S}", style="dim")
        for line in two_answers(what):
            self.screen.print(line)
        self.seconds = sum(ran.seconds.values())
        code = conclude(self.screen, self.book, what, ran, seed, hashes)
        wrong = [one.exercise for one in ran.verdicts if one.outcome != "passed"]
        self.current = wrong[0] if wrong else self.current
        if code == 0:
            self._next(self.current)

    def _next(self, after: str | None) -> None:
        """Print what comes next; a hint is for that from now on."""
        progress = read_progress(self.what.folder)[0]
        for line in following(self.book, progress, after):
            self.screen.print(line)
        self.current = next_exercise(self.book, progress, after)

    def _answers(self) -> dict[str, str]:
        """Return a hash of each answer in work/; raises BookError where a file is gone."""
        for notebook in self.what.notebooks:
            path = newest(self.what.folder, notebook)
            if path is None:
                raise BookError(f"work/{notebook.name}.py and .ipynb are gone; unrolled start")
            read = self.read.setdefault(notebook.name, path)
            if not read.is_file():
                self.screen.print(f"[yellow]{read.name} is gone; {path.name} is checked[/]")
            self.read[notebook.name] = path
        return dict(checked(self.what))

    def _say(self, act: Callable[[], object]) -> bool:
        """Do something whose trouble is a line, after which the watch goes on."""
        try:
            act()
        except (BookError, OSError) as error:
            self.screen.print(f"[red]unrolled: {escape(str(error))}[/]")
            return False
        return True


def _result(future: ProcessFuture, what: Asked) -> Ran:
    """Return what a run gave; raises BookError for one whose process had to be ended or died."""
    names = ", ".join(what.exercises)
    try:
        ran: Ran = future.result()
    except TimeoutError:
        raise BookError(f"{names}: no answer, and it could not be interrupted; ended") from None
    except ProcessExpired as error:
        raise BookError(f"{names}: the process ended, exit code {error.exitcode}") from None
    return ran


@contextmanager
def warm_process() -> Iterator[ProcessPool]:
    """One process beside this one; ended with it, whatever it is at."""
    pool = ProcessPool(max_workers=1, context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.stop()
        pool.join()


def saved(what: Asked) -> Iterator[bool]:
    """Yield, some thirty times a second, whether a notebook was written, renamed or deleted."""
    names = {name for one in what.notebooks for name in one.files}
    for found in changes(
        what.folder,
        watch_filter=lambda _, path: Path(path).name in names,
        debounce=10 * STEP,
        step=STEP,
        rust_timeout=TICK,
        yield_on_timeout=True,
        recursive=False,
    ):
        if found and not what.folder.is_dir():
            raise BookError("the folder work/ is gone; `unrolled start` makes it")
        yield bool(found)


@contextmanager
def _keys() -> Iterator[Callable[[], list[str]]]:
    """Offer the keys pressed since the last call; none where nobody sits at a keyboard."""
    if not sys.stdin.isatty():
        yield list
        return
    from prompt_toolkit.input import create_input

    source = create_input()
    with source.raw_mode():
        yield lambda: [
            one.key.value if hasattr(one.key, "value") else one.key for one in source.read_keys()
        ]
