"""What one check says of one answer, and how it travels in pytest's reports."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

UNTRIED = "not tried yet"
SIGNS = {"passed": "✓", "failed": "✗", "untried": "·", "rests": "·"}
_KEY = "unrolled"


@dataclass(frozen=True)
class Verdict:
    """One row of a report. outcome: passed, failed, untried or rests.

    points: earned, of `most`. kind: of a failure: assertion, or the name of an error. message: may
    hold values of the check. mistake: the known one that it looks like; says: what its author is
    told; hint: the level of the hint against it; agreement: how far the two fail alike. where: the
    last line of the answer that an error went through. printed: what the answer printed in this
    process.
    """

    exercise: str
    check: str
    outcome: str
    points: float
    most: float
    kind: str = ""
    message: str = ""
    mistake: str | None = None
    says: str = ""
    hint: int | None = None
    agreement: float = 0.0
    where: str = ""
    printed: str = ""

    @property
    def told(self) -> list[str]:
        """What the person who wrote the answer is told, a line each: error, mistake, place."""
        lines = self.message.splitlines() or [self.kind]
        if self.kind.isidentifier() and self.kind not in ("assertion", "BookError", lines[0]):
            lines[0] = f"{self.kind}: {lines[0]}"
        if self.mistake:
            lines.append(self.looks_like)
        if self.outcome == "failed" and not self.most:
            lines.append("(reported, and worth no points: only the answer itself can say so)")
        return [*lines, self.where] if self.where else lines

    @property
    def looks_like(self) -> str:
        """Which known mistake it looks like, and how much so; empty where none is known."""
        likeness = "looks like" if self.agreement == 1 else "is close to"
        return f"this {likeness} a known mistake: {self.says}" if self.mistake else ""

    @property
    def sentence(self) -> str:
        """The check's name, read as a sentence."""
        return self.check.removeprefix("test_").replace("_", " ")

    def attach(self, report: "pytest.TestReport") -> None:
        """Put the verdict into a report, which carries it from a worker to the other processes."""
        report.user_properties.append((_KEY, asdict(self)))


def verdicts_in(report: "pytest.TestReport") -> Iterator[Verdict]:
    """Yield the verdict of a report that has one."""
    for key, value in report.user_properties:
        if key == _KEY:
            yield Verdict(**value)  # type: ignore[arg-type]
