"""Figures that a reader can move: a picture, controls that are labeled, and the live chart."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import altair as alt
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from playwright.sync_api import Browser

from tests.package.conftest import edit, write_book
from unrolled.errors import BookError
from unrolled.manifest import Book, Chapter, read_book
from unrolled.notebook import read_cells
from unrolled.plots import style
from unrolled.site import build
from unrolled.site.browser import THEMES, Tab, Theme
from unrolled.site.movable import figure, with_movable

MIME = "application/vnd.vegalite.v5+json"

CHART = """
# %% alt="A map of two squares; the <first> one is chosen."
import altair as alt

from unrolled import style

style()
turn = alt.param(name="turn", value=1, bind=alt.binding_range(
    min=1, max=3, step=1, name="turns"))
kind = alt.param(name="kind", value="one", bind=alt.binding_select(
    options=["one", "two"]))
rows = [{"turn": turns, "kind": name, "</script>": 0}
        for turns in (1, 2, 3) for name in ("one", "two")]
chosen = "datum.turn <= turn && datum.kind == kind"
cells = alt.Chart(alt.Data(values=rows), width=300, height=200).encode(
    alt.X("turn:O"), alt.Y("kind:O"))
alt.layer(
    cells.mark_rect().encode(color=alt.condition(
        chosen, alt.value("#0173b2"), alt.value("#de8f05"))),
    cells.mark_text(fontSize=30).encode(text="kind:N"),
).add_params(turn, kind)
"""
BLUE = "document.querySelectorAll('.movable-picture [fill=\"#0173b2\"]').length"


def chart(bind: Any, value: Any = 2) -> dict[str, Any]:
    """A chart with one parameter."""
    turn = alt.param(name="turn", value=value, bind=bind)
    rows = alt.Data(values=[{"a": 1}])
    return alt.Chart(rows).mark_point().encode(x="a:Q").add_params(turn).to_dict()


class Tags(HTMLParser):
    """The tags of some HTML with their attributes, and which labels hold which controls."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.labeled: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        self.found.append((tag, dict(attrs)))
        self._inside |= tag == "label"
        if tag in ("input", "select") and self._inside:
            self.labeled.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave a label."""
        self._inside &= tag != "label"


ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("chapter", read_book(ROOT).chapters, ids=lambda one: str(one.number))
def test_every_chapter_has_a_figure_to_move(chapter: Chapter) -> None:
    cells = [one for name in chapter.notebooks for one in read_cells(ROOT / f"chapters/{name}.py")]
    movable = [one for one in cells if ".add_params(" in one.source]
    assert movable and all("alt" in one.metadata for one in movable)


# The HTML of one chart


def test_a_slider_becomes_a_labeled_input_with_its_limits_and_value() -> None:
    html = figure(chart(alt.binding_range(min=0, max=8, step=2, name="turns ")), "A point.", "one")
    tags = Tags(html)
    [control] = [attrs for tag, attrs in tags.found if tag == "input"]
    assert control == {
        "name": "turn", "type": "range", "min": "0", "max": "8", "step": "2", "value": "2"
    }  # fmt: skip
    assert tags.labeled == ["input"]
    assert "<span>turns</span>" in html and '<output aria-hidden="true">2</output>' in html


def test_a_list_keeps_the_kind_of_its_values_and_the_one_that_is_chosen() -> None:
    html = figure(chart(alt.binding_select(options=[2, "2", None])), "A point.", "one")
    options = [attrs for tag, attrs in Tags(html).found if tag == "option"]
    assert [json.loads(one["value"] or "") for one in options] == [2, "2", None]
    assert ["selected" in one for one in options] == [True, False, False]


def test_the_picture_is_described_and_holds_its_place_and_the_page_s_colors() -> None:
    html = figure(chart(alt.binding_range(min=0, max=8, step=2)), 'A "point" < 2.', "one")
    [picture] = [attrs for _, attrs in Tags(html).found if attrs.get("role") == "img"]
    assert picture["aria-label"] == 'A "point" < 2.'
    assert re.fullmatch(r"aspect-ratio: \d+ / \d+", picture["style"] or "")
    svg = html[html.index("<svg") : html.index("</svg>")]
    assert svg.startswith('<svg aria-hidden="true"')
    assert 'fill="currentColor"' in svg and "aria-label" not in svg
    assert not re.search(r'fill="(?:black|white|#000|#fff)', svg)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids)) and all(one.startswith("one") for one in ids)


def test_the_live_chart_brings_no_controls_of_its_own_and_does_not_change_its_source() -> None:
    spec = chart(alt.binding_range(min=0, max=8, step=2))
    before = json.dumps(spec)
    html = figure(spec, "A point.", "one")
    assert json.dumps(spec) == before
    [live] = re.findall(r'<script type="application/json">(.*)</script>', html)
    parsed = json.loads(live)
    assert "$schema" not in parsed  # of another version than the bundle's: a warning on each page
    [signal] = [one for one in parsed["signals"] if one["name"] == "turn"]
    assert signal["value"] == 2 and '"bind"' not in live


def page_of(spec: dict[str, Any], **metadata: str) -> Any:
    """A notebook with one chart as its output."""
    data = {MIME: spec, "text/plain": "a chart"}
    output = new_output("execute_result", data=data)
    return new_notebook(cells=[new_code_cell("", outputs=[output], metadata=metadata)])


@pytest.mark.parametrize(
    ("spec", "metadata", "said"),
    [
        (chart(alt.binding_range(min=0, max=8, step=2)), {}, "without alt text"),
        (chart(alt.binding_checkbox(), True), {"alt": "A."}, "bind to a range or a select"),
        (chart(alt.binding_range(min=0, max=8)), {"alt": "A."}, "needs min, max and step"),
        (chart(alt.binding_range(), alt.Undefined), {"alt": "A."}, "no value to begin with"),
        (
            chart(alt.binding_range(min=3, max=8, step=1)),
            {"alt": "A."},
            "2 is outside of its range",
        ),
        (
            chart(alt.binding_range(min=0, max=8, step=2), "two"),
            {"alt": "A."},
            "turn: value is 'two'; expected a number",
        ),
        (
            chart(alt.binding_range(min=0, max=8, step=2), True),
            {"alt": "A."},
            "turn: value is True; expected a number",
        ),
        (chart(alt.binding_select(options=["2", 3])), {"alt": "A."}, "2 is none of its options"),
        ({"mark": "point"}, {"alt": "A."}, "which version of Vega-Lite"),
        (chart(alt.binding_range(min=0, max=8, step=2)) | {"mark": "pint"}, {"alt": "A."}, "ch.py"),
    ],
)
def test_what_cannot_be_shown_is_one_line(spec: dict[str, Any], metadata: dict, said: str) -> None:
    with pytest.raises(BookError, match=said) as error:
        with_movable(page_of(spec, **metadata), "ch.py")
    assert str(error.value).startswith("ch.py: ") and "\n" not in str(error.value)


def test_only_vega_lite_is_replaced() -> None:
    page = page_of(chart(alt.binding_range(min=0, max=8, step=2)), alt="A point.")
    page.cells.append(new_code_cell("", outputs=[new_output("stream", text="text")]))
    with_movable(page, "ch.py")
    assert list(page.cells[0].outputs[0].data) == ["text/html"]
    assert page.cells[1].outputs[0].text == "text"


def test_in_a_notebook_a_chart_is_vega_lite_with_a_text_beside_it() -> None:
    style()
    spec = alt.Chart(alt.Data(values=[])).mark_point()
    data = spec._repr_mimebundle_()
    data = data[0] if isinstance(data, tuple) else data
    assert set(data) == {MIME, "text/plain"}  # what JupyterLab 4 draws; 6 would be shown as text
    assert data[MIME]["config"]["range"]["category"][0] == "#0173b2"


# The pages


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tiny book; its first chapter has a chart."""
    root = tmp_path_factory.mktemp("movable")
    write_book(root)
    source = root / "chapters" / "01_twice.py"
    source.write_text(source.read_text(encoding="utf-8") + CHART, encoding="utf-8")
    book = read_book(root)
    build(book, book.notebooks, lambda *_: None)
    yield root / "build" / "html"


