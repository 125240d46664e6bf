"""The rendered book in a browser, opened as files and from a server; and that faults are found.

The browser is the system's Chromium; without one these tests are skipped.
"""

import threading
from contextlib import closing, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from rich.console import Console

from tests.package.conftest import write_book
from unrolled.manifest import Book, read_book
from unrolled.site import build, inspection
from unrolled.site.browser import THEMES, Tab, serve
from unrolled.site.inspection import CONTRAST, LEAST_CONTRAST, inspect, table, walk

EXTRA = """
# %%
print("a long line of output " * 20)

# %%
check("{name}")

# %% alt="A straight line."
import matplotlib.pyplot as plt

_, ax = plt.subplots()
ax.plot([1, 2])
plt.show()

# %% [markdown]
# A path, `unrolled/grade/handout/of/the/whole/book/Containerfile`; an equation,
# $c_t = f c_{{t-1}}$.
#
# $$y = \\sum_{{a}} a_0 + a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 + a_8 + a_9 + b_0 + b_1 + b_2$$
"""

# What is put into a page, and a part of what is then said of it.
FAULTS = {
    '<section style="content-visibility: auto"><div style="width: 90000px">x</div></section>': (
        "scrolls sideways by 89"
    ),
    '<img src="_static/favicon.svg">': "axe image-alt (critical)",
    '<img src="_images/nowhere.png" alt="Nothing.">': "nowhere.png is not there",
    "<h5>Deep</h5>": 'h5 "Deep" skips a level',
    "<h1>Another</h1>": "2 headings of the first level",
    '<p id="twin"></p><p id="twin"></p>': "two elements have the id twin",
    '<p style="color: #999; background: #fff">pale</p>': "contrast 2.85 of 'pale'",
    "<button></button>": "axe button-name (critical)",
    "<script>console.error('it broke')</script>": "console: it broke",
    "<script>console.warn('it is old')</script>": "console: it is old",
    "<script>nobody()</script>": "console: nobody is not defined",
    '<iframe title="Other" src="http://127.0.0.2:9/page"></iframe>': "asks another host",
    '<i class="fa-solid fa-nonesuch"></i>': "fa-nonesuch is not in icons.css",
    "<style>#twin::before { content: '\\f019' }</style>": "p::before needs the theme's icon font",
    '<p style="transition: color 1s !important">x</p>': "moves in spite of reduced motion",
    '<nav style="display: block !important">printed</nav>': "on paper: nav",
    f'<pre style="white-space: pre !important; overflow: hidden !important">{"x" * 300}</pre>': (
        "on paper: pre is cut"
    ),
    f'<table><tr><td style="white-space: nowrap">{"y" * 300}</td></tr></table>': (
        "on paper: table leaves the page"
    ),
    f"""<div class="admonition dropdown"><p class="admonition-title">Folded</p>
      <table><tr><td style="white-space: nowrap">{"z" * 300}</td></tr></table></div>""": (
        "on paper: table leaves the page: zz"
    ),
    """<script>setTimeout(() => {
      const late = document.createElement("div");
      late.style.height = "300px";
      document.querySelector("article").prepend(late);
    }, 150)</script>""": "the layout shifts by",
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny book, with a table of checks, a long output, a figure and equations, as pages."""
    root = tmp_path_factory.mktemp("rendered")
    write_book(root)
    source = root / "chapters" / "01_twice.py"
    text = source.read_text(encoding="utf-8")
    text = text.replace("import math", "import math\n\nfrom unrolled import check")
    source.write_text(text + EXTRA.format(name="twice"), encoding="utf-8")
    book = read_book(root)
    build(book, book.notebooks, lambda *_: None)
    return root / "build" / "html"


def test_pages_opened_as_files_hold_their_width_and_contrast_and_fetch_nothing(
    tab: Tab, rendered: Path
) -> None:
    pages = sorted(rendered.glob("*.html"))
    assert len(pages) >= 5
    for page in pages:
        for theme in THEMES:
            for width in (390, 1280):
                tab.visit(page.as_uri(), theme, width)
                where = f"{page.name}, {theme}, {width} px"
                excess = "document.scrollingElement.scrollWidth - innerWidth"
                assert tab.value(excess) <= 0, f"{where}: scrolls sideways"
                ratio, text = tab.value(CONTRAST)
                assert ratio >= LEAST_CONTRAST, f"{where}: contrast {ratio:.2f} of {text!r}"
    assert tab.errors == []
    assert len(tab.requests) > len(pages)
    assert {urlsplit(one).scheme for one in tab.requests} <= {"file", "data"}


def test_a_chapter_from_a_server_has_no_fault(browser: Browser, rendered: Path) -> None:
    with serve(rendered) as address:
        finding = inspect(browser, address, "01_twice.html", "en", rendered.parent / "shots")
    assert finding.problems == []
    assert finding.minor == 0
    assert 0 < finding.sent < finding.read  # compressed on the way
    assert finding.paint > 0
    shots = {path.name for path in (rendered.parent / "shots").iterdir()}
    assert {f"01_twice-{t}-{w}-1.png" for t in THEMES for w in (360, 390, 768, 1280)} <= shots
    assert table([finding]).row_count == 1


def test_every_fault_is_found(browser: Browser, rendered: Path) -> None:
    text = (rendered / "02_thrice.html").read_text(encoding="utf-8")
    broken = rendered / "broken.html"
    mark = "</article>"
    assert mark in text
    broken.write_text(text.replace(mark, "".join(FAULTS) + mark), encoding="utf-8")
    with serve(rendered) as address:
        said = inspect(browser, address, broken.name, "de").problems
    broken.unlink()
    assert 'lang is "en", not "de"' in said
    for fault, part in FAULTS.items():
        assert any(part in line for line in said), f"{fault}: not found in {said}"


def test_a_page_that_is_not_there_in_time_is_a_problem_and_the_next_is_looked_at(
    browser: Browser, tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("html/index.html", "html/other.html", "shots/old-light-360-1.png"):
        path = tiny.root / "build" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<p>No script gives this page its theme.</p>")
    monkeypatch.setattr("unrolled.site.browser.WAIT", 100)
    monkeypatch.setattr(inspection, "browser", lambda: nullcontext(browser))
    found = inspection.inspect_book(tiny, Console(quiet=True))
    assert [one.page for one in found] == ["index.html", "other.html"]
    for one in found:
        late = [line.partition(": Page.")[0] for line in one.problems if "Timeout 100ms" in line]
        assert {"dark, 768 px", "by keyboard"} <= set(late)
    assert not path.exists()


def test_the_server_ends_with_whoever_asked_for_it(tmp_path: Path) -> None:
    before = threading.enumerate()
    with pytest.raises(KeyError), serve(tmp_path):
        raise KeyError
    assert threading.enumerate() == before


def test_the_keyboard_leads_from_an_exercise_to_its_solution_and_on(
    browser: Browser, rendered: Path
) -> None:
    page = rendered / "01_twice.html"
    assert list(walk(browser, page.as_uri())) == []
    assert list(walk(browser, (rendered / "index.html").as_uri())) == []
    stuck = rendered / "stuck.html"
    text = page.read_text(encoding="utf-8").replace("togglebutton.js", "missing.js")
    stuck.write_text(
        text.replace("</head>", "<style>* { outline: none !important }</style></head>")
    )
    said = list(walk(browser, stuck.as_uri()))
    stuck.unlink()
    assert "by keyboard: the first solution is never reached" in said
    assert any("nothing shows that this has the focus" in line for line in said)


def test_what_is_wide_scrolls_within_itself_and_can_be_focused(tab: Tab, rendered: Path) -> None:
    tab.visit((rendered / "01_twice.html").as_uri(), "light", 390)
    tab.scroll_through()
    for wide in (".cell_output pre", "div.math"):
        own = f"[...document.querySelectorAll('{wide}')].some(e => e.scrollWidth > e.clientWidth"
        tab.until(f"{own} && e.tabIndex === 0)")
        fades = f"[...document.querySelectorAll('{wide}.goes-on')]"
        tab.until(f"{fades}.some(e => getComputedStyle(e).maskImage !== 'none')")
        tab.value(f"document.querySelectorAll('{wide}').forEach(e => e.scrollTo(9999, 0))")
        tab.until(f"{fades}.length === 0")


def test_by_touch_buttons_have_room_and_copying_shows(browser: Browser, rendered: Path) -> None:
    least, opacity = {}, {}
    for width in (390, 1280):
        with closing(Tab(browser, width)) as tab:
            tab.visit((rendered / "01_twice.html").as_uri(), "light", width)
            boxes = "[...document.querySelectorAll('.bd-header-article .btn')].map(e => {"
            boxes += "const {width, height} = e.getBoundingClientRect();"
            boxes += "return Math.min(width, height) }).filter(size => size)"
            least[width] = min(tab.value(boxes))
            opacity[width] = float(
                tab.value("getComputedStyle(document.querySelector('button.copybtn')).opacity")
            )
    assert least[1280] < 44 <= least[390]
    assert opacity[1280] == 0 < opacity[390]


def test_the_list_of_sections_closes_when_one_is_chosen(tab: Tab, rendered: Path) -> None:
    tab.visit((rendered / "01_twice.html").as_uri(), "light", 390)
    tab.value("document.querySelector('button.secondary-toggle').click()")
    tab.until("document.querySelector('dialog[open] a[href^=\"#\"]')")
    tab.page.locator("dialog[open] a[href^='#']").last.click()  # by its place on the screen
    tab.until("!document.querySelector('dialog[open]')")


def test_a_page_without_scripts_is_light_and_colored(browser: Browser, rendered: Path) -> None:
    with browser.new_context(java_script_enabled=False, color_scheme="dark") as context:
        page = context.new_page()
        page.goto((rendered / "01_twice.html").as_uri())
        color = "getComputedStyle(document.querySelector('.highlight .k, .highlight .kn')).color"
        assert page.evaluate(color) != page.evaluate("getComputedStyle(document.body).color")


def test_formulas_are_set_in_the_letters_of_the_book(tab: Tab, rendered: Path) -> None:
    tab.visit((rendered / "01_twice.html").as_uri())
    assert tab.value("document.querySelectorAll('math').length") == 2
    assert tab.value("document.fonts.check('16px Formulas', '\\u{1D450}')")
    assert tab.value("[...document.fonts].filter(one => one.status === 'loaded').length") == 1


def test_the_search_works_from_files(tab: Tab, rendered: Path) -> None:
    tab.visit((rendered / "search.html").as_uri() + "?q=equation")
    tab.until("document.querySelectorAll('#search-results li').length > 0")
    assert tab.errors == []
