"""Fetching a file of a Kaggle data set, with Kaggle's own client."""

import io
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import requests

from unrolled.data.registry import DataFile
from unrolled.errors import BookError, Show

WORKER = "kagglehub"  # the thread that fetches
PATIENCE = 60.0  # seconds without a byte; the client itself would wait for ever
TRIES = 3
TICK = 0.05  # seconds between two looks at what has come


class Kaggle:
    """A downloader for pooch that lets kagglehub fetch one file of a data set.

    The client works in a folder beside the output file, where a file that was cut stays and is
    gone on with. Anonymous readers may fetch public data; kagglehub finds the token of others.
    """

    def __init__(self, file: DataFile, show: Show, pause: float) -> None:
        self.file, self.show, self.pause = file, show, pause
        self.resumed = False

    def __call__(self, url: str, output_file: str, pooch: object = None) -> None:
        """Fetch the file to `output_file`. url: the data set's page, for messages."""
        folder = Path(output_file).parent / "kaggle"
        self.resumed = bool(_size(folder))
        for again in range(TRIES):
            if again:
                time.sleep(self.pause)
                self.resumed = self.resumed or bool(_size(folder))
            try:
                with _quiet(folder) as client:
                    got = self._watched(client, folder)
                break
            except Exception as error:  # a client of many layers raises errors of many kinds
                cut = requests.exceptions.ChunkedEncodingError
                if again < TRIES - 1 and isinstance(error, cut):
                    continue
                if _of_the_disk(error):
                    raise
                raise BookError(self._line(url, error, folder)) from error
        shutil.copyfile(got, output_file)
        shutil.rmtree(folder, ignore_errors=True)

    def _watched(self, client: Any, folder: Path) -> str:
        """Return where the client put the file; follow its bytes, and give up when none come."""
        done: list[str] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                done.append(client.dataset_download(self.file.kaggle, Path(self.file.path).name))
            except BaseException as error:
                failed.append(error)

        # A daemon: one that hangs does not keep us from ending.
        worker = Thread(target=work, daemon=True, name=WORKER)
        worker.start()
        have, moved = -1, time.monotonic()
        while worker.is_alive():
            worker.join(TICK)
            if have != (size := _size(folder)):
                have, moved = size, time.monotonic()
                self.show(self.file.key, min(have, self.file.size), self.file.size)
            elif time.monotonic() - moved > PATIENCE:
                raise TimeoutError(f"nothing came for {PATIENCE:g} s")
        if failed:
            raise failed[0]
        self.show(self.file.key, self.file.size, self.file.size)
        return done[0]

    def _line(self, url: str, error: Exception, folder: Path) -> str:
        """Return what to tell somebody whom the client failed."""
        key = self.file.key
        by_hand = f"put the file into UNROLLED_DATA as {self.file.path}"
        if isinstance(error, requests.HTTPError) and error.response is not None:
            code = error.response.status_code
            if code in (401, 403):
                return (
                    f"{url}: Kaggle wants to know who asks for {key} (HTTP {code}); make a token "
                    "in the settings of your Kaggle account and set KAGGLE_API_TOKEN to it, "
                    f"or {by_hand}"
                )
            if code in (404, 410):
                return (
                    f"{url}: expected {Path(self.file.path).name} in it, found none "
                    f"(HTTP {code}): the data set was changed; {by_hand}"
                )
            return f"{url}: {key}: HTTP {code}; try again later, or {by_hand}"
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return (
                f"{url}: {key} was cut after {_size(folder):,} of {self.file.size:,} bytes; "
                f"`unrolled data fetch {key}` goes on from there"
            )
        if isinstance(error, requests.ConnectionError):
            return no_connection(self.file, url, error)
        if isinstance(error, TimeoutError):
            return f"{url}: {key}: {error}; try again later, or {by_hand}"
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return f"{url}: kagglehub could not fetch {key}: {said}; {by_hand}"


def no_connection(file: DataFile, url: str, error: Exception) -> str:
    """Return the line for a host that cannot be reached."""
    refused = isinstance(error, requests.exceptions.SSLError)
    why = "its certificate is refused" if refused else "no network, or it is away"
    return (
        f"{urlsplit(url).netloc}: no connection to fetch {file.key} ({why}); try again later, "
        f"or put the file into UNROLLED_DATA as {file.path}"
    )


def _of_the_disk(error: Exception) -> bool:
    """Whether writing failed and not the net; both are OSErrors."""
    return isinstance(error, OSError) and not isinstance(
        error, requests.RequestException | TimeoutError
    )


def _size(folder: Path) -> int:
    """Bytes in a folder that somebody is writing to."""
    total = 0
    for one in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += one.stat().st_size if one.is_file() else 0
    return total


@contextmanager
def _quiet(folder: Path) -> Iterator[Any]:
    """Give kagglehub, with `folder` as its cache and without its bars and lines of log."""
    before = os.environ.get("KAGGLEHUB_CACHE")
    os.environ["KAGGLEHUB_CACHE"] = str(folder)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            import kagglehub

            logging.getLogger("kagglehub").setLevel("CRITICAL")
            yield kagglehub
    finally:
        if before is None:
            del os.environ["KAGGLEHUB_CACHE"]
        else:
            os.environ["KAGGLEHUB_CACHE"] = before
