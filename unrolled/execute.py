"""Execute notebooks in kernels of their own, two at a time, and keep what they print."""

import ast
import asyncio
import atexit
import os
import re
import signal
from collections.abc import Awaitable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.asynchronous.client import AsyncKernelClient
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbclient.util import ensure_async
from nbformat import NotebookNode

from unrolled.data import here
from unrolled.errors import BookError, Show
from unrolled.files import fingerprint, write_atomic
from unrolled.manifest import Notebook
from unrolled.notebook import read_cells, read_notebook, splice

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# What no page may show: an object's address, a machine's path, a warning.
FORBIDDEN = re.compile(
    r"\bat 0x[0-9a-f]{6,}|(?<![\w.])/(?:home|root|tmp|Users|work)/\w|[A-Z]:\\|Warning:"
)


@dataclass(frozen=True)
class Executed:
    """A solved notebook with its outputs, and how many cells were executed for it now."""

    notebook: Notebook
    solved: NotebookNode
    cells: int

    @property
    def cost(self) -> tuple[float, int]:
        """The CPU seconds of its execution, whenever that was, and the kernel's peak in bytes."""
        cpu, peak = self.solved.metadata["unrolled"]["spent"]
        return cpu, peak


def solve(notebook: Notebook) -> NotebookNode:
    """Return the chapter with the reference answers in place."""
    shown = f"solutions/{notebook.name}.py"
    return splice(read_notebook(notebook.source), read_notebook(notebook.solutions), shown)


def cache_key(notebook: Notebook, solved: NotebookNode) -> str:
    """Return the key of a notebook's outputs: everything that can change them.

    The code, the data's bytes, which fetched data are here, the package's own bytes, the versions
    of all packages, the checks, the measured tables, UNROLLED_* and KERAS_BACKEND.
    """
    code = [cell.source for cell in solved.cells if cell.cell_type == "code"]
    data = [path for path in (notebook.root / "data").iterdir() if path.suffix != ".md"]
    own = Path(__file__).parent
    package = [p for p in own.rglob("*.py") if own / "site" not in p.parents]
    names = [n for n in os.environ if n.startswith("UNROLLED_") or n == "KERAS_BACKEND"]
    settings = {name: os.environ[name] for name in sorted(names)}
    paths = [*data, *package, notebook.checks, notebook.results]
    return fingerprint(paths, code, settings, here())


def execute(notebooks: Sequence[Notebook], cache: Path, progress: Show) -> list[Executed]:
    """Execute the solved notebooks that the cache does not hold, two at a time.

    cache: a folder; one file a notebook, replaced whole. progress(key, done, total)
    follows the cells.
    Raises BookError for the first failing cell, with file, line, source and error.
    """
    found = [_from_cache(notebook, cache) for notebook in notebooks]
    kernels: list[NotebookClient] = []
    with ThreadPoolExecutor(2) as pool:
        futures = [
            pool.submit(_run, one, key, cache, progress, kernels) for one, key in found if key
        ]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done():
                    future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for client in list(kernels):
                _kill(client)
            raise
    return [one for one, _ in found]


def _from_cache(notebook: Notebook, cache: Path) -> tuple[Executed, str | None]:
    """Return a solved notebook with its cached outputs, or with the key to store new ones under."""
    solved = solve(notebook)
    key = cache_key(notebook, solved)
    code = [cell for cell in solved.cells if cell.cell_type == "code"]
    kept = _cached(cache / f"{notebook.name}.ipynb", key)
    if kept is None:
        return Executed(notebook, solved, len(code)), key
    solved.metadata["unrolled"] = kept.metadata["unrolled"]
    outputs = [cell for cell in kept.cells if cell.cell_type == "code"]
    for cell, old in zip(code, outputs, strict=True):
        cell.outputs, cell.execution_count = old.outputs, old.execution_count
    return Executed(notebook, solved, 0), None


def _kill(client: NotebookClient) -> None:
    """End a kernel at once; its thread then notices and ends too."""
    if client.km is not None and client.km.has_kernel:
        with suppress(RuntimeError, OSError):  # it may be ending by itself just now
            number = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows knows only the latter
            asyncio.run(ensure_async(client.km.signal_kernel(number)))


def _cached(file: Path, key: str) -> NotebookNode | None:
    try:
        kept = nbformat.read(file, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError):
        return None
    if kept.metadata.get("unrolled", {}).get("key") != key:
        return None
    return kept


