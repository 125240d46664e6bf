"""Writing files whole or not at all, and knowing when what was made from them is stale."""

import hashlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import distributions
from itertools import count
from pathlib import Path
from typing import BinaryIO


def write_atomic(path: Path, text: str, mode: int | None = None) -> bool:
    """Write `text` by way of a temporary file beside it; leave an equal file alone.

    mode: the file's rights; by default those that it has. Returns whether the file changed.
    """
    content, there = text.encode(errors="surrogateescape"), path.is_file()
    if there and path.read_bytes() == content:
        return False
    if mode is None:
        mode = stat.S_IMODE(path.stat().st_mode) if there else 0o644
    with replacing(path, mode) as file:
        file.write(content)
    return True


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`, which takes its place if the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def keep(folder: Path, name: str, text: str) -> Path:
    """Put `text` into a folder of old files and return its place; once where it lies there already.

    Another text of that name stays, and this one gets a number: 01_twice.py, 01_twice.2.py.
    """
    stem, dot, ending = name.rpartition(".")
    for number in count(1):
        path = folder / (name if number == 1 else f"{stem}.{number}{dot}{ending}")
        if not path.exists() or path.read_bytes() == text.encode(errors="surrogateescape"):
            write_atomic(path, text)
            return path
    raise AssertionError("count ends nowhere")


def fingerprint(paths: Iterable[Path], *more: object) -> str:
    """Return a hash of what a result depends on: files, Python, all packages, and what else.

    A path that is no file counts as missing. more: values that JSON can write.
    """
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(json.dumps([sys.version, _versions(), *more]).encode())
    return digest.hexdigest()[:24]


@cache
def _versions() -> tuple[str, ...]:
    return tuple(sorted({f"{one.name} {one.version}" for one in distributions()}))
