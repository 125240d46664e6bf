"""What Keras' tensors and seeds mean to the package, in processes of their own."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import random
from unrolled import seeded
import keras, numpy as np
from unrolled.checks import close
from unrolled.wire import WireError, decode, encode

def drawn():
    model = keras.Sequential([keras.Input((5, 2)), keras.layers.LSTM(3, dropout=0.5)])
    x = np.random.default_rng(0).normal(size=(4, 5, 2)).astype("float32")
    return np.asarray(keras.ops.convert_to_numpy(model(x, training=True)))

with seeded(3):
    first = drawn()
before = random.getstate(), np.random.get_state()[1].copy()
with seeded(3):
    assert np.array_equal(drawn(), first), "one seed, two draws"
with seeded(4):
    assert not np.array_equal(drawn(), first), "two seeds, one draw"
assert random.getstate() == before[0], "Python's generator moved"
assert np.array_equal(np.random.get_state()[1], before[1]), "numpy's generator moved"

numbers = np.arange(6.0, dtype="float32").reshape(2, 3)
tensor = keras.ops.convert_to_tensor(numbers)
for value in (tensor, keras.Variable(numbers)):
    crossed = decode(encode(value))
    assert np.array_equal(np.asarray(crossed), numbers), type(value)
    close(value, numbers, "what crossed")
    try:
        close(value, numbers + 1, "what crossed")
    except AssertionError as error:
        assert "[0, 0]: expected 1, got 0" in str(error), error
    else:
        raise AssertionError("accepted")
for _ in range(9):  # a new model traces anew, and TensorFlow would warn of that
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.predict(np.ones((3, 2)), verbose=0)
try:
    encode(keras.KerasTensor((2, 3)))
except WireError:
    print("all of it holds")
"""


@pytest.mark.parametrize(
    ("backend", "warnings"),
    [("tensorflow", "error"), ("torch", "default")],  # there, Keras itself is behind numpy
)
def test_seeds_hold_and_tensors_cross_as_arrays(backend: str, warnings: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", warnings, "-c", SCRIPT],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "all of it holds\n", done.stderr
    assert warnings == "default" or not done.stderr


@pytest.mark.parametrize("there", [True, False])
def test_what_must_load_before_tensorflow_does_where_it_is_installed(there, tmp_path):
    for name in ("triton", "tensorflow")[not there :]:
        (tmp_path / f"{name}.py").write_text(f"print({name!r})", encoding="utf-8")
    script = "import sys, unrolled; assert 'triton' not in sys.modules; import tensorflow"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["triton", "tensorflow"][not there :]
