"""A student, scripted: from a clone of the book to chapter 1 complete."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

from tests.package.conftest import edit
from unrolled.answers import wrong_answers
from unrolled.manifest import read_book
from unrolled.notebook import read_notebook, splice

ROOT = Path(__file__).parents[2]
GENERATED = (".git", "build", ".venv", "work", "__pycache__", ".hypothesis", "*.egg-info", "*.npz")


class Student:
    """Somebody who types commands in the folder of a clone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.saved = 0
        self.environment = {**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1"}
        self.environment |= {"COLUMNS": "120", "TERM": "dumb", "OMP_NUM_THREADS": "1"}

    def types(self, command: str, code: int = 0) -> str:
        """Run a command, and return what it said with each run of blanks as one."""
        words = command.split()
        words[:1] = [sys.executable, "-m", "unrolled"] if words[0] == "unrolled" else words[:1]
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, encoding="utf-8"
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return " ".join(done.stdout.split())

    def writes(self, exercise: str, body: str) -> None:
        """Replace the stub's `raise` in work/01….py, as an editor does, by way of another file."""
        [path] = (self.folder / "work").glob("01_*.py")
        stub = f'raise NotImplementedError("exercise {exercise}")'
        text = path.read_text(encoding="utf-8")
        assert text.count(stub) == 1
        self.saves(path, text.replace(stub, body))

    def saves(self, path: Path, text: str) -> None:
        """Write a file so that it is the one saved last."""
        self.saved += 1
        fresh = path.with_suffix(".swp")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
        os.utime(path, (4e9 + self.saved, 4e9 + self.saved))


@pytest.mark.skipif(shutil.which("git") is None, reason="clones the book")
def test_a_student_gets_from_a_clone_to_a_complete_chapter(tmp_path: Path) -> None:
    upstream = tmp_path / "the book"
    shutil.copytree(ROOT, upstream, ignore=shutil.ignore_patterns(*GENERATED))
    author = ["-c", "user.name=Author", "-c", "user.email=author@example.org"]

    def git(*words: str, at: Path = upstream) -> None:
        subprocess.run(["git", *author, *words], cwd=at, check=True, capture_output=True)

    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "-m", "the book")
    git("clone", "--quiet", str(upstream), str(tmp_path / "mine"), at=tmp_path)
    student = Student(tmp_path / "mine")
    book = read_book(student.folder)
    notebook = book.notebooks[0]
    count, points = len(notebook.exercises), sum(e.points for e in notebook.exercises)

    assert f"{count} exercises" in student.types("unrolled start 1")
    assert f"0 of {count}" in student.types("unrolled status")

    # a wrong answer, and what is said of it
    student.writes("variance_floor", "return (x - x.mean()).square().mean()")
    said = student.types("unrolled check variance_floor --seed 1", code=1)
    known = next(w for w in wrong_answers(notebook) if w.mistake == "global_mean")
    assert f"this looks like a known mistake: {known.says}" in said
    assert "expected" in said and "got" in said
    assert "a hint: unrolled hint variance_floor (3 of 3 left)" in said

    # a hint, then the right answer
    assert "hint 1 of 3" in student.types("unrolled hint variance_floor")
    [path] = (student.folder / "work").glob("01_*.py")
    wrong = "(x - x.mean())"
    text = path.read_text(encoding="utf-8").replace(wrong, "(x - x.mean(dim=1, keepdim=True))")
    student.saves(path, text + "\n# %%\nprint('a note of my own')\n")
    said = student.types("unrolled check variance_floor")
    assert "✓ 1.1 variance_floor" in said
    said = student.types("unrolled status")
    assert f"1 of {count}" in said and "1 hint" in said and "next: 1.2" in said

    # the book moves on in the middle
    source = upstream / "chapters" / f"{notebook.name}.py"
    first = read_notebook(source).cells[0].source.partition("\n")[0]
    edit(source, f"# {first}", f"# {first}, once more")
    git("commit", "--quiet", "--all", "-m", "a better title")
    git("pull", "--quiet", at=student.folder)
    assert "newer than your copy: 01; unrolled update" in student.types("unrolled status")
    said = student.types("unrolled update")
    assert "1 answer carried, 1 cell of yours stays" in said and "conflict" not in said
    text = path.read_text(encoding="utf-8")
    assert f"{first}, once more" in text and "a note of my own" in text
    assert "x.mean(dim=1, keepdim=True)" in text

    # the other exercises, and the end
    mine = splice(read_notebook(path), read_notebook(notebook.solutions), "mine", partial=True)
    student.saves(path, jupytext.writes(mine, fmt="py:percent"))
    said = student.types("unrolled check --chapter 1")
    assert said.count("✓") == count
    said = student.types("unrolled status")
    assert f"{count} of {count} {points}/{points} points" in said
    assert "a note of my own" in path.read_text(encoding="utf-8")
    git("diff", "--exit-code", at=student.folder)  # only work/ was written to
