"""Which mistake a failing answer looks like: it behaves like a catalogued wrong answer."""

import time
from collections.abc import Sequence

from unrolled.answers import Answers, Wrong, wrong_answers
from unrolled.checks.run import Check, Failure, run_answer
from unrolled.manifest import Notebook


class Catalog:
    """One notebook's wrong answers under one seed; each is run only as far as it is needed."""

    def __init__(self, notebook: Notebook, rest: Answers | None, seed: int) -> None:
        self.notebook, self.rest, self.seed = notebook, rest, seed
        self.wrong = wrong_answers(notebook)
        self._known: dict[tuple[str, str], Failure | None] = {}

    def _fails(self, wrong: Wrong, check: Check) -> Failure | None:
        key = (wrong.mistake, check.__name__)
        if key not in self._known:
            self._known[key] = self._run(check, wrong.exercise, wrong.answers)
        return self._known[key]

    def _run(self, check: Check, exercise: str, answers: Answers) -> Failure | None:
        return run_answer(check, self.notebook, exercise, answers, self.rest, self.seed)

    def diagnose(self, exercise: str, checks: Sequence[Check], answers: Answers) -> Wrong | None:
        """Return the wrong answer that fails the same checks with the same values, if any.

        A wrong answer is dropped at the first check on which the two differ, quick checks first.
        """
        ran: list[tuple[float, Check, Failure | None]] = []
        for check in checks:
            start = time.process_time()
            found = self._run(check, exercise, answers)
            ran.append((time.process_time() - start, check, found))
        candidates = [one for one in self.wrong if one.exercise == exercise]
        for _, check, found in sorted(ran, key=lambda row: row[0]):
            candidates = [one for one in candidates if _alike(found, self._fails(one, check))]
        failed = any(found for _, _, found in ran)
        return candidates[0] if candidates and failed else None


def _alike(one: Failure | None, other: Failure | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.alike(other)
