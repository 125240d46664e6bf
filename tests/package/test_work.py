"""start and check: a student's folder."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

from tests.package.conftest import STUB, edit, run, write_book
from unrolled.checks import plugin
from unrolled.manifest import Book
from unrolled.notebook import read_notebook


def test_start_copies_stubs_as_a_pair_and_never_overwrites(tiny: Book) -> None:
    assert run("start") == (
        0,
        "work/01_twice.py and .ipynb: 1 exercise\nwork/02_thrice.py and .ipynb: 1 exercise\n",
    )
    work = tiny.root / "work"
    for name in ("01_twice", "02_thrice"):
        text, paired = read_notebook(work / f"{name}.py"), read_notebook(work / f"{name}.ipynb")
        assert [c.source for c in text.cells] == [c.source for c in paired.cells]
        assert "return" not in "".join(c.source for c in text.cells if "exercise" in c.metadata)
    edit(work / "01_twice.py", STUB, "return 2 * x")
    code, said = run("start")
    assert (code, said.count("there already, left as it is")) == (0, 2)
    assert "return 2 * x" in (work / "01_twice.py").read_text()
    (work / "01_twice.ipynb").unlink()
    assert "work/01_twice.ipynb: written from 01_twice.py" in run("start")[1]
    assert "return 2 * x" in (work / "01_twice.ipynb").read_text()


def test_check_prints_a_row_an_exercise_and_the_first_failure(tiny: Book) -> None:
    run("start")
    code, said = run("check")
    assert code == 1
    assert said.count("not tried yet") == 2
    work = tiny.root / "work" / "01_twice.py"
    edit(work, STUB, "return 2 * abs(x)")
    os.utime(work, (4e9, 4e9))
    code, said = run("check", "--chapter", "1", "--seed", "3")
    assert code == 1
    assert "1/2" in said
    assert "a negative number is multiplied" in said
    assert "The sign is lost; keep it." in said
    edit(work, "abs(x)", "x")
    os.utime(work, (4e9 + 1, 4e9 + 1))
    assert run("check", "twice")[0] == 0
    assert run("check")[0] == 1


def test_the_newer_of_a_pair_counts(tiny: Book) -> None:
    run("start", "1")
    work = tiny.root / "work"
    text = work / "01_twice.ipynb"
    stub = 'raise NotImplementedError(\\"exercise twice\\")'
    edit(text, stub, "return 2 * x")
    os.utime(text, (4e9, 4e9))
    code, said = run("check", "twice")
    assert (code, "saved last" in said) == (0, False)  # the other holds the stub: no answer
    os.utime(work / "01_twice.py", (4e9 + 1, 4e9 + 1))
    code, said = run("check", "twice")
    assert (code, "01_twice.py was saved last and is checked" in said) == (1, True)
    (work / "01_twice.py").write_text(read_py(text))
    os.utime(work / "01_twice.py", (4e9 + 2, 4e9 + 2))
    assert "saved last" not in run("check", "twice")[1]


def read_py(path: Path) -> str:
    """An .ipynb as py:percent text."""
    return jupytext.writes(read_notebook(path), fmt="py:percent")


@pytest.mark.parametrize("name", ["twice", "1.1", "1", "01"])
def test_an_exercise_goes_by_its_id_its_number_or_its_chapter(name: str, tiny: Book) -> None:
    run("start")
    code, said = run("check", name)
    assert (code, "1.1 twice" in said, "thrice" in said) == (1, True, False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check",), "no folder work/ yet; `unrolled start` makes it"),
        (("check", "nothing"), "no exercise 'nothing' in this book; they are numbered 1.1 to 2.1"),
        (("check", "Twise"), "no exercise 'Twise' in this book; did you mean twice?"),
        (("check", "TWICE"), "no exercise 'TWICE' in this book; did you mean twice?"),
        (
            ("check", "--answers", "data"),
            "no 01_twice.py or .ipynb, 02_thrice.py or .ipynb in data",
        ),
        (("check", "--answers", "nowhere"), "no such folder"),
        (("start", "9"), "no notebook '9' in book.toml; there are 01, 02"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(
    tiny: Book, arguments: tuple[str, ...], said: str
) -> None:
    code, output = run(*arguments)
    assert code == 2
    assert said in output
    assert output.startswith("unrolled: ")
    assert output.count("\n") == 1


@pytest.mark.parametrize("names", [("twice", "thrice"), ("1", "2"), ("thrice",)])
def test_what_was_named_and_is_not_there_is_told(tiny: Book, names: tuple[str, ...]) -> None:
    run("start", "1")
    said = "unrolled: no 02_thrice.py or .ipynb in work/; `unrolled start` puts it there\n"
    assert run("check", *names) == (2, said)
    said = "unrolled: thrice is not in the chapter that --chapter names\n"
    assert run("check", "thrice", "--chapter", "1") == (2, said)


def test_a_full_disk_is_one_line_and_leaves_no_half_file(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert run("start") == (2, "unrolled: No space left on device\n")
    assert [one for one in (tiny.root / "work").rglob("*") if one.is_file()] == []


def test_a_work_file_that_is_no_notebook_is_one_line(tiny: Book) -> None:
    run("start", "1")
    path = tiny.root / "work" / "01_twice.ipynb"
    path.write_text("{")
    os.utime(path, (4e9, 4e9))
    code, said = run("check")
    assert code == 2
    assert "01_twice.ipynb cannot be read as a notebook" in said


def test_start_does_not_read_what_it_leaves_as_it_is(tiny: Book) -> None:
    run("start", "1")
    path = tiny.root / "work" / "01_twice.ipynb"
    path.write_text("{")
    os.utime(path, (4e9, 4e9))
    code, said = run("start")
    assert (code, "work/01_twice: there already" in said) == (0, True)
    assert "work/02_thrice.py and .ipynb" in said
    assert path.read_text() == "{"


def test_a_torn_file_of_another_chapter_keeps_no_answer_from_its_check(tiny: Book) -> None:
    run("start")
    edit(tiny.root / "work" / "01_twice.py", STUB, "return 2 * x")
    path = tiny.root / "work" / "02_thrice.ipynb"
    path.write_text("{")
    for one in (path, tiny.root / "work" / "01_twice.py"):
        os.utime(one, (4e9, 4e9))
    assert run("check", "twice")[0] == run("check", "--chapter", "1")[0] == 0
    code, said = run("check", "thrice")
    assert (code, "02_thrice.ipynb cannot be read as a notebook" in said) == (2, True)


def test_a_syntax_error_in_an_answer_is_named_with_its_line(tiny: Book) -> None:
    run("start", "1")
    path = tiny.root / "work" / "01_twice.py"
    edit(path, STUB, "return 2 x")
    os.utime(path, (4e9, 4e9))
    code, said = run("check", "twice")
    assert code == 1
    assert "invalid syntax" in said
    assert "01_twice.py, line" in said


def test_the_command_itself_checks_answers_in_a_process_of_its_own(tiny: Book) -> None:
    """Other tests run where all is imported already, as in no student's process."""
    command = [sys.executable, "-m", "unrolled"]
    for words, code, said in [(["start", "1"], 0, "01_twice.py"), (["check"], 1, "not tried yet")]:
        done = subprocess.run([*command, *words], cwd=tiny.root, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (code, "")
        assert said in done.stdout


def test_an_error_is_named_with_its_line_and_the_seed(tiny: Book) -> None:
    run("start", "1")
    work = tiny.root / "work" / "01_twice.py"
    edit(work, STUB, "return 2 * y")
    os.utime(work, (4e9, 4e9))
    code, said = run("check", "twice", "--seed", "3")
    number = work.read_text().partition("return 2 * y")[0].count("\n") + 1
    flat = "".join(said.split())
    assert code == 1
    assert "NameError:name'y'isnotdefined" in flat
    assert f"01_twice.py:{number}:return2*y" in flat
    assert "oncemore:unrolledchecktwice--seed3" in flat


@pytest.mark.parametrize("call", ["exit()", "raise SystemExit(3)"])
def test_an_answer_that_exits_has_failed(call: str, tiny: Book) -> None:
    run("start", "1")
    edit(tiny.root / "work" / "01_twice.py", STUB, call)
    code, said = run("check")
    assert (code, "0/2" in said) == (1, True)


def test_an_interrupt_of_the_checks_is_one_line(tiny: Book) -> None:
    run("start", "1")
    edit(tiny.root / "work" / "01_twice.py", STUB, "raise KeyboardInterrupt")
    code, said = run("check")
    assert (code, said) == (130, "unrolled: interrupted; finished work is kept\n")


def test_checks_that_cannot_be_imported_are_one_line(tiny: Book) -> None:
    run("start", "1")
    checks = tiny.notebooks[0].checks
    checks.write_text("import nowhere\n" + checks.read_text())
    said = "unrolled: the checks did not run: ModuleNotFoundError: No module named 'nowhere'\n"
    assert run("check") == (2, said)


BODY = "def twice(x: float) -> float:"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'exercise="twice" ',
            "",
            'not found: no cell exercise="twice" in 01_twice.py; put it back',
        ),
        (STUB, f"y = 2 * x\n    {STUB}", "not finished: the stub's `raise NotImplementedError`"),
        (STUB, "2 * x", "expected numbers, got None; is a `return` missing?"),
        (BODY, BODY.replace("twice", "double"), "the cell of twice defines double"),
        (STUB, 'return "a"', "expected numbers, got the text 'a'"),
        (STUB, 'print("seen", x)', "printed: seen"),
        (STUB, "return twice(x)", "RecursionError: maximum recursion depth exceeded"),
        (STUB, "return half(x)\n\n# %%\ndef half(x): ...", "half is defined in another cell ("),
        (STUB, 'import warnings; warnings.warn("so"); return 2 * x', "2/2"),
    ],
)
def test_each_accident_is_told_as_what_it_is(tiny: Book, old: str, new: str, said: str) -> None:
    run("start", "1")
    path = tiny.root / "work" / "01_twice.py"
    edit(path, old, new)
    os.utime(path, (4e9, 4e9))
    _, output = run("check", "twice")
    assert "".join(said.split()) in "".join(output.split())
    assert "Traceback" not in output


