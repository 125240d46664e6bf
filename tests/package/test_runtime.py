"""Seeds, devices and embedded data."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import unrolled
from unrolled import data, device, seeded
from unrolled.errors import BookError
from unrolled.manifest import Book


@given(st.integers(0, 2**40))
def test_a_seed_fixes_the_draws_inside_and_leaves_those_outside_alone(seed: int) -> None:
    def draws() -> tuple[float, float]:
        return torch.rand(()).item(), float(np.random.rand())

    with seeded(seed):
        first = draws()
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    with seeded(seed):
        assert draws() == first
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


def test_the_generators_are_restored_after_an_error() -> None:
    before = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), seeded(3):
        torch.rand(1)
        raise ZeroDivisionError
    assert torch.equal(torch.get_rng_state(), before)


def test_the_device_is_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNROLLED_DEVICE", "cpu")
    assert device() == torch.device("cpu")
    monkeypatch.setenv("UNROLLED_DEVICE", "gpu")
    with pytest.raises(BookError, match="expected one of auto, cpu, cuda, mps"):
        device()
    if not torch.cuda.is_available():
        monkeypatch.setenv("UNROLLED_DEVICE", "cuda")
        with pytest.raises(BookError, match="torch finds none; use auto or cpu"):
            device()


def test_the_embedded_sequence_is_verified_and_has_its_documented_shape() -> None:
    assert np.loadtxt(data.path("icews_14x5.csv"), delimiter=",").shape == (14, 5)
    readme = Path(unrolled.__file__).parents[1] / "data" / "README.md"
    for name, digest in data.SHA256.items():
        assert name in readme.read_text(encoding="utf-8")
        assert digest in readme.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "said"), [(b"changed", "SHA-256 is"), (None, "is missing; restore it with")]
)
def test_a_changed_or_missing_file_is_one_line(
    tiny: Book, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tiny.root / "data" / "icews_14x5.csv").write_bytes(content)
    with pytest.raises(BookError, match=said):
        data.path("icews_14x5.csv")


def test_an_unknown_file_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BookError, match=r"no embedded file 'x.csv'; there are icews_14x5.csv"):
        data.path("x.csv")
