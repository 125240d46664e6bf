"""Which mistake a failing answer looks like: it behaves like a catalogued wrong answer."""

import json
import math
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unrolled.answers import Answers, Wrong, wrong_answers
from unrolled.checks.run import Bench, Check, Failure
from unrolled.files import fingerprint, write_atomic
from unrolled.manifest import Notebook
from unrolled.runtime import unchanged

SEED = 2  # of every diagnosis, so that the catalog's failures can be recorded
PATIENCE = 3.0  # seconds that a person waits for wrong answers to be run

Run = Callable[[Check], Failure | None]
Key = tuple[str, str]  # wrong answer, check


@dataclass(frozen=True)
class Named:
    """A mistake, the message written for it, and how it fails a check; more as in `Wrong`."""

    exercise: str
    mistake: str
    says: str
    fails: Run
    hint: int | None = None
    vary: bool = False


@dataclass(frozen=True)
class Likeness:
    """What an answer looks like: a known mistake, and how far the two agree, up to 1."""

    named: Named
    agreement: float


class _Late(Exception):
    """More wrong answers would have to be run than anybody waits for."""


class Catalog:
    """One notebook's wrong answers: run as far as needed or, in a course, recorded beforehand.

    memory: a folder in which what they were found to do is kept, for somebody who waits: a
    diagnosis that needs more of them than PATIENCE allows is left out, and the next goes on there.
    keeps: whether this process may add to it, which one full of a student's own doings must not.
    """

    def __init__(self, notebook: Notebook, memory: Path | None = None, keeps: bool = True) -> None:
        self.notebook, self.patience = notebook, PATIENCE if memory else math.inf
        self.keeps = keeps
        self._memory = memory and memory / f"{notebook.name}.json"
        self._known: dict[Key, Failure | None] = {}
        self._kept = 0
        self._until = math.inf
        self._bench = Bench(notebook, Answers.reference(notebook))
        if notebook.recorded.is_file():
            self.named = _read(notebook.recorded)
            return
        self.named = [
            Named(w.exercise, w.mistake, w.says, self._fails(w), w.hint, w.vary)
            for w in wrong_answers(notebook)
        ]
        if self._memory:
            where = [os.environ.get(name) for name in ("KERAS_BACKEND", "UNROLLED_DEVICE")]
            self._of = fingerprint(
                [*notebook.judges, *Path(__file__).parents[1].rglob("*.py")], where
            )
            self._known |= _remembered(self._memory, self._of)
            self._kept = len(self._known)

    def _fails(self, wrong: Wrong) -> Run:
        def fails(check: Check) -> Failure | None:
            key = (wrong.name, check.__name__)
            if key not in self._known:
                if time.monotonic() > self._until:
                    raise _Late
                self._known[key] = self._bench.run(check, wrong.exercise, wrong.answers, SEED)
            return self._known[key]

        return fails

    def _keep(self) -> None:
        """Write what is known, where it has grown; a folder that cannot be written is no matter."""
        if self._memory and self.keeps and len(self._known) > self._kept and unchanged():
            rows = [[*key, f and [f.kind, f.got]] for key, f in self._known.items()]
            with suppress(OSError):
                write_atomic(self._memory, json.dumps({"of": self._of, "fails": rows}) + "\n")
                self._kept = len(rows)

    def learn(self, exercise: str, checks: Sequence[Check], seconds: float) -> bool:
        """Run wrong answers for some seconds, ahead of a diagnosis; whether all have been run."""
        self._until = time.monotonic() + seconds
        try:
            for one in self.named:
                for check in checks if one.exercise == exercise else ():
                    one.fails(check)
        except _Late:
            return False
        finally:
            self._keep()
        return True

    def diagnose(self, exercise: str, checks: Sequence[Check], run: Run) -> Likeness | None:
        """Return the wrong answer that fails the same checks with the same values.

        Where there is none, the one that fails most nearly as this answer does, see `_agreement`;
        None where two are equally near, or where nothing fails. run: calls a check on the answer in
        question under SEED. Quick checks come first: most wrong answers are ruled out by a few.
        """
        timed: list[tuple[float, Check, Failure | None]] = []
        for check in checks:
            start = time.process_time()
            found = run(check)
            timed.append((time.process_time() - start, check, found))
        ran = [(check, found) for _, check, found in sorted(timed, key=lambda row: row[0])]
        if not any(found for _, found in ran):
            return None
        self._until = time.monotonic() + self.patience
        try:
            return self._nearest(exercise, ran)
        except _Late:
            return None
        finally:
            self._keep()

    def _nearest(
        self, exercise: str, ran: Sequence[tuple[Check, Failure | None]]
    ) -> Likeness | None:
        every = same = [one for one in self.named if one.exercise == exercise]
        for check, found in ran:
            same = [one for one in same if _alike(found, one.fails(check))]
        if len({one.mistake for one in same}) == 1:  # else what fails is not the answer
            return Likeness(same[0], 1.0)
        near = [(_agreement(one, ran), one) for one in every]
        best, named = max(near, key=lambda pair: pair[0], default=(0.0, None))
        others = (agreed for agreed, one in near if named and one.mistake != named.mistake)
        return Likeness(named, best) if named and best > max(others, default=0.0) else None

    def record(self, checks: dict[str, list[Check]]) -> str:
        """Return every failure of every wrong answer as JSON, for a course without their code."""
        rows = []
        for one in self.named:
            failures = {check.__name__: one.fails(check) for check in checks[one.exercise]}
            rows.append(
                {
                    "exercise": one.exercise,
                    "mistake": one.mistake,
                    "says": one.says,
                    "hint": one.hint,
                    "vary": one.vary,
                    "fails": {n: [f.kind, f.got] for n, f in failures.items() if f},
                }
            )
        return json.dumps(rows, indent=1) + "\n"


def _read(path: Path) -> list[Named]:
    return [
        Named(**{**row, "fails": _recorded(row["fails"])})
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]


def _recorded(fails: dict[str, Any]) -> Run:
    def failure(check: Check) -> Failure | None:
        return _failure(check.__name__, fails.get(check.__name__))

    return failure


def _failure(check: str, found: list[Any] | None) -> Failure | None:
    return Failure(check, found[0], "", _tuples(found[1])) if found else None


def _remembered(path: Path, of: str) -> dict[Key, Failure | None]:
    """Return what an earlier process found the wrong answers of the same files to do."""
    with suppress(OSError, ValueError, LookupError, TypeError):  # nothing, or not ours
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["of"] == of:
            return {(one, c): _failure(c, found) for one, c, found in content["fails"]}
    return {}


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _agreement(one: Named, ran: Sequence[tuple[Check, Failure | None]]) -> float:
    """Return how far a wrong answer fails as another answer does; 0 below one half.

    This is the share, of the checks that either fails, which both fail with the same values, or in
    the same way where the mistake's values vary. An error has no values: two answers that raise the
    same agree in nothing that would tell them from a third.
    """
    failing = [(check, found) for check, found in ran if found]
    agreed = either = float(len(failing))
    for check, found in [*failing, *((check, None) for check, found in ran if not found)]:
        other = one.fails(check)
        if found is None:
            either += other is not None
        elif found.kind != "assertion" or not _alike(found, other):
            agreed -= not (one.vary and other and other.kind == found.kind)
        if 2 * agreed < either:
            return 0.0
    return agreed / either


def _alike(one: Failure | None, other: Failure | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.alike(other)
