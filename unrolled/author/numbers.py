"""Every numeral in the prose equals a value that a checked cell before it prints."""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from nbformat import NotebookNode

from unrolled.notebook import Cell

NUMERAL = re.compile(
    r"(?<![\w.,])(?P<sign>[-+−]?)(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)"
    r"(?P<power>[eE][-+−]?\d+)?(?!\w|\.\d)"
)
# Settings are code or math; years and references are links or citations; headings carry labels.
EXEMPT = re.compile(
    r"(?P<fence>(?P<ticks>`{3,}|~{3,}).*?(?P=ticks))"
    r"|\$\$.*?\$\$|\$[^$\n]+\$"
    r"|\{[\w:]+\}`[^`]*`|`[^`]*`"
    r"|!?\[[^\]]*\]\([^)]*\)|<https?://[^>]*>"
    r"|<!--.*?-->"
    r"|^#{1,6} .*?$|^\s*\d+\.\s",
    re.DOTALL | re.MULTILINE,
)


REACH = 2


@dataclass(frozen=True)
class Numeral:
    """One numeral of the prose: as written, its value, and where it stands."""

    text: str
    value: Decimal
    section: int
    place: str
    start: int
    cell: int


def parse(match: re.Match[str]) -> Decimal:
    """Return a matched numeral as a Decimal with its own precision."""
    text = match["sign"] + match["digits"].replace(",", "") + (match["power"] or "")
    return Decimal(text.replace("−", "-"))


def mask(text: str) -> str:
    """Blank out what may hold any numeral: code, math, links, citations, headings."""
    return EXEMPT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def sections(cells: Sequence[Cell]) -> list[int]:
    """Number the `##` section of each cell; what stands before the first is section 0."""
    numbers, current = [], 0
    for cell in cells:
        current += cell.kind == "markdown" and bool(re.search("^## ", cell.source, re.MULTILINE))
        numbers.append(current)
    return numbers


def quoted(
    cells: Sequence[Cell],
    pattern: re.Pattern[str] = NUMERAL,
    value: Callable[[re.Match[str]], Decimal] = parse,
) -> Iterator[Numeral]:
    """Yield the numbers of the prose, as `pattern` finds them and `value` reads them."""
    for number, (cell, section) in enumerate(zip(cells, sections(cells), strict=True)):
        if cell.kind != "markdown":
            continue
        for match in pattern.finditer(mask(cell.source)):
            line = cell.line + 1 + cell.source.count("\n", 0, match.start())
            place = f"{cell.place}:{line}"
            yield Numeral(match[0], value(match), section, place, match.start(), number)


def printed(cells: Sequence[Cell], outputs: Sequence[NotebookNode]) -> list[list[Decimal]]:
    """Return, for each cell, the values that a numeral in it may quote.

    They are printed by the last REACH checked cells before it, in its section: a table that is
    further away is not what a reader looks at. outputs: the same notebook's cells with outputs.
    """
    found: list[list[Decimal]] = []
    before: list[list[Decimal]] = []
    current = 0
    for cell, section, output in zip(cells, sections(cells), outputs, strict=True):
        if section != current:
            before, current = [], section
        found.append([value for values in before[-REACH:] for value in values])
        if cell.checked:
            before.append(values(output))
    return found


def values(cell: NotebookNode) -> list[Decimal]:
    """Return the numbers that a cell's outputs show, as they are written."""
    texts = [
        one.get("text", "") or one.get("data", {}).get("text/plain", "")
        for one in cell.get("outputs", [])
    ]
    return [parse(match) for text in texts for match in NUMERAL.finditer(text)]


def agrees(quote: Decimal, value: Decimal) -> bool:
    """Whether a printed value, rounded to the quote's own precision, is the quote.

    A quote of a single digit is a count, and a count is not rounded.
    """
    exponent = quote.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent >= 0 and len(quote.as_tuple().digits) == 1:
        return value == quote
    if value and value.adjusted() - exponent > 25:
        return False
    return value.quantize(Decimal(1).scaleb(exponent)) == quote


def unprinted(cells: Sequence[Cell], outputs: Sequence[NotebookNode]) -> list[str]:
    """Return a line for each numeral of the prose that is not printed where it should be."""
    known = printed(cells, outputs)
    return [
        f"{one.place}: {one.text!r} is printed by none of the {REACH} checked cells before it in "
        "its section; print it there, or write a setting as code or math"
        for one in quoted(cells)
        if not any(agrees(one.value, value) for value in known[one.cell])
    ]


def unguarded(cells: Sequence[Cell], outputs: Sequence[NotebookNode]) -> list[str]:
    """Return a line for each numeral whose last digit could change by one without being noticed.

    Among many printed values a neighbor is one of them by chance; a digit more tells them apart.
    """
    known, lines = printed(cells, outputs), []
    for one in quoted(cells):
        step = Decimal(1).scaleb(one.value.as_tuple().exponent)  # type: ignore[arg-type]
        last = one.value.as_tuple().digits[-1]
        size = abs(one.value) + (step if last < 9 else -9 * step)
        changed = size.copy_sign(one.value)
        if any(agrees(changed, value) for value in known[one.cell]):
            lines.append(
                f"{one.place}: {one.text!r} could be {changed} and pass; quote a digit more"
            )
    return lines


def literals(cells: Sequence[Cell]) -> list[str]:
    """Return a line for each checked cell that prints a number typed by hand."""
    problems = []
    for cell in cells:
        if cell.kind != "code" or not cell.checked:
            continue
        for call in ast.walk(ast.parse(cell.source)):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print":
                for text in _typed(call):
                    where = f"{cell.place}:{cell.line + call.lineno - 1}"
                    problems.append(f"{where}: a checked cell prints the literal {text!r}")
    return problems


def _typed(call: ast.Call) -> Iterator[str]:
    """Yield the numerals of a print call that are neither computed nor a format."""
    queue: list[ast.AST] = [*call.args]
    while queue:
        node = queue.pop()
        if isinstance(node, ast.FormattedValue):
            queue.append(node.value)  # not its format
        elif isinstance(node, ast.Constant):
            found = NUMERAL.search(str(node.value)) if not isinstance(node.value, bool) else None
            if found:
                yield found[0]
        elif isinstance(
            node, ast.JoinedStr | ast.BinOp | ast.IfExp | ast.Starred | ast.Tuple | ast.List
        ):
            queue += ast.iter_child_nodes(node)
