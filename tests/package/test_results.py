"""Measured tables: what is stored, what makes it stale, what an interrupt keeps."""

import ast
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.package.conftest import edit
from unrolled.codehash import code_hash, defines
from unrolled.errors import BookError
from unrolled.manifest import Book, read_book
from unrolled.measure import run as module
from unrolled.measure.experiments import code_hashes, stale
from unrolled.measure.run import measure
from unrolled.measure.tables import Summary, measured

EXPERIMENT = '''
# %% tags=["experiment"]
from unrolled import experiment


def shifted(x):
    """Used by one."""
    return twice(x) + 0.5  # a comment


@experiment(seeds=range(4), tolerance=0.1)
def one(seed):
    """Rows that depend on the seed."""
    return {"row": shifted(seed), "never": float("inf")}


@experiment(seeds=[7])
def two(seed):
    return {"row": float(seed)}
'''


@pytest.fixture
def book(tiny: Book) -> Book:
    """The tiny book with two experiments in its first chapter."""
    source = tiny.notebooks[0].source
    source.write_text(source.read_text() + EXPERIMENT)
    module._namespace.cache_clear()
    return tiny


def _measure(book: Book) -> int:
    module._namespace.cache_clear()
    return measure(book.notebooks[0], lambda *_: None, jobs=1)


def test_every_seed_is_run_once_and_the_table_says_how_it_was_made(book: Book) -> None:
    assert _measure(book) == 5
    assert _measure(book) == 0
    stored = json.loads(book.notebooks[0].results.read_text())
    assert stored["command"] == "unrolled results 01"
    entry = stored["experiments"]["one"]
    assert entry["seeds"] == [0, 1, 2, 3]
    assert {"machine", "versions", "tolerance", "code", "scale"} <= set(entry)
    row = entry["rows"]["row"]
    assert (row["median"], row["low"], row["high"]) == (3.5, 0.5, 6.5)
    summary = measured("01")["one"]["row"]
    assert summary.values == (0.5, 2.5, 4.5, 6.5)
    assert 7.1 in summary and 7.3 not in summary
    never = measured("01")["one"]["never"]
    assert math.isinf(never.median) and math.inf in never and 10.0 not in never


def test_seeds_that_are_trained_together_are_one_run_and_a_value_each(book: Book) -> None:
    source = book.notebooks[0].source
    text = "\n\n@experiment(seeds=(3, 5), together=True)\ndef both(seeds):\n"
    source.write_text(source.read_text() + text + "    return {'row': [10 * s for s in seeds]}\n")
    assert _measure(book) == 6
    assert measured("01")["both"]["row"].values == (30.0, 50.0)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("# a comment", "# another", set()),
        ("Used by one.", "Used by the first.", set()),
        ("+ 0.5", "+ 0.25", {"one"}),
        ("float(seed)", "float(seed) + 1", {"two"}),
        ("seeds=[7]", "seeds=[8]", {"two"}),
    ],
)
def test_a_table_is_stale_when_the_code_it_reaches_changes_and_only_then(
    book: Book, old: str, new: str, changed: set[str]
) -> None:
    before = code_hashes(book.notebooks[0])
    edit(book.notebooks[0].source, old, new)
    after = code_hashes(book.notebooks[0])
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_changed_solution_makes_stale_what_uses_it(book: Book) -> None:
    _measure(book)
    assert stale(book.notebooks[0]) == []
    edit(book.notebooks[0].solutions, "2 * x", "x * 2")
    [line] = stale(book.notebooks[0])
    assert line.startswith("data/results/01_twice.json: experiment one has changed since")
    assert _measure(book) == 4


def test_a_missing_and_a_forgotten_table_are_said(book: Book) -> None:
    assert len(stale(book.notebooks[0])) == 2
    _measure(book)
    edit(book.notebooks[0].source, "def two", "def three")
    said = "\n".join(stale(book.notebooks[0]))
    assert "experiment three has no stored table" in said
    assert "table two has no experiment" in said


