"""The reference notebooks that nbval runs again: outputs of checked cells only."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat

from unrolled.execute import Progress, execute
from unrolled.files import write_atomic
from unrolled.manifest import Book, Notebook


def write_reference(
    book: Book, notebooks: Sequence[Notebook], progress: Progress
) -> Iterator[Path]:
    """Execute the solved notebooks and write tests/nbval/; yield each path.

    A cell that does not begin with # NBVAL_CHECK_OUTPUT keeps its count and loses its output.
    """
    for one in execute(notebooks, book.root / "build" / "executed", progress):
        for number, cell in enumerate(one.solved.cells):
            cell["id"] = f"cell-{number}"
            if cell.cell_type == "code":
                cell.metadata.pop("execution", None)
                if not cell.source.startswith("# NBVAL_CHECK_OUTPUT"):
                    cell.outputs = []
        spec = dict(one.solved.metadata["kernelspec"])
        one.solved.metadata = nbformat.from_dict({"kernelspec": spec})
        write_atomic(one.notebook.reference, nbformat.writes(one.solved) + "\n")
        yield one.notebook.reference
