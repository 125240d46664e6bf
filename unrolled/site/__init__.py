"""The book as pages: assemble Sphinx's sources from the executed notebooks, then run Sphinx."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from unrolled.errors import BookError
from unrolled.execute import Executed, Progress, execute
from unrolled.files import write_atomic
from unrolled.manifest import Book, Notebook
from unrolled.notebook import Cell, check_headings, read_cells, read_notebook, weave
from unrolled.site.movable import with_movable

BEGIN, END = "<!-- chapters:begin -->", "<!-- chapters:end -->"


def build(book: Book, notebooks: Sequence[Notebook], progress: Progress) -> tuple[int, Path]:
    """Execute, weave and render; return the cells executed and the path of the first page.

    Only the named notebooks are executed anew; the pages of the others are left as they stand.
    Raises BookError for a heading that disagrees with book.toml, a failing cell, a warning.
    """
    for notebook in book.notebooks:
        for problem in check_headings(_shown(notebook), notebook):
            raise BookError(problem)
    executed = execute(notebooks, book.root / "build" / "executed", progress)
    pages = book.root / "build" / "pages"
    kept = set(_assemble(book, pages, executed))
    for path in [path for path in pages.rglob("*") if path.is_file() and path not in kept]:
        if path.suffix != ".ipynb" or len(notebooks) == len(book.notebooks):
            path.unlink()
    _render(book, pages)
    return sum(one.cells for one in executed), book.root / "build" / "html" / "index.html"


def _shown(notebook: Notebook) -> list[Cell]:
    return read_cells(notebook.source, f"chapters/{notebook.name}.py")


def _assemble(book: Book, pages: Path, executed: Iterable[Executed]) -> Iterator[Path]:
    chapters = book.root / book.about.src
    for source in chapters.glob("*.md"):
        text = source.read_text(encoding="utf-8")
        yield _write(pages / source.name, fill_table(book, text, "{name}.ipynb"))
    for one in executed:
        name, solutions = one.notebook.name, read_notebook(one.notebook.solutions)
        page = weave(read_notebook(one.notebook.source), one.solved, solutions, one.notebook)
        _without_marks(page)
        with_movable(page, f"chapters/{name}.py")
        _add_download(page, name)
        _plain_metadata(page)
        yield _write(pages / f"{name}.ipynb", nbformat.writes(page))
        yield _write(pages / "exercises" / f"{name}.ipynb", stub_notebook(one.notebook))


def _write(path: Path, text: str) -> Path:
    write_atomic(path, text)
    return path


def _plain_metadata(page: NotebookNode) -> None:
    page.metadata = nbformat.from_dict({"kernelspec": dict(page.metadata["kernelspec"])})


def _without_marks(page: NotebookNode) -> None:
    """Drop the line that only nbval reads."""
    for cell in page.cells:
        if cell.cell_type == "code":
            cell.source = cell.source.removeprefix("# NBVAL_CHECK_OUTPUT").lstrip("\n")


def _add_download(page: NotebookNode, name: str) -> None:
    link = f"{{download}}`the exercises as a notebook <exercises/{name}.ipynb>`"
    cell = new_markdown_cell(f"Work it yourself: {link}, without answers.")
    cell["id"] = "download"
    page.cells.insert(1, cell)


def stub_notebook(notebook: Notebook) -> str:
    """Return a chapter with its stubs as the text of an .ipynb, the same at every call."""
    stub = read_notebook(notebook.source)
    for number, cell in enumerate(stub.cells):
        cell["id"] = f"cell-{number}"
    return jupytext.writes(stub, fmt="ipynb")


def chapter_table(book: Book, link: str) -> str:
    """Return the table of chapters in Markdown; `link` is a pattern with {name}."""
    rows = ["| | chapter | exercises | points |", "|---|---|---|---|"]
    for chapter in book.chapters:
        names = [link.format(name=name) for name in chapter.notebooks]
        title = f"[{chapter.title}]({names[0]})"
        if len(names) > 1:
            title += " · " + " · ".join(
                f"[{name.split('_')[0]}]({target})"
                for name, target in zip(chapter.notebooks, names, strict=True)
            )
        points = sum(one.points for one in chapter.exercise)
        rows.append(f"| {chapter.number} | {title} | {len(chapter.exercise)} | {points} |")
    return "\n".join(rows)


def fill_table(book: Book, text: str, link: str) -> str:
    """Put the table of chapters between the two markers, where a text has them."""
    if BEGIN not in text:
        return text
    if END not in text:
        raise BookError(f"{BEGIN} without {END}")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n{chapter_table(book, link)}\n{END}{after}"


def _render(book: Book, pages: Path) -> None:
    conf, html = Path(__file__).parent, book.root / "build" / "html"
    doctrees = book.root / "build" / "doctrees"
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    command += ["-c", str(conf), "-d", str(doctrees), str(pages), str(html)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=book.root)
    shutil.rmtree(html / "_sources", ignore_errors=True)  # the theme puts solved notebooks there
    if done.returncode:
        shutil.rmtree(doctrees, ignore_errors=True)  # else the next run would not warn again
        lines = (done.stdout + done.stderr).replace(str(book.root) + "/", "").splitlines()
        told = [line for line in lines if re.search("WARNING|ERROR|CRITICAL", line)] or lines
        raise BookError("Sphinx stopped: " + "\n".join(told[:20]))
