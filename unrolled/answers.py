"""Whose answers are under test, and the namespace that a chapter's code makes with them."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from unrolled.codehash import defines, home, reach
from unrolled.errors import BookError
from unrolled.hints import LEVELS
from unrolled.manifest import Book, Notebook, meant
from unrolled.notebook import Cell, answers_in, compiled, read_cells


@dataclass(frozen=True)
class Answers:
    """The exercise cells of one person for one notebook, by exercise id.

    others: the file's further code cells, which do not count.
    """

    cells: Mapping[str, list[Cell]] = field(default_factory=dict)
    others: Sequence[Cell] = ()
    file: Path | None = None

    @classmethod
    def reference(cls, notebook: Notebook) -> "Answers":
        """The solutions; none in a course repository."""
        if not notebook.solutions.is_file():
            return cls()
        return cls(answers_in(read_cells(notebook.solutions)))

    @classmethod
    def from_folder(cls, folder: Path, notebook: Notebook) -> "Answers":
        """The answers in a folder; of a paired .py and .ipynb the newer file counts."""
        path = newest(folder, notebook)
        if path is None:
            return cls()
        shown = str(path) if path.suffix == ".py" else path.name
        cells = read_cells(path, shown)
        others = [cell for cell in cells if cell.kind == "code" and not cell.exercise]
        return cls(answers_in(cells), others, path)

    def elsewhere(self, name: str) -> Cell | None:
        """Return the cell outside the exercises that defines a name, if any."""
        for cell in self.others:
            if any(name in defines(node) for node in _statements(cell.source)):
                return cell
        return None

    def lack(self, exercise: str, name: str) -> str:
        """Say where a name that an exercise lacks is defined, or what its cell defines instead."""
        other = self.elsewhere(name)
        if other:
            where = f"{other.place}:{other.line}"
            return (
                f"{name} is defined in another cell ({where}): move it into the cell of {exercise}"
            )
        found = defined_names(self.cells.get(exercise, []))
        return f"{name} is missing; the cell of {exercise} defines {', '.join(found) or 'nothing'}"


def _statements(source: str) -> list[ast.stmt]:
    """Return what a cell does, a statement each; nothing where it is no plain Python."""
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a null byte, deep nesting
        return []


def meant_folder(name: str, *bases: Path) -> Path:
    """Return the folder that a name means: below the first base that has it, else the first."""
    places = [base / name for base in bases]
    return next((place for place in places if place.is_dir()), places[0])


def versions(folder: Path, notebook: Notebook) -> list[Path]:
    """Return the files that hold a notebook's answers in a folder, the newest first."""
    if not folder.is_dir():
        raise BookError(f"{folder}: no such folder; give --answers a folder (solutions, work, …)")
    found = [folder / name for name in notebook.files if (folder / name).is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def newest(folder: Path, notebook: Notebook) -> Path | None:
    """Return the file that holds a notebook's answers in a folder: the newer of .py and .ipynb."""
    return next(iter(versions(folder, notebook)), None)


def overruled(folder: Path, notebook: Notebook) -> Path | None:
    """Return an older file with an answer that the newest has not, if there is one."""

    def answers(path: Path) -> dict[str, list[str]]:
        with suppress(BookError):  # a file that cannot be read holds none
            cells = answers_in(read_cells(path))
            return {name: [cell.source for cell in group] for name, group in cells.items()}
        return {}

    stubs, found = answers(notebook.source), versions(folder, notebook)
    newer = {**stubs, **answers(found[0])} if found else stubs
    for path in found[1:]:
        if any(one not in (stubs.get(n), newer.get(n)) for n, one in answers(path).items()):
            return path
    return None


@dataclass(frozen=True)
class Wrong:
    """One named wrong answer and the message written for it.

    hint: the level of the hint against it. vary: whether its numbers depend on choices that the
    mistake leaves open, such as what is drawn, or which constant. form: from 1 on, for a mistake
    that comes in several which behave unlike each other.
    """

    exercise: str
    mistake: str
    says: str
    answers: Answers
    hint: int | None = None
    vary: bool = False
    form: int = 1

    @property
    def name(self) -> str:
        """Which cell of the catalog it is."""
        form = f", form {self.form}" if self.form > 1 else ""
        return f"{self.exercise}:{self.mistake}{form}"


def wrong_answers(notebook: Notebook) -> list[Wrong]:
    """Read tests/wrong/NN_name.py; none where the file is not handed out.

    A cell that has the name of an earlier one, and no message, is another form of that mistake.
    """
    if not notebook.wrong.is_file():
        return []
    found: list[Wrong] = []
    for cell in read_cells(notebook.wrong):
        if cell.kind != "code" or not cell.exercise:
            continue
        forms = [w for w in found if (w.exercise, w.mistake) == _named(cell)]
        one = forms[-1] if forms and "says" not in cell.metadata else _wrong(cell)
        answers = Answers({cell.exercise: [cell]})
        found.append(replace(one, answers=answers, form=len(forms) + 1))
    return found


def _named(cell: Cell) -> tuple[object, object]:
    return cell.exercise, cell.metadata.get("mistake")


def _wrong(cell: Cell) -> Wrong:
    """Read the header of a wrong answer."""
    mistake, says = (cell.metadata.get(key) for key in ("mistake", "says"))
    if not isinstance(mistake, str) or not isinstance(says, str):
        raise BookError(f"{cell.place}:{cell.line}: a wrong answer needs mistake= and says=")
    hint = cell.metadata.get("hint")
    if hint is not None and (not isinstance(hint, int) or not 1 <= hint <= LEVELS):
        raise BookError(f"{cell.place}:{cell.line}: hint={hint!r}; expected 1 to {LEVELS}")
    values = cell.metadata.get("values")
    if values not in (None, "vary"):
        raise BookError(f'{cell.place}:{cell.line}: values={values!r}; expected "vary"')
    return Wrong(cell.exercise or "", mistake, says, Answers(), hint, values == "vary")


def defined_names(cells: Iterable[Cell]) -> dict[str, str | None]:
    """Return every top-level name of the setup and exercise cells, with the exercise it is from."""
    names: dict[str, str | None] = {}
    for cell in cells:
        if cell.kind != "code" or not (cell.exercise or "setup" in cell.tags):
            continue
        for node in ast.parse(cell.source).body:
            for name in defines(node):
                names.setdefault(name, cell.exercise)
    return names


def owners(notebook: Notebook) -> dict[str, str]:
    """Map each name that an exercise defines to the exercise."""
    names = defined_names(read_cells(notebook.source))
    return {name: exercise for name, exercise in names.items() if exercise}


def called(book: Book, name: str) -> list[str]:
    """Return the exercises that a person calls by an id, a number (1.3), a chapter or a function.

    Raises BookError for a name that means none.
    """
    known = [one.id for notebook in book.notebooks for one in notebook.exercises]
    if name in known:
        return [name]
    for notebook in book.notebooks:
        labels = {notebook.label(one.id): one.id for one in notebook.exercises}
        found = (labels | owners(notebook)).get(name)
        if found:
            return [found]
    if name[:1].isdigit() and "." not in name:
        return [one.id for notebook in book.select([name]) for one in notebook.exercises]
    first, last = (book.notebooks[i].label(known[i]) for i in (0, -1))
    told = meant(name, known, f"they are numbered {first} to {last}")
    raise BookError(f"no exercise {name!r} in this book; {told}")


def uses(notebook: Notebook, answers: Answers, exercise: str) -> set[str]:
    """Return the other exercises whose names an answer can reach, through setup cells too."""
    cells = [cell for cell in read_cells(notebook.source) if cell.kind == "code"]
    sources = [cell.source for cell in cells if "setup" in cell.tags]
    answered = [cell.source for group in answers.cells.values() for cell in group]
    known = home(sources + [one for one in answered if _statements(one)])
    own = answers.cells.get(exercise, [])
    start = [node for cell in own for node in _statements(cell.source)]
    reached = {name for node in reach(start, known) for name in defines(node)}
    names = defined_names(cells)
    used = {names.get(name) for name in reached}
    return {one for one in used if one} - {exercise}


@dataclass(frozen=True)
class Step:
    """Cells that are run one after the other: (source, place, line) each.

    own: the answer under test, whose error is the answer's; of the others' errors, `stub` takes the
    place of what does not run.
    """

    cells: tuple[tuple[str, str, int], ...]
    own: bool = False
    stub: tuple[str, str, int] | None = None

    def plain(self) -> list[Any]:
        """As lists and strings, for the wire."""
        return [list(map(list, self.cells)), self.own, list(self.stub) if self.stub else None]

    @classmethod
    def from_plain(cls, parts: list[Any]) -> "Step":
        """The inverse of `plain`."""
        cells, own, stub = parts
        return cls(tuple((a, b, c) for a, b, c in cells), own, tuple(stub) if stub else None)


def _text(cell: Cell) -> tuple[str, str, int]:
    return cell.source, cell.place, cell.line


def program(
    notebook: Notebook,
    answers: Answers,
    rest: Answers | None = None,
    own: str | None = None,
    kinds: tuple[str, ...] = ("setup", "exercise"),
) -> list[Step]:
    """Return a chapter's setup and exercise cells with these answers, in order.

    With `own`, only that exercise comes from `answers`. Those before it come from `rest` (the
    reference) where it has them, and those after it are then the stubs: so nobody who is graded in
    book order meets the solution of what is still to be graded. Without a reference all are the
    same person's; of those, a cell that does not run is left as the stub, so it is reported as what
    `own` rests on. An exercise that nobody answers stays the stub.
    """
    steps, before = [], True
    for cell in read_cells(notebook.source):
        if cell.kind != "code":
            continue
        if not cell.exercise:
            if set(kinds) & set(cell.tags):
                steps.append(Step((_text(cell),)))
            continue
        mine = own is None or cell.exercise == own
        before = before and cell.exercise != own
        given = answers.cells
        if not mine and rest is not None and rest.cells:
            given = rest.cells if before else {}
        chosen = tuple(_text(one) for one in given.get(cell.exercise, [cell]))
        steps.append(Step(chosen, mine, None if mine else _text(cell)))
    return steps


def load_namespace(
    notebook: Notebook, answers: Answers, kinds: tuple[str, ...] = ("setup", "exercise")
) -> dict[str, Any]:
    """Run a chapter's cells with these answers, chosen as by `program`, and return their names."""
    return run_program(program(notebook, answers, kinds=kinds))


def run_program(steps: Iterable[Step]) -> dict[str, Any]:
    """Run a program's cells in one new module and return its names."""
    module = ModuleType("chapter")
    space = module.__dict__
    for step in steps:
        try:
            for source, place, line in step.cells:
                exec(compiled(source, place, line), space)
        except Exception:
            if step.stub is None:
                raise
            exec(compiled(*step.stub), space)
    return space
