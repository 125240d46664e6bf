"""The wire: values as one JSON header and raw array bytes. Nothing is pickled, either way.

A frame is the lengths of header and payload (two big-endian 32-bit numbers), the header, and the
bytes of all arrays. What may cross: None, booleans, numbers, strings, bytes, lists, tuples,
dictionaries, slices, arrays and tensors of the white-listed dtypes, and handles, which stand for an
object that stays on the student's side. Everything read is held to the caps below.
"""

import contextlib
import json
import math
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

HEADER = struct.Struct(">II")
HEADER_BYTES = 16 << 20
PAYLOAD_BYTES = 64 << 20
DEPTH = 16
NODES = 200_000
AXES = 16
NAME = 80
KINDS = ("torch", "numpy", "scalar")
FOREIGN = (("tensorflow", "Tensor"), ("jax", "Array"), ("keras", "Variable"))  # cross as numpy's
DTYPES = frozenset(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 bfloat16 float32 float64 "
    "complex64 complex128".split()
)


class WireError(ValueError):
    """Something that may not cross, or bytes that are no frame."""


@dataclass(frozen=True)
class Handle:
    """Stands for an object on the student's side: its number there, and its type's names."""

    number: int
    type: str
    module: str


Opaque = Callable[[Any], Handle]


def _refuse(value: Any) -> Handle:
    raise WireError(f"a {type(value).__name__} cannot cross the wire; build it in an @there")


# --- writing ----------------------------------------------------------------------------------


class _Writer:
    def __init__(self, opaque: Opaque) -> None:
        self.opaque, self.parts, self.size = opaque, list[bytes](), 0

    def _bytes(self, raw: bytes) -> list[int]:
        start = self.size
        self.parts.append(raw)
        self.size += len(raw)
        return [start, len(raw)]

    def node(self, value: Any, depth: int = 0) -> Any:
        if depth > DEPTH:
            raise WireError(f"a value is nested deeper than {DEPTH}")
        if value is None or type(value) in (bool, int, float, str):
            return value
        if type(value) in (list, tuple):
            return [type(value).__name__, [self.node(one, depth + 1) for one in value]]
        if type(value) is dict:
            pairs = [[self.node(k, depth + 1), self.node(v, depth + 1)] for k, v in value.items()]
            return ["dict", pairs]
        if type(value) is bytes:
            return ["bytes", *self._bytes(value)]
        if type(value) is slice:
            parts = (value.start, value.stop, value.step)
            return ["slice", [self.node(one, depth + 1) for one in parts]]
        return self._array(value) or self._handle(value)

    def _array(self, value: Any) -> Any:
        kind, array, dtype = _as_numpy(value)
        if array is None or dtype not in DTYPES or (dtype == "bfloat16" and kind != "torch"):
            return None
        raw = np.ascontiguousarray(array).tobytes()
        return ["array", kind, dtype, list(array.shape), *self._bytes(raw)]

    def _handle(self, value: Any) -> Any:
        handle = value if type(value) is Handle else self.opaque(value)
        return ["handle", handle.number, handle.type[:NAME], handle.module[:NAME]]


def _as_numpy(value: Any) -> tuple[str, np.ndarray | None, str]:
    if type(value) is np.ndarray:
        return "numpy", value, value.dtype.name
    if isinstance(value, np.generic):
        return "scalar", np.asarray(value), value.dtype.name
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        array = foreign_array(value)
        return "numpy", array, "" if array is None else array.dtype.name
    if value.is_sparse or value.is_quantized or value.device.type == "meta":
        return "", None, ""
    dtype = str(value.dtype).removeprefix("torch.")
    value = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
    if dtype == "bfloat16":
        value = value.view(torch.int16)
    return "torch", value.numpy() if dtype in DTYPES else None, dtype


def foreign_array(value: Any) -> np.ndarray | None:
    """Return the numbers of a tensor of TensorFlow or JAX, or of a variable; None for others."""
    for library, name in FOREIGN:
        kind = getattr(sys.modules.get(library), name, None)
        if kind is not None and isinstance(value, kind):
            with contextlib.suppress(NotImplementedError):  # a tensor of a traced function
                return np.asarray(value)
    return None