def test_a_page_without_a_figure_loads_no_script_for_one(rendered: Path) -> None:
    assert (rendered / "01_twice.html").read_text().count("movable.js") == 1
    for name in ("index.html", "02_thrice.html"):
        assert "movable.js" not in (rendered / name).read_text()
    opening = (rendered / "_static" / "vega.js").read_text()[:300]
    assert "BSD-3-Clause" in opening


def test_the_bundle_is_written_once(rendered: Path) -> None:
    vega = rendered / "_static" / "vega.js"
    before = vega.stat().st_mtime_ns
    book = read_book(rendered.parent.parent)
    build(book, book.notebooks, lambda *_: None)
    assert vega.stat().st_mtime_ns == before


def test_a_figure_without_alt_text_stops_the_build_and_names_the_chapter(tiny: Book) -> None:
    source = tiny.notebooks[0].source
    source.write_text(source.read_text(encoding="utf-8") + CHART, encoding="utf-8")
    edit(source, ' alt="A map of two squares; the <first> one is chosen."', "")
    with pytest.raises(BookError, match=r"chapters/01_twice\.py: a figure without alt text"):
        build(tiny, tiny.notebooks, lambda *_: None)


# In a browser

LIVE = "'live' in document.querySelector('figure.movable').dataset"
SHOWN = "document.querySelector('{}').checkVisibility()"


