"""Device and seeds: what a cell needs to know about the machine it runs on."""

import builtins
import os
import platform
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unrolled.errors import BookError

if TYPE_CHECKING:
    import torch

BUILTINS = dict(vars(builtins))
DEVICES = ("auto", "cpu", "cuda", "mps")


def device() -> "torch.device":
    """Return the device that UNROLLED_DEVICE names (auto, cpu, cuda, mps; default auto)."""
    import torch

    wanted = os.environ.get("UNROLLED_DEVICE", "auto")
    if wanted not in DEVICES:
        raise BookError(f"UNROLLED_DEVICE is {wanted!r}, expected one of {', '.join(DEVICES)}")
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        wanted = next((name for name in ("cuda", "mps") if found[name]), "cpu")
    elif not found.get(wanted, True):
        raise BookError(f"UNROLLED_DEVICE is {wanted!r}, but torch finds none; use auto or cpu")
    return torch.device(wanted)


def machine() -> str:
    """Return the kind of machine that figures are measured on, as their tables name it.

    What computes is torch's device where torch is loaded: it is not loaded for this.
    """
    kind = device().type.upper() if "torch" in sys.modules else "CPU"
    return f"{platform.system()} {platform.machine()}, {kind}, one thread"


def spent() -> tuple[float, int]:
    """Return the CPU seconds of this process and its ended children, and its peak memory in bytes.

    The peak is 0 on Windows, which counts otherwise.
    """
    cpu, peak = sum(os.times()[:4]), 0
    if sys.platform == "linux":  # where ru_maxrss is at least that of the process which started us
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        peak = next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    elif sys.platform == "darwin":
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return cpu, peak


def unchanged() -> bool:
    """Whether what all code of a process shares is as Python and torch set it up.

    It covers the builtins and torch's default dtype and gradient mode, not every module.
    """
    torch = sys.modules.get("torch")
    usual = torch is None or (
        torch.get_default_dtype() is torch.float32 and torch.is_grad_enabled()
    )
    return usual and all(vars(builtins).get(name) is one for name, one in BUILTINS.items())


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from all global generators as if seeded with `seed`; restore them after.

    Layers take no generator, so their initial weights are drawn inside this block. What Keras and
    TensorFlow draw cannot be restored; after the block they start anew from Python's generator.
    """
    torch = sys.modules.get("torch")
    state, numpy_state = random.getstate(), np.random.get_state()
    with torch.random.fork_rng() if torch else nullcontext():
        seed_generators(seed)
        try:
            yield
        finally:
            after = random.Random()
            after.setstate(state)
            seed_generators(after.getrandbits(32))
            random.setstate(state)
            np.random.set_state(numpy_state)


def seed_generators(seed: int) -> None:
    """Seed the global generators of Python and numpy, and of torch and Keras where they are loaded.

    `torch.manual_seed` does the same, and where there is no accelerator keeps a stack trace of each
    call for one that may come.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if keras := sys.modules.get("keras"):
        keras.utils.set_random_seed(seed % 2**32)  # and TensorFlow's
    if torch := sys.modules.get("torch"):
        torch.default_generator.manual_seed(seed)
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(seed)
        if torch.backends.mps.is_available():
            torch.mps.manual_seed(seed)
