"""The checks' side of the wire: names of the student's namespace, without the student's code."""

import builtins
import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from unrolled.answers import Step
from unrolled.errors import BookError
from unrolled.wire import NAME, Handle, WireError, decode, encode
from unrolled.worker import NAMES, TEXT

REQUESTS = 2_000  # of one check
PLACES = 20  # lines of an answer that one error is said to go through
Transport = Callable[[bytes], bytes]


class Remote(Exception):
    """An error on the student's side that is none of Python's own kinds.

    Those keep their kind. Either has `places`: the lines of the student's cells it went through.
    """


class Lost(Exception):
    """The student's side is gone, or breaks the rules: what happened, in words for a report."""


class Broken(BookError):
    """The machinery is broken: no answer is to blame, so this is nobody's verdict."""


class Proxy:
    """Stands for an object on the student's side: call it, index it, ask for its length."""

    def __init__(self, session: "Session", handle: Handle) -> None:
        self._session, self._handle = session, handle

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Call the object there."""
        return self._session.ask("call", self, args, named)

    def __getitem__(self, index: Any) -> Any:
        """Index the object there."""
        return self._session.ask("getitem", self, index)

    def __len__(self) -> int:
        """Ask for the length of the object there."""
        found = self._session.ask("length", self)
        if type(found) is not int or found < 0:
            raise TypeError(f"the length of a {type(self).__name__} is no whole number")
        return found

    def __getattr__(self, name: str) -> Any:
        """Ask for a public attribute of the object there."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self._session.ask("getattr", self, name)

    __iter__ = None


def _proxy_type(handle: Handle) -> type[Proxy]:
    """Return a class with the object's own type's name, so that messages name it as in process."""
    name = handle.type if handle.type.isidentifier() else "object"
    module = handle.module if handle.module.replace(".", "_").isidentifier() else "there"
    return type(name, (Proxy,), {"__module__": module})


class Session:
    """One conversation with the student's side, over `transport`: a request in, a reply out."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.lost: Lost | None = None
        self.asked = 0
        self.program: Sequence[Step] = ()
        self.seed: int | None = None  # sent with the next request

    def load(self, program: Sequence[Step], names: Sequence[str] = ()) -> "Space":
        """Run a program there in a new namespace; the objects of the one before are dropped.

        names: those that will be asked for, and come back at once.
        """
        self.asked = 0
        if program != self.program:
            self.program = program
            self.ask("program", [step.plain() for step in program])
        found = self.ask("load", tuple(names))
        return Space(self, found if type(found) is dict else {})

    def ask(self, op: str, *parts: Any) -> Any:
        """Send one request and return what comes back, or raise the error that came.

        Raises Lost, at once and for good, when the other side has died, is too slow or does not
        keep to the wire.
        """
        if self.lost:
            raise self.lost
        self.asked += 1
        if self.asked > REQUESTS:
            raise Lost(f"a check made more than {REQUESTS} requests")
        request = encode((self.seed, op, *parts), _handle_of)
        self.seed = None
        try:
            said = decode(self.transport(request), self._received)
            kind = said[0] if type(said) is list and said else None
            if type(kind) is not str or (kind, len(said)) not in {("ok", 2), ("error", 4)}:
                raise WireError("a reply is neither a result nor an error")
            raised = _rebuilt(*said[1:]) if kind == "error" else None
        except WireError as error:
            self.lost = Lost(f"an answer that breaks the wire's rules: {error}")
            raise self.lost from error
        except Lost as error:
            self.lost = error
            raise
        if raised is not None:
            raise raised
        return said[1]

    def _received(self, handle: Handle) -> Proxy:
        return _proxy_type(handle)(self, handle)


def _handle_of(value: Any) -> Handle:
    if isinstance(value, Proxy):
        return value._handle
    raise WireError(f"a {type(value).__name__} cannot cross the wire; build it in an @there")


def _rebuilt(names: Any, text: Any, places: Any) -> BaseException:
    """Return the error that was described: of the same kind where that is one of Python's.

    An honest worker keeps to the caps; one that an answer has patched need not.
    """
    if type(names) is not list or type(text) is not str or type(places) is not list:
        raise Lost("an error that is described in no known way")
    text, places = text[:TEXT], [str(place)[:TEXT] for place in places[-PLACES:]]
    known = [str(name)[:TEXT].rpartition(".") for name in names[:NAMES]]
    own = known[0][2][:NAME] if known and known[0][2].isidentifier() else "Exception"
    for error in _attempts([name for module, _, name in known if module == "builtins"], own, text):
        error.places = places  # type: ignore[attr-defined]
        return error
    raise Lost("an error of no kind at all")


def _attempts(names: Sequence[str], own: str, text: str) -> Iterator[Exception]:
    for name in names:
        kind = getattr(builtins, name, None)
        if not isinstance(kind, type) or not issubclass(kind, Exception):
            continue
        with contextlib.suppress(TypeError):  # UnicodeDecodeError, say, takes five arguments
            if name == own:
                yield kind(text)
            else:
                bases = (Remote,) if kind is Exception else (Remote, kind)
                yield type(own, bases, {})(text)
    yield type(own, (Remote,), {})(text)  # SystemExit, say


class Space(Mapping[str, Any]):
    """The names of the namespace there; a value is fetched when it is first asked for."""

    def __init__(self, session: Session, values: dict[str, Any]) -> None:
        self.session = session
        self._values = values

    def __getitem__(self, name: str) -> Any:
        """Return a plain value or a proxy; raise KeyError where there is no such name."""
        if name not in self._values:
            self._values[name] = self.session.ask("name", name)
        return self._values[name]

    def seed(self, seed: int) -> None:
        """Seed the global generators there, before whatever is asked next."""
        self.session.seed = seed

    def __iter__(self) -> Iterator[str]:
        """Refuse: what is there is known only name by name."""
        raise TypeError("the names of the student's side are not listed")

    def __len__(self) -> int:
        """Refuse, as `__iter__`."""
        raise TypeError("the names of the student's side are not counted")


def there(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function of a check file that runs beside the student's code.

    It gets the real objects; its arguments and its result cross the wire, so they are arrays,
    numbers, strings, containers and handles. One of them stands for something of the student's.
    """

    @functools.wraps(function)
    def wherever(*args: Any, **named: Any) -> Any:
        session = _session_of((args, named))
        if session is None:
            return function(*args, **named)
        return session.ask("there", function.__name__, args, named)

    return wherever


def _session_of(value: Any) -> Session | None:
    if isinstance(value, Proxy):
        return value._session
    parts = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list | tuple):
        return next((found for one in parts if (found := _session_of(one))), None)
    return None
