"""`unrolled inspect` and Lighthouse, as far as neither needs a browser."""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from unrolled.cli import main
from unrolled.errors import BookError
from unrolled.manifest import Book
from unrolled.site import browser, inspection, lighthouse
from unrolled.site.inspection import Finding
from unrolled.site.lighthouse import Score


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["inspect", *words])
    return done.exit_code, done.output


def test_without_pages_the_command_that_makes_them_is_named(tiny: Book) -> None:
    code, said = run()
    assert code == 2 and "run: make book" in said


def test_without_a_browser_one_line_says_so(
    tiny: Book, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "build" / "html").mkdir(parents=True)
    (tmp_path / "build" / "html" / "index.html").touch()
    monkeypatch.delenv("UNROLLED_CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "NAMES", ())
    code, said = run()
    assert code == 2 and "install chromium, or set UNROLLED_CHROMIUM" in said


def test_problems_are_listed_counted_and_fail(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Finding("a.html"), Finding("b.html")]
    found[1].add("it is slow")
    found[1].add("it is slow")
    monkeypatch.setattr(inspection, "inspect_book", lambda *_: found)
    code, said = run("--no-lighthouse")
    assert code == 1 and "1 problem\n" in said
    assert "critical" in said and "paint ms" in said and "…" not in said  # in a file, too
    found[1].problems.clear()
    assert run("--no-lighthouse") == (0, said.replace("1 problem\n", "every page holds\n"))


def test_low_scores_are_problems_and_no_npm_is_none(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "inspect_book", lambda *_: [])
    monkeypatch.setattr(inspection, "rendered", lambda _: tiny.root)
    points = {"performance": 94, "accessibility": 100, "best-practices": 100}
    scores = [Score("index.html", "mobile", points, ("total-blocking-time 800 ms",))]
    monkeypatch.setattr(lighthouse, "install", lambda folder: folder / "index.js")
    monkeypatch.setattr(lighthouse, "scores", lambda *_: scores)
    code, said = run()
    assert code == 1 and "mobile: below 95: total-blocking-time 800 ms" in said
    monkeypatch.undo()
    monkeypatch.chdir(tiny.root)
    monkeypatch.setattr(inspection, "inspect_book", lambda *_: [])
    monkeypatch.setattr(lighthouse.shutil, "which", lambda _: None)
    code, said = run()
    assert code == 0 and "Lighthouse skipped: no npm" in said


def test_the_best_of_some_runs_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    speeds = iter([0.80, 0.96, 0.70, 0.90, 0.60])

    def answer(_: list[str]) -> tuple[str, str]:
        speed = next(speeds)
        audit = {"score": speed, "displayValue": "2 s", "scoreDisplayMode": "numeric"}
        category = {"score": 1, "auditRefs": []}
        first = {"score": speed, "auditRefs": [{"id": "first-paint", "weight": 10}]}
        both = {"accessibility": category, "best-practices": category}
        found = {"categories": {"performance": first, **both}, "audits": {"first-paint": audit}}
        return json.dumps(found), ""

    monkeypatch.setattr(lighthouse, "_run", answer)
    mobile, desktop = lighthouse.scores(tmp_path / "index.js", tmp_path, ["index.html"])
    assert (mobile.preset, mobile.points["performance"], mobile.low()) == ("mobile", 96, False)
    assert (desktop.points["performance"], desktop.low()) == (90, True)
    assert mobile.lost == () and lighthouse.table([mobile, desktop]).row_count == 2


POSIX = pytest.mark.skipif(os.name == "nt", reason="the program in place of node is a script of sh")

CRASH = """\
file:///index.js:7
  throw new Error("inside");
        ^

TypeError: no such browser
    at run (file:///index.js:7:9)

Node.js v20.20.2
"""
NO_SCORE = {name: {"score": None} for name in lighthouse.CATEGORIES}
NO_AUDITS = {
    name: {"score": 1, "auditRefs": [{"id": "first-paint", "weight": 10}]}
    for name in lighthouse.CATEGORIES
}


def in_place_of_node(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = folder / "node"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return program


@POSIX
@pytest.mark.parametrize(
    ("out", "err", "said"),
    [
        ("", CRASH, "TypeError: no such browser"),
        (
            "",
            "Runtime error encountered: The page is blank\n\n    at Runner\n",
            "Runtime error .+ blank",
        ),
        ("", "one\nUnable to connect to Chrome\n", "Unable to connect to Chrome"),
        ("", "", "it said nothing"),
        ("not JSON", "", "it said nothing"),
        ("[1]", "", "it said nothing"),
        ("\udcff", "", "it said nothing"),
        ("{}", "no categories", "no categories"),
        (json.dumps({"categories": NO_SCORE}), "no score", "no score"),
        (json.dumps({"categories": NO_AUDITS, "audits": {}}), "no audits", "no audits"),
    ],
)
def test_what_lighthouse_says_instead_of_scores_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, err: str, said: str
) -> None:
    for name, text in (("said", out), ("complaint", err)):
        (tmp_path / name).write_text(text, errors="surrogateescape")
    script = f"cat {tmp_path}/complaint >&2; cat {tmp_path}/said; exit 1"
    program = in_place_of_node(tmp_path, script, monkeypatch)
    with pytest.raises(BookError) as error:
        lighthouse.score(program, "http://127.0.0.1", "index.html", "mobile")
    assert re.fullmatch(rf"Lighthouse on index\.html: {said}", str(error.value))


# What it has started: in its own session, and in another one, whose leader is noted as Chromium's.
STARTED = """\
mkdir "$TMPDIR/lighthouse.1"
sleep 61 & echo $! > {folder}/near
setsid sh -c 'printf $$ > "$TMPDIR/lighthouse.1/chrome.pid"; exec sleep 61' &
until [ -s "$TMPDIR/lighthouse.1/chrome.pid" ]; do sleep 0.05; done
cp "$TMPDIR/lighthouse.1/chrome.pid" {folder}/far
"""


def alive(number: int) -> bool:
    """Say whether a process runs; one that has ended may still wait to be taken note of."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
@pytest.mark.parametrize(
    ("end", "patience", "said"),
    [("kill -9 $$", 60, "it said nothing"), ("sleep 62", 3, "no scores in 3 seconds")],
    ids=["dies", "hangs"],
)
def test_nothing_that_lighthouse_started_outlives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, patience: float, said: str
) -> None:
    script = STARTED.format(folder=tmp_path) + end
    program = in_place_of_node(tmp_path, script, monkeypatch)
    monkeypatch.setattr(lighthouse, "PATIENCE", patience)
    began = time.monotonic()
    with pytest.raises(BookError, match=said):
        lighthouse.score(program, "http://127.0.0.1", "index.html", "mobile")
    assert time.monotonic() - began < 30  # what holds its outputs open does not hold us
    started = [int((tmp_path / name).read_text()) for name in ("near", "far")]
    deadline = time.monotonic() + 5
    while any(map(alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [one for one in started if alive(one)]
    for one in left:
        os.kill(one, signal.SIGKILL)
    assert left == []


def test_a_lighthouse_that_breaks_is_not_skipped(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[Score]:
        raise BookError("Lighthouse on index.html: no such browser")

    monkeypatch.setattr(inspection, "inspect_book", lambda *_: [])
    monkeypatch.setattr(inspection, "rendered", lambda _: tiny.root)
    monkeypatch.setattr(lighthouse, "install", lambda folder: folder / "index.js")
    monkeypatch.setattr(lighthouse, "scores", broken)
    code, said = run()
    assert code == 2 and "no such browser" in said and "skipped" not in said
