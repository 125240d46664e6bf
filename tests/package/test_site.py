"""The rendered book: nothing from another host, solutions folded, figures described."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from tests.package.conftest import edit
from unrolled import site
from unrolled.errors import BookError
from unrolled.manifest import Book, read_book
from unrolled.site import build, styles
from unrolled.site.links import Page, broken
from unrolled.site.pages import MEASURED


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


def test_no_style_fetches_anything_from_another_host(rendered: Path) -> None:
    for style in rendered.rglob("*.css"):
        remote = re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)\"']+", style.read_text())
        assert not remote, f"{style.name} fetches {remote}"


SITE = "https://nobody.github.io/tiny/"


def test_every_link_within_the_book_leads_somewhere(rendered: Path) -> None:
    pages = [Page(path) for path in rendered.glob("*.html")]
    assert len(pages) >= 5
    assert sum(len(page.links) for page in pages) > 50
    assert list(broken(rendered, SITE)) == []


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ('<a href="nowhere.html">', "nowhere.html: no such file"),
        ('<a href="02_thrice.html#nowhere">', "02_thrice.html#nowhere: no such place"),
        ('<a href="#nowhere">', "#nowhere: no such place"),
        ('<meta name="author"><a href="#author">', "#author: no such place"),
        (f'<a href="{SITE}downloads/09.ipynb">', "downloads/09.ipynb: no such file"),
        ('<a href="https://exam ple.org/">', "not a well-formed address"),
        ('<a href="https://example">', "not a well-formed address"),
        ('<a href="ftp://example.org/">', "ftp scheme"),
        ('<img src="_images/none.png">', "_images/none.png, which is not there"),
        ('<script src="//example.org/x.js">', "from another host"),
        ('<link rel="preload" href="https://example.org/x.css">', "from another host"),
    ],
)
def test_a_link_that_leads_nowhere_is_told(
    rendered: Path, tmp_path: Path, html: str, said: str
) -> None:
    shutil.copytree(rendered, tmp_path / "html")
    page = tmp_path / "html" / "01_twice.html"
    page.write_text(page.read_text() + html)
    [line] = broken(tmp_path / "html", SITE)
    assert line.startswith("01_twice.html: ") and said in line


def test_a_part_of_the_book_is_built_once_all_of_it_has_pages(tiny: Book) -> None:
    with pytest.raises(BookError, match=r"no page yet of 02, .*`unrolled build` makes all"):
        build(tiny, tiny.notebooks[:1], lambda *_: None)
    assert not (tiny.root / "build" / "executed").exists()
    build(tiny, tiny.notebooks, lambda *_: None)
    edit(tiny.notebooks[0].source, "Write `twice`.", "Write `twice` once more.")
    _, page = build(tiny, tiny.notebooks[:1], lambda *_: None)
    assert "once more" in page.with_name("01_twice.html").read_text()


def test_a_link_that_leads_nowhere_stops_the_build(tiny: Book) -> None:
    edit(tiny.notebooks[0].source, "Write `twice`.", 'See <a href="nowhere.html">this</a>.')
    with pytest.raises(BookError, match=r"01_twice.html: nowhere.html: no such file"):
        build(tiny, tiny.notebooks, lambda *_: None)


def test_the_first_page_links_to_a_pdf_that_was_printed_from_these_pages(tiny: Book) -> None:
    html, pdf = tiny.root / "build" / "html", tiny.root / "build" / "unrolled.pdf"

    def linked() -> bool:
        build(tiny, tiny.notebooks, lambda *_: None)  # which looks at every link
        assert (html / "unrolled.pdf").is_file() == (
            "unrolled.pdf" in Page(html / "index.html").links
        )
        return (html / "unrolled.pdf").is_file()

    assert not linked()
    pdf.write_text("%PDF")
    assert linked() and linked()
    edit(tiny.root / "chapters" / "glossary.md", "gives", "makes")
    assert not linked()


def test_writers_side_by_side_would_lose_styles(rendered: Path) -> None:
    """`styles.py` gathers names in one process: the flag keeps Sphinx from writing in several."""
    app = SimpleNamespace(connect=lambda *_, **__: None)
    assert styles.setup(app)["parallel_write_safe"] is False
    conf, root = Path(styles.__file__).parent, rendered.parents[1]
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-j", "3", "-q", "-E", "-c", str(conf)]
    command += [str(root / "build" / "pages"), str(root / "side")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0 and "doing serial write" in done.stderr
    assert (root / "side/_static/book.css").read_text() == (
        rendered / "_static" / "book.css"
    ).read_text()


def test_a_sign_stays_with_the_formula_before_it(rendered: Path) -> None:
    text = (rendered / "01_twice.html").read_text()
    assert re.search(r'<span class="joined"><math(?:(?!</math>).)*</math>\.</span></p>', text)
    assert ".joined" in (rendered / "_static" / "book.css").read_text()


def test_a_page_that_is_no_more_is_taken_away(tiny: Book) -> None:
    page = tiny.root / "build" / "html" / "old.html"
    page.parent.mkdir(parents=True)
    page.write_text('<a href="nowhere.html">')
    build(tiny, tiny.notebooks, lambda *_: None)
    assert not page.exists()


def test_a_figure_has_its_authored_description(rendered: Path) -> None:
    text = (rendered / "01_twice.html").read_text()
    [image] = re.findall(r"<img[^>]*_images[^>]*>", text)
    assert 'alt="A straight line."' in image


def test_a_solution_is_folded_and_the_exercise_shows_points_and_stub(rendered: Path) -> None:
    text = (rendered / "01_twice.html").read_text()
    assert re.search(r'class="[^"]*solution[^"]*dropdown', text)
    assert "2 points" in text
    assert "about 5 minutes" in text
    assert "NotImplementedError" in text
    assert "One product is enough" in text


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
    assert not (rendered / "_static" / "vega.js").exists()  # no page has a figure to move
    assert any("searchtools" in one for one in Page(rendered / "search.html").fetched)
    theme = rendered / "_static" / "scripts" / "pydata-sphinx-theme.js"
    assert MEASURED.search(theme.read_text(encoding="utf-8")) is None


def test_a_figure_has_its_size_and_comes_when_it_is_needed(rendered: Path) -> None:
    text = (rendered / "01_twice.html").read_text()
    [image] = re.findall(r"<img[^>]*_images[^>]*>", text)
    assert re.search(r'width="\d{3,}" height="\d{3,}"', image) and 'loading="lazy"' in image


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


def test_another_code_of_the_site_writes_every_page_again(
    rendered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = rendered / "01_twice.html"
    book = read_book(rendered.parents[1])
    again = (book, rendered.parent / "pages", rendered)
    before = page.stat().st_mtime_ns
    site._sphinx(*again)
    assert page.stat().st_mtime_ns == before
    monkeypatch.setattr(site, "fingerprint", lambda _: "another")
    site._sphinx(*again)
    assert page.stat().st_mtime_ns > before


def test_an_extension_that_breaks_is_told_with_its_reason(
    rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks = "import bs4\n\ndef select(*_):\n    raise ValueError('no such luck')\n\n"
    (tmp_path / "sitecustomize.py").write_text(breaks + "bs4.BeautifulSoup.select = select\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    with pytest.raises(BookError, match=r"^Sphinx stopped: .*no such luck") as error:
        site._sphinx(read_book(rendered.parents[1]), rendered.parent / "pages", tmp_path / "html")
    assert "Traceback" not in str(error.value)
