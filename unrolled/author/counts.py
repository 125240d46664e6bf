"""What the checks of each exercise were counted to do, kept in data/results/checks.json."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import NonNegativeInt, TypeAdapter

from unrolled.answers import Answers, owners, wrong_answers
from unrolled.codehash import code_hash, home, reach
from unrolled.manifest import Book, Notebook, Table, read_kept, write_kept
from unrolled.notebook import read_cells

FILE = "checks.json"
SHOWN = f"data/results/{FILE}"
FIRST_SEED = 100
RULES = (
    "checks/compare.py",
    "author/mutants.py",
)  # of the package: what counts as equal, what is changed


class Count(Table):
    """One exercise: what its checks did, and a hash of the code that they did it with.

    wrong: named wrong answers, all of them rejected. mutants: changed solutions, of which `killed`
    were rejected. seeds: runs of the solution, under FIRST_SEED and the seeds that follow it;
    failed: those under which a check failed, falsely. wrong_runs: of wrong answers, every form of
    them, under the first of these seeds; passed: a line for each run that passed, falsely.
    """

    code: str
    checks: NonNegativeInt
    wrong: NonNegativeInt
    mutants: NonNegativeInt
    killed: NonNegativeInt
    seeds: NonNegativeInt
    failed: tuple[int, ...] = ()
    wrong_runs: NonNegativeInt = 0
    passed: tuple[str, ...] = ()


_FILE = TypeAdapter(dict[str, Count])


def read_counts(root: Path) -> dict[str, Count]:
    """Return what is kept, by exercise; BookError, one line, for a file that is not as written."""
    return read_kept(root, FILE, _FILE, f"run {_mend()} without it")


def keep_counts(book: Book, counts: Mapping[str, Count]) -> None:
    """Put counts in the place of older ones; those of exercises that are no more go."""
    known = read_counts(book.root) | dict(counts)
    ids = {one.id for notebook in book.notebooks for one in notebook.exercises}
    write_kept(book.root, FILE, _FILE, {name: known[name] for name in sorted(known) if name in ids})


def counted_codes(notebook: Notebook) -> dict[str, str]:
    """Return, for each exercise, a hash of all code that its counts depend on.

    That is its checks, its solution and its wrong answers, with whatever these reach in the file
    of checks, in setup cells and in other solutions; and RULES.
    """
    checks = ast.parse(notebook.checks.read_text(encoding="utf-8"))
    solutions = Answers.reference(notebook).cells
    setup = [cell.source for cell in read_cells(notebook.source) if "setup" in cell.tags]
    answered = [cell.source for cells in solutions.values() for cell in cells]
    known = home([ast.unparse(checks), *setup, *answered])
    start: dict[str, list[ast.stmt]] = defaultdict(list)
    owner = owners(notebook)
    for node in checks.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and node.args.args:
            start[owner.get(node.args.args[0].arg, "")].append(node)
    wrong = [(one.exercise, one.answers.cells[one.exercise]) for one in wrong_answers(notebook)]
    for exercise, cells in [*solutions.items(), *wrong]:
        start[exercise] += [node for cell in cells for node in ast.parse(cell.source).body]
    package = Path(__file__).parents[1]
    rules = [node for one in RULES for node in ast.parse((package / one).read_text("utf-8")).body]
    return {one.id: code_hash([*reach(start[one.id], known), *rules]) for one in notebook.exercises}


def outdated(notebook: Notebook) -> Iterator[str]:
    """Yield a line for each exercise that was not counted, or with other code, or that failed."""
    counts, codes = read_counts(notebook.root), counted_codes(notebook)
    for name, code in codes.items():
        count = counts.get(name)
        if count is None:
            yield f"{SHOWN}: {name} has not been counted; run {_mend(notebook.key)}"
        elif count.code != code:
            yield f"{SHOWN}: {name} has changed since it was counted; run {_mend(notebook.key)}"
        elif count.failed:
            seeds = ", ".join(map(str, count.failed))
            yield f"{SHOWN}: the solution of {name} failed a check under --seed {seeds}; mend that"
        elif count.passed:
            yield f"{SHOWN}: wrong answer {count.passed[0]}; mend the checks of {name}"


def _mend(key: str = "") -> str:
    return " ".join(["`unrolled verify", *filter(None, [key]), "--seeds 20`"])
