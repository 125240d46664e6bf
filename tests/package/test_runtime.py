"""Seeds and devices."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unrolled import device, seeded
from unrolled.checks import close
from unrolled.errors import BookError


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


@pytest.mark.gpu
def test_a_gpu_is_found_and_computes_what_the_cpu_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNROLLED_DEVICE", "auto")
    assert device().type != "cpu"
    with seeded(3):
        network, x = torch.nn.LSTM(3, 7, batch_first=True), torch.randn(2, 50, 3)
    expected, _ = network(x)
    got, _ = network.to(device())(x.to(device()))
    close(got, expected, "fifty steps of an LSTM")


def test_the_profiler_of_torch_says_nothing_of_itself(capfd: pytest.CaptureFixture[str]) -> None:
    with torch.autograd.profiler.profile():
        torch.ones(2).sum()
    assert capfd.readouterr().err == ""
