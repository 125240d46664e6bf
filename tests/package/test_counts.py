"""What the checks were counted to do: kept, told when it is of other code, and put on the page."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.package.conftest import edit
from tests.package.here import Here
from unrolled.author.counts import (
    FIRST_SEED,
    RULES,
    SHOWN,
    Count,
    counted_codes,
    keep_counts,
    outdated,
    read_counts,
)
from unrolled.author.verify import Report, Task, false_failures, false_passes, mutation
from unrolled.checks.run import Behavior, Failure, checks_by_exercise, load_checks
from unrolled.checks.session import placed, run_pytest
from unrolled.errors import BookError
from unrolled.manifest import Book, read_book
from unrolled.site.numbers import ASKED, _percent, _whole, at_most, checks

FAILS = (Failure("test_luck", "assertion", ""),)
LUCK = "\n\ndef test_luck(twice, rng):\n    assert twice(1.0) == 2.0 and rng.random() > 0.2\n"


def _count(book: Book, seeds: int) -> Report:
    """Count both notebooks' checks as the gate does, and keep the counts."""
    for notebook in book.notebooks:
        run, report = Here(notebook).behaviors, Report(notebook.key)
        known = checks_by_exercise(notebook, load_checks(notebook))
        assert list(mutation(run, notebook, known, report)) == []
        report.problems += false_passes(run, notebook, report, seeds, lambda _: None)
        report.problems += false_failures(run, report, seeds, lambda _: None)
        keep_counts(book, report.counts)
        if notebook is book.notebooks[0]:
            first = report
    return first


def _told(book: Book) -> list[str]:
    return [line for notebook in book.notebooks for line in outdated(notebook)]


def test_what_was_never_counted_is_told_with_the_command(tiny: Book) -> None:
    first, second = _told(tiny)
    mend = "run `unrolled verify 01 --seeds 20`"
    assert first == f"{SHOWN}: twice has not been counted; {mend}"
    assert second.startswith(f"{SHOWN}: thrice")


def test_what_is_counted_is_kept_sorted_and_is_the_same_every_time(tiny: Book) -> None:
    _count(tiny, 3)
    text = (tiny.root / SHOWN).read_text()
    assert list(json.loads(text)) == ["thrice", "twice"]
    one = read_counts(tiny.root)["twice"]
    assert (one.checks, one.wrong, one.seeds, one.failed) == (2, 3, 3, ())
    assert (one.wrong_runs, one.passed) == (3 * 3, ())
    assert one.killed == one.mutants > 0
    _count(tiny, 3)
    assert (tiny.root / SHOWN).read_text() == text
    assert _told(tiny) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "stale"),
    [
        ("tests/chapters/test_01_twice.py", "1 + rng.random()", "2 + rng.random()", ["twice"]),
        ("solutions/01_twice.py", "2 * x", "x * 2", ["twice"]),
        ("tests/wrong/01_twice.py", "min(x, 0.5)", "min(x, 0.6)", ["twice"]),
        ("tests/chapters/test_02_thrice.py", "-1 - rng", "-2 - rng", ["thrice"]),
        ("tests/wrong/01_twice.py", "The sign is lost", "It lost its sign", []),
        ("solutions/01_twice.py", "return 2", "# A comment.\n    return 2", []),
        ("chapters/01_twice.py", "A second for", "Two seconds for", []),
    ],
)
def test_counts_of_other_code_are_told_and_no_others(
    tiny: Book, file: str, old: str, new: str, stale: list[str]
) -> None:
    _count(tiny, 1)
    edit(tiny.root / file, old, new)
    told = _told(tiny)
    assert [line.split(":")[1].split()[0] for line in told] == stale
    assert all("has changed since it was counted; run `unrolled verify 0" in one for one in told)
    page = checks(tiny)
    assert ("**Not counted**" in page) == bool(stale)
    assert all(f"`{name}`" in page for name in stale)


