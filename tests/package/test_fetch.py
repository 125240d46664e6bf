"""Fetching, from a server on this machine that cuts, delays, lies, and changes its mind."""

import base64
import contextlib
import gc
import hashlib
import importlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unrolled import data
from unrolled.cli import main
from unrolled.data import download, kaggle
from unrolled.errors import BookError
from unrolled.manifest import Book

# Kaggle's client leaves its connections to the garbage collector, which `tidy` calls in the end.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

RIGHT = np.random.default_rng(5).bytes(300_000)
WRONG = np.random.default_rng(6).bytes(300_000)


@dataclass
class Reply:
    """How the server answers one request: as it should, but for what is said here."""

    body: bytes = RIGHT
    cut: int | None = None  # bytes after which the connection is closed
    wait: float = 0.0  # seconds before the first byte of the body
    first: bytes | None = None  # what comes before the wait
    length: int | None = None  # announced, true or not
    silent: bool = False  # no length is announced
    ranges: bool = True
    shift: int = 0  # a range begins that much later than asked
    status: int = 0
    tag: str | None = '"one"'
    date: str | None = None
    name: str | None = None  # redirected to that name
    sums: str | None = None  # Google's header


@dataclass
class Server:
    """Answers with the next reply of `plan`, and with `always` when there is none left."""

    plan: list[Reply] = field(default_factory=list)
    always: Reply = field(default_factory=Reply)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent: int = 0
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)
    api: dict[str, tuple[int, str]] = field(default_factory=dict)

    def asked(self, header: str) -> list[str | None]:
        """That header of each request for a file, in order."""
        return [headers.get(header) for path, headers in self.seen if path.startswith("/f")]


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            """Kaggle's API: the version of the data set, and where a file of it lies."""
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            call = self.path.rpartition("/")[2]
            server.seen.append((call, dict(self.headers)))
            status, text = server.api.get(call, (200, '{"currentVersionNumber": 7}'))
            if call == "DownloadDataset" and status == 200:
                name = server.always.name or asked["fileName"]
                self.send_response(302)
                self.send_header("Location", f"/f/{name}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            reply = server.plan.pop(0) if server.plan else server.always
            server.seen.append((self.path, dict(self.headers)))
            with contextlib.suppress(OSError):  # the client may have gone
                self.answer(reply)

        def answer(self, reply: Reply) -> None:
            if reply.status:
                self.send_response(reply.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body, begin = reply.body, 0
            if reply.ranges and (asked := self.headers.get("Range")):
                condition = self.headers.get("If-Range")
                if condition in (None, reply.tag, reply.date):
                    begin = int(asked.removeprefix("bytes=").rstrip("-")) + reply.shift
            if begin >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
            elif begin:
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            body = body[begin:]
            if reply.ranges:
                self.send_header("Accept-Ranges", "bytes")
            titles = {"ETag": reply.tag, "Last-Modified": reply.date, "X-Goog-Hash": reply.sums}
            if not reply.silent:
                titles["Content-Length"] = str(reply.length or len(body))
            for title, value in titles.items():
                if value:
                    self.send_header(title, value)
            self.end_headers()
            body = body[: reply.cut]
            if reply.first is not None:
                self.wfile.write(reply.first)
                body = body[len(reply.first) :]
            if reply.wait:
                server.over.wait(reply.wait)
            for at in range(0, len(body), 10_000):
                self.wfile.write(body[at : at + 10_000])
                server.sent += len(body[at : at + 10_000])

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on a free port of this machine."""
    made = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    http.daemon_threads = True
    made.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.over.set()
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture(autouse=True, scope="module")
def tidy() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def here_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test of this file reaches another machine, whatever it asks for."""
    resolve = socket.getaddrinfo

    def local(host: str, *rest: object, **more: object) -> object:
        if host not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", local)
    for name in [name for name in os.environ if name.upper().endswith("_PROXY")]:
        monkeypatch.delenv(name)


@pytest.fixture
def cache(tiny: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a reader who waits for nothing."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("UNROLLED_CACHE", str(folder))
    for name in ("UNROLLED_DATA", "UNROLLED_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, "PAUSE", 0.0)
    monkeypatch.setattr(download, "TIMEOUT", (5.0, 5.0))
    return folder


def register(
    url: str, body: bytes = RIGHT, size: str = "bytes = 300_000", source: str = ""
) -> None:
    """Make `things` the book's one data set, at `url`."""
    digest = hashlib.sha256(body).hexdigest()
    lines = [
        "[[set]]",
        'name = "things"',
        'what = "numbers"',
        'origin = "here"',
        'license = "none"',
        source or f'url = "{url}/files/things.bin"',
        f'file = [{{ path = "sub/things.bin", {size}, sha256 = "{digest}" }}]',
    ]
    Path("data/registry.toml").write_text("\n".join(lines))


def call(*words: str) -> Result:
    return CliRunner().invoke(main, ["data", *words])


def fetched(cache: Path) -> None:
    """Fetch, and find nothing but the file."""
    result = call("fetch", "things")
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    assert result.stdout == f"things  {cache / 'sub' / 'things.bin'}\n"
    whole(cache)


def whole(cache: Path) -> None:
    assert (cache / "sub" / "things.bin").read_bytes() == RIGHT
    assert files(cache) == {"sub/things.bin"}


def files(cache: Path) -> set[str]:
    """What lies in the cache, but for locks and notes of what was verified."""
    return {
        one.relative_to(cache).as_posix()
        for one in cache.rglob("*")
        if one.is_file() and one.suffix != ".lock" and one.parent.name != ".verified"
    }


def refused(*words: str) -> str:
    """Fetch, and be told in one line why not."""
    result = call("fetch", *(words or ("things",)))
    assert result.exit_code == 2 and result.stdout == "", (result.stdout, result.exception)
    assert result.stderr.startswith("unrolled: ") and result.stderr.count("\n") == 1, result.stderr
    return result.stderr.removeprefix("unrolled: ").strip()


# --- what goes well in the end ----------------------------------------------------------------


def test_a_file_is_fetched_once_verified_and_then_found(cache: Path, server: Server) -> None:
    register(server.url)
    assert data.found("things") is None
    with pytest.raises(BookError, match=r"`unrolled data fetch things` fetches it \(300.0 kB\)"):
        data.path("things")
    fetched(cache)
    fetched(cache)
    assert len(server.seen) == 1
    assert server.asked("Accept-Encoding") == ["identity"]
    assert data.path("things") == data.found("things") == cache / "sub" / "things.bin"


cuts = st.lists(st.integers(0, 300_000), max_size=3)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts,
    st.booleans(),
    st.booleans(),
    st.sampled_from(['"one"', 'W/"one"', None]),
    st.sampled_from([None, "Sat, 21 Nov 2026 10:00:00 GMT"]),
)
def test_wherever_it_is_cut_the_whole_comes_in_the_end(
    cache: Path,
    server: Server,
    cuts: list[int],
    ranges: bool,
    silent: bool,
    tag: str | None,
    date: str | None,
) -> None:
    register(server.url)
    shutil.rmtree(cache, ignore_errors=True)
    how = {"ranges": ranges, "tag": tag, "date": date}
    server.plan = [Reply(cut=cut, silent=silent, **how) for cut in cuts]  # type: ignore[arg-type]
    server.always = Reply(**how)  # type: ignore[arg-type]
    fetched(cache)


@pytest.mark.parametrize("tag", ['"one"', 'W/"one"'])
def test_what_was_cut_goes_on_where_it_stopped_if_the_file_is_still_the_same(
    cache: Path, server: Server, tag: str
) -> None:
    register(server.url)
    date = "Sat, 21 Nov 2026 10:00:00 GMT"
    server.plan = [Reply(cut=200_000, tag=tag, date=date), Reply(tag=tag, date=date)]
    fetched(cache)
    begin = 196_608  # whole pieces of 64 KiB
    assert server.asked("Range") == [None, f"bytes={begin}-"]
    assert server.asked("If-Range") == [None, date if tag[0] == "W" else tag]
    assert server.sent == 200_000 + 300_000 - begin


def test_what_could_not_be_ended_is_kept_for_the_next_call(cache: Path, server: Server) -> None:
    register(server.url)
    server.plan = [Reply(cut=150_000), *[Reply(cut=9)] * 3]
    line = refused()
    host = server.url.removeprefix("http://")
    assert line == (
        f"{host}: things was cut after 131.1 kB of 300.0 kB (the connection was cut); "
        "`unrolled data fetch things` goes on from there"
    )
    assert files(cache) == {".partial/things/part", ".partial/things/part.json"}
    assert data.found("things") is None
    server.seen.clear()
    fetched(cache)
    assert server.asked("Range") == ["bytes=131072-"]


def test_what_was_killed_is_gone_on_with(cache: Path, server: Server) -> None:
    register(server.url)
    server.plan = [Reply(first=RIGHT[:200_000], wait=60)]
    command = [sys.executable, "-m", "unrolled", "data", "fetch", "things"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    part = cache / ".partial" / "things" / "part"
    end = time.monotonic() + 60
    while not (part.is_file() and part.stat().st_size >= 131_072):
        assert time.monotonic() < end
        time.sleep(0.01)
    running.kill()
    running.wait()
    assert not (cache / "sub" / "things.bin").exists()
    server.seen.clear()
    fetched(cache)
    assert server.asked("Range")[0].startswith("bytes=1")  # type: ignore[union-attr]


def test_an_interrupt_is_one_line_and_keeps_what_has_come(cache: Path, server: Server) -> None:
    register(server.url)
    server.plan = [Reply(first=RIGHT[:200_000], wait=60)]
    command = [sys.executable, "-m", "unrolled", "data", "fetch", "things"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # else a child may be deaf
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    part = cache / ".partial" / "things" / "part"
    end = time.monotonic() + 60
    while not (part.is_file() and part.stat().st_size >= 131_072):
        assert time.monotonic() < end
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate()
    assert (running.returncode, said) == (130, "unrolled: interrupted; finished work is kept\n")
    assert files(cache) == {".partial/things/part", ".partial/things/part.json"}


@pytest.mark.parametrize("half", [Reply(WRONG, cut=150_000), Reply(WRONG, cut=150_000, tag=None)])
def test_a_file_that_changes_between_its_halves_is_fetched_anew(
    cache: Path, server: Server, half: Reply
) -> None:
    """By its tag, or, where there is none, by its hash."""
    register(server.url)
    server.plan, server.always = [half], Reply(tag='"two"' if half.tag else None)
    fetched(cache)


@pytest.mark.parametrize(
    "answer",
    [
        Reply(shift=5),
        Reply(tag='"two"'),
        Reply(RIGHT + b"more"),
        Reply(RIGHT[:90_000]),
        Reply(ranges=False),
        Reply(status=500),
        Reply(status=503),
        Reply(status=429),
    ],
)
def test_an_answer_that_does_not_fit_the_first_half_is_not_joined_to_it(
    cache: Path, server: Server, answer: Reply
) -> None:
    register(server.url, size="about = 300_000")
    server.plan = [Reply(cut=150_000), answer]
    fetched(cache)


def test_a_part_that_is_already_whole_is_not_fetched_again(cache: Path, server: Server) -> None:
    register(server.url)
    staging = cache / ".partial" / "things"
    staging.mkdir(parents=True)
    (staging / "part").write_bytes(RIGHT)
    said = {"url": f"{server.url}/files/things.bin", "validator": '"one"', "total": 300_000}
    (staging / "part.json").write_text(json.dumps(said))
    fetched(cache)
    assert server.sent == 0


@pytest.mark.parametrize("note", ["", "{}", "null", '{"url": "elsewhere"}', None])
def test_a_part_of_unknown_origin_is_not_gone_on_with(
    cache: Path, server: Server, note: str | None
) -> None:
    register(server.url)
    staging = cache / ".partial" / "things"
    staging.mkdir(parents=True)
    (staging / "part").write_bytes(WRONG[:150_000])
    if note is not None:
        (staging / "part.json").write_text(note)
    fetched(cache)
    assert server.asked("Range") == [None]


def test_a_server_that_is_slow_once_is_asked_again(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", (5.0, 0.5))
    register(server.url)
    server.plan = [Reply(first=RIGHT[:70_000], wait=60)]
    fetched(cache)
    assert server.asked("Range") == [None, "bytes=65536-"]


def test_a_damaged_file_in_the_cache_is_replaced(cache: Path, server: Server) -> None:
    register(server.url)
    fetched(cache)
    place = cache / "sub" / "things.bin"
    place.write_bytes(WRONG)
    with pytest.raises(BookError, match="`unrolled data fetch things` replaces it"):
        data.found("things")
    assert call("verify", "things").exit_code == 2
    fetched(cache)


# --- what does not: one line, and no half file ------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "size", "said"),
    [
        (Reply(WRONG), "bytes = 300_000", "things has changed there, or on its way: SHA-256 is"),
        (Reply(RIGHT[:-1]), "bytes = 300_000", "has 299,999 bytes there, expected 300,000; it is"),
        (Reply(RIGHT[:-1]), "about = 300_000", "things has changed there, or on its way: SHA-256"),
        (Reply(length=200_000), "bytes = 300_000", "has 200,000 bytes there, expected 300,000"),
        (Reply(length=200_000), "about = 300_000", "things has changed there, or on its way: SHA"),
        (Reply(length=400_000), "bytes = 300_000", "has 400,000 bytes there, expected 300,000"),
        (Reply(RIGHT * 2, silent=True), "bytes = 300_000", "more bytes come than things has, 300"),
        (Reply(RIGHT * 2, silent=True), "about = 300_000", "more bytes come than things has, 300"),
        (Reply(b"<html>Log in"), "bytes = 300_000", "has 12 bytes there, expected 300,000"),
        (Reply(status=404), "bytes = 300_000", "things is not available there (HTTP 404); look"),
        (Reply(status=403), "bytes = 300_000", "things is not available there (HTTP 403); look"),
    ],
)
def test_another_file_is_one_line_and_nothing_is_kept(
    cache: Path, server: Server, reply: Reply, size: str, said: str
) -> None:
    register(server.url, size=size)
    server.always = reply
    line = refused()
    assert said in line and line.startswith(f"{server.url}/files/things.bin: ")
    assert files(cache) == set()
    assert not (cache / ".partial" / "things").exists() and not (cache / "sub").exists()


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(length=400_000), "the file changed there"),
        (Reply(cut=0), "the connection was cut"),
        (Reply(cut=70_000, silent=True, ranges=False), "the connection was closed"),
        (Reply(status=500), "HTTP 500"),
        (Reply(wait=60), "for 0.2 s"),
    ],
)
def test_a_server_that_never_ends_what_it_begins_is_one_line(
    cache: Path, server: Server, reply: Reply, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT", (5.0, 0.2 if reply.wait else 5.0))
    register(server.url, size="about = 300_000" if reply.length else "bytes = 300_000")
    server.always = reply
    line = refused()
    assert f"{reason}); `unrolled data fetch things` goes on from there" in line
    assert not (cache / "sub").exists() and data.found("things") is None
    assert len(server.seen) >= 4


def test_a_verified_file_survives_whatever_comes_after_it(cache: Path, server: Server) -> None:
    """A new edition of the book wants other bytes: until they have come, the old ones stay."""
    register(server.url)
    fetched(cache)
    register(server.url, body=WRONG)
    for reply in (Reply(), Reply(status=404), Reply(cut=5)):
        server.always = reply
        refused()
        assert (cache / "sub" / "things.bin").read_bytes() == RIGHT
    register(server.url)
    assert data.path("things") == cache / "sub" / "things.bin"


def test_no_network_is_one_line_at_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.time, "sleep", lambda _: pytest.fail("it tried again"))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        for url, host in (
            (f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"),
            ("http://example.invalid", "example.invalid"),
        ):
            register(url)
            assert refused() == (
                f"{host}: no connection to fetch things (no network, or it is away); try again "
                "later, or put the file into UNROLLED_DATA as sub/things.bin"
            )
    assert files(cache) == set()


def test_a_network_that_goes_away_in_the_middle_keeps_what_has_come(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(server.url)
    server.plan = [Reply(cut=150_000)]
    get = download.requests.get

    def away(*words: object, **more: object) -> object:
        if server.seen:
            raise download.requests.ConnectionError("Network is unreachable")
        return get(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(download.requests, "get", away)
    assert "was cut after 131.1 kB of 300.0 kB (no connection); `unrolled" in refused()
    assert ".partial/things/part" in files(cache)


@pytest.mark.parametrize("words", [(), ("--offline",)])
def test_offline_is_one_line_and_no_connection(
    cache: Path, server: Server, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    register(server.url)
    if not words:
        monkeypatch.setenv("UNROLLED_OFFLINE", "1")
    ban = "--offline" if words else "UNROLLED_OFFLINE"
    assert refused("things", *words) == (
        f"things is not on this machine, and {ban} forbids to fetch it; go without that, "
        "or put the file into UNROLLED_DATA as sub/things.bin"
    )
    assert server.seen == [] and not cache.exists()
    monkeypatch.setenv("UNROLLED_OFFLINE", "0")
    fetched(cache)
    assert call("fetch", "things", "--offline").exit_code == 0


def test_a_disk_without_room_is_one_line_before_a_byte_is_asked_for(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(server.url)
    usage = type("Usage", (), {"free": 299_999})
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: usage)
    assert refused() == (
        f"{cache}: the disk is full, things needs 300.0 kB; "
        "make room, or set UNROLLED_CACHE to a folder on another disk"
    )
    assert server.seen == [] and files(cache) == set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full disk at hand")
def test_a_disk_that_fills_up_is_one_line_and_no_half_file(cache: Path, server: Server) -> None:
    register(server.url)
    staging = cache / ".partial" / "things"
    staging.mkdir(parents=True)
    (staging / "part").symlink_to("/dev/full")
    line = refused()
    assert "the disk is full, things needs 300.0 kB; make room" in line
    assert not (cache / "sub").exists()


def test_a_cache_that_cannot_be_written_is_one_line(cache: Path, server: Server) -> None:
    register(server.url)
    cache.write_text("a file, not a folder")
    line = refused()
    assert line.startswith(f"{cache}: cannot write things there (")
    assert line.endswith("); set UNROLLED_CACHE to a folder of yours")


# --- several at once --------------------------------------------------------------------------


def test_processes_that_fetch_at_once_fetch_once(cache: Path, server: Server) -> None:
    register(server.url)
    server.always = Reply(wait=0.3)
    command = [sys.executable, "-m", "unrolled", "data", "fetch", "things"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert {out for out, _ in said} == {f"things  {cache / 'sub' / 'things.bin'}\n"}
    waited = [err for _, err in said if err]
    assert waited in ([], ["things: another process is fetching it; waiting\n"])
    assert len(server.seen) == 1
    whole(cache)


def test_one_that_waits_says_so_and_finds_what_the_other_fetched(
    cache: Path, server: Server
) -> None:
    register(server.url)
    server.always = Reply(wait=0.5)
    [file] = data.registry.files_of("things")
    said: list[str] = []
    places: list[Path] = []

    def work() -> None:
        places.append(download.fetch(file, lambda *_: None, said.append))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert places == [cache / "sub" / "things.bin"] * 4
    assert 1 <= len(said) <= 3
    assert set(said) == {"things: another process is fetching it; waiting"}
    assert len(server.seen) == 1
    whole(cache)


def test_the_bytes_are_followed(cache: Path, server: Server) -> None:
    register(server.url)
    server.plan = [Reply(cut=150_000)]
    [file] = data.registry.files_of("things")
    shown: list[tuple[str, int, int]] = []
    download.fetch(file, lambda *one: shown.append(one), print)
    assert {(key, total) for key, _, total in shown} == {("things", 300_000)}
    done = [have for _, have, _ in shown]
    assert done == sorted(done) and done[-1] == 300_000


# --- Kaggle's client --------------------------------------------------------------------------


@pytest.fixture
def hub(
    cache: Path,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Server]:
    """Kaggle, played by the server, for somebody without an account; `things` lies there."""
    for name in [name for name in os.environ if name.startswith(("KAGGLE", "COLAB", "TBE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    settings = importlib.import_module("kagglesdk.kaggle_env")
    endpoints = settings._env_to_endpoint
    monkeypatch.setitem(endpoints, settings.KaggleEnv.PROD, server.url)
    register("", source='kaggle = "somebody/some-things"')
    yield server
    server.over.set()  # a download that was given up ends too, before the next test's begins
    for thread in threading.enumerate():
        if thread.name == kaggle.WORKER:
            thread.join(30)


PAGE = "https://www.kaggle.com/datasets/somebody/some-things"
BY_HAND = "put the file into UNROLLED_DATA as sub/things.bin"


def test_a_file_of_a_kaggle_data_set_is_fetched_quietly(
    cache: Path, hub: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    before = os.environ.get("KAGGLEHUB_CACHE")
    fetched(cache)
    assert [path for path, _ in hub.seen] == ["GetDataset", "DownloadDataset", "/f/things.bin"]
    assert not any("Authorization" in headers for _, headers in hub.seen)
    assert capfd.readouterr() == ("", "") and os.environ.get("KAGGLEHUB_CACHE") == before
    fetched(cache)
    assert len(hub.seen) == 3


def test_a_token_is_sent_to_kaggle_and_shown_to_nobody(
    cache: Path, hub: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "a-secret")
    hub.api["DownloadDataset"] = (403, '{"code": 403, "message": "no"}')
    assert "a-secret" not in refused()
    assert hub.seen[0][1]["Authorization"] == "Bearer a-secret"


def test_what_kaggle_sends_packed_is_unpacked(cache: Path, hub: Server) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("things.bin", RIGHT)
    hub.always = Reply(packed.getvalue(), name="things.bin.zip")
    fetched(cache)


def test_what_kaggle_cut_goes_on_where_it_stopped(cache: Path, hub: Server) -> None:
    big = np.random.default_rng(7).bytes(2_500_000)  # its client takes a megabyte at a time
    register("", big, "bytes = 2_500_000", 'kaggle = "somebody/some-things"')
    # Every attempt asks for the whole first, to learn its size, and then for the rest.
    hub.plan, hub.always = [Reply(big, cut=1_200_000)], Reply(big)
    assert call("fetch", "things").exit_code == 0
    assert (cache / "sub" / "things.bin").read_bytes() == big
    assert files(cache) == {"sub/things.bin"}
    assert hub.asked("Range") == [None, None, "bytes=1048576-"]


def test_halves_of_two_files_from_kaggle_are_fetched_anew(cache: Path, hub: Server) -> None:
    big = np.random.default_rng(7).bytes(2_500_000)
    register("", big, "bytes = 2_500_000", 'kaggle = "somebody/some-things"')
    hub.plan, hub.always = [Reply(bytes(2_500_000), cut=1_200_000)], Reply(big)
    assert call("fetch", "things").exit_code == 0
    assert (cache / "sub" / "things.bin").read_bytes() == big


@pytest.mark.parametrize(
    ("api", "reply", "said"),
    [
        (
            {"DownloadDataset": (403, '{"code": 403, "message": "no"}')},
            Reply(),
            f"{PAGE}: Kaggle wants to know who asks for things (HTTP 403); make a token in the "
            f"settings of your Kaggle account and set KAGGLE_API_TOKEN to it, or {BY_HAND}",
        ),
        (
            {"GetDataset": (401, '{"code": 401, "message": "no"}')},
            Reply(),
            f"{PAGE}: Kaggle wants to know who asks for things (HTTP 401); make a token in the "
            f"settings of your Kaggle account and set KAGGLE_API_TOKEN to it, or {BY_HAND}",
        ),
        (
            {"DownloadDataset": (404, '{"code": 404, "message": "no"}')},
            Reply(),
            f"{PAGE}: expected things.bin in it, found none (HTTP 404): "
            f"the data set was changed; {BY_HAND}",
        ),
        (
            {"GetDataset": (404, "{}")},
            Reply(),
            f"{PAGE}: expected things.bin in it, found none (HTTP 404): "
            f"the data set was changed; {BY_HAND}",
        ),
        (
            {"GetDataset": (500, "{}")},
            Reply(),
            f"{PAGE}: things: HTTP 500; try again later, or {BY_HAND}",
        ),
        (
            {"GetDataset": (200, "<html>")},
            Reply(),
            f"{PAGE}: kagglehub could not fetch things: ",
        ),
        ({}, Reply(status=500), f"{PAGE}: things: HTTP 500; try again later, or {BY_HAND}"),
        ({}, Reply(WRONG), f"{PAGE}: things has changed there, or on its way: SHA-256 is "),
        ({}, Reply(RIGHT[:-9]), f"{PAGE}: things has changed there, or on its way: SHA-256 is "),
        ({}, Reply(b"<html>Log in"), f"{PAGE}: things has changed there, or on its way: SHA-256"),
        (
            {},
            Reply(sums="md5=" + base64.b64encode(bytes(16)).decode()),
            f"{PAGE}: kagglehub could not fetch things: The X-Goog-Hash header",
        ),
    ],
)
def test_what_kaggle_refuses_or_changes_is_one_line_and_nothing_is_kept(
    cache: Path, hub: Server, api: dict[str, tuple[int, str]], reply: Reply, said: str
) -> None:
    hub.api, hub.always = api, reply
    line = refused()
    assert line == said if line.endswith(BY_HAND) and said.endswith(BY_HAND) else said in line
    assert files(cache) == set() and data.found("things") is None


def test_a_download_from_kaggle_that_never_ends_keeps_its_part(cache: Path, hub: Server) -> None:
    big = np.random.default_rng(7).bytes(2_500_000)
    register("", big, "bytes = 2_500_000", 'kaggle = "somebody/some-things"')
    hub.plan, hub.always = [Reply(big, cut=1_200_000)], Reply(big, cut=0)
    assert refused() == (
        f"{PAGE}: things was cut after 1,048,576 of 2,500,000 bytes; "
        "`unrolled data fetch things` goes on from there"
    )
    assert not (cache / "sub").exists()
    hub.seen.clear()
    hub.always = Reply(big)
    assert call("fetch", "things").exit_code == 0
    assert hub.asked("Range") == [None, "bytes=1048576-"]


def test_a_kaggle_that_says_nothing_is_not_waited_for(
    cache: Path, hub: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kaggle, "PATIENCE", 0.3)
    hub.always = Reply(wait=60)
    assert refused() == f"{PAGE}: things: nothing came for 0.3 s; try again later, or {BY_HAND}"
    assert not (cache / "sub").exists()


def test_kaggle_without_a_network_or_offline_is_one_line(
    cache: Path, hub: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = importlib.import_module("kagglesdk.kaggle_env")
    monkeypatch.setitem(settings._env_to_endpoint, settings.KaggleEnv.PROD, "http://no.invalid")
    assert refused() == (
        "www.kaggle.com: no connection to fetch things (no network, or it is away); "
        f"try again later, or {BY_HAND}"
    )
    assert "--offline forbids" in refused("things", "--offline")
    assert hub.seen == [] and files(cache) == set()


def test_a_broken_file_of_credentials_is_one_line(cache: Path, hub: Server, tmp_path: Path) -> None:
    (tmp_path / "kaggle.json").write_text("{")
    line = refused()
    assert line.startswith(f"{PAGE}: kagglehub could not fetch things: Invalid Kaggle credentials")
    assert re.search(r"kaggle\.json", line) and files(cache) == set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full disk at hand")
def test_a_disk_that_fills_up_under_kaggle_is_one_line(cache: Path, hub: Server) -> None:
    folder = "datasets/somebody/some-things/versions/7"
    place = cache / ".partial" / "things" / "kaggle" / folder
    place.mkdir(parents=True)
    (place / "things.bin").symlink_to("/dev/full")
    assert "the disk is full, things needs 300.0 kB; make room" in refused()
    assert not (cache / "sub").exists()
