"""The gate's answers run in the tests' own process, where they begin at once."""

from collections.abc import Callable, Sequence
from typing import Any

from unrolled.author.verify import There, _prepared
from unrolled.manifest import Notebook


class Here(There):
    """Runs tasks in this process, without a limit."""

    def __init__(self, notebook: Notebook) -> None:
        super().__init__(notebook, pool=None)
        _prepared.cache_clear()  # a test may have changed the book

    def each(self, work: Callable[..., Any], tasks: Sequence[Any], seconds: float) -> list[Any]:
        return [work(self.notebook.root, self.notebook.name, task) for task in tasks]
