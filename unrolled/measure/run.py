"""Measuring: a chapter's experiments are run over their seeds, side by side, and kept."""

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
from functools import cache, cached_property
from importlib.metadata import packages_distributions, version
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

from unrolled import data
from unrolled.answers import Answers, load_namespace
from unrolled.errors import Show
from unrolled.files import write_atomic
from unrolled.manifest import Notebook, read_book
from unrolled.measure.experiments import Design, at_full_scale, code_hashes, data_digests
from unrolled.measure.tables import read_raw, stored_tables
from unrolled.runtime import machine

PACKAGES = {  # that compute a table, and what each is imported as
    "torch": "torch",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "numpy": "numpy",
    "scikit-learn": "sklearn",
}


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
    stored, folder = read_raw(notebook)["experiments"], notebook.root / "build" / "runs"
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
    space, full = _namespace(notebook.name), at_full_scale(notebook)
    left = full if scale != "full" else set(hashes) - full if full else set()
    tables: dict[str, Any] = {}
    tasks: list[_Task] = []
    for title, code in hashes.items():
        task = _Task(folder, title, code, space[title].experiment, scale)
        entry = stored.get(title)
        if entry and task.made(entry, any_scale=title in left):
            tables[title] = entry
        elif title in left:
            tables |= {title: entry} if entry else {}
        elif absent := [key for key in task.design.needs if not data.found(key)]:
            lack = f"{', '.join(absent)}, not on this machine"
            mend = f"`unrolled data fetch {' '.join(absent)}`"
            said(f"experiment {title} needs {lack}, and is not measured; {mend}")
            tables |= {title: entry} if entry else {}
        else:
            tasks.append(task)
    missing = [
        (task.title, seeds, part)
        for task in tasks
        for part, seeds in task.parts.items()
        if not _goes_on(part)
    ]
    if missing:
        _run_side_by_side(notebook.name, missing, jobs, progress)
    tables |= {task.title: task.entry() for task in tasks}
    ordered = {title: tables[title] for title in hashes if title in tables}
    return Measured(ordered, len(missing), {task.title: list(task.parts) for task in tasks})


@dataclass(frozen=True)
class _Task:
    """An experiment to be measured: each of its runs has a file of its own in the folder."""

    folder: Path
    title: str
    code: str
    design: Design
    scale: str

    @cached_property
    def digests(self) -> dict[str, str]:
        return data_digests(self.design.needs)

    def made(self, entry: Mapping[str, Any], any_scale: bool) -> bool:
        """Whether a table is what measuring now would make, but for chance."""
        of_scale = any_scale or entry["scale"] == self.scale
        return of_scale and (entry["code"], entry.get("data", {})) == (self.code, self.digests)

    @property
    def parts(self) -> dict[Path, tuple[int, ...]]:
        """The file of each run, with its seeds."""
        mark = [self.title, self.code, *(one[-8:] for one in self.digests.values()), self.scale]
        names = {"-".join([*mark, *map(str, seeds)]): seeds for seeds in self.design.calls}
        return {self.folder / f"{name}.json": seeds for name, seeds in names.items()}

    def entry(self) -> dict[str, Any]:
        """Return the table, once all runs are made."""
        read = [json.loads(part.read_text()) for part in self.parts]
        rows = {}
        for row in read[0]["rows"]:
            values = [value for one in read for value in one["rows"][row]]
            median = statistics.median(values)
            numbers = {"median": median, "low": min(values), "high": max(values)}
            rows[row] = {"values": [_json(one) for one in values]} | {
                key: _json(value) for key, value in numbers.items()
            }
        return {
            "code": self.code,
            "scale": self.scale,
            "seeds": list(self.design.seeds),
            "tolerance": self.design.tolerance,
            "machine": machine(),
            "versions": read[0]["versions"],
            **({"data": self.digests} if self.digests else {}),
            "rows": rows,
        }


def _run_side_by_side(
    name: str, runs: Sequence[tuple[str, tuple[int, ...], Path]], jobs: int, progress: Show
) -> None:
    """Run experiments, some at once; each is written to its file as soon as it is done."""
    context, done = get_context("spawn"), 0
    told = context.SimpleQueue()
    with ProcessPoolExecutor(jobs, context, _begin, (told,)) as pool:
        running = {
            pool.submit(_run, name, title, seeds): (title, part) for title, seeds, part in runs
        }
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
                    progress(title, done, len(runs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _goes_on(part: Path) -> bool:
    """Whether a run was finished, by an earlier call, with the versions that are here now."""
    try:
        then = json.loads(part.read_text())["versions"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(then == _installed(then))


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
