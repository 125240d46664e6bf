"""book.toml: what is accepted, and the one line for what is not."""

import pytest

from tests.package.conftest import BOOK, edit
from unrolled.errors import BookError
from unrolled.manifest import Book, read_book

FIRST = BOOK.partition("notebooks = ")[2].partition("\ntitle")[0]


def test_the_books_own_registry_is_valid_and_names_existing_files() -> None:
    book = read_book()
    assert [one.number for one in book.chapters] == sorted({one.number for one in book.chapters})
    assert all(one.checks.is_file() and one.solutions.is_file() for one in book.notebooks)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('language = "en"', 'languages = "en"', "book.languages: unknown key"),
        ("points = 2", "points = 0", "chapter.1.exercise.1.points"),
        ("points = 2", 'points = "two"', "chapter.1.exercise.1.points"),
        ('id = "thrice"', 'id = "twice"', "'twice' is listed 2 times"),
        ('id = "twice"', 'id = "two words"', "chapter.1.exercise.1.id"),
        ('notebooks = ["01_twice"]', 'notebooks = ["01_missing"]', "01_missing.py is missing"),
        ('notebooks = ["01_twice"]', 'notebooks = ["twice"]', "expected a name like 03a_shapes"),
        ("number = 2", "number = 1", "expected each once and in order"),
        ('title = "Tiny"\n', "", "book.title: missing key"),
        ('title = "Tiny"', "title = Tiny", "book.toml: "),
        ("site-url", "site_url", "output.html.site_url: unknown key"),
        ("io/tiny/", "io/tiny", "output.html.site-url"),
        ('github.com/nobody/tiny"', 'github.com/nobody/tiny/"', "output.html.git-repository-url"),
        ("{path}", "{file}", "output.html.edit-url-template"),
        ('prerequisites = ["product"]', "prerequisites = []", "chapter.1.prerequisites"),
        ('prerequisites = ["product"]\n', "", "chapter.1.prerequisites: missing key; add it"),
        ('result = "A multiple."\n', "", "chapter.1.result: missing key; add it"),
        ('id = "twice"', 'id = "twice"\nnotebook = "02_thrice"', "is not one of 01_twice"),
        (FIRST, FIRST.replace('"]', '", "01_more"]') + '\nnotebook = "01_twice"', "no exercise"),
        ('title = "Tiny"', f"title = {list(range(999))}", "found [0, 1, 2, 3, 4"),
        ('["01_twice"]', '["01_twice"]\nratios = ["02/race/slow"]', "expected it of 01"),
    ],
)
def test_a_mistake_in_the_registry_is_one_line_that_names_it(
    tiny: Book, old: str, new: str, said: str
) -> None:
    edit(tiny.root / "book.toml", old, new)
    with pytest.raises(BookError) as error:
        read_book(tiny.root)
    assert said in str(error.value)
    assert "\n" not in str(error.value) and len(str(error.value)) < 250


@pytest.mark.parametrize("name", ["1", "01", "01_twice"])
def test_a_notebook_is_selected_by_number_key_or_name(tiny: Book, name: str) -> None:
    assert [one.name for one in tiny.select([name])] == ["01_twice"]


def test_an_unknown_notebook_is_refused_with_the_known_ones(tiny: Book) -> None:
    with pytest.raises(BookError, match=r"no notebook '7' in book.toml; there are 01, 02"):
        tiny.select(["7"])


def test_a_book_of_another_kind_is_none_of_ours(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "book.toml").write_text('[book]\ntitle = "Of mdBook"\nsrc = "src"\n')
    monkeypatch.chdir(tmp_path / "src")
    assert read_book().about.title == "Unrolled"


def test_a_folder_without_a_registry_above_it_falls_back_on_the_packages_own(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_book().about.title == "Unrolled"
