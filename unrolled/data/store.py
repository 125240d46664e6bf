"""Where data files lie, and whether they are the right ones."""

import errno
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import platformdirs
from rich.filesize import decimal

from unrolled.data.registry import DataFile
from unrolled.errors import BookError
from unrolled.files import replacing, write_atomic
from unrolled.manifest import restored

FOLDERS = ("UNROLLED_DATA", "UNROLLED_CACHE")
CHUNK = 1 << 18


class Damaged(BookError):
    """A file under the right name with the wrong bytes; `place` is where it lies."""

    def __init__(self, place: Path, line: str) -> None:
        super().__init__(line)
        self.place = place


# --- folders ----------------------------------------------------------------------------------


def settle() -> None:
    """Make UNROLLED_DATA and UNROLLED_CACHE absolute, for processes that start elsewhere."""
    for name in FOLDERS:
        if folder := _folder(name):
            os.environ[name] = str(folder)


def hide_fetched(root: Path) -> None:
    """See nothing but what comes with the book, for outputs that have to reproduce anywhere."""
    os.environ.pop("UNROLLED_DATA", None)
    os.environ["UNROLLED_CACHE"] = str(root / "build" / "no-data")


def own_folder() -> Path | None:
    """Return the reader's own folder, UNROLLED_DATA; it is read and never written."""
    folder = _folder("UNROLLED_DATA")
    if folder and not folder.is_dir():
        raise BookError(f"UNROLLED_DATA is {folder}, which is no folder; make it, or unset it")
    return folder


def cache_folder() -> Path:
    """Return the folder for what is fetched: UNROLLED_CACHE, or the platform's for caches."""
    return _folder("UNROLLED_CACHE") or platformdirs.user_cache_path("unrolled")


def _folder(name: str) -> Path | None:
    """Return the folder that a variable names, absolute."""
    chosen = os.environ.get(name)
    return Path(chosen).expanduser().absolute() if chosen else None


@contextmanager
def writing(file: DataFile) -> Iterator[None]:
    """Turn what the system refuses while `file` is written into one line."""
    try:
        yield
    except OSError as error:
        folder = cache_folder()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise full(file) from error
        raise BookError(
            f"{folder}: cannot write {file.key} there ({error.strerror or error}); "
            "set UNROLLED_CACHE to a folder of yours"
        ) from error


def full(file: DataFile) -> BookError:
    """Return the line for a disk that has no room for `file`."""
    return BookError(
        f"{cache_folder()}: the disk is full, {file.key} needs {decimal(file.size)}; "
        "make room, or set UNROLLED_CACHE to a folder on another disk"
    )


# --- finding ----------------------------------------------------------------------------------


def locate(file: DataFile, afresh: bool = False) -> Path | None:
    """Return the verified file, or None where it is nowhere. A wrong one raises Damaged.

    UNROLLED_DATA comes first, plain or as .gz; what is packed there is unpacked into the cache
    once. afresh: hash every byte again, whatever was found before.
    """
    if file.embedded:
        return _embedded(file)
    own, kept = own_folder(), cache_folder() / file.path
    if own:
        plain, packed = own / file.path, own / f"{file.path}.gz"
        mend = "replace it, or unset UNROLLED_DATA"
        if plain.is_file():
            return _verified(file, plain, mend, afresh)
        if packed.is_file():
            _verified(file, packed, mend, afresh)
            with suppress(Damaged):
                if kept.is_file():
                    return _verified(file, kept, "", afresh)
            _unpack(file, packed, kept)
            return kept
    if kept.is_file():
        return _verified(file, kept, f"`unrolled data fetch {file.key}` replaces it", afresh)
    return None


def absent(file: DataFile) -> BookError:
    """Return the line for a file that is nowhere."""
    return BookError(
        f"{file.key} is not on this machine; `unrolled data fetch {file.key}` fetches it "
        f"({decimal(file.size)}), or put it into UNROLLED_DATA as {file.path}"
    )


def exists(file: DataFile) -> bool:
    """Return whether a file of that name lies anywhere, right or wrong, without reading it."""
    if file.embedded:
        return (file.root / "data" / file.path).is_file()
    own = own_folder()
    names = [own / file.path, own / f"{file.path}.gz"] if own else []
    return any(one.is_file() for one in [*names, cache_folder() / file.path])


def _embedded(file: DataFile) -> Path:
    place, shown = file.root / "data" / file.path, f"data/{file.path}"
    mend = f"to restore it: {restored(file.root, shown)}"
    if not place.is_file():
        raise BookError(f"{shown} is missing; {mend}")
    found = hash_of(place, file)
    if found != file.digest:
        raise Damaged(place, f"{shown}: {unlike(file, found)}; {mend}")
    return place


def unlike(file: DataFile, found: str) -> str:
    """Return the words for a hash that is not the one of the registry."""
    kind, _, wanted = file.digest.partition(":")
    label = {"sha256": "SHA-256", "md5": "MD5"}[kind]
    return f"{label} is {found.partition(':')[2][:12]}…, expected {wanted[:12]}…"


def hash_of(place: Path, file: DataFile) -> str:
    """Return the hash of a file's bytes, unpacked if it is a .gz, as in the registry."""
    digest = hashlib.new(file.digest.partition(":")[0], usedforsecurity=False)
    _pour(place, file, digest.update)
    return f"{digest.name}:{digest.hexdigest()}"


def _pour(place: Path, file: DataFile, into: Callable[[bytes], Any]) -> None:
    """Hand over a file's bytes in order, unpacked if it is a .gz."""
    packed = place.suffix == ".gz" and not file.path.endswith(".gz")
    opened: BinaryIO = gzip.open(place, "rb") if packed else place.open("rb")  # type: ignore[assignment]
    with opened as source:
        try:
            while piece := source.read(CHUNK):
                into(piece)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            line = f"{place}: cannot be unpacked ({error}); copy it anew"
            raise Damaged(place, line) from error


def _unpack(file: DataFile, packed: Path, kept: Path) -> None:
    with writing(file), replacing(kept) as target:
        _pour(packed, file, target.write)
    _verified(file, kept, "", afresh=True)


# --- what was verified before -----------------------------------------------------------------


def _verified(file: DataFile, place: Path, mend: str, afresh: bool = False) -> Path:
    """Return `place` if its bytes have the right hash; they are read only if it changed since."""
    note = _note(file, place)
    state = _state(place, file)
    if not afresh and _read(note) == state:
        return place
    found = hash_of(place, file)
    if found != file.digest:
        note.unlink(missing_ok=True)
        raise Damaged(place, f"{place}: {unlike(file, found)}; {mend}")
    with suppress(OSError):  # a cache that may not be written: hash again the next time
        write_atomic(note, json.dumps(state) + "\n")
    return place


def _note(file: DataFile, place: Path) -> Path:
    name = f"{file.slug}-{hashlib.sha256(str(place).encode()).hexdigest()[:12]}.json"
    return cache_folder() / ".verified" / name


def _state(place: Path, file: DataFile) -> dict[str, object]:
    """What tells a file that was verified from one that changed since."""
    found = place.stat()
    times = {"mtime": found.st_mtime_ns, "ctime": found.st_ctime_ns}
    return {"path": str(place), "size": found.st_size, "digest": file.digest} | times


def _read(note: Path) -> object:
    try:
        return json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
