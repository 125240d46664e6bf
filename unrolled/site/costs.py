"""What the book costs: the stored runs of `unrolled bench`, as tables for each chapter."""

from collections.abc import Iterator

from unrolled.manifest import Book
from unrolled.measure.costs import OF_EACH, Part, Run, allowed, stored

NOTHING = "No run is stored yet: `unrolled bench --keep` stores one."


def costs(book: Book) -> str:
    """Return, for each machine that figures are stored of, a table a chapter, in MyST."""
    sections = ["\n\n".join(_of(book, *one)) for one in stored(book).items()]
    return "\n\n".join(sections) or NOTHING


def _of(book: Book, machine: str, run: Run) -> Iterator[str]:
    days = sorted({part.date for part in run.values()})
    found = sorted({pair for part in run.values() for pair in part.versions.items()})
    yield f"## {machine}"
    versions = ", ".join(f"{name} {number}" for name, number in found)
    yield f"Measured on {' and '.join(days)}, with {versions}."
    for chapter in book.chapters:
        rows = []
        for notebook in book.select([str(chapter.number)]):
            mark = f"{notebook.short}: " if len(chapter.notebooks) > 1 else ""
            for kind in OF_EACH:
                for title, figure in _rows(run.get(f"{kind}/{notebook.name}")):
                    most = allowed(chapter, kind, title)
                    budget = f" (of {most})" if most else ""
                    rows.append((f"{mark}{title}", f"{figure}{budget}"))
        yield from _table(f"### {chapter.number} · {chapter.title}", rows)
    whole = [part for name, part in run.items() if name.partition("/")[0] not in OF_EACH]
    yield from _table("### Building and grading", [row for part in whole for row in _rows(part)])


def _rows(part: Part | None) -> Iterator[tuple[str, str]]:
    for title, row in (part.rows if part else {}).items():
        yield title, str(row).replace(" ", "\N{NO-BREAK SPACE}")


def _table(heading: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    if rows:
        yield heading
        yield "\n".join(["| what | measured |", "|---|--:|", *(f"| {a} | {b} |" for a, b in rows)])


__all__ = ["costs"]
