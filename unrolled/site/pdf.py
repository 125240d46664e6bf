"""The whole book as one PDF: the pages of build/html, joined into one and printed by Chromium.

Each page's ids get its name in front, so that links lead through the whole book. Solutions leave
their exercises and stand at the end of the chapter, with links both ways. On which page a link
ends is read out of the first print and stands in the second; `templates/printed.css` says where.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import count
from pathlib import Path

import jinja2
import matplotlib
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Page
from pypdf import PdfReader

from unrolled import __version__
from unrolled.errors import BookError
from unrolled.files import replacing, write_atomic
from unrolled.manifest import Book, Chapter, Notebook
from unrolled.site.browser import browser, rendered

SCREEN = ".headerlink, .unrolled-edit, .unrolled-paths, .genindex-jumpbox, form, script"
HEADING = re.compile("h[1-6]")
BETWEEN = "--"  # a page's name, and an id on it
MOST_PRINTS = 4
COLUMNS = 88  # of a listing
LEAST = 0.8  # of its letters' size
LONG = 16  # lines of a listing that may stand on two pages

# What `printed.css` shows behind links; before the first print something as wide as a number.
NUMBERED = """(places) => document.querySelectorAll('a[href^="#"]').forEach((one) => {
  one.dataset.page = places[decodeURIComponent(one.hash.slice(1))] ?? "000";
})"""


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents: how deep it is, where it leads, what it says."""

    level: int
    place: str
    text: str


def write_pdf(book: Book) -> Path:
    """Print the pages of build/html as build/unrolled.pdf; return its path.

    Raises BookError where there are no pages, or no browser.
    """
    build = book.root / "build"
    source, target = build / "printed.html", build / "unrolled.pdf"
    write_atomic(source, joined(book, rendered(book)))
    with browser() as chromium:
        page = chromium.new_page(color_scheme="light")
        with replacing(target) as file:
            file.write(_printed(page, source.as_uri()))
    return target


def _printed(page: Page, address: str) -> bytes:
    """Print until every link says on which page its end is: twice, if numbers move nothing.

    Each time the page is loaded anew: Chromium breaks one that it has printed elsewhere.
    """
    places: dict[str, int] = {}
    for _ in range(MOST_PRINTS):
        page.goto(address, wait_until="load", timeout=0)
        page.evaluate("document.fonts.ready.then(() => true)")
        page.evaluate(NUMBERED, places)
        printed = page.pdf(outline=True, tagged=True, prefer_css_page_size=True)
        reader = PdfReader(io.BytesIO(printed))
        found = {
            name.removeprefix("/"): (reader.get_destination_page_number(end) or 0) + 1
            for name, end in reader.named_destinations.items()
        }
        if found == places:
            return printed
        places = found
    raise BookError(f"the PDF: after {MOST_PRINTS} prints its page numbers still move; report it")


def joined(book: Book, html: Path) -> str:
    """Return the book as one page of HTML, to lie beside the folder `html` of its pages."""
    whole = BeautifulSoup((html / "index.html").read_text(encoding="utf-8"), "html.parser")
    names = _names(whole)
    articles = {name: _article(html, name, names, book) for name in names}
    first, *after = (one for one in names if one not in {n.name for n in book.notebooks})
    parts = {f"chapter-{one.number}": _chapter(book, one, articles) for one in book.chapters}
    parts |= {name: articles[name] for name in after}
    cover, opening = _front(articles[first])
    entries = list(_contents([*opening, *parts.values()]))
    folder = resources.files("unrolled.site").joinpath("templates")
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return template.from_string(folder.joinpath("printed.html").read_text("utf-8")).render(
        language=book.about.language,
        title=f"{book.about.title}: {book.about.description}",
        pages=html.name,
        fonts=(Path(matplotlib.get_data_path()) / "fonts" / "ttf").as_uri(),
        style=folder.joinpath("printed.css").read_text("utf-8"),
        heads={name: _quoted(_title(part)) for name, part in parts.items()},
        cover=[str(one) for one in cover],
        version=__version__,
        imprint=" ".join(_found(whole, ".copyright").get_text().split()),
        site=book.published.site_url,
        entries=entries,
        opening=[str(one) for one in opening],
        parts={name: str(part) for name, part in parts.items()},
    )


def _names(first: BeautifulSoup) -> list[str]:
    """Return the names of all pages, in the order of the list that every page has at its side."""
    paths = [str(one["href"]) for one in first.select("nav.bd-docs-nav a.internal")]
    return [Path(path).stem if path != "#" else "index" for path in paths]


def _found(whole: Tag, selector: str) -> Tag:
    found = whole.select_one(selector)
    if found is None:
        raise BookError(f"build/html has a page without {selector}; run: make book")
    return found


