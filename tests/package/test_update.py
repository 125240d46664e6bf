"""update: a student's answers and cells in a newer chapter, and no write that can lose one."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.package.conftest import STUB, answer, edit, run
from unrolled.errors import BookError
from unrolled.manifest import Book
from unrolled.notebook import read_notebook
from unrolled.student.update import merge
from unrolled.student.work import Pair

PROSE = "# ## A section"
DEMO = "# NBVAL_CHECK_OUTPUT"


@pytest.fixture
def solved(tiny: Book) -> Book:
    """The tiny book with an answer and a cell of the student's in work/."""
    run("start")
    answer(tiny, "return 2 * x  # mine\n\n# %%\nprint('a cell of mine')")
    return tiny


def texts(book: Book) -> list[str]:
    """Both files of the pair."""
    return [
        (book.root / "work" / f"01_twice{end}").read_text(encoding="utf-8")
        for end in (".py", ".ipynb")
    ]


def test_without_a_newer_chapter_nothing_is_written(solved: Book) -> None:
    before = texts(solved)
    code, said = run("update")
    assert (code, said) == (0, "work/01_twice: up to date\nwork/02_thrice: up to date\n")
    assert texts(solved) == before
    assert not (solved.root / "work" / "kept").exists()


def test_answers_and_cells_of_ones_own_stand_in_the_newer_chapter(solved: Book) -> None:
    old = texts(solved)[0]
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    assert "the chapter is newer: unrolled update 01" in run("start")[1]
    code, said = run("update", "1")
    assert code == 0
    assert "1 answer carried, 1 cell of yours stays" in said
    assert "conflict" not in said
    for text in texts(solved):
        assert "A better section" in text and "A section" not in text
        assert text.count("return 2 * x  # mine") == text.count("a cell of mine") == 1
        assert text.index("# mine") < text.index("a cell of mine") < text.index("NBVAL")
    assert (solved.root / "work" / "kept" / "01_twice.py").read_text() == old
    assert run("check", "twice")[0] == 0
    assert run("update", "1")[1] == "work/01_twice: up to date\n"


def test_what_the_student_alone_changed_stays_and_what_both_changed_is_a_conflict(
    solved: Book,
) -> None:
    path = solved.root / "work" / "01_twice.py"
    edit(path, 'print(f"{twice(1.234):.3f}")', "print(twice(5))")
    os.utime(path, (4e9 + 1, 4e9 + 1))
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    assert "conflict" not in run("update")[1]
    assert "print(twice(5))" in texts(solved)[0] and "1.234" not in texts(solved)[0]
    edit(solved.notebooks[0].source, "twice(1.234)", "twice(4.321)")
    said = run("update")[1]
    assert "conflict: the chapter and you changed the same place; yours follows" in said
    text = texts(solved)[0]
    assert text.index("4.321") < text.index("print(twice(5))")
    assert text.count(DEMO) == 2


def test_an_answer_to_a_task_of_another_signature_stays_and_the_new_stub_is_shown(
    solved: Book,
) -> None:
    edit(solved.notebooks[0].source, "def twice(x: float)", "def twice(number: float)")
    said = run("update", "1")[1]
    assert "conflict: twice: signature is def twice(x: float)" in said
    text = texts(solved)[0]
    assert text.index("return 2 * x  # mine") < text.index("The chapter now asks for this")
    assert "def twice(number: float)" in text
    assert run("update", "1")[1] == "work/01_twice: up to date\n"


def test_a_new_docstring_takes_the_place_of_the_old_one(solved: Book) -> None:
    edit(solved.notebooks[0].source, "x: a number.", "x: any number at all.")
    said = run("update", "1")[1]
    assert "twice: the text of its cell is new; read it once more" in said
    text = texts(solved)[0]
    assert "any number at all" in text and "x: a number." not in text
    assert "return 2 * x  # mine" in text


def test_code_on_the_last_line_of_a_docstring_stays(tiny: Book) -> None:
    run("start", "1")
    path = tiny.root / "work" / "01_twice.py"
    edit(path, f'    """\n    {STUB}', '    """; return 2 * x')
    os.utime(path, (4e9, 4e9))
    edit(tiny.notebooks[0].source, "x: a number.", "x: any number at all.")
    assert run("update", "1")[0] == 0
    assert all("return 2 * x" in text for text in texts(tiny))
    assert run("check", "twice")[0] == 0


def test_an_untouched_stub_becomes_the_new_one_without_a_word(tiny: Book) -> None:
    run("start", "1")
    edit(tiny.notebooks[0].source, "def twice(x: float)", "def twice(number: float)")
    said = run("update")[1]
    assert "0 answers carried" in said and "conflict" not in said
    assert "def twice(number: float)" in texts(tiny)[0]


