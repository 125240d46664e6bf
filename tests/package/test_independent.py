"""Answers by people who had seen neither the checks nor the catalog: what becomes of them.

Each cell of tests/independent/ is one answer. right: it is written otherwise than the solution.
rephrases: it makes a mistake of the catalog, written after the message alone. wrong: it makes a
mistake of the writer's own; mistake: which of the catalog this is. unnamed: why the diagnosis does
not name it.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from unrolled.answers import Answers
from unrolled.checks.diagnosis import SEED, Catalog
from unrolled.checks.run import Bench, checks_by_exercise, load_checks
from unrolled.manifest import Notebook, read_book
from unrolled.notebook import read_cells

BOOK = read_book()
Row = tuple[str, str, str | None, bool]  # exercise, whose answer, what it is named, passes


def diagnosed(notebook: Notebook) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Yield what becomes of each answer, with the cell's metadata."""
    checks = checks_by_exercise(notebook, load_checks(notebook))
    catalog, bench = Catalog(notebook), Bench(notebook, Answers.reference(notebook))
    for cell in read_cells(BOOK.root / "tests" / "independent" / notebook.source.name):
        if cell.kind != "code" or not cell.exercise:
            continue
        mine = checks[cell.exercise]
        answers = Answers({cell.exercise: [cell]})
        found = {one.__name__: bench.run(one, cell.exercise, answers, SEED) for one in mine}
        like = catalog.diagnose(cell.exercise, mine, lambda one, found=found: found[one.__name__])
        name = like.named.mistake if like else None
        said = cell.metadata
        whose = next(said[key] for key in ("right", "rephrases", "wrong") if key in said)
        yield (cell.exercise, whose, name, not any(found.values())), said


@pytest.mark.parametrize("notebook", BOOK.notebooks, ids=lambda one: one.key)
def test_right_answers_pass_and_wrong_ones_are_named_for_what_they_are(notebook: Notebook) -> None:
    refused, accepted, otherwise, counted = [], [], [], 0
    for row, said in diagnosed(notebook):
        counted += 1
        _, _, name, passes = row
        meant = said.get("rephrases") or said.get("mistake")
        if "right" in said:
            refused += [] if passes else [row]
        elif passes:
            accepted.append(row)
        elif (name == meant) == ("unnamed" in said):
            otherwise.append(row)
    assert counted >= 20
    assert (refused, accepted, otherwise) == ([], [], [])
