"""Unrolled: recurrent networks, learned by fixing them.

The names that chapters import. Each is loaded on first use, so that reading the book's
registry does not import torch. Imported before Keras, it keeps TensorFlow from logging to every
page, and its sums in the same order on every machine; torch's profiler it keeps from logging.
"""

import logging
import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.abc import MetaPathFinder
from typing import Any

__version__ = "0.1.0"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # with them it logs whatever the level
os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # torch's profiler, which says when it starts
if "rfc3987_syntax" not in sys.modules:  # builds nine parsers of web addresses when imported, which
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment] # notebooks need none of: 1.2 s
# TensorFlow takes many small networks, each traced once, for one that is traced again and again.
logging.getLogger("tensorflow").addFilter(lambda said: "retracing" not in said.getMessage())


class _TritonFirst(MetaPathFinder):
    """Loads Triton before TensorFlow.

    It comes with torch for CUDA, and torch loads it at an optimizer's first step. Both hold an
    LLVM, and the process dies when Triton's comes second (TensorFlow 2.21 with Triton 3.7 to 3.9).
    """

    def find_spec(self, name: str, *_: object) -> None:
        if name == "tensorflow":
            sys.meta_path.remove(self)
            with suppress(ImportError):
                import_module("triton")


sys.meta_path.insert(0, _TritonFirst())

HOME = {
    "check": "unrolled.checks.live",
    "device": "unrolled.runtime",
    "seeded": "unrolled.runtime",
    "experiment": "unrolled.measure.experiments",
    "measured": "unrolled.measure.tables",
    "style": "unrolled.plots",
    "track": "unrolled.measure.run",
}
__all__ = sorted(HOME)


def __getattr__(name: str) -> Any:
    if name in HOME:
        return getattr(import_module(HOME[name]), name)
    raise AttributeError(f"module 'unrolled' has no attribute {name!r}")
