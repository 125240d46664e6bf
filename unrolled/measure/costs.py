"""What the book costs: the stored figures of `unrolled bench`, how far new ones differ, budgets."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter
from rich.table import Table as Shown

from unrolled.manifest import Book, Chapter, Table, read_kept, write_kept

Unit = Literal["CPU s", "CPU ms", "s", "MB", "times", "cells", "a minute"]
# How far two runs on one kind of machine may differ: as a share, and by how much at least. Wall
# times wait for whatever else the machine does.
TOLERANCE: dict[Unit, tuple[float, float]] = {
    "CPU s": (0.3, 0.05),
    "CPU ms": (0.5, 0.3),
    "s": (1.0, 0.3),
    "MB": (0.2, 20),
    "times": (0.3, 0.05),
    "cells": (0, 0),
    "a minute": (0.5, 5),
}


class Row(Table):
    """One figure with its unit."""

    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    unit: Unit

    def __str__(self) -> str:
        digits = 2 - math.floor(math.log10(self.value)) if self.value else 0
        return f"{self.value:,.{min(max(digits, 0), 4)}f} {self.unit}"

    def differs(self, other: "Row") -> bool:
        """Whether two figures are further apart than two runs on one machine may be."""
        share, least = TOLERANCE[self.unit]
        low, high = sorted((self.value, other.value))
        return high - low > max(least, share * low)


class Part(Table):
    """What was measured together: the day, the libraries' versions, the figures by title."""

    date: str
    versions: dict[str, str]
    rows: dict[str, Row]


OF_EACH = ("execution", "checks", "students", "ratios")  # kinds of parts that each notebook has
Run = Mapping[str, Part]  # by kind and notebook: checks/01_autoencoder_collapse
FILE = "bench.json"
STORED = TypeAdapter(dict[str, dict[str, Part]])  # a run for each kind of machine


def stored(book: Book) -> dict[str, dict[str, Part]]:
    """Return the stored runs by machine; BookError for a file that is not what it has to be."""
    mend = "restore it, or delete it and run `unrolled bench --keep`"
    return read_kept(book.root, FILE, STORED, mend)


def keep(book: Book, machine: str, run: Run) -> Path:
    """Store a run in the place of what the same parts cost on this kind of machine before."""
    known = stored(book)
    runs = known | {machine: {**known.get(machine, {}), **run}}
    write_kept(book.root, FILE, STORED, runs)
    return place(book)


def place(book: Book) -> Path:
    """Return the file of the stored runs; there may be none."""
    return book.root / "data" / "results" / FILE


def shown(run: Run, before: Run) -> Shown:
    """Return a table of a run beside the stored one; what differs too much has a mark."""
    table = Shown(box=None, header_style="bold")
    for title in ("", "measured", "stored", "ratio"):
        table.add_column(title, justify="right" if title else "left", no_wrap=bool(title))
    for name, part in run.items():
        kind, _, notebook = name.partition("/")
        table.add_row(f"{kind}, {notebook.split('_')[0]}", style="bold")
        for title, row in part.rows.items():
            cells, then = [str(row)], _then(before, name, title, row)
            if then:
                ratio = f"{row.value / then.value:.2f}" if then.value else ""
                cells += [str(then), ratio + (" !" if row.differs(then) else "  ")]
            table.add_row(f"  {title}", *cells)
    return table


def differing(run: Run, before: Run) -> tuple[int, int]:
    """Return how many figures are further from the stored ones than their tolerance, and of all."""
    found = [
        row.differs(then)
        for name, part in run.items()
        for title, row in part.rows.items()
        if (then := _then(before, name, title, row))
    ]
    return sum(found), len(found)


def _then(before: Run, name: str, title: str, row: Row) -> Row | None:
    """The stored figure with which one can be compared."""
    then = before[name].rows.get(title) if name in before else None
    return then if then and then.unit == row.unit else None


def other_versions(run: Run, before: Run) -> list[str]:
    """Return what the stored parts were measured with that is of another version now."""
    pairs = [(part.versions, before[name].versions) for name, part in run.items() if name in before]
    found = {
        f"{library} {then[library]}, now {number}"
        for now, then in pairs
        for library, number in now.items()
        if then.get(library, number) != number
    }
    return sorted(found)


# The figure of every notebook that a budget of its chapter speaks of.
BUDGETS = {"cpu_seconds": ("execution", "executed"), "check_seconds": ("checks", "all checks")}


def allowed(chapter: Chapter, kind: str, title: str) -> int | None:
    """Return the CPU seconds that book.toml allows a chapter for a figure; None for most."""
    found = (getattr(chapter, name) for name, at in BUDGETS.items() if at == (kind, title))
    return next(found, None)


def over_budget(book: Book, run: Run) -> Iterator[str]:
    """Yield a line for each budget of book.toml that the notebooks measured exceed together."""
    for chapter in book.chapters:
        for budget, (kind, title) in BUDGETS.items():
            parts = [run[f"{kind}/{n}"] for n in chapter.notebooks if f"{kind}/{n}" in run]
            total, most = sum(part.rows[title].value for part in parts), getattr(chapter, budget)
            if total > most:
                found = Row(value=total, unit="CPU s")
                yield f"chapter {chapter.number}, {title}: {found}; {budget} allows {most}"
