"""book.toml, the only list of chapters, notebooks and exercises: read and validated."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from unrolled.errors import BookError
from unrolled.files import write_atomic

Positive = Annotated[int, Field(gt=0)]
Ratio = Annotated[str, Field(pattern=r"^\d\d[a-z]?/\w+/.+$")]
PACKED = Path(__file__).resolve().parent / "book"  # where an installed wheel has the book
SHOWN = 80  # characters of a value that should be another
NOTEBOOK_NAME = re.compile(r"(?P<number>\d\d)(?P<part>[a-z]?)_[a-z0-9_]+")


class Table(BaseModel):
    """A table of a file that people write: no key may be unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Whole = TypeVar("Whole", bound=Table)
Kept = TypeVar("Kept")


class About(Table):
    """The table [book], with mdBook's key names."""

    title: str
    authors: tuple[str, ...]
    description: str
    language: str
    src: str


class Published(Table):
    """The table [output.html], with mdBook's key names: where the source and the pages stand."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"))

    git_repository_url: Annotated[str, Field(pattern=r"^https://github\.com/[\w.-]+/[\w.-]+$")]
    edit_url_template: Annotated[str, Field(pattern=r"^https://.*\{path\}")]
    site_url: Annotated[str, Field(pattern=r"^https://.*/$")]

    @property
    def repository(self) -> str:
        """The repository's name at GitHub: owner/name."""
        return self.git_repository_url.removeprefix("https://github.com/")


class _Output(Table):
    html: Published


class Exercise(Table):
    """One exercise; `notebook` is needed only where a chapter has several."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")]
    title: str
    points: Positive
    minutes: Positive
    notebook: str | None = None


class Chapter(Table):
    """One chapter: its notebooks in order, its exercises, its budgets in CPU seconds.

    prerequisites: what a reader has to know before, as terms of the glossary. result: what comes
    out, one sentence; `{03a/centering/raw:.0f}` in it stands for the median of a measured row.
    ratios: what `unrolled bench` measures again: a row of an experiment that is one, or two rows.
    """

    number: Positive
    title: str
    prerequisites: Annotated[tuple[str, ...], Field(min_length=1)]
    result: str
    notebooks: tuple[str, ...]
    cpu_seconds: Positive
    check_seconds: Positive
    ratios: tuple[Ratio, ...] = ()
    exercise: tuple[Exercise, ...]


class _File(Table):
    book: About
    output: _Output
    chapter: tuple[Chapter, ...]


@dataclass(frozen=True)
class Notebook:
    """One notebook of the book and the places of everything that belongs to it."""

    root: Path
    name: str
    chapter: Chapter
    exercises: tuple[Exercise, ...]

    @property
    def key(self) -> str:
        """The short name: 01, 03a."""
        return self.name.split("_")[0]

    @property
    def short(self) -> str:
        """The short name as it is read: 1, 3a."""
        return self.key.lstrip("0")

    @property
    def files(self) -> tuple[str, ...]:
        """The names that a file of somebody's answers to it may have."""
        return f"{self.name}.py", f"{self.name}.ipynb", f"{self.key}.ipynb"

    @property
    def source(self) -> Path:
        """The chapter with its stubs."""
        return self.root / "chapters" / f"{self.name}.py"

    @property
    def solutions(self) -> Path:
        """The reference answers."""
        return self.root / "solutions" / f"{self.name}.py"

    @property
    def checks(self) -> Path:
        """The file of checks."""
        return self.root / "tests" / "chapters" / f"test_{self.name}.py"

    @property
    def wrong(self) -> Path:
        """The named wrong answers."""
        return self.root / "tests" / "wrong" / f"{self.name}.py"

    @property
    def recorded(self) -> Path:
        """How the wrong answers fail; takes their place in a course."""
        return self.wrong.with_suffix(".json")

    @property
    def judges(self) -> tuple[Path, ...]:
        """The files that a verdict on an answer depends on; not all of them are handed out."""
        data = [path for path in (self.root / "data").glob("*.*") if path.suffix != ".md"]
        return self.source, self.checks, self.solutions, self.wrong, self.recorded, *data

    @property
    def hints(self) -> Path:
        """The hints, three for each exercise."""
        return self.root / "chapters" / "hints" / f"{self.name}.md"

    @property
    def reference(self) -> Path:
        """The notebook with the outputs of its checked cells, for nbval."""
        return self.root / "tests" / "nbval" / f"{self.name}.ipynb"

    @property
    def results(self) -> Path:
        """The measured tables."""
        return self.root / "data" / "results" / f"{self.name}.json"

    def goes_by(self, name: str) -> bool:
        """Whether a name means this notebook: 3, 03, 3a, 03a, or all of it, 03a_shapes."""
        chapter = self.short.rstrip("abcdefgh")
        return name.lstrip("0") in (self.short, chapter) or name == self.name

    def exercise(self, name: str) -> Exercise:
        """Return the exercise with this id."""
        return next(one for one in self.exercises if one.id == name)

    def label(self, name: str) -> str:
        """Return the number of an exercise as it is printed: 1.3."""
        ids = [one.id for one in self.chapter.exercise]
        return f"{self.chapter.number}.{ids.index(name) + 1}"


