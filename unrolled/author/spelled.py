"""Every number in words is one that its section prints, or sets in its code.

From thirteen up: what is smaller is counted on the page. A chapter's first and last sections speak
of the whole chapter, and may name what any of its cells does.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from decimal import Decimal

from nbformat import NotebookNode

from unrolled.author.numbers import EXEMPT, NUMERAL, Numeral, parse, quoted, sections, values
from unrolled.notebook import Cell

SMALL = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
ONES = {word: number for number, word in enumerate(SMALL, start=1)} | {
    word: 10 * number for number, word in enumerate(TENS, start=2)
}
POWERS = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
WORD = "|".join([*ONES, *POWERS])
SPELLED = re.compile(
    rf"\b(?:{WORD})(?:(?:-|\s+|(?<=hundred)\s+and\s+)(?:{WORD}))*\b", re.IGNORECASE
)
LEAST = 13
# The text of an f-string is a token of its own from Python 3.12 on.
TEXTS = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def value(words: str) -> int:
    """Return the number that English words name: `two hundred and fifty thousand` is 250000."""
    total = part = 0
    for word in re.split(r"[-\s]+", words.lower()):
        if word == "hundred":
            part = (part or 1) * 100
        elif word in POWERS:
            total, part = total + (part or 1) * POWERS[word], 0
        else:
            part += ONES.get(word, 0)
    return total + part


def spelled(cells: Sequence[Cell]) -> Iterator[Numeral]:
    """Yield the numbers in words, from LEAST up, of the prose."""
    found = quoted(cells, SPELLED, lambda match: Decimal(value(match[0])))
    return (one for one in found if one.value >= LEAST)


def unsaid(cells: Sequence[Cell], outputs: Sequence[NotebookNode]) -> list[str]:
    """Return a line for each number in words that its section neither prints nor sets.

    outputs: the same notebook's cells with outputs.
    """
    where = sections(cells)
    known: dict[int, list[Decimal]] = {section: [] for section in where}
    for cell, section, output in zip(cells, where, outputs, strict=True):
        known[section] += [*_settings(cell), *(values(output) if cell.checked else ())]
    known[0] = known[max(where)] = [one for section in known.values() for one in section]
    return [
        f"{one.place}: {one.text!r} is neither printed by a checked cell of its section nor "
        "written in the section's code or math; print it there"
        for one in spelled(cells)
        if not any(_rounds(one.value, abs(number)) for number in known[one.section])
    ]


def _settings(cell: Cell) -> Iterator[Decimal]:
    """Yield the numbers of a cell's code, of its strings and comments, or of its math."""
    if cell.kind == "markdown":
        for match in EXEMPT.finditer(cell.source):
            yield from map(parse, NUMERAL.finditer(re.sub(r"[${}\\`]", " ", match[0])))
        return
    for token in tokenize.generate_tokens(io.StringIO(cell.source).readline):
        if token.type == tokenize.NUMBER:
            yield Decimal(repr(ast.literal_eval(token.string)))
        elif token.type in TEXTS:
            yield from map(parse, NUMERAL.finditer(token.string))


def _rounds(words: Decimal, number: Decimal) -> bool:
    """Whether a number, rounded to the last word's power of ten, is what the words say."""
    exponent = words.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    if number.adjusted() > words.adjusted() + 1:
        return False
    return number.quantize(Decimal(1).scaleb(exponent)) == words
