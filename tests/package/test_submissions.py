"""What is handed in: whose it is, when, and which bytes count."""

import io
import json
import os
import secrets
import socket
import tarfile
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.package.conftest import edit
from unrolled import files
from unrolled.cli import main
from unrolled.course import Course, read_course
from unrolled.errors import BookError
from unrolled.grade.export import feedback, feedback_page, lateness, report
from unrolled.grade.grader import Marked, Settings
from unrolled.grade.intake import Member, Refused, read_submission
from unrolled.grade.run import Class, Result, book_key, secret_of, table
from unrolled.grade.submissions import attempts, read, single
from unrolled.manifest import Book, read_book
from unrolled.wire import decode, encode

ANSWER = '# %% exercise="twice"\ndef twice(x: float) -> float:\n    return 2 * x\n'
WANTED = {"01_twice": ["twice"], "02_thrice": ["thrice"]}


def notebook(source: str, **about: object) -> bytes:
    cell = {"cell_type": "code", "metadata": {"exercise": "twice"}, "source": source}
    cell |= {"outputs": [], "execution_count": None, **about}
    return json.dumps(
        {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    ).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    said = io.BytesIO()
    with zipfile.ZipFile(said, "w") as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return said.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    said = io.BytesIO()
    with tarfile.open(fileobj=said, mode="w:gz") as archive:
        for name, raw in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(raw)
            archive.addfile(entry, io.BytesIO(raw))
    return said.getvalue()


def test_students_and_attempts_come_from_the_names(tiny: Book, tmp_path: Path) -> None:
    handed = tmp_path / "handed"
    for name in (
        "ana.py",
        "ben@2026-10-01T12:30.py",
        "ben@2026-10-02.py",
        "cleo/first/work/01_twice.py",
        "cleo/second/01_twice.py",
        "cleo/cleo@2026-10-03.zip",
        "cleo/last@2026-02-30.zip",
        "dan/chapters/01_twice.py",
        "eve.zip",
        ".DS_Store",
        "notes.txt",
    ):
        place = handed / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(ANSWER)
    found = attempts(handed, tiny.notebooks)
    named = [(one.student, one.label) for one in found]
    assert named == [
        ("ana", ""),
        ("ben", "2026-10-01T12:30"),
        ("ben", "2026-10-02"),
        ("cleo", "2026-10-03"),
        ("cleo", "first"),
        ("cleo", "second"),
        ("cleo", "last@2026-02-30"),
        ("dan", ""),
        ("eve", ""),
        ("notes", ""),
    ]
    assert found[1].when == datetime(2026, 10, 1, 12, 30).astimezone()
    assert "expected .zip" in read(found[-1], tiny.notebooks).problem
    (tiny.root / "nothing").mkdir()
    with pytest.raises(BookError, match="is empty"):
        attempts(tiny.root / "nothing", tiny.notebooks)
    with pytest.raises(BookError, match="no such folder"):
        attempts(handed / "nowhere", tiny.notebooks)
    with pytest.raises(BookError, match="is a file; add --one"):
        attempts(handed / "ana.py", tiny.notebooks)
    with pytest.raises(BookError, match="6 entries; leave out --one"):
        single(handed, tiny.notebooks)
    assert single(handed / "ben@2026-10-02.py", tiny.notebooks).student == "ben"
    zone = timezone(timedelta(hours=2))
    assert attempts(handed, tiny.notebooks, zone)[1].when.utcoffset() == timedelta(hours=2)


def _handed(folder: Path, name: str) -> Path:
    """A folder of submissions with one file."""
    handed = folder / "handed"
    handed.mkdir()
    (handed / name).write_text(ANSWER)
    return handed


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("alice@uni.edu.py", "alice@uni.edu"),
        ("alice@uni.edu@2026-10-02.py", "alice@uni.edu"),
        ("@SUM(A1).py", "@SUM(A1)"),
        ("@2026-10-02.py", "@2026-10-02"),
        ("bad@yesterday.py", "bad@yesterday"),
        ("jane.doe.py", "jane.doe"),
        ("two\nlines.py", "two\\nlines"),
        ("bad\udcff.py", "bad\\udcff"),
        ("zoe\u0301.py", "zo\u00e9"),
    ],
)
def test_a_name_is_a_students_whatever_it_holds(
    name: str, student: str, tiny: Book, tmp_path: Path
) -> None:
    [found] = attempts(_handed(tmp_path, name), tiny.notebooks)
    assert found.student == student
    files = read(found, tiny.notebooks)
    assert files.problem == ""
    assert decode(encode([list(one) for one in files.members]))


