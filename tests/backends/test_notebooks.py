"""Notebooks that use Keras, on the library below it that KERAS_BACKEND names.

Their outputs are compared on TensorFlow alone. Here they run from top to bottom without a failing
assertion and without a warning in what they print.
"""

import os

import pytest

from unrolled.execute import execute
from unrolled.manifest import Notebook, read_book

BOOK = read_book()
KERAS = [one for one in BOOK.notebooks if "\nimport keras\n" in one.source.read_text("utf-8")]


@pytest.mark.parametrize("notebook", KERAS, ids=lambda one: one.key)
def test_the_notebook_runs_and_what_it_asserts_holds(notebook: Notebook) -> None:
    library = os.environ["KERAS_BACKEND"]
    [executed] = execute([notebook], BOOK.root / "build" / "executed" / library, lambda *_: None)
    assert all(cell.execution_count for cell in executed.solved.cells if cell.cell_type == "code")
