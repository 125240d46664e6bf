"""`unrolled inspect` and Lighthouse, as far as neither needs a browser."""

import json
import subprocess
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
    found[1].problems.clear()
    assert run("--no-lighthouse") == (0, said.replace("1 problem\n", "every page holds\n"))


def test_low_scores_are_problems_and_no_npm_is_none(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "inspect_book", lambda *_: [])
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

    def answer(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        speed = next(speeds)
        audit = {"score": speed, "displayValue": "2 s", "scoreDisplayMode": "numeric"}
        category = {"score": 1, "auditRefs": []}
        first = {"score": speed, "auditRefs": [{"id": "first-paint", "weight": 10}]}
        both = {"accessibility": category, "best-practices": category}
        found = {"categories": {"performance": first, **both}, "audits": {"first-paint": audit}}
        return subprocess.CompletedProcess(command, 0, json.dumps(found), "")

    monkeypatch.setattr(lighthouse.subprocess, "run", answer)
    mobile, desktop = lighthouse.scores(tmp_path / "index.js", tmp_path, ["index.html"])
    assert (mobile.preset, mobile.points["performance"], mobile.low()) == ("mobile", 96, False)
    assert (desktop.points["performance"], desktop.low()) == (90, True)
    assert mobile.lost == () and lighthouse.table([mobile, desktop]).row_count == 2


def test_what_lighthouse_says_instead_of_scores_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = subprocess.CompletedProcess([], 1, "", "no such browser")
    monkeypatch.setattr(lighthouse.subprocess, "run", lambda *_, **__: silent)
    with pytest.raises(BookError, match="no such browser"):
        lighthouse.score(tmp_path, "http://127.0.0.1", "index.html", "mobile")


def test_a_lighthouse_that_never_answers_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "node"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(lighthouse, "PATIENCE", 0.2)
    with pytest.raises(BookError, match=r"index\.html: no scores in 0\.2 seconds"):
        lighthouse.score(program, "http://127.0.0.1", "index.html", "mobile")


def test_a_lighthouse_that_breaks_is_not_skipped(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[Score]:
        raise BookError("Lighthouse on index.html: no such browser")

    monkeypatch.setattr(inspection, "inspect_book", lambda *_: [])
    monkeypatch.setattr(lighthouse, "install", lambda folder: folder / "index.js")
    monkeypatch.setattr(lighthouse, "scores", broken)
    code, said = run()
    assert code == 2 and "no such browser" in said and "skipped" not in said
