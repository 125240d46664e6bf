"""A student's folder: what stands there, chapters copied into it, an exercise begun anew."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import jupytext
from filelock import FileLock
from jupytext.combine import combine_inputs_with_outputs
from nbformat import NotebookNode

from unrolled.answers import called, meant_folder, newest, versions
from unrolled.errors import BookError
from unrolled.files import keep, write_atomic
from unrolled.manifest import Book, Notebook, amount
from unrolled.notebook import (
    Cell,
    answers_in,
    exercise_of,
    joined,
    number_cells,
    read_cells,
    read_notebook,
)
from unrolled.student.progress import KEPT, Record, changing, digest

NO_WORK = "no folder work/ yet; `unrolled start` makes it"


def received(work: Path, notebook: Notebook) -> Path:
    """The chapter as it was when it was copied, or brought up to date, last."""
    return work / ".chapters" / f"{notebook.name}.py"


def started(book: Book, notebook: Notebook) -> Path | None:
    """Return the file in work/ that holds a notebook's answers and counts; None before a start."""
    return newest(book.work, notebook) if book.work.is_dir() else None


def outdated(work: Path, notebook: Notebook) -> bool:
    """Whether the chapter is another one than the student's copy was made from."""
    if newest(work, notebook) is None:
        return False
    path, now = received(work, notebook), notebook.source.read_text(encoding="utf-8")
    return not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != now


def answered(book: Book, notebook: Notebook) -> dict[str, list[Cell]]:
    """Return a student's answers that are no longer the stub, by exercise."""
    path = started(book, notebook)
    if path is None:
        return {}
    stubs = answers_in(read_cells(notebook.source))
    return {
        name: cells
        for name, cells in answers_in(read_cells(path)).items()
        if name in stubs and [c.source for c in cells] != [c.source for c in stubs[name]]
    }


def start(book: Book, notebooks: Sequence[Notebook]) -> Iterator[str]:
    """Copy chapters into work/, a .py and a paired .ipynb each; yield a line for each notebook."""
    work = book.work
    if work.exists() and not work.is_dir():
        raise BookError(f"{work} is a file; expected a folder for your answers: rename the file")
    for notebook in notebooks:
        there = versions(work, notebook) if work.is_dir() else []
        written = []
        if not there:  # first, so that no copy is without what `update` compares it with
            write_atomic(received(work, notebook), notebook.source.read_text(encoding="utf-8"))
        missing = {".py", ".ipynb"} - {one.suffix for one in there}
        pair = paired(read_notebook(there[0] if there else notebook.source)) if missing else {}
        for suffix, text in pair.items():
            path = work / f"{notebook.name}{suffix}"
            if suffix in missing:
                write_atomic(path, text)
                written.append(path.name)
        if not written:
            newer = outdated(work, notebook)
            note = f"; the chapter is newer: unrolled update {notebook.key}" if newer else ""
            yield f"work/{notebook.name}: there already, left as it is{note}"
        elif there:
            yield f"work/{written[0]}: written from {there[0].name}, which is left as it is"
        else:
            count = amount(len(notebook.exercises), "exercise")
            yield f"work/{notebook.name}.py and .ipynb: {count}"


def paired(notebook: NotebookNode) -> dict[str, str]:
    """Return a notebook as a .py and an .ipynb that Jupytext keeps in step."""
    settings = {"formats": "ipynb,py:percent", "comment_magics": False}
    notebook.metadata.setdefault("jupytext", {}).update(settings)
    number_cells(notebook)
    return {
        ".py": jupytext.writes(notebook, fmt="py:percent"),
        ".ipynb": jupytext.writes(notebook, fmt="ipynb"),
    }


@dataclass(frozen=True)
class Pair:
    """The files of a notebook in work/, the newest first, as they were when they were read."""

    work: Path
    notebook: Notebook
    contents: Mapping[Path, bytes]

    @classmethod
    def read(cls, work: Path, notebook: Notebook) -> "Pair":
        """Read them; there may be none."""
        return cls(work, notebook, {one: one.read_bytes() for one in versions(work, notebook)})

    @property
    def newest(self) -> Path:
        """The file that counts."""
        return next(iter(self.contents))

    def keep(self, path: Path) -> Path:
        """Put a copy of a file into work/kept/, once."""
        text = self.contents[path].decode("utf-8", errors="surrogateescape")
        return keep(self.work / KEPT, path.name, text)

    def replace(self, changed: NotebookNode) -> list[Path]:
        """Write both files; return where an older one was kept that has cells of its own.

        What stood in the notebook as output stays below the cells that did not change. Each file is
        written whole, what is kept first: an interrupted call leaves every file as it was or as it
        has to be, and the same call once more ends the work. Raises BookError, and changes nothing,
        where somebody has saved since they were read.
        """
        known = {_key(c) for path in (self.newest, *self._chapter()) for c in _cells(path)}
        older = [one for one in self.contents if {*map(_key, _cells(one))} - known]
        kept = [self.keep(one) for one in older]
        outputs = next((one for one in self.contents if one.suffix == ".ipynb"), None)
        if outputs is not None:
            with suppress(BookError):  # one that cannot be read is kept
                changed = combine_inputs_with_outputs(changed, read_notebook(outputs))
        texts = paired(changed)
        for path, content in self.contents.items():
            if not path.is_file() or path.read_bytes() != content:
                raise BookError(
                    f"{path.name} was saved in between: nothing was changed, so try again"
                )
        places = [(self.work / f"{self.notebook.name}{suffix}").resolve() for suffix in texts]
        for place, text in zip(places, texts.values(), strict=True):
            write_atomic(place, text)
        if self.newest.resolve() not in places:  # or that file, 01.ipynb, would go on to count
            now = max(time.time_ns(), self.newest.stat().st_mtime_ns + 1_000_000)
            for place in places:
                os.utime(place, ns=(now, now))
        return kept

    def _chapter(self) -> list[Path]:
        """The chapter as it is, and as the student received it."""
        there = received(self.work, self.notebook)
        return [self.notebook.source, *([there] if there.is_file() else [])]


