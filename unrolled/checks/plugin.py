"""The pytest plugin: whose answers, one namespace a check, and what to say when one fails."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from unrolled.answers import Answers, defined_names, meant_folder, owners, wrong_answers
from unrolled.checks.diagnosis import Catalog
from unrolled.checks.judge import Judge
from unrolled.checks.run import (
    GIVEN,
    Bench,
    Check,
    Load,
    ThroughWire,
    calling,
    check_seed,
    checks_by_exercise,
    first_argument,
    given,
    hidden_seed,
    in_process,
    new_seed,
)
from unrolled.checks.verdict import Verdict, verdicts_in
from unrolled.checks.watch import Limits
from unrolled.errors import BookError
from unrolled.files import write_atomic
from unrolled.manifest import Book, Notebook, find_root, read_book
from unrolled.notebook import read_cells

CALLING, LOADING = 15.0, 60.0  # seconds until an answer is stopped, see `within`
MEMORY = "build/mistakes"  # what the wrong answers were found to do, beside work/
PRINTED = 2_000  # characters kept of what an answer prints
BACKENDS = ("local", "wire", "warm", "cold")
COUNTED = {  # as failed, and shown as
    "untried": ("failed", "u", "NOT TRIED YET"),
    "rests": ("failed", "r", "RESTS ON ANOTHER"),
}


@dataclass(frozen=True, eq=False)  # pytest 9.0 hashes plugins
class Live:
    """Registered as a plugin by `check(…)` in a notebook: the names come from its namespace."""

    names: dict[str, Any]


@dataclass(frozen=True, eq=False)  # pytest 9.0 hashes plugins
class Submitted:
    """Registered as a plugin by the grader: a stranger's answers, and the jail that runs them.

    catalogs: by notebook, kept from one submission to the next.
    """

    answers: dict[str, Answers]
    load: Load
    catalogs: dict[str, Catalog]


@dataclass(frozen=True, eq=False)  # pytest 9.0 hashes plugins
class Warm:
    """Registered as a plugin by a process that runs checks again and again.

    seconds: until an answer is stopped, loaded or called. catalogs: by notebook, kept between runs.
    """

    seconds: float
    catalogs: dict[str, Catalog]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the checks."""
    group = parser.getgroup("unrolled", "checks of the book's exercises")
    group.addoption("--answers", metavar="DIR", help="whose answers: solutions, work, a folder")
    group.addoption(
        "--exercise", action="append", metavar="ID", help="only the checks of this exercise"
    )
    group.addoption("--seed", type=int, metavar="N", help="the seed of the run (default: drawn)")
    group.addoption("--report", metavar="FILE", help="write every verdict to a JSON file")
    group.addoption(
        "--mistake", metavar="EXERCISE:NAME", help="put a named wrong answer under test"
    )
    group.addoption(
        "--backend",
        choices=BACKENDS,
        default="local",
        help="local: this process; wire: this process, all values cross the grader's wire; "
        "warm, cold: the grader's jail",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register one fixture for each name of the book, where pytest runs inside a book."""
    if config.option.seed is None:  # before workers copy the options
        config.option.seed = new_seed()
    whose = (config.option.answers, config.option.mistake)
    if not any((*whose, _plugin(config, Live), _plugin(config, Submitted))):
        return
    try:
        book = read_book(find_root(Path(config.rootpath)))
        config.pluginmanager.register(Checks(config, book), "unrolled-checks")
    except BookError as error:
        raise pytest.UsageError(str(error)) from error


Kind = TypeVar("Kind", Live, Submitted, Warm)


def _plugin(config: pytest.Config, kind: type[Kind]) -> Kind | None:
    """Return the plugin of a kind that pytest was given, if any."""
    plugins = (one for _, one in config.pluginmanager.list_name_plugin())
    return next((one for one in plugins if isinstance(one, kind)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to run checks that nobody's answers are given for."""
    if config.pluginmanager.hasplugin("unrolled-checks"):
        return
    chapters = Path("tests", "chapters")
    if any(item.path.parent.parts[-2:] == chapters.parts for item in items):
        raise pytest.UsageError("say whose answers: --answers solutions, --answers work, a folder")


class Checks:
    """The part of the plugin that is present only where answers are under test."""

    def __init__(self, config: pytest.Config, book: Book) -> None:
        self.config, self.book = config, book
        self.notebooks = {notebook.checks: notebook for notebook in book.notebooks}
        self.checks: dict[str, dict[str, list[Check]]] = {}
        self.owners: dict[str, dict[str, str]] = {}
        self.verdicts: list[Verdict] = []
        self.live = _plugin(config, Live)
        warm, submitted = _plugin(config, Warm), _plugin(config, Submitted)
        self.answers, load = self._given(submitted)
        self.strangers = submitted is not None
        kept = submitted or warm
        self.limits = Limits(
            loading=warm.seconds if warm else LOADING,
            calling=warm.seconds if warm else CALLING,
            on=not submitted and config.option.backend in ("local", "wire"),
        )
        self.benches = {n.name: Bench(n, Answers.reference(n), load) for n in book.notebooks}
        self.judge = Judge(
            self.answers,
            self.checks,
            self.benches,
            kept.catalogs if kept else {},
            self.limits,
            self.live.names if self.live else None,
            self.strangers,
            None if submitted else book.home / MEMORY,
        )
        names = {name for one in book.notebooks for name in defined_names(read_cells(one.source))}
        config.pluginmanager.register(_fixtures(self, names | set(GIVEN)), "unrolled-names")

    def _given(self, submitted: Submitted | None) -> tuple[dict[str, Answers], Load]:
        """Return the answers that are known at the start, and how they are run."""
        if submitted:
            return submitted.answers, submitted.load
        option, early = self.config.option, tuple[Notebook, ...]()
        if option.mistake or getattr(option, "numprocesses", None):
            early = self.book.notebooks  # this process, and no worker, says what is wrong with them
        answers = {notebook.name: self._answers(notebook) for notebook in early}
        return answers, self._backend(option.backend)

    def _answers(self, notebook: Notebook) -> Answers:
        mistake, folder = self.config.option.mistake, self.config.option.answers
        if mistake:
            exercise, _, name = mistake.partition(":")
            if self.book.notebook_of(exercise) is not notebook:
                return Answers.reference(notebook)
            for wrong in wrong_answers(notebook):
                if (wrong.exercise, wrong.mistake) == (exercise, name):
                    return wrong.answers
            known = ", ".join(w.mistake for w in wrong_answers(notebook) if w.exercise == exercise)
            raise BookError(
                f"--mistake: exercise {exercise!r} has no wrong answer {name!r}; it has {known}"
            )
        if not folder:
            return Answers()
        place = meant_folder(
            folder, self.config.invocation_params.dir, self.book.home, self.book.root
        )
        return Answers.from_folder(place, notebook)

    def _backend(self, name: str) -> Load:
        if name in ("local", "wire"):
            return in_process if name == "local" else ThroughWire()
        from unrolled.grade.jail import Jail  # not for students, whose machines may have none

        jail = Jail(self.book, warm=name == "warm")
        self.config.add_cleanup(jail.close)
        return jail.load

    def owner(self, item: pytest.Item) -> tuple[Notebook, str]:
        """Return the notebook and the exercise that own a check."""
        notebook = self.notebooks[item.path]
        if notebook.name not in self.owners:
            self.owners[notebook.name] = owners(notebook)
        return notebook, self.owners[notebook.name][first_argument(item.obj)]  # type: ignore[attr-defined]

    def mine(self, item: pytest.Item) -> bool:
        """Whether an item is a check of the book."""
        return item.path in self.notebooks

    def value(self, item: pytest.Item, name: str) -> Any:
        """Return one argument of a check; all arguments of a check share one namespace."""
        notebook, exercise = self.owner(item)
        if name in GIVEN:
            derive = hidden_seed if name == "rng" and self.strangers else check_seed
            return given(name, derive(self.config.option.seed, item.name))
        if self.live:
            if name not in self.live.names:
                raise BookError(f"{name} is not defined here yet: run its cell first")
            return self.live.names[name]
        answers = self.answers[notebook.name]
        space = getattr(item, "namespace", None)
        if space is None:
            with self.limits.loads(exercise):
                space = self.benches[notebook.name].space(item.obj, exercise, answers)  # type: ignore[attr-defined]
            item.namespace = space  # type: ignore[attr-defined]
        try:
            return space[name]
        except KeyError:
            raise BookError(answers.lack(exercise, name)) from None

    @pytest.hookimpl(trylast=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Let `-k` choose by the exercise, too."""
        if self.mine(item):
            item.extra_keyword_matches.add(self.owner(item)[1])

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep book order and, with --exercise, only those asked for."""
        wanted = config.option.exercise
        for name in wanted or ():
            try:
                self.book.notebook_of(name)
            except BookError as error:
                raise pytest.UsageError(str(error)) from error
        if config.option.mistake and not wanted:
            wanted = [config.option.mistake.partition(":")[0]]
        for notebook in self.book.notebooks:
            found = [item for item in items if item.path == notebook.checks]
            if found:
                try:
                    self.checks[notebook.name] = checks_by_exercise(notebook, found[0].module)  # type: ignore[attr-defined]
                except BookError as error:
                    raise pytest.UsageError(str(error)) from error
        order = [one.id for notebook in self.book.notebooks for one in notebook.exercises]
        keyed = [(order.index(self.owner(i)[1]) if self.mine(i) else -1, i) for i in items]
        keyed.sort(key=lambda pair: pair[0])
        kept = [i for rank, i in keyed if not wanted or (rank >= 0 and order[rank] in wanted)]
        if len(kept) < len(items):
            config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
        for notebook in self.book.notebooks:  # a torn file of another is nobody's concern
            chosen = any(item.path == notebook.checks for item in kept)
            if chosen and notebook.name not in self.answers:
                try:
                    self.answers[notebook.name] = self._answers(notebook)
                except BookError as error:
                    raise pytest.UsageError(str(error)) from error
        if self.config.option.answers != "solutions":  # a warning fails the book, not a student
            for item in kept:
                item.add_marker(pytest.mark.filterwarnings("ignore"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Seed the global generators, as students' layers draw from them."""
        if not self.mine(item):
            return (yield)
        space = getattr(item, "namespace", {})
        with (
            calling(space, check_seed(self.config.option.seed, item.name)),
            self.limits.calls(self.owner(item)[1]),
        ):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Turn a check's end into a verdict, and its traceback into a message."""
        report: pytest.TestReport = yield
        if not self.mine(item) or (call.excinfo is None and report.when != "call"):
            return report
        if call.excinfo is not None and call.excinfo.errisinstance(pytest.skip.Exception):
            return report
        (notebook, exercise), raised = self.owner(item), call.excinfo
        error = None if raised is None else raised.value
        verdict = self.judge.verdict(notebook, exercise, item.obj, error)  # type: ignore[attr-defined]
        verdict = replace(verdict, printed=report.capstdout[-PRINTED:])
        verdict.attach(report)
        if error is not None:
            report.longrepr = self._explain(verdict, self.judge.places(notebook, exercise, error))
        return report

    def _explain(self, verdict: Verdict, places: list[str]) -> str:
        lines = [f"{verdict.exercise}: {verdict.sentence}", *verdict.message.splitlines()]
        if verdict.outcome == "failed":
            lines = [lines[0], *verdict.told[: -1 if verdict.where else None], *places]
            lines.append(
                f"once more: --exercise {verdict.exercise} --seed {self.config.option.seed}"
            )
        return "\n".join(lines)

    def pytest_report_teststatus(self, report: object) -> tuple[str, str, str] | None:
        """Count what is not tried apart from what is wrong."""
        if not isinstance(report, pytest.TestReport):  # of a file that cannot be imported
            return None
        told = (COUNTED.get(one.outcome) for one in verdicts_in(report))
        return next(told, None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the verdicts, those of workers too."""
        self.verdicts += verdicts_in(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write --report, in the process that has all verdicts."""
        file = session.config.option.report
        if file and not hasattr(session.config, "workerinput"):
            rows = [asdict(verdict) for verdict in self.verdicts]
            content = {"seed": session.config.option.seed, "verdicts": rows}
            write_atomic(Path(file), json.dumps(content, indent=1) + "\n")


def _fixtures(checks: Checks, names: set[str]) -> object:
    """Return a plugin object that offers one fixture for each name."""

    def offer(name: str) -> Any:
        @pytest.fixture(name=name)
        def fixture(request: pytest.FixtureRequest) -> Any:
            return checks.value(request.node, name)

        return fixture

    return type("Names", (), {f"name_{name}": offer(name) for name in sorted(names)})
