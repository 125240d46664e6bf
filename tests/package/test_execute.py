"""Execution: what is cached, what is said when a cell fails, what an interrupt leaves."""

import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output

from tests.package.conftest import edit
from unrolled import execute as module
from unrolled.errors import BookError
from unrolled.execute import cache_key, execute, solve
from unrolled.manifest import Book

PATIENCE = 250  # seconds after which a build hangs, however busy the machine is


def _quiet(_title: str, _done: int, _total: int) -> None:
    pass


def _cells(book: Book) -> dict[str, int]:
    cache = book.root / "build" / "executed"
    return {one.notebook.key: one.cells for one in execute(book.notebooks, cache, _quiet)}


def test_only_the_chapter_whose_code_changes_is_executed_again(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _cells(tiny) == {"01": 3, "02": 3}
    assert _cells(tiny) == {"01": 0, "02": 0}
    edit(tiny.notebooks[0].source, "Write `twice`.", "Write `twice` in one line.")
    assert _cells(tiny) == {"01": 0, "02": 0}
    edit(tiny.notebooks[0].source, "(1.234):", "(5.678):")
    assert _cells(tiny) == {"01": 3, "02": 0}
    edit(tiny.notebooks[1].solutions, "3 * x", "x * 3")
    assert _cells(tiny) == {"01": 0, "02": 3}
    edit(tiny.notebooks[1].checks, "rng.random()", "rng.random() / 2")
    assert _cells(tiny) == {"01": 0, "02": 3}
    (tiny.root / "data" / "series.csv").write_text("1\n")
    assert _cells(tiny) == {"01": 3, "02": 3}
    monkeypatch.setenv("UNROLLED_SCALE", "full")
    assert _cells(tiny) == {"01": 3, "02": 3}


def test_the_books_own_code_counts_wherever_the_book_lies(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tiny.root / "site" / "unrolled"
    (package / "site").mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(package / "execute.py"))
    keys = []
    for name in ("execute.py", "site/pages.py", "plots.py"):
        (package / name).write_text("")
        keys.append(cache_key(tiny.notebooks[0], solve(tiny.notebooks[0])))
    assert keys[0] == keys[1] != keys[2]  # what writes the pages executes nothing


def test_progress_counts_the_cells_of_each_notebook(tiny: Book) -> None:
    seen: list[tuple[str, int, int]] = []
    execute(tiny.notebooks, tiny.root / "build", lambda *step: seen.append(step))
    for key in ("01", "02"):
        assert [step for step in seen if step[0] == key] == [(key, n, 3) for n in range(4)]


def test_a_failing_cell_of_a_chapter_stops_with_file_line_source_and_error(tiny: Book) -> None:
    source = tiny.notebooks[0].source
    edit(source, "import math", "import math\n\n\nratio = 1 / 0")
    line = source.read_text().splitlines().index("ratio = 1 / 0") + 1
    with pytest.raises(BookError) as error:
        _cells(tiny)
    assert str(error.value) == (
        f"chapters/01_twice.py:{line}: cell 2 failed at `ratio = 1 / 0`: "
        "ZeroDivisionError: division by zero"
    )
    assert not list((tiny.root / "build").rglob("01*"))


def test_a_failing_solution_is_named_where_it_is_called_from(tiny: Book) -> None:
    edit(tiny.notebooks[0].solutions, "2 * x", "2 * y")
    with pytest.raises(BookError, match=r"cell 6 failed at .*NameError: name 'y' is not defined"):
        _cells(tiny)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kernel_that_dies_after_its_last_cell_is_not_waited_for(tiny: Book) -> None:
    dies = "import os, unrolled.runtime\nunrolled.runtime.spent = lambda: os.kill(os.getpid(), 9)"
    edit(tiny.notebooks[0].source, "import math", f"import math\n{dies}")
    with pytest.raises(BookError, match=r"chapters/01_twice.py: the kernel died: it ended before"):
        _cells(tiny)


def test_a_kernel_that_cannot_start_is_one_line(tiny: Book) -> None:
    broken = "unrolled.execute.kernel_environment = lambda: os.environ | {'PYTHONHOME': 'nowhere'}"
    script = f"import os, unrolled.execute\nfrom unrolled.cli import main\n{broken}\nmain()"
    command = [sys.executable, "-c", script, "build"]
    done = subprocess.run(command, cwd=tiny.root, capture_output=True, text=True)
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if line.startswith("unrolled: ")]
    assert re.fullmatch(r"unrolled: chapters/0\d_\w+\.py: no kernel started: .+", *said)
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("print(object())", "at 0x"),
        ('print("/home/somebody/x")', "/home/s"),
        ('import sys; print("Warning: old", file=sys.stderr)', "Warning:"),
    ],
)
def test_an_output_with_an_address_a_path_or_a_warning_is_refused(
    tiny: Book, old: str, said: str
) -> None:
    edit(tiny.notebooks[0].source, "import math", old)
    with pytest.raises(BookError, match=f"chapters/01_twice.py:.*{said}"):
        _cells(tiny)


def test_carriage_returns_and_backspaces_leave_what_a_terminal_shows() -> None:
    output = new_output("stream", text="1%\r50%\r100%\nabc\b\bxy\nplain\n")
    module._tidy(output)
    assert output.text == "100%\naxy\nplain\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_an_interrupt_ends_the_kernels_and_leaves_no_half_written_notebook(tiny: Book) -> None:
    started = tiny.root / "started"
    slow = f"import pathlib, time\npathlib.Path({str(started)!r}).touch()\ntime.sleep(600)"
    edit(tiny.notebooks[0].source, "import math", slow)
    command = [sys.executable, "-m", "unrolled", "build"]
    # A job in the background ignores the signal, and its children inherit that.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed) as running:
        try:
            end = time.monotonic() + PATIENCE
            while not started.exists() and running.poll() is None and time.monotonic() < end:
                time.sleep(0.1)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=PATIENCE)
        finally:
            running.kill()
    assert started.exists(), said
    assert running.returncode == 130
    assert "unrolled: interrupted; finished work is kept" in said
    assert "Traceback" not in said
    cache = tiny.root / "build" / "executed"
    assert not list(cache.glob("*01_twice*")) and not list(cache.glob(".*"))


def test_a_damaged_cache_is_executed_again(tiny: Book) -> None:
    _cells(tiny)
    file: Path = tiny.root / "build" / "executed" / "01_twice.ipynb"
    file.write_text(file.read_text()[:100])
    assert _cells(tiny) == {"01": 3, "02": 0}
    nbformat.validate(nbformat.read(file, as_version=4))
