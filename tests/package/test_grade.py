"""Grading a class: the same rows however often it is stopped, and exports that tell no secret."""

import csv
import dataclasses
import io
import json
import os
import platform
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.package.conftest import edit, write_book
from unrolled.answers import Answers, Step, wrong_answers
from unrolled.checks.diagnosis import Catalog
from unrolled.checks.plugin import Warm
from unrolled.checks.remote import Broken, Lost
from unrolled.checks.session import run_pytest
from unrolled.cli import main
from unrolled.errors import BookError
from unrolled.grade import release as parts
from unrolled.grade.grader import Grader, Marked, Settings
from unrolled.grade.jail import Jail, Limits, bubblewrap
from unrolled.grade.submissions import read, single
from unrolled.manifest import Book, find_root, read_book

CELL = '# %% exercise="{name}"\ndef {name}(x: float) -> float:\n    return {answer}\n\n'
RIGHT = CELL.format(name="twice", answer="2 * x") + CELL.format(name="thrice", answer="3 * x")
ANSWERS = {
    "right": RIGHT,
    "half": CELL.format(name="twice", answer="2 * abs(x)"),
    "wrong": CELL.format(name="twice", answer="7 * x"),
    "mistake": CELL.format(name="thrice", answer="3 * min(x, 0.5)"),
    "broken": '# %% exercise="twice"\ndef twice(x) return 2\n',
    "raises": CELL.format(name="twice", answer="1 / 0"),
    "hostile": '# %% exercise="twice"\nimport os\nos._exit(0)\n',
    "empty": "",
    "binary": "\0",
    "stub": (
        '# %% exercise="twice" tags=["exercise"]\ndef twice(x: float) -> float:\n'
        '    """2 + 1 times x.\n\n    x: a number.\n    """\n'
        '    raise NotImplementedError("exercise twice")\n'
    ),
}
POINTS = {"right": 5.0, "half": 1.0, "mistake": 1.5}


@pytest.fixture(scope="module", autouse=True)
def jailed() -> None:
    """Skip, and say so, where there is no jail."""
    try:
        list(bubblewrap(read_book(find_root(Path(__file__).parent))))
    except BookError as error:
        pytest.skip(f"NO JAIL, so nothing was graded: {error}")


def hand_in(folder: Path, copies: int = 1) -> Path:
    """A class: every kind of answer, several times."""
    folder.mkdir()
    for number in range(copies):
        for kind, text in ANSWERS.items():
            (folder / f"{kind}{number}.py").write_text(f"# {number}\n{text}", encoding="utf-8")
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["grade", *map(str, words)])


def rows(out: Path) -> dict[str, dict[str, str]]:
    text = (out / "grades.csv").read_text(encoding="utf-8")
    return {row["student"]: row for row in csv.DictReader(io.StringIO(text))}


