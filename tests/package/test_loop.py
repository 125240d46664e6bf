"""check --watch: what a save, a key, a crash and a loop without end lead to."""

import io
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from rich.console import Console

from tests.package.conftest import STUB, answer, edit, run
from unrolled.answers import versions, wrong_answers
from unrolled.checks import warm
from unrolled.errors import BookError
from unrolled.manifest import Book
from unrolled.student import loop
from unrolled.student.loop import Loop
from unrolled.student.progress import read_progress
from unrolled.student.report import words
from unrolled.student.work import asked

WAIT = 40.0  # on a busy machine


@pytest.fixture(scope="module")
def pool() -> Iterator[object]:
    """One warm process for all tests of this file."""
    with loop.warm_process() as pool:
        yield pool


@pytest.fixture
def at(tiny: Book, pool: object) -> Callable[..., str]:
    """A watch on the tiny book: write the answer, look, and return what is said then."""
    run("start")
    screen = Console(record=True, file=io.StringIO(), width=120, highlight=False)
    state = Loop(tiny, asked(tiny, tiny.notebooks, []), pool, screen, 3)  # type: ignore[arg-type]
    state.begin()
    path, start = (
        tiny.root / "work" / "01_twice.py",
        (tiny.root / "work" / "01_twice.py").read_text(),
    )
    saves = iter(range(1, 1000))

    def save(text: str | None, keys: str = "") -> str:
        if text is not None:
            path.write_text(start.replace(STUB, text))
            os.utime(path, (4e9, 4e9 + next(saves)))
            state.look()
        for key in keys:
            state.press(key)
        until = time.monotonic() + WAIT
        state.turn()
        while (state.running or state.waiting) and time.monotonic() < until:
            time.sleep(0.005)
            state.turn()
        return screen.export_text()

    return save


def test_a_save_is_checked_and_keys_are_answered(at: Callable[..., str], tiny: Book) -> None:
    said = at(None)
    assert "h hint · n next · a all · q quit" in said and "next: 1.1 twice" in said
    said = at("return 2 * abs(x)")
    assert "this looks like a known mistake: The sign is lost; keep it." in said
    assert "once more: unrolled check twice --seed 3" in said
    assert "hint 1 of 3" in at(None, "h") and "hint 2 of 3" in at(None, "h")
    said = at("return 2 * x")
    assert "2/2" in said and "next: 2.1 thrice" in said
    assert "2.1 thrice" in at(None, "h")
    assert at("return 2 * x") == ""  # saved once more, unchanged
    said = at(None, "a")
    assert "1.1 twice" in said and "2.1 thrice" in said and "not tried yet" in said
    assert "next: 2.1 thrice" in at(None, "n")
    assert loop.KEYS in at(None, "x")
    row = read_progress(tiny.root / "work")[0].of("twice")
    assert row.holds and row.seen == [1, 2]


def test_while_nobody_saves_the_wrong_answers_of_what_comes_next_are_run(
    at: Callable[..., str], tiny: Book
) -> None:
    memory, until = tiny.root / "build" / "mistakes" / "01_twice.json", time.monotonic() + WAIT
    mistakes = len([one for one in wrong_answers(tiny.notebooks[0]) if one.exercise == "twice"])
    found: list[object] = []
    while len(found) < 2 * mistakes and time.monotonic() < until:  # two checks
        at(None)
        found = json.loads(memory.read_text())["fails"] if memory.is_file() else []
    assert len(found) == 2 * mistakes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("return 2 x", "invalid syntax"),
        ("return 2 * y", "NameError"),
        ("import os; os._exit(3)", "twice: the process ended, exit code 3"),
        ("raise KeyboardInterrupt", "the answer raised KeyboardInterrupt"),
        ("raise SystemExit", "0/2"),
        ("return input()", "input() has nobody to ask here"),
    ],
)
def test_the_watch_goes_on_after_whatever_an_answer_does(
    at: Callable[..., str], text: str, said: str
) -> None:
    assert said in at(text)
    assert "2/2" in at("return 2 * x")


def test_a_package_that_is_not_installed_is_told_by_the_checks(
    at: Callable[..., str], tiny: Book
) -> None:
    edit(tiny.notebooks[0].source, "import math", "import nowhere")
    said = at("return 2 * x")
    assert "ModuleNotFoundError: No module named 'nowhere'" in said


