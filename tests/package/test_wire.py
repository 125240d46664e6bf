"""The wire: what crosses comes out as it went in, and no bytes whatever do harm."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from unrolled.wire import DTYPES, HEADER, Handle, WireError, decode, encode

PLAIN = st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats() | st.text()
KEYS = st.booleans() | st.integers(-9, 9) | st.text(max_size=5)
VALUES = st.recursive(
    PLAIN | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)
ARRAYS = st.sampled_from(sorted(DTYPES - {"bfloat16"})).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)


def same(one: object, other: object) -> bool:
    """Equal in value and in type, NaN included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))  # type: ignore[arg-type]
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))  # type: ignore[attr-defined]
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)  # type: ignore[arg-type]
    return one == other


@given(VALUES)
def test_plain_values_come_out_as_they_went_in(value: object) -> None:
    assert same(decode(encode(value)), value)


@given(ARRAYS)
def test_arrays_come_out_as_they_went_in(array: np.ndarray) -> None:
    got = decode(encode(array))
    assert (got.dtype, got.shape) == (array.dtype, array.shape)
    assert np.array_equal(got, array, equal_nan=array.dtype.kind in "fc")
    if not array.shape:
        scalar = decode(encode(array[()]))
        assert type(scalar) is type(array[()])


@given(ARRAYS)
def test_tensors_come_out_as_they_went_in(array: np.ndarray) -> None:
    tensor = torch.from_numpy(array.copy())
    got = decode(encode(tensor))
    assert (got.dtype, got.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(got.nan_to_num(), tensor.nan_to_num())


def test_what_torch_has_and_numpy_has_not_crosses_too() -> None:
    half = torch.tensor([1.5, -2.0]).bfloat16()
    assert torch.equal(decode(encode(half)), half)
    tensor = torch.arange(6.0).view(2, 3).requires_grad_()
    assert torch.equal(decode(encode(tensor.T)), tensor.T.detach())
    assert not decode(encode(tensor * 2)).requires_grad


def test_what_may_not_cross_is_refused_or_becomes_a_handle() -> None:
    for value in (object(), {1, 2}, np.array(["a"]), torch.zeros(2).to_sparse(), len, 10**5000):
        with pytest.raises(WireError):
            encode(value)
    frame = encode([object(), 1], lambda value: Handle(7, type(value).__name__, "builtins"))
    assert decode(frame) == [Handle(7, "object", "builtins"), 1]
    deep: list[object] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(WireError, match="deeper"):
        encode(deep)


def test_a_number_that_is_too_large_for_the_caps_is_refused() -> None:
    with pytest.raises(WireError, match="too large"):
        encode(np.zeros(70 << 20, dtype="uint8"))
    with pytest.raises(WireError, match="above the caps"):
        decode(HEADER.pack(2**32 - 1, 2**32 - 1))


def frame(header: object, payload: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return HEADER.pack(len(text), len(payload)) + text + payload


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 100_000,
        b"1" * 10_000,
        b'"\\ud800"',
        b"\xff\xfe",
        {"a": 1},
        [],
        [1, 2],
        ["no such tag", 1],
        ["__class__", 1],
        ["list", 1],
        ["list", [1], 2],
        ["dict", [[1]]],
        ["dict", [[["list", []], 1]]],
        ["slice", ["a", "b", "c"]],
        ["bytes", 0, 9],
        ["bytes", -1, 1],
        ["array", "torch", "float32", [2], 0, 4],
        ["array", "torch", "object", [1], 0, 4],
        ["array", "torch", "float32", [-1], 0, 4],
        ["array", "torch", "float32", [2**62, 0], 0, 0],
        ["array", "torch", "float32", [1] * 99, 0, 4],
        ["array", "numpy", "bfloat16", [2], 0, 4],
        ["array", ["torch"], "float32", [1], 0, 4],
        ["handle", "1", "a", "b"],
        ["list", [["list", []]] * 300_000],
    ],
    ids=str,
)
def test_a_frame_that_breaks_the_rules_is_refused(header: object) -> None:
    with pytest.raises(WireError):
        decode(frame(header, b"abcd"))


def settles(raw: bytes) -> bool:
    """Whether bytes are refused in the one way there is, or are a value that crosses unchanged."""
    try:
        value = decode(raw)
    except WireError:
        return True
    frame = encode(value)
    return encode(decode(frame)) == frame


@given(st.binary(max_size=300))
@example(b"")
def test_any_bytes_are_a_value_or_refused(raw: bytes) -> None:
    assert settles(raw)
    assert settles(HEADER.pack(len(raw), 0) + raw)


@given(VALUES, st.data())
def test_a_frame_with_changed_bytes_is_a_value_or_refused(value: object, data: st.DataObject):
    raw = bytearray(encode([value, np.arange(3), torch.ones(2)]))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert settles(bytes(raw))


JSON = st.recursive(
    PLAIN | st.sampled_from(["list", "array", "torch", "float32", "handle", "bytes", "slice"]),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=20,
)


@given(JSON)
def test_any_header_is_a_value_or_refused(header: object) -> None:
    assert settles(frame(header, b"\0" * 16))
