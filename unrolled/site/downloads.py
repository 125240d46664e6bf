"""Notebooks to take away: a chapter's stubs, and a first cell for a machine without the book."""

import sys
from functools import cache
from importlib.metadata import packages_distributions
from modulefinder import ModuleFinder
from pathlib import Path

import jupytext
from nbformat.v4 import new_code_cell

from unrolled import HOME
from unrolled.manifest import Book, Notebook
from unrolled.notebook import number_cells, read_notebook

# Colab has neither the book nor its package; elsewhere a copy is where the reader put it.
FIRST = """\
# Colab has no copy of the book: this fetches and installs one, once. Elsewhere it does nothing.
# Packages that are there already stay as they are.
import os, subprocess, sys
from importlib.util import find_spec
from pathlib import Path

if "google.colab" in sys.modules:
    book = Path.home() / "unrolled-book"
    pip = [sys.executable, "-m", "pip", "install", "-q"]
    if not book.exists():
        subprocess.run(["git", "clone", "-q", "--depth=1", "{repository}", book], check=True)
    if not (book / ".installed").exists():
        subprocess.run([*pip, *"{packages}".split()], check=True)
        subprocess.run([*pip, "--no-deps", "-e", book], check=True)
        (book / ".installed").touch()
    os.chdir(book)
    sys.path.insert(0, str(book))
elif find_spec("unrolled") is None:
    class NoBook(ImportError):
        def _render_traceback_(self):  # one line in place of a traceback
            return [str(self)]
    raise NoBook("the book is not installed here: git clone {repository}, then `make lab` in it")
"""


@cache
def packages(root: Path) -> list[str]:
    """Return the packages that a book's chapters import, by themselves or through ours.

    Without ranges: pip leaves alone what a kernel has, whatever its version.
    """
    ours = Path(__file__).parents[1]
    finder = ModuleFinder(path=[str(ours.parent)])  # whatever does not lie there is missing
    for module in HOME.values():
        finder.import_hook(module)
    for path in (root / "chapters").glob("*.py"):
        finder.run_script(str(path))
    missing = {name.split(".")[0] for name in finder.badmodules}
    missing -= sys.stdlib_module_names | {ours.name}  # ours: functions, which it takes for modules
    owners = packages_distributions()
    return sorted({owners[name][0] for name in missing if name in owners})


def download(book: Book, notebook: Notebook) -> str:
    """Return a chapter with its stubs as the text of an .ipynb, the same at every call."""
    stub = read_notebook(notebook.source)
    repository = book.published.git_repository_url
    first = FIRST.format(repository=repository, packages=" ".join(packages(book.root)))
    stub.cells.insert(0, new_code_cell(first.rstrip()))
    number_cells(stub)
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
