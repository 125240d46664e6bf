"""The author's gate: the book proves itself."""

import os
import signal
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as Timeout
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from unrolled.answers import Answers, wrong_answers
from unrolled.author.counts import (
    FIRST_SEED,
    Count,
    counted_codes,
    keep_counts,
    outdated,
    read_counts,
)
from unrolled.author.mutants import Mutant, mutants
from unrolled.author.readme import readme_problems
from unrolled.author.sources import survivors, written
from unrolled.checks.diagnosis import Catalog
from unrolled.checks.run import (
    Behavior,
    Bench,
    Check,
    ThroughWire,
    alike,
    checks_by_exercise,
    load_checks,
)
from unrolled.manifest import Book, Notebook, amount, read_book
from unrolled.notebook import Cell, answers_in, read_cells

SEEDS = 20
WRONG_SEEDS = 100  # at most, for each wrong answer
OVER_SEEDS = {"seeds", "failed", "wrong_runs", "passed"}  # of a count; they go on from what is kept
KILLED = 0.90
PATIENCE = 20  # CPU seconds for one mutant; a loop that never ends is a dead mutant
WAIT = 10  # times as many by the clock: for what waits for ever, or has to on a busy machine


@dataclass
class Report:
    """What the gate found for one notebook: problems, a line each, and the figures to print.

    unrejected: exercises of which some wrong answer was not rejected.
    counts: by exercise, once mutants have been run.
    """

    key: str
    problems: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    unrejected: set[str] = field(default_factory=set)
    counts: dict[str, Count] = field(default_factory=dict)


Keep = Callable[[Mapping[str, Count]], None]


def verify(
    notebook: Notebook,
    run: "There",
    said: Callable[[str], None],
    seeds: int = 0,
    keep: Keep = lambda _: None,
) -> Report:
    """Run the whole gate on one notebook. `said` is told what is going on.

    run: where answers are run.
    seeds: run each solution under so many, those included that are counted already; 0: under a few,
    and hold the counts that are kept against the sources.
    keep: is given the counts with `seeds`, again and again as they grow; not those of an exercise
    of which a wrong answer was not rejected.
    """
    report = Report(notebook.key)
    said("sources")
    report.problems += written(notebook)
    if report.problems:
        return report
    checks = checks_by_exercise(notebook, load_checks(notebook))
    report.problems += [
        f"exercise {name} has no check" for name, found in checks.items() if not found
    ]
    if not seeds:
        report.problems += outdated(notebook)
    behave(run, notebook, checks, report, said, seeds, keep)
    return report


def behave(
    run: "There",
    notebook: Notebook,
    checks: dict[str, list[Check]],
    report: Report,
    said: Callable[[str], None],
    seeds: int,
    keep: Keep,
) -> None:
    """Run answers of every kind against the checks."""
    said("stubs and solutions")
    unmet = list(stubs_and_solutions(run.behaviors, notebook, checks))
    if unmet:
        report.problems += unmet
        return
    said("wrong answers")
    report.problems += wrong(run, notebook, checks, report)
    said("mutants of the solutions")
    report.problems += mutation(run.behaviors, notebook, checks, report)
    if seeds:
        report.counts |= _known(notebook, report.counts)

    def kept() -> None:
        left = {name for name, one in report.counts.items() if name not in report.unrejected}
        keep({name: report.counts[name] for name in left})

    if seeds:
        report.problems += false_passes(run.behaviors, notebook, report, seeds, said)
        kept()

    def ran(done: int) -> None:
        said(f"false failures, {done} of {seeds or SEEDS} seeds")
        if seeds and done:
            kept()

    report.problems += false_failures(run.behaviors, report, seeds or SEEDS, ran)


@dataclass(frozen=True)
class Task:
    """One answer to one exercise, to be run against its checks under one seed.

    answers: None stands for the solutions, which need not travel.
    """

    exercise: str
    answers: Answers | None
    seed: int
    stop: bool = False
    wire: bool = False


