"""Every page of the book in a browser, light and dark, from a phone's width to a desk's.

`make check-book` builds the book and calls this: a table of what each page costs, a line for each
problem, and a picture of every page in `build/shots/`.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error
from rich.console import Console
from rich.table import Table

from unrolled.errors import BookError
from unrolled.manifest import Book
from unrolled.site import lighthouse
from unrolled.site.browser import THEMES, Tab, browser, rendered, serve

WIDTHS = (360, 390, 768, 1280)  # pixels: two phones, a tablet, a desk
READ = (("light", 390), ("light", 1280), ("dark", 1280))  # what axe reads: it takes its time
MOST_SHIFT = 0.05  # of a page's layout, by the browser's measure; 0.1 is commonly called good
MOST_KEYS = 2000  # from a page's top to the next chapter
MOST_BYTES = 3_000_000  # of a page with all that it loads, not compressed
LEAST_CONTRAST = 4.5  # WCAG AA
SETTLED = 300  # milliseconds in which a page that has loaded may still move
SLICE = 15_000  # pixels of a page's height in one picture

# Sections that are not laid out yet hide what is too wide or too pale in them.
WHOLE = "section { content-visibility: visible !important; }"


def _probe(name: str) -> str:
    """Return an expression of JavaScript that looks at a page: `probes/NAME.js`."""
    file = resources.files("unrolled.site").joinpath("probes", f"{name}.js")
    return file.read_text("utf-8").rstrip("\n")


# The lowest contrast of any text, by WCAG's formula, with the text that has it.
CONTRAST = _probe("contrast")

# What a page says of itself: one line for each thing that is not as it should be.
STRUCTURE = _probe("structure")

# Elements that still move where a reader has asked for less motion.
MOTION = _probe("motion")

# On paper: code that is cut, and navigation that is printed.
PAPER = _probe("paper")

# Solutions are looked at as well.
OPEN = "document.querySelectorAll('.toggle-button-hidden').forEach((one) => one.click())"

COST = _probe("cost")
FOCUSED = _probe("focused")

# What a screen reader says of what has the focus.
NAMED = "document.activeElement.ariaLabel"


@dataclass
class Finding:
    """What a page costs, as a reader with an empty cache has it, and what is wrong with it."""

    page: str
    critical: int = 0
    serious: int = 0
    minor: int = 0
    hosts: int = 0
    errors: int = 0
    contrast: float = 21.0
    shift: float = 0.0
    requests: int = 0
    sent: int = 0
    read: int = 0
    paint: float = 0.0
    problems: list[str] = field(default_factory=list)

    def add(self, problem: str) -> None:
        """Note a problem once, however many widths and themes have it."""
        if problem not in self.problems:
            self.problems.append(problem)


def inspect(
    browser: Browser, address: str, page: str, language: str, shots: Path | None = None
) -> Finding:
    """Look at one page in both themes and all widths; pictures go to the folder `shots`."""
    finding = Finding(page)
    for theme in THEMES:
        for width in WIDTHS:
            where = f"{theme}, {width} px"
            with _told(finding, where), closing(Tab(browser, width, theme)) as tab:
                tab.visit(f"{address}/{page}", theme, width)
                tab.page.wait_for_timeout(SETTLED)
                tab.scroll_through()
                _weigh(finding, tab, address, where)
                tab.page.add_style_tag(content=WHOLE)
                excess = tab.value("document.scrollingElement.scrollWidth - innerWidth")
                if excess > 0:
                    finding.add(f"{where}: scrolls sideways by {excess} px")
                for line in tab.value(f"{STRUCTURE}('{language}')"):
                    finding.add(line)
                if shots is not None:
                    _picture(tab, shots / f"{page.removesuffix('.html')}-{theme}-{width}")
                tab.page.emulate_media(reduced_motion="reduce")  # else axe reads what fades in
                tab.value(OPEN)
                ratio, text = tab.value(CONTRAST)
                finding.contrast = min(finding.contrast, ratio)
                if ratio < LEAST_CONTRAST:
                    finding.add(f"{where}: contrast {ratio:.2f} of {text[:60]!r}")
                if (theme, width) in READ:
                    _axe(finding, tab, where)
    with _told(finding, "still"), closing(Tab(browser)) as tab:
        _still(finding, tab, f"{address}/{page}")
    return finding


@contextmanager
def _told(finding: Finding, where: str) -> Iterator[None]:
    """Note what the browser refuses, such as a page that is not there in time, and go on."""
    try:
        yield
    except Error as error:
        finding.add(f"{where}: {str(error).splitlines()[0]}")


def _weigh(finding: Finding, tab: Tab, address: str, where: str) -> None:
    """Note bytes, first paint, movement, requests to other hosts and errors of a page just read."""
    cost = tab.value(COST)
    finding.sent = max(finding.sent, cost["sent"])
    finding.read = max(finding.read, cost["read"])
    finding.requests = max(finding.requests, cost["requests"])
    finding.paint = max(finding.paint, cost["paint"])
    finding.shift = max(finding.shift, cost["shift"])
    if cost["shift"] > MOST_SHIFT:
        finding.add(f"{where}: the layout shifts by {cost['shift']:.3f}, over {MOST_SHIFT}")
    if cost["read"] > MOST_BYTES:
        finding.add(f"{cost['read'] / 1e6:.1f} MB in all, over {MOST_BYTES / 1e6:.0f}")
    own = urlsplit(address)
    others = {
        one
        for one in tab.requests
        if urlsplit(one).scheme not in ("data", "blob")
        and (urlsplit(one).scheme, urlsplit(one).netloc) != (own.scheme, own.netloc)
    }
    finding.hosts = max(finding.hosts, len(others))
    finding.errors = max(finding.errors, len(tab.errors))
    for one in sorted(others):
        finding.add(f"asks another host for {one}")
    for one in tab.errors:
        finding.add(f"console: {one[:200]}")


def _axe(finding: Finding, tab: Tab, where: str) -> None:
    """Let axe read a page."""
    found = {"critical": 0, "serious": 0}
    minor = 0
    for violation in Axe().run(tab.page).response["violations"]:
        impact, rule, nodes = violation["impact"], violation["id"], violation["nodes"]
        if impact not in found:
            minor += len(nodes)
        else:
            found[impact] += len(nodes)
            place = nodes[0]["target"][0]
            finding.add(f"{where}: axe {rule} ({impact}), {len(nodes)} times, as at {place}")
    finding.critical = max(finding.critical, found["critical"])
    finding.serious = max(finding.serious, found["serious"])
    finding.minor = max(finding.minor, minor)


def _still(finding: Finding, tab: Tab, address: str) -> None:
    """Look at a page where motion is unwanted, and at the same page on paper."""
    tab.page.emulate_media(reduced_motion="reduce")
    tab.page.goto(address, wait_until="load")
    moving = tab.value(MOTION)
    if moving:
        finding.add(f"moves in spite of reduced motion: {len(moving)}, as {moving[0]}")
    tab.page.emulate_media(media="print", color_scheme="light")
    tab.page.set_viewport_size({"width": 680, "height": 960})  # A4 less its margins
    tab.value(OPEN)  # as it is when a reader prints
    for line in tab.value(PAPER):
        finding.add(f"on paper: {line}")


def _picture(tab: Tab, name: Path) -> None:
    """Keep a page as it looks, from top to bottom, in as many slices as it needs."""
    size = tab.page.viewport_size
    assert size is not None
    height = tab.value("document.scrollingElement.scrollHeight")
    name.parent.mkdir(parents=True, exist_ok=True)
    for number, top in enumerate(range(0, height, SLICE), start=1):
        clip = {"x": 0, "y": top, "width": size["width"], "height": min(SLICE, height - top)}
        path = name.with_name(f"{name.name}-{number}.png")
        tab.page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]


def walk(browser: Browser, address: str) -> Iterator[str]:
    """Go by keyboard alone from a chapter's first exercise to its solution and the next chapter.

    Yields what stands in the way; nothing on a page without exercises.
    """
    with closing(Tab(browser)) as tab:
        tab.visit(address)
        yield from _walk(tab, address)


def _walk(tab: Tab, address: str) -> Iterator[str]:
    exercise = tab.value("document.querySelector('.exercise[id]')?.id")
    if exercise is None:
        return
    tab.page.goto(f"{address}#{exercise}", wait_until="load")
    top = tab.value(f"document.getElementById('{exercise}').getBoundingClientRect().top")
    if not 0 <= top < 800:
        yield f"the address #{exercise} does not lead to its box"
    opened = False
    for _ in range(MOST_KEYS):
        tab.page.keyboard.press("Tab")
        found = tab.value(FOCUSED)
        if not found["seen"]:
            yield f"by keyboard: nothing shows that this has the focus: {found['what']}"
        if found["toggle"] and not opened:
            opened = True
            name = tab.value(NAMED)
            tab.page.keyboard.press("Enter")
            shown = "document.querySelector('.solution .cell').checkVisibility()"
            if not tab.value(shown):
                yield "by keyboard: Enter does not open the first solution"
            elif tab.value(NAMED) == name:
                yield f"by keyboard: the button of an open solution still says {name!r}"
        if found["next"]:
            if not opened:
                yield "by keyboard: the first solution is never reached"
            with tab.page.expect_navigation():
                tab.page.keyboard.press("Enter")
            break
    else:
        yield f"by keyboard: the next chapter is not reached with {MOST_KEYS} keys"


def inspect_book(book: Book, console: Console) -> list[Finding]:
    """Inspect every page of build/html; each problem goes to the console as it is found."""
    pages, shots = rendered(book), book.root / "build" / "shots"
    names = sorted(path.name for path in pages.glob("*.html"))
    shutil.rmtree(shots, ignore_errors=True)
    findings = []
    with browser() as chromium, serve(pages) as address, console.status("…") as status:
        for name in names:
            status.update(name)
            finding = inspect(chromium, address, name, book.about.language, shots)
            with _told(finding, "by keyboard"):
                for problem in walk(chromium, f"{address}/{name}"):
                    finding.add(problem)
            findings.append(finding)
            for line in finding.problems:
                console.print(f"{name}: {line}", markup=False, highlight=False)
    return findings


def table(findings: list[Finding]) -> Table:
    """Return what the pages cost, one row each, the worst of all themes and widths."""
    shown = Table(title="Every page, worst of two themes and four widths")
    shown.add_column("page")
    heads = "critical serious minor hosts errors contrast shift requests KB-sent MB-read paint-ms"
    for head in heads.split():
        shown.add_column(head.replace("-", " "), justify="right")
    for one in findings:
        counts = (one.critical, one.serious, one.minor, one.hosts, one.errors)
        shown.add_row(
            one.page.removesuffix(".html"),
            *map(str, counts),
            f"{one.contrast:.1f}",
            f"{one.shift:.3f}",
            str(one.requests),
            f"{one.sent / 1e3:.0f}",
            f"{one.read / 1e6:.2f}",
            f"{one.paint:.0f}",
        )
    return shown


def report(book: Book, console: Console, with_lighthouse: bool = True) -> int:
    """Inspect build/html, show the tables and the problems; return the number of problems.

    Raises BookError without pages or without a browser, and where Lighthouse ends without scores.
    """
    findings = inspect_book(book, console)
    console.print(table(findings))
    problems = sum(len(one.problems) for one in findings)
    if with_lighthouse:
        pages = ["index.html", *(f"{one.name}.html" for one in book.notebooks)]
        try:
            program = lighthouse.install(book.root / "build" / "lighthouse")
        except BookError as error:
            console.print(f"Lighthouse skipped: {error}", markup=False)
        else:
            with console.status("…") as status:
                found = lighthouse.scores(program, rendered(book), pages, status.update)
            console.print(lighthouse.table(found))
            for one in found:
                if one.low():
                    problems += 1
                    why = ", ".join(one.lost) or "many small things"
                    line = f"{one.page}: Lighthouse, {one.preset}: below {lighthouse.LEAST}: {why}"
                    console.print(line, markup=False, highlight=False)
    return problems
