"""Run single checks outside pytest's collection: the same call that the plugin's fixtures make."""

import hashlib
import hmac
import importlib.util
import inspect
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np

from unrolled.answers import Answers, Step, defined_names, owners, program, run_program
from unrolled.checks.compare import plain, same_values
from unrolled.checks.remote import Broken, Lost, Session, Space
from unrolled.checks.watch import Endless
from unrolled.errors import BookError
from unrolled.manifest import Notebook
from unrolled.notebook import read_cells
from unrolled.runtime import device, seeded
from unrolled.worker import TEXT, Worker

Check = Callable[..., Any]
GIVEN = ("rng", "seed", "device")
ENDED = "ended early"  # the kind of a failure that no error of a student's can be named


def observed(check: Check) -> Check:
    """Mark a check whose verdict rests on what the student's side says of itself.

    Whether an argument was changed, say. It is run and reported like any other, and earns nothing:
    a dishonest answer could say the same.
    """
    check.observed = True  # type: ignore[attr-defined]
    return check


def share(checks: Sequence[Check], check: Check) -> Fraction:
    """Return the part of its exercise's points that one of its checks is worth."""
    earning = [one for one in checks if not getattr(one, "observed", False)]
    return Fraction(check in earning, len(earning) or 1)


def new_seed() -> int:
    """Draw the seed of a run."""
    return secrets.randbelow(2**31)


def check_seed(run_seed: int, name: str) -> int:
    """Derive the seed of one check from the run's, so that checks do not share their draws."""
    digest = hmac.digest(str(run_seed).encode(), name.encode(), hashlib.sha256)
    return int.from_bytes(digest[:4], "big") >> 1


def hidden_seed(run_seed: int, name: str) -> int:
    """Derive the seed of what a check asks a stranger's answer.

    The answer can read `check_seed`, from which its own layers draw; from that it cannot tell this
    one, which is too long to be searched for as well.
    """
    digest = hmac.digest(str(run_seed).encode(), f"{name}/rng".encode(), hashlib.sha256)
    return int.from_bytes(digest, "big")


def given(name: str, seed: int) -> Any:
    """Return the value of a check's argument that is not a name of the chapter."""
    if name == "device":
        return device()
    return np.random.default_rng(seed) if name == "rng" else seed


def untried(error: BaseException) -> str | None:
    """Return the exercise whose stub raised this error, by the stub's exact message."""
    text = error.args[0] if len(error.args) == 1 else None
    if type(error) is NotImplementedError and isinstance(text, str):
        head, _, name = text.partition(" ")
        return name if head == "exercise" and name.isidentifier() else None
    return None


@dataclass(frozen=True)
class Failure:
    """How one check failed: by an assertion, by an error, or because a stub was met."""

    check: str
    kind: str
    message: str
    got: Any = None
    stub: str | None = None

    @classmethod
    def of(cls, check: str, error: BaseException) -> "Failure":
        """Describe the exception with which a check ended."""
        kind = "assertion" if isinstance(error, AssertionError) else type(error).__name__
        if isinstance(error, Lost | Endless):
            kind = ENDED
        got = getattr(error, "got", None)
        text = str(error)[:TEXT] or kind
        return cls(check, kind, text, plain(got), untried(error))

    def alike(self, other: "Failure") -> bool:
        """Whether two answers failed this check with the same values."""
        same = (self.check, self.kind) == (other.check, other.kind)
        return same and same_values(self.got, other.got)


Behavior = tuple[Failure, ...]


def alike(one: Behavior, other: Behavior) -> bool:
    """Whether two answers fail the same checks with the same values."""
    return len(one) == len(other) and all(a.alike(b) for a, b in zip(one, other, strict=True))


def load_checks(notebook: Notebook) -> ModuleType:
    """Import a notebook's file of checks afresh."""
    if not notebook.checks.is_file():
        raise BookError(f"{notebook.checks} is missing: every notebook has a file of checks")
    spec = importlib.util.spec_from_file_location(notebook.checks.stem, notebook.checks)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def first_argument(check: Check) -> str:
    """Return the name whose exercise owns a check."""
    return next(iter(inspect.signature(check).parameters), "")


