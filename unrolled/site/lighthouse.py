"""Lighthouse's scores of the landing page and the chapters, where npm is at hand.

It is installed once, into `build/lighthouse`; after that no network is needed. Its "mobile" is a
phone of the middle class on slow 4G, simulated; its "desktop" a cable and no slowdown.
"""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.table import Table

from unrolled.errors import BookError
from unrolled.site.browser import chromium, serve

VERSION = "13.5.0"
LEAST = 95  # of 100, in each category
CATEGORIES = ("performance", "accessibility", "best-practices")
PRESETS = ("mobile", "desktop")
# Whatever else the machine does only lowers the performance, so the best of some runs is nearest.
RUNS = 3
PATIENCE = 300  # seconds for one run


@dataclass(frozen=True)
class Score:
    """A page's scores under one preset, from 0 to 100, and what costs it points."""

    page: str
    preset: str
    points: dict[str, int]
    lost: tuple[str, ...]

    def low(self) -> bool:
        """Say whether a category is below LEAST."""
        return min(self.points.values()) < LEAST


def install(folder: Path) -> Path:
    """Return the path of Lighthouse's program in `folder`, installed by npm where it is missing.

    Raises BookError without npm, or without network at the first call.
    """
    program = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    manifest = program.parent.parent / "package.json"
    if manifest.is_file() and json.loads(manifest.read_bytes())["version"] == VERSION:
        return program
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise BookError("no npm, so no Lighthouse")
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]
    done = subprocess.run(
        [*command, str(folder), f"lighthouse@{VERSION}"], capture_output=True, text=True
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or ["npm failed"]
        raise BookError(f"no Lighthouse: {lines[0]}")
    return program


def score(program: Path, address: str, page: str, preset: str) -> Score:
    """Run Lighthouse once on a page; BookError with what it said where it ends without scores."""
    flags = "--headless=new --no-sandbox --disable-gpu"
    command = ["node", str(program), f"{address}/{page}", "--output=json", "--quiet"]
    command += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={flags}"]
    command += ["--preset=desktop"] if preset == "desktop" else []
    try:
        said, complaint = _run(command)
    except subprocess.TimeoutExpired as error:
        raise BookError(f"Lighthouse on {page}: no scores in {PATIENCE} seconds") from error
    try:
        found = json.loads(said)
        points = {n: round(100 * found["categories"][n]["score"]) for n in CATEGORIES}
        lost = tuple(
            f"{one['id']} {found['audits'][one['id']].get('displayValue', '')}".strip()
            for name in CATEGORIES
            for one in found["categories"][name]["auditRefs"]
            if one["weight"] and (found["audits"][one["id"]]["score"] or 0) < 0.9
            if found["audits"][one["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual")
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BookError(f"Lighthouse on {page}: {_reason(complaint)}") from error
    return Score(page, preset, points, lost)


def _run(command: list[str]) -> tuple[str, str]:
    """Return what a command wrote to its two outputs; nothing that it started outlives it.

    Lighthouse starts Chromium in a session of its own and keeps its process number in a folder for
    temporary files, which it takes away when it ends well. Raises subprocess.TimeoutExpired.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as room:
        environment = os.environ | {"CHROME_PATH": chromium() or "", "TMPDIR": room}
        out, err = Path(room, "out"), Path(room, "err")
        with out.open("wb") as said, err.open("wb") as complaint:
            process = subprocess.Popen(
                command, stdout=said, stderr=complaint, env=environment, start_new_session=True
            )
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()
                process.wait()
                if os.name == "posix":
                    noted = [one.read_text() for one in Path(room).glob("*/chrome.pid")]
                    for leader in (process.pid, *map(int, filter(str.isdigit, noted))):
                        with suppress(ProcessLookupError):
                            os.killpg(leader, signal.SIGKILL)
        return out.read_text("utf-8", "replace"), err.read_text("utf-8", "replace")


def _reason(complaint: str) -> str:
    """Return the line that names the error, without the listing and the trace around it."""
    lines = complaint.strip().splitlines()
    named = [one for one in lines if re.match(r"\w*Error\b|Runtime error", one)]
    return next(iter(named or lines[-1:]), "it said nothing")


def scores(
    program: Path, folder: Path, pages: Iterable[str], told: Callable[[str], None] = lambda _: None
) -> list[Score]:
    """Return the best scores of each page of a folder under each preset."""
    found = []
    with serve(folder) as address:
        for page in pages:
            for preset in PRESETS:
                best: Score | None = None
                for _ in range(RUNS):
                    told(f"Lighthouse, {preset}: {page}")
                    one = score(program, address, page, preset)
                    if best is None or sum(one.points.values()) > sum(best.points.values()):
                        best = one
                    if not best.low():
                        break
                assert best is not None
                found.append(best)
    return found


def table(found: list[Score]) -> Table:
    """Return the scores, one row for each page and preset."""
    shown = Table(title=f"Lighthouse {VERSION}, best of at most {RUNS} runs")
    shown.add_column("page")
    shown.add_column("preset")
    for name in CATEGORIES:
        shown.add_column(name.replace("-", " "), justify="right")
    for one in found:
        points = [str(one.points[name]) for name in CATEGORIES]
        shown.add_row(one.page.removesuffix(".html"), one.preset, *points)
    return shown