def test_counts_are_of_all_the_code_that_is_reached_and_of_the_rules(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = tiny.notebooks[0]
    edit(notebook.checks, "\n\ndef test_a_p", "\n\ndef one():\n    return 1\n\n\ndef test_a_p")
    edit(notebook.checks, "1 + rng", "one() + rng")
    edit(notebook.source, "import math", "import math\nTWO = 2\nUNUSED = 1")
    edit(notebook.solutions, "2 * x", "TWO * x")
    code = counted_codes(notebook)["twice"]
    for file, old, new, moves in [
        (notebook.checks, "return 1", "return 2", True),
        (notebook.source, "TWO = 2", "TWO = 3", True),
        (notebook.source, "UNUSED = 1", "UNUSED = 2", False),
    ]:
        edit(file, old, new)
        assert (counted_codes(notebook)["twice"] != code) == moves
        edit(file, new, old)
        assert counted_codes(notebook)["twice"] == code
    for rule in RULES:
        monkeypatch.setattr("unrolled.author.counts.RULES", [one for one in RULES if one != rule])
        assert counted_codes(notebook)["twice"] != code


def test_counts_are_of_the_solutions_that_the_exercises_own_uses(tiny: Book) -> None:
    """Of several exercises in a notebook, each has the checks that it owns."""
    notebook = tiny.notebooks[0]
    edit(
        tiny.root / "book.toml",
        "minutes = 5\n\n[[chapter]]\nnumber = 2",
        """minutes = 5

[[chapter.exercise]]
id = "fourfold"
title = "Double twice"
points = 1
minutes = 5

[[chapter]]
number = 2""",
    )
    stub = '\n# %% exercise="fourfold" tags=["exercise"]\ndef fourfold(x: float) -> float:\n'
    for file, body in ((notebook.source, "pass"), (notebook.solutions, "return twice(twice(x))")):
        file.write_text(f"{file.read_text()}{stub}    {body}\n")
    checks = notebook.checks.read_text()
    notebook.checks.write_text(f"{checks}\n\ndef test_both(fourfold):\n    fourfold(1.0)\n")
    notebook = read_book(tiny.root).notebooks[0]
    before = counted_codes(notebook)
    edit(notebook.checks, "fourfold(1.0)", "fourfold(2.0)")
    middle = counted_codes(notebook)
    assert middle["twice"] == before["twice"] and middle["fourfold"] != before["fourfold"]
    edit(notebook.solutions, "2 * x", "x * 2")
    after = counted_codes(notebook)
    assert after["twice"] != middle["twice"] and after["fourfold"] != middle["fourfold"]


def test_a_false_failure_is_kept_with_its_seed_and_told_until_the_code_changes(tiny: Book) -> None:
    path = tiny.notebooks[0].checks
    path.write_text(path.read_text() + LUCK)
    report = _count(tiny, 20)
    failed = read_counts(tiny.root)["twice"].failed
    assert 0 < len(failed) < 20
    assert all(FIRST_SEED <= seed < FIRST_SEED + 20 for seed in failed)
    seeds = [line.rpartition("--seed ")[2] for line in report.problems]
    assert list(map(int, seeds)) == list(failed)
    [line] = _told(tiny)
    assert line.endswith(f"failed a check under --seed {', '.join(seeds)}; mend that")
    assert f"| {len(failed)}/20 |" in checks(tiny)
    assert f"under {len(failed)} of them a check of some exercise failed" in checks(tiny)
    assert report.figures["false failures"].startswith(f"{len(failed)} of 20 runs, 20 or more of")
    edit(path, "rng.random() > 0.2", "rng.random() >= 0")
    assert "has changed since" in _told(tiny)[0]


def test_more_seeds_go_on_where_the_kept_ones_end() -> None:
    asked: list[int] = []

    def run(tasks: Sequence[Task]) -> list[Behavior | None]:
        asked.extend(task.seed for task in tasks)
        both = Failure("test_luck", "assertion", ""), Failure("test_chance", "assertion", "")
        return [both if task.seed == 150 else () for task in tasks]

    count = Count(code="", checks=4, wrong=3, mutants=1, killed=1, seeds=30, failed=(101,))
    report = Report("01", counts={"twice": count})
    fails = "the solution of twice fails"
    told = [f"{fails} {name} under --seed 150" for name in ("test_luck", "test_chance")]
    done: list[int] = []
    assert list(false_failures(run, report, 75, done.append)) == told
    assert done == [30, 50, 70, 75]
    assert asked == list(range(FIRST_SEED + 30, FIRST_SEED + 75))
    assert report.counts["twice"].seeds == 75
    assert report.counts["twice"].failed == (101, 150)
    assert report.figures["false failures"] == "2 of 75 runs, 75 or more of each solution"


def test_those_behind_catch_up_before_others_go_on() -> None:
    """A count of all exercises is one of the seeds that all of them have been run under."""
    asked: list[tuple[str, int]] = []

    def run(tasks: Sequence[Task]) -> list[Behavior | None]:
        asked.extend((task.exercise, task.seed) for task in tasks)
        return [()] * len(tasks)

    new = Count(code="", checks=1, wrong=3, mutants=1, killed=1, seeds=0)
    old = new.model_copy(update={"seeds": 30})
    report, done = Report("01", counts={"once": new, "twice": old}), list[int]()
    assert list(false_failures(run, report, 45, done.append)) == []
    assert done == [0, 20, 40, 45]
    assert {name for name, _ in asked[:30]} == {"once"}
    assert sorted(asked) == [
        *(("once", FIRST_SEED + seed) for seed in range(45)),
        *(("twice", FIRST_SEED + seed) for seed in range(30, 45)),
    ]
    assert report.figures["false failures"] == "0 of 90 runs, 45 or more of each solution"


def test_a_run_of_all_checks_fails_under_the_seeds_that_were_counted_and_no_others(
    tiny: Book,
) -> None:
    for notebook, name in zip(tiny.notebooks, ("twice", "thrice"), strict=True):
        luck = LUCK.replace("twice", name).replace("2.0", f"{name}(1.0)")
        notebook.checks.write_text(notebook.checks.read_text() + luck.replace("luck", name))
    _count(tiny, 8)
    counts = read_counts(tiny.root)
    assert 0 < len(counts["twice"].failed) + len(counts["thrice"].failed) < 16
    for seed in range(FIRST_SEED, FIRST_SEED + 8):
        words = [*placed(tiny), *(str(one.checks) for one in tiny.notebooks)]
        ran = run_pytest([*words, "--answers=solutions", f"--seed={seed}"])
        failed = {one.exercise for one in ran.verdicts if one.outcome == "failed"}
        assert len(ran.verdicts) == 6
        assert failed == {name for name, one in counts.items() if seed in one.failed}


def test_a_run_that_did_not_end_in_time_is_told_and_not_counted() -> None:
    count = Count(code="", checks=1, wrong=3, mutants=1, killed=1, seeds=0)
    report = Report("01", counts={"twice": count})
    [line] = false_failures(lambda tasks: [None] * len(tasks), report, 20, lambda _: None)
    assert line == "the solution of twice does not end in time under --seed 100"
    assert report.counts["twice"].seeds == 0


def test_a_wrong_answer_that_passes_under_some_seed_is_told_with_it(tiny: Book) -> None:
    """What tells the two apart is a draw that is not always made."""
    notebook = tiny.notebooks[0]
    notebook.checks.write_text(
        "def test_a_positive_number(twice, rng):\n"
        "    x = rng.normal()\n"
        "    assert twice(x) == 2 * x\n"
    )
    report = _count(tiny, 20)
    count = read_counts(tiny.root)["twice"]
    assert 0 < len(count.passed) < count.wrong_runs == 60
    for line in count.passed:
        answer, _, seed = line.partition(" is accepted under --seed ")
        exercise, mistake = answer.split(":")
        words = [*placed(tiny), f"--mistake={exercise}:{mistake}", f"--seed={seed}"]
        assert all(one.outcome == "passed" for one in run_pytest(words).verdicts)
    assert report.problems[: len(count.passed)] == [f"wrong answer {one}" for one in count.passed]
    told = f"{SHOWN}: wrong answer {count.passed[0]}; mend the checks of twice"
    assert _told(tiny) == [told]
    assert f"| {len(count.passed)}/60 |" in checks(tiny)


def test_wrong_answers_that_were_run_under_enough_seeds_are_not_run_again(tiny: Book) -> None:
    asked: list[int] = []

    def run(tasks: Sequence[Task]) -> list[Behavior | None]:
        asked.extend(task.seed for task in tasks)
        late = [None] if len(asked) == 6 else [FAILS]
        return [*[FAILS] * (len(tasks) - 1), *late]

    count = Count(code="", checks=1, wrong=3, mutants=1, killed=1, seeds=0)
    report, notebook = Report("01", counts={"twice": count}), tiny.notebooks[0]
    [late] = false_passes(run, notebook, report, 2, lambda _: None)
    assert late == "wrong answer twice:clipped did not end in time under --seed 101"
    assert report.counts["twice"].wrong_runs == 5
    for seeds, runs in ((2, 12), (2, 12), (1, 12), (500, 312), (2, 312)):
        assert list(false_passes(run, notebook, report, seeds, lambda _: None)) == []
        assert len(asked) == runs
    assert set(asked) == set(range(FIRST_SEED, FIRST_SEED + 100))
    assert report.figures["false passes"] == "0 of 300 runs of wrong answers"


def test_an_exercise_that_is_no_more_leaves_no_counts(tiny: Book) -> None:
    _count(tiny, 1)
    counts = read_counts(tiny.root)
    keep_counts(tiny, {"once": counts["twice"]})
    assert set(read_counts(tiny.root)) == {"twice", "thrice"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", f"{SHOWN}: Invalid JSON: EOF"),
        ('{"twice": {}}', "twice.code: missing key; add it"),
        ('{"twice": 3}', "twice: Input should be an object, found 3"),
        ('{"twice": {"luck": 1}}', "twice.luck: unknown key"),
        ("\xff", f"{SHOWN}: Invalid JSON"),
    ],
)
def test_a_damaged_file_is_one_clear_line(tiny: Book, text: str, said: str) -> None:
    path: Path = tiny.root / SHOWN
    path.parent.mkdir()
    path.write_bytes(text.encode("latin-1"))
    for reading in (lambda: read_counts(tiny.root), lambda: checks(tiny)):
        with pytest.raises(BookError) as error:
            reading()
        line = str(error.value)
        assert line.startswith(f"{SHOWN}: ") and said in line and "\n" not in line
        assert line.endswith("run `unrolled verify --seeds 20` without it")


