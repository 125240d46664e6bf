"""The pytest plugin, the comparisons and the diagnosis, through pytest itself."""

import functools
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.package.conftest import edit
from unrolled.answers import Answers, uses, wrong_answers
from unrolled.checks import Mismatch, close, equal, expect, raises
from unrolled.checks.compare import plain, same_values
from unrolled.checks.diagnosis import SEED, Catalog, Likeness
from unrolled.checks.live import check
from unrolled.checks.plugin import Live, Submitted, Warm
from unrolled.checks.run import Bench, Check, Failure, checks_by_exercise, load_checks
from unrolled.checks.watch import Endless, within
from unrolled.errors import BookError
from unrolled.manifest import Book, Notebook, read_book
from unrolled.notebook import Cell, compiled, read_notebook
from unrolled.student.progress import read_progress
from unrolled.student.work import start

pytest_plugins = ["pytester"]

REAL = arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e6, 1e6))


def _pytest(tester: pytest.Pytester, book: Book, *arguments: str) -> pytest.RunResult:
    """Run pytest in this process, as torch takes seconds to import."""
    os.chdir(book.root)
    words = ["tests/chapters", "-q", "--import-mode=importlib", "-pno:cacheprovider", *arguments]
    return tester.runpytest_inprocess(*words)


def _report(tester: pytest.Pytester, book: Book, *arguments: str) -> list[dict[str, object]]:
    _pytest(tester, book, *arguments, "--report=report.json")
    content = json.loads((book.root / "report.json").read_text())
    assert isinstance(content["seed"], int)
    return list(content["verdicts"])


# --- comparisons ------------------------------------------------------------------------------


@given(REAL)
def test_an_array_is_close_to_itself_and_to_its_tensor_but_not_to_another(
    array: np.ndarray,
) -> None:
    close(array, array, "x")
    close(torch.from_numpy(array), array, "x")
    other = array.copy()
    other.flat[-1] += 1e-3 * max(1.0, float(np.abs(array).max()))
    with pytest.raises(Mismatch, match=r"expected .*, got "):
        close(other, array, "x")


@given(REAL)
def test_a_shape_that_would_broadcast_is_a_mismatch(array: np.ndarray) -> None:
    with pytest.raises(Mismatch, match="expected shape"):
        close(array[None], array, "x")


def test_the_place_is_named_by_axis_letters() -> None:
    expected = torch.arange(30.0).reshape(3, 5, 2)
    got = expected.clone()
    got[1, 2, 1] = -7.0
    with pytest.raises(Mismatch) as error:
        close(got, expected, "decode(state)", axes="BTF")
    assert str(error.value) == "decode(state) at b=1, t=2, f=1: expected 15, got -7"


@pytest.mark.parametrize("bad", [None, "3", [3.0], True, object(), np.array("a"), 3j])
def test_what_is_no_number_is_a_mismatch(bad: object) -> None:
    with pytest.raises(Mismatch):
        close(bad, 3.0, "x")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_is_a_mismatch_whatever_the_tolerance(bad: float) -> None:
    with pytest.raises(Mismatch, match="expected a finite number"):
        close(torch.tensor([bad]), torch.tensor([1.0]), "x", tolerance=1e9)


def test_an_object_that_calls_itself_equal_to_everything_is_a_mismatch() -> None:
    class Agreeable(float):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    for compare in (lambda x: close(x, 2.0, "x"), lambda x: equal(x, 2.0, "x")):
        with pytest.raises(Mismatch):
            compare(Agreeable(1.0))
    with pytest.raises(Mismatch):
        expect(Agreeable(1.0), "x")  # type: ignore[arg-type]


def test_raises_wants_the_named_error_and_lets_a_stub_through() -> None:
    def fail(error: Exception) -> None:
        raise error

    assert raises(ValueError, fail, ValueError("why"), what="f") == "why"
    with pytest.raises(Mismatch, match="expected ValueError, got TypeError: other"):
        raises(ValueError, fail, TypeError("other"), what="f")
    with pytest.raises(Mismatch, match="expected ValueError, got 3"):
        raises(ValueError, lambda: 3, what="f")
    for error in (ValueError, RuntimeError):  # a stub's error is a RuntimeError
        with pytest.raises(NotImplementedError):
            raises(error, fail, NotImplementedError("exercise f"), what="f")


