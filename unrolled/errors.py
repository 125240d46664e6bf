"""The one error that a user is meant to see."""


class BookError(Exception):
    """Something a person can mend: one line with what, where, what was expected, what to do."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback."""
        return [f"unrolled: {self}"]
