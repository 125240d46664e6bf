"""Run single checks outside pytest's collection: the same call that the plugin's fixtures make."""

import hashlib
import hmac
import importlib.util
import inspect
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from unrolled.answers import Answers, defined_names, load_namespace
from unrolled.checks.compare import plain, same_values
from unrolled.errors import BookError
from unrolled.manifest import Notebook
from unrolled.notebook import read_cells
from unrolled.runtime import device, seeded

Check = Callable[..., Any]
GIVEN = ("rng", "seed", "device")


def there(function: Check) -> Check:
    """Mark a function of a check file that runs beside the student's code.

    It gets the real objects; its arguments and its result cross the wire, so they are arrays,
    numbers, strings, containers and handles.
    """
    function.there = True  # type: ignore[attr-defined]
    return function


def new_seed() -> int:
    """Draw the seed of a run."""
    return secrets.randbelow(2**31)


def check_seed(run_seed: int, name: str) -> int:
    """Derive the seed of one check from the run's, so that checks do not share their draws."""
    digest = hmac.digest(str(run_seed).encode(), name.encode(), hashlib.sha256)
    return int.from_bytes(digest[:4], "big") >> 1


def given(name: str, seed: int) -> Any:
    """Return the value of a check's argument that is not a name of the chapter."""
    return (
        {"rng": np.random.default_rng(seed), "seed": seed}[name] if name != "device" else device()
    )


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
        got = getattr(error, "got", None)
        return cls(check, kind, str(error) or kind, plain(got), untried(error))

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


def owners(notebook: Notebook) -> dict[str, str]:
    """Map each name that an exercise defines to the exercise."""
    names = defined_names(read_cells(notebook.source))
    return {name: exercise for name, exercise in names.items() if exercise}


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


def run_check(check: Check, space: Mapping[str, Any], run_seed: int) -> Failure | None:
    """Call one check with names out of a namespace; return how it failed, or None."""
    seed = check_seed(run_seed, check.__name__)
    try:
        arguments = {
            name: given(name, seed) if name in GIVEN else space[name]
            for name in inspect.signature(check).parameters
        }
        with seeded(seed):
            check(**arguments)
    except Exception as error:
        return Failure.of(check.__name__, error)
    return None


def run_answer(
    check: Check,
    notebook: Notebook,
    exercise: str,
    answers: Answers,
    rest: Answers | None,
    run_seed: int,
) -> Failure | None:
    """Run one check on an answer to its exercise, in a namespace of its own."""
    try:
        space = load_namespace(notebook, answers, rest, own=exercise)
    except Exception as error:
        return Failure.of(check.__name__, error)
    return run_check(check, space, run_seed)


def behavior(
    checks: Sequence[Check],
    notebook: Notebook,
    exercise: str,
    answers: Answers,
    rest: Answers | None,
    run_seed: int,
    stop: bool = False,
) -> Behavior:
    """Return how an answer to one exercise fails that exercise's checks under one seed.

    stop: return after the first failure.
    """
    failures: list[Failure] = []
    for check in checks:
        failure = run_answer(check, notebook, exercise, answers, rest, run_seed)
        if failure:
            failures.append(failure)
            if stop:
                break
    return tuple(failures)
