"""What is wrong with a notebook's sources, as far as no answer has to run for it."""

import ast
import statistics
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from nbformat import NotebookNode

from unrolled.answers import wrong_answers
from unrolled.author.numbers import literals, quoted, unguarded, unprinted
from unrolled.author.spelled import unsaid
from unrolled.errors import BookError
from unrolled.execute import solve
from unrolled.hints import LEVELS, read_hints
from unrolled.manifest import Notebook, amount, read_book
from unrolled.measure.experiments import stale
from unrolled.notebook import (
    Cell,
    answers_in,
    check_headings,
    read_cells,
    read_notebook,
    signature_problem,
    splice,
)

WRONG_ANSWERS = 3
GUARDED = 0.95  # of the numbers in the prose, those whose last digit cannot change unnoticed
DRAWING = ("plt.show()", "plt.subplots(", "alt.Chart(")
WIDTH, ANSWER_WIDTH, CELL_LINES, CELL_MEDIAN = 77, 69, 25, 6


def written(notebook: Notebook) -> list[str]:
    """Return what is wrong with the sources themselves, without running an answer."""
    problems = list(check_headings(_cells(notebook.source, notebook), notebook))
    for path in (notebook.solutions, notebook.hints, notebook.checks, notebook.wrong):
        if not path.is_file():
            problems.append(f"{_shown(path, notebook)} is missing")
    if problems:
        return problems
    try:
        splice(
            read_notebook(notebook.source),
            read_notebook(notebook.solutions),
            _shown(notebook.solutions, notebook),
        )
        survivors(notebook)
    except BookError as error:
        return [str(error)]
    for name, cells in answers_in(_cells(notebook.solutions, notebook)).items():
        if len(cells) > 1:
            problems.append(f"{cells[1].place}:{cells[1].line}: {name} is answered above already")
    problems += _stubs(notebook)
    problems += _whys(notebook)
    problems += _wrong_written(notebook)
    problems += _hints(notebook)
    problems += _measures(notebook)
    problems += stale(notebook)
    problems += numbers(notebook)
    return problems


def _shown(path: Path, notebook: Notebook) -> str:
    return path.relative_to(notebook.root).as_posix()


def _cells(path: Path, notebook: Notebook) -> list[Cell]:
    return read_cells(path, _shown(path, notebook))


def _stubs(notebook: Notebook) -> Iterator[str]:
    for cell in _cells(notebook.source, notebook):
        if not cell.exercise:
            continue
        wanted = f'raise NotImplementedError("exercise {cell.exercise}")'
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef):
                if ast.unparse(node.body[-1]).replace("'", '"') != wanted or len(node.body) > 2:
                    where = f"{cell.place}:{cell.line + node.lineno - 1}"
                    yield f"{where}: the body of a stub is its docstring and `{wanted}`"
                elif ast.get_docstring(node) is None and node.name != "__init__":
                    where = f"{cell.place}:{cell.line + node.lineno - 1}"
                    yield f"{where}: {node.name} has no docstring"


def _whys(notebook: Notebook) -> Iterator[str]:
    cells = _cells(notebook.solutions, notebook)
    said = {c.exercise: c.source for c in cells if c.kind == "markdown" and c.exercise}
    for exercise in notebook.exercises:
        if len(said.get(exercise.id, "").split()) < 8:
            yield f"{_shown(notebook.solutions, notebook)}: {exercise.id} does not say why"


def _wrong_written(notebook: Notebook) -> Iterator[str]:
    stubs = answers_in(_cells(notebook.source, notebook))
    found = wrong_answers(notebook)
    place = _shown(notebook.wrong, notebook)
    for one in found:
        if one.exercise not in stubs:
            yield f"{place}: mistake {one.mistake!r}: no exercise {one.exercise!r}"
            continue
        [cell] = one.answers.cells[one.exercise]
        problem = signature_problem(stubs[one.exercise][0].source, cell.source)
        if problem:
            yield f"{place}:{cell.line}: {one.name}: {problem}"
    for exercise in stubs:
        mine = [one for one in found if one.exercise == exercise and one.form == 1]
        if len(mine) < WRONG_ANSWERS:
            has = amount(len(mine), "wrong answer")
            yield f"{place}: {exercise} has {has}, expected {WRONG_ANSWERS}"
        if len({one.says for one in mine}) < len(mine) or len({w.mistake for w in mine}) < len(
            mine
        ):
            yield f"{place}: two wrong answers of {exercise} share a name or a message"


