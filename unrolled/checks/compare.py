"""Comparisons for checks. Each raises Mismatch, which keeps the values that were got."""

import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from unrolled.wire import foreign_array

PLAIN = (bool, int, float, str, bytes, type(None))
RELATIVE = {"float64": 1e-8, "float32": 2e-4, "float16": 2e-2, "bfloat16": 5e-2}


class Mismatch(AssertionError):
    """A check's refusal. `got` holds the plain values that the student's code returned."""

    def __init__(self, message: str, got: Any = None) -> None:
        super().__init__(message)
        self.got = plain(got)


def plain(value: Any) -> Any:
    """Reduce a value to nested tuples of numbers and strings, at most 256 of an array."""
    array = _as_array(value)
    if array is not None:
        flat = array.reshape(-1)[:256]
        return ("array", array.shape, tuple(plain(one.item()) for one in flat))
    if type(value) is complex:
        return (value.real, value.imag)
    if type(value) is bytes:
        return value[:256].hex()
    if type(value) in PLAIN:
        return value
    if isinstance(value, list | tuple):
        return tuple(plain(one) for one in value)
    if isinstance(value, dict):
        pairs = ((str(key), plain(one)) for key, one in value.items())
        return tuple(sorted(pairs, key=lambda pair: pair[0]))
    return type(value).__name__


def same_values(one: Any, other: Any) -> bool:
    """Whether two plain values are equal, numbers to 1 part in 10,000 unless both are whole."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same_values, one, other))
    if float in (type(one), type(other)) and _fits_float(one) and _fits_float(other):
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-6)
    return type(one) is type(other) and one == other


def _fits_float(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < 2**53)


def _as_array(value: Any) -> np.ndarray | None:
    """Return a tensor, an array or a numpy scalar as an array; None for anything else."""
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        return value.float().numpy() if value.dtype is torch.bfloat16 else value.numpy()
    return foreign_array(value)


def _dtype(value: Any, array: np.ndarray) -> str:
    """Return the name of a value's dtype, torch's own where its array has another."""
    name = str(getattr(value, "dtype", ""))
    return name.removeprefix("torch.") if name.startswith("torch.") else array.dtype.name


def _kind(value: Any) -> str:
    if value is None:
        return "None; is a `return` missing?"
    if type(value) is str:
        caught = value.isidentifier() and value.endswith("Error")  # by the check's own @there
        return f"{value}" if caught else f"the text {value[:40]!r}"
    return f"{type(value).__module__.split('.')[0]}.{type(value).__name__}".replace("builtins.", "")


def _at(index: tuple[int, ...], axes: str) -> str:
    if not index:
        return ""
    names = axes.lower() if len(axes) == len(index) else ""
    if names:
        return " at " + ", ".join(f"{n}={i}" for n, i in zip(names, index, strict=True))
    return f" at [{', '.join(map(str, index))}]"


def close(
    got: Any, expected: Any, what: str, axes: str = "", tolerance: float | None = None
) -> None:
    """Assert that `got` equals `expected` within a tolerance.

    expected: a tensor, an array or a number; got: a tensor where a tensor is expected, else a
    tensor, an array or a number, of the same shape. Type, shape and finiteness come first. axes:
    one letter for each axis, named in the message. tolerance: absolute and relative; by default it
    follows the less precise of the two dtypes, ten times wider off the CPU.
    """
    torch = sys.modules.get("torch")
    wanted, found = _as_array(expected), _as_array(got)
    if wanted is None:
        wanted = np.asarray(expected, dtype=float)
    if (
        torch is not None
        and isinstance(expected, torch.Tensor)
        and not isinstance(got, torch.Tensor)
    ):
        raise Mismatch(f"{what}: expected a tensor, got {_kind(got)}", got)
    if found is None:
        if type(got) not in (int, float):
            raise Mismatch(f"{what}: expected numbers, got {_kind(got)}", got)
        found = np.asarray(got, dtype=float)
    if found.shape != wanted.shape:
        raise Mismatch(f"{what}: expected shape {wanted.shape}, got {found.shape}", got)
    if found.dtype.kind not in "fiub":
        raise Mismatch(f"{what}: expected real numbers, got dtype {found.dtype}", got)
    bad = np.argwhere(~np.isfinite(found) & np.isfinite(wanted))
    if len(bad):
        place = tuple(bad[0])
        raise Mismatch(
            f"{what}{_at(place, axes)}: expected a finite number, got {found[place]}", got
        )
    if tolerance is None:
        names = [_dtype(got, found), _dtype(expected, wanted)]
        tolerance = max(RELATIVE.get(name, RELATIVE["float64"]) for name in names)
        if getattr(getattr(got, "device", None), "type", "cpu") != "cpu":
            tolerance *= 10
    scale = max(1.0, float(np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)))
    near = np.isclose(
        found, wanted, rtol=tolerance, atol=tolerance * min(1.0, scale), equal_nan=True
    )
    if not near.all():
        place = tuple(np.argwhere(~near)[0])
        digits = 6 if f"{wanted[place]:.6g}" != f"{found[place]:.6g}" else 15
        values = f"expected {wanted[place]:.{digits}g}, got {found[place]:.{digits}g}"
        raise Mismatch(f"{what}{_at(place, axes)}: {values}", got)


def equal(got: Any, expected: Any, what: str) -> None:
    """Assert that `got` is of the type of `expected`, and equal: a number, a string, a shape.

    Of a container the parts are compared as `plain` reduces them: 1 equals 1.0, a list a tuple.
    """
    if type(got) is not type(expected) or plain(got) != plain(expected):
        if isinstance(got, dict) and isinstance(expected, dict):
            told = "; ".join(_differences(got, expected)) or f"expected a dict, got {_kind(got)}"
            raise Mismatch(f"{what}: {told}", got)
        raise Mismatch(f"{what}: expected {expected!r}, got {_short(got)}", got)


def _differences(got: dict[Any, Any], expected: dict[Any, Any]) -> Iterator[str]:
    """Say what sets two dictionaries apart."""
    missing = [str(key) for key in expected if key not in got]
    if missing:
        yield f"expected {', '.join(missing)}"
    more = [str(key)[:80] for key in got if key not in expected][:5]
    if more:
        yield f"got {', '.join(more)}" + (" instead" if missing else " besides")
    for key in expected:
        if key in got and plain(got[key]) != plain(expected[key]):
            yield f"{key}: expected {expected[key]!r}, got {_short(got[key])}"


def _short(value: Any) -> str:
    plain_one = value is not None and type(value) in (*PLAIN, list, tuple, dict)
    text = repr(value) if plain_one else _kind(value)
    return text if len(text) < 80 else text[:77] + "..."


def expect(condition: bool, message: str, got: Any = None) -> None:
    """Assert a condition; the message says where, expected and got."""
    if type(condition) not in (bool, np.bool_) or not condition:
        raise Mismatch(message, got)


def raises(error: type[Exception], call: Callable[..., Any], *args: Any, what: str) -> str:
    """Assert that `call(*args)` raises `error`; return its text."""
    try:
        result = call(*args)
    except error as raised:
        if type(raised) is NotImplementedError:
            raise
        return str(raised)
    except NotImplementedError:
        raise
    except Exception as other:
        found = f"{type(other).__name__}: {other}"
        raise Mismatch(
            f"{what}: expected {error.__name__}, got {found}", type(other).__name__
        ) from other
    got = _short(result)
    if type(result).__name__.endswith("Error"):
        got += ", returned and not raised: write `raise`"
    raise Mismatch(f"{what}: expected {error.__name__}, got {got}", result)
