"""What a graded class is handed on as: tables, Gradescope's results, pages for students."""

import base64
import builtins
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import jinja2
from matplotlib import rc_context
from matplotlib.figure import Figure

from unrolled.checks.run import ENDED
from unrolled.checks.verdict import SIGNS, UNTRIED, Verdict
from unrolled.files import write_atomic
from unrolled.grade.jail import OUT_OF_TIME
from unrolled.grade.run import Class, Result, digest, table
from unrolled.manifest import amount
from unrolled.plots import style

ELSEWHERE = "`unrolled check` shows where, on numbers of its own"
ENDED_EARLY = "ended early: out of memory, a crash, or a reply that is none"
TIMES = ("a call took more", "a call slept", "the submission took more", OUT_OF_TIME)
WORDS = {"untried": UNTRIED, "rests": "rests on an exercise that does not hold yet"}


def write_all(graded: Class, out: Path) -> list[Path]:
    """Write every export of a class into `out`; return the paths of the tables and the report."""
    write_atomic(out / "grades.csv", grades(graded))
    write_atomic(out / "attempts.csv", every_attempt(graded))
    write_atomic(out / "canvas.csv", canvas(graded))
    names = _file_names(graded)
    for one in graded.best:
        name = names[one.student]
        results = json.dumps(gradescope(graded, one), indent=1, ensure_ascii=False) + "\n"
        write_atomic(out / "gradescope" / f"{name}.json", results)
        write_atomic(out / "feedback" / f"{name}.md", feedback(graded, one))
        write_atomic(out / "feedback" / f"{name}.html", feedback_page(graded, one))
    write_atomic(out / "report.html", report(graded))
    return [out / name for name in ("grades.csv", "attempts.csv", "canvas.csv", "report.html")]


def _file_names(graded: Class) -> dict[str, str]:
    """Map each student to a name that any file system takes, and no two students share."""
    students = [one.student for one in graded.best]
    plain = {
        one: "".join(c if c.isalnum() or c in "-_" else "_" for c in one)[:60] for one in students
    }
    count = Counter(name.casefold() for name in plain.values())
    return {
        one: name if count[name.casefold()] == 1 else f"{name}-{digest(one)[:12]}"
        for one, name in plain.items()
    }


# --- tables -----------------------------------------------------------------------------------


def grades(graded: Class) -> str:
    """Return grades.csv: one row a student, the best attempt; one column an exercise."""
    return _rows(graded, graded.best)


def every_attempt(graded: Class) -> str:
    """Return attempts.csv: the same for every attempt, for whoever counts lateness."""
    return _rows(graded, graded.results)


def _rows(graded: Class, results: Sequence[Result]) -> str:
    attempts = Counter(one.student for one in graded.results)
    about = ("attempt", "attempts", "handed in", "hours late", "problem")
    rows: list[list[object]] = [["student", *graded.exercises, "total", *about]]
    for one in results:
        points = [one.points[name] for name in graded.exercises]
        when = one.when.isoformat(timespec="seconds")
        row = [one.student, *points, one.total, one.label or one.file, attempts[one.student]]
        rows.append([*row, when, one.late, one.marked.problem])
    return table(rows)


def _possible(graded: Class) -> list[float]:
    return [
        graded.course.points_of(exercise)
        for notebook in graded.notebooks
        for exercise in notebook.exercises
    ]


def _most(graded: Class) -> float:
    return sum(_possible(graded))


def canvas(graded: Class) -> str:
    """Return a gradebook that Canvas imports: one assignment a notebook, matched by login."""
    named = [f"{graded.course.title}: {one.chapter.title}" for one in graded.notebooks]
    if len(set(named)) < len(named):
        named = [f"{name} ({one.key})" for name, one in zip(named, graded.notebooks, strict=True)]
    rows: list[list[object]] = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *named]]
    rows.append(["    Points Possible", "", "", "", "", *_by_notebook(graded, None)])
    for one in graded.best:
        rows.append([one.student, "", "", one.student, "", *_by_notebook(graded, one)])
    return table(rows)


def _by_notebook(graded: Class, result: Result | None) -> list[float]:
    return [
        round(
            sum(
                result.points[one.id] if result else graded.course.points_of(one)
                for one in notebook.exercises
            ),
            6,
        )
        for notebook in graded.notebooks
    ]


def gradescope(graded: Class, result: Result) -> dict[str, Any]:
    """Return Gradescope's results.json for one student: one test for each check."""
    tests = []
    for notebook in graded.notebooks:
        for exercise in notebook.exercises:
            for verdict in result.marked.verdicts:
                if verdict.exercise != exercise.id:
                    continue
                tests.append(
                    {
                        "name": f"{exercise.title}: {verdict.sentence}",
                        "number": notebook.label(exercise.id),
                        "score": graded.course.earned(exercise, verdict.points),
                        "max_score": graded.course.earned(exercise, verdict.most),
                        "status": "passed" if verdict.outcome == "passed" else "failed",
                        "output": said(verdict),
                        "visibility": "visible",
                    }
                )
    return {
        "score": result.total,
        "output": result.marked.problem or "One line for each check; only these lines are shown.",
        "tests": tests,
    }