@cache
def _prepared(root: Path, name: str) -> tuple[dict[str, list[Check]], Bench, Bench]:
    [notebook] = read_book(root).select([name])
    checks = checks_by_exercise(notebook, load_checks(notebook))
    rest = Answers.reference(notebook)
    return checks, Bench(notebook, rest), Bench(notebook, rest, ThroughWire())


def _behave(root: Path, name: str, task: Task) -> Behavior:
    checks, local, wired = _prepared(root, name)
    bench = wired if task.wire else local
    answers = task.answers or bench.rest
    assert answers is not None
    with warnings.catch_warnings(action="ignore"):  # a mutant may make torch warn
        return bench.behavior(checks[task.exercise], task.exercise, answers, task.seed, task.stop)


def _unnamed(root: Path, name: str, exercise: str) -> Sequence[str]:
    """Return the sentences of wrong answers to an exercise which those who give them do not get."""
    [notebook] = read_book(root).select([name])
    checks, *_ = _prepared(root, name)
    catalog, unnamed = Catalog(notebook), []
    with warnings.catch_warnings(action="ignore"):  # a wrong answer may make a library warn
        for one in catalog.named:
            if one.exercise == exercise:
                told = catalog.diagnose(exercise, checks[exercise], one.fails)
                if told is None or told.agreement < 1 or told.named.says != one.says:
                    unnamed.append(one.says)
    return unnamed


Run = Callable[[Sequence[Task]], list[Behavior | None]]


@dataclass(frozen=True)
class There:
    """Runs tasks in other processes, each with a time limit."""

    notebook: Notebook
    pool: ProcessPool

    def behaviors(self, tasks: Sequence[Task]) -> list[Behavior | None]:
        """Return how answers behave; None for one that did not end in time."""
        return self.each(_behave, tasks, PATIENCE)

    def unnamed(self, exercises: Mapping[str, int]) -> list[Sequence[str] | None]:
        """Return the sentences that nobody gets, by exercise; None where that took too long.

        exercises: how many wrong answers each has.
        """
        return self.each(_unnamed, list(exercises), PATIENCE * max(exercises.values(), default=1))

    def each(self, work: Callable[..., Any], tasks: Sequence[Any], seconds: float) -> list[Any]:
        """Call `work` with the notebook's root, its name and each task; None: not in time."""
        what = self.notebook.root, self.notebook.name
        futures = [
            self.pool.schedule(_within, args=[seconds, work, *what, task], timeout=WAIT * seconds)
            for task in tasks
        ]
        return [_result(future) for future in futures]


@contextmanager
def elsewhere(notebook: Notebook, jobs: int = 2) -> Iterator[There]:
    """Run a notebook's answers in so many processes side by side; an interrupt ends them."""
    os.environ["OMP_NUM_THREADS"] = "1"
    begin, what = _prepared, (notebook.root, notebook.name)  # imports are on no task's time
    with ProcessPool(jobs, initializer=begin, initargs=what, context=get_context("spawn")) as pool:
        try:
            yield There(notebook, pool)
        except BaseException:  # an interrupt does not wait for what else was to be run
            pool.stop()
            raise


def _within(seconds: float, work: Callable[..., Any], *what: Any) -> Any:
    """Call `work`; the system ends this process after so many CPU seconds, where it can.

    By a timer that starts anew: RLIMIT_CPU is of all that a process has spent, by a clock of the
    kernel that Python's runs behind, a second in a minute.
    """
    if not hasattr(signal, "setitimer"):
        return work(*what)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return work(*what)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _result(future: Any) -> Any:
    try:
        return future.result()
    except (Timeout, ProcessExpired):
        return None


def stubs_and_solutions(
    run: Run, notebook: Notebook, checks: dict[str, list[Check]]
) -> Iterator[str]:
    """Yield each stub that does not say `not tried yet`, each solution that fails or never ends."""
    ids = [one.id for one in notebook.exercises]
    stubs = Answers()
    for name, found in zip(ids, run([Task(name, stubs, 0) for name in ids]), strict=True):
        if found is None:
            yield f"the stub of {name} does not end in time"
            continue
        untried = {one.check for one in found if one.stub == name}
        for check in checks[name]:
            if check.__name__ not in untried:
                yield f"the stub of {name} is not reported as not tried yet by {check.__name__}"
    for name, found in zip(ids, run([Task(name, None, 0) for name in ids]), strict=True):
        if found is None:
            yield f"the solution of {name} does not end in time"
        for failure in found or ():
            yield f"the solution of {name} fails {failure.check}: {failure.message}"


