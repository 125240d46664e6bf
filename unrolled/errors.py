"""What a user is told: the one error that is meant to be seen, and how far long work is."""

from collections.abc import Callable

Show = Callable[[str, int, int], None]  # show(title, done, total) moves a bar


class BookError(Exception):
    """Something a person can mend: one line with what, where, what was expected, what to do."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback."""
        return [f"unrolled: {self}"]
