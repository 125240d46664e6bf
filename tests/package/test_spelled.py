"""The gate on the prose's numbers in words, and the gate on that gate."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from unrolled.author.spelled import SMALL, TENS, spelled, unsaid, value
from unrolled.manifest import read_book
from unrolled.notebook import Cell, read_cells, read_notebook


def _words(number: int) -> str:
    """Spell a number below a billion as the book does."""
    for size, name in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = f" {_words(number % size)}" if number % size else ""
            return f"{_words(number // size)} {name}{rest}"
    if number < 20:
        return SMALL[number - 1]
    return TENS[number // 10 - 2] + (f"-{SMALL[number % 10 - 1]}" if number % 10 else "")


@given(st.integers(1, 999_999_999))
@example(250_000)
@example(117)
def test_a_number_that_is_spelled_is_read_back(number: int) -> None:
    assert value(_words(number)) == number
    cell = Cell("markdown", f"There are {_words(number)} of them.", {}, "a.py", 1)
    assert [one.value for one in spelled([cell])] == [Decimal(number)] * (number >= 13)


def _said(prose: str, code: str, text: str) -> list[str]:
    source = f"# NBVAL_CHECK_OUTPUT\n{code}"
    cells = [
        Cell("markdown", "# Title", {}, "a.py", 1),
        Cell("markdown", f"## A section\n\n{prose}", {}, "a.py", 4),
        Cell("code", source, {}, "a.py", 8),
        Cell("markdown", "## The last", {}, "a.py", 12),
    ]
    outputs = [
        new_markdown_cell(),
        new_markdown_cell(),
        new_code_cell(source, outputs=[new_output("stream", text=text)]),
        new_markdown_cell(),
    ]
    return unsaid(cells, outputs)


@pytest.mark.parametrize(
    ("prose", "code", "text"),
    [
        ("A network of fifty units.", "fit(units=50)", ""),
        ("It takes forty thousand steps.", "print(steps)", "38,512"),
        ("It is twenty-five times slower.", "print(ratio)", "25.3"),
        ("Seventy-five thousand sums.", "rng.integers(75_000)", ""),
        ("A hundred and twenty hours, $T = 120$.", "", ""),
        ("Two\nthousand of them.", "pass  # (2000, 5)", ""),
        ("After forty steps.", 'said = f"{steps} of 40"', ""),
        ("Twelve months, one of them, and `thirteen`.", "", ""),
    ],
)
def test_a_number_in_words_that_is_printed_or_set_passes(prose: str, code: str, text: str) -> None:
    assert _said(prose, code, text) == []


@pytest.mark.parametrize(
    ("prose", "code", "text"),
    [
        ("A network of sixty units.", "fit(units=50)", ""),
        ("It takes forty thousand steps.", "print(steps)", "34,512"),
        ("It is twenty-five times slower.", "print(ratio)", "25.6"),
        ("It has fourteen weights.", "", ""),
    ],
)
def test_a_number_in_words_that_nothing_prints_or_sets_is_one_line_with_its_place(
    prose: str, code: str, text: str
) -> None:
    [line] = _said(prose, code, text)
    assert line.startswith("a.py:7: ")


def test_the_last_section_may_name_what_any_cell_sets() -> None:
    cells = [
        Cell("code", "fit(units=50)", {}, "a.py", 1),
        Cell("markdown", "## Middle\n\nFifty units.", {}, "a.py", 4),
        Cell("markdown", "## End\n\nFifty units.", {}, "a.py", 8),
    ]
    outputs = [new_code_cell(), new_markdown_cell(), new_markdown_cell()]
    assert [line.split(": ")[0] for line in unsaid(cells, outputs)] == ["a.py:7"]
    assert unsaid(cells[:2], outputs[:2]) == []


def test_at_least_half_of_changed_words_are_caught_between_the_first_and_the_last_section() -> None:
    """Move each number in words by one of its last digit, one at a time, and run the gate."""
    caught = total = 0
    for notebook in read_book().notebooks:
        cells = read_cells(notebook.source)
        outputs = read_notebook(notebook.reference).cells
        assert unsaid(cells, outputs) == []
        found = list(spelled(cells))
        for one in found:
            if one.section in (0, max(other.section for other in found)):
                continue
            old = cells[one.cell]
            start = old.source.index(one.text, one.start)
            step = 10 ** int(one.value.normalize().as_tuple().exponent)
            text = _words(int(one.value) + step)
            changed = old.source[:start] + text + old.source[start + len(one.text) :]
            cell = Cell(old.kind, changed, old.metadata, old.place, old.line)
            total += 1
            caught += bool(unsaid([*cells[: one.cell], cell, *cells[one.cell + 1 :]], outputs))
    assert total > 100
    assert caught >= 0.5 * total, f"{caught} of {total}"
