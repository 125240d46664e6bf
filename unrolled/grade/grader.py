"""Grade one submission: read in the jail, run in the jail, judged out here by pytest."""

import gc
import hmac
import os
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from unrolled.answers import Answers
from unrolled.checks.diagnosis import Catalog
from unrolled.checks.plugin import Submitted
from unrolled.checks.remote import Lost, Session
from unrolled.checks.run import checks_by_exercise, load_checks, share
from unrolled.checks.session import run_pytest
from unrolled.checks.verdict import UNTRIED, Verdict
from unrolled.errors import BookError
from unrolled.grade.intake import Refused
from unrolled.grade.jail import Jail, Limits
from unrolled.grade.submissions import Files
from unrolled.manifest import Notebook, read_book
from unrolled.notebook import Cell, answers_in, read_cells

LINES = 100_000


@dataclass(frozen=True)
class Settings:
    """All that a verdict depends on besides the submission; the same wherever it is graded."""

    root: Path
    notebooks: tuple[str, ...]
    secret: bytes
    warm: bool = True
    jail: str = "bubblewrap"
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Marked:
    """One submission's verdicts in book order, what could not be read, and what was noticed."""

    verdicts: tuple[Verdict, ...]
    problem: str = ""
    noticed: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As dictionaries, lists and strings."""
        return asdict(self)

    @classmethod
    def from_plain(cls, found: dict[str, Any]) -> "Marked":
        """The inverse of `plain`."""
        verdicts = tuple(Verdict(**one) for one in found["verdicts"])
        return cls(verdicts, found["problem"], tuple(found["noticed"]))


class Grader:
    """Holds a jail from one submission to the next."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.book = read_book(settings.root)
        self.notebooks = self.book.select(settings.notebooks)
        self.jail = Jail(self.book, settings.warm, settings.jail, settings.limits)
        self.checks = {
            one.name: checks_by_exercise(one, load_checks(one)) for one in self.notebooks
        }
        self.catalogs: dict[str, Catalog] = {}
        gc.collect()
        gc.freeze()  # the libraries are not searched for garbage after every submission

    def grade(self, files: Files) -> Marked:
        """Return the verdict of every check; what is missing, skipped or in error earns nothing.

        The same files and the same secret give the same verdicts.
        """
        self.jail.begin()
        if files.problem:
            return self._marked({}, files.problem)
        try:
            answers = self._read(files)
        except Refused as problem:
            return self._marked({}, str(problem))
        verdicts = self._run(answers, files.digest)
        self.jail.fresh()
        return self._marked({(one.exercise, one.check): one for one in verdicts})

    def _read(self, files: Files) -> dict[str, Answers]:
        """Have the jail take the exercise cells out; they come back as strings."""
        child = self.jail.reader()
        wanted = {one.name: [item.id for item in one.exercises] for one in self.notebooks}
        try:
            members = [list(one) for one in files.members]
            found = Session(child.transport).ask("read", members, wanted)
            return {one.name: _answers(found.get(one.name)) for one in self.notebooks}
        except Lost as error:
            raise Refused(f"the file cannot be read: {error}") from error
        except Exception as error:
            if type(error).__name__ != Refused.__name__:  # one like it, of the jail's
                raise Refused("the file cannot be read as a notebook") from error
            raise Refused(str(error)) from error
        finally:
            child.end("")

    def _run(self, answers: dict[str, Answers], digest: str) -> list[Verdict]:
        tried = [exercise for one in self.notebooks for exercise in _tried(one, answers[one.name])]
        if not tried:
            return []
        seed = int.from_bytes(hmac.digest(self.settings.secret, digest.encode(), "sha256"), "big")
        words = [str(one.checks) for one in self.notebooks]
        words += [f"--rootdir={self.book.root}", f"--seed={seed}"]
        words += ["-p", "no:cacheprovider", f"--config-file={os.devnull}"]
        words += [f"--exercise={one}" for one in tried]
        ran = run_pytest(words, Submitted(answers, self.jail.load, self.catalogs))
        if ran.code not in (0, 1):
            raise BookError(f"the checks did not run: {ran.reason}")
        return ran.verdicts

    def _marked(self, verdicts: dict[tuple[str, str], Verdict], problem: str = "") -> Marked:
        rows = []
        for notebook in self.notebooks:
            for exercise, checks in self.checks[notebook.name].items():
                for check in checks:
                    key = (exercise, check.__name__)
                    most = float(notebook.exercise(exercise).points * share(checks, check))
                    none = Verdict(*key, "untried", 0.0, most, message=UNTRIED)
                    rows.append(verdicts.get(key, none))
        return Marked(tuple(rows), problem, tuple(self.jail.noticed))


def _answers(found: Any) -> Answers:
    """Return what the jail says a notebook holds; it is held to the form, as hearsay is."""
    if found is None:
        return Answers()
    try:
        place, cells = found
        answers: dict[str, list[Cell]] = {}
        for exercise, source, line in cells:
            if (type(place), type(source), type(line)) != (str, str, int) or line < 1:
                raise ValueError(line)
            cell = Cell("code", source, {}, str(place), min(line, LINES))
            answers.setdefault(str(exercise), []).append(cell)
    except (TypeError, ValueError) as error:
        raise Refused("the file cannot be read as a notebook") from error
    return Answers(answers)


def _tried(notebook: Notebook, answers: Answers) -> list[str]:
    """Return the exercises whose cells are there and are more than the stub."""
    stubs = answers_in(read_cells(notebook.source))
    found = []
    for exercise in notebook.exercises:
        sources = [cell.source.strip() for cell in answers.cells.get(exercise.id, [])]
        if sources and sources != [stubs[exercise.id][0].source.strip()]:
            found.append(exercise.id)
    return found


@cache
def grader(settings: Settings) -> Grader:
    """Return this process's grader: its jail is warm from the second submission on."""
    return Grader(settings)


def grade(settings: Settings, files: Files) -> dict[str, Any]:
    """Grade one submission in this process; what a pool's or a cluster's workers call."""
    return {"digest": files.digest, **grader(settings).grade(files).plain()}
