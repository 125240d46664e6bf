"""The author's gate refuses what it should."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from functools import partial
from pathlib import Path

import pytest

from tests.package.conftest import edit, run
from tests.package.here import Here
from unrolled.author.counts import FIRST_SEED, Count, keep_counts, read_counts
from unrolled.author.readme import chapter_table, fill_table, readme_problems
from unrolled.author.reference import write_reference
from unrolled.author.verify import (
    SEEDS,
    Keep,
    Report,
    Task,
    There,
    elsewhere,
    stubs_and_solutions,
    verify,
    verify_book,
)
from unrolled.checks.run import Behavior, checks_by_exercise, load_checks
from unrolled.manifest import Book, Notebook

REPO = Path(__file__).resolve().parents[2]


def _verify(
    notebook: Notebook,
    said: Callable[[str], None] = lambda _: None,
    seeds: int = 0,
    keep: Keep = lambda _: None,
) -> Report:
    """Run the gate in this process."""
    return verify(notebook, Here(notebook), said, seeds, keep)


def _gate(book: Book) -> Report:
    return _verify(book.notebooks[0], seeds=SEEDS)


def test_an_honest_book_passes(book: Book) -> None:
    counted, _ = verify_book(book, book.notebooks[:1], lambda _: None, SEEDS)
    report = _verify(book.notebooks[0])
    assert report.problems == counted.problems == []
    passes = {"false passes": "0 of 60 runs of wrong answers"}  # which only a count tries
    assert report.figures | passes == counted.figures
    assert report.figures["wrong answers rejected"] == "3 of 3"
    assert report.figures["false failures"] == "0 of 20 runs, 20 or more of each solution"
    assert "100%" in report.figures["mutants killed"]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("solutions/01_twice.py", "2 * x", "2 * x + 1e-6", "the solution of twice fails"),
        ("tests/wrong/01_twice.py", "min(x, 0.5)", "x", "twice:clipped is accepted by every check"),
        (
            "tests/wrong/01_twice.py",
            "return 2 * abs(x)",
            "return 2 * min(x, 0.5)",
            "twice:clipped and twice:no_sign behave alike",
        ),
        (
            "tests/wrong/01_twice.py",
            "return 2 * abs(x)",
            "return 2 * min(x, 0.5)",
            "a wrong answer to twice does not get its own message: ",
        ),
        (
            "tests/wrong/01_twice.py",
            "return 2 * abs(x)",
            "raise TypeError",
            "twice:no_sign is stopped by an error alone",
        ),
        ("tests/chapters/test_01_twice.py", "rng.random()", "0.9 * rng.random()", None),
        (
            "tests/chapters/test_01_twice.py",
            'close(twice(x), 2 * x, "twice(x)")',
            "twice(x)",
            "rejects none of the wrong answers",
        ),
    ],
)
def test_what_the_checks_let_through_stops_the_gate(
    book: Book, file: str, old: str, new: str, said: str | None
) -> None:
    edit(book.root / file, old, new)
    if file.startswith("solutions"):  # its reference would be out of date first
        list(write_reference(book, book.notebooks[:1], lambda *_: None))
    problems = _gate(book).problems
    if said is None:
        assert problems == []
    else:
        assert any(said in line for line in problems), problems


@pytest.mark.parametrize("name", ["a_positive_number", "a_negative_number"])
def test_a_check_changed_into_one_that_accepts_everything_stops_the_gate(
    book: Book, name: str
) -> None:
    path = book.notebooks[0].checks
    text = path.read_text()
    gutted = re.sub(rf"(def test_{name}[^\n]*\n)(    [^\n]*\n)+", r"\1    assert True\n", text)
    assert gutted != text
    path.write_text(gutted)
    assert any(f"test_{name}" in line for line in _gate(book).problems)


def test_a_check_that_fails_honest_answers_for_some_seeds_is_found(book: Book) -> None:
    check = "\n\ndef test_luck(twice, rng):\n    assert twice(1.0) == 2.0 and rng.random() > 0.2\n"
    path = book.notebooks[0].checks
    path.write_text(path.read_text() + check)
    assert any("fails test_luck under --seed" in line for line in _gate(book).problems)


def test_surviving_mutants_have_to_be_listed_and_listed_ones_have_to_survive(book: Book) -> None:
    path = book.notebooks[0].checks
    text = path.read_text().replace('"twice(x)")', '"twice(x)", tolerance=1.5)')
    path.write_text(text)
    assert any("mutant of twice survives: " in line for line in _gate(book).problems)
    path.write_text(text.replace(", tolerance=1.5", ""))
    (book.root / "tests/wrong/survivors.toml").write_text('[twice]\n"a  →  b" = "because"\n')
    assert any("this mutant of twice dies: a  →  b" in line for line in _gate(book).problems)


def test_counts_that_are_missing_stop_the_gate_after_all_else_was_tried(book: Book) -> None:
    kept: list[Mapping[str, Count]] = []
    report = _verify(book.notebooks[0], keep=kept.append)
    assert kept == []
    [line] = report.problems
    assert line.startswith("data/results/checks.json: twice has not been counted")
    assert report.figures["false failures"] == "0 of 20 runs, 20 or more of each solution"
    assert not (book.root / "data" / "results" / "checks.json").exists()


def test_stubs_and_solutions_that_do_not_end_in_time_are_told_as_that(book: Book) -> None:
    notebook = book.notebooks[0]
    checks = checks_by_exercise(notebook, load_checks(notebook))
    assert list(stubs_and_solutions(lambda tasks: [None] * len(tasks), notebook, checks)) == [
        "the stub of twice does not end in time",
        "the solution of twice does not end in time",
    ]


def test_of_an_exercise_that_accepts_a_wrong_answer_no_counts_are_kept(book: Book) -> None:
    edit(book.root / "tests/wrong/01_twice.py", "min(x, 0.5)", "x")
    keep, notebook = partial(keep_counts, book), book.notebooks[0]
    report = _verify(notebook, seeds=3, keep=keep)
    assert "wrong answer twice:clipped is accepted by every check" in report.problems
    assert read_counts(book.root) == {}
    edit(book.root / "tests/wrong/01_twice.py", "2 * x", "2 * min(x, 0.5)")
    assert _verify(notebook, seeds=3, keep=keep).problems == []
    assert set(read_counts(book.root)) == {"twice"}


def test_what_was_counted_before_an_interrupt_is_kept_and_not_run_again(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[int] = []
    wrong: list[int] = []
    stop = FIRST_SEED + 2 * SEEDS + 1

    ran = Here.behaviors

    def interrupted(self: Here, tasks: Sequence[Task]) -> list[Behavior | None]:
        for task in tasks:
            if task.seed >= FIRST_SEED:
                (wrong if task.answers else seeds).append(task.seed)
        if stop in seeds:
            raise KeyboardInterrupt
        return ran(self, tasks)

    monkeypatch.setattr(Here, "behaviors", interrupted)
    said, kept = list[str](), list[int]()

    def keep(counts: Mapping[str, Count]) -> None:
        kept.append(counts["twice"].seeds)
        keep_counts(book, counts)

    with pytest.raises(KeyboardInterrupt):
        _verify(book.notebooks[0], said.append, 50, keep)
    assert [one for one in said if "false" in one] == [
        "false passes, twice",
        *(f"false failures, {done} of 50 seeds" for done in (0, 20, 40)),
    ]
    assert read_counts(book.root)["twice"].seeds == 40 and kept == [0, 20, 40]
    assert sorted(set(wrong)) == list(range(FIRST_SEED, FIRST_SEED + 50)) and len(wrong) == 3 * 50
    wrong.clear()
    seeds.clear()
    stop = 0
    _verify(book.notebooks[0], said.append, 50, keep)
    assert seeds == list(range(FIRST_SEED + 40, FIRST_SEED + 50)) and not wrong
    assert read_counts(book.root)["twice"].seeds == 50


def _spends(root: Path, name: str, seconds: float) -> float:
    while time.process_time() < seconds:
        pass
    return seconds


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_what_spends_too_much_ends_alone_and_what_waits_is_waited_for(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unrolled.author.verify.WAIT", 60)
    with elsewhere(book.notebooks[0], jobs=1) as there:
        assert there.each(_spends, [60, 0.1], 0.5) == [None, 0.1]
        assert there.each(_sleeps, [2], 0.5) == [2]
        monkeypatch.setattr("unrolled.author.verify.WAIT", 0.5)
        assert there.each(_sleeps, [30], 1) == [None]


def _looks_behind(root: Path, name: str, seconds: float) -> None:
    right = time.process_time
    time.process_time = lambda: right() - seconds


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_is_of_a_task_and_not_of_what_its_process_has_done_before(book: Book) -> None:
    """Python's clock of a process and the kernel's are apart, and more so as time goes on."""
    with elsewhere(book.notebooks[0], jobs=1) as there:
        assert there.each(_looks_behind, [3.0], 1) == [None]
        done = there.each(_pid, [0, 0], 1)
        assert there.each(_spends_more, [0.7] * 3, 1) == [0.7] * 3
        assert there.each(_pid, [0], 1) == done[:1] and done[0] is not None


def _pid(root: Path, name: str, nothing: float) -> int:
    return os.getpid()


def _spends_more(root: Path, name: str, seconds: float) -> float:
    begin = sum(os.times()[:2])
    while sum(os.times()[:2]) < begin + seconds:
        pass
    return seconds


def _sleeps(root: Path, name: str, seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def test_an_interrupt_does_not_wait_for_what_runs_elsewhere(book: Book) -> None:
    running = []
    with pytest.raises(KeyboardInterrupt), elsewhere(book.notebooks[0], jobs=1) as run:
        running.append(run.pool.schedule(time.sleep, args=[5]))
        raise KeyboardInterrupt
    with pytest.raises((CancelledError, BrokenExecutor, TimeoutError)):
        running[0].result(timeout=0)


@pytest.mark.parametrize(("words", "log"), [(["--seeds", "25"], "01: so far\n"), ([], "")])
def test_a_log_of_a_long_count_says_how_far_it_is_and_of_a_short_one_nothing(
    book: Book, monkeypatch: pytest.MonkeyPatch, words: list[str], log: str
) -> None:
    def short(notebook: Notebook, run: There, said: Callable[[str], None], *_: object) -> Report:
        said("so far")
        return Report(notebook.key)

    monkeypatch.setattr("unrolled.author.verify.verify", short)
    assert run("verify", "01", *words) == (0, f"{log}the book holds\n")


def test_the_table_of_chapters_stands_between_its_markers(book: Book) -> None:
    text = "a\n<!-- chapters:begin -->\nold\n<!-- chapters:end -->\nb\n"
    filled = fill_table(book, text)
    assert chapter_table(book) in filled
    assert "old" not in filled
    assert filled.startswith("a\n") and filled.endswith("\nb\n")
    assert fill_table(book, filled) == filled


def test_the_table_names_parts_as_the_pages_do_and_needs_none_of_their_packages() -> None:
    code = (
        "import sys\nfrom unrolled.manifest import read_book\n"
        "from unrolled.author.readme import chapter_table\nprint(chapter_table(read_book()))\n"
        "assert not {'nbclient', 'unrolled.site', 'vl_convert'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPO)
    assert done.returncode == 0, done.stderr
    assert " · [3b](chapters/03b_sequence_to_sequence.py) · " in done.stdout


def test_a_readme_whose_table_drifts_is_found(book: Book) -> None:
    from unrolled.cli import main

    readme = book.root / "README.md"
    readme.write_text("# Tiny\n\n<!-- chapters:begin -->\n<!-- chapters:end -->\n")
    assert readme_problems(book)
    main(["readme"], standalone_mode=False)
    assert readme_problems(book) == []
    assert "| 1 | [Twice](chapters/01_twice.py) | 1 | 2 |" in readme.read_text()


def test_the_commands_stop_with_one_line_and_status_2(book: Book) -> None:
    edit(book.root / "book.toml", "points = 2", "point = 2")
    for command in (["build"], ["verify"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "unrolled", *command], capture_output=True, text=True
        )
        assert done.returncode == 2
        assert done.stderr == (
            "unrolled: book.toml: chapter.1.exercise.1.point: unknown key; "
            "check the spelling or remove it\n"
        )
