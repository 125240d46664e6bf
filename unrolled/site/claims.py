"""What sources claimed beside what was measured: that section of every chapter, on one page."""

from collections.abc import Iterable, Iterator
from itertools import dropwhile, takewhile

from nbformat import NotebookNode

from unrolled.site.links import anchor

HEADING = "## Claim against measurement"


def claims(pages: Iterable[tuple[str, NotebookNode]]) -> str:
    """Return the sections of these pages in MyST, each below its chapter's title.

    pages: names and executed notebooks. Text and printed tables are taken over, code is not.
    """
    parts: list[str] = []
    for name, page in pages:
        section = list(_section(page))
        if section:
            title = page.cells[0].source.splitlines()[0].removeprefix("# ")
            place = f"{name}.ipynb#{anchor(HEADING)}"
            parts += [f"## {title}", *section, f"[The same in the chapter, with its code]({place})"]
    return "\n\n".join(parts)


def _section(page: NotebookNode) -> Iterator[str]:
    after = dropwhile(lambda cell: not _opens(cell, HEADING), page.cells)
    first = next(after, None)
    if first is None:
        return
    yield first.source.removeprefix(HEADING).strip()
    for cell in takewhile(lambda cell: not _opens(cell, "## "), after):
        if cell.cell_type == "markdown":
            yield cell.source
            continue
        printed = [one.text.rstrip() for one in cell.outputs if one.output_type == "stream"]
        if printed:
            yield "````text\n" + "\n".join(printed) + "\n````"


def _opens(cell: NotebookNode, heading: str) -> bool:
    return cell.cell_type == "markdown" and cell.source.startswith(heading)
