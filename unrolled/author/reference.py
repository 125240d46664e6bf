"""The reference notebooks that nbval runs again: outputs of checked cells only."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat

from unrolled.errors import Show
from unrolled.execute import execute, plain_metadata
from unrolled.files import write_atomic
from unrolled.manifest import Book, Notebook
from unrolled.notebook import CHECKED, number_cells


def write_reference(book: Book, notebooks: Sequence[Notebook], progress: Show) -> Iterator[Path]:
    """Execute the solved notebooks and write tests/nbval/; yield each path.

    A cell that does not begin with # NBVAL_CHECK_OUTPUT keeps its count and loses its output.
    """
    for one in execute(notebooks, book.root / "build" / "executed", progress):
        for cell in one.solved.cells:
            if cell.cell_type == "code" and not cell.source.startswith(CHECKED):
                cell.outputs = []
        number_cells(one.solved)
        plain_metadata(one.solved)
        write_atomic(one.notebook.reference, nbformat.writes(one.solved) + "\n")
        yield one.notebook.reference
