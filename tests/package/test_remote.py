"""Checks on the other side of the wire: proxies, errors, and functions that run there."""

import sys

import numpy as np
import pytest
import torch

from unrolled.answers import Answers, Step, program
from unrolled.checks import close, equal, raises, there
from unrolled.checks.remote import Lost, Proxy, Remote, Session, Space
from unrolled.checks.run import (
    Bench,
    Failure,
    ThroughWire,
    checks_by_exercise,
    load_checks,
)
from unrolled.manifest import Book
from unrolled.wire import encode
from unrolled.worker import Worker


@there
def applied(function, x):
    """Call it where it lives."""
    return function(x), type(function).__name__


def space(source: str) -> Space:
    """The names of some code, through the wire."""
    session = Session(Worker(sys.modules[__name__]).answer)
    return session.load([Step(((source, "answer, cell 1", 1),), own=True)])


def test_a_function_is_called_and_its_result_is_a_plain_tensor():
    twice = space("def twice(x, *, times=2): return x * times")["twice"]
    assert isinstance(twice, Proxy)
    close(twice(torch.ones(3), times=3), 3 * torch.ones(3), "twice")
    equal(twice(2), 4, "twice")


def test_an_object_is_made_indexed_measured_and_asked_for_attributes():
    names = space(
        "class Box:\n"
        "    label = 'b'\n"
        "    def __init__(self, n): self.n = n\n"
        "    def __len__(self): return self.n\n"
        "    def __getitem__(self, i): return i\n"
    )
    box = names["Box"](3)
    assert (len(box), box[1], box[slice(1, 2)], box.label) == (3, 1, slice(1, 2), "b")
    assert (type(box).__name__, type(box).__module__) == ("Box", "chapter")
    assert not hasattr(box, "_private")
    with pytest.raises(TypeError):
        iter(box)
    with pytest.raises(KeyError, match="Bag"):
        names["Bag"]


def test_a_function_marked_there_runs_beside_the_code_it_is_given():
    twice = space("def twice(x): return 2 * x")["twice"]
    assert applied(twice, 3) == (6, "function")
    assert applied(abs, -3) == (3, "builtin_function_or_method")


def test_an_error_keeps_its_kind_its_text_and_its_place():
    names = space(
        "class Own(ValueError): pass\n"
        "class Alone(Exception): pass\n"
        "def bad(kind):\n"
        "    raise {'own': Own('o'), 'alone': Alone('a'), 'key': KeyError('k'),\n"
        "           'exit': SystemExit(3), 'none': NotImplementedError('exercise bad'),\n"
        "           'code': UnicodeDecodeError('utf-8', b'x', 0, 1, 'why')}[kind]\n"
    )
    bad = names["bad"]
    for kind, error, name, text in [
        ("own", ValueError, "Own", "o"),
        ("alone", Remote, "Alone", "a"),
        ("key", KeyError, "KeyError", "'k'"),
        ("exit", Remote, "SystemExit", "3"),
        ("none", NotImplementedError, "NotImplementedError", "exercise bad"),
        ("code", ValueError, "UnicodeDecodeError", "why"),
    ]:
        with pytest.raises(error) as caught:
            bad(kind)
        assert type(caught.value).__name__ == name
        assert text in str(caught.value)
        assert caught.value.places[0].startswith("answer, cell 1:4: raise")
    assert raises(ValueError, bad, "own", what="bad") == "o"


def test_what_cannot_cross_says_what_to_do():
    twice = space("def twice(x): return x")["twice"]
    with pytest.raises(ValueError, match="cannot cross the wire; build it in an @there"):
        twice(torch.nn.Linear(2, 2))


def test_a_hostile_answer_is_a_mismatch_and_no_more():
    names = space(
        "import torch\n"
        "class Liar(float):\n"
        "    def __eq__(self, other): return True\n"
        "    __hash__ = None\n"
        "def lies(): return Liar(1)\n"
        "def nests():\n"
        "    x = []\n"
        "    for _ in range(10**4): x = [x]\n"
        "    return x\n"
        "def loops():\n"
        "    x = []; x.append(x); return x\n"
        "class Bad(Exception):\n"
        "    def __str__(self): raise RuntimeError\n"
        "def raises(): raise Bad\n"
    )
    with pytest.raises(AssertionError, match="expected numbers, got chapter\\.Liar"):
        close(names["lies"](), 2.0, "lies")
    for name in ("nests", "loops"):
        with pytest.raises(ValueError, match="nested deeper"):
            names[name]()
    with pytest.raises(Remote, match="text cannot be had"):
        names["raises"]()


def test_an_error_is_cut_here_though_the_other_side_does_not_cut_it() -> None:
    reply = encode(["error", ["builtins.ValueError"], "A" * 10**6, ["b" * 10**5] * 100])
    with pytest.raises(ValueError, match="AAA") as raised:
        Session(lambda request: reply).ask("name", "x")
    assert len(str(raised.value)) + sum(map(len, raised.value.places)) < 10**5
    assert len(Failure.of("a check", AssertionError("A" * 10**6)).message) < 10**4


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"noise",
        encode(None),
        encode(["ok"]),
        encode(["ok", 1, 2]),
        encode(["ok", 1, 2, 3]),
        encode([["ok"], 1]),
        encode(["error", 1]),
        encode(["error", 1, 2, 3]),
        encode(["error", [], 2, []]),
    ],
)
def test_a_reply_that_is_none_ends_the_conversation(reply: bytes) -> None:
    asked = []
    session = Session(lambda request: asked.append(request) or reply)  # type: ignore[func-returns-value]
    for _ in range(2):
        with pytest.raises(Lost):
            session.ask("name", "x")
    assert len(asked) == 1


def test_a_check_cannot_be_kept_busy_for_ever():
    names = space("def more(x): return x")
    with pytest.raises(Lost, match="requests"):
        for _ in range(10**6):
            names["more"](1)


def test_every_answer_has_the_same_verdict_through_the_wire(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    checks = checks_by_exercise(notebook, load_checks(notebook))["twice"]
    reference = Answers.reference(notebook)
    for answers in (reference, Answers()):
        local = Bench(notebook, reference).behavior(checks, "twice", answers, 3)
        wired = Bench(notebook, reference, ThroughWire()).behavior(checks, "twice", answers, 3)
        assert local == wired


def test_the_reference_of_what_is_not_yet_graded_is_not_sent(tiny: Book) -> None:
    notebook = tiny.notebooks[0]
    source = notebook.source.read_text()
    notebook.source.write_text(
        source + source[source.index('# %% exercise="twice"') :].replace("twice", "again")
    )
    notebook.solutions.write_text(
        notebook.solutions.read_text() + notebook.solutions.read_text().replace("twice", "again")
    )
    reference = Answers.reference(notebook)
    texts = {}
    for own in ("twice", "again"):
        steps = program(notebook, Answers(), reference, own)
        texts[own] = "".join(source for step in steps for source, _, _ in step.cells)
    assert "return 2 * x" not in texts["twice"]
    assert "return 2 * x" in texts["again"]


def test_numbers_of_numpy_stay_numbers_of_numpy():
    f = space("import numpy as np\ndef f(): return np.float32(1.5)")["f"]
    assert type(f()) is np.float32
