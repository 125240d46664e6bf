"""Notebooks as sources: read with true line numbers, answers spliced in."""

import ast
import copy
import io
import linecache
import re
import traceback
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from types import CodeType

import jupytext
import nbformat
from nbformat import NotebookNode

from unrolled.errors import BookError
from unrolled.manifest import Notebook

# Without magics, so that a comment like `# cat the outputs` stays a comment.
PERCENT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
CHECKED = "# NBVAL_CHECK_OUTPUT"  # a cell's first line, for nbval
MARKER = re.compile(r"# %%(?:\s|$)")
HEADING = re.compile(
    r"### Exercise (?P<label>\d+\.\d+) · (?P<title>.+) \(about (?P<lines>\d+) lines?\)\n*"
)


@dataclass(frozen=True)
class Cell:
    """One cell and where its first line stands.

    `place` is what a message names: `chapters/01_name.py` or `03.ipynb, cell 7`; `line` counts
    from 1 within it.
    """

    kind: str
    source: str
    metadata: Mapping[str, object]
    place: str
    line: int

    @property
    def exercise(self) -> str | None:
        """The exercise that the cell answers, if any."""
        value = self.metadata.get("exercise")
        return value if isinstance(value, str) else None

    @property
    def tags(self) -> tuple[str, ...]:
        """The cell's tags."""
        tags = self.metadata.get("tags", ())
        return tuple(tags) if isinstance(tags, list) else ()

    @property
    def checked(self) -> bool:
        """Whether nbval compares this cell's output."""
        return self.source.startswith(CHECKED)


def compiled(source: str, place: str, line: int) -> CodeType:
    """Compile a cell so that tracebacks name its own file and line."""
    if not place.endswith(".py"):
        lines = source.splitlines(keepends=True)
        linecache.cache[place] = (len(source), None, lines, place)
    return _compile(source, place, line)


def lines_through(error: BaseException, places: Container[str]) -> list[str]:
    """Return the lines of these cells that an error went through, outermost first.

    A line that follows itself, as in a recursion, is told once; of many the last twenty are kept.
    """
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{one.filename}:{one.lineno}: {one.line}" for one in frames if one.filename in places]
    return [line for line, _ in groupby(lines)][-20:]


@lru_cache(maxsize=1024)
def _compile(source: str, place: str, line: int) -> CodeType:
    return compile("\n" * (line - 1) + source, place, "exec")


def read_notebook(path: Path) -> NotebookNode:
    """Read a py:percent file or an .ipynb; trouble is one line."""
    return _parsed(path, _content(path))[0]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BookError(f"{path} is missing") from error
    except OSError as error:
        raise BookError(f"{path} cannot be read as a notebook: {error.strerror}") from error


def _parsed(path: Path, content: bytes) -> tuple[NotebookNode, str]:
    """Return the notebook that a file's content is, and its text."""
    try:
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig").read()
        if path.suffix == ".ipynb":
            return nbformat.reads(text, as_version=4), text
        return jupytext.reads(text, fmt=PERCENT), text
    except UnicodeDecodeError as error:
        raise BookError(f"{path} is not UTF-8 text; save it with that encoding") from error
    except Exception as error:  # nbformat and jupytext raise many kinds
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BookError(f"{path} cannot be read as a notebook: {reason}") from error


def read_cells(path: Path, shown: str | None = None) -> list[Cell]:
    """Read the cells of a notebook with their places.

    path: a py:percent file or an .ipynb. shown: the name for messages (default: the path).
    """
    return list(_read_cells(path, shown or str(path), _content(path)))


@lru_cache(maxsize=64)
def _read_cells(path: Path, shown: str, content: bytes) -> list[Cell]:
    notebook, text = _parsed(path, content)
    if path.suffix == ".ipynb":
        return [
            Cell(c.cell_type, c.source, c.metadata, f"{shown}, cell {number}", 1)
            for number, c in enumerate(notebook.cells, start=1)
        ]
    lines = text.split("\n")
    cells, cursor = [], 0
    for cell in notebook.cells:
        wanted = cell.source.split("\n")
        plain = cell.cell_type == "code" and cell.source
        found = _find(lines, wanted, cursor) if plain else None
        if found is None:  # prose stands in comments, and so does a cell in another language
            start = next((i for i in range(cursor, len(lines)) if MARKER.match(lines[i])), cursor)
            cursor = start + 1
        else:
            start, cursor = found, found + len(wanted)
        cells.append(Cell(cell.cell_type, cell.source, cell.metadata, shown, start + 1))
    return cells


def _find(lines: list[str], wanted: list[str], cursor: int) -> int | None:
    places = range(cursor, len(lines) - len(wanted) + 1)
    return next((i for i in places if lines[i : i + len(wanted)] == wanted), None)


