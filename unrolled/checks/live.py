"""`check("Decoder")` in a notebook: the same checks, against the names that the notebook holds."""

import ast
import builtins
import html
import inspect
import linecache
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unrolled.answers import called, defined_names, owners
from unrolled.checks.plugin import Live
from unrolled.checks.session import placed, run_pytest
from unrolled.checks.verdict import SIGNS, Verdict
from unrolled.checks.warm import kept
from unrolled.codehash import defines, loaded
from unrolled.errors import BookError
from unrolled.manifest import Notebook, amount, read_book
from unrolled.notebook import read_cells
from unrolled.student.progress import record

COLORS = {  # the book's own where a page has them; else 3 to 1 on white and on near-black
    "passed": "var(--pst-color-success, #2a9d4a)",
    "failed": "var(--pst-color-danger, #e5534b)",
}
TOP = "text-align: left; vertical-align: top"


@dataclass(frozen=True)
class Table:
    """The verdicts of one exercise, shown as a small table; text where HTML is not to be had."""

    exercise: str
    verdicts: tuple[Verdict, ...]
    elsewhere: tuple[str, ...] = ()

    @property
    def passed(self) -> int:
        """How many checks pass."""
        return sum(one.outcome == "passed" for one in self.verdicts)

    def _summary(self) -> str:
        checks, one = amount(len(self.verdicts), "check"), len(self.verdicts) == 1
        if all(each.outcome == "untried" for each in self.verdicts):
            return f"{self.exercise}: not tried yet ({checks} wait{'s' * one})"
        return f"{self.exercise}: {self.passed} of {checks} pass{'es' * one}"

    def _rows(self) -> Iterator[tuple[Verdict, list[str]]]:
        """Yield each verdict with its lines, of which none is said twice."""
        said: set[str] = set()
        for one in self.verdicts:
            lines = [] if one.outcome == "passed" else one.told
            lines = [*lines, *(f"printed: {line}" for line in one.printed.splitlines() if lines)]
            yield one, [line for line in lines if line not in said]
            said.update(lines)

    def _notes(self) -> list[str]:
        """What passes here and not in the file's checks; where help is."""
        tail = f"move it into the cell of {self.exercise}: nothing else counts"
        notes = [f"{name} is defined in another cell; {tail}" for name in self.elsewhere]
        if any(one.outcome == "failed" for one in self.verdicts):
            notes.append(f"a hint, in a terminal: unrolled hint {self.exercise}")
        return notes

    def __repr__(self) -> str:
        lines = [self._summary()]
        for one, told in self._rows():
            lines.append(f" {SIGNS[one.outcome]} {one.sentence}")
            lines += [f"     {line}" for line in told]
        return "\n".join([*lines, *self._notes()])

    def _repr_html_(self) -> str:
        rows = []
        for one, told in self._rows():
            text = "<br>".join(html.escape(line) for line in [one.sentence, *told])
            color = COLORS.get(one.outcome, "inherit")
            rows.append(
                f'<tr class="{one.outcome}"><td style="{TOP}; color: {color}">'
                f'{SIGNS[one.outcome]}</td><td style="{TOP}">{text}</td></tr>'
            )
        for note in self._notes():
            rows.append(
                f'<tr><td style="{TOP}">!</td><td style="{TOP}">{html.escape(note)}</td></tr>'
            )
        head = f'<caption style="text-align: left">{html.escape(self._summary())}</caption>'
        return f'<table class="unrolled-checks">{head}{"".join(rows)}</table>'


class Untried(BookError):
    """A stub stands where an answer is to be: a notebook that runs all its cells stops here."""


def check(exercise: str) -> Table:
    """Run the checks of an exercise against the names of the calling notebook.

    exercise: its id, its number ("1.3") or the name of its function. Needs no saved file. Returns a
    table, which a notebook shows as a cell's last value; where there is no notebook it is printed.
    Raises BookError for an unknown exercise, and in a notebook Untried, one line, at a stub.
    """
    book = read_book()
    found = called(book, exercise) if isinstance(exercise, str) else []
    if len(found) != 1:
        raise BookError(f'check({exercise!r}): expected one exercise, as in check("Decoder")')
    notebook = book.notebook_of(found[0])
    caller = inspect.currentframe()
    assert caller is not None and caller.f_back is not None
    names = caller.f_back.f_globals
    arguments = [*placed(book), str(notebook.checks), f"--exercise={found[0]}"]
    ran = run_pytest(arguments, Live(names), kept([notebook], False))
    if not ran.verdicts:
        raise BookError(f"the checks of {found[0]} did not run: {ran.reason}")
    table = Table(found[0], tuple(ran.verdicts), tuple(_elsewhere(names, notebook, found[0])))
    work = book.work
    if Path.cwd().resolve().is_relative_to(work.resolve()):  # a student's notebook
        try:
            record(work, ran.verdicts)
        except BookError as error:
            print(error)
    if not hasattr(builtins, "__IPYTHON__"):  # a script shows no cell's last value
        print(table)
    elif all(one.outcome == "untried" for one in ran.verdicts):
        raise Untried(
            f"exercise {notebook.label(found[0])} {found[0]} is not tried yet, so this run stops "
            "here. Fill the cell above, run it, and go on from it."
        )
    return table


def _elsewhere(names: Mapping[str, Any], notebook: Notebook, exercise: str) -> Iterator[str]:
    """Yield the names that an answer takes from cells which the file's checks do not run."""
    known = {**defined_names(read_cells(notebook.source)), **vars(builtins)}
    for own, owner in owners(notebook).items():
        if owner != exercise or own not in names:
            continue
        parts = [
            names[own],
            *getattr(names[own], "__dict__", {}).values(),
        ]  # a class has its file in its methods
        files = [one.__code__.co_filename for one in parts if inspect.isfunction(one)]
        source = "".join(linecache.getlines(files[0])) if files else ""
        inside = {name for node in ast.parse(source).body for name in defines(node)}
        for name in sorted(loaded(source) - inside - set(known)):
            if name in names:
                yield name