@dataclass(frozen=True)
class Book:
    """The whole registry, in order. home: the folder of work/ and build/, see `home_of`."""

    root: Path
    home: Path
    about: About
    published: Published
    chapters: tuple[Chapter, ...]
    notebooks: tuple[Notebook, ...]

    @property
    def work(self) -> Path:
        """A student's own copy of the chapters; there may be none."""
        return self.home / "work"

    def select(self, names: Iterable[str] = ()) -> tuple[Notebook, ...]:
        """Return the notebooks that `names` mean (3, 03, 3a, 03a_shapes); all for none."""
        names = list(names)
        if not names:
            return self.notebooks
        chosen: list[Notebook] = []
        for name in names:
            found = [one for one in self.notebooks if one.goes_by(name)]
            if not found:
                keys = ", ".join(one.key for one in self.notebooks)
                raise BookError(f"no notebook {name!r} in book.toml; there are {keys}")
            chosen += [one for one in found if one not in chosen]
        return tuple(chosen)

    def notebook_of(self, exercise: str) -> Notebook:
        """Return the notebook that asks this exercise."""
        for one in self.notebooks:
            if any(item.id == exercise for item in one.exercises):
                return one
        known = [item.id for one in self.notebooks for item in one.exercises]
        raise BookError(f"no exercise {exercise!r} in book.toml; {meant(exercise, known)}")


def restored(root: Path, name: str) -> str:
    """Say how a file of the book comes back that is gone or damaged."""
    return "install the book again" if root == PACKED else f"git checkout {name}"


def amount(number: float, word: str) -> str:
    """Return a number with its word: 1 point, 2.5 points."""
    return f"{number:.12g} {word}{'s' * (number != 1)}"


def meant(name: str, known: Sequence[str], otherwise: str = "") -> str:
    """Return what to tell somebody who wrote an unknown name: the one it resembles, or all.

    otherwise: said in place of all of them.
    """
    lower = {one.lower(): one for one in known}
    near = get_close_matches(name.lower(), lower, 1)
    if near:
        return f"did you mean {lower[near[0]]}?"
    return otherwise or f"there are {', '.join(known)}"