def encode(value: Any, opaque: Opaque = _refuse) -> bytes:
    """Return the frame of a value; `opaque` makes a handle of what is none of the plain types.

    Raises WireError for what may not cross, or is larger than the caps.
    """
    writer = _Writer(opaque)
    try:
        header = json.dumps(writer.node(value), separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        raise WireError(str(error)) from error
    if len(header) > HEADER_BYTES or writer.size > PAYLOAD_BYTES:
        size = (len(header) + writer.size) >> 20
        raise WireError(f"a value of {size} MiB is too large to cross the wire")
    return b"".join([HEADER.pack(len(header), writer.size), header, *writer.parts])


# --- reading ----------------------------------------------------------------------------------


def frame_size(start: bytes) -> int:
    """Return how many bytes follow the first eight of a frame; raise WireError above the caps."""
    header, payload = HEADER.unpack(start)
    if header > HEADER_BYTES or payload > PAYLOAD_BYTES:
        raise WireError(f"a frame of {header} + {payload} bytes is above the caps")
    return int(header + payload)


class _Reader:
    def __init__(self, payload: memoryview, handle: Callable[[Handle], Any]) -> None:
        self.payload, self.handle, self.nodes = payload, handle, 0

    def node(self, node: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > DEPTH or self.nodes > NODES:
            raise WireError(f"a value has more than {NODES} parts, or is deeper than {DEPTH}")
        if node is None or type(node) in (bool, int, float):
            return node
        if type(node) is str:
            return _text(node)
        if type(node) is not list or not node or type(node[0]) is not str:
            raise WireError("a header holds something that is no node")
        read = getattr(self, f"_{node[0]}", None) if node[0] in TAGS else None
        if read is None or len(node) != TAGS[node[0]]:
            raise WireError("a header holds an unknown node")
        return read(depth, *node[1:])

    def _many(self, depth: int, nodes: Any) -> list[Any]:
        if type(nodes) is not list:
            raise WireError("a container's parts are no list")
        return [self.node(one, depth + 1) for one in nodes]

    def _list(self, depth: int, nodes: Any) -> list[Any]:
        return self._many(depth, nodes)

    def _tuple(self, depth: int, nodes: Any) -> tuple[Any, ...]:
        return tuple(self._many(depth, nodes))

    def _slice(self, depth: int, nodes: Any) -> slice:
        parts = self._many(depth, nodes)
        if len(parts) != 3 or any(one is not None and type(one) is not int for one in parts):
            raise WireError("a slice has three whole numbers")
        return slice(*parts)

    def _dict(self, depth: int, pairs: Any) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        if type(pairs) is not list or any(type(p) is not list or len(p) != 2 for p in pairs):
            raise WireError("a dictionary's parts are no pairs")
        for key, value in pairs:
            plain = self.node(key, depth + 1)
            if plain is not None and type(plain) not in (bool, int, float, str):
                raise WireError("a dictionary's key is neither number nor string")
            found[plain] = self.node(value, depth + 1)
        return found

    def _raw(self, start: Any, size: Any) -> memoryview:
        if type(start) is not int or type(size) is not int:
            raise WireError("a place in the payload is no whole number")
        if start < 0 or size < 0 or start + size > len(self.payload):
            raise WireError("a place lies outside of the payload")
        return self.payload[start : start + size]

    def _bytes(self, _depth: int, start: Any, size: Any) -> bytes:
        return bytes(self._raw(start, size))

    def _array(self, _depth: int, kind: Any, dtype: Any, shape: Any, start: Any, size: Any) -> Any:
        if kind not in KINDS or type(dtype) is not str or dtype not in DTYPES:
            raise WireError("an array of an unknown kind or dtype")
        if type(shape) is not list or len(shape) > AXES:
            raise WireError(f"an array's shape is no list of at most {AXES} lengths")
        if any(type(n) is not int or not 0 <= n <= PAYLOAD_BYTES for n in shape):
            raise WireError("an array's length is out of bounds")
        raw = self._raw(start, size)
        inner = np.dtype("int16" if dtype == "bfloat16" else dtype)
        if math.prod(shape) * inner.itemsize != len(raw):
            raise WireError("an array's bytes do not fit its shape")
        array = np.frombuffer(raw, inner).reshape(shape).copy()
        if dtype == "bool":  # a byte may hold more than 0 and 1
            array = np.not_equal(array.view("uint8"), 0, out=array)
        if kind != "torch":
            if dtype == "bfloat16":
                raise WireError("only a tensor is bfloat16")
            return array[()] if kind == "scalar" and not shape else array
        import torch

        tensor = torch.from_numpy(array)
        return tensor.view(torch.bfloat16) if dtype == "bfloat16" else tensor

    def _handle(self, _depth: int, number: Any, name: Any, module: Any) -> Any:
        if type(number) is not int or type(name) is not str or type(module) is not str:
            raise WireError("a handle is a number and two names")
        return self.handle(Handle(number, _text(name)[:NAME], _text(module)[:NAME]))


# The length of each kind of node, its tag included.
TAGS = {
    "list": 2,
    "tuple": 2,
    "dict": 2,
    "slice": 2,
    "bytes": 3,
    "array": 6,
    "handle": 4,
}


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise WireError("a string is not valid Unicode") from error
    return value


def decode(frame: bytes, handle: Callable[[Handle], Any] = lambda one: one) -> Any:
    """Return the value of a frame; `handle` turns each handle into what stands for it here.

    Raises WireError for anything that is not a frame within the caps, and nothing else.
    """
    try:
        if len(frame) < HEADER.size or frame_size(frame[: HEADER.size]) != len(frame) - HEADER.size:
            raise WireError("a frame is shorter or longer than it says")
        length = HEADER.unpack(frame[: HEADER.size])[0]
        view = memoryview(frame)[HEADER.size :]
        return _Reader(view[length:], handle).node(json.loads(bytes(view[:length])))
    except WireError:
        raise
    except (ValueError, RecursionError, OverflowError, MemoryError) as error:
        raise WireError(f"a frame cannot be read: {type(error).__name__}") from error
