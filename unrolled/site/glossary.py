"""The glossary: the field's terms, and the words that each chapter says it will use."""

import re
from collections import defaultdict
from collections.abc import Iterator

from unrolled.errors import BookError
from unrolled.manifest import Book
from unrolled.notebook import read_cells
from unrolled.site.links import anchor

HEADING = "## Words we will use"
ITEM = re.compile(
    r"^- (?P<terms>\*\*.+?\*\*(?:, \*\*.+?\*\*)*): (?P<text>.+(?:\n  .+)*)", re.MULTILINE
)


def glossary(book: Book, own: str) -> str:
    """Return all terms in MyST, sorted: those of `own`, a list in Markdown, and the chapters'.

    An item reads `- **term**: what it is.` A term that several chapters use has a line for each.
    """
    entries: dict[str, list[str]] = defaultdict(list)
    for terms, text in _items(own, "the glossary"):
        for term in terms:
            entries[term].append(text)
    for notebook in book.notebooks:
        link = f"[chapter {notebook.short}]({notebook.name}.ipynb#{anchor(HEADING)})"
        for cell in read_cells(notebook.source, f"chapters/{notebook.name}.py"):
            if cell.kind == "markdown" and cell.source.startswith(HEADING):
                for terms, text in _items(cell.source, cell.place):
                    joint = f"{', '.join(terms)}: " if len(terms) > 1 else ""
                    for term in terms:
                        entries[term].append(f"{_sentence(joint + text)} ({link})")
    lines = ["`````{glossary}", ":sorted:", ""]
    for term, texts in entries.items():
        lines += [term, *(f"  {text}\n" for text in texts)]
    return "\n".join([*lines, "`````"])


def _items(text: str, place: str) -> Iterator[tuple[list[str], str]]:
    for item in ITEM.finditer(text):
        terms = item["terms"].replace("**", "").split(", ")
        yield terms, " ".join(item["text"].split())
    if not ITEM.search(text):
        found = f"no word in a list of words: {text[:60]!r}"
        raise BookError(f"{place}: {found}; expected - **word**: text")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}".rstrip(".") + "."
