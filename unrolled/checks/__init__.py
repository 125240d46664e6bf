"""What a file of checks imports: comparisons that say where, expected and got, and `there`."""

from unrolled.checks.compare import Mismatch, close, equal, expect, raises
from unrolled.checks.run import there

__all__ = ["Mismatch", "close", "equal", "expect", "raises", "there"]
