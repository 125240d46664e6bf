"""Device and seeds: what a cell needs to know about the machine it runs on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from unrolled.errors import BookError

if TYPE_CHECKING:
    import torch

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


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from torch's and numpy's global generators as if seeded with `seed`; restore them after.

    Layers take no generator, so their initial weights are drawn inside this block.
    """
    import numpy as np
    import torch

    numpy_state = np.random.get_state()
    with torch.random.fork_rng():
        seed_generators(seed)
        try:
            yield
        finally:
            np.random.set_state(numpy_state)


def seed_generators(seed: int) -> None:
    """Seed numpy's global generators, and torch's where it is loaded.

    `torch.manual_seed` does the same, and where there is no accelerator keeps a stack trace of each
    call for one that may come.
    """
    import numpy as np

    np.random.seed(seed % 2**32)
    if torch := sys.modules.get("torch"):
        torch.default_generator.manual_seed(seed)
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(seed)
        if torch.backends.mps.is_available():
            torch.mps.manual_seed(seed)