def test_the_answer_to_an_exercise_that_is_gone_stays_as_a_cell(solved: Book) -> None:
    source = solved.notebooks[0].source
    for path in (source, solved.root / "book.toml"):
        path.write_text(path.read_text().replace('"twice"', '"double"'))
    edit(source, "def twice", "def double")
    edit(source, "exercise twice", "exercise double")
    said = run("update", "1")[1]
    assert "conflict: twice: the chapter asks it no more" in said
    text = texts(solved)[0]
    assert 'exercise="double"' in text and 'exercise="twice"' not in text
    assert "return 2 * x  # mine" in text


def test_an_answer_that_is_no_python_yet_is_carried_as_it_is(tiny: Book) -> None:
    run("start", "1")
    answer(tiny, "return 2 *")
    edit(tiny.notebooks[0].source, PROSE, "# ## A better section")
    said = run("update")[1]
    assert "1 answer carried" in said and "conflict" not in said
    assert "return 2 *\n" in texts(tiny)[0]


def test_a_cell_that_the_student_deleted_stays_so_and_an_exercise_comes_back(solved: Book) -> None:
    path = solved.root / "work" / "01_twice.py"
    text = path.read_text()
    start, end = text.index('# %% exercise="twice"'), text.index("# %%\nprint('a cell of mine')")
    rest = text[end:].replace("# The answer is 2.468, after a while.\n", "")
    path.write_text(text[:start] + rest)
    os.utime(path, (4e9 + 1, 4e9 + 1))
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    run("update", "1")
    text = texts(solved)[0]
    assert text.count(STUB) == 1 and "a cell of mine" in text and "after a while" not in text


def test_an_exercise_that_was_moved_is_no_cell_of_ones_own(tiny: Book) -> None:
    run("start", "1")
    path = answer(tiny, "return 2 * x")
    text = path.read_text()
    start, end = text.index('# %% exercise="twice"'), text.index("# %%\n# NBVAL")
    path.write_text(f"{text[:start]}{text[end:]}\n{text[start:end]}")
    os.utime(path, (4e9 + 1, 4e9 + 1))
    edit(tiny.notebooks[0].source, PROSE, "# ## A better section")
    assert "1 answer carried; the old file is kept" in run("update", "1")[1]


def test_outputs_stay_below_cells_that_did_not_change(solved: Book) -> None:
    path = solved.root / "work" / "01_twice.ipynb"
    shutil.copy(path, path.with_suffix(".old"))
    run("start")
    notebook = read_notebook(solved.root / "work" / "01_twice.py")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"c{number}"
        if cell.cell_type == "code":
            cell.outputs = [new_output("stream", text=f"output {number}\n")]
    nbformat.write(notebook, path)
    os.utime(path, (4e9 + 1, 4e9 + 1))
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    run("update", "1")
    assert texts(solved)[1].count("output ") == 4
    assert "return 2 * x  # mine" in texts(solved)[0]


def test_an_older_file_with_other_answers_is_kept_too_and_once(solved: Book) -> None:
    work = solved.root / "work"
    edit(work / "01_twice.ipynb", STUB.replace('"', '\\"'), "return 3 * x")
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    said = run("update", "1")[1]
    assert "is kept in work/kept/01_twice.py, work/kept/01_twice.ipynb" in said
    assert "return 3 * x" in (work / "kept" / "01_twice.ipynb").read_text()
    edit(solved.notebooks[0].source, "A better section", "A section")
    run("update", "1")
    assert len(list((work / "kept").iterdir())) == 3


def test_where_the_version_at_the_start_is_not_known_nothing_is_lost(solved: Book) -> None:
    shutil.rmtree(solved.root / "work" / ".chapters")
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    said = run("update", "1")[1]
    assert "what differs is kept as yours" in said
    text = texts(solved)[0]
    for part in ("return 2 * x  # mine", "a cell of mine", "A better section"):
        assert text.count(part) == 1
    assert run("update", "1")[1] == "work/01_twice: up to date\n"


def test_cells_of_ones_own_in_the_older_file_are_kept_too(solved: Book) -> None:
    work = solved.root / "work"
    notebook = nbformat.read(work / "01_twice.ipynb", as_version=4)
    notebook.cells.append(new_markdown_cell("a note in the notebook alone"))
    nbformat.write(notebook, work / "01_twice.ipynb")
    os.utime(work / "01_twice.ipynb", (3e9, 3e9))  # the .py was saved later
    said = run("reset", "twice")[1]
    assert "other cells of an older file, in work/kept/01_twice.ipynb" in said
    assert "a note in the notebook alone" in (work / "kept" / "01_twice.ipynb").read_text()


