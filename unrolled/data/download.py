"""Fetching data: resumed where it was cut, verified before it gets its name, once at a time.

pooch verifies and moves; what it lacks, going on with a cut download, is a downloader of its kind.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import filelock
import pooch
import requests
from rich.filesize import decimal

from unrolled.data.kaggle import Kaggle, no_connection
from unrolled.data.registry import DataFile
from unrolled.data.store import (
    Damaged,
    cache_folder,
    full,
    locate,
    own_folder,
    unlike,
    writing,
)
from unrolled.errors import BookError, Show
from unrolled.files import write_atomic

TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two pieces
TRIES = 4  # in a row that bring less than ENOUGH
PAUSE = 1.0  # seconds before the second try, twice as many before the third
ENOUGH = 1 << 20  # bytes
PIECE = 1 << 16  # bytes; the one that was cut is lost
SLACK = 1.1  # of a size that is only roughly known

Say = Callable[[str], None]


def fetch(file: DataFile, show: Show, say: Say, offline: bool = False) -> Path:
    """Return the verified file, fetched into the cache if it is not there.

    show(key, done, total) follows the bytes; say(line) is told what takes its time. What was cut
    is kept aside and gone on with by the next call. A file that is there and right is left alone,
    a wrong one in the cache is replaced when the right one has come.
    """
    here = _here(file)
    if here:
        return here
    if offline or os.environ.get("UNROLLED_OFFLINE", "0") not in ("", "0"):
        ban = "--offline" if offline else "UNROLLED_OFFLINE"
        raise BookError(
            f"{file.key} is not on this machine, and {ban} forbids to fetch it; "
            f"go without that, or put the file into UNROLLED_DATA as {file.path}"
        )
    aside = cache_folder() / ".partial"
    with writing(file):
        aside.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(aside / f"{file.slug}.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            say(f"{file.key}: another process is fetching it; waiting")
            lock.acquire()
        try:
            return _here(file) or _fetch(file, aside / file.slug, show)
        finally:
            lock.release()


def _here(file: DataFile) -> Path | None:
    try:
        return locate(file)
    except Damaged as error:
        own = own_folder()
        if file.embedded or (own and error.place.is_relative_to(own)):
            raise
        return None


def _fetch(file: DataFile, staging: Path, show: Show) -> Path:
    """Fetch into `staging`, verify there, move."""
    final = cache_folder() / file.path
    have = sum(one.stat().st_size for one in staging.rglob("*") if one.is_file())
    if shutil.disk_usage(staging.parent).free < file.size - have:
        raise full(file)
    pooch.get_logger().setLevel("ERROR")  # its lines are ours to say
    source = Kaggle(file, show, PAUSE) if file.kaggle else Resuming(file, show)
    address = file.url or f"https://www.kaggle.com/datasets/{file.kaggle}"
    got = ""
    for last in (False, True):
        try:
            got = pooch.retrieve(
                address, file.digest, fname=final.name, path=staging, downloader=source
            )
            break
        except ValueError as error:  # pooch's word for another hash
            shutil.rmtree(staging)
            if source.resumed and not last:  # two halves of different files: from the first byte
                continue
            found = re.search(r"got (\w+)", str(error))
            if not found:
                raise
            raise BookError(
                f"{address}: {file.key} has changed there, or on its way: "
                f"{unlike(file, f':{found[1]}')}; nothing of it is kept; try again, "
                f"or put the right file into UNROLLED_DATA as {file.path}"
            ) from error
        finally:
            with suppress(OSError):  # a folder with a part in it stays
                staging.rmdir()
    final.parent.mkdir(parents=True, exist_ok=True)
    os.replace(got, final)
    shutil.rmtree(staging, ignore_errors=True)
    place = locate(file)
    assert place
    return place


# --- HTTP -------------------------------------------------------------------------------------


class _Cut(Exception):
    """A download that ended early, and why."""


@dataclass
class _Part:
    """What has come so far of a file, and what the server said of the whole."""

    file: DataFile
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "part"

    @property
    def _note(self) -> Path:
        return self.folder / "part.json"

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def said(self) -> dict[str, Any]:
        """The server's `validator` and `total`; empty if they are of another file."""
        try:
            said = json.loads(self._note.read_text(encoding="utf-8"))
            return said if said["url"] == self.file.url else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def begin(self, validator: str | None, total: int | None) -> None:
        """Forget what has come, and note what the server says of the whole."""
        self.path.write_bytes(b"")
        said = {"url": self.file.url, "validator": validator, "total": total}
        write_atomic(self._note, json.dumps(said) + "\n")

    def drop(self) -> None:
        """Forget what has come."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


class Resuming:
    """A downloader for pooch that goes on where a cut download stopped.

    It keeps `part` beside the output file. A server that knows ranges is asked for the rest, on
    the condition that the file is still the same (RFC 9110, If-Range); any other sends all again.
    """

    def __init__(self, file: DataFile, show: Show) -> None:
        self.file, self.show = file, show
        self.resumed = False

    def __call__(self, url: str, output_file: str, pooch: object = None) -> None:
        """Download `url` to `output_file`, in as many requests as it takes."""
        part, self.resumed = _Part(self.file, Path(output_file).parent), False
        if part.size and not part.said:
            part.drop()
        failures, answered = 0, False
        while True:
            before = part.size
            try:
                self._once(url, part)
                break
            except requests.ConnectionError as error:
                # No answer came: no network, unless there was one a moment ago.
                if not answered:
                    raise BookError(no_connection(self.file, url, error)) from error
                reason = "no connection"
            except _Cut as cut:
                answered, reason = True, str(cut)
            failures = 1 if part.size - before >= ENOUGH else failures + 1
            if failures >= TRIES:
                raise BookError(self._cut(url, part, reason))
            time.sleep(PAUSE * 2 ** (failures - 1))
        os.replace(part.path, output_file)
        part.drop()

    def _once(self, url: str, part: _Part) -> None:
        """Ask for what is missing; return when all is there, raise _Cut when it is not."""
        have, said = part.size, part.said
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if said["validator"]:
                headers["If-Range"] = said["validator"]
        try:
            answer = requests.get(url, stream=True, timeout=TIMEOUT, headers=headers)
        except requests.exceptions.ReadTimeout as error:
            raise _Cut(f"no answer for {TIMEOUT[1]:g} s") from error
        except requests.ConnectionError as error:
            if error.args and type(error.args[0]).__name__ == "ProtocolError":
                raise _Cut("the connection was cut") from error
            raise
        except requests.RequestException as error:
            raise BookError(f"{url}: {self.file.key}: {error}") from error
        with answer:
            total = self._agree(answer, part, have)
            have = part.size
            self.resumed = self.resumed or have > 0
            if answer.status_code == 416:  # all has come before
                return
            try:
                with part.path.open("ab") as target:
                    for piece in answer.iter_content(PIECE):
                        target.write(piece)
                        have += len(piece)
                        self._bounded(url, part, have)
                        self.show(self.file.key, have, total or self.file.size)
            except requests.RequestException as error:
                slow = "timed out" in str(error)
                reason = f"nothing for {TIMEOUT[1]:g} s" if slow else "the connection was cut"
                raise _Cut(reason) from error
        if have < (total or (self.file.size if self.file.exact else 0)):
            raise _Cut("the connection was closed")

    def _agree(self, answer: requests.Response, part: _Part, have: int) -> int | None:
        """Make `part` what the answer goes on from; return the size of the whole, if it is said."""
        code, headers, said = answer.status_code, answer.headers, part.said
        validator = _validator(headers.get("ETag"), headers.get("Last-Modified"))
        span = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", headers.get("Content-Range", ""))
        if code in (206, 416):
            begin, total = (span[1], _number(span[2])) if span else (None, None)
            same = None in (total, said["total"]) or total == said["total"]
            same = same and validator in (said["validator"], None)
            if not same or (begin is not None and int(begin) != have) or not have:
                part.drop()
                raise _Cut("the file changed there")
            if code == 416 and total != have:
                part.drop()
                raise _Cut("the server had no more of it")
            return total
        if code in (408, 425, 429) or code >= 500:
            raise _Cut(f"HTTP {code}")
        if code != 200:
            raise BookError(
                f"{answer.url}: {self.file.key} is not available there (HTTP {code}); look for it "
                f"elsewhere and put it into UNROLLED_DATA as {self.file.path}"
            )
        total = _number(headers.get("Content-Length", ""))
        if self.file.exact and total is not None and total != self.file.size:
            part.drop()
            raise BookError(
                f"{answer.url}: {self.file.key} has {total:,} bytes there, expected "
                f"{self.file.size:,}; it is another file, and nothing was fetched"
            )
        part.begin(validator, total)
        return total

    def _bounded(self, url: str, part: _Part, have: int) -> None:
        if have > self.file.size * (1 if self.file.exact else SLACK):
            part.drop()
            raise BookError(
                f"{url}: more bytes come than {self.file.key} has, "
                f"{decimal(self.file.size)}; it is another file, and nothing of it is kept"
            )

    def _cut(self, url: str, part: _Part, reason: str) -> str:
        done = f"{decimal(part.size)} of {decimal(part.said.get('total') or self.file.size)}"
        return (
            f"{urlsplit(url).netloc}: {self.file.key} was cut after {done} ({reason}); "
            f"`unrolled data fetch {self.file.key}` goes on from there"
        )


def _validator(tag: str | None, modified: str | None) -> str | None:
    """Return what If-Range may hold: a strong tag, or a date."""
    return tag if tag and not tag.startswith("W/") else modified


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None
