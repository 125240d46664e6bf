"""What helps between two checks: hints, solutions, and how far one has come."""

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from unrolled.course import Course, read_course
from unrolled.errors import BookError
from unrolled.hints import read_hints
from unrolled.manifest import Book, Notebook, amount, restored
from unrolled.notebook import Cell, answers_in, read_cells
from unrolled.student.progress import NAME, Progress, Record, changing, digest, read_progress
from unrolled.student.work import answered, outdated, started

BAR = 18  # columns


def console() -> Console:
    """The terminal; plain where there is none, or where NO_COLOR is set."""
    return Console(highlight=False, soft_wrap=False)


# --- hints and solutions ----------------------------------------------------------------------


def hint(book: Book, exercise: str, level: int | None = None) -> Iterator[RenderableType]:
    """Yield the next hint of an exercise, or the one of a level, and note that it was seen.

    Where the last check knew the mistake, its sentence comes first, and of the hints that were not
    seen yet the one that its author names.
    """
    notebook = book.notebook_of(exercise)
    hints = read_hints(notebook.hints).get(exercise, [])
    if not hints:
        shown = notebook.hints.relative_to(book.root).as_posix()
        mend = restored(book.root, shown)
        raise BookError(f"{shown} has no hints for {exercise}; to restore it: {mend}")
    work = book.work
    progress, _ = read_progress(work)
    row = progress.of(exercise)
    said = row.says if not row.holds else ""
    level = level or _level(row, len(hints))
    yield f"[bold]{escape(_titled(notebook, exercise))}[/] · hint {level} of {len(hints)}"
    if said:
        yield f"[yellow]From the last check: {escape(said)}[/]"
    yield Markdown(hints[level - 1])
    left = [n for n in range(1, len(hints) + 1) if n not in (*row.seen, level)]
    if left:
        yield f"[dim]one more: unrolled hint {exercise}[/]"
    else:
        yield f"[dim]that was the last; the answer: unrolled solution {exercise} --reveal[/]"
    if work.is_dir():
        with changing(work) as progress:
            row = progress.of(exercise)
            row.seen = sorted({*row.seen, level})


def _level(row: Record, levels: int) -> int:
    unseen = [one for one in range(1, levels + 1) if one not in row.seen]
    if row.hint is not None and row.hint in unseen and not row.holds:
        return row.hint
    return unseen[0] if unseen else levels


def solution(book: Book, exercise: str, reveal: bool) -> Iterator[RenderableType]:
    """Yield the reference answer of an exercise and why it is as it is.

    Raises BookError before the exercise has passed, unless `reveal`.
    """
    notebook = book.notebook_of(exercise)
    row = read_progress(book.work)[0].of(exercise)
    if not notebook.solutions.is_file():
        raise BookError("this copy of the book has no solutions; your instructor has them")
    if row.passed is None and not reveal:
        raise BookError(
            f"{exercise} has not passed yet, so its solution stays closed; "
            f"`unrolled hint {exercise}` helps, and --reveal opens it all the same"
        )
    yield f"[bold]{escape(_titled(notebook, exercise))}[/]"
    for cell in read_cells(notebook.solutions):
        if cell.exercise == exercise:
            code = cell.kind == "code"
            yield (
                Syntax(cell.source, "python", background_color="default")
                if code
                else Markdown(cell.source)
            )


def _titled(notebook: Notebook, exercise: str) -> str:
    title = notebook.exercise(exercise).title
    return f"{notebook.label(exercise)} {exercise} · {title}"


# --- how far one has come ---------------------------------------------------------------------


