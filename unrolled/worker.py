"""The student's side of the wire: runs a chapter's cells and answers one request after another.

In a grader it runs inside the jail, and everything it says is hearsay; `make test` runs the same
class in process.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, ClassVar

from unrolled.answers import Step, run_program
from unrolled.notebook import lines_through
from unrolled.runtime import seed_generators
from unrolled.wire import Handle, WireError, decode, encode

HANDLES = 10_000
TEXT = 2_000  # characters of an error, or of a line it went through
NAMES = 20  # classes that an error is


class Worker:
    """Holds one namespace at a time, and the objects that the other side has handles of."""

    def __init__(self, checks: ModuleType) -> None:
        self.checks = checks
        self.program: list[Step] = []
        self.space: dict[str, Any] = {}
        self.objects: dict[int, Any] = {}
        self.places: set[str] = set()

    def answer(self, request: bytes) -> bytes:
        """Carry out one request; whatever goes wrong becomes a reply."""
        try:
            seed, op, *parts = decode(request, lambda handle: self.objects[handle.number])
            if seed is not None:
                seed_generators(seed)
            return encode(["ok", self._operations[op](self, *parts)], self._keep)
        except BaseException as error:
            lines = [line[:TEXT] for line in lines_through(error, self.places)]
            return encode(["error", *described(error), lines])

    def _keep(self, value: Any) -> Handle:
        if len(self.objects) >= HANDLES:
            raise WireError(f"more than {HANDLES} objects are held for a check")
        number = len(self.objects)
        self.objects[number] = value
        return Handle(number, type(value).__name__, str(type(value).__module__))

    # --- the operations -----------------------------------------------------------------------

    def _program(self, steps: list[Any]) -> None:
        self.program = [Step.from_plain(one) for one in steps]
        self.places = {place for step in self.program if step.own for _, place, _ in step.cells}

    def _load(self, names: tuple[str, ...]) -> dict[str, Any]:
        self.objects.clear()
        self.space = run_program(self.program)
        return {name: self.space[name] for name in names if name in self.space}

    def _name(self, name: str) -> Any:
        return self.space[name]

    def _call(self, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return function(*args, **named)

    def _getitem(self, holder: Any, index: Any) -> Any:
        return holder[index]

    def _length(self, holder: Any) -> int:
        return len(holder)

    def _getattr(self, holder: Any, name: str) -> Any:
        return getattr(holder, name)

    def _there(self, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return getattr(self.checks, name)(*args, **named)

    _operations: ClassVar[dict[str, Callable[..., Any]]] = {
        "program": _program,
        "load": _load,
        "name": _name,
        "call": _call,
        "getitem": _getitem,
        "length": _length,
        "getattr": _getattr,
        "there": _there,
    }


def described(error: BaseException) -> tuple[list[str], str]:
    """The names of an error's classes that say where they come from, and its text."""
    names = [f"{one.__module__}.{one.__qualname__}"[:TEXT] for one in type(error).__mro__]
    try:
        first = error.args[0] if len(error.args) == 1 else None
        text = str(first) if type(first) is str else str(error)
    except BaseException as worse:
        text = f"(an error whose text cannot be had: {type(worse).__name__})"
    return names[:NAMES], text[:TEXT].encode(errors="replace").decode()
