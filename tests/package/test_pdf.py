"""The printed book: bookmarks, solutions at the end, code whole, page numbers that are right.

The printer is the system's Chromium; without one these tests are skipped.
"""

import re
from collections.abc import Iterable, Iterator

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from tests.package.conftest import write_book
from unrolled.cli import main
from unrolled.manifest import Book, read_book
from unrolled.site import browser as chromium
from unrolled.site import build
from unrolled.site.pdf import write_pdf

LONG = f'print("{"abcdefghi " * 11}a")'  # 120 columns
EXTRA = f"""
# %% [markdown]
# ## What stays
#
# A word at the end of the chapter: [the glossary](glossary.md).

# %%
{LONG}

# %% alt="A line that moves."
import altair as alt
from unrolled import style

style()
height = alt.param("height", value=1, bind=alt.binding_range(min=1, max=3, step=1))
alt.Chart(alt.Data(values=[{{"x": 1}}])).mark_point().encode(x="x:Q").add_params(height)
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The tiny book, rendered, with a section after the exercise of chapter 1."""
    if not chromium.chromium():
        pytest.skip("NO BROWSER: install chromium, or set UNROLLED_CHROMIUM, to print the book")
    root = tmp_path_factory.mktemp("printed")
    write_book(root)
    source = root / "chapters" / "01_twice.py"
    source.write_text(source.read_text(encoding="utf-8") + EXTRA, encoding="utf-8")
    index = root / "chapters" / "index.md"
    text = index.read_text(encoding="utf-8")
    index.write_text(text.replace("glossary\n", "glossary\nIndex <genindex>\n"), encoding="utf-8")
    book = read_book(root)
    build(book, book.notebooks, lambda *_: None)
    return book


@pytest.fixture(scope="module")
def printed(book: Book) -> PdfReader:
    """The same as a PDF."""
    path = write_pdf(book)
    assert path == book.root / "build" / "unrolled.pdf"
    return PdfReader(path)


@pytest.fixture(scope="module")
def texts(printed: PdfReader) -> list[str]:
    """What each page says."""
    return [page.extract_text() for page in printed.pages]


def bookmarks(outline: Iterable[object], level: int = 1) -> Iterator[tuple[int, str, object]]:
    for one in outline:
        if isinstance(one, list):
            yield from bookmarks(one, level + 1)
        else:
            yield level, one.title, one


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_chapters_sections_and_solutions_have_bookmarks(printed: PdfReader) -> None:
    found = [(level, title) for level, title, _ in bookmarks(printed.outline)]
    assert found[0] == (1, "Tiny")
    at = found.index((1, "1 · Twice"))
    end = found.index((1, "2 · Thrice"))
    chapter = [one for one in found[at + 1 : end] if one[0] <= 3]
    assert chapter[-3:] == [(2, "What stays"), (2, "Solutions"), (3, "1.1 · Double it")]
    assert [title for level, title in found if level == 1][-2:] == ["Glossary", "Index"]


def test_a_solution_stands_once_after_its_chapter(texts: list[str]) -> None:
    whole = "\n".join(texts)
    for label, answer, next_title in (
        ("1.1", "return 2 * x", "2 · Thrice\n"),
        ("2.1", "return 3 * x", "Glossary\n"),
    ):
        assert whole.count(answer) == 1
        asked = whole.index(f"Exercise {label} ·")
        assert asked < whole.index(answer) < whole.rindex(next_title)
        assert f"Solution {label}, page " in whole and f"Exercise {label}, page " in whole
    assert whole.index("A word at the end of the chapter") < whole.index("return 2 * x")


def test_a_long_line_of_code_is_whole(texts: list[str]) -> None:
    assert len(LONG) == 120
    assert bare(LONG) in bare("".join(texts))


def test_no_page_is_empty(printed: PdfReader, texts: list[str]) -> None:
    assert len(texts) >= 7
    for number, text in enumerate(texts, 1):
        assert len(bare(text)) > 20, f"page {number} is empty"


def test_contents_solutions_and_index_name_the_pages_where_things_are(
    printed: PdfReader, texts: list[str]
) -> None:
    start = next(n for n, text in enumerate(texts) if "Contents" in text)
    for level, title, one in bookmarks(printed.outline):
        if level == 1 and title != "Tiny":
            page = printed.get_destination_page_number(one) + 1
            assert re.search(rf"{re.escape(title)}\s*{page}$", texts[start], re.MULTILINE), title
            assert title in texts[page - 1]
    for word in ("Solution 1.1", "Exercise 1.1"):
        [page] = re.findall(rf"{word}, page (\d+)", "".join(texts))
        other = "return 2 * x" if word.startswith("Solution") else "Write twice"
        assert other in texts[int(page) - 1]
    [page] = re.findall(r"Double it \(exercise 1\.1\), (\d+)", texts[-1])
    assert "Exercise 1.1 · Double it" in texts[int(page) - 1]


def test_links_lead_into_the_book_and_to_the_web(book: Book, printed: PdfReader) -> None:
    inside, outside = [], []
    for page in printed.pages:
        for note in page.get("/Annots") or []:
            link = note.get_object()
            place = link.get("/Dest")
            (outside if place is None else inside).append(place or link["/A"]["/URI"])
    assert inside and set(inside) <= set(printed.named_destinations)
    assert not [one for one in outside if not one.startswith("https://")]
    assert f"{book.published.site_url}01_twice.html#movable-1" in outside


def test_the_command_says_what_it_wrote_or_what_it_lacks(
    book: Book, tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = CliRunner().invoke(main, ["pdf"])
    assert done.exit_code == 2 and "run: make book" in done.output
    monkeypatch.chdir(book.root)
    done = CliRunner().invoke(main, ["pdf"])
    assert done.exit_code == 0 and re.fullmatch(r"[\d.]+ [kM]B · build/unrolled.pdf\n", done.output)
