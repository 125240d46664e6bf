"""The experiments of a chapter: what marks one, and which code makes its numbers."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unrolled import data
from unrolled.codehash import code_hash, home, reach
from unrolled.manifest import Notebook
from unrolled.measure.tables import shown, stored_tables
from unrolled.notebook import Cell, read_cells

Run = Callable[[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Design:
    """Over which seeds an experiment is measured, and how."""

    seeds: tuple[int, ...]
    tolerance: float
    together: bool
    needs: tuple[str, ...] = ()
    scale: str | None = None

    @property
    def calls(self) -> list[tuple[int, ...]]:
        """The seeds of each call: one, or all at once."""
        return [self.seeds] if self.together else [(seed,) for seed in self.seeds]


def experiment(
    seeds: Iterable[int],
    tolerance: float = 0.0,
    together: bool = False,
    needs: str | Sequence[str] = (),
    scale: str | None = None,
) -> Callable[[Run], Run]:
    """Mark `run(seed) -> {row: value}` as measured over `seeds` by `make results`.

    tolerance: relative slack that a re-run on another machine may take outside the stored range.
    together: the seeds are trained side by side, `run(seeds) -> {row: a value for each seed}`.
    needs: fetched data, pjm/AEP, without which the stored table is kept and not measured again.
    scale: "full" for what takes hours on a GPU. It is measured by `--scale full` alone, which then
    leaves the notebook's other tables as they are, and it may be missing.
    """
    needed = (needs,) if isinstance(needs, str) else tuple(needs)

    def mark(run: Run) -> Run:
        design = Design(tuple(seeds), tolerance, together, needed, scale)
        run.experiment = design  # type: ignore[attr-defined]
        return run

    return mark


def _experiment_cells(notebook: Notebook) -> list[Cell]:
    cells = read_cells(notebook.source)
    solutions = {c.exercise: c for c in read_cells(notebook.solutions) if c.kind == "code"}
    kept = []
    for cell in cells:
        if cell.kind != "code":
            continue
        if cell.exercise:
            kept.append(solutions.get(cell.exercise, cell))
        elif {"setup", "experiment"} & set(cell.tags):
            kept.append(cell)
    return kept


def code_hashes(notebook: Notebook) -> dict[str, str]:
    """Return, for each experiment, a hash of all the code that it can reach.

    Reached are the top-level statements of setup, exercise (solution) and experiment cells that
    define a name it uses, and those that these use. Comments and docstrings do not count.
    """
    sources = [cell.source for cell in _experiment_cells(notebook)]
    known = home(sources)
    return {node.name: code_hash(reach([node], known)) for node in _experiments(known)}


def _experiments(known: Mapping[str, list[ast.stmt]]) -> list[ast.FunctionDef]:
    return [
        node
        for nodes in known.values()
        for node in nodes
        if isinstance(node, ast.FunctionDef) and _mark(node)
    ]


def _mark(node: ast.FunctionDef) -> ast.Call | None:
    calls = [one for one in node.decorator_list if isinstance(one, ast.Call)]
    return next((one for one in calls if getattr(one.func, "id", "") == "experiment"), None)


def described(notebook: Notebook) -> dict[str, str]:
    """Return what each experiment of a chapter says that it measures, in the chapter's order."""
    known = home([cell.source for cell in _experiment_cells(notebook)])
    return {node.name: ast.get_docstring(node) or "" for node in _experiments(known)}


def at_full_scale(notebook: Notebook) -> set[str]:
    """Return the experiments that are measured at full scale alone; they may have no table."""
    known = home([cell.source for cell in _experiment_cells(notebook)])
    marks = {node.name: _mark(node) for node in _experiments(known)}
    return {
        name
        for name, mark in marks.items()
        for one in (mark.keywords if mark else ())
        if one.arg == "scale" and getattr(one.value, "value", None) == "full"
    }


def stale(notebook: Notebook) -> list[str]:
    """Return a line for each experiment whose stored table is missing or made by other code."""
    stored = stored_tables(notebook).experiments
    hashes, optional = code_hashes(notebook), at_full_scale(notebook)
    problems: list[tuple[str, str]] = []
    for name, code in hashes.items():
        if name not in stored and name not in optional:
            problems.append((name, f"experiment {name} has no stored table"))
        elif name in stored and stored[name].code != code:
            problems.append((name, f"experiment {name} has changed since its table was measured"))
        for key, digest in stored[name].data.items() if name in stored else ():
            if data_digests([key]) != {key: digest}:
                what = f"experiment {name} was measured on other data than {key} is now"
                problems.append((name, what))
    problems += [(name, f"table {name} has no experiment") for name in stored if name not in hashes]
    mends = {name: f"{notebook.key} --scale full" for name in optional}
    return [
        f"{shown(notebook)}: {problem}; run `unrolled results {mends.get(name, notebook.key)}`"
        for name, problem in problems
    ]


def data_digests(needs: Sequence[str]) -> dict[str, str]:
    """Return the hash of each file that an experiment needs, whether it is here or not."""
    known = data.names() if needs else ()
    return {key: data.digest(key) if key in known else "unknown" for key in needs}
