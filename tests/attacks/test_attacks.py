"""Submissions that try to cheat: none earns more than its honest score, none leaves a trace.

A file in `submissions/` is one; its first lines say what it tries and, for each exercise that it
answers, the points that it would earn if the trick did nothing. `packages.py` builds hostile
archives and folders. Needs the jail, and says so where there is none.
"""

import importlib.util
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from unrolled.errors import BookError
from unrolled.grade.grader import Grader, Settings
from unrolled.grade.jail import Limits, bubblewrap
from unrolled.grade.submissions import attempts, read, single
from unrolled.manifest import find_root, read_book

HERE = Path(__file__).parent
BOOK = read_book(find_root(HERE))
FILES = sorted(HERE.glob("submissions/*.py"))
LIMITS = Limits(call=2.0, notebook=20, submission=60.0, idle=1.5)


def honest(path: Path) -> dict[str, float]:
    """The points that an attack's answers would earn if its trick did nothing."""
    text = path.read_text(encoding="utf-8", errors="replace")
    [line] = re.findall(r"^# honest: (.*)$", text, re.MULTILINE)
    return {name: float(points) for name, points in re.findall(r"(\w+)=([\d./]+)", line)}


def builders() -> dict[str, Callable[[Path], None]]:
    """The hostile archives and folders, by name."""
    spec = importlib.util.spec_from_file_location("packages", HERE / "packages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {n.removeprefix("attack_"): f for n, f in vars(module).items() if n.startswith("attack")}


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """A grader whose limits are short, so that what sleeps or loops is soon ended."""
    try:
        list(bubblewrap(BOOK))
    except BookError as error:
        pytest.skip(f"NO JAIL, so no attack was tried: {error}")
    names = tuple(one.name for one in BOOK.notebooks)
    opened = Grader(Settings(BOOK.root, names, b"a secret of the tests", limits=LIMITS))
    yield opened
    opened.jail.close()


def points(grader: Grader, path: Path) -> dict[str, float]:
    """What a submission earns, by exercise."""
    marked = grader.grade(read(single(path, BOOK.notebooks), BOOK.notebooks))
    earned: dict[str, float] = {}
    for one in marked.verdicts:
        earned[one.exercise] = earned.get(one.exercise, 0.0) + one.points
    return earned


def test_there_are_enough_attacks() -> None:
    assert len(FILES) + len(builders()) > 150  # as the instructors' page says


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_attack_earns_no_more_than_its_honest_score(path: Path, grader: Grader) -> None:
    allowed, found = honest(path), points(grader, path)
    for exercise, earned in found.items():
        assert earned <= allowed.get(exercise, 0.0) + 1e-6, f"{exercise}: {earned}"
    if path.stem.startswith("honest_"):  # a right answer, however it behaves, loses nothing
        assert {name: earned for name, earned in found.items() if earned} == allowed


@pytest.mark.parametrize("name", builders())
def test_a_hostile_package_earns_nothing(name: str, grader: Grader, tmp_path: Path) -> None:
    builders()[name](tmp_path)
    for one in attempts(tmp_path, BOOK.notebooks):
        start = time.process_time()
        marked = grader.grade(read(one, BOOK.notebooks))
        assert sum(verdict.points for verdict in marked.verdicts) == 0
        assert time.process_time() - start < 5  # of the trusted side


def test_after_all_of_them_an_honest_submission_earns_everything(grader: Grader) -> None:
    earned = points(grader, BOOK.notebooks[0].solutions)
    most = {one.id: one.points for n in BOOK.notebooks[:1] for one in n.exercises}
    assert {name: round(value, 6) for name, value in earned.items() if name in most} == most


def test_no_attack_left_a_file_behind() -> None:
    assert not list(Path("/tmp").glob("unrolled_attack_*"))