def _run(
    one: Executed, key: str, cache: Path, progress: Show, kernels: list[NotebookClient]
) -> None:
    notebook, solved, total, done = one.notebook, one.solved, one.cells, 0
    progress(notebook.key, 0, total)

    async def executed(**_: object) -> None:
        nonlocal done
        done += 1
        progress(notebook.key, done, total)
        if done == total:
            solved.metadata["unrolled"] = {"key": key, "spent": await _spent(client)}

    client = NotebookClient(
        solved,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(notebook.root)}},
        on_cell_executed=executed,
        # The warning that loopback is not encrypted says nothing to a reader.
        extra_arguments=["--log-level=40"],
        coalesce_streams=True,
    )
    kernels.append(client)
    try:
        asyncio.run(client.async_execute(env=kernel_environment()))
    except CellExecutionError as error:
        raise BookError(_failure(notebook, solved, error)) from error
    except DeadKernelError as error:
        raise BookError(f"chapters/{notebook.name}.py: the kernel died: {error}") from error
    except RuntimeError as error:
        raise BookError(f"chapters/{notebook.name}.py: no kernel started: {error}") from error
    finally:
        kernels.remove(client)
        # Registered by the client, which forgets it where a kernel dies while it starts.
        atexit.unregister(client._cleanup_kernel)
    _tidy_all(notebook, solved)
    write_atomic(cache / f"{notebook.name}.ipynb", nbformat.writes(solved))


def _tidy_all(notebook: Notebook, solved: NotebookNode) -> None:
    """Tidy every output; BookError for one that holds what no reader should see."""
    for number, cell in enumerate(solved.cells):
        for output in cell.get("outputs", []):
            _tidy(output)
            found = FORBIDDEN.search(_text(output))
            if found:
                place = _place(notebook, solved, number)
                raise BookError(
                    f"{place}: the output holds {found[0]!r}: a path, an address or a warning; "
                    "print something else"
                )


def plain_metadata(notebook: NotebookNode) -> None:
    """Keep the kernel's name; when a cell ran would make every notebook a new one."""
    spec = dict(notebook.metadata["kernelspec"])
    notebook.metadata = nbformat.from_dict({"kernelspec": spec})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)


async def _spent(client: NotebookClient) -> list[float]:
    """Ask a kernel for its CPU seconds and its peak memory."""
    asked = {"spent": "__import__('unrolled.runtime').runtime.spent()"}
    assert isinstance(client.kc, AsyncKernelClient)
    # Waits until the kernel is idle as well: a busy one would be interrupted, and say so.
    answer = client.kc.execute_interactive(
        "", silent=True, user_expressions=asked, output_hook=lambda _: None
    )
    reply = await _unless_dead(client, answer)
    said = reply["content"]["user_expressions"]["spent"]["data"]["text/plain"]
    return list(ast.literal_eval(said))


async def _unless_dead(client: NotebookClient, answer: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Wait for a kernel's answer for as long as it lives; raises DeadKernelError after that."""
    waiting = asyncio.ensure_future(answer)
    while not waiting.done():
        await asyncio.wait([waiting], timeout=1)
        assert client.km is not None
        if not waiting.done() and not await ensure_async(client.km.is_alive()):
            waiting.cancel()
            raise DeadKernelError("it ended before it said what it had spent")
    return waiting.result()


def kernel_environment() -> dict[str, str]:
    """Return the environment of a kernel that executes the book: one thread, no color."""
    return os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1"}


def _tidy(output: NotebookNode) -> None:
    """Leave of a line what a terminal would show after carriage returns and backspaces."""
    if output.output_type != "stream":
        return
    lines = []
    for line in output.text.split("\n"):
        kept: list[str] = []
        for part in line.rstrip("\r").split("\r")[-1]:
            if part == "\b":
                del kept[-1:]
            else:
                kept.append(part)
        lines.append("".join(kept))
    output.text = "\n".join(lines)


def _text(output: Mapping[str, object]) -> str:
    if output.get("output_type") == "stream":
        return str(output.get("text", ""))
    data = output.get("data", {})
    assert isinstance(data, Mapping)
    return "\n".join(str(v) for k, v in data.items() if str(k).startswith("text/"))


def _failure(notebook: Notebook, solved: NotebookNode, error: CellExecutionError) -> str:
    number = next(
        n
        for n, cell in enumerate(solved.cells)
        if any(one.output_type == "error" for one in cell.get("outputs", []))
    )
    cell = solved.cells[number]
    raised = next(one for one in cell.outputs if one.output_type == "error")
    trace = ANSI.sub("", "\n".join(raised.traceback))
    found = re.findall(r"Cell In\[\d+\], line (\d+)", trace)
    line = int(found[0]) if found else 1
    lines = cell.source.splitlines()
    source = lines[line - 1].strip() if line <= len(lines) else lines[0]
    place = _place(notebook, solved, number, source)
    text = error.evalue.splitlines()[0] if error.evalue else ""
    return f"{place}: cell {number + 1} failed at `{source}`: {error.ename}: {text}"


def _place(notebook: Notebook, solved: NotebookNode, number: int, source: str = "") -> str:
    """Return file and line of a spliced cell, of the line `source` in it where it can be found."""
    name = solved.cells[number].metadata.get("exercise")
    folder, cell = "chapters", read_cells(notebook.source)[number]
    if name:
        folder = "solutions"
        cell = next(one for one in read_cells(notebook.solutions) if one.exercise == name)
    lines = [line.strip() for line in cell.source.splitlines()]
    offset = lines.index(source) if source in lines else 0
    return f"{folder}/{notebook.name}.py:{cell.line + offset}"
