"""The page of a chapter: exercise blocks in place of stubs, each with its folded solution."""

import copy

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from unrolled.errors import BookError
from unrolled.manifest import Exercise, Notebook, amount
from unrolled.notebook import HEADING, exercise_of, number_cells


def weave(
    chapter: NotebookNode, solved: NotebookNode, answers: NotebookNode, notebook: Notebook
) -> NotebookNode:
    """Return the page: stubs in exercise blocks, each followed by one collapsed solution.

    chapter: the stubs; solved: the spliced and executed notebook, cell for cell the same;
    answers: the reference, whose keyed markdown says why. Pure: nothing given is changed.
    """
    why: dict[str, list[str]] = {}
    for cell in answers.cells:
        if cell.cell_type == "markdown" and "exercise" in cell.metadata:
            why.setdefault(cell.metadata["exercise"], []).append(cell.source)
    page = copy.deepcopy(solved)
    cells: list[NotebookNode] = []
    for stub, cell in zip(chapter.cells, page.cells, strict=True):
        name = exercise_of(cell)
        if not name:
            cells.append(_with_alt(cell))
            continue
        exercise = notebook.exercise(name)
        task, lines = _take_task(cells, notebook)
        label = f"{notebook.key}-{name}"  # anchors know no case: Windows, windows
        cells += [
            new_markdown_cell(_exercise_block(exercise, label, lines, task, stub.source)),
            new_markdown_cell(_solution_start(label)),
            cell,
            new_markdown_cell("\n\n".join([*why.get(name, []), "```{solution-end}\n```"])),
        ]
    page.cells = cells
    number_cells(page)
    return page


def _take_task(cells: list[NotebookNode], notebook: Notebook) -> tuple[str, str]:
    """Cut the text below the exercise's heading, and the size of the answer, out of its cell."""
    last = cells[-1]
    match = HEADING.match(last.source)
    if match is None:
        raise BookError(
            f"chapters/{notebook.name}.py: the cell before an exercise must open with its heading, "
            f"found {last.source[:60]!r}"
        )
    task = last.source[match.end() :]
    last.source = exercise_heading(match["label"], match["title"])
    return task, match["lines"]


def exercise_heading(label: str, title: str) -> str:
    """Return the heading of an exercise on its page."""
    return f"### Exercise {label} · {title}"


def _exercise_block(exercise: Exercise, label: str, lines: str, task: str, stub: str) -> str:
    points, minutes = amount(exercise.points, "point"), amount(exercise.minutes, "minute")
    head = f"{points} · about {amount(int(lines), 'line')} · about {minutes}"
    parts = [
        f"`````{{exercise}} {head}\n:label: exercise-{label}\n:nonumber:\n",
        task,
        f"\n````python\n{stub}\n````",
        "`````",
    ]
    return "\n".join(part for part in parts if part)


def _solution_start(label: str) -> str:
    start = f"```{{solution-start}} exercise-{label}"
    return f"{start}\n:label: solution-{label}\n:class: dropdown\n```"


def _with_alt(cell: NotebookNode) -> NotebookNode:
    if "alt" in cell.metadata:
        cell.metadata["mystnb"] = {"image": {"alt": cell.metadata["alt"]}}
    return cell
