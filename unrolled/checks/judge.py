"""From the end of a check to its verdict: not tried, rests on another, or wrong, and how."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from unrolled.answers import Answers, uses
from unrolled.checks.diagnosis import SEED, Catalog, Likeness
from unrolled.checks.remote import Broken
from unrolled.checks.run import Bench, Check, Failure, run_check, share
from unrolled.checks.verdict import UNTRIED, Verdict
from unrolled.checks.watch import Endless, Limits
from unrolled.manifest import Notebook
from unrolled.notebook import answers_in, lines_through, read_cells


@dataclass(frozen=True)
class Judge:
    """Judges the checks of one run on one person's answers.

    answers, checks, benches, catalogs: by notebook. names: a live notebook's namespace, under test
    in place of answers in files. strangers: whether the answers are somebody's who may be hostile.
    memory: where a catalog keeps what it found.
    """

    answers: Mapping[str, Answers]
    checks: Mapping[str, Mapping[str, Sequence[Check]]]
    benches: Mapping[str, Bench]
    catalogs: dict[str, Catalog]
    limits: Limits
    names: Mapping[str, Any] | None = None
    strangers: bool = False
    memory: Path | None = None
    _failed: set[str] = field(default_factory=set)
    _diagnosed: dict[str, Likeness | None] = field(default_factory=dict)

    def verdict(
        self, notebook: Notebook, exercise: str, check: Check, error: BaseException | None
    ) -> Verdict:
        """Return what a check that ended so says of an answer; raises Broken again."""
        name = check.__name__
        every = self.checks[notebook.name][exercise]
        most = float(notebook.exercise(exercise).points * share(every, check))
        verdict = partial(Verdict, exercise, name, most=most)
        if error is None:
            return verdict("passed", most)
        if isinstance(error, Broken):
            raise error
        failure, places = Failure.of(name, error), self.places(notebook, exercise, error)
        where = places[-1] if places else ""
        if failure.stub == exercise:
            told = self._untried(notebook, exercise)
            return verdict("untried", 0.0, message=told, where=where if told != UNTRIED else "")
        self._failed.add(exercise)
        if rests := failure.stub or self._failed_below(notebook, exercise):
            return verdict("rests", 0.0, message=f"rests on {rests}")
        like, about = self._like(notebook, exercise), dict[str, Any]()
        if like:
            named = like.named
            about |= {"mistake": named.mistake, "says": named.says, "hint": named.hint}
            about["agreement"] = like.agreement
        message = self._message(notebook, exercise, failure, error)
        return verdict("failed", 0.0, kind=failure.kind, message=message, where=where, **about)

    def places(self, notebook: Notebook, exercise: str, error: BaseException) -> list[str]:
        """Return the lines of the answer that an error went through."""
        if self.names is not None:
            return []
        cells = self.answers[notebook.name].cells.get(exercise, [])
        mine = {cell.place for cell in cells}
        return lines_through(error, mine) + getattr(error, "places", [])

    def _message(
        self, notebook: Notebook, exercise: str, failure: Failure, error: BaseException
    ) -> str:
        if isinstance(error, OSError) and "reading from stdin" in str(error):  # pytest's own words
            return "input() has nobody to ask here; take an argument"
        answers = self.answers[notebook.name]
        if isinstance(error, NameError) and answers.elsewhere(str(error.name)):
            return f"{failure.message}\n{answers.lack(exercise, str(error.name))}"
        return failure.message

    def _untried(self, notebook: Notebook, exercise: str) -> str:
        """Say why an exercise's stub was met: it stands untouched, in part, or is gone."""
        answers = self.answers[notebook.name]
        if answers.file and exercise not in answers.cells:
            return f'not found: no cell exercise="{exercise}" in {answers.file.name}; put it back'
        stub = answers_in(read_cells(notebook.source))[exercise]
        given = answers.cells.get(exercise, stub)
        if [cell.source for cell in given] == [cell.source for cell in stub]:
            return UNTRIED
        return "not finished: the stub's `raise NotImplementedError` is still reached"

    def _failed_below(self, notebook: Notebook, exercise: str) -> str | None:
        """Return a failing exercise that this one uses, where no reference stands in for it.

        A stranger's answer is not parsed in this process.
        """
        rest = self.benches[notebook.name].rest
        if (rest and rest.cells) or self.strangers:
            return None
        used = uses(notebook, self.answers[notebook.name], exercise)
        return next((one for one in sorted(self._failed - {exercise}) if one in used), None)

    def _like(self, notebook: Notebook, exercise: str) -> Likeness | None:
        """Return the mistake that this exercise's answer looks like."""
        if exercise in self.limits.stopped:
            return None
        if exercise not in self._diagnosed:
            if notebook.name not in self.catalogs:
                self.catalogs[notebook.name] = Catalog(notebook, self.memory)
            checks, again = self.checks[notebook.name][exercise], self._again(notebook, exercise)
            try:
                like = self.catalogs[notebook.name].diagnose(exercise, checks, again)
            except Endless:  # the check that never ends says so itself
                like = None
            self._diagnosed[exercise] = like
        return self._diagnosed[exercise]

    def _again(self, notebook: Notebook, exercise: str) -> Callable[[Check], Failure | None]:
        """Return what runs a check once more, with the seed of the catalog, and may be Endless."""
        bench, answers = self.benches[notebook.name], self.answers[notebook.name]

        def run(check: Check) -> Failure | None:
            with self.limits.once_more(exercise):
                if self.names is not None:
                    return run_check(check, self.names, SEED)
                return bench.run(check, exercise, answers, SEED)

        return run