def test_what_cannot_be_interrupted_is_ended_with_its_process(
    at: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at("return 2 * x")
    with monkeypatch.context() as patch:
        patch.setattr(loop, "STUCK", 1.0 - warm.SECONDS)
        assert "could not be interrupted; ended" in at("import time; time.sleep(1000)")
    assert "2/2" in at("return x + x")


def test_a_loop_without_end_is_stopped_after_the_limit_and_told(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("start")
    answer(tiny, "while True: pass")
    monkeypatch.setattr(warm, "SECONDS", 0.3)
    arguments = words(tiny, asked(tiny, tiny.notebooks, ["twice"]), 3)
    ran = warm.run(str(tiny.root), ["01_twice"], arguments)
    assert "twice ran for 0.3 s and was stopped" in ran.verdicts[0].message


def test_the_warm_process_sees_new_checks_and_new_mistakes(tiny: Book) -> None:
    run("start")
    answer(tiny, "return 2 * abs(x)")
    arguments = words(tiny, asked(tiny, tiny.notebooks, ["twice"]), 3)

    def told() -> list[str]:
        ran = warm.run(str(tiny.root), ["01_twice"], arguments)
        wrong = [one for one in ran.verdicts if one.outcome == "failed"]
        return [line for one in wrong for line in one.told]

    assert "this looks like a known mistake: The sign is lost; keep it." in told()
    edit(tiny.notebooks[0].wrong, "The sign is lost; keep it.", "A sign went missing.")
    assert "this looks like a known mistake: A sign went missing." in told()
    answer_right = tiny.root / "work" / "01_twice.py"
    edit(answer_right, "return 2 * abs(x)", "return 2 * x")
    os.utime(answer_right, (5e9, 5e9))
    assert told() == []
    edit(tiny.notebooks[0].checks, "2 * x, ", "5 * x, ")
    assert told() != []


def test_a_torn_file_is_a_line_and_one_that_comes_back_is_checked(
    at: Callable[..., str], tiny: Book
) -> None:
    at("return 2 * x")
    work = tiny.root / "work"
    text = (work / "01_twice.ipynb").read_text()
    (work / "01_twice.ipynb").write_text(text[:100])
    os.utime(work / "01_twice.ipynb", (5e9, 5e9))
    assert "cannot be read as a notebook" in " ".join(at("return 2 * x").split())
    for name in ("01_twice.py", "01_twice.ipynb"):
        (work / name).unlink()
    assert "2/2" in at("return x + x")


def test_what_was_torn_just_as_its_check_began_is_checked_with_the_next_save(
    at: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(*_: object) -> None:
        raise BookError("work/01_twice.ipynb cannot be read as a notebook")

    at("return 2 * x")
    with monkeypatch.context() as patch:
        patch.setattr(loop, "asked", torn)
        assert at("return x + x").count("cannot be read") == 1
    assert "2/2" in at("return x + x")


def test_what_an_answer_did_to_everybody_is_gone_with_its_process(at: Callable[..., str]) -> None:
    assert "2/2" in at("import builtins; builtins.abs = lambda x: x; return 2 * abs(x)")
    assert "this looks like a known mistake: The sign is lost" in at("return 2 * abs(x)")


def test_a_file_that_cannot_be_read_at_the_start_is_a_line(tiny: Book, pool: object) -> None:
    run("start")
    for name in ("01_twice.py", "01_twice.ipynb"):
        (tiny.root / "work" / name).write_bytes(b"\xff")
    screen = Console(record=True, file=io.StringIO(), width=120)
    state = Loop(tiny, asked(tiny, tiny.notebooks, []), pool, screen, 3)  # type: ignore[arg-type]
    state.begin()
    state.press("n")
    assert "01_twice" in screen.export_text()


def test_a_file_that_is_gone_is_a_line(tiny: Book, pool: object) -> None:
    run("start")
    screen = Console(record=True, file=io.StringIO(), width=120)
    state = Loop(tiny, asked(tiny, tiny.notebooks, []), pool, screen, 3)  # type: ignore[arg-type]
    state.begin()
    first, second = versions(tiny.work, tiny.notebooks[0])
    first.unlink()
    state.look()
    assert f"{first.name} is gone; {second.name} is checked" in screen.export_text()
    second.unlink()
    state.look()
    assert "work/01_twice.py and .ipynb are gone; unrolled start" in screen.export_text()


def test_a_folder_that_is_gone_ends_the_watch(tiny: Book) -> None:
    run("start")
    saved, until = loop.saved(asked(tiny, tiny.notebooks, [])), time.monotonic() + WAIT
    next(saved)
    shutil.rmtree(tiny.work)
    with pytest.raises(BookError, match="the folder work/ is gone; `unrolled start` makes it"):
        while time.monotonic() < until:
            next(saved)


def test_watching_somebody_elses_folder_is_refused(tiny: Book) -> None:
    code, said = run("check", "--watch", "--answers", "solutions")
    assert (code, said) == (2, "unrolled: --watch is for your own folder; leave --answers out\n")
    assert "no folder work/ yet" in run("check", "--watch")[1]


# --- with a keyboard --------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_at_a_terminal_saves_by_rename_are_seen_and_q_quits(tiny: Book) -> None:
    import pexpect

    run("start")
    path = tiny.root / "work" / "01_twice.py"
    child = pexpect.spawn(
        sys.executable,
        ["-m", "unrolled", "check", "--watch", "--chapter", "1"],
        cwd=str(tiny.root),
        env={**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "120"},
        encoding="utf-8",
        timeout=WAIT,
        dimensions=(40, 120),
    )
    child.expect("next: 1.1 twice")
    fresh = path.with_suffix(".tmp")
    fresh.write_text(path.read_text().replace(STUB, "return 2 * abs(x)"))
    fresh.replace(path)
    child.expect("The sign is lost; keep it.")
    child.expect("once more: unrolled check twice")
    child.send("h")
    child.expect("hint 1 of 3")
    edit(path, "abs(x)", "x")
    child.expect("2/2")
    child.expect("next: 2.1 thrice")
    path.unlink()
    child.send("a")
    child.expect("not tried yet")
    child.send("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