NAMES = ["=cmd()", "<script>alert(1)<script>", "a\nb", "..\\up", "Zoë", "@SUM(A1)", "a@b.org"]
NAME = "'L' + str(x).translate({45: 95, 46: 95})"
LEAK = f"(_ for _ in ()).throw(type({NAME}, (Exception,), {{}})(f'LEAK {{x}}'))"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What one run over a class writes."""
    root, handed = tmp_path_factory.mktemp("book"), tmp_path_factory.mktemp("class") / "handed"
    write_book(root)
    (root / "course.toml").write_text("[due]\n1 = 2020-01-01T00:00:00Z\n")
    hand_in(handed)
    (handed / "mallory.py").write_text(CELL.format(name="twice", answer=LEAK))
    for name in ("Lost", "ended"):
        leak = LEAK.replace(NAME, repr(name))
        (handed / f"mallory_{name}.py").write_text(CELL.format(name="twice", answer=leak))
    for name in ("a b", "a_b", "A_b"):
        (handed / f"{name}.py").write_text(RIGHT)
    for day, kind in (("01", "half"), ("02", "right"), ("03", "wrong"), ("04", "right")):
        (handed / f"ana@2026-10-{day}.py").write_text(ANSWERS[kind])
    for name in NAMES:
        (handed / name).mkdir(parents=True)
        (handed / name / "01_twice.py").write_text(RIGHT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        done = run(handed, "--out", handed.parent / "out")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.count("\n") == 4
    yield handed.parent / "out"


def test_one_run_yields_every_export_and_a_row_for_everybody(graded: Path) -> None:
    found = rows(graded)
    totals = {name: float(row["total"]) for name, row in found.items()}
    wanted = {f"{kind}0": POINTS.get(kind, 0.0) for kind in ANSWERS}
    wanted |= {"mallory": 0.0, "mallory_Lost": 0.0, "mallory_ended": 0.0}
    wanted |= {
        "a b": 5.0,
        "a_b": 5.0,
        "A_b": 5.0,
        "ana": 5.0,
        "'=cmd()": 2.0,
        "<script>alert(1)<script>": 2.0,
        "a\\nb": 2.0,
        **dict.fromkeys(("..\\up", "Zoë", "'@SUM(A1)", "a@b.org"), 2.0),
    }
    assert totals == wanted
    assert list(found["right0"])[:4] == ["student", "twice", "thrice", "total"]
    assert float(found["right0"]["hours late"]) > 0
    canvas = list(csv.reader(io.StringIO((graded / "canvas.csv").read_text())))
    assert canvas[0][:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert canvas[1][0].strip() == "Points Possible"
    assert {row[3]: row[5:] for row in canvas[2:]}["right0"] == ["2", "3"]
    results = json.loads((graded / "gradescope" / "half0.json").read_text())
    assert results["score"] == sum(one["score"] for one in results["tests"]) == 1.0
    assert sum(one["max_score"] for one in results["tests"]) == 5.0
    assert {one["status"] for one in results["tests"]} == {"passed", "failed"}
    page = (graded / "feedback" / "mistake0.md").read_text()
    assert "Large numbers count too; do not clip." in page
    assert "expected" not in page
    report = (graded / "report.html").read_text()
    assert "Large numbers count too; do not clip." in report
    assert "hostile0" in report and "it ended in the middle of a request" in report
    for private in (graded / "secret", *(graded / "rows").iterdir()):
        assert oct(private.stat().st_mode)[-3:] == "600"
    assert found["right0"]["problem"] == found["hostile0"]["problem"] == ""
    assert "of the times are those of the files themselves" in report


def test_no_page_holds_a_value_of_a_secret_test(graded: Path) -> None:
    for path in [*graded.glob("feedback/*"), *graded.glob("gradescope/*"), *graded.glob("*.*")]:
        text = path.read_text(encoding="utf-8")
        assert "LEAK" not in text and "raises L" not in text, path
    assert "LEAK" in "".join(p.read_text() for p in (graded / "rows").iterdir())


def test_names_of_students_do_no_harm(graded: Path) -> None:
    assert len(rows(graded)) == len(list((graded / "feedback").glob("*.md")))
    for page in (graded / "report.html", *(graded / "feedback").glob("*.html")):
        assert "<script>" not in page.read_text(encoding="utf-8")


def test_the_best_of_several_attempts_counts(graded: Path) -> None:
    row = rows(graded)["ana"]
    assert (row["total"], row["attempt"], row["attempts"]) == ("5", "2026-10-02", "4")
    every = list(csv.DictReader(io.StringIO((graded / "attempts.csv").read_text())))
    anas = [(one["attempt"][-2:], one["total"]) for one in every if one["student"] == "ana"]
    assert anas == [("01", "1"), ("02", "5"), ("03", "0"), ("04", "5")]
    assert rows(graded)["right0"]["attempt"] == "right0.py"


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_table(
    tiny: Book, tmp_path: Path
) -> None:
    handed = hand_in(tmp_path / "handed", copies=3)
    (tmp_path / "secret").write_text("a secret\n")
    words = ["grade", str(handed), "--secret-file", str(tmp_path / "secret")]
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert CliRunner().invoke(main, [*words, "--out", str(whole)]).exit_code == 0
    command = [sys.executable, "-m", "unrolled", *words, "--out", str(stopped), "--resume"]
    kills = [(4, signal.SIGKILL), (9, signal.SIGTERM), (15, signal.SIGKILL)]
    for wanted, how in kills:
        process = subprocess.Popen(command, cwd=tiny.root, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(list(stopped.glob("rows/*.json"))) < wanted:
            time.sleep(0.02)
        process.send_signal(how)
        process.wait()
        assert not (stopped / "grades.csv").exists()
    assert subprocess.run(command, cwd=tiny.root, stderr=subprocess.DEVNULL).returncode == 0
    for name in ("grades.csv", "canvas.csv", "report.html"):
        assert (stopped / name).read_bytes() == (whole / name).read_bytes()
    again = CliRunner().invoke(main, [*words, "--out", str(whole)])
    assert again.exit_code == 2
    assert "holds a run already; add --resume" in again.stderr


def test_a_submission_that_ends_its_grader_does_not_keep_up_the_class(
    tiny: Book, tmp_path: Path
) -> None:
    edit(
        tiny.notebooks[0].checks,
        "    close(",
        "    if twice(x) == 14:\n        os._exit(1)\n    close(",
    )
    edit(tiny.notebooks[0].checks, "from unrolled", "import os\n\nfrom unrolled")
    handed = hand_in(tmp_path / "handed")
    (handed / "deadly.py").write_text(CELL.format(name="twice", answer="14"))
    done = run(handed, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    found = rows(tmp_path / "out")
    assert "ended by itself, twice" in str(found["deadly"]) and found["right0"]["total"] == "5"
    kept = sorted((tmp_path / "out" / "rows").iterdir())
    times = [one.stat().st_mtime_ns for one in kept]
    assert run(handed, "--out", tmp_path / "out", "--resume").exit_code == 0
    assert [one.stat().st_mtime_ns for one in kept] == times


def test_a_cluster_that_loses_a_worker_gives_the_same_table(tiny: Book, tmp_path: Path) -> None:
    handed = hand_in(tmp_path / "handed", copies=2)
    (tmp_path / "secret").write_text("a secret\n")
    words = [handed, "--secret-file", tmp_path / "secret", "--out"]
    assert run(*words, tmp_path / "here").exit_code == 0
    file = tmp_path / "scheduler.json"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    python = [sys.executable, "-W", "ignore", "-m"]
    scheduler = [*python, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    started = [subprocess.Popen([*scheduler, "--no-dashboard", "--scheduler-file", file], **quiet)]
    try:
        while not file.exists():
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        worker = [*python, "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
        worker += ["--no-dashboard", "--local-directory", str(tmp_path / "scratch")]
        started += [subprocess.Popen(worker, cwd=tiny.root, **quiet) for _ in range(2)]
        there = tmp_path / "there"
        command = [sys.executable, "-m", "unrolled", "grade", *map(str, words), str(there)]
        grading = subprocess.Popen(
            [*command, "--scheduler", address], cwd=tiny.root, stderr=subprocess.PIPE
        )
        while grading.poll() is None and len(list(there.glob("rows/*.json"))) < 5:
            time.sleep(0.02)
        started[-1].kill()
        _, said = grading.communicate(timeout=120)
        assert grading.returncode == 0, said.decode()
    finally:
        for process in started:
            process.kill()
            process.wait()
    here = (tmp_path / "here" / "grades.csv").read_bytes()
    assert (there / "grades.csv").read_bytes() == here


def test_what_an_exercise_leaves_running_costs_no_other(tiny: Book, tmp_path: Path) -> None:
    handed = tmp_path / "handed"
    handed.mkdir()
    busy = "import threading\n    def spin():\n        while True: pass\n"
    busy += "    for _ in range(4): threading.Thread(target=spin, daemon=True).start()\n"
    text = RIGHT.replace("    return 2 * x", f"    {busy}    return 2 * x", 1)
    assert text != RIGHT
    (handed / "ana.py").write_text(text)
    assert run(handed, "--out", tmp_path / "out").exit_code == 0
    assert rows(tmp_path / "out")["ana"]["thrice"] == "3"


def test_a_run_keeps_its_secret_and_its_course(tiny: Book, tmp_path: Path) -> None:
    handed, out = hand_in(tmp_path / "handed"), tmp_path / "out"
    for path in handed.iterdir():
        if not path.name.startswith("right"):
            path.unlink()
    course, secret = tmp_path / "mine.toml", tmp_path / "secret"
    course.write_text("[points]\ntwice = 7\n")
    secret.write_text("one")
    words = (handed, "--out", out)
    assert run(*words, "--course", course, "--secret-file", secret).exit_code == 0
    assert (out / "secret").read_text() == "one\n"
    assert run(*words, "--resume").exit_code == 0
    assert rows(out)["right0"]["total"] == "10"
    secret.write_text("another")
    refused = run(*words, "--resume", "--secret-file", secret)
    assert (refused.exit_code, "is another secret than" in refused.stderr) == (2, True)
    for place in (handed / "grades", course):
        assert run(handed, "--out", place).exit_code == 2


def test_no_scheduler_is_one_line(tiny: Book, tmp_path: Path) -> None:
    handed = hand_in(tmp_path / "handed")
    done = run(handed, "--out", tmp_path / "out", "--scheduler", "no such address")
    assert done.exit_code == 2
    assert "no Dask scheduler at no such address" in done.stderr.splitlines()[-1]


def test_a_neighbor_of_an_attack_has_the_same_row(tiny: Book, tmp_path: Path) -> None:
    settings = Settings(tiny.root, ("01_twice", "02_thrice"), b"s", limits=Limits(call=2))
    grader = Grader(settings)
    try:
        for kind, text in ANSWERS.items():
            (tmp_path / f"{kind}.py").write_text(text)

        def row(kind: str, judge: Grader = grader) -> Marked:
            attempt = single(tmp_path / f"{kind}.py", tiny.notebooks)
            return judge.grade(read(attempt, tiny.notebooks))

        before = row("half")
        for kind in ANSWERS:
            row(kind)
            assert row("half") == before
        other = Grader(Settings(tiny.root, settings.notebooks, b"another secret"))
        points = [[v.points for v in one.verdicts] for one in (before, row("half", other))]
        assert points[0] == points[1]
        other.jail.close()
    finally:
        grader.jail.close()


def test_a_jail_that_breaks_is_told_and_is_nobodys_verdict(
    tiny: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "right.py").write_text(RIGHT)
    files = read(single(tmp_path / "right.py", tiny.notebooks), tiny.notebooks)
    grader = Grader(Settings(tiny.root, ("01_twice", "02_thrice"), b"s"))

    def broken(*_: object) -> None:
        raise Broken("the jail did not start: no permission")

    try:
        with monkeypatch.context() as patch:
            patch.setattr(grader.jail, "load", broken)
            with pytest.raises(BookError, match=r"did not run: .*not start: no permission$"):
                grader.grade(files)
        assert sum(one.points for one in grader.grade(files).verdicts) == 5
        for server in grader.jail._warm.values():
            server.process.kill()
            server.process.wait()
        with pytest.raises(BookError, match="the jail ended by itself"):
            grader.grade(files)
    finally:
        grader.jail.close()


def test_every_backend_gives_the_same_verdicts(tmp_path: Path) -> None:
    book = read_book(find_root(Path(__file__).parent))
    notebook, cells = book.notebooks[0], []
    for exercise in notebook.exercises:  # right answers and wrong ones in turn, one left out
        wrong = [one for one in wrong_answers(notebook) if one.exercise == exercise.id]
        answers = [Answers.reference(notebook), wrong[0].answers, wrong[1].answers][len(cells) % 3]
        [cell] = answers.cells[exercise.id]
        cells.append(f'# %% exercise="{exercise.id}"\n{cell.source}\n')
    (tmp_path / f"{notebook.name}.py").write_text("\n".join(cells[:-1]), encoding="utf-8")
    found = {}
    patient = Warm(600, {notebook.name: Catalog(notebook)})  # names every mistake
    for backend in ("local", "wire", "warm", "cold"):
        words = [str(notebook.checks), f"--rootdir={book.root}", f"--answers={tmp_path}"]
        verdicts = run_pytest([*words, "--seed=5", f"--backend={backend}"], patient).verdicts
        found[backend] = [dataclasses.replace(one, where="") for one in verdicts]
    assert {one.outcome for one in found["local"]} == {"passed", "failed", "untried"}
    assert found["wire"] == found["warm"] == found["cold"] == found["local"]


# --- what stands in the jail ------------------------------------------------------------------


INSIDE = """
import os, resource, socket, time
def look(what):
    if what == "uid":
        return os.getuid(), os.geteuid(), os.getgid(), os.getgroups()
    if what == "caps":
        return [l.split()[1] for l in open("/proc/self/status") if l.startswith("Cap")][:3]
    if what == "pids":
        return [int(p) for p in os.listdir("/proc") if p.isdigit()]
    if what == "there":
        return [p for p in WANTED if os.path.lexists(p)]
    if what == "environment":
        return sorted(os.environ)
    if what == "descriptors":
        return sorted(int(one) for one in os.listdir("/proc/self/fd"))[:-1]
    if what == "written":
        kept = []
        for place in ("/scratch/x", "/tmp/x", "/x", "/usr/x", "/dev/x", "/dev/shm/x", *WANTED):
            try:
                open(place, "a").close(); kept.append(place)
            except OSError:
                pass
        return kept
    if what == "limits":
        kinds = "CPU", "NOFILE", "CORE", "FSIZE"
        return [resource.getrlimit(getattr(resource, "RLIMIT_" + k))[1] for k in kinds]
    if what == "disk":
        size = os.statvfs(os.getcwd())
        return size.f_blocks * size.f_frsize
    if what == "interfaces":
        return [name for _, name in socket.if_nameindex()]
