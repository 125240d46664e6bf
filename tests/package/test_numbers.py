"""The gate on the prose's numbers, and the gate on that gate."""

import copy
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from unrolled.author.numbers import (
    NUMERAL,
    agrees,
    literals,
    mask,
    parse,
    quoted,
    unguarded,
    unprinted,
)
from unrolled.manifest import read_book
from unrolled.notebook import Cell, read_cells, read_notebook

CHECKED = "# NBVAL_CHECK_OUTPUT\nprint(x)"


def _section(prose: str, text: str) -> list[str]:
    cells = [
        Cell("markdown", "## A section", {}, "a.py", 1),
        Cell("code", CHECKED, {}, "a.py", 3),
        Cell("markdown", prose, {}, "a.py", 6),
    ]
    outputs = [
        new_markdown_cell("## A section"),
        new_code_cell(CHECKED, outputs=[new_output("stream", text=text)]),
        new_markdown_cell(prose),
    ]
    return unprinted(cells, outputs)


@pytest.mark.parametrize(
    ("prose", "text"),
    [
        ("The floor is 1.19e-3.", "floor 1.190e-03"),
        ("It takes 801 steps, 27 at best.", "801 [27, 1000]"),
        ("It is 16 % below.", "below: 16.2 %"),
        ("A loss of −0.5 is odd.", "-0.52"),
        ("After 980,185 windows.", "980185"),
        ("With `H = 5` and $T = 14$, see [Malhotra 2016](https://example.org/1607.00148).", ""),
        ("See {cite:p}`hochreiter1997` and {cite:t}`srivastava2015`.", ""),
        ("1. A list\n2. of two", ""),
        ("```python\nx = 3\n```", ""),
    ],
)
def test_a_number_that_is_printed_at_its_precision_or_is_a_setting_passes(
    prose: str, text: str
) -> None:
    assert _section(prose, text) == []


@pytest.mark.parametrize(
    ("prose", "text"),
    [
        ("The floor is 1.18e-3.", "floor 1.190e-03"),
        ("The floor is 1.190e-3.", "floor 1.194e-03"),
        ("It takes 802 steps.", "801"),
        ("It is 17 % below.", "16.2 %"),
        ("A ratio of .45.", "0.44"),
        ("Minus -3.", "3"),
    ],
)
def test_a_number_that_no_cell_prints_is_one_line_with_its_place(prose: str, text: str) -> None:
    [line] = _section(prose, text)
    assert line.startswith("a.py:7: ")


def test_a_single_digit_is_a_count_and_is_not_rounded() -> None:
    assert _section("It is 5.", "5") == []
    assert len(_section("It is 5.", "4.8")) == 1


def test_a_number_printed_three_checked_cells_ago_does_not_count() -> None:
    cells = [Cell("code", CHECKED, {}, "a.py", 1) for _ in range(3)]
    prose = Cell("markdown", "It is 42.", {}, "a.py", 9)
    outputs = [
        new_code_cell(CHECKED, outputs=[new_output("stream", text=str(n))]) for n in (42, 7, 8)
    ]
    assert len(unprinted([*cells, prose], [*outputs, new_markdown_cell()])) == 1
    assert unprinted([*cells[1:], prose], [outputs[0], outputs[2], new_markdown_cell()]) == []


def test_a_number_printed_in_another_section_does_not_count() -> None:
    cells = [
        Cell("code", CHECKED, {}, "a.py", 1),
        Cell("markdown", "## Next\n\nIt is 42.", {}, "a.py", 4),
    ]
    outputs = [
        new_code_cell(CHECKED, outputs=[new_output("stream", text="42")]),
        new_markdown_cell(),
    ]
    assert len(unprinted(cells, outputs)) == 1


@given(st.decimals(-1000, 1000, allow_nan=False, places=6), st.integers(1, 5))
def test_any_rounding_of_a_printed_value_agrees_and_its_last_digit_changed_does_not(
    value: Decimal, places: int
) -> None:
    quote = value.quantize(Decimal(1).scaleb(-places))
    assert agrees(quote, value)
    assert not agrees(quote + Decimal(1).scaleb(-places), value)


@pytest.mark.parametrize(
    "source", ["print(1.19)", 'print("floor 1.19")', 'print(f"{801} steps")', 'print("a", 3)']
)
def test_a_literal_printed_by_a_checked_cell_is_refused(source: str) -> None:
    cell = Cell("code", f"# NBVAL_CHECK_OUTPUT\n{source}", {}, "a.py", 1)
    assert len(literals([cell])) == 1


@pytest.mark.parametrize(
    "source", ['print(f"{x:8.3e} [{y:>12}]")', "print(round(x, 3))", 'print("R²", x)']
)
def test_computed_values_and_formats_are_not_literals(source: str) -> None:
    assert literals([Cell("code", f"# NBVAL_CHECK_OUTPUT\n{source}", {}, "a.py", 1)]) == []


def test_at_least_95_percent_of_changed_last_digits_are_caught_in_the_book() -> None:
    """Change the last digit of each quoted number, one at a time, and run the gate."""
    caught = guarded = total = 0
    for notebook in read_book().notebooks:
        cells = read_cells(notebook.source)
        outputs = read_notebook(notebook.reference).cells
        assert unprinted(cells, outputs) == []
        for one in quoted(cells):
            source = cells[one.cell].source
            match = NUMERAL.match(mask(source), one.start)
            assert match is not None and parse(match) == one.value
            end = match.start("digits") + len(match["digits"]) - 1
            digit = str((int(source[end]) + 1) % 10)
            changed = copy.copy(cells)
            old = cells[one.cell]
            text = source[:end] + digit + source[end + 1 :]
            changed[one.cell] = Cell(old.kind, text, old.metadata, old.place, old.line)
            total += 1
            caught += bool(unprinted(changed, outputs))
        count = len(list(quoted(cells)))
        guarded += count - len(unguarded(cells, outputs))
        assert guarded == caught, "the gate counts the same"
    assert total > 0
    assert caught >= 0.95 * total, f"{caught} of {total}"