@given(REAL)
def test_values_that_differ_by_rounding_behave_alike(array: np.ndarray) -> None:
    near = array * (1 + 1e-9)
    assert same_values(plain(array), plain(near))
    assert not same_values(plain(array), plain(array[None]))


# --- the plugin -------------------------------------------------------------------------------


def test_solutions_pass_and_earn_all_points(pytester: pytest.Pytester, tiny: Book) -> None:
    rows = _report(pytester, tiny, "--answers=solutions")
    assert [row["outcome"] for row in rows] == ["passed"] * 4
    points = {e.id: e.points for c in tiny.chapters for e in c.exercise}
    for name, wanted in points.items():
        assert sum(float(str(r["points"])) for r in rows if r["exercise"] == name) == wanted


def test_stubs_are_not_tried_yet_and_earn_nothing(pytester: pytest.Pytester, tiny: Book) -> None:
    done = _pytest(pytester, tiny, "--answers=chapters")
    assert "not tried yet" in done.stdout.str()
    rows = _report(pytester, tiny, "--answers=chapters")
    assert {(row["outcome"], row["points"]) for row in rows} == {("untried", 0.0)}


def test_a_not_implemented_error_of_another_text_is_a_failure(
    pytester: pytest.Pytester, tiny: Book
) -> None:
    edit(tiny.notebooks[0].solutions, "return 2 * x", 'raise NotImplementedError("later")')
    rows = _report(pytester, tiny, "--answers=solutions", "--exercise=twice")
    assert {row["outcome"] for row in rows} == {"failed"}


def test_a_mistake_gets_the_message_that_is_written_for_it_and_only_there(
    pytester: pytest.Pytester, tiny: Book
) -> None:
    work = tiny.root / "work"
    work.mkdir()
    text = '# %% exercise="twice"\ndef twice(x):\n    return x * 2 if x > 0 else x * -2\n'
    (work / "01_twice.py").write_text(text)
    done = _pytest(pytester, tiny, "--answers=work", "--exercise=twice", "--seed=5")
    assert "The sign is lost; keep it." in done.stdout.str()
    assert "twice(x): expected -" in done.stdout.str()
    assert "--exercise twice --seed 5" in done.stdout.str()
    [row] = [r for r in _report(pytester, tiny, "--answers=work") if r["outcome"] == "failed"]
    assert row["mistake"] == "no_sign"
    (work / "01_twice.py").write_text(text.replace("x * -2", "x * 3"))
    [row] = [r for r in _report(pytester, tiny, "--answers=work") if r["outcome"] == "failed"]
    assert row["mistake"] is None


def test_mistake_puts_a_named_wrong_answer_under_test(
    pytester: pytest.Pytester, tiny: Book
) -> None:
    rows = _report(pytester, tiny, "--mistake=twice:clipped")
    failed = [row for row in rows if row["outcome"] == "failed"]
    assert {row["mistake"] for row in failed} == {"clipped"}
    assert all("do not clip" in str(row["says"]) for row in failed)
    done = _pytest(pytester, tiny, "--mistake=twice:nothing")
    assert done.ret == 4
    assert "has no wrong answer 'nothing'; it has power, no_sign, clipped" in done.stderr.str()


def test_the_same_seed_gives_the_same_draws_and_another_gives_others(
    pytester: pytest.Pytester, tiny: Book
) -> None:
    def values(seed: int) -> list[object]:
        rows = _report(pytester, tiny, "--mistake=twice:clipped", f"--seed={seed}")
        return [row["message"] for row in rows if row["outcome"] == "failed"]

    assert values(1) == values(1) != values(2)


def test_a_name_outside_its_cell_is_told_to_move(pytester: pytest.Pytester, tiny: Book) -> None:
    work = tiny.root / "work"
    work.mkdir()
    (work / "01_twice.py").write_text(
        '# %%\ndef twice(x):\n    return 2 * x\n\n# %% exercise="twice"\nother = 1\n'
    )
    done = _pytest(pytester, tiny, "--answers=work", "--exercise=twice")
    said = done.stdout.str()
    assert "twice is defined in another cell (" in said
    assert "01_twice.py:2): move it into the cell of twice" in said


def test_of_a_pair_the_newer_file_counts_and_code_outside_exercises_is_never_run(
    pytester: pytest.Pytester, tiny: Book
) -> None:
    work = tiny.root / "work"
    work.mkdir()
    good = '# %% exercise="twice"\ndef twice(x):\n    return 2 * x\n'
    (work / "01_twice.py").write_text(good + "\n# %%\nraise SystemExit('never run')\n")
    assert {
        r["outcome"] for r in _report(pytester, tiny, "--answers=work", "--exercise=twice")
    } == {"passed"}