def test_a_stub_that_was_saved_last_does_not_hide_an_answer(solved: Book) -> None:
    work = solved.root / "work"
    os.utime(work / "01_twice.ipynb", (5e9, 5e9))  # as an editor that saves by itself does
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    said = run("update", "1")[1]
    assert "1 answer carried" in said
    assert "twice: taken from 01_twice.py; 01_twice.ipynb has the stub" in said
    assert all("return 2 * x  # mine" in text for text in texts(solved))


def test_a_file_that_cannot_be_read_is_kept_and_the_other_one_counts(solved: Book) -> None:
    work = solved.root / "work"
    (work / "01_twice.ipynb").write_bytes(b"\xff{")
    os.utime(work / "01_twice.ipynb", (3e9, 3e9))
    assert run("check", "twice")[0] == 0
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    assert run("update", "1")[0] == 0
    assert (work / "kept" / "01_twice.ipynb").read_bytes() == b"\xff{"
    assert all("return 2 * x  # mine" in text for text in texts(solved))


def test_a_save_in_between_is_not_lost(solved: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    path = solved.root / "work" / "01_twice.py"
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    pair, text = Pair.read(path.parent, solved.notebooks[0]), path.read_text()
    path.write_text(text + "# saved meanwhile")
    with pytest.raises(BookError, match="saved in between: nothing was changed"):
        pair.replace(read_notebook(path))
    assert path.read_text() == text + "# saved meanwhile"


def test_one_file_that_cannot_be_read_keeps_no_other_from_its_update(solved: Book) -> None:
    for notebook in solved.notebooks:
        edit(notebook.source, PROSE, "# ## A better section")
    for end in (".py", ".ipynb"):
        (solved.root / "work" / f"01_twice{end}").write_bytes(b"\xff")
    code, said = run("update")
    assert code == 2 and "01_twice" in said.splitlines()[-1]
    assert "work/02_thrice: 0 answers carried" in said


def test_a_file_of_a_chapter_that_is_gone_is_told(solved: Book) -> None:
    (solved.root / "work" / "07_gone.py").write_text("# %%\n")
    assert "work/07_gone.py: no chapter of this book has that name" in run("update")[1]


@pytest.mark.parametrize("cell", ["%%bash\necho 1", "%%html\n<b>x</b>", "!ls"])
def test_cells_that_are_not_plain_python_do_no_harm(solved: Book, cell: str) -> None:
    work = solved.root / "work"
    notebook = read_notebook(work / "01_twice.py")
    notebook.cells.insert(1, new_code_cell(cell))
    nbformat.write(notebook, work / "01_twice.ipynb")
    os.utime(work / "01_twice.ipynb", (5e9, 5e9))
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    assert run("update", "1")[0] == 0
    assert run("check", "twice")[0] == 0
    found = [read_notebook(work / f"01_twice{end}") for end in (".py", ".ipynb")]
    assert all(cell in [one.source for one in notebook.cells] for notebook in found)


def test_an_interrupted_update_asks_for_a_new_signature_once(solved: Book) -> None:
    base = solved.root / "work" / ".chapters" / "01_twice.py"
    old = base.read_text()
    edit(solved.notebooks[0].source, "def twice(x: float)", "def twice(number: float)")
    run("update", "1")
    base.write_text(old)  # as if it had been killed before its last write
    run("update", "1")
    assert texts(solved)[0].count("The chapter now asks for this") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and rights")
def test_links_and_rights_of_files_stay(solved: Book, tmp_path: Path) -> None:
    path, place = solved.root / "work" / "01_twice.py", tmp_path / "elsewhere.py"
    path.rename(place)
    place.chmod(0o600)
    path.symlink_to(place)
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    run("update", "1")
    assert path.is_symlink() and "A better section" in place.read_text()
    assert place.stat().st_mode & 0o777 == 0o600


def test_update_without_a_folder_is_one_line(tiny: Book) -> None:
    assert run("update") == (2, "unrolled: no folder work/ yet; `unrolled start` makes it\n")


# --- any chapter ------------------------------------------------------------------------------

CELLS = st.lists(st.sampled_from("abcdefgh"), max_size=6, unique=True)
OWN = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["mine 1", "mine 2"])), max_size=2)


