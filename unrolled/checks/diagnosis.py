"""Which mistake a failing answer looks like: it behaves like a catalogued wrong answer."""

from collections.abc import Sequence

from unrolled.answers import Answers, Wrong, wrong_answers
from unrolled.checks.run import Behavior, Check, alike, behavior
from unrolled.manifest import Notebook


class Catalog:
    """The behaviors of one notebook's wrong answers under one seed, computed when first asked."""

    def __init__(self, notebook: Notebook, rest: Answers | None, seed: int) -> None:
        self.notebook, self.rest, self.seed = notebook, rest, seed
        self.wrong = wrong_answers(notebook)
        self._known: dict[str, list[tuple[Wrong, Behavior]]] = {}

    def behaviors(self, exercise: str, checks: Sequence[Check]) -> list[tuple[Wrong, Behavior]]:
        """Return each wrong answer of an exercise with how it fails."""
        if exercise not in self._known:
            self._known[exercise] = [
                (one, self.behavior(exercise, checks, one.answers))
                for one in self.wrong
                if one.exercise == exercise
            ]
        return self._known[exercise]

    def behavior(self, exercise: str, checks: Sequence[Check], answers: Answers) -> Behavior:
        """Return how an answer fails under this catalog's seed."""
        return behavior(checks, self.notebook, exercise, answers, self.rest, self.seed)

    def diagnose(self, exercise: str, checks: Sequence[Check], answers: Answers) -> Wrong | None:
        """Return the wrong answer that `answers` behaves like, if any."""
        found = self.behavior(exercise, checks, answers)
        if not found:
            return None
        for wrong, known in self.behaviors(exercise, checks):
            if alike(found, known):
                return wrong
        return None
