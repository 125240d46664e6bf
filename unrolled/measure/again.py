"""Every table measured once more and held against the stored one, kept in data/results/again.json.

What is kept says on which kind of machine, when, at what cost, and how far the two agree.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

from pydantic import NonNegativeFloat, NonNegativeInt, TypeAdapter

from unrolled.errors import BookError, Show
from unrolled.manifest import Book, Notebook, Table, amount, read_kept, write_kept
from unrolled.measure.experiments import code_hashes
from unrolled.measure.run import measure_into
from unrolled.measure.tables import Entry, stored_tables

FILE = "again.json"
BACKEND = "tensorflow"  # below Keras, for every stored table


class Held(Table):
    """One table, measured again.

    code: a hash of what both runs were made with. rows: of both runs. same: those whose every value
    is the stored one, to the last digit. outside: a line for each row whose median is not in the
    stored range, with the tolerance.
    """

    code: str
    rows: NonNegativeInt
    same: NonNegativeInt
    outside: tuple[str, ...] = ()


class Repeat(Table):
    """A notebook, measured again: when, in how many CPU seconds, with which versions."""

    date: str
    cpu: NonNegativeFloat
    versions: dict[str, str]
    tables: dict[str, Held]

    @property
    def rows(self) -> int:
        """How many rows were compared."""
        return sum(one.rows for one in self.tables.values())

    @property
    def same(self) -> int:
        """How many of them are what is stored, to the last digit."""
        return sum(one.same for one in self.tables.values())

    @property
    def outside(self) -> list[str]:
        """The line of each row that is outside, with its table's name."""
        return [f"{name}, {line}" for name, one in self.tables.items() for line in one.outside]

    def __str__(self) -> str:
        within = (
            f"{self.rows - len(self.outside)} of {amount(self.rows, 'median')} in stored ranges"
        )
        tables = amount(len(self.tables), "table")
        return f"{tables}: {within}, {self.same} the same to the last digit · {self.cpu:g} CPU s"

    def of(self, stored: Mapping[str, Entry]) -> "Repeat":
        """Return what is left of it: the tables that are stored as they were made then."""
        tables = {
            name: one
            for name, one in self.tables.items()
            if name in stored and stored[name].code == one.code
        }
        return self.model_copy(update={"tables": tables})


_FILE = TypeAdapter(dict[str, dict[str, Repeat]])  # class of machine → notebook → what came out


def read_repeats(root: Path) -> dict[str, dict[str, Repeat]]:
    """Return what is kept, by class of machine and notebook; BookError for a damaged file."""
    mend = "restore it, or delete it and run `unrolled results --again`"
    return read_kept(root, FILE, _FILE, mend)


def again(
    notebook: Notebook,
    machine: str,
    progress: Show,
    jobs: int = 2,
    said: Callable[[str], object] = lambda _: None,
) -> Repeat:
    """Measure a notebook's tables anew beside the stored ones, compare, and keep the outcome.

    An interrupted call goes on where it stopped, with the same versions; one that ended is not gone
    on from. progress and jobs: as in `measure`. said(line) is told of each stored table that is not
    compared. Nothing is kept where none is. Raises BookError for damaged files and with another
    library below Keras.
    """
    backend = os.environ.get("KERAS_BACKEND", BACKEND)
    if backend != BACKEND:
        raise BookError(f"the tables were measured on {BACKEND}; KERAS_BACKEND is {backend!r}")
    stored, known = stored_tables(notebook).experiments, read_repeats(notebook.root)
    hashes = {}
    for name, code in code_hashes(notebook).items():
        if name in stored and stored[name].scale != "default":
            said(f"table {name} is of full scale, and is not compared")
        elif name in stored and stored[name].code != code:
            said(f"table {name} was made by other code, and is not compared; `unrolled results`")
        elif name in stored:
            hashes[name] = code
    folder = notebook.root / "build" / "again"
    found = measure_into(folder, notebook, hashes, {}, progress, "default", jobs, said)
    parts = [part for one in found.parts.values() for part in one]
    read = [json.loads(part.read_text()) for part in parts]
    repeat = Repeat(
        date=date.today().isoformat(),
        cpu=float(f"{sum(one['cpu'] for one in read):.3g}"),
        versions={name: number for one in read for name, number in one["versions"].items()},
        tables={
            name: _held(Entry.model_validate(entry), stored[name])
            for name, entry in found.tables.items()
        },
    )
    if repeat.tables:
        kept = known | {machine: known.get(machine, {}) | {notebook.name: repeat}}
        write_kept(notebook.root, FILE, _FILE, kept)
    for part in parts:
        part.unlink()
    return repeat


def _held(now: Entry, then: Entry) -> Held:
    new, old, same, outside = now.summaries, then.summaries, 0, []
    rows = dict.fromkeys([*old, *new])
    for row in rows:
        one, other = new.get(row), old.get(row)
        if one is None or other is None or one.median not in other:
            outside.append(f"{row}: {one or 'nothing'} now, {other or 'nothing'} stored")
        elif one.values == other.values:
            same += 1
    return Held(code=now.code, rows=len(rows), same=same, outside=tuple(outside))


def repeats(book: Book) -> Iterator[tuple[str, dict[str, Repeat]]]:
    """Yield, by class of machine and notebook, what is kept of the tables that are stored now."""
    for machine, kept in read_repeats(book.root).items():
        current = {
            one.name: kept[one.name].of(stored_tables(one).experiments)
            for one in book.notebooks
            if one.name in kept
        }
        if any(one.tables for one in current.values()):
            yield machine, {name: one for name, one in current.items() if one.tables}
