"""What the checks were counted to do: kept, told when it is of other code, and put on the page."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.package.conftest import edit
from unrolled.checks.run import Behavior, Failure, checks_by_exercise, load_checks
from unrolled.counts import FILE, FIRST_SEED, Count, keep_counts, outdated, read_counts
from unrolled.errors import BookError
from unrolled.manifest import Book
from unrolled.site.numbers import ASKED, at_most, checks
from unrolled.verify import Report, Task, _here, false_failures, mutation

LUCK = "\n\ndef test_luck(twice, rng):\n    assert twice(1.0) == 2.0 and rng.random() > 0.2\n"


def _count(book: Book, seeds: int) -> Report:
    """Count both notebooks' checks as the gate does, and keep the counts."""
    for notebook in book.notebooks:
        run, report = partial(_here, notebook), Report(notebook.key)
        known = checks_by_exercise(notebook, load_checks(notebook))
        assert list(mutation(run, notebook, known, report)) == []
        report.problems += false_failures(run, report, seeds)
        keep_counts(book, report.counts)
        if notebook is book.notebooks[0]:
            first = report
    return first


def _told(book: Book) -> list[str]:
    return [line for notebook in book.notebooks for line in outdated(notebook)]


def test_what_was_never_counted_is_told_with_the_command(tiny: Book) -> None:
    first, second = _told(tiny)
    mend = "run `unrolled verify 01 --seeds 20`"
    assert first == f"{FILE}: twice has not been counted; {mend}"
    assert second.startswith(f"{FILE}: thrice")


def test_what_is_counted_is_kept_sorted_and_is_the_same_every_time(tiny: Book) -> None:
    _count(tiny, 3)
    text = (tiny.root / FILE).read_text()
    assert list(json.loads(text)) == ["thrice", "twice"]
    one = read_counts(tiny.root)["twice"]
    assert (one.checks, one.wrong, one.seeds, one.failed) == (2, 3, 3, ())
    assert one.killed == one.mutants > 0
    _count(tiny, 3)
    assert (tiny.root / FILE).read_text() == text
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
    assert f"under {len(failed)} of these the whole suite would have failed" in checks(tiny)
    edit(path, "rng.random() > 0.2", "rng.random() >= 0")
    assert "has changed since" in _told(tiny)[0]


def test_more_seeds_go_on_where_the_kept_ones_end() -> None:
    asked: list[int] = []

    def run(tasks: Sequence[Task]) -> list[Behavior | None]:
        asked.extend(task.seed for task in tasks)
        failure = Failure("test_luck", "assertion", "")
        return [(failure,) if task.seed == 150 else () for task in tasks]

    count = Count(code="", checks=1, wrong=3, mutants=1, killed=1, seeds=30, failed=(101,))
    report = Report("01", counts={"twice": count})
    told = ["the solution of twice fails test_luck under --seed 150"]
    assert list(false_failures(run, report, 75)) == told
    assert asked == list(range(FIRST_SEED + 30, FIRST_SEED + 75))
    assert report.counts["twice"].seeds == 75
    assert report.counts["twice"].failed == (101, 150)


def test_a_run_that_did_not_end_in_time_is_told_and_not_counted() -> None:
    count = Count(code="", checks=1, wrong=3, mutants=1, killed=1, seeds=0)
    report = Report("01", counts={"twice": count})
    [line] = false_failures(lambda tasks: [None] * len(tasks), report, 20)
    assert line == "the solution of twice does not end in time under --seed 100"
    assert report.counts["twice"].seeds == 0


def test_an_exercise_that_is_no_more_leaves_no_counts(tiny: Book) -> None:
    _count(tiny, 1)
    counts = read_counts(tiny.root)
    keep_counts(tiny, {"once": counts["twice"]})
    assert set(read_counts(tiny.root)) == {"twice", "thrice"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Expecting property name"),
        ('{"twice": {}}', "twice.code: missing key; add it"),
        ('{"twice": 3}', "twice: Input should be a valid dictionary"),
        ('{"twice": {"luck": 1}}', "twice.luck: unknown key"),
        ("\xff", "codec can't decode"),
    ],
)
def test_a_damaged_file_is_one_clear_line(tiny: Book, text: str, said: str) -> None:
    path: Path = tiny.root / FILE
    path.parent.mkdir()
    path.write_bytes(text.encode("latin-1"))
    for reading in (lambda: read_counts(tiny.root), lambda: checks(tiny)):
        with pytest.raises(BookError) as error:
            reading()
        line = str(error.value)
        assert line.startswith(f"{FILE}: ") and said in line and "\n" not in line
        assert line.endswith("run `unrolled verify --seeds 20` without it")


def test_the_bound_of_a_rate_is_that_of_the_runs_and_no_better() -> None:
    for runs in (1, 20, 300, 5000):
        bound = at_most(0, runs)
        assert (1 - bound) ** runs == pytest.approx(0.05)  # as rarely would all runs have passed
        assert at_most(1, runs) > bound
        assert bound <= 3 / runs
    assert at_most(20, 20) == at_most(0, 0) == 1.0


def test_the_page_says_what_is_asked_and_how_many_runs_it_takes(tiny: Book) -> None:
    _count(tiny, 2)
    page = checks(tiny)
    assert "All in all, 4 checks reject 6 named wrong answers" in page
    assert "under 2 seeds or more; under 0 of these" in page
    assert "fails in at most 78 % of all cases. We ask for 0.1 %, which takes 2,995 runs" in page
    assert at_most(0, 2995) <= ASKED < at_most(0, 2994)
    known = read_counts(tiny.root).items()
    keep_counts(tiny, {name: one.model_copy(update={"seeds": 2995}) for name, one in known})
    assert "We ask" not in checks(tiny)
