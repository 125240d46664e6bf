"""course.toml: what an instructor sets; dates, and points that differ from the book's."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated

from pydantic import Field

from unrolled.errors import BookError
from unrolled.manifest import Book, Exercise, Notebook, Table, read_toml

EXAMPLE = """\
# What this course sets; everything is optional.
title = "Unrolled"

[due]           # the due time of a chapter (1) or a notebook (03a), with its offset from UTC
# 1 = 2026-10-01T23:59:00+02:00

[points]        # an exercise that counts otherwise than in the book
# Decoder = 5
"""

Points = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]


class Course(Table):
    """A course: its title, when chapters are due, what exercises are worth."""

    title: str = "Unrolled"
    due: dict[str, datetime] = Field(default_factory=dict)
    points: dict[str, Points] = Field(default_factory=dict)

    def points_of(self, exercise: Exercise) -> float:
        """Return what an exercise is worth in this course."""
        return self.points.get(exercise.id, float(exercise.points))

    def earned(self, exercise: Exercise, points: float) -> float:
        """Return what points of the book, earned with an exercise, are worth in this course."""
        return round(points * self.points_of(exercise) / exercise.points, 6)

    @property
    def zone(self) -> tzinfo | None:
        """The offset of the due times: in it, a time without one is read."""
        return next((moment.tzinfo for moment in self.due.values()), None)

    def late(self, notebooks: Sequence[Notebook], when: datetime) -> float:
        """Return by how many hours an attempt missed the last due time of the notebooks; 0 if not.

        Without a due time nothing is late.
        """
        due = [
            moment.astimezone()
            for name, moment in self.due.items()
            if any(one.goes_by(name) for one in notebooks)
        ]
        hours = (when - max(due)).total_seconds() / 3600 if due else 0.0
        return max(0.01, round(hours, 2)) if hours > 0 else 0.0


def read_course(book: Book, file: Path | None = None) -> Course:
    """Read course.toml, by default the one beside book.toml; without one, the book's own points.

    Every problem is one line that names the key.
    """
    path = file or book.root / "course.toml"
    if not path.is_file():
        if file is not None:
            raise BookError(f"{file} is missing; `unrolled release` writes one to start from")
        return Course(title=book.about.title)
    course = read_toml(path, path.name, Course)
    for table, name in [
        *(("due", one) for one in course.due),
        *(("points", one) for one in course.points),
    ]:
        try:
            book.select([name]) if table == "due" else book.notebook_of(name)
        except BookError as error:
            raise BookError(f"{path.name}: {table}.{name}: {error}") from error
    for name, moment in course.due.items():
        if moment.tzinfo is None:
            raise BookError(f"{path.name}: due.{name}: give the offset from UTC, as in +02:00")
    return course