# --- pages ------------------------------------------------------------------------------------


def said(verdict: Verdict) -> str:
    """Return what a student is told of a verdict: written messages, no value of a secret test."""
    if verdict.outcome == "passed":
        return ""
    if verdict.outcome != "failed":
        return WORDS[verdict.outcome]
    if verdict.mistake:
        return verdict.looks_like
    if verdict.kind == ENDED:
        known = verdict.message.startswith(TIMES)
        return verdict.message.splitlines()[0] if known else ENDED_EARLY
    error = getattr(builtins, verdict.kind, None)
    if isinstance(error, type) and issubclass(error, Exception):  # no name of the student's own
        return f"raises {verdict.kind}; {ELSEWHERE}"
    return f"does not hold yet; {ELSEWHERE}"


_PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("unrolled.grade", "pages"),
    autoescape=jinja2.select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.globals["signs"] = SIGNS
_PAGES.globals["said"] = said


def lateness(hours: float) -> str:
    """Return a time in words: 2 days and 3 hours; below an hour in minutes, one at least."""
    if hours < 1:
        return amount(min(59, max(1, round(60 * hours))), "minute")
    days, rest = divmod(round(hours, 1), 24)
    parts = [amount(days, "day")] if days else []
    if rest or not days:
        parts.append(amount(round(rest, 1), "hour"))
    return " and ".join(parts)


_PAGES.filters.update(lateness=lateness, amount=amount)


def feedback(graded: Class, result: Result) -> str:
    """Return a student's page as Markdown."""
    return _PAGES.get_template("feedback.md").render(_about(graded, result))


def feedback_page(graded: Class, result: Result) -> str:
    """Return a student's page as HTML."""
    return _PAGES.get_template("feedback.html").render(_about(graded, result))


def _about(graded: Class, result: Result) -> dict[str, Any]:
    exercises = [
        {
            "label": notebook.label(one.id),
            "title": one.title,
            "id": one.id,
            "earned": result.points[one.id],
            "most": graded.course.points_of(one),
            "verdicts": [v for v in result.marked.verdicts if v.exercise == one.id],
        }
        for notebook in graded.notebooks
        for one in notebook.exercises
    ]
    attempts = [one for one in graded.results if one.student == result.student]
    return {
        "course": graded.course,
        "result": result,
        "exercises": exercises,
        "attempts": attempts,
        "most": _most(graded),
    }


def report(graded: Class) -> str:
    """Return the class report as one HTML page: points, mistakes, what ran out of time or broke."""
    mistakes: Counter[tuple[str, str, str]] = Counter()
    for one in graded.best:
        found = {(v.exercise, v.mistake, v.says) for v in one.marked.verdicts if v.mistake}
        mistakes.update(found)
    noticed = [
        (one.student, one.label or one.file, what)
        for one in graded.results
        for what in (*one.marked.noticed, *([one.marked.problem] if one.marked.problem else []))
    ]
    return _PAGES.get_template("report.html").render(
        course=graded.course,
        students=graded.best,
        most=_most(graded),
        totals=_drawn(_totals, graded),
        exercises=_drawn(_exercises, graded),
        mistakes=mistakes.most_common(20),
        noticed=noticed,
        late=[one for one in graded.best if one.late],
        unstamped=sum(not one.stamped for one in graded.results),
        median=median(one.total for one in graded.best),
    )


def _drawn(draw: Any, graded: Class) -> str:
    """Return a figure as the text of an SVG file, for a page without other files."""
    style()
    said = io.BytesIO()
    with rc_context({"svg.hashsalt": "unrolled", "svg.fonttype": "path"}):
        height = max(2.2, 0.34 * len(graded.exercises))
        figure = Figure(figsize=(7, height), layout="constrained")
        draw(figure.add_subplot(), graded)
        figure.savefig(said, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(said.getvalue()).decode()


def _totals(axes: Any, graded: Class) -> None:
    most = _most(graded)
    axes.hist([one.total for one in graded.best], bins=20, range=(0, most or 1))
    axes.set(xlabel="points", ylabel="students", title="Points of the best attempts")


def _exercises(axes: Any, graded: Class) -> None:
    names = graded.exercises[::-1]
    possible = dict(zip(graded.exercises, _possible(graded), strict=True))
    left = [0.0] * len(names)
    for title, low, high in (("all points", 1.0, 9.0), ("some", 1e-9, 1.0), ("none", -1.0, 1e-9)):
        counts = [
            sum(
                low <= one.points[name] / (possible[name] or 1) + 1e-9 < high for one in graded.best
            )
            for name in names
        ]
        axes.barh(names, counts, left=left, label=title)
        left = [a + b for a, b in zip(left, counts, strict=True)]
    axes.set(xlabel="students", title="Each exercise")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
