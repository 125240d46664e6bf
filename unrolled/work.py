"""A student's folder: copy the chapters, run the checks on what stands there."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import jupytext
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from unrolled.answers import called, meant_folder, newest, overruled, versions
from unrolled.checks.plugin import Verdict
from unrolled.checks.run import new_seed
from unrolled.checks.session import run_pytest
from unrolled.errors import BookError
from unrolled.files import write_atomic
from unrolled.grade.course import read_course
from unrolled.manifest import Book, Exercise, Notebook
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
    if work.exists() and not work.is_dir():
        raise BookError(f"{work} is a file; expected a folder for your answers: rename the file")
    for notebook in notebooks:
        there = versions(work, notebook) if work.is_dir() else []
        written = []
        for suffix, text in paired(there[0] if there else notebook.source).items():
            path = work / f"{notebook.name}{suffix}"
            if path.suffix not in {one.suffix for one in there}:
                write_atomic(path, text)
                written.append(path.name)
        if not written:
            yield f"work/{notebook.name}: there already, left as it is"
        elif there:
            yield f"work/{written[0]}: written from {there[0].name}, which is left as it is"
        else:
            yield f"work/{notebook.name}.py and .ipynb: {len(notebook.exercises)} exercises"


def paired(source: Path) -> dict[str, str]:
    """Return a notebook as a .py and an .ipynb that Jupytext keeps in step."""
    stub = read_notebook(source)
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
    """Run the checks on the answers in a folder and print a table; 0 if all pass, else 1.

    exercises: as a person calls them, see `called`; all of the notebooks' for none.
    """
    named = [one for name in exercises for one in called(book, name)]
    folder = meant_folder(answers, Path.cwd(), book.root)
    if answers == "work" and not folder.is_dir():
        raise BookError("no folder work/ yet; `unrolled start` makes it")
    chosen = [n for n in notebooks if not named or {e.id for e in n.exercises} & set(named)]
    found = {one: newest(folder, one) for one in chosen}
    if not any(found.values()):
        names = ", ".join(f"{one.name}.py or .ipynb" for one in chosen)
        raise BookError(f"no {names} in {answers}/; `unrolled start` puts it there")
    chosen = [one for one in chosen if found[one]]
    arguments = [str(one.checks) for one in chosen]
    arguments += [f"--rootdir={book.root}", f"--answers={folder}"]
    arguments += [f"--exercise={one}" for one in named]
    seed = new_seed() if seed is None else seed
    arguments.append(f"--seed={seed}")
    _, verdicts, said = run_pytest(arguments)
    if not verdicts:
        last = [line for line in said.splitlines() if line.strip()][-1:]
        raise BookError(f"the checks did not run: {''.join(last).removeprefix('ERROR: ')}")
    console = Console()
    for notebook in chosen:
        older, read = overruled(folder, notebook), found[notebook]
        if older and read:
            note = f"{read.name} was saved last and is checked; {older.name} has other answers"
            console.print(f"[yellow]{escape(note)}[/]\n", highlight=False)
    return show(console, book, verdicts, seed)


def show(console: Console, book: Book, verdicts: Sequence[Verdict], seed: int) -> int:
    """Print a row for each exercise, then how the first one fails; return the exit code."""
    table, course = Table(box=None, pad_edge=False), read_course(book)
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
                table.add_row(*_row(notebook, exercise, course.points_of(exercise), mine))
    console.print(table)
    failed = [one for one in verdicts if one.outcome == "failed"]
    first = [one for one in failed if one.exercise == failed[0].exercise]
    if first:
        console.print(f"\n[bold]{escape(first[0].exercise)}[/]", highlight=False)
    for number, verdict in enumerate(first):
        console.print(f"  {SIGNS['failed']} {escape(verdict.sentence)}", highlight=False)
        for line in [*verdict.told, *_printed(verdict)] if number == 0 else verdict.told[:1]:
            console.print(f"      {escape(line)}", highlight=False)
    if first:
        again = f"once more: unrolled check {first[0].exercise} --seed {seed}"
        console.print(f"  {again}", highlight=False)
    elif verdicts[0].printed:
        for line in _printed(verdicts[0]):
            console.print(f"  {escape(line)}", highlight=False)
    return 0 if all(one.outcome == "passed" for one in verdicts) else 1


def _printed(verdict: Verdict) -> list[str]:
    return [f"printed: {line}" for line in verdict.printed.splitlines()]


def _row(
    notebook: Notebook, exercise: Exercise, points: float, mine: Sequence[Verdict]
) -> list[str]:
    passed = sum(one.outcome == "passed" for one in mine)
    worst = next((one for one in mine if one.outcome != "passed"), mine[0])
    note = "" if worst.outcome == "passed" else worst.told[0]
    earned = sum(one.points for one in mine) * points / exercise.points
    return [
        SIGNS[worst.outcome],
        f"{notebook.label(exercise.id)} {exercise.id}",
        f"{passed}/{len(mine)}",
        f"{earned:.3g}/{points:g}",
        escape(note),
    ]
