"""Unrolled: recurrent networks, learned by fixing them.

The names that chapters import. Each is loaded on first use, so that reading the book's
registry does not import torch.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "check": "unrolled.checks.live",
    "device": "unrolled.runtime",
    "seeded": "unrolled.runtime",
    "experiment": "unrolled.results",
    "measured": "unrolled.results",
    "style": "unrolled.plots",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'unrolled' has no attribute {name!r}")
