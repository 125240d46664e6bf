"""The command `check`: run the checks on answers and show how they end."""

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from unrolled.answers import newest, overruled
from unrolled.checks.run import new_seed
from unrolled.checks.session import Ran, placed, run_pytest
from unrolled.checks.verdict import SIGNS, Verdict
from unrolled.course import Course, read_course
from unrolled.errors import BookError
from unrolled.hints import LEVELS
from unrolled.manifest import Book, Exercise, Notebook
from unrolled.student.progress import Progress, Record, read_progress, record
from unrolled.student.tutor import console
from unrolled.student.work import Asked, asked, checked

STYLES = {"passed": "green", "failed": "red", "untried": "dim", "rests": "yellow"}
COLORED = {outcome: f"[{style}]{SIGNS[outcome]}[/]" for outcome, style in STYLES.items()}


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
    what = asked(book, notebooks, exercises, answers)
    seed = new_seed() if seed is None else seed
    hashes = checked(what)
    ran = run_pytest(words(book, what, seed))
    screen = console()
    for line in two_answers(what):
        screen.print(line)
    return conclude(screen, book, what, ran, seed, hashes)


def words(book: Book, what: Asked, seed: int) -> list[str]:
    """Return the words for pytest."""
    places = [*placed(book), *(str(one.checks) for one in what.notebooks)]
    answers = [f"--answers={what.folder}", f"--seed={seed}"]
    return [*places, *answers, *(f"--exercise={one}" for one in what.exercises)]


def conclude(
    screen: Console, book: Book, what: Asked, ran: Ran, seed: int, hashes: Sequence[tuple[str, str]]
) -> int:
    """Print what a run gave, and note it where the answers are the student's own."""
    if not ran.verdicts:
        raise BookError(f"the checks did not run: {ran.reason}")
    progress = read_progress(what.folder)[0] if what.mine else Progress()
    code = show(screen, book, ran, seed, progress)
    if what.mine:
        try:
            record(what.folder, ran.verdicts, hashes)
        except BookError as error:
            screen.print(f"[yellow]{escape(str(error))}[/]")
    return code


def two_answers(what: Asked) -> Iterator[str]:
    """Yield a line for each notebook whose older file holds other answers."""
    for notebook in what.notebooks:
        older, read = overruled(what.folder, notebook), newest(what.folder, notebook)
        if older and read:
            note = f"{read.name} was saved last and is checked; {older.name} has other answers"
            yield f"[yellow]{escape(note)}[/]\n"


def show(screen: Console, book: Book, ran: Ran, seed: int, progress: Progress) -> int:
    """Print a row for each exercise, then how the first one fails; return the exit code."""
    table, course, verdicts = Table(box=None, pad_edge=False), read_course(book), ran.verdicts
    table.add_column("")
    table.add_column("exercise", no_wrap=True)
    for title in ("checks", "points", "time"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("")
    for notebook in book.notebooks:
        for exercise in notebook.exercises:
            mine = [one for one in verdicts if one.exercise == exercise.id]
            if mine:
                time = f"{ran.seconds.get(exercise.id, 0):.1f} s"
                row = _row(notebook, exercise, course, mine)
                table.add_row(*row, time, _note(mine))
    screen.print(table)
    if len({one.exercise for one in verdicts}) == 1:
        for verdict in verdicts:
            if verdict.outcome == "passed":
                screen.print(f"  {COLORED['passed']} {escape(verdict.sentence)}")
    failed = [one for one in verdicts if one.outcome == "failed"]
    if failed:
        first = [one for one in failed if one.exercise == failed[0].exercise]
        for line in _failure(book, first, seed, progress.of(failed[0].exercise)):
            screen.print(line, soft_wrap=isinstance(line, str))  # a command is copied as one line
        others = dict.fromkeys(one.exercise for one in failed if one not in first)
        if others:
            command = f"unrolled check {' '.join(others)}"
            screen.print(f"also failing: [bold]{command}[/]", soft_wrap=True)
    return 0 if all(one.outcome == "passed" for one in verdicts) else 1


def _failure(
    book: Book, first: Sequence[Verdict], seed: int, row: Record
) -> Iterator[RenderableType]:
    """Yield how an exercise fails: where, expected, got, the mistake, the next command."""
    exercise, said = first[0].exercise, set[str]()
    yield f"\n[bold]{escape(book.notebook_of(exercise).label(exercise))} {escape(exercise)}[/]"
    for number, verdict in enumerate(first):
        yield f"  {COLORED['failed']} {escape(verdict.sentence)}"
        told = [*verdict.told, *_printed(verdict)] if number == 0 else verdict.told[:1]
        for line in [one for one in told if one not in said]:
            said.add(line)
            known = line == verdict.looks_like
            yield Padding.indent(f"[bold]{escape(line)}[/]" if known else escape(line), 6)
    left = LEVELS - len(row.seen)
    if left:
        yield f"  a hint:    unrolled hint {exercise}  [dim]({left} of {LEVELS} left)[/]"
    else:
        yield f"  the answer: unrolled solution {exercise} --reveal"
    yield f"  once more: unrolled check {exercise} --seed {seed}"


def _printed(verdict: Verdict) -> list[str]:
    return [f"printed: {line}" for line in verdict.printed.splitlines()]


def _row(
    notebook: Notebook, exercise: Exercise, course: Course, mine: Sequence[Verdict]
) -> list[str]:
    passed = sum(one.outcome == "passed" for one in mine)
    earned = course.earned(exercise, sum(one.points for one in mine))
    return [
        COLORED[_worst(mine).outcome],
        f"{notebook.label(exercise.id)} {exercise.id}",
        f"{passed}/{len(mine)}",
        f"{round(earned, 2):.12g}/{course.points_of(exercise):g}",
    ]


def _worst(mine: Sequence[Verdict]) -> Verdict:
    return next((one for one in mine if one.outcome != "passed"), mine[0])


def _note(mine: Sequence[Verdict]) -> Text:
    """The sentence that does not hold, cut where the line ends; whole what is told nowhere else."""
    worst = _worst(mine)
    if worst.outcome == "failed":
        return Text(worst.sentence, no_wrap=True, overflow="ellipsis")
    return Text("" if worst.outcome == "passed" else worst.told[0])
