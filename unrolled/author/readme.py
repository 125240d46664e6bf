"""What README takes from the book: its table of chapters and its one figure."""

import hashlib
import io
import json
from pathlib import Path

from unrolled.errors import BookError
from unrolled.files import write_atomic
from unrolled.manifest import Book
from unrolled.measure.tables import Summary, measured

BEGIN, END = "<!-- chapters:begin -->", "<!-- chapters:end -->"
FIGURE = "data/results/readme.svg"
ROWS = ("raw", "differenced", "centered", "standardized", "standardized, ten times the step")


def write_readme(book: Book) -> list[Path]:
    """Write README's table from book.toml and its figure from the measured tables of chapter 1."""
    readme, figure = book.root / "README.md", book.root / FIGURE
    write_atomic(readme, fill_table(book, readme.read_text(encoding="utf-8")))
    rows = _rows(book)
    if rows:
        write_atomic(figure, _draw(rows))
    return [readme, figure] if rows else [readme]


def readme_problems(book: Book) -> list[str]:
    """Return a line for the table and one for the figure if they are not of today's book."""
    text, problems = (book.root / "README.md").read_text(encoding="utf-8"), []
    if fill_table(book, text) != text:
        problems.append("README.md: its table of chapters differs from book.toml")
    rows, figure = _rows(book), book.root / FIGURE
    if rows and not (figure.is_file() and _mark(rows) in figure.read_text(encoding="utf-8")):
        problems.append(f"{FIGURE}: drawn from other values than data/results/ holds")
    return [f"{line}; run `unrolled readme`" for line in problems]


def chapter_table(book: Book) -> str:
    """Return the table of chapters in Markdown."""
    rows = ["| | chapter | exercises | points |", "|---|---|---|---|"]
    for chapter in book.chapters:
        notebooks = book.select([str(chapter.number)])
        links = [(one.short, f"chapters/{one.name}.py") for one in notebooks]
        title = f"[{chapter.title}]({links[0][1]})"
        if len(links) > 1:
            title += " · " + " · ".join(f"[{short}]({target})" for short, target in links)
        points = sum(one.points for one in chapter.exercise)
        rows.append(f"| {chapter.number} | {title} | {len(chapter.exercise)} | {points} |")
    return "\n".join(rows)


def fill_table(book: Book, text: str) -> str:
    """Put the table of chapters between the two markers, where a text has them."""
    if BEGIN not in text:
        return text
    if END not in text:
        raise BookError(f"README.md: {BEGIN} without {END}; put that line below the table")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n{chapter_table(book)}\n{END}{after}"


def _rows(book: Book) -> dict[str, Summary]:
    """Return the figure's values; none in a book without them."""
    table = measured(book.notebooks[0].name, book.root).get("centering")
    return {name: table[name] for name in ROWS} if table else {}


def _mark(rows: dict[str, Summary]) -> str:
    values = {name: [str(value) for value in row.values] for name, row in rows.items()}
    return "values-" + hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def _draw(rows: dict[str, Summary]) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    names, medians = list(rows), [row.median for row in rows.values()]
    spread = [[r.median - r.low for r in rows.values()], [r.high - r.median for r in rows.values()]]
    with mpl.rc_context({"svg.hashsalt": "unrolled", "svg.fonttype": "path"}):
        figure = Figure(figsize=(8, 2.6), layout="constrained")
        axes = figure.add_subplot()
        axes.barh(names, medians, xerr=spread, color="#0173b2", ecolor="#56565b")
        for place, row in enumerate(rows.values()):
            axes.text(row.high + 15, place, f"{row.median:.0f}", va="center")
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
        seeds = len(next(iter(rows.values())).seeds)
        axes.set_xlabel(
            f"optimizer steps until the error is below 1e-4: median and range, {seeds} seeds"
        )
        axes.set_title("The same network of 100 units, the same seventy numbers", loc="left")
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Description": _mark(rows)})
    return text.getvalue()