"""


def inside(book: Book, what: str, warm: bool = True) -> Any:
    """What code in the jail sees."""
    jail = Jail(book, warm)
    try:
        wanted = [book.root / "solutions", book.root / "tests" / "wrong", Path.home() / ".ssh"]
        wanted += [
            book.root / "chapters" / "01_twice.py",
            Path("/etc/passwd"),
            book.root / "README.md",
        ]
        source = f"WANTED = {[str(one) for one in wanted]!r}\n{INSIDE}"
        steps = [Step(((source, "cell", 1),), own=True)]
        return jail.load(book.notebooks[0], "twice", steps)["look"](what)
    finally:
        jail.close()


@pytest.mark.parametrize("warm", [True, False])
def test_code_in_the_jail_has_no_rights(warm: bool, tiny: Book) -> None:
    user, effective, group, groups = inside(tiny, "uid", warm)
    assert user == effective and (user != 0 or os.geteuid() != 0)
    assert group != 0 or os.geteuid() != 0
    assert groups == [] or os.geteuid() != 0
    assert inside(tiny, "caps", warm) == ["0" * 16] * 3


def test_code_in_the_jail_sees_itself_alone(tiny: Book) -> None:
    assert inside(tiny, "pids") == [1]
    assert inside(tiny, "there") == [str(tiny.root / "chapters" / "01_twice.py")]
    assert inside(tiny, "written") == ["/scratch/x", "/dev/shm/x"]
    assert inside(tiny, "descriptors") == [0, 1, 2, 3]
    assert not {"USER", "SSH_AUTH_SOCK", "PIP_INDEX_URL"} & set(inside(tiny, "environment"))
    limits = Limits()
    assert inside(tiny, "limits") == [limits.notebook, 64, 0, 64 << 20]
    assert inside(tiny, "disk") == 64 << 20


def test_no_child_sees_what_another_left(tiny: Book) -> None:
    jail = Jail(tiny)
    source = "import os\ndef mark(path):\n    was = os.path.exists(path)\n"
    source += "    open(path, 'w').close()\n    return was"
    steps = [Step(((source, "cell", 1),), own=True)]
    try:
        for place in ("/scratch/mark", "/dev/shm/mark"):
            for _ in range(2):
                names = jail.load(tiny.notebooks[0], "twice", steps)
                assert names["mark"](place) is False
                assert names["mark"](place) is True
                jail.fresh()
    finally:
        jail.close()


def test_many_short_calls_are_not_charged_to_a_longer_one(tiny: Book) -> None:
    source = "import time\ndef spend(seconds):\n    until = time.process_time() + seconds\n"
    source += "    while time.process_time() < until: pass\n"
    steps, jail = [Step(((source, "cell", 1),), own=True)], Jail(tiny, limits=Limits(call=1))
    try:
        spend = jail.load(tiny.notebooks[0], "twice", steps)["spend"]
        for _ in range(75):
            spend(0.02)
        spend(0.3)
        with pytest.raises(Lost, match=r"a call took more than 1 s of CPU time"):
            spend(1.5)
    finally:
        jail.close()


def test_without_a_jail_nothing_is_graded(
    tiny: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = hand_in(tmp_path / "handed")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BookError, match="no jail on this machine, so nothing is graded; on Debian"):
        Grader(Settings(tiny.root, ("01_twice",), b"s")).grade(
            read(single(handed / "right0.py", tiny.notebooks), tiny.notebooks)
        )


def test_a_container_grades_as_root_and_keeps_its_answers(tiny: Book, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("a container's grader is root")
    handed, out = hand_in(tmp_path / "handed"), tmp_path / "out"
    words = [handed / "half0.py", "--one", "--jail", "container", "--out", out]
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    refused = run(*words)
    assert refused.exit_code == 2
    if "cannot enter" in refused.stderr:
        pytest.skip(f"NO CONTAINER'S PYTHON: {refused.stderr}")
    assert "can be read by every user; `chmod 700" in refused.stderr
    for name in ("solutions", "tests/wrong"):
        (tiny.root / name).chmod(0o700)
    done = run(*words, "--resume")
    assert done.exit_code == 0, done.stderr
    results = json.loads((out / "gradescope" / "half0.json").read_text())
    assert results["score"] == 1.0


# --- release ----------------------------------------------------------------------------------


def release(*words: object) -> Result:
    return CliRunner().invoke(main, ["release", *map(str, words)])


@pytest.fixture
def whole(tiny: Book) -> Book:
    """The tiny book with the files that a release copies."""
    for name in ("pyproject.toml", "environment.yml", "Makefile", "LICENSE", "LICENSE-prose"):
        (tiny.root / name).write_text("")
    for name in ("unrolled", "locks", "data/results", "tests/nbval", ".git"):
        (tiny.root / name).mkdir(parents=True)
        (tiny.root / name / "file.txt").write_text("a secret")
    return tiny


def test_a_course_holds_what_students_need_and_no_answer(whole: Book, tmp_path: Path) -> None:
    target, settings = tmp_path / "course", tmp_path / "mine.toml"
    settings.write_text("[points]\ntwice = 7\n")
    done = release(target, "--course", settings)
    assert done.exit_code == 0, done.stderr
    files = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert {"book.toml", "course.toml", "README.md", "chapters/01_twice.py"} <= files
    assert {"tests/chapters/test_01_twice.py", "chapters/hints/01_twice.md"} <= files
    assert "tests/wrong/01_twice.json" in files and "tests/wrong/01_twice.py" not in files
    assert not [one for one in files if one.startswith(("solutions", "tests/nbval", ".git/"))]
    assert not [one for one in files if one.startswith("data/results")]
    for path in target.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "return 2 * x" not in text and "abs(x) **" not in text, path
    read_book(target)
    assert "| 1 | Twice | 1 | 7 |" in (target / "README.md").read_text().split("|---|")[-1]
    assert (target / "course.toml").read_text() == "[points]\ntwice = 7\n"
    again = release(target)
    assert (again.exit_code, again.stderr) == (
        2,
        f"unrolled: {target} is not empty; name a new folder\n",
    )


def test_an_image_is_made_of_the_book_and_of_nothing_that_was_handed_in() -> None:
    lines = (Path(__file__).parents[2] / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    taken = {line[1:] for line in lines if line.startswith("!")}
    more = {"data", "tests/chapters", "README.md", "course.toml"}
    assert taken == {*parts.WHOLE, *parts.FILES, *parts.ANSWERS, *more}


@pytest.mark.parametrize("name", ["chapters", "unrolled", "locks"])
def test_a_course_is_not_written_into_what_it_copies(name: str, whole: Book) -> None:
    before = sorted(whole.root.rglob("*"))
    done = release(whole.root / name / "course")
    assert done.exit_code == 2 and f"lies in the book's {name}/; name a folder" in done.stderr
    assert sorted(whole.root.rglob("*")) == before


def test_a_course_diagnoses_without_the_wrong_answers(
    whole: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "course"
    assert release(target).exit_code == 0
    monkeypatch.chdir(target)
    (target / "work").mkdir()
    (target / "work" / "01_twice.py").write_text(ANSWERS["half"])
    done = CliRunner().invoke(main, ["check", "twice"])
    assert done.exit_code == 1
    assert "The sign is lost; keep it." in done.stdout
    (target / "course.toml").write_text("[points]\ntwice = 7\n")
    assert "3.5/7" in CliRunner().invoke(main, ["check", "twice"]).stdout
    assert "this is a course already" in release(tmp_path / "again").stderr


def test_a_course_grades_what_no_parser_can_read(whole: Book, tmp_path: Path) -> None:
    course, deep = tmp_path / "course", tmp_path / "deep.py"
    assert release(course).exit_code == 0
    deep.write_text(f"{ANSWERS['mistake']}\ny = a{'.b' * 50_000}\n")
    notebooks = read_book(course).notebooks
    grader = Grader(Settings(course, ("01_twice", "02_thrice"), b"s"))
    try:
        marked = grader.grade(read(single(deep, notebooks), notebooks))
        assert {one.kind for one in marked.verdicts if one.outcome == "failed"} >= {
            "RecursionError"
        }
    finally:
        grader.jail.close()


def test_gradescopes_archive_holds_its_scripts_and_the_book(whole: Book, tmp_path: Path) -> None:
    archive = tmp_path / "autograder.zip"
    done = release(archive, "--gradescope")
    assert done.exit_code == 0, done.stderr
    with zipfile.ZipFile(archive) as opened:
        names = set(opened.namelist())
        modes = {one.filename: one.external_attr >> 16 & 0o777 for one in opened.infolist()}
    assert {"setup.sh", "run_autograder", "book/solutions/01_twice.py", "book/book.toml"} <= names
    assert modes["setup.sh"] == modes["run_autograder"] == 0o755
    assert release(tmp_path / "folder", "--gradescope").exit_code == 2


@pytest.mark.skipif(
    not Path("/sys/kernel/mm/transparent_hugepage").is_dir()
    or tuple(map(int, platform.release().split(".")[:2])) < (6, 1),
    reason="the kernel has no huge pages to put memory into",
)
def test_a_parent_lies_in_huge_pages_so_that_its_forks_cost_less() -> None:
    code = """