@pytest.mark.parametrize(
    ("label", "when"),
    [
        ("2026-10-01", "2026-10-01T00:00+02:00"),
        ("2026-10-01T17:30", "2026-10-01T17:30+02:00"),
        ("2026-10-01T17-30-05", "2026-10-01T17:30:05+02:00"),
        ("2026-10-01T17.30.05", "2026-10-01T17:30:05+02:00"),
        ("2026-10-01 173005", "2026-10-01T17:30:05+02:00"),
        ("2026-10-01T17:30Z", "2026-10-01T17:30+00:00"),
        ("2026-10-01T17:30-05:00", "2026-10-01T17:30-05:00"),
        ("2026-10-01T17:30-0500", "2026-10-01T17:30-05:00"),
        ("2026-10-01T17-30-05-0500", "2026-10-01T17:30:05-05:00"),
        ("2026-10-01T1730+02:00", "2026-10-01T17:30+02:00"),
        ("2026-10-01T17:30-05", "2026-10-01T17:30-05:00"),
        ("2026-10-01T17:30+05", "2026-10-01T17:30+05:00"),
    ],
)
def test_a_time_in_a_name_is_told_in_many_ways_and_has_the_courses_offset_or_its_own(
    label: str, when: str, tiny: Book, tmp_path: Path
) -> None:
    handed = _handed(tmp_path, f"ana@{label}.py")
    [found] = attempts(handed, tiny.notebooks, timezone(timedelta(hours=2)))
    assert (found.student, found.stamped) == ("ana", True)
    assert found.when == datetime.fromisoformat(when)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.01, "1 minute"),
        (0.25, "15 minutes"),
        (0.99, "59 minutes"),
        (1, "1 hour"),
        (1.26, "1.3 hours"),
        (24, "1 day"),
        (51, "2 days and 3 hours"),
    ],
)
def test_lateness_is_told_in_words_and_is_never_nothing(hours: float, words: str) -> None:
    assert lateness(hours) == words


@pytest.mark.parametrize(
    "label",
    [
        "2026-10-01+02:00",
        "2026-10-01Z",
        "2026-10-01T25:00",
        "2026-10-01T17-05:00",
        "2026-10-01T17:30+02:75",
        "2026-10-01Tnoon",
    ],
)
def test_what_is_meant_as_a_time_and_is_none_is_refused(
    label: str, tiny: Book, tmp_path: Path
) -> None:
    handed = _handed(tmp_path, f"ana@{label}.py")
    with pytest.raises(BookError, match="is no time; expected one like 2026-10-01T17:30"):
        attempts(handed, tiny.notebooks)


def test_a_time_that_does_not_exist_is_refused_before_anything_is_graded(
    tiny: Book, tmp_path: Path
) -> None:
    (tmp_path / "handed").mkdir()
    (tmp_path / "handed" / "t@2026-13-45.py").write_text(ANSWER)
    with pytest.raises(BookError, match=r"t@2026-13-45.py: 2026-13-45 is no time; expected one"):
        attempts(tmp_path / "handed", tiny.notebooks)


def test_the_only_notebook_of_a_folder_counts_by_any_name(tiny: Book, tmp_path: Path) -> None:
    folder = tmp_path / "handed" / "hal"
    folder.mkdir(parents=True)
    (folder / "Copy of 01_twice (1).py").write_text(ANSWER)
    [found] = attempts(tmp_path / "handed", tiny.notebooks)
    assert [name for name, _, _ in read(found, tiny.notebooks).members] == [
        "Copy of 01_twice (1).py"
    ]
    assert found.when.year >= 2026
    (folder / "other.py").write_text(ANSWER)
    assert "no notebook found" in read(found, tiny.notebooks).problem


