"""Notebooks to take away: a chapter's stubs, and a first cell for a machine without the book."""

import jupytext
from nbformat.v4 import new_code_cell

from unrolled.manifest import Book, Notebook
from unrolled.notebook import read_notebook

# Colab has neither the book nor its package; elsewhere a copy is where the reader put it.
FIRST = """\
# Colab has no copy of the book: this fetches and installs one, once. Elsewhere it does nothing.
import os, subprocess, sys
from importlib.util import find_spec
from pathlib import Path

if "google.colab" in sys.modules:
    book = Path.home() / "unrolled-book"
    if not book.exists():
        subprocess.run(["git", "clone", "-q", "--depth=1", "{repository}", book], check=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "-e", book], check=True)
    os.chdir(book)
    sys.path.insert(0, str(book))
elif find_spec("unrolled") is None:
    sys.exit("the book is not installed here: git clone {repository}, then `make lab` in it")
"""


def download(book: Book, notebook: Notebook) -> str:
    """Return a chapter with its stubs as the text of an .ipynb, the same at every call."""
    stub = read_notebook(notebook.source)
    first = FIRST.format(repository=book.published.git_repository_url)
    stub.cells.insert(0, new_code_cell(first.rstrip()))
    for number, cell in enumerate(stub.cells):
        cell["id"] = f"cell-{number}"
    return jupytext.writes(stub, fmt="ipynb")


def addresses(book: Book, notebook: Notebook) -> dict[str, str]:
    """Return where a notebook is had: as a file, on Colab, on Binder.

    Colab opens what is on GitHub: the branch `notebooks`, which the workflow of the pages writes.
    """
    published, file = book.published, f"{notebook.name}.ipynb"
    return {
        "notebook": f"{published.site_url}downloads/{file}",
        "Colab": "https://colab.research.google.com/github/"
        f"{published.repository}/blob/notebooks/{file}",
        "Binder": f"https://mybinder.org/v2/gh/{published.repository}/HEAD"
        f"?urlpath=lab%2Ftree%2Fwork%2F{file}",
    }


__all__ = ["addresses", "download"]