def wrong(
    run: There, notebook: Notebook, checks: dict[str, list[Check]], report: Report
) -> Iterator[str]:
    """Yield each wrong answer that is accepted, or like another; each idle check."""
    catalog = wrong_answers(notebook)
    rejected: set[str] = set()
    first = run.behaviors([Task(one.exercise, one.answers, 1) for one in catalog])
    again = run.behaviors([Task(one.exercise, one.answers, 1, wire=True) for one in catalog])
    for one, found, once_more in zip(catalog, first, again, strict=True):
        name = one.name
        if not found:
            ends = "is accepted by every check" if found is not None else "did not end in time"
            yield f"wrong answer {name} {ends}"
            report.unrejected.add(one.exercise)
            continue
        rejected.update(failure.check for failure in found)
        if not any(failure.kind == "assertion" for failure in found):
            error = found[0].message
            yield f"wrong answer {name} is stopped by an error alone, not an assertion: {error}"
        if once_more is None or not alike(found, once_more):
            yield f"wrong answer {name} behaves otherwise when it is run again, through the wire"
    pairs = list(zip(catalog, first, strict=True))
    for number, (one, found) in enumerate(pairs):
        for other, same in pairs[:number]:
            if one.exercise == other.exercise and found and same and alike(found, same):
                names = f"{one.name} and {other.name}"
                yield f"wrong answers {names} behave alike; no check tells them apart"
    for exercise, found_checks in checks.items():
        for check in found_checks:
            if check.__name__ not in rejected:
                yield f"check {check.__name__} ({exercise}) rejects none of the wrong answers"
    exercises = Counter(one.exercise for one in catalog)
    for exercise, unnamed in zip(exercises, run.unnamed(exercises), strict=True):
        if unnamed is None:
            yield f"the diagnosis of wrong answers to {exercise} did not end in time"
        for says in unnamed or ():
            yield f"a wrong answer to {exercise} does not get its own message: {says}"
    report.figures["wrong answers rejected"] = f"{sum(bool(f) for f in first)} of {len(catalog)}"


def mutation(
    run: Run, notebook: Notebook, checks: dict[str, list[Check]], report: Report
) -> Iterator[str]:
    """Yield what is wrong with the survivors; the share that dies goes into the report."""
    solutions = answers_in(read_cells(notebook.solutions))
    made: list[Mutant] = [
        mutant for name, cells in solutions.items() for mutant in mutants(name, cells[0].source)
    ]
    tasks = []
    for mutant in made:
        cell = Cell("code", mutant.source, {}, f"mutant of {mutant.exercise}", 1)
        tasks.append(Task(mutant.exercise, Answers({mutant.exercise: [cell]}), 3, stop=True))
    found = run(tasks)
    alive = [one for one, failures in zip(made, found, strict=True) if failures == ()]
    share = 1 - len(alive) / len(made)
    report.figures["mutants killed"] = f"{len(made) - len(alive)} of {len(made)} ({share:.0%})"
    total, left = (Counter(one.exercise for one in some) for some in (made, alive))
    named = Counter(one.exercise for one in wrong_answers(notebook) if one.form == 1)
    for name, code in counted_codes(notebook).items():
        report.counts[name] = Count(
            code=code,
            checks=len(checks[name]),
            wrong=named[name],
            mutants=total[name],
            killed=total[name] - left[name],
            seeds=0,
        )
    if share < KILLED:
        yield f"{share:.0%} of the mutants of the solutions die, expected {KILLED:.0%}"
    known = survivors(notebook)
    for mutant in alive:
        if mutant.change not in known.get(mutant.exercise, {}):
            yield f"mutant of {mutant.exercise} survives: {mutant.change}"
    lives = {(one.exercise, one.change) for one in alive}
    for exercise, changes in known.items():
        for change in changes:
            if (exercise, change) not in lives:
                yield f"tests/wrong/survivors.toml: this mutant of {exercise} dies: {change}"