def _article(html: Path, name: str, names: Sequence[str], book: Book) -> Tag:
    """Return what a page says, without what is for the screen, and with its ids and links moved."""
    text = (html / f"{name}.html").read_text(encoding="utf-8")
    article = _found(BeautifulSoup(text, "html.parser"), "article")
    for one in article.select(SCREEN):
        one.decompose()
    for one in article.select("h2:has(+ .genindextable)"):  # letters of the alphabet
        one.name = "p"
    for one in article.select(":is(h1, h2, h3, h4, h5, h6, .admonition-title)"):
        for place in one.find_previous_siblings("span", id=True):
            one.insert(0, place)  # else it may stay behind on the page before
    for one in article.find_all("pre"):
        lines = one.get_text().splitlines()
        if len(lines) < LONG:
            one["class"] = "short"
        longest = max(map(len, lines), default=0)
        if longest > COLUMNS:  # smaller, so that a table keeps its columns; broken beyond that
            one["style"] = f"font-size: {max(COLUMNS / longest, LEAST):.3f}em"
    for one in article.select("figure.movable"):
        live = f"{book.published.site_url}{name}.html#{one['id']}"
        note = f'<figcaption><a href="{live}">On the page this figure moves.</a></figcaption>'
        one.append(BeautifulSoup(note, "html.parser"))
    for one in article.find_all(True):
        if "id" in one.attrs:
            one["id"] = f"{name}{BETWEEN}{one['id']}"
        for key in ("href", "xlink:href"):
            if key in one.attrs:
                one[key] = _target(str(one[key]), name, names, book)
        if "src" in one.attrs:
            one["src"] = f"{html.name}/{one['src']}"
            one.attrs.pop("loading", None)
        for key, value in one.attrs.items():
            if isinstance(value, str) and "url(#" in value:
                one[key] = value.replace("url(#", f"url(#{name}{BETWEEN}")
    article["id"] = name
    return article


def _target(link: str, name: str, names: Sequence[str], book: Book) -> str:
    """Return where a link of the page `name` leads in the joined book."""
    if re.match(r"\w+:", link):
        return link
    path, _, place = link.partition("#")
    page = Path(path).stem if path else name
    if page not in names:
        return book.published.site_url + link
    return f"#{page}{BETWEEN}{place}" if place else f"#{page}"


def _chapter(book: Book, chapter: Chapter, articles: Mapping[str, Tag]) -> Tag:
    """Return a chapter's notebooks, and after them their solutions."""
    new = BeautifulSoup("", "html.parser").new_tag
    notebooks = [one for one in book.notebooks if one.name in chapter.notebooks]
    whole = new("article", attrs={"class": "bd-article", "id": f"chapter-{chapter.number}"})
    if len(notebooks) > 1:
        whole.append(new("h1", string=f"{chapter.number} · {chapter.title}"))
    solutions = new("section", attrs={"class": "solutions"})
    solutions.append(new("h2", string="Solutions"))
    for notebook in notebooks:
        article = articles[notebook.name]
        article.name = "section"
        article["class"] = "notebook"
        for solution in article.select("div.solution"):
            solutions.append(_moved(notebook, solution))
        if len(notebooks) > 1:
            for heading in article.find_all(HEADING):
                heading.name = f"h{min(int(heading.name[1]) + 1, 6)}"
        whole.append(article)
    whole.append(solutions)
    return whole


def _moved(notebook: Notebook, solution: Tag) -> Tag:
    """Take a solution out of its page, leave a link to it there, and return it with its heading."""
    new = BeautifulSoup("", "html.parser").new_tag
    page, place = str(solution["id"]).split(BETWEEN, 1)
    exercise = notebook.exercise(place.removeprefix(f"solution-{notebook.key}-"))
    label = notebook.label(exercise.id)
    link = new("p", attrs={"class": "to-solution"})
    link.append(new("a", attrs={"href": f"#{solution['id']}"}, string=f"Solution {label}"))
    solution.replace_with(link)
    moved = new("section", attrs={"class": "solution", "id": str(solution["id"])})
    moved.append(new("h3", string=f"{label} · {exercise.title}"))
    back = new("p", attrs={"class": "to-exercise"})
    asked = f"#{page}{BETWEEN}exercise-{notebook.key}-{exercise.id}"
    back.append(new("a", attrs={"href": asked}, string=f"Exercise {label}"))
    moved.append(back)
    moved.extend(_found(solution, ".solution-content").contents[:])
    return moved


def _front(article: Tag) -> tuple[list[Tag], list[Tag]]:
    """Part the first page: what comes before its sections is the title page."""
    inside = _found(article, "section").find_all(recursive=False)
    sections = [one for one in inside if one.name == "section"]
    return [one for one in inside if one.name != "section"], sections


def _title(part: Tag) -> str:
    return _found(part, "h1").get_text().strip()


def _quoted(text: str) -> str:
    """Return a string of CSS."""
    return json.dumps(text, ensure_ascii=False).replace("<", r"\3c ")


def _contents(parts: Sequence[Tag]) -> Iterator[Entry]:
    """Yield chapters and sections, and give them ids: two levels, and three where notebooks are."""
    numbers = count(1)
    for part in parts:
        deepest = 3 if len(part.select(".notebook")) > 1 else 2
        for heading in part.find_all(HEADING):
            level = int(heading.name[1])
            if level <= (2 if heading.find_parent(class_="solutions") else deepest):
                place = f"contents{BETWEEN}{next(numbers)}"
                heading["id"] = place
                yield Entry(level, place, heading.get_text().strip())
