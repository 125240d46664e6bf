"""All tests of the book, in order: `make test`, or `.venv/bin/python tests`.

This is the one list of what a change has to pass. The first step that fails ends the run.
"""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE_MACHINE = sys.platform == "linux" and platform.machine() == "x86_64"

STEPS = {
    "style": "ruff check .",
    "types": "mypy",
    "the package": "pytest -rs tests/package",
    "the solutions": "pytest tests/chapters --answers solutions",
    "the solutions, through the wire": "pytest tests/chapters --answers solutions --backend wire",
    "attacks on the grader": "pytest -rs tests/attacks",
    "the author's gate": "unrolled verify",
    # Outputs reproduce to the last digit on one kind of machine; elsewhere the notebooks have to
    # run, and to pass the assertions that they hold.
    "the notebooks": "pytest --nbval-lax -n 2 --dist loadfile tests/nbval"
    if REFERENCE_MACHINE
    else "unrolled build",
}
MODULES = {"ruff": "ruff", "mypy": "mypy", "pytest": "pytest", "unrolled": "unrolled"}


def main() -> int:
    """Run the steps; the exit status of the first that fails, or 0."""
    environment = {
        name: value
        for name, value in os.environ.items()
        # A reader's own data and settings have no say in whether the book is right.
        if name not in ("UNROLLED_DATA", "UNROLLED_CACHE", "UNROLLED_SCALE")
    }
    begin = time.perf_counter()
    for title, words in STEPS.items():
        print(f"── {title}: {words}", flush=True)
        start = time.perf_counter()
        tool, *rest = words.split()
        command = [sys.executable, "-m", MODULES[tool], *rest]
        status = subprocess.run(command, cwd=ROOT, env=environment).returncode
        if status:
            print(f"failed: {title} ({words})", flush=True)
            return status
        print(f"   {time.perf_counter() - start:.0f} s", flush=True)
    print(f"all tests passed in {time.perf_counter() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
