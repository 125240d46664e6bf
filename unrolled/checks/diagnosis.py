"""Which mistake a failing answer looks like: it behaves like a catalogued wrong answer."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unrolled.answers import Answers, wrong_answers
from unrolled.checks.run import Bench, Check, Failure
from unrolled.manifest import Notebook

SEED = 2  # of every diagnosis, so that the catalog's failures can be recorded

Run = Callable[[Check], Failure | None]


@dataclass(frozen=True)
class Named:
    """A mistake, the message written for it, and how it fails a check."""

    exercise: str
    mistake: str
    says: str
    fails: Run
    hint: int | None = None


class Catalog:
    """One notebook's wrong answers: run as far as needed or, in a course, recorded beforehand."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self._known: dict[tuple[str, str, str], Failure | None] = {}
        self._bench = Bench(notebook, Answers.reference(notebook))
        if notebook.recorded.is_file():
            self.named = _read(notebook.recorded)
        else:
            self.named = [
                Named(w.exercise, w.mistake, w.says, self._runs(w.exercise, w.answers), w.hint)
                for w in wrong_answers(notebook)
            ]

    def _runs(self, exercise: str, answers: Answers) -> Run:
        def fails(check: Check) -> Failure | None:
            key = (exercise, answers.who, check.__name__)
            if key not in self._known:
                self._known[key] = self._bench.run(check, exercise, answers, SEED)
            return self._known[key]

        return fails

    def diagnose(self, exercise: str, checks: Sequence[Check], run: Run) -> Named | None:
        """Return the wrong answer that fails the same checks with the same values, if any.

        run: calls a check on the answer in question under SEED. A wrong answer is dropped at the
        first check on which the two differ, quick checks first.
        """
        ran: list[tuple[float, Check, Failure | None]] = []
        for check in checks:
            start = time.process_time()
            found = run(check)
            ran.append((time.process_time() - start, check, found))
        candidates = [one for one in self.named if one.exercise == exercise]
        for _, check, found in sorted(ran, key=lambda row: row[0]):
            candidates = [one for one in candidates if _alike(found, one.fails(check))]
        failed = any(found for _, _, found in ran)
        return candidates[0] if candidates and failed else None

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
                    "fails": {n: [f.kind, f.got] for n, f in failures.items() if f},
                }
            )
        return json.dumps(rows, indent=1) + "\n"


def _read(path: Path) -> list[Named]:
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [
        Named(row["exercise"], row["mistake"], row["says"], _recorded(row["fails"])) for row in rows
    ]


def _recorded(fails: dict[str, Any]) -> Run:
    def failure(check: Check) -> Failure | None:
        found = fails.get(check.__name__)
        return found and Failure(check.__name__, found[0], "", _tuples(found[1]))

    return failure


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _alike(one: Failure | None, other: Failure | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.alike(other)
