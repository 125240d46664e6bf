"""Splice, weave and true line numbers."""

import ast
import copy
import traceback
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.package.conftest import edit
from unrolled.answers import Answers, load_namespace
from unrolled.errors import BookError
from unrolled.execute import solve
from unrolled.manifest import Book, read_book
from unrolled.notebook import (
    check_headings,
    read_cells,
    read_notebook,
    signature_problem,
    splice,
    with_docstrings,
)
from unrolled.site.weave import weave

words = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30)


@given(st.lists(words, max_size=5), st.integers(-1000, 1000))
def test_splice_changes_exercise_cells_only_and_none_of_its_arguments(
    prose: list[str], number: int
) -> None:
    stub = (
        "def answer() -> int:\n"
        '    """The answer."""\n'
        '    raise NotImplementedError("exercise answer")'
    )
    chapter = new_notebook(
        cells=[
            *(new_markdown_cell(text) for text in prose),
            new_code_cell(stub, metadata={"exercise": "answer"}),
            new_code_cell("answer()"),
        ]
    )
    given_cell = f"def answer() -> int:\n    return {number}"
    answers = new_notebook(cells=[new_code_cell(given_cell, metadata={"exercise": "answer"})])
    before = copy.deepcopy(chapter), copy.deepcopy(answers)
    spliced = splice(chapter, answers, "answers")
    assert (chapter, answers) == before
    space: dict = {}
    exec(spliced.cells[-2].source, space)
    assert space["answer"]() == number
    assert space["answer"].__doc__ == "The answer."
    others = [
        (cell.cell_type, cell.source) for cell in chapter.cells if "exercise" not in cell.metadata
    ]
    assert others == [
        (cell.cell_type, cell.source) for cell in spliced.cells if "exercise" not in cell.metadata
    ]
    assert splice(spliced, answers, "answers") == spliced  # once more changes nothing


def test_repeated_keys_are_joined_in_order() -> None:
    chapter = new_notebook(cells=[new_code_cell("def f(): ...", metadata={"exercise": "f"})])
    parts = ["def g():\n    return 1", "def f():\n    return g() + 1"]
    cells = [new_code_cell(part, metadata={"exercise": "f"}) for part in parts]
    spliced = splice(chapter, new_notebook(cells=cells), "answers")
    space: dict = {}
    exec(spliced.cells[0].source, space)
    assert space["f"]() == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('# %% exercise="twice"\n', "# %%\n", "no answer to exercise 'twice'"),
        ('# %% exercise="twice"\n', '# %% exercise="twise"\n', "no such exercise in the chapter"),
        ("(x: float)", "(y: float)", "signature is def twice(y: float) -> float, expected"),
        ("def twice(", "def double(", "twice is missing"),
        ("return 2 * x", "return 2 *", "syntax error"),
    ],
)
def test_an_answer_that_does_not_fit_is_one_line(tiny: Book, old: str, new: str, said: str) -> None:
    notebook = tiny.notebooks[0]
    edit(notebook.solutions, old, new)
    with pytest.raises(BookError) as error:
        solve(notebook)
    assert said in str(error.value)
    assert "solutions/01_twice.py" in str(error.value)
    assert "\n" not in str(error.value)


def test_docstrings_of_classes_and_methods_are_copied() -> None:
    stub = (
        'class A:\n    """A class."""\n\n    def f(self, x):\n'
        '        """A method.\n\n        Long."""\n        raise NotImplementedError'
    )
    answer = (
        "class A:\n    @property\n    def g(self):\n        return 1\n\n"
        "    def f(self, x):\n        # said\n        return x"
    )
    tree = ast.parse(with_docstrings(stub, answer)).body[0]
    assert isinstance(tree, ast.ClassDef)
    assert ast.get_docstring(tree) == "A class."
    assert "Long." in (ast.get_docstring(tree.body[-1]) or "")  # type: ignore[arg-type]
    assert signature_problem(stub, answer) is None


def test_every_solution_of_the_book_keeps_its_stubs_docstrings() -> None:
    for notebook in read_book().notebooks:
        chapter, solved = read_notebook(notebook.source), solve(notebook)
        for stub, cell in zip(chapter.cells, solved.cells, strict=True):
            if cell.cell_type == "code" and "exercise" in cell.metadata:
                one, other = ast.parse(stub.source), ast.parse(cell.source)
                for a in one.body:
                    b = next(b for b in other.body if getattr(b, "name", "") == a.name)  # type: ignore[attr-defined]
                    assert ast.get_docstring(a) == ast.get_docstring(b)  # type: ignore[arg-type]


