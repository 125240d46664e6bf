"""One run of pytest inside this process, as often as one likes."""

import io
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from unrolled.checks import plugin
from unrolled.checks.verdict import Verdict, verdicts_in
from unrolled.manifest import Book


@dataclass(frozen=True)
class Ran:
    """What a run of pytest gave.

    code: its exit code. said: what it printed. seconds: by exercise, what its checks took, with the
    loading of its answer and without the search for a mistake.
    """

    code: int
    verdicts: list[Verdict]
    said: str
    seconds: dict[str, float]

    @property
    def reason(self) -> str:
        """Of a run without verdicts, the line that says why."""
        lines = [line for line in self.said.splitlines() if line.strip()]
        marks = "E ", "INTERNALERROR> "
        errors = [line.partition(" ")[2].strip() for line in lines if line.startswith(marks)]
        return "".join([*lines, *errors][-1:]).removeprefix("ERROR: ")


class Gather:
    """A plugin that keeps every verdict, in order, and what each took."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.interrupted = False
        self._spent: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep each verdict."""
        self._spent[report.nodeid] += report.duration
        for verdict in verdicts_in(report):
            self.verdicts.append(verdict)
            self.seconds[verdict.exercise] += self._spent.pop(report.nodeid, 0)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Tell an interrupt from the end that pytest makes at a file it cannot import."""
        self.interrupted = not excinfo.errisinstance(pytest.Session.Interrupted)


def placed(book: Book) -> list[str]:
    """Return the words that tell pytest where a book lies, and where it may write."""
    return [f"--rootdir={book.root}", f"--override-ini=cache_dir={book.home / 'build' / 'pytest'}"]


def run_pytest(arguments: Sequence[str], *plugins: object) -> Ran:
    """Run pytest, with what `plugin` looks for among the plugins, and return what it gave.

    Files of checks are imported anew at every call. No installed plugin is loaded besides the
    book's own: this process may have imported what others would rewrite.
    """
    gather, said, before = Gather(), io.StringIO(), set(sys.modules)
    with redirect_stdout(said), redirect_stderr(said):
        words = ["--import-mode=importlib", "--capture=sys", "--assert=plain"]
        # Two plugins that look for what nobody reads here collect all garbage at each run's end:
        # with torch in memory, that is half of what a student waits for.
        words += ["-pno:unraisableexception", "-pno:threadexception"]
        words += ["--disable-plugin-autoload", *arguments]
        code = pytest.main(words, plugins=[gather, plugin, *plugins])
    for name in set(sys.modules) - before:
        if name.rpartition(".")[2].startswith("test_"):
            del sys.modules[name]
    if gather.interrupted:
        raise KeyboardInterrupt
    return Ran(int(code), gather.verdicts, said.getvalue(), dict(gather.seconds))
