"""What `unrolled bench` measures, stores, compares and says, without a wall time of its own."""

import gc
import os
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.package.conftest import edit, run
from unrolled import machine
from unrolled.errors import BookError
from unrolled.execute import execute
from unrolled.grade import jail
from unrolled.grade.jail import bubblewrap
from unrolled.manifest import Book, read_book
from unrolled.measure import bench, costs
from unrolled.measure import run as run_module
from unrolled.measure.costs import TOLERANCE, Part, Row
from unrolled.measure.tables import measured
from unrolled.runtime import spent
from unrolled.site.costs import NOTHING
from unrolled.site.costs import costs as page
from unrolled.student import loop

BOOK = read_book()

MACHINE = "Linux x86_64, CPU, one thread, 2 cores, Abacus"


def _part(**rows: float) -> Part:
    figures = {title.replace("_", " "): Row(value=v, unit="CPU s") for title, v in rows.items()}
    return Part(date="2026-11-22", versions={"python": "3.11.7"}, rows=figures)


def _cells(number: int) -> Part:
    figures = {"cells executed": Row(value=number, unit="cells")}
    return _part().model_copy(update={"rows": figures})


@pytest.fixture
def quick(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A bench of three parts whose figures are made up; returns the list of parts it measured."""
    made: list[str] = []

    def apart(kind: str, root: Path, name: str) -> Part:
        made.append(f"{kind}/{name}")
        return _part(executed=2.0) if kind == "execution" else _part(all_checks=1.0)

    monkeypatch.setattr(bench, "apart", apart)
    monkeypatch.setattr(machine, "machine_class", lambda: MACHINE)
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
    assert f"nothing of this is stored for {MACHINE}; --keep stores what was measured" in said
    assert costs.stored(tiny) == {}
    code, said = run("bench", "1", "checks", "--keep")
    assert code == 0 and "data/results/bench.json" in said
    assert costs.stored(tiny) == {MACHINE: {"checks/01_twice": _part(all_checks=1.0)}}


def test_a_run_is_compared_with_the_stored_one_of_its_machine(tiny: Book, quick: list[str]) -> None:
    costs.keep(tiny, MACHINE, {"checks/01_twice": _part(all_checks=0.5)})
    said = run("bench", "1", "checks", "execution")[1]
    assert "all checks 1.00 CPU s 0.500 CPU s 2.00 !" in " ".join(said.split())
    assert f"1 of 1 figure beyond tolerance, beside what is stored for {MACHINE}" in said
    costs.keep(tiny, MACHINE, {"checks/01_twice": _part(all_checks=0.9)})
    said = run("bench", "1", "checks")[1]
    assert "1.11" in said and "!" not in said and "0 of 1 figure beyond tolerance" in said
    said = run("bench", "1", "execution")[1]  # other parts than are stored
    assert f"nothing of this is stored for {MACHINE}" in said and "beyond" not in said


def test_another_machine_is_not_compared_with(tiny: Book, quick: list[str]) -> None:
    costs.keep(tiny, "a faster one", {"checks/01_twice": _part(all_checks=0.1)})
    said = run("bench", "1", "checks")[1]
    assert f"nothing of this is stored for {MACHINE}" in said
    assert "0.100" not in said and "!" not in said


def test_what_was_nothing_and_is_something_has_a_mark_as_it_is_counted(
    tiny: Book, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "apart", lambda *_: _cells(7))
    costs.keep(tiny, MACHINE, {"build/01_twice": _cells(0)})
    said = run("bench", "build")[1]
    assert "cells executed 7.00 cells 0 cells !" in " ".join(said.split())
    assert "1 of 1 figure beyond tolerance" in said


def test_figures_of_different_units_are_not_compared(tiny: Book, quick: list[str]) -> None:
    seconds = {"all checks": Row(value=1000, unit="MB")}
    costs.keep(tiny, MACHINE, {"checks/01_twice": _part().model_copy(update={"rows": seconds})})
    said = run("bench", "1", "checks")[1]
    assert f"nothing of this is stored for {MACHINE}" in said and "1,000" not in said


def test_it_is_said_when_the_stored_run_had_other_libraries(tiny: Book, quick: list[str]) -> None:
    before = _part(all_checks=1.0).model_copy(update={"versions": {"python": "3.9", "torch": "1"}})
    costs.keep(tiny, MACHINE, {f"checks/{one.name}": before for one in tiny.notebooks})
    said = run("bench", "checks")[1]
    assert said.count("stored with") == 1 and "stored with python 3.9, now 3.11.7\n" in said


def test_a_damaged_file_of_runs_is_met_before_anything_is_measured(
    tiny: Book, quick: list[str]
) -> None:
    edit(costs.keep(tiny, MACHINE, {}), "{", "")
    code, said = run("bench", "--keep")
    assert code == 2 and "unrolled: data/results/bench.json: " in said and quick == []


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


def test_an_interrupted_run_goes_on_after_a_shorter_one(
    tiny: Book, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bench.apart

    def interrupted(kind: str, root: Path, name: str) -> Part:
        if name == "02_thrice":
            raise KeyboardInterrupt
        return whole(kind, root, name)

    monkeypatch.setattr(bench, "apart", interrupted)
    assert run("bench", "checks")[0] == 130
    monkeypatch.setattr(bench, "apart", whole)
    assert run("bench", "1", "execution", "--keep")[0] == 0  # which stores, beside the code
    cache = tiny.root / "tests" / "chapters" / "__pycache__"
    cache.mkdir()
    (cache / "test_01_twice.cpython-311.pyc").write_bytes(b"compiled")
    quick.clear()
    assert run("bench", "checks")[0] == 0
    assert quick == ["checks/02_thrice"]


def test_what_another_machine_measured_is_not_gone_on_with(
    tiny: Book, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = bench.parts(tiny, ["checks"], print)
    for kind in (MACHINE, MACHINE, "another"):
        bench.measure(tiny, chosen, kind, lambda _: None)
    assert quick == 2 * ["checks/01_twice", "checks/02_thrice"]


def test_the_scale_and_the_backend_are_those_of_the_book(
    tiny: Book, quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNROLLED_SCALE", "full")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    met: list[object] = []

    def apart(*_: object) -> Part:
        met.extend(os.environ.get(name) for name in ("UNROLLED_SCALE", "KERAS_BACKEND"))
        return _part(all_checks=1.0)

    monkeypatch.setattr(bench, "apart", apart)
    assert run("bench", "1", "checks")[0] == 0
    assert met == [None, None]


# What is measured


def test_notebooks_and_kinds_limit_what_is_measured(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(bench.parts(tiny, ["2"], print)) == [
        f"{kind}/02_thrice" for kind in ("execution", "checks", "students")
    ]
    assert list(bench.parts(tiny, ["checks", "cold"], print)) == [
        "cold/01_twice",
        "checks/01_twice",
        "checks/02_thrice",
    ]
    monkeypatch.setattr(bench, "tried", lambda _: None)
    whole = {kind for kind, _ in bench.parts(tiny, [], print).values()}
    assert whole == set(bench.KINDS) - {"cold", "ratios"}
    assert list(bench.parts(tiny, ["boundary"], print)) == ["boundary/01_twice"]
    monkeypatch.setattr(bench, "tried", _no_jail)
    assert {kind for kind, _ in bench.parts(tiny, [], print).values()} == whole - set(bench.JAILED)
    with pytest.raises(BookError, match="no jail"):
        bench.parts(tiny, ["checks", "boundary"], print)


def _no_jail(book: Book) -> None:
    raise BookError("no jail")


@pytest.mark.skipif(sys.platform != "linux", reason="no jail elsewhere")
@pytest.mark.parametrize("breaks", ["bubblewrap", "a process in the jail"])
def test_where_no_jail_starts_a_line_says_so_before_anything_is_measured(
    tiny: Book,
    quick: list[str],
    jailed: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    breaks: str,
) -> None:
    if breaks == "bubblewrap":
        program = tmp_path / "bwrap"
        program.write_text("#!/bin/sh\necho 'bwrap: Creating new namespace failed' >&2\nexit 1\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        said = "the jail did not start: bwrap: Creating new namespace failed; it needs namespaces"
    else:
        monkeypatch.setattr(jail, "Limits", partial(jail.Limits, notebook="no number"))
        said = "a process in the jail is not confined: it ended in the middle of a request"
    code, told = run("bench", "throughput")
    assert code == 2 and told.startswith(f"unrolled: {said}") and told.count("\n") == 1
    assert quick == []
    code, told = run("bench")
    assert code == 0
    assert told.startswith(f"boundary, submission, throughput are left out: {said}")
    assert quick and not {one.split("/")[0] for one in quick} & set(bench.JAILED)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("waiting",), "no notebook 'waiting' in book.toml; there are 01, 02; what is measured is"),
        (("2", "build"), "build is measured of 01, not of 02"),
        (("checks", "ratios"), "ratios is measured of no notebook, not of 01, 02"),
    ],
)
def test_what_cannot_be_measured_is_one_line_and_stores_nothing(
    tiny: Book, quick: list[str], words: tuple[str, ...], said: str
) -> None:
    code, told = run("bench", *words, "--keep")
    assert code == 2 and told.startswith(f"unrolled: {said}") and told.count("\n") == 1
    assert quick == [] and costs.stored(tiny) == {}


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
    assert "ratios/01_twice" in bench.parts(book, ["1"], print)
    assert "ratios/02_thrice" not in bench.parts(book, ["2"], print)
    monkeypatch.setattr(bench, "REPEATS", 3)
    run_module._namespace.cache_clear()
    assert list(bench.ratios(book, book.notebooks[0])) == [
        ("race: slow, ms : fast, ms", statistics.median([3.0, 3.5, 4.0]), "times"),
        ("race: share", 0.25, "times"),
    ]
    run_module._namespace.cache_clear()


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
    with pytest.raises(
        BookError, match=r"`unrolled build` failed: unrolled: chapters/01_twice\.py"
    ):
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


def test_a_save_without_a_verdict_of_its_own_is_no_wait(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "SAVES", 1)
    monkeypatch.setattr(loop, "_result", _gone)
    with pytest.raises(BookError, match="a save of twice had no verdict: unrolled: it is gone"):
        list(bench.students(tiny, tiny.notebooks[0]))


def _gone(*_: object) -> None:
    raise BookError("it is gone")


def test_a_check_that_fails_ends_it_in_one_line(tiny: Book) -> None:
    edit(tiny.notebooks[0].solutions, "2 * x", "3 * x")
    with pytest.raises(BookError, match=r"^`unrolled check twice` failed: .+$"):
        list(bench.students(tiny, tiny.notebooks[0]))


def test_a_process_that_dies_is_one_line(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "end_with_the_parent", os.abort)
    code, said = run("bench", "1", "checks")
    assert code == 2 and said.splitlines()[-1].startswith("unrolled: a process died; is memory")


@pytest.fixture
def jailed(tiny: Book) -> None:
    """Skip, and say so, where there is no jail."""
    try:
        list(bubblewrap(tiny))
    except BookError as error:
        pytest.skip(f"NO JAIL, so nothing was measured in one: {error}")


def test_what_the_jail_adds_is_measured(
    tiny: Book, jailed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    rows = {title: (value, unit) for title, value, unit in bench.boundary(tiny, tiny.notebooks[0])}
    gc.unfreeze()
    alone, both, times, added = rows.values()
    assert list(rows)[-1] == "added to a small check" and added[1] == "CPU ms"
    assert both[0] > alone[0] > 0 and times == (both[0] / alone[0], "times")


def test_where_no_check_is_small_nothing_is_said_of_small_ones(
    tiny: Book, jailed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    spent = bench._spent
    monkeypatch.setattr(bench, "_spent", lambda *words: 1 + spent(*words))
    assert [title for title, _, _ in bench.boundary(tiny, tiny.notebooks[0])] == [
        "checks in one process",
        "checks in the jail",
        "in the jail : in one process",
    ]
    gc.unfreeze()


def test_submissions_are_measured_one_and_many(
    tiny: Book, jailed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "CLASS", 2)
    [(title, value, unit)] = bench.submission(tiny, tiny.notebooks[0])
    assert (title, unit) == ("one submission, all exercises", "CPU s") and value > 0
    [(title, value, unit)] = bench.throughput(tiny, tiny.notebooks[0])
    assert (title, unit) == ("submissions of twice, 2 in two processes", "a minute") and value > 0


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
    assert page(tiny).replace("\N{NO-BREAK SPACE}", "~").split("\n\n") == [
        f"## {MACHINE}",
        "Measured on 2026-11-22 and 2026-12-01, with python 3.11.7.",
        "### 1 · Twice",
        "| what | measured |\n|---|--:|\n"
        "| executed | 1.50~CPU~s (of 10) |\n"
        "| all checks | 0.250~CPU~s (of 5) |\n"
        "| checks of twice | 0.125~CPU~s |",
        "### Building and grading",
        "| what | measured |\n|---|--:|\n| submission | 1.25~CPU~s |",
    ]


def test_a_page_that_asks_for_the_figures_gets_them() -> None:
    assert "<!-- costs -->" in (BOOK.root / "chapters" / "costs.md").read_text(encoding="utf-8")


def test_the_page_tells_of_every_version_and_every_day(
    tiny: Book,
) -> None:
    days = ("2026-11-22", "2026-11-24", "2026-11-29")
    kept = {
        f"{kind}/01_twice": Part(date=day, versions={"torch": f"2.{day[-1]}"}, rows={})
        for kind, day in zip(("checks", "build", "submission"), days, strict=True)
    }
    costs.keep(tiny, MACHINE, kept)
    assert f"Measured on {' and '.join(days)}, with torch 2.2, torch 2.4, torch 2.9." in page(tiny)
