"""Sources that the author's gate refuses, each with one clear line."""

import pytest

from tests.package.conftest import WRONG, edit
from unrolled.author.sources import survivors, written
from unrolled.errors import BookError
from unrolled.manifest import Book

ALL_BUT_ONE = WRONG.partition("\n\n")[2].format(name="twice", factor=2)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("solutions/01_twice.py", '# %% exercise="twice"\n', "# %%\n", "no answer to exercise"),
        ("solutions/01_twice.py", 'exercise="twice"', 'exercise="twise"', "no such exercise"),
        ("solutions/01_twice.py", "x: float)", "x: int)", "signature is"),
        ("solutions/01_twice.py", "One product is enough, because a", "A", "does not say why"),
        ("chapters/01_twice.py", "2.468", "2.469", "'2.469' is printed by none"),
        ("chapters/01_twice.py", "(1.234)", "(1.235)", "differs from the sources"),
        ("chapters/01_twice.py", "import math", "x = 1" + 40 * " + 1", "columns, at most 77"),
        ("chapters/01_twice.py", "import math", 26 * "x = 1\n", "26 lines of code, at most 25"),
        ("chapters/01_twice.py", "import math", "plt.show()", "a figure without alt text"),
        ("chapters/01_twice.py", '("exercise twice")', '("todo")', "the body of a stub is"),
        ("chapters/hints/01_twice.md", "3. Multiply x by the factor.", "", "2 hints, expected 3"),
        ("chapters/hints/01_twice.md", "## twice", "## twise", "twice has 0 hints"),
        ("tests/wrong/01_twice.py", "(x: float)", "(z: float)", "twice:power: signature is"),
        (
            "tests/wrong/01_twice.py",
            "The sign is lost; keep it.",
            "That is a power; multiply.",
            "share",
        ),
        ("tests/wrong/01_twice.py", 'mistake="clipped" ', "", "needs mistake= and says="),
        ("tests/wrong/01_twice.py", ALL_BUT_ONE, "", "twice has 1 wrong answer, expected 3"),
    ],
)
def test_a_broken_source_is_one_clear_line(
    book: Book, file: str, old: str, new: str, said: str
) -> None:
    edit(book.root / file, old, new)
    try:
        lines = written(book.notebooks[0])
    except Exception as error:
        lines = [str(error)]
    found = [line for line in lines if said in line]
    assert found, lines
    assert file in found[0] or "tests/nbval" in found[0]
    assert "\n" not in found[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [("[twice", "survivors.toml: "), ('[twise]\n"a" = "b"\n', "no exercise 'twise' in book.toml")],
)
def test_a_list_of_survivors_that_is_wrong_is_one_line(book: Book, text: str, said: str) -> None:
    (book.root / "tests/wrong/survivors.toml").write_text(text)
    with pytest.raises(BookError) as error:
        survivors(book.notebooks[0])
    assert said in str(error.value) and "\n" not in str(error.value)
    assert written(book.notebooks[0]) == [str(error.value)]


def test_a_hint_without_a_word_is_none(book: Book) -> None:
    edit(book.notebooks[0].hints, "Multiply x by the factor.", "")
    assert any("twice has 2 hints, expected 3" in line for line in written(book.notebooks[0]))


def test_an_exercise_is_answered_in_one_cell(book: Book) -> None:
    path = book.notebooks[0].solutions
    path.write_text(path.read_text() + '\n# %% exercise="twice"\nmore = 1\n')
    assert any("twice is answered above already" in one for one in written(book.notebooks[0]))