def _key(cell: Cell) -> tuple[str, str]:
    return cell.kind, cell.source.strip()


def _cells(path: Path) -> list[Cell]:
    """Return a file's cells; one unlike all others for a file that cannot be read."""
    try:
        return read_cells(path)
    except BookError as error:
        return [Cell("unreadable", str(error), {}, str(path), 1)]


def alone(work: Path) -> FileLock:
    """Whoever rewrites files in work/ holds this meanwhile."""
    return FileLock(work / ".lock")


def reset(book: Book, exercise: str) -> str:
    """Put the stub of an exercise back into work/; return a line that says where the answer is."""
    notebook, work = book.notebook_of(exercise), book.work
    if started(book, notebook) is None:
        raise BookError(f"no {notebook.name}.py or .ipynb in work/; `unrolled start` puts it there")
    with alone(work):
        said = _reset(book, Pair.read(work, notebook), exercise)
    with changing(work) as progress:
        row = progress.of(exercise)
        progress.exercises[exercise] = Record(passed=row.passed, seen=row.seen)
    return said


def _reset(book: Book, pair: Pair, exercise: str) -> str:
    notebook = pair.notebook
    mine, chapter = read_notebook(pair.newest), read_notebook(notebook.source)
    stub = next(one for one in chapter.cells if exercise_of(one) == exercise)
    cells = [one for one in mine.cells if exercise_of(one) == exercise]
    already = [cell.source for cell in cells] == [stub.source]
    answer = joined(cell.source for cell in cells)
    if cells:
        mine.cells[mine.cells.index(cells[0])] = stub
        mine.cells = [one for one in mine.cells if one not in cells[1:]]
    else:
        mine.cells.insert(_place(mine, chapter, exercise), stub)
    said = f"{exercise}: the stub {'stands there already' if already else 'is back'}"
    if answer and not already:
        text = f'# %% exercise="{exercise}" tags=["exercise"]\n{answer}\n'
        place = keep(pair.work / KEPT, f"{notebook.name}.{exercise}.py", text)
        said += f"; your answer is kept in {place.relative_to(book.home).as_posix()}"
    for place in pair.replace(mine):
        said += f"; other cells of an older file, in {place.relative_to(book.home).as_posix()}"
    return said


def _place(mine: NotebookNode, chapter: NotebookNode, exercise: str) -> int:
    """Where a cell that is gone belongs: below the last cell that stands above it in both."""
    above = [one.source for one in chapter.cells]
    above = above[: next(i for i, one in enumerate(chapter.cells) if exercise_of(one) == exercise)]
    found = [i for i, cell in enumerate(mine.cells) if cell.source in above]
    return found[-1] + 1 if found else len(mine.cells)


@dataclass(frozen=True)
class Asked:
    """What is to be checked: these exercises of these notebooks (all for none), from a folder."""

    folder: Path
    notebooks: tuple[Notebook, ...]
    exercises: tuple[str, ...]
    mine: bool


def asked(
    book: Book, notebooks: Sequence[Notebook], exercises: Sequence[str], answers: str = "work"
) -> Asked:
    """Return what a person asks to be checked, by names as they are called, see `called`.

    Raises BookError where there is nothing to check, or not all that was named.
    """
    named = tuple(one for name in exercises for one in called(book, name))
    folder = meant_folder(answers, Path.cwd(), book.home, book.root)
    if answers == "work" and not folder.is_dir():
        raise BookError(NO_WORK)
    for name in named:
        if book.notebook_of(name) not in notebooks:
            raise BookError(f"{name} is not in the chapter that --chapter names")
    chosen = [n for n in notebooks if not named or {e.id for e in n.exercises} & set(named)]
    found = tuple(one for one in chosen if newest(folder, one))
    missing = [one for one in chosen if one not in found]
    if not found or (named and missing):
        names = ", ".join(f"{one.name}.py or .ipynb" for one in missing)
        start, other = "`unrolled start` puts it there", "name a folder that has it"
        mend = start if folder.resolve() == book.work.resolve() else other
        raise BookError(f"no {names} in {answers.rstrip('/')}/; {mend}")
    return Asked(folder, found, named, folder.resolve() == book.work.resolve())


def checked(what: Asked) -> list[tuple[str, str]]:
    """Return a hash of each answer that is to be checked, by which a change shows later."""
    found = []
    for notebook in what.notebooks:
        path = newest(what.folder, notebook)
        cells = answers_in(read_cells(path)) if path else {}
        found += [(name, digest(group)) for name, group in cells.items()]
    return found