def test_what_an_answer_prints_is_shown_below_a_failure_alone(tiny: Book) -> None:
    run("start", "1")
    path = tiny.root / "work" / "01_twice.py"
    edit(path, STUB, 'print("seen", x); return 2 * x')
    os.utime(path, (4e9, 4e9))
    code, output = run("check", "twice")
    assert (code, "printed" in output) == (0, False)


def test_an_answer_that_never_ends_is_stopped_once_and_told_its_line(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "CALLING", 0.3)
    run("start", "1")
    path = tiny.root / "work" / "01_twice.py"
    edit(path, STUB, "while True: pass")
    os.utime(path, (4e9, 4e9))
    code, output = run("check", "twice")
    flat = "".join(output.split())
    assert code == 1
    assert "twiceranfor0.3sandwasstopped:aloopthatneverends?" in flat
    assert ":whileTrue:pass" in flat
    assert "notrun:anearliercheckoftwicehadtobestopped" in flat


def test_an_answer_that_ends_in_some_checks_only_is_stopped_in_its_diagnosis_too(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "CALLING", 0.3)
    run("start", "1")
    path = tiny.root / "work" / "01_twice.py"
    edit(path, STUB, "if x > 0:\n        return x * x\n    while True: pass")
    os.utime(path, (4e9, 4e9))
    code, output = run("check", "twice")
    flat = " ".join(output.split())
    assert (code, "0/2" in flat) == (1, True)
    assert "✗ a positive number is multiplied twice(x): expected" in flat
    assert "✗ a negative number is multiplied twice " in flat and "and was stopped:" in flat


