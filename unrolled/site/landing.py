"""The first page: one figure and a card for each chapter, both out of the measured tables."""

import math
import re
from importlib import resources

import jinja2

from unrolled.errors import BookError
from unrolled.manifest import Book, Chapter, amount
from unrolled.measure.tables import Summary, measured
from unrolled.notebook import read_cells

# The figure's rows: what was trained, how its dots are drawn, and its row of chapter 1's tables.
FASTEST = "standardized, ten times the step"
DOTS = (
    ("A small network, the numbers as they come", "before", ("patience", "steps")),
    ("A large one, the same", "before", ("centering", "raw")),
    ("Small, standardized, larger steps", "after", ("five_units", "standardized, larger steps")),
    ("Large, numbers centered", "after", ("centering", "centered")),
    ("Large, numbers standardized", "after", ("centering", "standardized")),
    ("Large, standardized, larger steps", "after", ("centering", FASTEST)),
)
TITLE = "The same network learns the same numbers {times:.0f} times sooner"
CAPTION = (
    "Steps of training, on a logarithmic scale. Each dot is a network with a seed of its own, "
    "trained until its curves lie on the data; the bar and the number are the median. Orange: the "
    "numbers as they were posted. Blue: the same, centered or standardized. The first chapter has "
    "the story."
)
MEDIAN = re.compile(r"\{(\w+)/([^/{}]+)/([^{}]+):([^:{}]+)\}")
OPENING = re.compile(r"\A(# [^\n]+)\n\n\*([^*].*?)\*(?:\n\n|\Z)(.*)\Z", re.DOTALL)


def opening(source: str, place: str) -> tuple[str, str, str]:
    """Return the title, the question and the rest of a chapter's first cell.

    place: the file, for the error where the title is not followed by a question in italics.
    """
    match = OPENING.match(source)
    if match is None:
        raise BookError(f"{place}: expected a title and, below it, a question in italics")
    return match[1], " ".join(match[2].split()), match[3]


def with_medians(book: Book, text: str) -> str:
    """Put medians of the measured tables into a text: {01/centering/raw:.0f}."""

    def median(match: re.Match[str]) -> str:
        key, table, row, form = match.groups()
        notebook, *others = book.select([key])
        if others:
            keys = ", ".join(one.key for one in (notebook, *others))
            raise BookError(f"book.toml: result {match[0]!r}: expected one of {keys}, got {key!r}")
        try:
            return format(measured(notebook.name, book.root)[table][row].median, form)
        except (BookError, ValueError) as error:
            raise BookError(f"book.toml: result {match[0]!r}: {error}") from error

    done = MEDIAN.sub(median, text)
    if "{" in done:
        raise BookError(f"book.toml: result {text!r}: expected {{notebook/table/row:format}}")
    return done


def cards(book: Book) -> str:
    """Return a card for each chapter in MyST: its question, its result, its cost."""
    parts = ["::::{grid} 1", ":gutter: 3", ":class-container: unrolled-cards"]
    for chapter in book.chapters:
        parts += [f":::{{grid-item-card}} {chapter.number}", *_card(book, chapter), ":::"]
    return "\n".join([*parts, "::::"])


def _card(book: Book, chapter: Chapter) -> list[str]:
    notebooks = book.select([str(chapter.number)])
    first = notebooks[0]
    shown = f"chapters/{first.name}.py"
    _, question, _ = opening(read_cells(first.source, shown)[0].source, shown)
    exercises = chapter.exercise
    cost = [
        amount(len(exercises), "exercise"),
        amount(sum(one.points for one in exercises), "point"),
        f"about {amount(sum(one.minutes for one in exercises), 'minute')} for you",
        f"at most {amount(chapter.cpu_seconds, 'CPU second')} for the machine",
    ]
    lines = ["", f"[{chapter.title}]({first.name}.ipynb)", "", f"*{question}*", ""]
    lines += [with_medians(book, chapter.result), ""]
    if len(notebooks) > 1:
        parts = " · ".join(f"[{one.short}]({one.name}.ipynb)" for one in notebooks)
        lines += [f"{amount(len(notebooks), 'notebook').capitalize()}: {parts}", ""]
    return [*lines, "```{div} cost", " · ".join(cost), "```"]


def repository(book: Book) -> str:
    """Return where the book's sources are, and how they are fetched, in MyST."""
    url, name = book.published.git_repository_url, book.published.repository
    fetch = f"git clone {url}\ncd {name.split('/')[1]}"
    return f"All of it is one repository, [{name}]({url}):\n\n```sh\n{fetch}\n```"


def figure(book: Book) -> str:
    """Return the page's figure as HTML in MyST; nothing in a book without its tables.

    It is HTML and not a picture, so that its text keeps a readable size on a phone, and so that
    its colors are the page's, light or dark.
    """
    tables = measured(book.notebooks[0].name, book.root)
    if any(table not in tables for _, _, (table, _) in DOTS):
        return ""
    found = [(name, kind, tables[table][row]) for name, kind, (table, row) in DOTS]
    top = max(value for *_, row in found for value in row.values if math.isfinite(value))
    bottom = min(value for *_, row in found for value in row.values)
    low, high = math.log10(bottom) - 0.1, math.log10(top) + 0.1

    def place(value: float) -> float:
        return round(100 * (math.log10(value) - low) / (high - low), 2)

    rows = [
        {
            "name": name,
            "kind": kind,
            "places": [place(value) for value in row.values if math.isfinite(value)],
            "middle": place(row.median),
            "median": f"{row.median:,.0f}",
        }
        for name, kind, row in found
    ]
    shown = [round(row.median) for *_, row in found]  # what the figure's numbers give
    title = TITLE.format(times=shown[1] / shown[-1])
    powers = [10**n for n in range(math.ceil(low), math.floor(high) + 1)]
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    source = resources.files("unrolled.site").joinpath("templates", "dots.html").read_text("utf-8")
    html = template.from_string(source).render(
        title=title,
        caption=CAPTION,
        rows=rows,
        ticks=[{"place": place(power), "text": f"{power:,}"} for power in powers],
        described=_described(title, found),
    )
    return f"````{{raw}} html\n{html}\n````"


def _described(title: str, rows: list[tuple[str, str, Summary]]) -> str:
    told = "; ".join(
        f"{name}: median {row.median:,.0f}, from {row.low:,.0f} to {row.high:,.0f}"
        for name, _, row in rows
    )
    return f"{title}. Steps of training: {told}."