def false_failures(
    run: Run, report: Report, seeds: int, ran: Callable[[int], None]
) -> Iterator[str]:
    """Yield each check that a solution fails under some seed; the counts in the report grow.

    ran: is told under how many seeds each solution has been run, whenever the counts have grown.
    """
    while (least := min(one.seeds for one in report.counts.values())) < seeds:
        ran(least)
        tasks = [
            Task(name, None, FIRST_SEED + seed)
            for name, one in report.counts.items()
            for seed in range(one.seeds, min(least + SEEDS, seeds))
        ]
        number, failed = Counter(task.exercise for task in tasks), defaultdict(list)
        for task, found in zip(tasks, run(tasks), strict=True):
            where = f"under --seed {task.seed}"
            if found is None:  # a slow machine, or a solution that never ends: not for us to say
                yield f"the solution of {task.exercise} does not end in time {where}"
                return
            if found:
                failed[task.exercise].append(task.seed)
            for failure in found:
                yield f"the solution of {task.exercise} fails {failure.check} {where}"
        for name, one in report.counts.items():
            more = {"seeds": one.seeds + number[name], "failed": (*one.failed, *failed[name])}
            report.counts[name] = one.model_copy(update=more)
    ran(least)
    counts = report.counts.values()
    failures, runs = sum(len(one.failed) for one in counts), sum(one.seeds for one in counts)
    what = f"{failures} of {amount(runs, 'run')}, {least} or more of each solution"
    report.figures["false failures"] = what


def false_passes(
    run: Run, notebook: Notebook, report: Report, seeds: int, said: Callable[[str], None]
) -> Iterator[str]:
    """Yield each wrong answer that all checks pass under some seed; the counts in the report grow.

    It is run under so many seeds, WRONG_SEEDS at most.
    """
    under = range(FIRST_SEED, FIRST_SEED + min(seeds, WRONG_SEEDS))
    for exercise, count in report.counts.items():
        said(f"false passes, {exercise}")
        answers = [one for one in wrong_answers(notebook) if one.exercise == exercise]
        runs = [(one, seed) for one in answers for seed in under]
        if len(runs) > count.wrong_runs:
            found = run([Task(exercise, one.answers, seed, stop=True) for one, seed in runs])
            passed = []
            for (one, seed), failures in zip(runs, found, strict=True):
                if failures is None:
                    yield f"wrong answer {one.name} did not end in time under --seed {seed}"
                if failures == ():
                    passed.append(f"{one.name} is accepted under --seed {seed}")
            more = {"wrong_runs": len(runs) - found.count(None), "passed": tuple(passed)}
            report.counts[exercise] = count.model_copy(update=more)
        for line in report.counts[exercise].passed:
            yield f"wrong answer {line}"
    counts = report.counts.values()
    passes, made = sum(len(one.passed) for one in counts), sum(one.wrong_runs for one in counts)
    report.figures["false passes"] = f"{passes} of {amount(made, 'run')} of wrong answers"


def _known(notebook: Notebook, counts: Mapping[str, Count]) -> dict[str, Count]:
    """Return the counts that are kept, where they are of the same code."""
    kept = read_counts(notebook.root)
    return {
        name: one.model_copy(update=kept[name].model_dump(include=OVER_SEEDS))
        for name, one in counts.items()
        if name in kept and kept[name].code == one.code
    }


def verify_book(
    book: Book, notebooks: Sequence[Notebook], said: Callable[[str], None], seeds: int = 0
) -> list[Report]:
    """Run the gate on some notebooks, and on what belongs to the whole book.

    seeds: count so many seeded runs of each solution, and keep the counts; 0: keep none.
    """
    reports = []
    for one in notebooks:
        tell, keep = partial(_tell, said, one.key), partial(keep_counts, book)
        with elsewhere(one) as run:
            reports.append(verify(one, run, tell, seeds, keep))
    whole = Report("book")
    whole.problems += readme_problems(book)
    return [*reports, whole]


def _tell(said: Callable[[str], None], key: str, what: str) -> None:
    said(f"{key}: {what}")