def test_all_checks_that_fail_are_listed(tiny: Book) -> None:
    run("start", "1")
    path = tiny.root / "work" / "01_twice.py"
    edit(path, STUB, "return x")
    os.utime(path, (4e9, 4e9))
    _, output = run("check", "twice")
    assert output.count("✗ a positive number is multiplied") == 1
    assert output.count("✗ a negative number is multiplied") == 1


def test_the_first_failure_says_where_expected_got_the_mistake_and_what_next(tiny: Book) -> None:
    run("start", "1")
    path = tiny.root / "work" / "01_twice.py"
    edit(path, STUB, "return 2 * abs(x)")
    os.utime(path, (4e9, 4e9))
    code, said = run("check", "1.1", "--seed", "3")
    flat = " ".join(said.split())
    assert code == 1
    assert "✓ a positive number is multiplied" in flat
    assert "1.1 twice ✗ a negative number is multiplied twice(x): expected -" in flat
    assert "this looks like a known mistake: The sign is lost; keep it." in flat
    assert "a hint: unrolled hint twice (3 of 3 left)" in flat
    assert flat.endswith("once more: unrolled check twice --seed 3")
    assert "time" in flat and " s " in flat


def test_colors_are_left_out_where_nobody_wants_them(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("start", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run("check")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in run("check")[1]


def test_a_folder_of_spaces_and_other_letters_holds_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "Für Übung, 練習"
    write_book(root)
    monkeypatch.chdir(root)
    for words, code in [("start", 0), ("check", 1), ("reset twice", 0), ("update", 0)]:
        assert run(*words.split())[0] == code


@pytest.mark.parametrize("changed", [1.1e9, 4e9])  # long ago, and by a clock that runs ahead
def test_a_reset_exercise_is_a_stub_even_where_a_file_of_another_name_is_the_newest(
    changed: float, tiny: Book
) -> None:
    run("start", "1")
    written = tiny.root / "work" / "01_twice.ipynb"
    other = written.with_name("01.ipynb")
    other.write_text(written.read_text())
    edit(other, STUB.replace('"', '\\"'), "return 2 * x")
    for path, when in [(written, 1e9), (written.with_suffix(".py"), 1e9), (other, changed)]:
        os.utime(path, (when, when))
    assert run("check")[0] == 0
    run("reset", "twice")
    assert run("check")[0] == 1
