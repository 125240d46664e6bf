"""What `unrolled bench` measures of a student's waiting."""

import pytest

from unrolled import bench, loop
from unrolled.errors import BookError
from unrolled.manifest import Book


def test_a_students_waiting_is_measured(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "SAVES", 2)
    rows = dict(bench.students(tiny, tiny.notebooks[0]))
    assert list(rows) == [
        "unrolled check twice, cold",
        "from a save to its verdict, twice, 2 saves",
        "of which the checks themselves",
        'check("twice") in a notebook',
    ]
    assert all(figure.endswith(" s") for figure in rows.values())


def test_a_watch_without_a_verdict_ends_it(tiny: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "STUCK", 0.01)
    with pytest.raises(BookError, match="no verdict on a save after 0 s"):
        list(bench.students(tiny, tiny.notebooks[0]))
