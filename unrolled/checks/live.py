"""`check("Decoder")` in a notebook: the same checks, against the names that the notebook holds."""

import html
import inspect
from dataclasses import dataclass

from unrolled.checks.plugin import Live, Verdict
from unrolled.checks.session import Named, run_pytest
from unrolled.errors import BookError
from unrolled.manifest import read_book

SIGNS = {"passed": "✓", "failed": "✗", "untried": "·", "rests": "·"}


@dataclass(frozen=True)
class Table:
    """The verdicts of one exercise, shown as a small table; text where HTML is not to be had."""

    exercise: str
    verdicts: tuple[Verdict, ...]

    @property
    def passed(self) -> int:
        """How many checks pass."""
        return sum(one.outcome == "passed" for one in self.verdicts)

    def _summary(self) -> str:
        if all(one.outcome == "untried" for one in self.verdicts):
            return f"{self.exercise}: not tried yet ({len(self.verdicts)} checks wait)"
        return f"{self.exercise}: {self.passed} of {len(self.verdicts)} checks pass"

    def __repr__(self) -> str:
        lines = [self._summary()]
        for one in self.verdicts:
            lines.append(f" {SIGNS[one.outcome]} {one.sentence}")
            if one.outcome != "passed":
                lines += [f"     {line}" for line in one.told]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = []
        for one in self.verdicts:
            said = [] if one.outcome == "passed" else one.told
            text = "<br>".join(html.escape(line) for line in [one.sentence, *said])
            rows.append(
                f'<tr class="{one.outcome}"><td>{SIGNS[one.outcome]}</td>'
                f'<td style="text-align: left">{text}</td></tr>'
            )
        head = f"<caption>{html.escape(self._summary())}</caption>"
        return f'<table class="unrolled-checks">{head}{"".join(rows)}</table>'


def check(exercise: str) -> Table:
    """Run the checks of an exercise against the names of the calling notebook.

    Needs no saved file. Returns a table that a notebook shows; raises BookError for an unknown
    exercise.
    """
    book = read_book()
    notebook = book.notebook_of(exercise)
    caller = inspect.currentframe()
    assert caller is not None and caller.f_back is not None
    live = Live(caller.f_back.f_globals)
    arguments = [
        str(notebook.checks),
        f"--rootdir={book.root}",
        f"--exercise={exercise}",
    ]
    _, verdicts, said = run_pytest(arguments, Named("live", live))
    if not verdicts:
        raise BookError(f"the checks of {exercise} did not run: {said.strip()[-500:]}")
    return Table(exercise, tuple(verdicts))


__all__ = ["Table", "check"]
