"""Measured tables: experiments of a chapter, run over seeds and kept in data/results/."""

import ast
import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions, version
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from unrolled import data
from unrolled.answers import Answers, load_namespace
from unrolled.codehash import code_hash, home, reach
from unrolled.errors import BookError, Show
from unrolled.files import write_atomic
from unrolled.manifest import Notebook, first_problem, meant, read_book
from unrolled.notebook import Cell, read_cells
from unrolled.runtime import machine

Run = Callable[[Any], Mapping[str, Any]]
PACKAGES = {  # that compute a table, and what each is imported as
    "torch": "torch",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "numpy": "numpy",
    "scikit-learn": "sklearn",
}
WIDTHS = 3  # a few seeds' range says little of what other draws of the same kind will be


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


@dataclass(frozen=True)
class Summary:
    """One measured value over seeds. `values` stand in the order of `seeds`.

    A value is `in` it within the range and the relative tolerance. Elsewhere, where the same seeds
    are other draws, the tolerance is twice that, and WIDTHS widths of the range come on top.
    """

    seeds: tuple[int, ...]
    values: tuple[float, ...]
    tolerance: float
    elsewhere: bool = False

    @property
    def median(self) -> float:
        """The median over seeds."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)

    def __contains__(self, value: float) -> bool:
        low, high, slack, more = self.low, self.high, self.tolerance, 0.0
        if self.elsewhere:
            slack *= 2
            more = WIDTHS * (high - low) if math.isfinite(high - low) else 0.0
        if math.isfinite(low):
            low -= slack * abs(low) + more
        if math.isfinite(high):
            high += slack * abs(high) + more
        return low <= value <= high

    def __format__(self, spec: str) -> str:
        spec = spec or ".3g"
        return f"{self.median:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def __str__(self) -> str:
        return format(self, "")


class _Row(BaseModel):
    values: Annotated[tuple[float, ...], Field(min_length=1)]


class Entry(BaseModel):
    """One stored table, with what it was measured on; what rows hold besides values follows."""

    code: str
    scale: str
    seeds: tuple[int, ...]
    tolerance: float
    machine: str
    versions: dict[str, str]
    data: dict[str, str] = {}
    rows: dict[str, _Row]

    @property
    def summaries(self) -> dict[str, Summary]:
        """The table's rows."""
        rows = self.rows.items()
        away = _elsewhere(self.versions)
        return {name: Summary(self.seeds, row.values, self.tolerance, away) for name, row in rows}


class Stored(BaseModel):
    """A file of data/results/: the command that made it, and its tables; no command, no file."""

    command: str = ""
    experiments: dict[str, Entry]


def stored_tables(notebook: Notebook) -> Stored:
    """Return a notebook's tables; BookError, one line, for a file that is not as written."""
    return _validated(_read(notebook), _shown(notebook))


def _validated(found: Any, place: str) -> Stored:
    try:
        return Stored.model_validate(found)
    except ValidationError as error:
        raise BookError(f"{place}: {first_problem(error)}; {_MEND}") from error


def measured(name: str, root: Path | None = None) -> dict[str, dict[str, Summary]]:
    """Return the stored tables of a notebook: experiment → row → Summary.

    A table or a row that is not there raises BookError when it is read: a course is handed out
    without tables.
    """
    [notebook] = read_book(root).select([name])
    tables = stored_tables(notebook).experiments
    return _Tables({title: _Rows(title, entry.summaries) for title, entry in tables.items()})


def _elsewhere(versions: dict[str, str]) -> bool:
    """Whether Keras computes with another library here than where a table was measured."""
    keras = sys.modules.get("keras")
    return keras is not None and "keras" in versions and keras.backend.backend() not in versions


class _Tables(dict[str, dict[str, Summary]]):
    def __missing__(self, title: str) -> dict[str, Summary]:
        raise BookError(
            f"the table {title!r} is measured over many seeds and stands in the book; "
            "a course comes without it, and `unrolled results` makes it once all is solved"
        )


class _Rows(dict[str, Summary]):
    def __init__(self, title: str, rows: Mapping[str, Summary]) -> None:
        super().__init__(rows)
        self.title = title

    def __missing__(self, row: str) -> Summary:
        raise BookError(f"the table {self.title!r} has no row {row!r}; {meant(row, list(self))}")


def _read(notebook: Notebook) -> dict[str, Any]:
    if not notebook.results.is_file():
        return {"experiments": {}}
    return _loaded(notebook.results, _shown(notebook))