def find_root(start: Path | None = None) -> Path:
    """Return the folder of book.toml: at `start` or above it, else beside or in the package.

    A book.toml without chapters/ beside it is another book's: mdBook has files of that name.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents, PACKED.parents[1], PACKED):
        if (folder / "book.toml").is_file() and (folder / "chapters").is_dir():
            return folder
    lack = f"no book.toml in {start} or above it that has chapters/ beside it"
    raise BookError(f"{lack}; run this inside the book's folder")


def home_of(root: Path) -> Path:
    """Return the folder of work/ and build/: the book's own, as long as that is a reader's.

    For the book of an installed wheel: where `unrolled start` was called, at the current folder or
    above it; before that, the current folder.
    """
    if root != PACKED:
        return root
    here = Path.cwd()
    begun = (one for one in (here, *here.parents) if (one / "work" / ".chapters").is_dir())
    return next(begun, here)


def read_book(root: Path | None = None) -> Book:
    """Read and validate book.toml; every problem is one line that names the key."""
    root = root or find_root()
    parsed = read_toml(root / "book.toml", "book.toml", _File)
    notebooks = tuple(_notebooks(root, parsed.chapter))
    book = Book(root, home_of(root), parsed.book, parsed.output.html, parsed.chapter, notebooks)
    for problem in _problems(book):
        raise BookError(f"book.toml: {problem}")
    return book


def read_toml(path: Path, shown: str, kind: type[Whole]) -> Whole:
    """Read and validate a file; every problem is one line that names the key. shown: its name."""
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BookError(f"{shown}: {error}") from error
    except ValidationError as error:
        raise BookError(f"{shown}: {first_problem(error)}") from error


def read_kept(root: Path, name: str, kind: TypeAdapter[Kept], mend: str) -> Kept:
    """Read a generated file of data/results/ that may not be there; then it is empty.

    Raises BookError, one line with `mend`, for a file that is not as it was written.
    """
    try:
        return kind.validate_json((root / "data" / "results" / name).read_bytes())
    except FileNotFoundError:
        return kind.validate_python({})
    except ValidationError as error:
        raise BookError(f"data/results/{name}: {first_problem(error)}; {mend}") from error


def write_kept(root: Path, name: str, kind: TypeAdapter[Kept], value: Kept) -> None:
    """Write a generated file of data/results/, whole."""
    text = kind.dump_json(value, indent=1).decode()
    write_atomic(root / "data" / "results" / name, text + "\n")


def first_problem(error: ValidationError) -> str:
    """Return the first problem of a table as one line that names its key."""
    found = error.errors(include_url=False)
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
    if first["type"] == "json_invalid":  # what was found is the whole file
        return str(first["msg"])
    if first["type"] == "extra_forbidden":
        return f"{place}: unknown key; check the spelling or remove it"
    if first["type"] == "missing":
        return f"{place}: missing key; add it"
    if first["type"] == "value_error":  # a line of ours; what was found may be a whole table
        return f"{place}: {first['ctx']['error']}"
    value = repr(first["input"])
    value = value if len(value) <= SHOWN else f"{value[:SHOWN]} …"
    return f"{place}: {first['msg']}, found {value}".removeprefix(": ")


def _notebooks(root: Path, chapters: Iterable[Chapter]) -> Iterator[Notebook]:
    for chapter in chapters:
        for name in chapter.notebooks:
            owner = chapter.notebooks[0] if len(chapter.notebooks) == 1 else None
            mine = tuple(one for one in chapter.exercise if (one.notebook or owner) == name)
            yield Notebook(root, name, chapter, mine)


def _problems(book: Book) -> Iterator[str]:
    numbers = [chapter.number for chapter in book.chapters]
    if numbers != sorted(set(numbers)):
        yield f"chapter numbers are {numbers}, expected each once and in order"
    ids = Counter(one.id for chapter in book.chapters for one in chapter.exercise)
    for name, count in ids.items():
        if count > 1:
            yield f"exercise {name!r} is listed {count} times; ids are unique in the book"
    for chapter in book.chapters:
        for one in chapter.exercise:
            many = len(chapter.notebooks) > 1
            if (many or one.notebook) and one.notebook not in chapter.notebooks:
                known = ", ".join(chapter.notebooks)
                yield f"exercise {one.id!r}: notebook {one.notebook!r} is not one of {known}"
        keys = [one.key for one in book.notebooks if one.chapter == chapter]
        for ratio in chapter.ratios:
            if ratio.split("/")[0] not in keys:
                yield f"chapter {chapter.number}, ratio {ratio!r}: expected it of {', '.join(keys)}"
    for notebook in book.notebooks:
        match = NOTEBOOK_NAME.fullmatch(notebook.name)
        if not match or int(match["number"]) != notebook.chapter.number:
            yield f"notebook {notebook.name!r}: expected a name like 03a_shapes, number first"
        if not notebook.exercises:
            yield f"notebook {notebook.name!r} has no exercise; expected at least one"
        if not notebook.source.is_file():
            yield f"notebook {notebook.name!r}: chapters/{notebook.name}.py is missing"