def test_cells_know_the_lines_they_stand_on() -> None:
    for notebook in read_book().notebooks:
        for path in (notebook.source, notebook.solutions, notebook.wrong):
            lines = path.read_text(encoding="utf-8").splitlines()
            for cell in read_cells(path):
                if cell.kind == "code":
                    count = len(cell.source.splitlines())
                    assert "\n".join(lines[cell.line - 1 : cell.line - 1 + count]) == cell.source


def test_cells_are_those_of_the_content_that_was_read_first(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor may empty a file and write it again while it is read."""
    path = tiny.notebooks[0].solutions
    whole, read = path.read_bytes(), Path.read_bytes

    def emptied(one: Path) -> bytes:
        content = read(one)
        one.write_bytes(b"")
        return content

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", emptied)
        assert len(read_cells(path)) == 2
    path.write_bytes(whole)
    assert len(read_cells(path)) == 2


def test_a_comment_that_looks_like_a_shell_command_stays_a_comment(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    edit(notebook.solutions, "    return 2 * x", "    # cat the rest\n    return 2 * x")
    edit(notebook.solutions, "def twice", "# cat over axis 0\ndef twice")
    [cell] = [one for one in read_cells(notebook.solutions) if one.kind == "code"]
    assert cell.source.splitlines()[0] == "# cat over axis 0"
    assert load_namespace(notebook, Answers.reference(notebook))["twice"](2.0) == 4.0


def test_a_traceback_names_the_file_and_the_line_of_a_py(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    edit(notebook.solutions, "return 2 * x", "return 2 * x / 0")
    frame = _raise(tiny, notebook.solutions.parent)
    assert (frame.filename, frame.line) == (str(notebook.solutions), "return 2 * x / 0")
    assert frame.lineno == 3


def test_a_traceback_names_the_cell_and_the_line_of_an_ipynb(tiny: Book, tmp_path: Path) -> None:
    source = "def twice(x: float) -> float:\n    return x / 0"
    cells = [new_markdown_cell("Hello"), new_code_cell(source, metadata={"exercise": "twice"})]
    folder = tmp_path / "work"
    folder.mkdir()
    nbformat.write(new_notebook(cells=cells), folder / "01_twice.ipynb")
    frame = _raise(tiny, folder)
    assert (frame.filename, frame.lineno, frame.line) == (
        "01_twice.ipynb, cell 2",
        2,
        "return x / 0",
    )


def _raise(book: Book, folder: Path) -> traceback.FrameSummary:
    notebook = book.notebooks[0]
    space = load_namespace(notebook, Answers.from_folder(folder, notebook))
    with pytest.raises(ZeroDivisionError) as error:
        space["twice"](1.0)
    return traceback.extract_tb(error.value.__traceback__)[-1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Exercise 1.1 · Double it", "Exercise 1.1 · Halve it", "disagrees with book.toml"),
        ("Exercise 1.1 ·", "Exercise 1.2 ·", "disagrees with book.toml"),
        ('exercise="twice"', 'exercise="twise"', "exercise 'twise' is not in book.toml"),
        ("(about 1 line)", "", "should open its cell"),
    ],
)
def test_a_heading_that_disagrees_with_the_registry_is_one_line(
    tiny: Book, old: str, new: str, said: str
) -> None:
    notebook = tiny.notebooks[0]
    edit(notebook.source, old, new)
    found = list(check_headings(read_cells(notebook.source), notebook))
    assert any(said in line for line in found)
    assert all("\n" not in line for line in found)


def test_weave_hides_one_solution_under_each_exercise_and_changes_nothing_given() -> None:
    labels: list[str] = []
    for notebook in read_book().notebooks:
        chapter, answers = read_notebook(notebook.source), read_notebook(notebook.solutions)
        solved = solve(notebook)
        before = copy.deepcopy((chapter, solved, answers))
        page = weave(chapter, solved, answers, notebook)
        assert (chapter, solved, answers) == before
        text = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
        for exercise in notebook.exercises:
            label = f"exercise-{notebook.key}-{exercise.id}"
            assert text.count(f":label: {label}\n") == 1
            assert text.count(f"```{{solution-start}} {label}\n") == 1
            labels.append(label.lower())
            assert f"{exercise.points} point" in text
        assert text.count(" · about ") == 2 * len(notebook.exercises)  # size and minutes
        assert text.count("{solution-end}") == len(notebook.exercises)
        assert len({cell["id"] for cell in page.cells}) == len(page.cells)
    assert len(set(labels)) == len(labels)