def _kept(**more: Any) -> Count:
    usual: dict[str, Any] = dict(
        code="", checks=2, wrong=3, mutants=8, killed=7, seeds=20, wrong_runs=60
    )
    return Count(**usual | more)


def test_an_exercise_has_a_line_with_its_counts_and_the_bound_of_its_own_runs(tiny: Book) -> None:
    codes = {
        name: one for notebook in tiny.notebooks for name, one in counted_codes(notebook).items()
    }
    keep_counts(tiny, {"twice": _kept(code=codes["twice"], seeds=300, failed=(101, 102))})
    told, *lines = checks(tiny).splitlines()[:1] + checks(tiny).splitlines()[-3:-1]
    assert "All in all, 2 checks reject 3 named wrong answers and 7 of 8 mutants, 87.5%" in told
    bound = _percent(at_most(2, 300))
    assert lines == [
        f"| [1.1 Double it](#exercise-1-1) | 2 | 3 | 0/60 | 7/8 | 2/300 | {bound} |",
        "| [2.1 Triple it](#exercise-2-1) | – | – | – | – | – | – |",
    ]
    assert "other code than the book has now: `thrice`; `unrolled verify" in checks(tiny)


def test_of_all_exercises_only_the_seeds_count_that_all_were_run_under() -> None:
    """A seed under which two of them fail is one failure of a run of all."""
    told = _whole([_kept(failed=(101, 105)), _kept(seeds=30, failed=(105, 119, 120, 125))])
    assert "Under each of 20 seeds, 100 to 119, every" in told
    assert "under 3 of them a check of some exercise failed" in told
    assert f"in at most {_percent(at_most(3, 20))} of all cases" in told
    assert "4 checks reject 6 named wrong answers and 14 of 16 mutants" in told
    assert "Of 120 runs of wrong answers over seeds, 0 passed." in told


