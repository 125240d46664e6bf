"""A student's folder: copy the chapters, run the checks on what stands there."""

from collections.abc import Iterator, Sequence

import jupytext
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from unrolled.answers import newest
from unrolled.checks.plugin import Verdict
from unrolled.checks.run import new_seed
from unrolled.checks.session import run_pytest
from unrolled.errors import BookError
from unrolled.files import write_atomic
from unrolled.manifest import Book, Notebook
from unrolled.notebook import read_notebook

SIGNS = {
    "passed": "[green]✓[/]",
    "failed": "[red]✗[/]",
    "untried": "[dim]·[/]",
    "rests": "[yellow]·[/]",
}


def start(book: Book, notebooks: Sequence[Notebook]) -> Iterator[str]:
    """Copy chapters into work/, a .py and a paired .ipynb each; yield a line for each notebook."""
    work = book.root / "work"
    for notebook in notebooks:
        if newest(work, notebook) if work.is_dir() else None:
            yield f"work/{notebook.name}: there already, left as it is"
            continue
        for suffix, text in paired(notebook).items():
            write_atomic(work / f"{notebook.name}{suffix}", text)
        yield f"work/{notebook.name}.py and .ipynb: {len(notebook.exercises)} exercises"


def paired(notebook: Notebook) -> dict[str, str]:
    """Return the stubs as a .py and an .ipynb that Jupytext keeps in step."""
    stub = read_notebook(notebook.source)
    settings = {"formats": "ipynb,py:percent", "comment_magics": False}
    stub.metadata.setdefault("jupytext", {}).update(settings)
    for number, cell in enumerate(stub.cells):
        cell["id"] = f"cell-{number}"
    return {
        ".py": jupytext.writes(stub, fmt="py:percent"),
        ".ipynb": jupytext.writes(stub, fmt="ipynb"),
    }


def check(
    book: Book,
    notebooks: Sequence[Notebook],
    exercises: Sequence[str],
    answers: str,
    seed: int | None,
) -> int:
    """Run the checks on the answers in a folder and print a table; 0 if all pass, else 1."""
    for exercise in exercises:
        book.notebook_of(exercise)
    if answers == "work" and not (book.root / "work").is_dir():
        raise BookError("no folder work/ yet; `unrolled start` makes it")
    chosen = [n for n in notebooks if not exercises or {e.id for e in n.exercises} & set(exercises)]
    arguments = [str(one.checks) for one in chosen]
    arguments += [f"--rootdir={book.root}", f"--answers={answers}"]
    arguments += [f"--exercise={one}" for one in exercises]
    seed = new_seed() if seed is None else seed
    arguments.append(f"--seed={seed}")
    _, verdicts, said = run_pytest(arguments)
    if not verdicts:
        last = [line for line in said.splitlines() if line.strip()][-1:]
        raise BookError(f"the checks did not run: {''.join(last).removeprefix('ERROR: ')}")
    return show(book, verdicts, seed)


def show(book: Book, verdicts: Sequence[Verdict], seed: int) -> int:
    """Print a row for each exercise, then the first failure in full; return the exit code."""
    console = Console()
    table = Table(box=None, pad_edge=False)
    for title, justify in (
        ("", "left"),
        ("exercise", "left"),
        ("checks", "right"),
        ("points", "right"),
    ):
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    table.add_column("")
    for notebook in book.notebooks:
        for exercise in notebook.exercises:
            mine = [one for one in verdicts if one.exercise == exercise.id]
            if mine:
                table.add_row(*_row(notebook, exercise.id, exercise.points, mine))
    console.print(table)
    failed = next((one for one in verdicts if one.outcome == "failed"), None)
    if failed:
        console.print(f"\n[bold]{escape(failed.exercise)}[/]: {escape(failed.sentence)}")
        for line in failed.told:
            console.print(f"  {escape(line)}", highlight=False)
        again = f"once more: unrolled check {failed.exercise} --seed {seed}"
        console.print(f"  {again}", highlight=False)
    return 0 if all(one.outcome == "passed" for one in verdicts) else 1


def _row(notebook: Notebook, exercise: str, points: int, mine: Sequence[Verdict]) -> list[str]:
    passed = sum(one.outcome == "passed" for one in mine)
    worst = next((one for one in mine if one.outcome != "passed"), mine[0])
    note = "" if worst.outcome == "passed" else worst.told[0]
    earned = sum(one.points for one in mine)
    return [
        SIGNS[worst.outcome],
        f"{notebook.label(exercise)} {exercise}",
        f"{passed}/{len(mine)}",
        f"{earned:.3g}/{points}",
        escape(note),
    ]