@pytest.mark.parametrize(
    "kind", ["link", "linked folder", "pipe", "socket", "device", "large", "folder"]
)
def test_nothing_but_a_plain_file_is_read(kind: str, tiny: Book, tmp_path: Path) -> None:
    secret, handed = tmp_path / "secret", tmp_path / "mallory"
    secret.mkdir()
    (secret / "01_twice.py").write_text(ANSWER)
    (handed / "work").mkdir(parents=True)
    place = handed / "work" / "01_twice.py"
    if kind == "link":
        place.symlink_to(secret / "01_twice.py")
    elif kind == "linked folder":
        (handed / "work").rmdir()
        (handed / "work").symlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        opened = socket.socket(socket.AF_UNIX)
        opened.bind(os.path.relpath(place))
        opened.close()
    elif kind == "device":
        if os.geteuid() != 0:
            pytest.skip("only root makes a device")
        os.mknod(place, 0o20666, os.makedev(1, 5))
    elif kind == "large":
        place.write_bytes(b"#" * (11 << 20))
    else:
        place.mkdir()
    files = read(single(handed, tiny.notebooks), tiny.notebooks)
    assert not files.members
    assert files.problem and "secret" not in files.problem


def test_the_digest_is_of_names_and_bytes_and_of_no_time(tiny: Book, tmp_path: Path) -> None:
    digests = set()
    for number, text in enumerate((ANSWER, ANSWER, ANSWER + "\n")):
        place = tmp_path / str(number) / "01_twice.py"
        place.parent.mkdir()
        place.write_text(text)
        os.utime(place, (number, number))
        digests.add(read(single(place.parent, tiny.notebooks), tiny.notebooks).digest)
    assert len(digests) == 2


def test_of_two_files_of_a_notebook_the_digest_says_which_is_read(
    tiny: Book, tmp_path: Path
) -> None:
    def digest(**times: int) -> str:
        for name, changed in times.items():
            place = tmp_path / f"{name[:-2]}.{name[-2:]}".replace(".nb", ".ipynb")
            place.write_text(ANSWER)
            os.utime(place, (changed, changed))
        return read(single(tmp_path, tiny.notebooks), tiny.notebooks).digest

    names = "01_twicepy", "01_twicenb", "02_thricepy"
    orders = [(1, 2, 3), (1, 2, 0), (5, 9, 7), (2, 1, 3), (9, 5, 7), (4, 4, 4)]
    found = [digest(**dict(zip(names, order, strict=True))) for order in orders]
    assert len(set(found[:3])) == 1 and len(set(found[3:5])) == 1
    assert len(set(found)) == 2  # as for equal times: the first by name


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("01_twice.py", ANSWER.encode()),
        ("ana.py", ANSWER.encode()),
        ("01_twice.py", b"\xef\xbb\xbf" + ANSWER.replace("\n", "\r\n").encode()),
        ("01.ipynb", notebook("def twice(x: float) -> float:\n    return 2 * x")),
        ("ana.zip", zipped({"hw/work/01_twice.py": ANSWER.encode(), "hw/readme.txt": b"x"})),
        ("ana.tar.gz", tarred({"work/01_twice.py": ANSWER.encode()})),
        ("ana.zip", zipped({"01_twice.ipynb": notebook(ANSWER.split("\n", 1)[1].strip())})),
    ],
)
def test_an_answer_is_found_wherever_students_put_it(path: str, raw: bytes) -> None:
    [(exercise, source, line)] = read_submission([Member(path, 0.0, raw)], WANTED)["01_twice"][1]
    assert (exercise, source.splitlines()[-1].strip()) == ("twice", "return 2 * x")
    assert line == (1 if b"cells" in raw or (path.endswith("zip") and b"ipynb" in raw) else 2)


def test_work_counts_before_chapters_and_the_newer_of_a_pair_counts() -> None:
    old, new = ANSWER.replace("2 * x", "old"), ANSWER.replace("2 * x", "new")
    members = [
        Member("chapters/01_twice.py", 9.0, ANSWER.encode()),
        Member("work/01_twice.py", 1.0, old.encode()),
        Member("work/01_twice.ipynb", 2.0, notebook(new.split("\n", 1)[1])),
    ]
    [(_, source, _)] = read_submission(members, WANTED)["01_twice"][1]
    assert source.strip().endswith("new")


