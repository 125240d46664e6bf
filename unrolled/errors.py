"""The one error that a user is meant to see."""


class BookError(Exception):
    """Something a person can mend: one line with what, where, what was expected, what to do."""