from unrolled.grade.server import collapse
many = [bytearray(1000) for _ in range(60_000)]
before = open("/proc/self/smaps_rollup").read()
collapse()
for text in (before, open("/proc/self/smaps_rollup").read()):
    print(*(line.split()[1] for line in text.splitlines() if line.startswith("AnonHugePages:")))
"""
    command = [sys.executable, "-c", code]
    before, after = subprocess.run(command, check=True, capture_output=True).stdout.split()
    assert int(after) > int(before) + 30_000


def test_answers_that_use_keras_run_in_forks_of_a_parent_that_only_imported_it(tiny: Book) -> None:
    source = tiny.root / "chapters" / "01_twice.py"
    edit(source, "import math\n", "import keras\n")
    double = "float(keras.ops.convert_to_tensor(x, 'float64') * {factor})"
    handed, out = tiny.root / "handed", tiny.root / "out"
    handed.mkdir()
    for name, factor in {"right": 2, "wrong": 3}.items():
        answer = double.format(factor=factor)
        (handed / f"{name}.py").write_text(CELL.format(name="twice", answer=answer))
    done = run(handed, "--out", out)
    assert done.exit_code == 0, done.stderr
    found = {name: row["twice"] for name, row in rows(out).items()}
    assert found == {"right": "2", "wrong": "0"}