def checks_by_exercise(notebook: Notebook, module: ModuleType) -> dict[str, list[Check]]:
    """Group a module's checks by the exercise that owns them, in book order.

    Raises BookError for a check whose first argument is no exercise's name, or with an argument
    that neither the chapter defines nor a check is given.
    """
    known, owner = defined_names(read_cells(notebook.source)), owners(notebook)
    found: dict[str, list[Check]] = {one.id: [] for one in notebook.exercises}
    for name, check in vars(module).items():
        if not name.startswith("test_") or not inspect.isfunction(check):
            continue
        where = f"tests/chapters/{module.__name__}.py: {name}"
        for argument in inspect.signature(check).parameters:
            if argument not in known and argument not in GIVEN:
                raise BookError(f"{where}: no setup or exercise cell defines {argument!r}")
        first = first_argument(check)
        if first not in owner:
            raise BookError(f"{where}: its first argument must be an exercise's, got {first!r}")
        found[owner[first]].append(check)
    return found


@contextmanager
def calling(space: Mapping[str, Any], seed: int) -> Iterator[None]:
    """Seed the global generators, on both sides of a wire: students' layers draw from them."""
    with seeded(seed):
        if isinstance(space, Space):
            space.seed(seed)
        yield


def run_check(check: Check, space: Mapping[str, Any], run_seed: int) -> Failure | None:
    """Call one check with names out of a namespace; return how it failed, or None."""
    seed = check_seed(run_seed, check.__name__)
    try:
        arguments = {
            name: given(name, seed) if name in GIVEN else space[name]
            for name in inspect.signature(check).parameters
        }
        with calling(space, seed):
            check(**arguments)
    except Broken:
        raise
    except (Exception, SystemExit) as error:
        return Failure.of(check.__name__, error)
    return None


Names = tuple[str, ...]
Load = Callable[[Notebook, str, Sequence[Step], Names], Mapping[str, Any]]


def wanted(check: Check) -> Names:
    """Return the names of the chapter that a check takes as arguments."""
    return tuple(name for name in inspect.signature(check).parameters if name not in GIVEN)


def in_process(
    notebook: Notebook, exercise: str, steps: Sequence[Step], names: Names
) -> Mapping[str, Any]:
    """Run a program in this process: what a student's own checks do."""
    return run_program(steps)


class ThroughWire:
    """Run programs in this process, with everything that the checks see crossing the wire."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def __call__(
        self, notebook: Notebook, exercise: str, steps: Sequence[Step], names: Names
    ) -> Mapping[str, Any]:
        """Return the names of a new namespace."""
        if notebook.name not in self._sessions:
            worker = Worker(load_checks(notebook))
            self._sessions[notebook.name] = Session(worker.answer)
        return self._sessions[notebook.name].load(steps, names)


@dataclass(frozen=True)
class Bench:
    """Where answers to a notebook are run: the reference that stands in for the rest, and how."""

    notebook: Notebook
    rest: Answers | None
    load: Load = in_process
    _last: list[tuple[str, Answers, list[Step]]] = field(default_factory=list, repr=False)

    def space(self, check: Check, exercise: str, answers: Answers) -> Mapping[str, Any]:
        """Return the names of a new namespace with this answer, for a check of the exercise."""
        if not self._last or self._last[0][0] != exercise or self._last[0][1] is not answers:
            steps = program(self.notebook, answers, self.rest, own=exercise)
            self._last[:] = [(exercise, answers, steps)]
        return self.load(self.notebook, exercise, self._last[0][2], wanted(check))

    def run(self, check: Check, exercise: str, answers: Answers, seed: int) -> Failure | None:
        """Run one check on an answer to its exercise, in a namespace of its own."""
        try:
            space = self.space(check, exercise, answers)
        except Broken:
            raise
        except (Exception, SystemExit) as error:
            return Failure.of(check.__name__, error)
        return run_check(check, space, seed)

    def behavior(
        self,
        checks: Sequence[Check],
        exercise: str,
        answers: Answers,
        seed: int,
        stop: bool = False,
    ) -> Behavior:
        """Return how an answer to one exercise fails that exercise's checks under one seed.

        stop: return after the first failure.
        """
        failures: list[Failure] = []
        for check in checks:
            failure = self.run(check, exercise, answers, seed)
            if failure:
                failures.append(failure)
                if stop:
                    break
        return tuple(failures)