def test_the_bound_of_a_rate_is_that_of_the_runs_and_no_better() -> None:
    for runs in (1, 20, 300, 5000):
        bound = at_most(0, runs)
        assert (1 - bound) ** runs == pytest.approx(0.05)  # as rarely would all runs have passed
        assert at_most(1, runs) > bound
        assert bound <= 3 / runs
    assert at_most(20, 20) == at_most(0, 0) == 1.0


@given(st.floats(1e-7, 1.0))
def test_a_bound_is_rounded_up_and_by_less_than_its_second_digit(share: float) -> None:
    shown = float(_percent(share).removesuffix(" %")) / 100
    assert share * (1 - 1e-8) <= shown <= share * 1.1
    assert "e" not in _percent(share).lower()


def test_whole_percents_are_shown_as_such() -> None:
    assert [_percent(one) for one in (1.0, 0.999, ASKED)] == ["100 %", "100 %", "0.1 %"]


def test_the_page_says_what_is_asked_and_how_many_runs_it_takes(tiny: Book) -> None:
    _count(tiny, 2)
    page = checks(tiny)
    assert "All in all, 4 checks reject 6 named wrong answers" in page
    assert "Under each of 2 seeds, 100 to 101, every exercise's solution" in page
    assert "under 0 of them a check of some exercise failed" in page
    assert "in at most 78 % of all cases. We ask for 0.1 %, which takes 2,995 seeds" in page
    assert at_most(0, 2995) <= ASKED < at_most(0, 2994)
    known = read_counts(tiny.root).items()
    keep_counts(tiny, {name: one.model_copy(update={"seeds": 2995}) for name, one in known})
    assert "We ask" not in checks(tiny)
