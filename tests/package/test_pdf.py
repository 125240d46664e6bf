"""The printed book: bookmarks, solutions at the end, code whole, page numbers that are right.

The printer is the system's Chromium; without one these tests are skipped.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from tests.package.conftest import CHAPTER, SOLUTION, write_book
from unrolled.cli import main
from unrolled.manifest import Book, read_book
from unrolled.site import browser as chromium
from unrolled.site import build
from unrolled.site.pdf import write_pdf

TOP = 740  # points above the lower edge of a sheet: what is higher begins a page
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

# Chapter 3 has three notebooks. Their sections fill pages to different heights, so that a heading
# comes to stand at the top of one, where a place before it would stay behind.
PARTS = {"03a_half": "Halve it", "03b_third": "Take a third", "03c_fourth": "Take a fourth"}
LISTING = "\n".join(["values = [", *(f"    {n}," for n in range(13)), "]"])


def section(name: str) -> str:
    """A section with a listing that stays whole, and one below it; others refer to both."""
    return (
        f"\n# %% [markdown]\n# (place-{name})=\n# ## Part {name}\n#\n"
        f"# {'A sentence. ' * 17 * (len(name) + int(name[-1]) % 3)}\n\n# %%\n{LISTING}\n\n"
        f"# %% [markdown]\n# (detail-{name})=\n# ### Detail {name}\n#\n"
        f"# See [this part](#place-{name}) and [this detail](#detail-{name}).\n"
    )


def write_parts(root: Path) -> None:
    """Add a chapter of three notebooks to the tiny book."""
    head = '\n[[chapter]]\nnumber = 3\ntitle = "Parts"\nprerequisites = ["product"]\n'
    head += 'result = "A part."\ncpu_seconds = 10\ncheck_seconds = 5\n'
    text = f"{head}notebooks = {list(PARTS)}\n".replace("'", '"')
    for number, (name, task) in enumerate(PARTS.items(), 1):
        key, exercise = name.split("_")
        words = dict(name=exercise, task=task, factor=1 / (number + 1), quote="a number")
        source = CHAPTER.format(n=key.lstrip("0"), title=exercise.title(), **words)
        source = source.replace(f"{key.lstrip('0')}.1", f"3.{number}")
        source += "".join(section(f"{key[1:]}{n}") for n in range(6))
        (root / "chapters" / f"{name}.py").write_text(source, encoding="utf-8")
        (root / "solutions" / f"{name}.py").write_text(SOLUTION.format(**words), encoding="utf-8")
        text += f'\n[[chapter.exercise]]\nid = "{exercise}"\ntitle = "{task}"\n'
        text += f'notebook = "{name}"\npoints = 1\nminutes = 5\n'
    with (root / "book.toml").open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The tiny book, rendered, with a section after the exercise of chapter 1."""
    if not chromium.chromium():
        pytest.skip("NO BROWSER: install chromium, or set UNROLLED_CHROMIUM, to print the book")
    root = tmp_path_factory.mktemp("printed")
    write_book(root)
    write_parts(root)
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
        ("2.1", "return 3 * x", "3 · Parts\n"),
    ):
        assert whole.count(answer) == 1
        asked = whole.index(f"Exercise {label} ·")
        assert asked < whole.index(answer) < whole.rindex(next_title)
        assert f"Solution {label}, page " in whole and f"Exercise {label}, page " in whole
    assert whole.index("A word at the end of the chapter") < whole.index("return 2 * x")


def test_notebooks_of_a_chapter_stand_in_order_and_their_solutions_after_the_last(
    printed: PdfReader, texts: list[str]
) -> None:
    found = [(level, title) for level, title, _ in bookmarks(printed.outline)]
    chapter = found[found.index((1, "3 · Parts")) + 1 : found.index((1, "Glossary"))]
    assert [title for level, title in chapter if level == 2] == [
        "3a · Half", "3b · Third", "3c · Fourth", "Solutions"
    ]  # fmt: skip
    labels = [f"3.{n} · {task}" for n, task in enumerate(PARTS.values(), 1)]
    assert [(3, one) for one in labels] == chapter[-3:]
    at = chapter.index((2, "3b · Third"))
    assert chapter[at + 1 : at + 5] == [
        (3, "A section"), (4, "Exercise 3.2 · Take a third"), (3, "Part 3b0"), (4, "Detail 3b0")
    ]  # fmt: skip
    whole = "".join(texts)
    answers = [whole.index(f"return {1 / n} * x") for n in (2, 3, 4)]
    assert whole.rindex("this detail") < answers[0] and answers == sorted(answers)
    # A notebook begins a page, and so do the solutions.
    tops = {title: one.top for _, title, one in bookmarks(printed.outline)}
    assert min(tops["3b · Third"], tops["3c · Fourth"]) > TOP


def test_the_contents_list_three_levels_where_a_chapter_has_notebooks(
    printed: PdfReader, texts: list[str]
) -> None:
    expected = [
        f"{title} {printed.get_destination_page_number(one) + 1}"
        for level, title, one in bookmarks(printed.outline)
        if level <= 2 or (level == 3 and title.startswith(("Part ", "A section")))
    ]
    [contents] = [text for text in texts if "Contents" in text]
    assert contents.splitlines()[2:] == expected[2:]  # without the title page and the contents


def test_a_link_leads_to_the_page_of_the_heading(printed: PdfReader, texts: list[str]) -> None:
    places = 0
    for name, end in printed.named_destinations.items():
        found = re.search(r"--(place|detail)-(3\w\d)$", name)
        if found:
            places += 1
            title = f"{'Part' if found[1] == 'place' else 'Detail'} {found[2]}"
            assert title in texts[printed.get_destination_page_number(end)], title
    at_the_top = [title for _, title, one in bookmarks(printed.outline) if one.top > TOP]
    assert places == 36 and any("Part" in one for one in at_the_top)  # else nothing has been tried


def test_a_short_listing_stays_whole_and_a_heading_is_never_last(texts: list[str]) -> None:
    for text in texts:
        assert text.count("values = [") == len(re.findall(r"^ *12,$", text, re.MULTILINE))
        lines = [one for one in text.splitlines() if not one.strip().isdigit()]
        assert not re.match(r"(Part|Detail) 3\w\d$", lines[-1]), lines[-1]


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