def _loaded(path: Path, place: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BookError(f"{place}: {error}; {_MEND}") from error


_MEND = "put back what git has, or remove it and run `unrolled results`"


def _shown(notebook: Notebook) -> str:
    return f"data/results/{notebook.results.name}"


# --- which code made a number -----------------------------------------------------------------


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
    stored, problems = stored_tables(notebook).experiments, []
    hashes, optional = code_hashes(notebook), at_full_scale(notebook)
    for name, code in hashes.items():
        if name not in stored and name not in optional:
            problems.append(f"experiment {name} has no stored table")
        elif name in stored and stored[name].code != code:
            problems.append(f"experiment {name} has changed since its table was measured")
        for key, digest in stored[name].data.items() if name in stored else ():
            if _digests([key]) != {key: digest}:
                problems.append(f"experiment {name} was measured on other data than {key} is now")
    problems += [f"table {name} has no experiment" for name in stored if name not in hashes]
    mend = f"run `unrolled results {notebook.key}`"
    return [f"{_shown(notebook)}: {problem}; {mend}" for problem in problems]


def _digests(needs: Sequence[str]) -> dict[str, str]:
    """The hash of each file that an experiment needs, whether it is here or not."""
    known = data.names() if needs else ()
    return {key: data.digest(key) if key in known else "unknown" for key in needs}


# --- measuring --------------------------------------------------------------------------------


@cache
def _namespace(name: str) -> dict[str, Any]:
    [notebook] = read_book().select([name])
    answers = Answers.reference(notebook)
    return load_namespace(notebook, answers, kinds=("setup", "exercise", "experiment"))


_tell: ContextVar[Callable[[tuple[str, int, int]], None]]
_tell = ContextVar("told how far a long run is, in a process that measures", default=lambda _: None)


def _begin(told: Any) -> None:
    """Prepare a process that measures."""
    _tell.set(told.put)
    end_with_the_parent()


def track(steps: range, title: str) -> Iterator[int]:
    """Yield `steps`; under `unrolled results` a bar with this title follows, once a second."""
    last = 0.0
    for step in steps:
        if time.monotonic() - last > 1:
            last = time.monotonic()
            _tell.get()((title, step, steps.stop))
        yield step


def end_with_the_parent() -> None:
    """End this process when the one that started it does, however that one ended."""

    def wait() -> None:
        parent = parent_process()
        assert parent is not None
        parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def run_seeds(name: str, title: str, seeds: tuple[int, ...]) -> dict[str, list[float]]:
    """Run a notebook's experiment; return its rows, a value for each seed."""
    run = _namespace(name)[title]
    if run.experiment.together:
        return {row: [float(one) for one in values] for row, values in run(seeds).items()}
    return {row: [float(value)] for row, value in run(*seeds).items()}


def _run(name: str, title: str, seeds: tuple[int, ...]) -> dict[str, Any]:
    """Run an experiment in a process of its own; return what is kept of it until all are run."""
    _namespace(name)
    start = sum(os.times()[:4])
    rows = run_seeds(name, title, seeds)
    return {"rows": rows, "cpu": sum(os.times()[:4]) - start, "versions": versions()}


@dataclass(frozen=True)
class Measured:
    """A notebook's tables after a call, and how many runs it made.

    parts: of what was measured, the files that an interrupted call would have gone on from, by
    experiment; each holds its rows, its CPU seconds and the versions it was made with.
    """

    tables: dict[str, Any]
    runs: int
    parts: dict[str, list[Path]]


def measure(
    notebook: Notebook,
    progress: Show,
    scale: str = "default",
    jobs: int = 2,
    said: Callable[[str], object] = lambda _: None,
) -> int:
    """Run what is missing or stale, seed by seed, and write the table; return the runs made.

    Every finished seed is kept under build/, so an interrupted call goes on where it stopped, with
    the same versions.
    progress(title, done, total) is called after each run. said(line) is told of each experiment
    whose data is not here and which is not measured: a stored table stays.
    """
    stored_tables(notebook)  # refuses a file that is damaged
    stored, folder = _read(notebook)["experiments"], notebook.root / "build" / "runs"
    hashes = code_hashes(notebook)
    found = measure_into(folder, notebook, hashes, stored, progress, scale, jobs, said)
    own = "default" if at_full_scale(notebook) else scale
    command = f"unrolled results {notebook.key}" + f" --scale {own}" * (own != "default")
    table = {"notebook": notebook.name, "command": command, "experiments": found.tables}
    write_atomic(notebook.results, json.dumps(table, indent=1) + "\n")
    return found.runs


def measure_into(
    folder: Path,
    notebook: Notebook,
    hashes: Mapping[str, str],
    stored: Mapping[str, Any],
    progress: Show,
    scale: str,
    jobs: int,
    said: Callable[[str], object],
) -> Measured:
    """Run what `stored` lacks, as `measure` does, with the finished seeds in a folder.

    hashes: the experiments that count, with what their code hashes to.
    """
    os.environ.update(OMP_NUM_THREADS="1", UNROLLED_SCALE=scale)
    hashes = dict(hashes)
    space, optional = _namespace(notebook.name), at_full_scale(notebook)
    left = optional if scale != "full" else set(hashes) - optional if optional else set()
    designs: dict[str, Design] = {title: space[title].experiment for title in hashes}
    digests = {title: _digests(design.needs) for title, design in designs.items()}
    fresh = {
        name: entry
        for name, entry in stored.items()
        if hashes.get(name) == entry["code"]
        and (entry["scale"] == scale or name in left)
        and entry.get("data", {}) == digests[name]
    }
    for title, design in designs.items():
        settled = title in fresh or title in left
        absent = [key for key in design.needs if not settled and not data.found(key)]
        if absent:
            lack = f"{', '.join(absent)}, not on this machine"
            mend = f"`unrolled data fetch {' '.join(absent)}`"
            said(f"experiment {title} needs {lack}, and is not measured; {mend}")
            fresh |= {title: stored[title]} if title in stored else {}
            del hashes[title]
    todo: list[tuple[str, tuple[int, ...], Path]] = []
    for title, code in hashes.items():
        if title in fresh or title in left:
            continue
        for seeds in designs[title].calls:
            mark = [title, code, *(one[-8:] for one in digests[title].values()), scale]
            file = f"{'-'.join([*mark, *map(str, seeds)])}.json"
            todo.append((title, seeds, folder / file))
    missing = [one for one in todo if not _goes_on(one[2])]
    if missing:
        context, done = get_context("spawn"), 0
        told = context.SimpleQueue()
        with ProcessPoolExecutor(jobs, context, _begin, (told,)) as pool:
            running = {pool.submit(_run, notebook.name, t, s): (t, p) for t, s, p in missing}
            waiting = set(running)
            try:
                while waiting:
                    finished, waiting = wait(waiting, 0.2, FIRST_COMPLETED)
                    while not told.empty():
                        progress(*told.get())
                    for future in finished:
                        title, part = running[future]
                        write_atomic(part, json.dumps(future.result()))
                        done += 1
                        progress(title, done, len(missing))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    made: dict[str, list[Path]] = {}
    for title, _, part in todo:
        made.setdefault(title, []).append(part)
    for title, files in made.items():
        parts = [json.loads(part.read_text()) for part in files]
        fresh[title] = _entry(designs[title], hashes[title], scale, parts, digests[title])
    ordered = {title: fresh[title] for title in designs if title in fresh}
    return Measured(ordered, len(missing), made)


def _goes_on(part: Path) -> bool:
    """Whether a run was finished, by an earlier call, with the versions that are here now."""
    try:
        then = json.loads(part.read_text())["versions"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(then == _installed(then))


def _entry(
    design: Design, code: str, scale: str, parts: Sequence[Any], digests: dict[str, str]
) -> Any:
    rows = {}
    for row in parts[0]["rows"]:
        values = [value for part in parts for value in part["rows"][row]]
        median = statistics.median(values)
        numbers = {"median": median, "low": min(values), "high": max(values)}
        rows[row] = {"values": [_json(one) for one in values]} | {
            key: _json(value) for key, value in numbers.items()
        }
    return {
        "code": code,
        "scale": scale,
        "seeds": list(design.seeds),
        "tolerance": design.tolerance,
        "machine": machine(),
        "versions": parts[0]["versions"],
        **({"data": digests} if digests else {}),
        "rows": rows,
    }


def _json(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)  # JSON has no infinity


def versions() -> dict[str, str]:
    """Return the versions of Python and of those libraries that this process has loaded."""
    loaded = {name.split(".")[0] for name in sys.modules}
    return _installed([name for name, module in PACKAGES.items() if module in loaded])


_homes = cache(packages_distributions)  # tensorflow may be tensorflow-cpu


def _installed(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and, of these libraries, of those that are installed."""
    return {"python": platform.python_version()} | {
        name: version(_homes()[module][0]).split("+")[0]
        for name, module in PACKAGES.items()
        if name in names and module in _homes()
    }
