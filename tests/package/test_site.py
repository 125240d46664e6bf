"""The rendered book: nothing from another host, solutions folded, figures described."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.package.conftest import edit
from unrolled.errors import BookError
from unrolled.manifest import Book
from unrolled.site import build, chapter_table, fill_table
from unrolled.site.pages import MEASURED


class Page(HTMLParser):
    """What a page fetches, what it links to, its ids, its images."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        found = dict(attrs)
        if tag in ("script", "img", "iframe", "source") and found.get("src"):
            self.fetched.append(found["src"] or "")
        if tag == "link" and found.get("rel") in ("stylesheet", "preload", "icon", "prefetch"):
            self.fetched.append(found.get("href") or "")
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        if found.get("id"):
            self.ids.add(found["id"] or "")
        if tag == "img":
            self.images.append(found)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny book, with a figure and an equation, as pages."""
    from tests.package.conftest import write_book
    from unrolled.manifest import read_book

    root = tmp_path_factory.mktemp("rendered")
    write_book(root)
    figure = (
        '\n# %% alt="A straight line."\nimport matplotlib.pyplot as plt\n\n'
        "_, ax = plt.subplots()\nax.plot([1, 2])\nplt.show()\n\n"
        "# %% [markdown]\n# An equation, $c_t = f c_{t-1}$.\n"
    )
    source = root / "chapters" / "01_twice.py"
    source.write_text(source.read_text() + figure)
    book = read_book(root)
    cells, page = build(book, book.notebooks, lambda *_: None)
    assert (cells, page) == (7, root / "build" / "html" / "index.html")
    assert build(book, book.notebooks, lambda *_: None)[0] == 0
    return root / "build" / "html"


def test_no_page_fetches_anything_from_another_host(rendered: Path) -> None:
    pages = list(rendered.glob("*.html"))
    assert len(pages) >= 3
    for path in pages:
        for target in Page(path).fetched:
            assert not urlsplit(target).netloc, f"{path.name} fetches {target}"
    for style in rendered.rglob("*.css"):
        remote = re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)\"']+", style.read_text())
        assert not remote, f"{style.name} fetches {remote}"


def test_every_link_within_the_book_leads_somewhere(rendered: Path) -> None:
    for path in rendered.glob("*.html"):
        for link in Page(path).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = path if not parts.path else path.parent / unquote(parts.path)
            assert target.exists(), f"{path.name}: {link}"
            if parts.fragment and target.suffix == ".html":
                assert unquote(parts.fragment) in Page(target).ids, f"{path.name}: {link}"


def test_a_figure_has_its_authored_description(rendered: Path) -> None:
    images = [
        one for one in Page(rendered / "01_twice.html").images if "_images" in str(one["src"])
    ]
    assert [one.get("alt") for one in images] == ["A straight line."]


def test_a_solution_is_folded_and_the_exercise_shows_points_and_stub(rendered: Path) -> None:
    text = (rendered / "01_twice.html").read_text()
    assert re.search(r'class="[^"]*solution[^"]*dropdown', text)
    assert "2 points" in text
    assert "about 5 minutes" in text
    assert "NotImplementedError" in text
    assert "One product is enough" in text


def test_the_offered_notebook_holds_stubs_and_no_solution(rendered: Path) -> None:
    offered = list((rendered / "_downloads").rglob("*.ipynb"))
    assert len(offered) == 2
    assert "_sources" not in [path.name for path in rendered.iterdir()]
    for path in offered:
        text = path.read_text()
        assert "NotImplementedError" in text
        assert "return 2 * x" not in text and "return 3 * x" not in text


def test_formulas_need_no_script_and_the_search_is_served_from_the_book(rendered: Path) -> None:
    page = Page(rendered / "01_twice.html")
    assert "<math" in (rendered / "01_twice.html").read_text(encoding="utf-8")
    assert "_static/math.css" in [urlsplit(one).path for one in page.fetched]
    assert (rendered / "_static" / "math.css").stat().st_size > 2_000
    assert "_static/math.css" not in [
        urlsplit(one).path for one in Page(rendered / "index.html").fetched
    ]
    assert (rendered / "searchindex.js").is_file()


def test_a_page_loads_one_style_and_no_script_that_it_does_not_use(rendered: Path) -> None:
    chapter, index = (Page(rendered / name).fetched for name in ("01_twice.html", "index.html"))
    assert sum(urlsplit(one).path.endswith(".css") for one in index) == 1
    assert any("togglebutton" in one for one in chapter)
    assert not any("togglebutton" in one or "copybutton" in one for one in index)
    assert not any("fontawesome" in one or "searchtools" in one for one in chapter)
    assert any("searchtools" in one for one in Page(rendered / "search.html").fetched)
    theme = rendered / "_static" / "scripts" / "pydata-sphinx-theme.js"
    assert MEASURED.search(theme.read_text(encoding="utf-8")) is None


def test_a_figure_has_its_size_and_comes_when_it_is_needed(rendered: Path) -> None:
    (image,) = (o for o in Page(rendered / "01_twice.html").images if "_images" in str(o["src"]))
    assert int(image["width"] or 0) > 100 and int(image["height"] or 0) > 100
    assert image["loading"] == "lazy"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Write `twice`.", "See [this](nowhere.md).", "nowhere.md"),
        ("Write `twice`.", "See {cite:p}`nobody2000`.", "nobody2000"),
    ],
)
def test_a_warning_of_the_renderer_stops_the_build_and_names_the_page(
    tiny: Book, old: str, new: str, said: str
) -> None:
    edit(tiny.notebooks[0].source, old, new)
    for _ in range(2):  # also when the page has not changed since
        with pytest.raises(BookError, match=said) as error:
            build(tiny, tiny.notebooks, lambda *_: None)
        assert str(tiny.root) not in str(error.value)


def test_a_heading_that_disagrees_stops_the_build(tiny: Book) -> None:
    edit(tiny.notebooks[0].source, "Double it", "Halve it")
    with pytest.raises(BookError, match="disagrees with"):
        build(tiny, tiny.notebooks, lambda *_: None)


def test_the_table_of_chapters_stands_between_its_markers(tiny: Book) -> None:
    text = "a\n<!-- chapters:begin -->\nold\n<!-- chapters:end -->\nb\n"
    filled = fill_table(tiny, text, "{name}.html")
    assert chapter_table(tiny, "{name}.html") in filled
    assert "old" not in filled
    assert filled.startswith("a\n") and filled.endswith("\nb\n")
    assert fill_table(tiny, filled, "{name}.html") == filled
