"""A course repository out of the book: all that students need, and no answer."""

import shutil
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import jinja2

from unrolled.checks.diagnosis import Catalog
from unrolled.checks.run import checks_by_exercise, load_checks
from unrolled.course import EXAMPLE, Course, read_course
from unrolled.errors import BookError
from unrolled.files import write_atomic
from unrolled.manifest import Book, Notebook

WHOLE = ("chapters", "unrolled", "locks")
FILES = ("book.toml", "pyproject.toml", "environment.yml", "Makefile", "LICENSE", "LICENSE-prose")
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints", ".DS_Store")
ANSWERS = ("solutions", "tests/wrong")  # what the autograder has and a course has not


def release(book: Book, target: Path, file: Path | None = None) -> Iterator[str]:
    """Write a course repository into an empty or new folder; yield a line for each part.

    It holds the chapters, checks, hints, the package, embedded data, and recorded failures for the
    diagnosis; no solutions, no wrong answers, no reference notebooks, no results, no history.
    file: the course.toml to hand out, by default the one beside book.toml.
    """
    course = read_course(book, file)
    for notebook in book.notebooks:
        if not notebook.solutions.is_file() or not notebook.wrong.is_file():
            raise BookError("this is a course already; release from the book's own repository")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BookError(f"{target} is not empty; name a new folder")
    for name in WHOLE:
        if target.resolve().is_relative_to((book.root / name).resolve()):
            raise BookError(f"{target} lies in the book's {name}/; name a folder outside of it")
    for name in WHOLE:
        shutil.copytree(book.root / name, target / name, ignore=IGNORED)
    for name in FILES:
        shutil.copy2(book.root / name, target / name)
    data = [one for one in (book.root / "data").iterdir() if one.is_file()]
    for path in [*data, *(notebook.checks for notebook in book.notebooks)]:
        place = target / path.relative_to(book.root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)
    yield "chapters, hints, checks, the package, embedded data"
    for notebook in book.notebooks:
        place = target / notebook.recorded.relative_to(book.root)
        write_atomic(place, record(notebook))
        yield f"{place.relative_to(target)}: how wrong answers fail, without their code"
    for name, text in course_files(book, course):
        write_atomic(target / name, text)
        yield name
    source = file or book.root / "course.toml"
    settings = source.read_text("utf-8") if source.is_file() else EXAMPLE
    write_atomic(target / "course.toml", settings)
    yield "course.toml"


def record(notebook: Notebook) -> str:
    """Return the failures of a notebook's wrong answers as JSON."""
    return Catalog(notebook).record(checks_by_exercise(notebook, load_checks(notebook)))


def course_files(book: Book, course: Course) -> Iterator[tuple[str, str]]:
    """Yield what a course has and the book has not: its README, its workflow."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("unrolled.grade", "handout"),
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["points_in"] = lambda exercise, course: course.points_of(exercise)
    names = {
        "README.md": "README.md",
        ".gitignore": "gitignore",
        ".github/workflows/classroom.yml": "classroom.yml",
    }
    for name, template in names.items():
        yield name, templates.get_template(template).render(book=book, course=course)


def gradescope(book: Book, archive: Path, file: Path | None = None) -> None:
    """Write the archive that Gradescope builds its autograder from: the book, with its answers.

    It is the instructor's: the container keeps the answers from the submission's user.
    """
    if archive.suffix != ".zip":
        raise BookError(f"{archive}: expected a name that ends in .zip")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "book")
        for _ in release(book, root, file):
            pass
        for name in ANSWERS:
            shutil.copytree(book.root / name, root / name, ignore=IGNORED, dirs_exist_ok=True)
        for notebook in book.notebooks:
            (root / notebook.recorded.relative_to(book.root)).unlink()
        for name in ("setup.sh", "run_autograder"):
            text = resources.files("unrolled.grade").joinpath("handout", name).read_text("utf-8")
            write_atomic(Path(folder, name), text)
            Path(folder, name).chmod(0o755)
        shutil.make_archive(str(archive.with_suffix("")), "zip", folder)