def test_a_prerequisite_that_fails_is_what_the_next_exercise_rests_on(
    pytester: pytest.Pytester, tiny: Book
) -> None:
    """In a course repository, without solutions, an exercise uses the student's own others."""
    notebook = tiny.notebooks[0]
    edit(
        tiny.root / "book.toml", "[[chapter]]\nnumber = 2", EXTRA_ENTRY + "[[chapter]]\nnumber = 2"
    )
    notebook.source.write_text(notebook.source.read_text() + EXTRA_STUB)
    notebook.checks.write_text(notebook.checks.read_text() + EXTRA_CHECK)
    work = tiny.root / "work"
    work.mkdir()
    answer = '# %% exercise="fourfold"\ndef fourfold(x):\n    return twice(twice(x))\n'
    for first, outcome in (("", "rests"), ("return 3 * x", "rests"), ("return 2 * x", "passed")):
        start = f'# %% exercise="twice"\ndef twice(x):\n    {first}\n\n' if first else ""
        (work / "01_twice.py").write_text(start + answer)
        notebook.solutions.unlink(missing_ok=True)
        notebook.wrong.unlink(missing_ok=True)
        rows = _report(pytester, tiny, "--answers=work")
        [row] = [r for r in rows if r["exercise"] == "fourfold"]
        assert row["outcome"] == outcome, (first, row)
    book = read_book(tiny.root)
    answers = Answers.from_folder(work, book.notebooks[0])
    assert uses(book.notebooks[0], answers, "fourfold") == {"twice"}


EXTRA_ENTRY = """\
[[chapter.exercise]]
id = "fourfold"
title = "Double twice"
points = 1
minutes = 1

"""
EXTRA_STUB = '''
# %% [markdown]
# ### Exercise 1.2 · Double twice (about 1 line)

# %% exercise="fourfold" tags=["exercise"]
def fourfold(x: float) -> float:
    """4 times x."""
    raise NotImplementedError("exercise fourfold")
'''
EXTRA_CHECK = """

def test_four_times(fourfold, rng):
    x = rng.random()
    close(fourfold(x), 4 * x, "fourfold(x)")
"""


def test_checks_without_answers_or_with_a_missing_folder_are_one_line(
    pytester: pytest.Pytester, tiny: Book
) -> None:
    done = _pytest(pytester, tiny)
    assert done.ret == 4
    assert "say whose answers: --answers solutions" in done.stderr.str()
    done = _pytest(pytester, tiny, "--answers=nowhere")
    assert done.ret == 4
    assert "no such folder" in done.stderr.str()
    done = _pytest(pytester, tiny, "--answers=nowhere", "-n2")
    assert (done.ret, "no such folder" in done.stderr.str()) == (4, True)