def bring_near(tab: Tab) -> None:
    scroll = "scrollIntoView({block: 'center', behavior: 'instant'})"
    tab.value(f"document.querySelector('figure.movable').{scroll}")
    tab.until(LIVE)


def test_a_finger_can_hold_the_controls(browser: Browser, rendered: Path) -> None:
    with closing(Tab(browser, 390)) as tab:
        tab.visit((rendered / "01_twice.html").as_uri(), "light", 390)
        bring_near(tab)
        for control in ("input", "select"):
            box = f"document.querySelector('.movable-controls {control}').getBoundingClientRect()"
            assert tab.value(f"{box}.height") >= 44


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [360, 1280])
def test_the_live_chart_takes_the_picture_s_place_and_moves_nothing_else(
    tab: Tab, rendered: Path, theme: Theme, width: int
) -> None:
    tab.visit((rendered / "01_twice.html").as_uri(), theme, width)
    place = "JSON.stringify(document.querySelector('.movable-controls').getBoundingClientRect())"
    tab.value(
        "document.querySelector('figure.movable')"
        ".scrollIntoView({block: 'center', behavior: 'instant'})"
    )
    before, shifts = tab.value(place), tab.value("window.shifts")
    tab.until(LIVE)
    assert tab.value(place) == before
    assert tab.value("window.shifts") == shifts
    assert tab.value("document.scrollingElement.scrollWidth - innerWidth") <= 0
    ink = "getComputedStyle(document.querySelector('.movable-picture text')).fill"
    assert tab.value(ink) == tab.value("getComputedStyle(document.body).color")
    assert tab.value("document.querySelector('.movable-picture svg').ariaHidden") == "true"
    assert tab.errors == []
    assert all(one.startswith(("file:", "data:")) for one in tab.requests)


def test_the_keys_move_a_slider_and_the_chart_follows(tab: Tab, rendered: Path) -> None:
    tab.visit((rendered / "01_twice.html").as_uri())
    bring_near(tab)
    assert tab.value(BLUE) == 1
    tab.value("document.querySelector('input[name=turn]').focus()")
    tab.page.keyboard.press("ArrowRight")
    tab.until(f"{BLUE} === 2")
    assert tab.value("document.querySelector('output').value") == "2"


@pytest.mark.parametrize("part", [0.1, 0.5], ids=["beside the text", "on the text"])
def test_a_click_on_a_cell_moves_the_controls_that_it_has_values_for(
    tab: Tab, rendered: Path, part: float
) -> None:
    tab.visit((rendered / "01_twice.html").as_uri())
    bring_near(tab)
    cells = "[...document.querySelectorAll('.movable-picture .mark-rect.role-mark path')]"
    corner = f"{cells}.map((e) => e.getBoundingClientRect()).sort((a, b) => b.x + b.y - a.x - a.y)"
    box = tab.value(f"{corner}[0].toJSON()")
    tab.page.mouse.click(box["x"] + part * box["width"], box["y"] + part * box["height"])
    tab.until(f"{BLUE} === 3")
    assert tab.value("document.querySelector('input[name=turn]').value") == "3"
    assert tab.value("document.querySelector('select[name=kind]').value") == '"two"'


def test_a_control_that_was_moved_before_the_chart_was_live_counts(
    tab: Tab, rendered: Path
) -> None:
    moved = "document.querySelector('input[name=turn]').value = 3"
    tab.page.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ {moved} }})")
    tab.visit((rendered / "01_twice.html").as_uri())
    bring_near(tab)
    tab.until(f"{BLUE} === 3")


def test_a_figure_whose_script_does_not_come_says_so(tab: Tab, rendered: Path) -> None:
    tab.page.route("**/vega.js", lambda route: route.abort())
    tab.visit((rendered / "01_twice.html").as_uri())
    tab.value("document.querySelector('figure.movable').scrollIntoView()")
    tab.until("document.querySelector('.movable-controls').innerText.includes('cannot be moved')")
    assert tab.value(SHOWN.format(".movable-picture svg"))


def test_in_print_there_is_a_picture_and_no_controls(tab: Tab, rendered: Path) -> None:
    tab.visit((rendered / "01_twice.html").as_uri())
    tab.page.emulate_media(media="print")
    assert tab.value(SHOWN.format(".movable-picture svg"))
    assert not tab.value(SHOWN.format(".movable-controls"))


def test_without_scripts_there_is_a_picture_and_no_controls(
    browser: Browser, rendered: Path
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((rendered / "01_twice.html").as_uri())
        assert page.evaluate(SHOWN.format(".movable-picture svg"))
        assert not page.evaluate(SHOWN.format(".movable-controls"))
        assert not page.evaluate(LIVE)