def answers_in(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    """Group the code cells that answer an exercise by its id, in order."""
    answers: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.kind == "code" and cell.exercise:
            answers.setdefault(cell.exercise, []).append(cell)
    return answers


def joined(sources: Iterable[str]) -> str:
    """Return the answer that stands in several cells, as one."""
    return "\n\n\n".join(sources)


def exercise_of(cell: NotebookNode) -> str:
    """Return the exercise that a notebook's cell answers; empty for none."""
    name = cell.metadata.get("exercise") if cell.cell_type == "code" else None
    return name if isinstance(name, str) else ""


def sources_of(notebook: NotebookNode | None) -> dict[str, str]:
    """Return a notebook's answers by exercise, each as one; there may be no notebook."""
    found: dict[str, list[str]] = {}
    for cell in notebook.cells if notebook else ():
        if name := exercise_of(cell):
            found.setdefault(name, []).append(cell.source)
    return {name: joined(parts) for name, parts in found.items()}


def number_cells(notebook: NotebookNode) -> None:
    """Give cells the ids that they have at every call; those that libraries give are drawn."""
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"


# --- signatures and docstrings ----------------------------------------------------------------


def definitions(source: str) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    """Return the functions, classes and methods of a cell by qualified name."""
    found: dict[str, ast.FunctionDef | ast.ClassDef] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[prefix + node.name] = node
                if isinstance(node, ast.ClassDef):
                    visit(node.body, f"{prefix}{node.name}.")

    visit(ast.parse(source).body, "")
    return found


def _signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        return f"class {node.name}({bases})"
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"def {node.name}({ast.unparse(node.args)}){result}"


def signature_problem(stub: str, answer: str) -> str | None:
    """Return what differs between the names and signatures of a stub and of an answer."""
    try:
        given = definitions(answer)
    except SyntaxError as error:
        return f"syntax error: {error.msg}, line {error.lineno}: {(error.text or '').strip()}"
    for name, node in definitions(stub).items():
        if name not in given:
            return f"{name} is missing; expected {_signature(node)}"
        if _signature(given[name]) != _signature(node):
            return f"signature is {_signature(given[name])}, expected {_signature(node)}"
    return None


def with_docstrings(stub: str, answer: str) -> str:
    """Copy the stub's docstrings to the definitions of the answer that have none."""
    stub_lines, lines = stub.split("\n"), answer.split("\n")
    given = definitions(answer)
    inserts: list[tuple[int, list[str]]] = []
    for name, node in definitions(stub).items():
        other = given.get(name)
        if ast.get_docstring(node) is None or other is None or ast.get_docstring(other) is not None:
            continue
        text = node.body[0]
        first = other.body[0]
        decorators = getattr(first, "decorator_list", [])
        line = min([first.lineno, *(one.lineno for one in decorators)])
        if line == other.lineno:  # a body on the line of its header has no room
            continue
        gap = [""] if isinstance(other, ast.ClassDef) else []
        inserts.append((line - 1, stub_lines[text.lineno - 1 : text.end_lineno] + gap))
    for line, text_lines in sorted(inserts, reverse=True, key=lambda pair: pair[0]):
        lines[line:line] = text_lines
    return "\n".join(lines)


# --- splice -----------------------------------------------------------------------------------


def splice(
    chapter: NotebookNode, answers: NotebookNode, shown: str, partial: bool = False
) -> NotebookNode:
    """Put the keyed cells of `answers` into the exercise cells of `chapter`; both stay as they are.

    A key that occurs several times is joined in order; docstrings come from the stub. `shown` names
    the answers in errors. Raises BookError for an unknown key, for a signature that differs and,
    unless `partial`, for an exercise without an answer.
    """
    keyed, result = sources_of(answers), copy.deepcopy(chapter)
    stubs = {exercise_of(cell): cell for cell in result.cells if exercise_of(cell)}
    for name in keyed:
        if name not in stubs:
            raise BookError(
                f'{shown}: cell exercise="{name}": no such exercise in the chapter; '
                f"expected one of {', '.join(stubs)}"
            )
    for name, cell in stubs.items():
        if name not in keyed:
            if partial:
                continue
            raise BookError(
                f'{shown}: no answer to exercise {name!r}; add a cell exercise="{name}"'
            )
        problem = signature_problem(cell.source, keyed[name])
        if problem:
            raise BookError(f'{shown}: cell exercise="{name}": {problem}')
        cell.source = with_docstrings(cell.source, keyed[name])
    return result


def check_headings(chapter: Iterable[Cell], notebook: Notebook) -> Iterator[str]:
    """Yield what differs between the chapter's exercises and those of book.toml, a line each."""
    heading: re.Match[str] | None = None
    place, seen = "", []
    for cell in chapter:
        where = f"{cell.place}:{cell.line}"
        if cell.kind == "markdown":
            match = re.search(r"^### Exercise .*$", cell.source, re.MULTILINE)
            if match:
                heading, place = HEADING.match(cell.source), where
                if heading is None:
                    wanted = "Exercise N.M · Title (about K lines)"
                    yield f"{where}: {match[0]!r} should open its cell as: {wanted}"
        elif cell.exercise and "exercise" in cell.tags:
            seen.append(cell.exercise)
            if cell.exercise not in [one.id for one in notebook.exercises]:
                yield f"{where}: exercise {cell.exercise!r} is not in book.toml"
                continue
            wanted = f"{notebook.label(cell.exercise)} · {notebook.exercise(cell.exercise).title}"
            found = f"{heading['label']} · {heading['title']}" if heading else "no heading"
            if found != wanted:
                yield f"{place or where}: heading {found!r} disagrees with book.toml: {wanted!r}"
            heading = None
    expected = [one.id for one in notebook.exercises]
    if not set(expected) <= set(seen):
        missing = ", ".join(sorted(set(expected) - set(seen)))
        yield f"chapters/{notebook.name}.py: no stub for {missing}, which book.toml lists"
    elif seen != expected and set(seen) == set(expected):
        yield f"chapters/{notebook.name}.py: exercises are {seen}, book.toml has {expected}"