def test_an_interrupted_measurement_goes_on_where_it_stopped(book: Book) -> None:
    def stop(_title: str, done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    module._namespace.cache_clear()
    with pytest.raises(KeyboardInterrupt):
        measure(book.notebooks[0], stop, jobs=1)
    assert not book.notebooks[0].results.exists()
    kept = len(list((book.root / "build" / "runs").glob("*.json")))
    assert kept >= 2
    assert _measure(book) == 5 - kept


def test_a_run_of_other_versions_is_not_gone_on_from(book: Book) -> None:
    assert _measure(book) == 5
    parts = sorted((book.root / "build" / "runs").glob("*.json"))
    stored = json.loads(book.notebooks[0].results.read_text())["experiments"]["one"]
    book.notebooks[0].results.unlink()
    edit(parts[0], stored["versions"]["python"], "3.9.1")
    parts[1].write_text("[")
    assert _measure(book) == 2
    assert json.loads(book.notebooks[0].results.read_text())["experiments"]["one"] == stored


def test_a_killed_measurement_leaves_no_process_behind(book: Book, tmp_path: Path) -> None:
    ticks = f"""

@experiment(seeds=[1])
def ticks(seed):
    import pathlib, time
    for count in range(6000):
        pathlib.Path({str(tmp_path)!r}, "count").write_text(str(count))
        time.sleep(0.1)
"""
    source = book.notebooks[0].source
    source.write_text(source.read_text() + ticks)
    command = [sys.executable, "-m", "unrolled", "results", "--jobs", "1"]
    running = subprocess.Popen(command, cwd=book.root, stderr=subprocess.DEVNULL)
    _until((tmp_path / "count").is_file)
    running.kill()
    running.wait()
    seen = [""]

    def still() -> bool:
        time.sleep(2)
        seen.append((tmp_path / "count").read_text())
        return seen[-1] == seen[-2]

    _until(still)


def _until(holds: Callable[[], bool]) -> None:
    """Wait for something to hold, two minutes at most."""
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_row_that_no_table_has_is_one_line_with_those_that_are_there(book: Book) -> None:
    _measure(book)
    with pytest.raises(BookError, match="'one' has no row 'rows'; did you mean row"):
        measured("01")["one"]["rows"]


def test_a_damaged_table_is_one_line(book: Book) -> None:
    _measure(book)
    path: Path = book.notebooks[0].results
    whole = path.read_text()

    def again() -> None:
        _measure(book)

    slack = whole.replace('"tolerance"', '"slack"')
    for damaged in (whole[:50], slack, '"experiments"', "[]", "{}", '{"experiments": {"x": 1}}'):
        path.write_text(damaged)
        for read in (lambda: measured("01"), lambda: stale(book.notebooks[0]), again):
            with pytest.raises(BookError, match=r"remove it and run `unrolled results`$") as error:
                read()
            assert str(error.value).startswith("data/results/01_twice.json: ")
            assert ": : " not in str(error.value)
            assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("async def f():\n    x = 1", {"f"}),
        (
            "if a:\n    def f():\n        x = 1\n    class A: b = 1\nelse:\n    y = 2",
            {"f", "A", "y"},
        ),
        ("try:\n    x = 1\nexcept E:\n    import y.z", {"x", "y"}),
        ("for i, j in rows:\n    with open(p) as f:\n        k = 1", {"i", "j", "f", "k"}),
        ("a, (b, *c) = d = e[g]", {"a", "b", "c", "d"}),
    ],
)
def test_a_statement_defines_what_it_binds_outside_of_functions(
    source: str, names: set[str]
) -> None:
    [statement] = ast.parse(source).body
    assert set(defines(statement)) == names


def test_a_hash_of_code_is_the_same_under_every_python() -> None:
    source = "def f(x):\n    'Says.'\n    return f'{x:>{1}} {x!r}'\n\n\nclass A:\n    pass\n"
    plain = source.replace("    'Says.'\n", "").replace("return", "# a comment\n    return")
    assert (
        code_hash(ast.parse(source).body) == code_hash(ast.parse(plain).body) == "f6292842ac869073"
    )


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.floats(0, 0.5))
def test_a_summary_holds_every_value_it_was_made_of(values: list[float], slack: float) -> None:
    summary = Summary(tuple(range(len(values))), tuple(values), slack)
    assert all(value in summary for value in values)
    assert summary.low <= summary.median <= summary.high
    assert summary.median == statistics.median(values)
    assert max(values) + slack * abs(max(values)) + 1 not in summary


def test_on_another_library_a_rerun_may_lie_further_outside(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    _measure(book)  # values .5, 2.5, 4.5, 6.5, with a tolerance of a tenth
    tables = measured("01")["one"]
    assert 7.1 in tables["row"] and 20 not in tables["row"]
    keras = SimpleNamespace(backend=SimpleNamespace(backend=lambda: "another"))
    monkeypatch.setitem(sys.modules, "keras", keras)
    path = book.notebooks[0].results
    stored = json.loads(path.read_text())
    for versions in ({"torch": "2"}, {"keras": "3", "another": "1"}):
        stored["experiments"]["one"]["versions"] = versions
        path.write_text(json.dumps(stored))
        assert 20 not in measured("01")["one"]["row"]
    stored["experiments"]["one"]["versions"] = {"keras": "3", "tensorflow": "2"}
    path.write_text(json.dumps(stored))
    tables = measured("01")["one"]
    assert 20 in tables["row"] and 26.5 not in tables["row"] and -19 not in tables["row"]
    assert math.inf in tables["never"] and 1.0 not in tables["never"]


def test_every_table_of_the_book_is_of_todays_code() -> None:
    assert [line for notebook in read_book().notebooks for line in stale(notebook)] == []


AT_FULL_SCALE = """

@experiment(seeds=[5], scale="full")
def hours(seed):
    from unrolled import track
    return {"steps": float(sum(1 for _ in track(range(seed), "hours, seed 5")))}
"""


def test_what_takes_hours_is_measured_at_full_scale_alone(book: Book) -> None:
    notebook = book.notebooks[0]
    notebook.source.write_text(notebook.source.read_text() + AT_FULL_SCALE)
    assert _measure(book) == 5
    assert stale(notebook) == [] and "hours" not in measured("01")
    module._namespace.cache_clear()
    said: list[tuple[str, int, int]] = []
    assert measure(notebook, lambda *what: said.append(what), "full", jobs=1) == 1
    assert ("hours, seed 5", 0, 5) in said
    assert measured("01")["hours"]["steps"].values == (5.0,)
    assert measured("01")["one"]["row"].values == (0.5, 2.5, 4.5, 6.5)
    assert _measure(book) == 0 and "hours" in measured("01")
    edit(notebook.source, "float(sum(", "2 * float(sum(")
    [line] = stale(notebook)
    assert "experiment hours has changed" in line and "`unrolled results 01 --scale full`" in line
    module._namespace.cache_clear()
    assert _measure(book) == 0 and "hours" in measured("01")  # hours of work are not thrown away
