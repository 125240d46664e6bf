"""What this machine has of what the book needs, and the command that mends what is missing."""

import importlib
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from packaging.requirements import Requirement

from unrolled.answers import newest
from unrolled.data.registry import read_registry
from unrolled.data.store import exists
from unrolled.grade.jail import INSTALL, missing_of_jail
from unrolled.manifest import PACKED, Book, restored
from unrolled.student.progress import NAME, read_progress
from unrolled.student.work import outdated

SHOWN = ("torch", "keras", "tensorflow", "tensorflow-cpu", "jax", "jupyterlab", "jupytext")
MAKE = "python unrolled/environment.py"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for. mend: the command that helps; empty where all is well.

    needed: whether the book does not work without it.
    """

    what: str
    found: str
    mend: str = ""
    needed: bool = True


def examine(book: Book) -> Iterator[Finding]:
    """Yield what was looked for, in an order in which one mends it."""
    yield Finding("Python", f"{sys.version.split()[0]}, {sys.executable}")
    yield from _packages(book)
    yield from _devices(book)
    yield _kernel()
    yield from _work(book)
    yield from _data(book)
    if sys.platform == "linux":
        jail = missing_of_jail()
        lack = f"without {' and '.join(jail)}" if jail else "here"
        yield Finding("jail, for instructors", lack, f"sudo {INSTALL}" * bool(jail), needed=False)


def _packages(book: Book) -> Iterator[Finding]:
    try:
        table = tomllib.loads((book.root / "pyproject.toml").read_text(encoding="utf-8"))
        lines = table["project"]["dependencies"]
    except (ValueError, KeyError) as error:  # a merge that was left half-way, say
        mend = "install the book again" if book.root == PACKED else "put back what git has"
        yield Finding("pyproject.toml", f"cannot be read: {error}", mend)
        return
    whole = True
    for line in lines:
        found, fits = _held(line)
        whole = whole and fits
        asked = Requirement(line)
        if not fits:
            mend = f'{sys.executable} -m pip install "{line}"' if book.root == PACKED else MAKE
            yield Finding(asked.name, f"{found or 'not here'}; expected {asked.specifier}", mend)
        elif found and asked.name in SHOWN:
            yield Finding(asked.name, found)
    if whole:
        yield Finding("packages", "all in their ranges")
    if book.root == PACKED or not (book.root / "solutions").is_dir():
        return  # what needs the groups needs a clone
    for name, lines in table["project"].get("optional-dependencies", {}).items():
        amiss = [Requirement(line).name for line in lines if not _held(line)[1]]
        if amiss:
            found = f"missing, or not in its range: {', '.join(amiss)}"
            yield Finding(f"group {name}", found, MAKE, needed=False)


def _held(line: str) -> tuple[str, bool]:
    """Return the version that is here, and whether it is what a requirement asks for."""
    asked = Requirement(line)
    if asked.marker and not asked.marker.evaluate():
        return "", True
    try:
        found = version(asked.name)
    except PackageNotFoundError:
        return "", False
    return found, asked.specifier.contains(found, prereleases=True)


def _devices(book: Book) -> Iterator[Finding]:
    from unrolled.errors import BookError
    from unrolled.runtime import device

    try:
        torch = importlib.import_module("torch")
        yield Finding("device", f"{device()}; UNROLLED_DEVICE chooses another")
    except BookError as error:
        yield Finding("device", str(error), "unset UNROLLED_DEVICE")
        return
    except Exception as error:  # a broken installation raises what it likes
        mend = "install the book again" if book.root == PACKED else MAKE
        yield Finding("device", f"torch cannot be imported: {error}", mend)
        return
    if torch.cuda.is_available():
        yield Finding("GPU", torch.cuda.get_device_name())
    elif torch.backends.mps.is_available():
        yield Finding("GPU", "Apple's, by Metal (mps)")
    else:
        yield Finding("GPU", f"none that torch {torch.__version__} sees; none is needed")


def _kernel() -> Finding:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        place = KernelSpecManager().get_kernel_spec("python3").resource_dir
    except NoSuchKernel:
        return Finding(
            "kernel of notebooks",
            "no python3",
            f"{sys.executable} -m ipykernel install --sys-prefix",
        )
    return Finding("kernel of notebooks", f"python3, {place}")


def _work(book: Book) -> Iterator[Finding]:
    work = book.work
    if not work.is_dir():
        yield Finding("your answers", "no folder work/ yet", "unrolled start", needed=False)
        return
    started = [one for one in book.notebooks if newest(work, one)]
    names = ", ".join(one.key for one in started) or "none"
    yield Finding("your answers", f"work/ has {names}")
    behind = ", ".join(one.key for one in started if outdated(work, one))
    if behind:
        yield Finding("newer chapters", behind, "unrolled update", needed=False)
    if read_progress(work)[1]:
        found = "damaged; what can be read counts, and the next check puts the rest aside"
        yield Finding(f"work/{NAME}", found, "unrolled check", needed=False)


def _data(book: Book) -> Iterator[Finding]:
    for one in read_registry():
        here = [exists(file) for file in one.files]
        whole = all(here)
        found = "here" if whole else f"{sum(here)} of {len(here)} files here" if any(here) else ""
        embedded = any(file.embedded for file in one.files)
        fetch = f"unrolled data fetch {one.name}"
        mend = restored(book.root, "data/") if embedded else fetch
        words = found or "not here; the chapters run without it"
        yield Finding(f"data: {one.name}", words, "" if whole else mend, needed=embedded)