def status(book: Book) -> Iterator[RenderableType]:
    """Yield a row for each chapter, then what comes next.

    Nothing is checked for this: what counts is the last check of each answer.
    """
    work, course = book.work, read_course(book)
    progress, damaged = read_progress(work)
    if damaged:
        yield f"[yellow]work/{NAME} is damaged; what can be read of it counts[/]"
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_column(no_wrap=True)
    for _ in range(3):
        table.add_column(justify="right", no_wrap=True)
    stale: list[str] = []
    for notebook in book.notebooks:
        answers: dict[str, list[Cell]] = {}
        try:
            answers = answered(book, notebook)
        except BookError as error:
            yield f"[yellow]{escape(str(error))}[/]"
        stale += [e for e in answers if changed(progress, e, answers[e])]
        table.add_row(*_row(notebook, course, progress, bool(started(book, notebook))))
    yield table
    if stale:
        yield f"[yellow]changed since their last check: {', '.join(stale)}[/]; unrolled check"
    behind = [n.key for n in book.notebooks if work.is_dir() and outdated(work, n)]
    if behind:
        yield f"[yellow]newer than your copy: {', '.join(behind)}[/]; unrolled update"
    yield from following(book, progress)


def _row(
    notebook: Notebook, course: Course, progress: Progress, begun: bool
) -> Iterator[RenderableType]:
    """Yield how far somebody is with a notebook, a cell of the table each."""
    rows = {one.id: progress.exercises.get(one.id, Record()) for one in notebook.exercises}
    done = sum(one.holds for one in rows.values())
    most = sum(map(course.points_of, notebook.exercises))
    earned = sum(course.earned(e, rows[e.id].points) for e in notebook.exercises)
    hints = sum(len(one.seen) for one in rows.values())
    title = notebook.chapter.title
    if len(notebook.chapter.notebooks) > 1:
        title = notebook.name.partition("_")[2].replace("_", " ")
    yield f"[bold]{notebook.key}[/]" if begun else f"[dim]{notebook.key}[/]"
    yield Text(title, "" if begun else "dim", no_wrap=True, overflow="ellipsis")
    yield ProgressBar(total=len(rows), completed=done, width=BAR, finished_style="green")
    yield f"{done} of {len(rows)}"
    yield f"{round(earned, 2):.12g}/{amount(most, 'point')}"
    yield amount(hints, "hint") if hints else ""


def following(book: Book, progress: Progress, after: str | None = None) -> Iterator[str]:
    """Yield which exercise comes next, in two lines: what it is, and where it stands."""
    exercise = next_exercise(book, progress, after)
    if exercise is None:
        yield "[green]every exercise passes[/]"
        return
    notebook = book.notebook_of(exercise)
    about = notebook.exercise(exercise)
    points, minutes = amount(about.points, "point"), amount(about.minutes, "minute")
    yield f"next: [bold]{escape(_titled(notebook, exercise))}[/] ({points}, about {minutes})"
    place = where(book, notebook, exercise)
    yield f"      {escape(place)}" if place else f"      unrolled start {notebook.key}"


def next_exercise(book: Book, progress: Progress, after: str | None = None) -> str | None:
    """Return the first exercise that does not pass, from the one after `after` on, and around."""
    ids = [one.id for notebook in book.notebooks for one in notebook.exercises]
    start = ids.index(after) + 1 if after else 0
    rows = progress.exercises
    return next((e for e in ids[start:] + ids[:start] if not rows.get(e, Record()).holds), None)


def where(book: Book, notebook: Notebook, exercise: str) -> str:
    """Return the place of an exercise's cell in work/, as an editor takes it; empty if none."""
    path = started(book, notebook)
    if path is None:
        return ""
    name = path.relative_to(book.home).as_posix()
    try:
        found = answers_in(read_cells(path)).get(exercise)
    except BookError:
        return f"{name}: cannot be read"
    if not found:
        return f"{name}: its cell is gone; unrolled reset {exercise}"
    place = found[0].place
    return f"{name}:{found[0].line}" if path.suffix == ".py" else f"{name}{place[len(str(path)) :]}"


def changed(progress: Progress, exercise: str, cells: Sequence[Cell]) -> bool:
    """Whether an answer is another one than the file's that was checked last."""
    row = progress.exercises.get(exercise)
    return row is not None and row.answer not in ("", digest(cells))