def _hints(notebook: Notebook) -> Iterator[str]:
    hints, place = read_hints(notebook.hints), _shown(notebook.hints, notebook)
    for exercise in notebook.exercises:
        count = len([hint for hint in hints.get(exercise.id, []) if hint])
        if count != LEVELS:
            yield f"{place}: {exercise.id} has {amount(count, 'hint')}, expected {LEVELS}"
    for name in set(hints) - {one.id for one in notebook.exercises}:
        yield f"{place}: no exercise {name!r} in book.toml"


def _measures(notebook: Notebook) -> Iterator[str]:
    sizes = []
    for path in (notebook.source, notebook.solutions):
        for cell in _cells(path, notebook):
            if cell.kind != "code":
                continue
            size = _code_lines(cell.source)
            sizes.append(size)
            if size > CELL_LINES:
                yield f"{cell.place}:{cell.line}: {size} lines of code, at most {CELL_LINES}"
            width = ANSWER_WIDTH if cell.exercise else WIDTH
            for number, line in enumerate(cell.source.splitlines()):
                if len(line) > width:
                    yield f"{cell.place}:{cell.line + number}: {len(line)} columns, at most {width}"
    if sizes and statistics.median(sizes) > CELL_MEDIAN:
        found = f"cells of {statistics.median(sizes)} lines in the median"
        yield f"{_shown(notebook.source, notebook)}: {found}, at most {CELL_MEDIAN}"
    for cell in _cells(notebook.source, notebook):
        if _draws(cell) and not cell.metadata.get("alt"):
            yield f'{cell.place}:{cell.line}: a figure without alt text; add alt="…" to the cell'


def _draws(cell: Cell) -> bool:
    """Whether a cell draws a figure."""
    return cell.kind == "code" and any(one in cell.source for one in DRAWING)


def _code_lines(source: str) -> int:
    """Count lines that are neither blank, nor docstring, nor import."""
    skipped: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) or (
            text and isinstance(node, ast.Expr) and isinstance(ast.literal_eval(node.value), str)
        ):
            skipped.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(source.splitlines(), start=1)
    return sum(bool(line.strip()) and number not in skipped for number, line in lines)


def numbers(notebook: Notebook) -> list[str]:
    """Return what is wrong with the prose's numbers and with the reference that prints them."""
    cells = _cells(notebook.source, notebook)
    place, mend = _shown(notebook.reference, notebook), f"run `unrolled reference {notebook.key}`"
    if not notebook.reference.is_file():
        return [f"{place} is missing; {mend}"]
    outputs = read_notebook(notebook.reference).cells
    solved = solve(notebook).cells
    differs = (
        []
        if _sources(outputs) == _sources(solved)
        else [f"{place} differs from the sources; {mend}"]
    )
    if _sources(outputs, "code") != _sources(solved, "code") or len(outputs) != len(solved):
        return differs
    count, loose = len(list(quoted(cells))), unguarded(cells, outputs)
    if len(loose) <= (1 - GUARDED) * count:
        loose = []
    wrong = literals(cells) + unprinted(cells, outputs) + unsaid(cells, outputs)
    return wrong + loose + differs


def _sources(cells: Sequence[NotebookNode], kind: str = "") -> list[str]:
    return [cell.source for cell in cells if cell.cell_type == kind or not kind]


def survivors(notebook: Notebook) -> dict[str, dict[str, str]]:
    """Return the mutants that are known to survive: exercise → change → reason."""
    path = notebook.wrong.parent / "survivors.toml"
    if not path.is_file():
        return {}
    try:
        table: dict[str, dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BookError(f"tests/wrong/{path.name}: {error}") from error
    known = {one.id for other in read_book(notebook.root).notebooks for one in other.exercises}
    for name in table:
        if name not in known:
            raise BookError(f"tests/wrong/{path.name}: no exercise {name!r} in book.toml")
    ids = {one.id for one in notebook.exercises}
    return {exercise: reasons for exercise, reasons in table.items() if exercise in ids}
