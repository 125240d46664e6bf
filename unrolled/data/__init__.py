"""The book's data: one registry, every file verified before it is used.

A chapter asks `path("pjm/AEP")` for a file that has to be there, or `found("pjm/AEP")` for one
that it can do without. Neither fetches anything: that is what `unrolled data fetch` does.
What they return is a plain file, never a packed one: open it with numpy, csv or `open`.
"""

from pathlib import Path

from unrolled.data import store
from unrolled.data.registry import file_of, read_registry


def path(name: str) -> Path:
    """Return the file of a data set, verified; say how to fetch it if it is not here.

    name: as in the registry, icews_14x5.csv or pjm/AEP. Raises BookError for an unknown name,
    for a file that is not here, and for one whose bytes are not the ones the book was made with.
    """
    file = file_of(name)
    place = store.locate(file)
    if place is None:
        raise store.absent(file)
    return place


def found(name: str) -> Path | None:
    """Return the file of a data set, verified, or None if it is not on this machine.

    A file that is here but damaged is an error, as in `path`: a chapter must not fall back
    silently on other data than its reader believes to see.
    """
    return store.locate(file_of(name))


def digest(name: str) -> str:
    """Return the hash that a file must have: sha256:…, or md5:… where no more is published."""
    return file_of(name).digest


def names() -> tuple[str, ...]:
    """Return the names of all files: icews_14x5.csv, pjm/AEP, pjm/COMED, …"""
    return tuple(file.key for one in read_registry() for file in one.files)


def here() -> dict[str, str]:
    """Map the fetched files that lie on this machine to their hash, without reading any."""
    files = [file for one in read_registry() for file in one.files]
    return {one.key: one.digest for one in files if not one.embedded and store.exists(one)}
