"""hint, solution, reset, status, and the file that remembers."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.package.conftest import answer, edit, run
from unrolled.checks.diagnosis import Catalog
from unrolled.checks.run import checks_by_exercise, load_checks
from unrolled.errors import BookError
from unrolled.hints import read_hints
from unrolled.manifest import Book
from unrolled.student.progress import VERSION, changing, read_progress

HALF = '{"version": 1}', '{"version": 1, "exercises": 3}', '{"version": Infinity, "exercises": {}}'

# --- hints ------------------------------------------------------------------------------------


def test_each_call_shows_the_next_hint_and_the_last_names_the_way_out(tiny: Book) -> None:
    run("start", "1")
    for level, text in enumerate(["What is a multiple?", "Look at the operator", "Multiply x"], 1):
        code, said = run("hint", "twice")
        assert code == 0
        assert f"1.1 twice · Double it · hint {level} of 3" in said
        assert text in said
        assert ("unrolled solution twice --reveal" in said) == (level == 3)
    assert "hint 3 of 3" in run("hint", "1.1")[1]
    assert "hint 1 of 3" in run("hint", "twice", "--level", "1")[1]
    assert read_progress(tiny.root / "work")[0].of("twice").seen == [1, 2, 3]


def test_hints_that_cannot_be_read_are_one_line_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "01_twice.md"
    path.write_text("## twice\n\n1. One.\n1.\n")
    assert read_hints(path) == {"twice": ["One.", ""]}
    path.write_text("## twice\n\n1. é\n", encoding="latin-1")
    with pytest.raises(BookError, match=r"01_twice.md is not UTF-8 text; save it as UTF-8$"):
        read_hints(path)


def test_a_hint_without_a_name_is_for_what_comes_next(tiny: Book) -> None:
    run("start")
    assert "1.1 twice" in run("hint")[1]
    answer(tiny, "return 2 * x")
    run("check", "twice")
    assert "2.1 thrice" in run("hint")[1]


def test_the_hint_is_the_one_for_the_mistake_where_that_is_known(tiny: Book) -> None:
    edit(tiny.notebooks[0].wrong, 'mistake="no_sign" says', 'mistake="no_sign" hint=2 says')
    run("start")
    answer(tiny, "return 2 * abs(x)")
    said = run("check", "twice")[1]
    assert "unrolled hint twice  (3 of 3 left)" in said
    said = run("hint", "twice")[1]
    assert (
        "From the last check: this looks like a known mistake: The sign is lost; keep it."
        in " ".join(said.split())
    )
    assert "hint 2 of 3" in said
    assert "hint 1 of 3" in run("hint", "twice")[1]
    assert "(1 of 3 left)" in run("check", "twice")[1]
    assert "hint 3 of 3" in run("hint", "twice")[1]


def test_a_course_without_wrong_answers_picks_the_same_hint(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    edit(notebook.wrong, 'mistake="no_sign" says', 'mistake="no_sign" hint=2 says')
    checks = checks_by_exercise(notebook, load_checks(notebook))
    notebook.recorded.write_text(Catalog(notebook).record(checks))
    notebook.wrong.unlink()
    run("start")
    answer(tiny, "return 2 * abs(x)")
    run("check", "twice")
    assert "hint 2 of 3" in run("hint", "twice")[1]


def test_hints_are_read_without_a_folder_of_answers(tiny: Book) -> None:
    assert run("hint", "twice")[0] == 0
    assert not (tiny.root / "work").exists()


@pytest.mark.parametrize("words", [("hint", "nothing"), ("solution", "nothing"), ("reset", "x")])
def test_an_unknown_exercise_is_one_line(tiny: Book, words: tuple[str, ...]) -> None:
    code, said = run(*words)
    assert (code, said.count("\n")) == (2, 1)
    assert f"no exercise {words[1]!r}" in said


# --- solution ---------------------------------------------------------------------------------


def test_a_solution_opens_once_the_answer_has_passed_or_on_request(tiny: Book) -> None:
    run("start")
    code, said = run("solution", "twice")
    assert (code, said.count("\n")) == (2, 1)
    assert "`unrolled hint twice` helps, and --reveal opens it all the same" in said
    code, said = run("solution", "twice", "--reveal")
    assert (code, "return 2 * x" in said, "One product is enough" in said) == (0, True, True)
    answer(tiny, "return x + x")
    run("check", "twice")
    assert run("solution", "twice")[0] == 0
    tiny.notebooks[0].solutions.unlink()
    assert "has no solutions; your instructor has them" in run("solution", "twice")[1]


# --- reset ------------------------------------------------------------------------------------


def test_reset_puts_the_stub_back_into_both_files_and_keeps_the_answer(tiny: Book) -> None:
    run("start")
    work = tiny.root / "work"
    answer(tiny, "return 2 * x")
    run("check", "twice")
    code, said = run("reset", "twice")
    assert (code, said) == (
        0,
        "twice: the stub is back; your answer is kept in work/kept/01_twice.twice.py\n",
    )
    assert "return 2 * x" in (work / "kept" / "01_twice.twice.py").read_text()
    for name in ("01_twice.py", "01_twice.ipynb"):
        text = (work / name).read_text()
        assert "exercise twice" in text and "return 2 * x" not in text
    assert "not tried yet" in run("check", "twice")[1]
    assert "0 of 1" in run("status")[1]
    assert run("reset", "twice")[1] == "twice: the stub stands there already\n"
    answer(tiny, "return 3 * x", 5)
    assert "01_twice.twice.2.py" in run("reset", "twice")[1]


def test_reset_puts_a_cell_back_that_is_gone_and_joins_one_that_was_split(tiny: Book) -> None:
    run("start")
    path = answer(tiny, 'return 2 * x\n\n# %% exercise="twice"\nmore = 1')
    assert "work/kept/01_twice.twice.py" in run("reset", "twice")[1]
    assert path.read_text().count('exercise="twice"') == 1
    text = path.read_text()
    cell = text[text.index('# %% exercise="twice"') : text.index("# %%\n# NBVAL")]
    path.write_text(text.replace(cell, ""))
    os.utime(path, (4e9 + 9, 4e9 + 9))
    assert run("reset", "twice")[1] == "twice: the stub is back\n"
    again = path.read_text()
    assert again.index("Exercise 1.1") < again.index('exercise="twice"') < again.index("NBVAL")


# --- status and its file ----------------------------------------------------------------------


def test_status_counts_exercises_points_and_hints_and_says_what_is_next(tiny: Book) -> None:
    said = run("status")[1]
    assert "unrolled start 01" in said
    run("start")
    answer(tiny, "return 2 * x")
    run("check")
    run("hint", "thrice")
    code, said = run("status")
    assert code == 0
    flat = " ".join(said.split())
    assert "1 of 1 2/2 points" in flat
    assert "0 of 1 0/3 points 1 hint" in flat
    assert "next: 2.1 thrice · Triple it (3 points, about 5 minutes) work/02_thrice." in flat


def test_a_file_that_cannot_be_read_is_a_line_above_the_table(tiny: Book) -> None:
    run("start")
    path = tiny.root / "work" / "01_twice.ipynb"
    path.write_text("{")
    os.utime(path, (4e9, 4e9))
    code, said = run("status")
    flat = " ".join(said.split())
    assert (code, flat.count("0 of 1")) == (0, 2)
    assert "01_twice.ipynbcannotbereadasanotebook" in "".join(said.split())
    assert flat.endswith("work/01_twice.ipynb: cannot be read")


def test_a_terminal_without_our_signs_shows_others(tiny: Book) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "unrolled", "status"]
    done = subprocess.run(words, cwd=tiny.root, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "next: 1.1 twice ? Double it" in done.stdout


def test_status_says_which_answers_changed_since_their_check(tiny: Book) -> None:
    run("start")
    path = answer(tiny, "return 2 * x")
    run("check")
    assert "changed since" not in run("status")[1]
    edit(path, "return 2 * x", "return 2 * x + 0")
    os.utime(path, (4e9 + 2, 4e9 + 2))
    assert "changed since their last check: twice" in run("status")[1]


def test_the_answers_of_others_are_checked_and_not_noted(tiny: Book) -> None:
    run("start")
    assert run("check", "--answers", "solutions")[0] == 0
    assert not (tiny.root / "work" / "progress.json").exists()


def test_the_file_is_plain_and_says_its_version(tiny: Book) -> None:
    run("start")
    answer(tiny, "return 2 * abs(x)")
    run("check", "twice")
    content = json.loads((tiny.root / "work" / "progress.json").read_text())
    assert content["version"] == VERSION
    row = content["exercises"]["twice"]
    assert (row["passing"], row["checks"], row["points"]) == (1, 2, 1.0)
    assert row["says"].endswith("The sign is lost; keep it.")


@pytest.mark.parametrize("text", ["", "{", "[]", "7", *HALF, "\x00", "[" * 9999, "\udcff"])
def test_a_damaged_file_is_put_aside_and_nothing_else_fails(text: str, tiny: Book) -> None:
    run("start")
    path = tiny.root / "work" / "progress.json"
    path.write_text(text, errors="surrogateescape")
    assert "is damaged" in run("status")[1]
    answer(tiny, "return 2 * x")
    assert run("check", "twice")[0] == 0
    kept = tiny.root / "work" / "kept" / "progress.json"
    assert kept.read_text(errors="surrogateescape") == text
    assert "damaged" not in run("status")[1]
    assert read_progress(tiny.root / "work")[0].of("twice").holds


def test_a_file_of_a_newer_version_is_read_and_never_written(tiny: Book) -> None:
    run("start")
    path = tiny.root / "work" / "progress.json"
    row = {"checks": 2, "passing": 2, "points": 2.0, "grade": "A", "seen": "new"}
    text = json.dumps({"version": 2, "exercises": {"twice": {**row, "seen": []}}, "more": 1})
    path.write_text(text)
    assert "1 of 1" in run("status")[1] and "damaged" not in run("status")[1]
    assert run("hint", "twice")[0] == 0 and run("check", "twice")[0] == 1
    assert path.read_text() == text and not (tiny.root / "work" / "kept").exists()


def test_progress_that_cannot_be_written_is_a_line_below_the_verdict(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("start")
    answer(tiny, "return 2 * x")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    code, said = run("check", "twice")
    assert code == 0 and "2/2" in said
    assert "not noted in work/progress.json: No space left on device" in said


def test_who_notes_something_waits_for_whoever_does(tiny: Book) -> None:
    run("start")

    def note(level: int) -> None:
        with changing(tiny.work) as progress:
            row = progress.of("twice")
            time.sleep(0.01)
            row.seen = [*row.seen, level]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(note, range(8)))
    assert sorted(read_progress(tiny.work)[0].of("twice").seen) == list(range(8))


def test_what_of_a_damaged_file_can_be_read_counts(tiny: Book) -> None:
    run("start")
    work = tiny.root / "work"
    with changing(work) as progress:
        progress.of("twice").seen = [1, 2]
        progress.of("thrice").seen = [1]
    edit(work / "progress.json", '"seen": [\n    1\n   ]', '"seen": "no"')
    run("hint", "twice")
    found = read_progress(work)[0].exercises
    assert found["twice"].seen == [1, 2, 3] and "thrice" not in found
