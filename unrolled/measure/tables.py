"""The measured tables of data/results/: what a row says, and how the files are read."""

import json
import math
import statistics
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from unrolled.errors import BookError
from unrolled.manifest import Notebook, first_problem, meant, read_book

WIDTHS = 3  # a few seeds' range says little of what other draws of the same kind will be


@dataclass(frozen=True)
class Summary:
    """One measured value over seeds. `values` stand in the order of `seeds`.

    A value is `in` it within the range and the relative tolerance. Elsewhere, where the same seeds
    are other draws, the tolerance is twice that, and WIDTHS widths of the range come on top.
    """

    seeds: tuple[int, ...]
    values: tuple[float, ...]
    tolerance: float
    elsewhere: bool = False

    @property
    def median(self) -> float:
        """The median over seeds."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)

    def __contains__(self, value: float) -> bool:
        low, high, slack, more = self.low, self.high, self.tolerance, 0.0
        if self.elsewhere:
            slack *= 2
            more = WIDTHS * (high - low) if math.isfinite(high - low) else 0.0
        if math.isfinite(low):
            low -= slack * abs(low) + more
        if math.isfinite(high):
            high += slack * abs(high) + more
        return low <= value <= high

    def __format__(self, spec: str) -> str:
        spec = spec or ".3g"
        return f"{self.median:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def __str__(self) -> str:
        return format(self, "")


class _Row(BaseModel):
    values: Annotated[tuple[float, ...], Field(min_length=1)]


class Entry(BaseModel):
    """One stored table, with what it was measured on; what rows hold besides values follows."""

    code: str
    scale: str
    seeds: tuple[int, ...]
    tolerance: float
    machine: str
    versions: dict[str, str]
    data: dict[str, str] = {}
    rows: dict[str, _Row]

    @property
    def summaries(self) -> dict[str, Summary]:
        """The table's rows."""
        rows = self.rows.items()
        away = _elsewhere(self.versions)
        return {name: Summary(self.seeds, row.values, self.tolerance, away) for name, row in rows}


class Stored(BaseModel):
    """A file of data/results/: the command that made it, and its tables; no command, no file."""

    command: str = ""
    experiments: dict[str, Entry]


def stored_tables(notebook: Notebook) -> Stored:
    """Return a notebook's tables; BookError, one line, for a file that is not as written."""
    try:
        return Stored.model_validate(read_raw(notebook))
    except ValidationError as error:
        raise BookError(f"{shown(notebook)}: {first_problem(error)}; {_MEND}") from error


def measured(name: str, root: Path | None = None) -> dict[str, dict[str, Summary]]:
    """Return the stored tables of a notebook: experiment → row → Summary.

    A table or a row that is not there raises BookError when it is read: a course is handed out
    without tables.
    """
    [notebook] = read_book(root).select([name])
    tables = stored_tables(notebook).experiments
    return _Tables({title: _Rows(title, entry.summaries) for title, entry in tables.items()})


def _elsewhere(versions: dict[str, str]) -> bool:
    """Whether Keras computes with another library here than where a table was measured."""
    keras = sys.modules.get("keras")
    return keras is not None and "keras" in versions and keras.backend.backend() not in versions


class _Tables(dict[str, dict[str, Summary]]):
    def __missing__(self, title: str) -> dict[str, Summary]:
        raise BookError(
            f"the table {title!r} is measured over many seeds and stands in the book; "
            "a course comes without it, and `unrolled results` makes it once all is solved"
        )


class _Rows(dict[str, Summary]):
    def __init__(self, title: str, rows: Mapping[str, Summary]) -> None:
        super().__init__(rows)
        self.title = title

    def __missing__(self, row: str) -> Summary:
        raise BookError(f"the table {self.title!r} has no row {row!r}; {meant(row, list(self))}")


def read_raw(notebook: Notebook) -> dict[str, Any]:
    """Return what a notebook's file of tables holds, unchecked; BookError where it is no JSON."""
    if not notebook.results.is_file():
        return {"experiments": {}}
    try:
        found: dict[str, Any] = json.loads(notebook.results.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BookError(f"{shown(notebook)}: {error}; {_MEND}") from error
    return found


_MEND = "put back what git has, or remove it and run `unrolled results`"


def shown(notebook: Notebook) -> str:
    """Return the name by which messages call a notebook's tables."""
    return f"data/results/{notebook.results.name}"