def test_only_exercise_cells_are_taken_and_a_split_cell_stays_in_order() -> None:
    text = "import os\n\n# %%\nx = 1\n\n" + ANSWER + "\n# %% [markdown]\n# Hm.\n\n" + ANSWER
    text += '\n# %% exercise="unknown"\ny = 2\n\n# %% exercise="thrice"\nz = 3\n'
    found = read_submission([Member("01_twice.py", 0.0, text.encode())], WANTED)
    assert [cell[0] for cell in found["01_twice"][1]] == ["twice", "twice"]
    lines = [line for _, _, line in found["01_twice"][1]]
    assert all(text.splitlines()[line - 1].startswith("def twice") for line in lines)


@pytest.mark.parametrize(
    ("path", "raw", "says"),
    [
        ("01_twice.py", b"a\0b", "zero byte"),
        ("01_twice.py", "x = 'ä'".encode("latin-1"), "not UTF-8"),
        ("01_twice.py", ANSWER.encode("utf-16"), "zero byte|not UTF-8"),
        ("01_twice.py", b"# " + b"x" * (300 << 10), "KiB of source"),
        ("01_twice.ipynb", b"{", "is no notebook that Jupyter can open"),
        ("01_twice.ipynb", b"[" * 100_000, "is no notebook that Jupyter can open"),
        ("01_twice.ipynb", notebook("x" * (300 << 10)), "KiB of source"),
        ("ana.zip", b"PK", "is damaged or no archive; pack it again"),
        ("ana.tar.gz", b"\x1f\x8b", "is damaged or no archive; pack it again"),
        ("ana.zip", zipped({"../01_twice.py": ANSWER.encode()}), "no notebook found"),
        ("ana.tar.gz", tarred({"/01_twice.py": ANSWER.encode()}), "no notebook found"),
        ("ana.zip", zipped({"a.py": b"# " + b"x" * (11 << 20)}), "larger than"),
        (
            "ana.zip",
            zipped({"a.zip": zipped({"01_twice.py": ANSWER.encode()})}),
            "no notebook found",
        ),
        ("ana.py", b"x = 1\n", "has no exercise cells"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(path: str, raw: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says):
        read_submission([Member(path, 0.0, raw)], WANTED)


def test_outputs_of_a_notebook_do_not_count() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "x" * (1 << 20)}
    raw = notebook(ANSWER.split("\n", 1)[1], outputs=[output])
    assert read_submission([Member("01_twice.ipynb", 0.0, raw)], WANTED)["01_twice"][1]


# --- the course -------------------------------------------------------------------------------


def test_a_course_sets_dates_and_points(tiny: Book) -> None:
    (tiny.root / "course.toml").write_text(
        'title = "RNN 101"\n[due]\n1 = 2026-10-01T12:00:00+02:00\n[points]\ntwice = 5\n'
    )
    course = read_course(tiny)
    one, two = tiny.notebooks
    assert course.points_of(one.exercises[0]) == 5.0
    assert course.points_of(two.exercises[0]) == 3.0
    assert course.late([one], datetime(2026, 10, 1, 9, 59, tzinfo=UTC)) == 0.0
    assert course.late([one], datetime(2026, 10, 1, 11, 30, tzinfo=UTC)) == 1.5
    assert course.late([one], datetime(2026, 10, 1, 10, 0, 1, tzinfo=UTC)) == 0.01
    assert course.late([two], datetime(2030, 1, 1, tzinfo=UTC)) == 0.0
    assert [course.earned(one.exercises[0], 2.0), course.earned(two.exercises[0], 2.0)] == [5, 2]
    assert Course().late([one], datetime(2030, 1, 1, tzinfo=UTC)) == 0.0


@pytest.mark.parametrize("name", ["1", "01", "01_twice"])
def test_whatever_names_a_notebook_sets_its_due_time(name: str, tiny: Book) -> None:
    (tiny.root / "course.toml").write_text(f"[due]\n{name} = 2026-10-01T12:00:00Z\n")
    course = read_course(tiny)
    late = [course.late([one], datetime(2026, 10, 3, 12, tzinfo=UTC)) for one in tiny.notebooks]
    assert late == [48.0, 0.0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("titel = 1", "titel: unknown key"),
        ("[due]\n9 = 2026-10-01T12:00:00Z", "course.toml: due.9: no notebook '9'"),
        ("[due]\n1 = 2026-10-01T12:00:00", "due.1: give the offset"),
        ("[due]\n1 = 'soon'", "due.1"),
        ("[points]\nno = 1", "course.toml: points.no: no exercise 'no'"),
        ("[points]\ntwice = -1", "points.twice: Input should be greater than or equal to 0"),
        ("[points]\ntwice = nan", "points.twice: Input should be a finite number"),
        ("[points]\ntwice = true", "points.twice: Input should be a valid number"),
        ("[", "course.toml"),
    ],
)
def test_a_course_that_is_wrong_is_one_line(text: str, says: str, tiny: Book) -> None:
    (tiny.root / "course.toml").write_text(text)
    with pytest.raises(BookError) as caught:
        read_course(tiny)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("points", "said"), [(1, "1 point"), (0.5, "0.5 points")])
