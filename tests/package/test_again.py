"""A second run of the tables: how far it agrees with the first, and what the page says of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.package.conftest import edit
from tests.package.test_results import EXPERIMENT
from unrolled import machine
from unrolled.cli import main
from unrolled.errors import BookError
from unrolled.manifest import Book
from unrolled.measure import run
from unrolled.measure.again import FILE, Repeat, again, read_repeats, repeats
from unrolled.site.numbers import NOBODY
from unrolled.site.numbers import again as page

ABACUS = "Abacus, one bead"


@pytest.fixture
def book(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> Book:
    """The tiny book with two experiments in its first chapter, measured, on a known machine."""
    source = tiny.notebooks[0].source
    source.write_text(source.read_text() + EXPERIMENT)
    run._namespace.cache_clear()
    run.measure(tiny.notebooks[0], lambda *_: None, jobs=1)
    monkeypatch.setattr(machine, "machine_class", lambda: ABACUS)
    return tiny


def _again(book: Book) -> Repeat:
    return again(book.notebooks[0], ABACUS, lambda *_: None, jobs=1)


def _called(*words: str) -> Result:
    return CliRunner().invoke(main, ["results", "--jobs", "1", *words])


def _stored(book: Book, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what is stored, as if the first run had come out so."""
    path = book.notebooks[0].results
    table = json.loads(path.read_text())
    change(table["experiments"]["one"]["rows"])
    path.write_text(json.dumps(table))


def test_a_second_run_leaves_the_stored_one_alone_and_its_outcome_is_kept(book: Book) -> None:
    before = book.notebooks[0].results.read_bytes()
    assert read_repeats(book.root) == {}
    found = _again(book)
    assert (found.rows, found.same, found.outside) == (3, 3, [])
    assert found.versions["python"] and set(found.tables) == {"one", "two"}
    assert book.notebooks[0].results.read_bytes() == before
    assert read_repeats(book.root) == {ABACUS: {"01_twice": found}}


def test_what_an_interrupt_left_is_gone_on_from_and_what_ended_is_measured_anew(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[tuple[str, int, int]] = []

    def interrupted(title: str, done: int, total: int) -> None:
        runs.append((title, done, total))
        if len(runs) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        again(book.notebooks[0], ABACUS, interrupted, jobs=1)
    assert read_repeats(book.root) == {}
    for left in (range(1, 4), [5]):
        runs.clear()
        again(book.notebooks[0], ABACUS, lambda *run: runs.append(run), jobs=1)
        assert len(runs) in left


@pytest.mark.parametrize(
    ("change", "same", "outside"),
    [
        (lambda rows: rows["row"].update(values=[0.5, 2.5, 4.5, 6.6]), 1, 0),
        (lambda rows: rows["row"].update(values=[9.0] * 4), 1, 1),
        (lambda rows: rows.pop("row"), 1, 1),
        (lambda rows: rows.update(gone={"values": [1.0] * 4}), 2, 1),
    ],
    ids=["in range", "out of range", "new row", "row that is gone"],
)
def test_a_row_is_the_same_or_in_range_or_said(
    book: Book, change: Callable[[dict[str, Any]], object], same: int, outside: int
) -> None:
    _stored(book, change)
    held = _again(book).tables["one"]
    assert (held.same, len(held.outside)) == (same, outside)


def test_the_command_says_what_is_outside_and_exits_so(book: Book) -> None:
    said = _called("--again")
    assert said.exit_code == 0
    first, second = said.output.splitlines()
    assert first.startswith("01  2 tables: 3 of 3 medians in stored ranges, 3 the same to the last")
    assert second.startswith("02  0 tables: 0 of 0 medians")
    _stored(book, lambda rows: rows["row"].update(values=[9.0] * 4))
    said = _called("1", "--again")
    assert said.exit_code == 1
    first, last = said.output.splitlines()
    assert first == "01  one, row: 3.5 [0.5, 6.5] now, 9 [9, 9] stored"
    assert last.startswith("01  2 tables: 2 of 3 medians in stored ranges, 2 the same to the last")
    assert "one, row" in page(book) and "| 2/2 | 2/3 | 2/3 |" in page(book)


def test_times_are_told_apart_from_results(book: Book) -> None:
    _stored(book, lambda rows: rows["row"].update(values=[9.0] * 4))
    path = book.root / "data" / "results" / "again.json"
    _again(book)
    assert "Results, outside" in page(book) and "Times" not in page(book)
    edit(path, "row: 3.5", "row, CPU s, worst: 3.5")
    assert "Results" not in page(book) and "Times, which are those of a machine" in page(book)


def test_what_was_measured_with_other_code_is_not_compared_and_that_is_said(book: Book) -> None:
    assert page(book) == NOBODY
    _again(book)
    [(_, kept)] = repeats(book)
    assert len(kept["01_twice"].tables) == 2
    edit(book.notebooks[0].source, "float(seed)", "float(seed) + 1")
    run._namespace.cache_clear()
    said: list[str] = []
    found = again(book.notebooks[0], ABACUS, lambda *_: None, jobs=1, said=said.append)
    assert set(found.tables) == {"one"}
    assert said == ["table two was made by other code, and is not compared; `unrolled results`"]
    run.measure(book.notebooks[0], lambda *_: None, jobs=1)
    [(_, kept)] = repeats(book)
    assert set(kept["01_twice"].tables) == {"one"}
    assert "| 1/2 |" in page(book)
    edit(book.notebooks[0].source, "shifted(seed)", "shifted(seed) + 1")
    run._namespace.cache_clear()
    run.measure(book.notebooks[0], lambda *_: None, jobs=1)
    assert page(book) == NOBODY


def test_tables_of_full_scale_are_left_out_and_nothing_is_kept_of_none(book: Book) -> None:
    path = book.notebooks[0].results
    table = json.loads(path.read_text())
    for entry in table["experiments"].values():
        entry["scale"] = "full"
    path.write_text(json.dumps(table))
    *full, last = _called("1", "--again").output.splitlines()
    assert full == [
        f"01  table {one} is of full scale, and is not compared" for one in ("one", "two")
    ]
    assert last.startswith("01  0 tables") and not path.with_name(FILE).exists()


@pytest.mark.parametrize(
    ("setting", "words", "mend"),
    [
        ({}, ["--scale", "full"], "leave out --scale, and UNROLLED_SCALE"),
        ({"UNROLLED_SCALE": "full"}, [], "leave out --scale, and UNROLLED_SCALE"),
        ({"KERAS_BACKEND": "jax"}, [], "KERAS_BACKEND is 'jax'"),
        ({}, ["--jobs", "0"], "x>=1"),
    ],
)
def test_what_would_measure_something_else_is_refused_in_one_line(
    book: Book,
    setting: dict[str, str],
    words: list[str],
    mend: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    said = _called("1", "--again", *words)
    assert said.exit_code == 2 and mend in said.output
    assert not book.notebooks[0].results.with_name(FILE).exists()


def test_a_damaged_file_is_one_line(book: Book) -> None:
    file = book.notebooks[0].results.with_name(FILE)
    for damaged in ("{", '{"Abacus": {"01_twice": {"rows": 3}}}', "[]"):
        file.write_text(damaged)
        with pytest.raises(BookError, match=r"run `unrolled results --again`$") as error:
            read_repeats(book.root)
        assert str(error.value).startswith(f"data/results/{FILE}: ")
