"""All tests of the book, in order: `make test`, or `.venv/bin/python tests`.

This is the one list of what a change has to pass. The first step that fails ends the run.
`make test-backends`, or `.venv/bin/python tests backends`, repeats what uses Keras on the
libraries that `make test` leaves out.
"""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from unrolled.environment import differing, lock_of

ROOT = Path(__file__).resolve().parent.parent
SHARED = "-n 2 --dist loadfile"  # two processes, a file in one of them


def reproduces() -> bool:
    """Whether outputs are the stored ones: on Linux x86-64, with the versions of the lock."""
    lock = lock_of(str(ROOT))
    here = (sys.platform, platform.machine()) == ("linux", "x86_64")
    return here and lock is not None and not differing(lock)


STEPS = {
    "style": "ruff check .",
    "layout": "ruff format --check unrolled tests/package tests/chapters",
    "spelling": "codespell",
    "types": "mypy",
    "the package, and attacks on its grader": f"pytest {SHARED} -rsfE tests/package tests/attacks",
    "the solutions": f"pytest {SHARED} tests/chapters --answers solutions",
    "the solutions, through the wire": (
        f"pytest {SHARED} tests/chapters --answers solutions --backend wire"
    ),
    "the author's gate": "unrolled verify",
    # Outputs reproduce to the last digit on one kind of machine, with one set of versions;
    # elsewhere the notebooks have to run, and to pass the assertions that they hold.
    "the notebooks": f"pytest {SHARED} --nbval-lax tests/nbval"
    if reproduces()
    else "unrolled build",
}
# Run once for each of BACKENDS: the same checks and notebooks, and what the notebooks assert.
BACKEND_STEPS = {
    "the solutions": "pytest tests/chapters --answers solutions -k test_03",
    "the notebooks": "pytest -n 2 tests/backends",
}
BACKENDS = ("torch", "jax")
MODULES = {"codespell": "codespell_lib"}  # of tools whose module is not named for them


def run(steps: dict[str, str], **settings: str) -> int:
    """Run the steps with these environment variables; the first failure's exit status, or 0."""
    environment = {
        name: value
        for name, value in os.environ.items()
        # A reader's own data and settings have no say in whether the book is right.
        if name not in ("UNROLLED_DATA", "UNROLLED_CACHE", "UNROLLED_SCALE", "KERAS_BACKEND")
    }
    # Nor has what was fetched to the default cache: this one is never filled.
    environment["UNROLLED_CACHE"] = str(ROOT / "build" / "no-data")
    for title, words in steps.items():
        title = " ".join([title, *(f"on {value}" for value in settings.values())])
        print(f"── {title}: {words}", flush=True)
        start = time.perf_counter()
        tool, *rest = words.split()
        command = [sys.executable, "-m", MODULES.get(tool, tool), *rest]
        status = subprocess.run(command, cwd=ROOT, env=environment | settings).returncode
        if status:
            print(f"failed: {title} ({words})", flush=True)
            return status
        print(f"   {time.perf_counter() - start:.0f} s", flush=True)
    return 0


def main(arguments: list[str]) -> int:
    """Run the book's tests, or with the word "backends" those on other libraries below Keras."""
    if arguments not in ([], ["backends"]):
        print(f"tests: expected nothing or `backends`, got {' '.join(arguments)}", file=sys.stderr)
        return 2
    begin = time.perf_counter()
    if not arguments:
        status = run(STEPS)
    else:
        statuses = (run(BACKEND_STEPS, KERAS_BACKEND=backend) for backend in BACKENDS)
        status = next((one for one in statuses if one), 0)
    if not status:
        print(f"all tests passed in {time.perf_counter() - begin:.0f} s")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
