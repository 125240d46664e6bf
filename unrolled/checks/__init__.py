"""What a file of checks imports: comparisons that say where, expected and got; `there`."""

from unrolled.checks.compare import Mismatch, close, equal, expect, raises
from unrolled.checks.remote import there
from unrolled.checks.run import observed

__all__ = ["Mismatch", "close", "equal", "expect", "observed", "raises", "there"]