@given(CELLS, CELLS, OWN, st.sets(st.sampled_from("ABC")), st.permutations("ABC"))
def test_no_cell_of_ones_own_and_no_answer_is_ever_lost(
    old: list[str], new: list[str], own: list[tuple[int, str]], tried: set[str], order: list[str]
) -> None:
    def notebook(texts: list[str], names: list[str]) -> nbformat.NotebookNode:
        cells = [new_markdown_cell(text) for text in texts]
        for number, name in enumerate(names):
            stub = new_code_cell(f"def {name}():\n    ...", metadata={"exercise": name})
            cells.insert(2 * number, stub)
        return new_notebook(cells=cells)

    base, newer = notebook(old, ["A", "B", "C"]), notebook(new, list(order))
    mine = notebook(old, ["A", "B", "C"])
    for cell in mine.cells:
        if cell.metadata.get("exercise") in tried:
            cell.source = cell.source.replace("...", "return 1")
    for place, text in own:
        mine.cells.insert(place, new_code_cell(text))
    found = merge(base, mine, newer, "x").notebook.cells
    sources = [cell.source for cell in found]
    exercises = {c.metadata["exercise"]: c.source for c in found if "exercise" in c.metadata}
    assert sorted(exercises) == ["A", "B", "C"]
    assert len([c for c in found if "exercise" in c.metadata]) == 3
    assert {name for name, text in exercises.items() if "return 1" in text} == tried
    assert {text for _, text in own} <= set(sources)
    assert [s for s in sources if s in new and not s.startswith("def")] == new


# --- killed at every write --------------------------------------------------------------------


def _killed(root: Path, words: tuple[str, ...], step: int, half: bool) -> bool:
    """Run a command in a process that dies at its n-th write; return whether it lived."""
    child = os.fork()
    if child == 0:
        count = 0
        real_replace, real_open = os.replace, os.fdopen

        def die(call: Callable[..., object]) -> Callable[..., object]:
            def replace(*arguments: object) -> object:
                nonlocal count
                count += 1
                if count == step:
                    os._exit(9)
                return call(*arguments)

            return replace

        def torn(handle: int, *rest: object, **more: object) -> object:
            nonlocal count
            count += 1
            if count == step:
                os.write(handle, b"half")
                os._exit(9)
            return real_open(handle, *rest, **more)  # type: ignore[call-overload]

        if half:
            os.fdopen = torn  # type: ignore[assignment]
        else:
            os.replace = die(real_replace)  # type: ignore[assignment]
        try:
            os.chdir(root)
            os._exit(run(*words)[0])
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a process of its own")
@pytest.mark.parametrize("half", [False, True], ids=["before the name", "in the middle"])
@pytest.mark.parametrize("words", [("update", "1"), ("reset", "twice")], ids=["update", "reset"])
def test_killed_at_every_write_each_file_is_the_old_or_the_new_one(
    solved: Book, tmp_path_factory: pytest.TempPathFactory, words: tuple[str, ...], half: bool
) -> None:
    edit(solved.notebooks[0].source, PROSE, "# ## A better section")
    newest, older = (solved.work / f"01_twice{end}" for end in (".py", ".ipynb"))
    notebook = nbformat.read(older, as_version=4)
    notebook.cells.append(new_markdown_cell("a note in the notebook alone"))
    nbformat.write(notebook, older)
    for seconds, path in enumerate([older, newest]):  # both before whatever is written now
        os.utime(path, (1e9 + seconds, 1e9 + seconds))
    before = newest.read_text()

    def files(root: Path) -> dict[str, bytes]:
        names = ("01_twice.py", "01_twice.ipynb", "progress.json", ".chapters/01_twice.py")
        paths = [root / "work" / name for name in names]
        return {one.name + one.parent.name: one.read_bytes() for one in paths if one.is_file()}

    run("check", "twice")
    old, after = files(solved.root), tmp_path_factory.mktemp("after") / "book"
    shutil.copytree(solved.root, after)
    assert _killed(after, words, 0, half)
    new = files(after)
    assert new != old
    for step in range(1, 20):
        place = tmp_path_factory.mktemp("killed") / "book"
        shutil.copytree(solved.root, place)
        lived = _killed(place, words, step, half)
        for name, content in files(place).items():
            assert content in (old.get(name), new[name]), (step, name)
        if lived:
            break
        left = [one for end in ("py", "ipynb") for one in (place / "work").rglob(f"*.{end}")]
        for text in ("return 2 * x  # mine", "a note in the notebook alone"):
            assert any(text in one.read_text() for one in left), (step, text)
        if words[0] == "update" and (place / "work" / newest.name).read_text() != before:
            assert (place / "work" / "kept" / newest.name).read_text() == before
        assert _killed(place, words, 0, half)  # and the same command once more ends the work
        again = files(place)
        assert {n: c for n, c in again.items() if "progress" not in n} == {
            n: c for n, c in new.items() if "progress" not in n
        }
    else:
        pytest.fail("it never lived")
    assert step >= 4
