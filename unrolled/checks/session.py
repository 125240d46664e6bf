"""One run of pytest inside this process, as often as one likes."""

import io
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout

import pytest

from unrolled.checks import plugin
from unrolled.checks.plugin import PROPERTY, Verdict


class Gather:
    """A plugin that keeps every verdict, in order."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep each verdict."""
        for key, value in report.user_properties:
            if key == PROPERTY:
                self.verdicts.append(Verdict(**value))  # type: ignore[arg-type]


class Named:
    """Registers a plugin under a name before the other plugins are configured."""

    def __init__(self, name: str, plugin: object) -> None:
        self.name, self.plugin = name, plugin

    @pytest.hookimpl(tryfirst=True)
    def pytest_addoption(self, pluginmanager: pytest.PytestPluginManager) -> None:
        """Register it."""
        pluginmanager.register(self.plugin, self.name)


def run_pytest(arguments: Sequence[str], *plugins: object) -> tuple[int, list[Verdict], str]:
    """Run pytest and return its exit code, the verdicts, and what it printed.

    Files of checks are imported anew at every call. No installed plugin is loaded besides the
    book's own: this process may have imported what others would rewrite.
    """
    gather, said, before = Gather(), io.StringIO(), set(sys.modules)
    with redirect_stdout(said), redirect_stderr(said):
        words = ["--import-mode=importlib", "--capture=sys", "--assert=plain"]
        words += ["--disable-plugin-autoload", *arguments]
        code = pytest.main(words, plugins=[gather, plugin, *plugins])
    for name in set(sys.modules) - before:
        if name.rpartition(".")[2].startswith("test_"):
            del sys.modules[name]
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return int(code), gather.verdicts, said.getvalue()
