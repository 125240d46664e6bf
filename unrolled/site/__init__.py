"""The book as pages: assemble Sphinx's sources from the executed notebooks, then run Sphinx."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from unrolled.errors import BookError, Show
from unrolled.execute import Executed, execute, plain_metadata
from unrolled.files import fingerprint, write_atomic
from unrolled.manifest import Book, Notebook
from unrolled.notebook import CHECKED, Cell, check_headings, read_cells, read_notebook
from unrolled.site.chapter import dress
from unrolled.site.claims import claims
from unrolled.site.costs import costs
from unrolled.site.downloads import download
from unrolled.site.glossary import glossary
from unrolled.site.landing import cards, figure, repository
from unrolled.site.links import broken
from unrolled.site.movable import with_movable
from unrolled.site.numbers import again, checks, tables
from unrolled.site.weave import weave

FIRST = "index.md"
PDF = "unrolled.pdf"
TROUBLE = re.compile(r"WARNING|ERROR|CRITICAL|^\s*[\w.]+(?:Error|Exception): ")  # what Sphinx says
LINK = f'Or all of it as <a href="{PDF}">one PDF</a>, for paper.'


def build(book: Book, notebooks: Sequence[Notebook], progress: Show) -> tuple[int, Path]:
    """Execute, weave and render; return the cells executed and the path of the first page.

    Only the named notebooks are executed anew; the pages of the others are left as they stand.
    Raises BookError for a heading that disagrees with book.toml, a failing cell, a warning, and
    where one of the others has no page yet.
    """
    for notebook in book.notebooks:
        for problem in check_headings(_shown(notebook), notebook):
            raise BookError(problem)
    pages = book.root / "build" / "pages"
    others = [one for one in book.notebooks if one not in notebooks]
    if lacks := [one.key for one in others if not (pages / f"{one.name}.ipynb").is_file()]:
        lack = ", ".join(lacks)
        raise BookError(f"no page yet of {lack}, which others link to; `unrolled build` makes all")
    executed = execute(notebooks, book.root / "build" / "executed", progress)
    return sum(one.cells for one in executed), render(book, executed)


def render(book: Book, executed: Sequence[Executed]) -> Path:
    """Weave notebooks that were executed and render all pages; return the path of the first.

    Raises BookError for a warning of Sphinx and for a link that leads nowhere.
    """
    pages, html = book.root / "build" / "pages", book.root / "build" / "html"
    kept = set(_assemble(book, pages, executed))
    for path in [path for path in pages.rglob("*") if path.is_file() and path not in kept]:
        if path.suffix != ".ipynb" or len(executed) == len(book.notebooks):
            path.unlink()
    shutil.rmtree(html / "downloads", ignore_errors=True)
    for notebook in book.notebooks:
        write_atomic(html / "downloads" / f"{notebook.name}.ipynb", download(book, notebook))
    _sphinx(book, pages, html)
    if printed(book):
        shutil.copy2(book.root / "build" / PDF, html)
    else:
        (html / PDF).unlink(missing_ok=True)
    known = {path.stem for path in pages.iterdir()} | {"genindex", "search"}
    for path in html.glob("*.html"):
        if path.stem not in known:  # of a page that is no more
            path.unlink()
    lost = list(broken(html, book.published.site_url))
    if lost:
        raise BookError("links that lead nowhere: " + "\n".join(lost[:20]))
    return html / "index.html"


def printed(book: Book) -> bool:
    """Say whether build/unrolled.pdf was printed from the pages as they are now."""
    path, pages = book.root / "build" / PDF, book.root / "build" / "pages"
    changed = [one.stat().st_mtime for one in pages.iterdir() if one.name != FIRST]
    return path.is_file() and path.stat().st_mtime >= max(changed, default=0)


def _shown(notebook: Notebook) -> list[Cell]:
    return read_cells(notebook.source, f"chapters/{notebook.name}.py")


def _assemble(book: Book, pages: Path, executed: Iterable[Executed]) -> Iterator[Path]:
    for one in executed:
        name, solutions = one.notebook.name, read_notebook(one.notebook.solutions)
        page = weave(read_notebook(one.notebook.source), one.solved, solutions, one.notebook)
        _without_marks(page)
        with_movable(page, f"chapters/{name}.py")
        dress(page, book, one.notebook)
        plain_metadata(page)
        yield _write(pages / f"{name}.ipynb", nbformat.writes(page))
    sources = (book.root / book.about.src).glob("*.md")
    for source in sorted(sources, key=lambda one: one.name == FIRST):  # it tells of the others
        text = source.read_text(encoding="utf-8")
        yield _write(pages / source.name, _filled(book, text, pages))


def _filled(book: Book, text: str, pages: Path) -> str:
    """Put what is generated into a page, in the place of the comment that asks for it."""
    text, mark, own = text.partition("<!-- words -->")
    if mark:
        text += glossary(book, own)
    places = [(one.name, pages / f"{one.name}.ipynb") for one in book.notebooks]
    generated = {
        "figure": lambda: figure(book),
        "cards": lambda: cards(book),
        "pdf": lambda: LINK if printed(book) else "",
        "repository": lambda: repository(book),
        "costs": lambda: costs(book),
        "again": lambda: again(book),
        "checks": lambda: checks(book),
        "tables": lambda: tables(book),
        "claims": lambda: claims((n, read_notebook(path)) for n, path in places if path.is_file()),
    }
    for name, make in generated.items():
        mark = f"<!-- {name} -->"
        if mark in text:
            text = text.replace(mark, make())
    return text


def _write(path: Path, text: str) -> Path:
    write_atomic(path, text)
    return path


def _without_marks(page: NotebookNode) -> None:
    """Drop the line that only nbval reads."""
    for cell in page.cells:
        if cell.cell_type == "code":
            cell.source = cell.source.removeprefix(CHECKED).lstrip("\n")


def _sphinx(book: Book, pages: Path, html: Path) -> None:
    conf = Path(__file__).parent
    doctrees = book.root / "build" / "doctrees"
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "-T"]
    # Sphinx writes again what changed, and knows of its settings, not of the code of extensions.
    own = [path for path in conf.rglob("*") if path.suffix != ".pyc"]
    command += ["-D", f"html_context.made_by={fingerprint(own)}"]
    command += ["-c", str(conf), "-d", str(doctrees), str(pages), str(html)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=book.root)
    shutil.rmtree(html / "_sources", ignore_errors=True)  # the theme puts solved notebooks there
    if done.returncode:
        shutil.rmtree(doctrees, ignore_errors=True)  # else the next run would not warn again
        lines = (done.stdout + done.stderr).replace(str(book.root) + "/", "").splitlines()
        told = [line for line in lines if TROUBLE.search(line)] or lines
        raise BookError("Sphinx stopped: " + "\n".join(told[:20]))