def test_a_check_of_nothing_is_refused(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    notebook.checks.write_text("def test_it(math):\n    pass\n")
    with pytest.raises(BookError, match=r"its first argument must be an exercise's, got 'math'"):
        checks_by_exercise(notebook, load_checks(notebook))
    notebook.checks.write_text("def test_it(twice, tmp_path):\n    pass\n")
    with pytest.raises(BookError, match="no setup or exercise cell defines 'tmp_path'"):
        checks_by_exercise(notebook, load_checks(notebook))


def test_workers_share_the_seed_and_report_once(pytester: pytest.Pytester, tiny: Book) -> None:
    rows = _report(pytester, tiny, "--mistake=twice:clipped", "--seed=7", "-n2")
    alone = _report(pytester, tiny, "--mistake=twice:clipped", "--seed=7")
    rows.sort(key=str)
    assert rows == sorted(alone, key=str)
    assert len(rows) == 2


# --- diagnosis and the notebook ---------------------------------------------------------------


def test_an_answer_that_no_mistake_explains_gets_no_message(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    checks = checks_by_exercise(notebook, load_checks(notebook))["twice"]
    reference = Answers.reference(notebook)
    catalog, bench = Catalog(notebook), Bench(notebook, reference)

    def diagnosed(answers: Answers) -> Likeness | None:
        return catalog.diagnose("twice", checks, lambda c: bench.run(c, "twice", answers, SEED))

    assert diagnosed(reference) is None
    for wrong in wrong_answers(notebook):
        found = diagnosed(wrong.answers)
        assert found is not None
        assert (found.named.mistake, found.agreement) == (wrong.mistake, 1)


TWO_FAILURES = "def twice(x):\n    return x * x if x > 0 else 3 * x"


def _diagnosed(notebook: Notebook, catalog: Catalog, source: str) -> tuple[str, float] | None:
    """Whether an answer looks like a mistake of the tiny book's catalog, and how much so."""
    checks = checks_by_exercise(notebook, load_checks(notebook))["twice"]
    answers = Answers({"twice": [Cell("code", source, {"exercise": "twice"}, "mine.py", 1)]})
    bench = Bench(notebook, Answers.reference(notebook))
    found = catalog.diagnose("twice", checks, functools.partial(_ran, bench, answers))
    return found and (found.named.mistake, found.agreement)


def test_an_answer_that_fails_nearly_as_a_mistake_does_is_said_to_be_close(
    pytester: pytest.Pytester, tiny: Book
) -> None:
    assert _diagnosed(tiny.notebooks[0], Catalog(tiny.notebooks[0]), TWO_FAILURES) == ("power", 0.5)
    work = tiny.root / "work"
    work.mkdir()
    (work / "01_twice.py").write_text(f'# %% exercise="twice"\n{TWO_FAILURES}\n')
    done = _pytest(pytester, tiny, "--answers=work", "--exercise=twice")
    assert "this is close to a known mistake: That is a power; multiply." in done.stdout.str()


def test_a_mistake_may_come_in_several_forms(tiny: Book) -> None:
    notebook, source = tiny.notebooks[0], "def twice(x):\n    return -2 * abs(x)"
    assert _diagnosed(notebook, Catalog(notebook), source) is None
    with notebook.wrong.open("a") as file:
        file.write(f'\n\n# %% exercise="twice" mistake="no_sign"\n{source}\n')
    assert _diagnosed(notebook, Catalog(notebook), source) == ("no_sign", 1)
    forms = [one for one in wrong_answers(notebook) if one.mistake == "no_sign"]
    assert [one.name for one in forms] == ["twice:no_sign", "twice:no_sign, form 2"]
    assert len({one.says for one in forms}) == 1
    edit(notebook.wrong, 'mistake="no_sign"\n', 'mistake="unheard"\n')
    with pytest.raises(BookError, match="a wrong answer needs mistake= and says="):
        wrong_answers(notebook)


def test_the_order_of_keys_does_not_matter() -> None:
    equal({"a": 1, "b": (2, 3)}, {"b": (2, 3), "a": 1}, "it")
    with pytest.raises(AssertionError, match="b: expected 3, got 2"):
        equal({"b": 2, "a": 1}, {"a": 1, "b": 3}, "it")


def test_an_exercise_is_chosen_by_its_name_too(pytester: pytest.Pytester, tiny: Book) -> None:
    done = _pytest(pytester, tiny, "--answers=solutions", "-k", "thrice")
    done.assert_outcomes(passed=2, deselected=2)


def test_errors_alone_make_no_likeness(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    with notebook.wrong.open("a") as file:
        file.write('\n\n# %% exercise="twice" mistake="text" says="A text; take the number."\n')
        file.write("def twice(x: float) -> float:\n    return x.nothing if x > 0 else 7.0\n")
    source = "def twice(x):\n    return x.bit_count()"
    assert _diagnosed(notebook, Catalog(notebook), source) is None


def test_where_all_wrong_answers_fail_alike_no_mistake_is_named(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    edit(notebook.source, "import math", "import nowhere")
    assert _diagnosed(notebook, Catalog(notebook), "def twice(x):\n    return 2 * x") is None


def test_two_mistakes_that_are_equally_near_name_nothing(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    with notebook.wrong.open("a") as file:
        file.write('\n\n# %% exercise="twice" mistake="square" says="A square; multiply."\n')
        file.write("def twice(x: float) -> float:\n    return x * x\n")
    assert _diagnosed(notebook, Catalog(notebook), TWO_FAILURES) is None


def test_a_mistake_whose_values_vary_is_known_by_the_checks_that_fail(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    source = "def twice(x):\n    return 2 * x if x > 0 else 7.0"
    assert _diagnosed(notebook, Catalog(notebook), source) is None
    edit(notebook.wrong, 'mistake="no_sign" says', 'mistake="no_sign" values="vary" says')
    assert _diagnosed(notebook, Catalog(notebook), source) == ("no_sign", 1)
    error = source.replace("7.0", 'int("x")')  # fails the same check in another way
    assert _diagnosed(notebook, Catalog(notebook), error) is None
    edit(notebook.wrong, 'values="vary"', 'values="any"')
    with pytest.raises(BookError, match="values='any'; expected \"vary\""):
        wrong_answers(notebook)


def test_a_diagnosis_that_takes_too_long_is_left_out_and_remembered_for_the_next(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook, memory = tiny.notebooks[0], tiny.root / "build" / "mistakes"
    source = "def twice(x):\n    return 2 * abs(x)"
    checks = checks_by_exercise(notebook, load_checks(notebook))["twice"]
    catalog = Catalog(notebook, memory)
    catalog.patience = -1.0
    assert _diagnosed(notebook, catalog, source) is None
    assert not catalog.learn("twice", checks, -1.0)
    assert catalog.learn("twice", checks, 60.0)
    assert _diagnosed(notebook, catalog, source) == ("no_sign", 1)
    again = Catalog(notebook, memory)  # another process
    again.patience = -1.0
    assert _diagnosed(notebook, again, source) == ("no_sign", 1)
    edit(notebook.wrong, "2 * min", "3 * min")  # what was found is of other files now
    stale = Catalog(notebook, memory)
    stale.patience = -1.0
    assert _diagnosed(notebook, stale, source) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"of": 3, "fails": []}', "\x00"])
def test_a_memory_that_is_damaged_counts_as_none(tiny: Book, text: str) -> None:
    notebook, memory = tiny.notebooks[0], tiny.root / "build" / "mistakes"
    memory.mkdir(parents=True)
    (memory / "01_twice.json").write_text(text)
    catalog = Catalog(notebook, memory)
    assert _diagnosed(notebook, catalog, TWO_FAILURES) == ("power", 0.5)


def test_a_recorded_catalog_diagnoses_as_the_code_does(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    checks = checks_by_exercise(notebook, load_checks(notebook))
    wrong, bench = wrong_answers(notebook), Bench(notebook, Answers.reference(notebook))
    notebook.recorded.write_text(Catalog(notebook).record(checks))
    notebook.wrong.unlink()
    catalog = Catalog(notebook)
    for one in wrong:
        run = functools.partial(_ran, bench, one.answers)
        found = catalog.diagnose("twice", checks["twice"], run)
        assert found is not None and found.agreement == 1
        assert (found.named.mistake, found.named.says) == (one.mistake, one.says)


def _ran(bench: Bench, answers: Answers, check: Check) -> Failure | None:
    return bench.run(check, "twice", answers, SEED)


def test_check_in_a_notebook_uses_the_live_names_and_shows_a_table(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def live(factor: float) -> object:
        space = {"check": check, "twice": lambda x: factor * x}
        exec('table = check("twice")', space)
        return space["table"]

    good, bad = live(2), live(3)
    assert repr(good).startswith("twice: 2 of 2 checks pass")
    assert "a positive number is multiplied" in good._repr_html_()  # type: ignore[attr-defined]
    assert repr(bad).startswith("twice: 0 of 2 checks pass")
    assert "expected" in bad._repr_html_()  # type: ignore[attr-defined]
    assert "unrolled hint twice" in repr(bad) and "unrolled hint" not in repr(good)


def test_check_in_a_notebook_says_what_is_not_tried_and_what_is_unknown(tiny: Book) -> None:
    def stub(x: float) -> float:
        raise NotImplementedError("exercise twice")

    space = {"check": check, "twice": stub}
    exec('table = check("twice")', space)
    assert repr(space["table"]).startswith("twice: not tried yet (2 checks wait)")
    with pytest.raises(BookError, match="no exercise 'nothing'"):
        check("nothing")


def test_one_check_waits_and_passes_where_several_wait_and_pass(tiny: Book) -> None:
    checks = tiny.notebooks[0].checks
    checks.write_text(checks.read_text().partition("def test_a_negative")[0])

    def stub(x: float) -> float:
        raise NotImplementedError("exercise twice")

    for answer, said in ((stub, "not tried yet (1 check waits)"), (abs, "0 of 1 check passes")):
        space = {"check": check, "twice": answer}
        exec('table = check("twice")', space)
        assert repr(space["table"]).startswith(f"twice: {said}\n")


def test_check_in_a_notebook_knows_the_mistake_and_notes_what_it_found(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tiny.root / "work"
    work.mkdir()
    space = {"check": check, "twice": lambda x: 2 * abs(x)}
    exec('table = check("twice")', space)
    said = "this looks like a known mistake: The sign is lost; keep it."
    assert said in repr(space["table"]) and said in space["table"]._repr_html_()  # type: ignore[attr-defined]
    assert not read_progress(work)[0].exercises  # not a student's notebook
    monkeypatch.chdir(work)
    exec('table = check("twice")', space)
    row = read_progress(work)[0].of("twice")
    assert (row.passing, row.checks, row.says) == (1, 2, said)


def test_a_notebook_that_runs_all_its_cells_stops_at_the_first_stub(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(
        tiny.notebooks[0].source,
        "# NBVAL",
        "from unrolled import check\n\ncheck('twice')\n\n# %%\n# NBVAL",
    )
    work = tiny.root / "work"
    list(start(tiny, tiny.notebooks))
    notebook = read_notebook(work / "01_twice.ipynb")
    with pytest.raises(CellExecutionError) as error:
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(work)}}).execute()
    assert "exercise 1.1 twice is not tried yet, so this run stops here" in str(error.value)
    [output] = [one for cell in notebook.cells for one in cell.get("outputs", ())]
    assert output.traceback == [f"unrolled: {output.evalue}"]


@pytest.mark.parametrize("plugin", [Live({}), Submitted({}, dict, {}), Warm(1, {})])
def test_what_pytest_is_handed_can_be_hashed_as_its_oldest_version_does(plugin):
    assert hash(plugin) == hash(plugin)


def test_check_in_a_notebook_names_a_helper_of_another_cell(tiny: Book) -> None:
    cells = ["def half(x):\n    return x\n", "def twice(x):\n    return half(x) + half(x)\n"]
    space: dict[str, object] = {"check": check}
    for number, source in enumerate(cells):
        exec(compiled(source, f"<cell {number}>", 1), space)
    exec("found = check('1.1')", space)
    assert "half is defined in another cell; move it into the cell of twice" in repr(space["found"])
    exec(compiled("".join(cells), "<one cell>", 1), space)
    exec("found = check('twice')", space)
    assert "another cell" not in repr(space["found"])


@pytest.mark.parametrize("name", ["9", 7, None, "Twice!"])
def test_check_of_no_single_exercise_is_one_line(name: object, tiny: Book) -> None:
    with pytest.raises(BookError) as error:
        check(name)  # type: ignore[arg-type]
    lines = error.value._render_traceback_()
    assert len(lines) == 1
    assert lines[0].startswith("unrolled: ")


def test_dictionaries_that_differ_name_the_keys() -> None:
    with pytest.raises(Mismatch, match=r"^x: expected b; got c instead; a: expected 1, got 2$"):
        equal({"a": 2, "c": 1}, {"a": 1, "b": 1}, "x")


def test_an_error_that_is_returned_is_told_apart_from_one_that_is_raised() -> None:
    with pytest.raises(Mismatch, match="returned and not raised: write `raise`"):
        raises(ValueError, lambda: ValueError("no"), what="f()")


def test_the_books_checks_have_sentences_for_names() -> None:
    for notebook in read_book().notebooks:
        for checks in checks_by_exercise(notebook, load_checks(notebook)).values():
            for one in checks:
                assert one.__name__.count("_") >= 3, one.__name__
                assert Path(one.__code__.co_filename) == notebook.checks


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="a sleep cannot be interrupted")
def test_a_sleep_is_ended_too() -> None:
    with pytest.raises(Endless, match=r"this slept for 0\.4 s"), within(0.2, "this"):
        time.sleep(1000)


def _never_ends() -> None:
    """In a frame of its own, as answers are: there Python 3.12 and 3.13 may catch no interrupt.

    An interrupt that finds the end of such an inner loop passes by every handler of its frame:
    https://github.com/python/cpython/issues/130279.
    """
    while True:
        until = time.process_time() + 0.01
        while time.process_time() < until:
            pass
        time.sleep(0.02)  # as if others had the processor


def test_what_works_where_others_do_too_is_not_said_to_sleep() -> None:
    with pytest.raises(Endless, match=r"this ran for 0\.2 s"), within(0.2, "this"):
        _never_ends()


def test_a_loop_is_ended_where_interrupts_are_ignored_as_in_a_background_job() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(Endless, match=r"this ran for 0\.2 s"), within(0.2, "this"):
            _never_ends()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
