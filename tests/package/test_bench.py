"""What `unrolled bench` measures, stores, compares and says, without a wall time of its own."""

import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.package.conftest import edit, run
from unrolled import bench, costs, loop
from unrolled import results as results_module
from unrolled.costs import TOLERANCE, Part, Row
from unrolled.errors import BookError
from unrolled.execute import execute
from unrolled.manifest import Book, read_book
from unrolled.results import measured
from unrolled.runtime import spent
from unrolled.site.costs import NOTHING
from unrolled.site.costs import costs as page

BOOK = read_book()

MACHINE = "Linux x86_64, CPU, one thread, 2 cores, Abacus"


def _part(**rows: float) -> Part:
    figures = {title.replace("_", " "): Row(value=v, unit="CPU s") for title, v in rows.items()}
    return Part(date="2026-11-22", versions={"python": "3.11.7"}, rows=figures)


@pytest.fixture
def quick(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A bench of three parts whose figures are made up; returns the list of parts it measured."""
    made: list[str] = []

    def apart(kind: str, root: Path, name: str) -> Part:
        made.append(f"{kind}/{name}")
        return _part(executed=2.0) if kind == "execution" else _part(all_checks=1.0)

    monkeypatch.setattr(bench, "apart", apart)
    monkeypatch.setattr(bench, "machine_class", lambda: MACHINE)
    return made


# What is stored and compared


def test_a_run_is_stored_by_machine_and_part_and_read_again(tiny: Book) -> None:
    assert costs.stored(tiny) == {}
    first = {"execution/01_twice": _part(executed=1.5), "checks/01_twice": _part(all_checks=0.1)}
    assert costs.keep(tiny, MACHINE, first) == tiny.root / "data" / "results" / "bench.json"
    costs.keep(tiny, "another", {"checks/01_twice": _part(all_checks=9.0)})
    costs.keep(tiny, MACHINE, {"checks/01_twice": _part(all_checks=0.2)})
    stored = costs.stored(tiny)
    assert stored[MACHINE] == first | {"checks/01_twice": _part(all_checks=0.2)}
    assert stored["another"] == {"checks/01_twice": _part(all_checks=9.0)}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"CPU s"', '"parsecs"', "checks.01_twice.rows.all checks.unit: Input should be"),
        ("0.1", "-1", "rows.all checks.value: Input should be greater than or equal to 0"),
        ('"date"', '"day"', "day: unknown key"),
        ("}", "", "Invalid JSON"),
    ],
)
def test_a_damaged_file_is_one_line_that_says_what_to_do(
    tiny: Book, old: str, new: str, said: str
) -> None:
    path = costs.keep(tiny, MACHINE, {"checks.01_twice": _part(all_checks=0.1)})
    edit(path, old, new)
    with pytest.raises(BookError) as error:
        costs.stored(tiny)
    assert str(error.value).startswith("data/results/bench.json: ")
    assert said in str(error.value) and "\n" not in str(error.value)
    assert "unrolled bench --keep" in str(error.value)


@pytest.mark.parametrize("unit", TOLERANCE)
def test_a_figure_differs_beyond_its_units_tolerance_in_either_direction(unit: costs.Unit) -> None:
    share, least = TOLERANCE[unit]
    before = Row(value=1000, unit=unit)
    near, far = (Row(value=1000 * (1 + share) + off, unit=unit) for off in (-0.5, 0.5))
    assert far.differs(before) and before.differs(far)
    assert near.differs(before) == (share == 0)
    small = Row(value=least / 1000, unit=unit)
    assert not Row(value=least, unit=unit).differs(small)
    assert Row(value=2 * least + 1, unit=unit).differs(small)


def test_waiting_may_differ_by_more_than_work() -> None:
    assert TOLERANCE["s"] > TOLERANCE["CPU s"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (0.00123, "0.0012 s"),
        (0.45678, "0.457 s"),
        (12.345, "12.3 s"),
        (1520, "1,520 s"),
    ],
)
def test_a_figure_is_shown_with_three_digits(value: float, text: str) -> None:
    assert str(Row(value=value, unit="s")).replace(".00 s", " s") == text


def test_budgets_hold_for_all_notebooks_of_a_chapter_together() -> None:
    chapter = next(one for one in BOOK.chapters if len(one.notebooks) > 1)
    third = chapter.check_seconds / len(chapter.notebooks)
    within = {f"checks/{name}": _part(all_checks=third) for name in chapter.notebooks}
    assert list(costs.over_budget(BOOK, within)) == []
    over = within | {f"checks/{chapter.notebooks[0]}": _part(all_checks=third + 1)}
    assert list(costs.over_budget(BOOK, over)) == [
        f"chapter {chapter.number}, all checks: {chapter.check_seconds + 1.0:.1f} CPU s; "
        f"check_seconds allows {chapter.check_seconds}"
    ]
    long = {f"execution/{chapter.notebooks[0]}": _part(executed=chapter.cpu_seconds + 1)}
    [line] = costs.over_budget(BOOK, long)
    assert line.startswith(f"chapter {chapter.number}, executed: ") and "cpu_seconds" in line


# The command


def test_nothing_is_stored_until_it_is_asked_for(tiny: Book, quick: list[str]) -> None:
    code, said = run("bench", "1", "execution", "checks")
    assert code == 0 and quick == ["execution/01_twice", "checks/01_twice"]
    assert f"nothing is stored for {MACHINE}; --keep stores what was measured" in said
    assert costs.stored(tiny) == {}
    code, said = run("bench", "1", "checks", "--keep")
    assert code == 0 and "data/results/bench.json" in said
    assert costs.stored(tiny) == {MACHINE: {"checks/01_twice": _part(all_checks=1.0)}}


def test_a_run_is_compared_with_the_stored_one_of_its_machine(tiny: Book, quick: list[str]) -> None:
    costs.keep(tiny, MACHINE, {"checks/01_twice": _part(all_checks=0.5)})
    said = run("bench", "1", "checks", "execution")[1]
    assert "all checks 1.00 CPU s 0.500 CPU s 2.00 !" in " ".join(said.split())
    assert f"1 figure beyond tolerance, beside what is stored for {MACHINE}" in said
    costs.keep(tiny, MACHINE, {"checks/01_twice": _part(all_checks=0.9)})
    said = run("bench", "1", "checks")[1]
    assert "1.11" in said and "!" not in said and "0 figures beyond tolerance" in said


def test_another_machine_is_not_compared_with(tiny: Book, quick: list[str]) -> None:
    costs.keep(tiny, "a faster one", {"checks/01_twice": _part(all_checks=0.1)})
    said = run("bench", "1", "checks")[1]
    assert f"nothing is stored for {MACHINE}" in said
    assert "0.100" not in said and "!" not in said


def test_what_is_over_its_budget_is_said_in_a_line(tiny: Book, quick: list[str]) -> None:
    edit(tiny.root / "book.toml", "cpu_seconds = 10\ncheck", "cpu_seconds = 1\ncheck")
    said = run("bench", "1", "execution")[1]
    assert "over budget: chapter 1, executed: 2.00 CPU s; cpu_seconds allows 1\n" in said


def test_an_interrupted_run_goes_on_and_a_finished_one_measures_anew(
    tiny: Book, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bench.apart

    def interrupted(kind: str, root: Path, name: str) -> Part:
        if kind == "checks":
            raise KeyboardInterrupt
        return whole(kind, root, name)

    words = ("bench", "execution", "checks")
    monkeypatch.setattr(bench, "apart", interrupted)
    code, said = run(*words)
    assert code == 130 and "finished work is kept" in said
    assert quick == ["execution/01_twice", "execution/02_thrice"]
    monkeypatch.setattr(bench, "apart", whole)
    quick.clear()
    assert run(*words)[0] == 0
    assert quick == ["checks/01_twice", "checks/02_thrice"]
    quick.clear()
    assert run(*words)[0] == 0
    assert len(quick) == 4
    monkeypatch.setattr(bench, "apart", interrupted)
    assert run(*words)[0] == 130
    edit(tiny.notebooks[0].solutions, "2 * x", "x * 2")
    monkeypatch.setattr(bench, "apart", whole)
    quick.clear()
    assert run(*words)[0] == 0
    assert len(quick) == 4  # what was measured before is of other code


# What is measured


def test_notebooks_and_kinds_limit_what_is_measured(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(bench.parts(tiny, ["2"])) == [
        f"{kind}/02_thrice" for kind in ("execution", "checks", "students")
    ]
    assert list(bench.parts(tiny, ["checks", "cold"])) == [
        "cold/01_twice",
        "checks/01_twice",
        "checks/02_thrice",
    ]
    monkeypatch.setattr(shutil, "which", lambda _: "bwrap")
    whole = {kind for kind, _ in bench.parts(tiny, []).values()}
    assert whole == set(bench.KINDS) - {"cold", "ratios"}
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert {kind for kind, _ in bench.parts(tiny, []).values()} == whole - set(bench.JAILED)
    assert list(bench.parts(tiny, ["boundary"])) == ["boundary/01_twice"]
    with pytest.raises(BookError, match="no notebook 'nothing'"):
        bench.parts(tiny, ["nothing"])


def test_an_execution_leaves_its_cost_with_its_outputs(tiny: Book) -> None:
    edit(tiny.notebooks[0].source, "import math", "import math\nmany = bytearray(300_000_000)")
    rows = list(bench.execution(tiny, tiny.notebooks[0]))
    assert [(title, unit) for title, _, unit in rows] == [
        ("executed", "CPU s"),
        ("its memory", "MB"),
    ]
    assert rows[0][1] > 0
    assert 300 < rows[1][1] < 1000
    [again] = execute(tiny.notebooks[:1], tiny.root / bench.EXECUTED, lambda *_: None)
    assert again.cells == 0
    assert rows == list(bench.execution(tiny, tiny.notebooks[0]))


def test_peak_memory_is_this_processs_and_not_its_parents() -> None:
    many = bytearray(800_000_000)
    assert spent()[1] > len(many)
    code = "from unrolled.runtime import spent; print(spent()[1])"
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert 0 < int(said) < 400_000_000


def test_checks_are_measured_by_exercise_in_a_process_of_their_own(tiny: Book) -> None:
    part = bench.apart("checks", tiny.root, "02_thrice")
    assert list(part.rows) == ["all checks", "their memory", "checks of thrice"]
    assert part.rows["all checks"].value > 0
    assert 20 < part.rows["their memory"].value < 2000
    assert part.versions["python"]
    assert all(float(f"{row.value:.4g}") == row.value for row in part.rows.values())


def test_ratios_are_those_of_book_toml(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tiny.notebooks[0].source
    source.write_text(
        source.read_text()
        + """
# %% tags=["experiment"]
from unrolled import experiment


@experiment(seeds=range(9))
def race(repeat):
    return {"slow, ms": 6.0 + repeat, "fast, ms": 2.0, "share": 0.25}
"""
    )
    asked = '["01/race/slow, ms : fast, ms", "01/race/share"]'
    edit(
        tiny.root / "book.toml",
        'check_seconds = 5\n\n[[chapter.exercise]]\nid = "twice"',
        f'check_seconds = 5\nratios = {asked}\n\n[[chapter.exercise]]\nid = "twice"',
    )
    book = read_book(tiny.root)
    assert "ratios/01_twice" in bench.parts(book, ["1"])
    assert "ratios/02_thrice" not in bench.parts(book, ["2"])
    monkeypatch.setattr(bench, "REPEATS", 3)
    results_module._namespace.cache_clear()
    assert list(bench.ratios(book, book.notebooks[0])) == [
        ("race: slow, ms : fast, ms", statistics.median([3.0, 3.5, 4.0]), "times"),
        ("race: share", 0.25, "times"),
    ]
    results_module._namespace.cache_clear()


def test_every_ratio_of_the_book_is_one_of_its_measured_tables() -> None:
    asked = [ratio for chapter in BOOK.chapters for ratio in chapter.ratios]
    assert asked
    for ratio in asked:
        key, table, rows = ratio.split("/", 2)
        for row in rows.split(" : "):
            assert measured(key, BOOK.root)[table][row], ratio


def test_a_build_is_measured_from_nothing_and_with_nothing_changed(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed: list[float] = []

    def built(root: Path) -> bench.Rows:
        cache = root / bench.EXECUTED
        executed.append(0.0 if cache.is_dir() else 6.0)
        yield "cells executed", executed[-1], "cells"
        cache.mkdir(parents=True, exist_ok=True)
        (cache / "01_twice.ipynb").touch()

    monkeypatch.setattr(bench, "_built", built)
    assert list(bench.cold(tiny, tiny.notebooks[0])) == [
        ("from nothing, cells executed", 6.0, "cells")
    ]
    assert (tiny.root / bench.EXECUTED / "01_twice.ipynb").is_file()
    assert list(bench.build(tiny, tiny.notebooks[0])) == [
        ("nothing changed, cells executed", 0.0, "cells")
    ]
    assert executed == [6.0, 0.0, 0.0]


def test_a_build_that_fails_ends_it(tiny: Book) -> None:
    edit(tiny.notebooks[0].source, "## A section", "# A second title")
    edit(tiny.notebooks[0].source, "Double it", "Halve it")
    with pytest.raises(BookError, match=r"the book was not built: unrolled: chapters/01_twice\.py"):
        list(bench.cold(tiny, tiny.notebooks[0]))


def test_a_students_waiting_is_measured(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "SAVES", 2)
    rows = list(bench.students(tiny, tiny.notebooks[1]))
    assert [title for title, _, _ in rows] == [
        "unrolled check",
        "from a save to its verdict",
        "the same, 95th percentile",
        "of which the checks themselves",
        "a check in a notebook",
    ]
    assert all(value > 0 and unit == "s" for _, value, unit in rows)


def test_a_watch_without_a_verdict_ends_it(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "STUCK", 0.01)
    with pytest.raises(BookError, match="no verdict on a save after 0 s"):
        list(bench.students(tiny, tiny.notebooks[0]))


# The page


def test_the_page_has_a_table_a_chapter_with_machine_day_and_versions(tiny: Book) -> None:
    assert page(tiny) == NOTHING
    later = _part(submission=1.25).model_copy(update={"date": "2026-12-01"})
    costs.keep(
        tiny,
        MACHINE,
        {
            "execution/01_twice": _part(executed=1.5),
            "checks/01_twice": _part(all_checks=0.25, checks_of_twice=0.125),
            "submission/01_twice": later,
        },
    )
    assert page(tiny).split("\n\n") == [
        f"## {MACHINE}",
        "Measured on 2026-11-22 and 2026-12-01, with python 3.11.7.",
        "### 1 · Twice",
        "| what | measured |\n|---|--:|\n"
        "| executed | 1.50 CPU s (of 10) |\n"
        "| all checks | 0.250 CPU s (of 5) |\n"
        "| checks of twice | 0.125 CPU s |",
        "### Building and grading",
        "| what | measured |\n|---|--:|\n| submission | 1.25 CPU s |",
    ]


def test_a_page_that_asks_for_the_figures_gets_them() -> None:
    assert "<!-- costs -->" in (BOOK.root / "chapters" / "costs.md").read_text(encoding="utf-8")