def test_one_point_is_one_point_on_every_page(tiny: Book, points: float, said: str) -> None:
    course, notebooks = Course(points={"twice": points}), tuple(tiny.notebooks[:1])
    row = ("ana", "", "ana.py", datetime(2030, 1, 1, tzinfo=UTC), False, "", 25.0, {"twice": 0.0})
    graded = Class(course, notebooks, (Result(*row, Marked(())),))
    for page in (feedback(graded, graded.results[0]), feedback_page(graded, graded.results[0])):
        assert f"0 of {said}" in page and "1 day and 1 hour after" in page
    assert f"<p>1 student; median 0 of {said}; 1 late." in report(graded)
    assert "1 of the times is that of the file itself, which" in report(graded)


def test_no_cell_of_a_table_is_a_formula() -> None:
    rows = table([["=1+1", "+1", "-1", "@x", "a\nb", 'q"', -1.5, 0.1 + 0.2, 3]])
    assert rows == '\'=1+1,\'+1,\'-1,\'@x,"a\nb","q""",-1.5,0.3,3\n'


def test_grading_needs_submissions_and_a_new_folder(tiny: Book) -> None:
    run = CliRunner().invoke(main, ["grade", "nowhere", "--out", "out"])
    assert (run.exit_code, run.stderr) == (
        2,
        "unrolled: nowhere: no such folder; expected one with a file or folder a student\n",
    )
    assert not (tiny.root / "out").exists()


def test_a_row_is_kept_as_long_as_secret_book_and_packages_are_the_same(
    tiny: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tiny.root, ("01_twice", "02_thrice"), b"secret")
    key = book_key(settings, tiny.notebooks)
    assert book_key(settings, tiny.notebooks) == key
    keys = {key, book_key(replace(settings, secret=b"another"), tiny.notebooks)}
    with monkeypatch.context() as patch:
        patch.setattr(files, "_versions", lambda: ("torch 3.0",))
        keys.add(book_key(settings, tiny.notebooks))
    edit(tiny.notebooks[1].checks, "3 * x", "3 * x + 0")
    keys.add(book_key(settings, tiny.notebooks))
    for old, new in (("points = 3", "points = 6"), ("minutes = 5\n\n", "minutes = 6\n\n")):
        edit(tiny.root / "book.toml", old, new)
        keys.add(book_key(settings, read_book(tiny.root).notebooks))
    (tiny.root / "data").mkdir(exist_ok=True)
    for name in ("five.csv", "README.md"):
        (tiny.root / "data" / name).write_text("1\n")
        keys.add(book_key(settings, read_book(tiny.root).notebooks))
    assert len(keys) == 6


def test_a_secret_that_was_lost_is_refused_and_an_interrupt_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(secrets, "token_hex", stop)
        secret_of(tmp_path / "out", None)
    assert list((tmp_path / "out").iterdir()) == []
    secret = secret_of(tmp_path / "out", None)
    assert len(secret) == 64 and secret_of(tmp_path / "out", None) == secret
    (tmp_path / "out" / "secret").write_bytes(b"\n")
    with pytest.raises(BookError, match="secret is empty; put the run's secret back"):
        secret_of(tmp_path / "out", None)
