"""A book small enough to break: two notebooks, one exercise each; and a browser to look at it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from unrolled.author.reference import write_reference
from unrolled.cli import main
from unrolled.manifest import Book, read_book
from unrolled.site import browser as chromium
from unrolled.site.browser import Tab

# How long an example takes says how busy the machine is.
settings.register_profile("book", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("book")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a GPU where torch sees none."""
    if item.get_closest_marker("gpu"):
        import torch

        if not (torch.cuda.is_available() or torch.backends.mps.is_available()):
            pytest.skip("torch sees no CUDA or MPS device")


BOOK = """\
[book]
title = "Tiny"
authors = ["Nobody"]
description = "Two notebooks"
language = "en"
src = "chapters"

[output.html]
git-repository-url = "https://github.com/nobody/tiny"
edit-url-template = "https://github.com/nobody/tiny/edit/main/{path}"
site-url = "https://nobody.github.io/tiny/"

[[chapter]]
number = 1
title = "Twice"
prerequisites = ["product"]
result = "A multiple."
notebooks = ["01_twice"]
cpu_seconds = 10
check_seconds = 5

[[chapter.exercise]]
id = "twice"
title = "Double it"
points = 2
minutes = 5

[[chapter]]
number = 2
title = "Thrice"
prerequisites = ["product"]
result = "A multiple."
notebooks = ["02_thrice"]
cpu_seconds = 10
check_seconds = 5

[[chapter.exercise]]
id = "thrice"
title = "Triple it"
points = 3
minutes = 5
"""

CHAPTER = '''\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # {n} · {title}
#
# *What is a
# multiple?*
#
# A second for a laptop.

# %% tags=["setup"]
import math

# %% [markdown]
# ## A section

# %% [markdown]
# ### Exercise {n}.1 · {task} (about 1 line)
#
# Write `{name}`.

# %% exercise="{name}" tags=["exercise"]
def {name}(x: float) -> float:
    """{n} + 1 times x.

    x: a number.
    """
    raise NotImplementedError("exercise {name}")

# %%
# NBVAL_CHECK_OUTPUT
print(f"{{{name}(1.234):.3f}}")

# %% [markdown]
# The answer is {quote}, after a while.
'''

SOLUTION = """\
# %% exercise="{name}"
def {name}(x: float) -> float:
    return {factor} * x

# %% [markdown] exercise="{name}"
# One product is enough, because a multiple is what a product means.
"""

CHECKS = '''\
"""Checks of {name}."""

from unrolled.checks import close


def test_a_positive_number_is_multiplied({name}, rng):
    x = 1 + rng.random()
    close({name}(x), {factor} * x, "{name}(x)")


def test_a_negative_number_is_multiplied({name}, rng):
    x = -1 - rng.random()
    close({name}(x), {factor} * x, "{name}(x)")
'''

WRONG = """\
# %% exercise="{name}" mistake="power" says="That is a power; multiply."
def {name}(x: float) -> float:
    return abs(x) ** {factor} * (1 if x > 0 else -1)

# %% exercise="{name}" mistake="no_sign" says="The sign is lost; keep it."
def {name}(x: float) -> float:
    return {factor} * abs(x)

# %% exercise="{name}" mistake="clipped" says="Large numbers count too; do not clip."
def {name}(x: float) -> float:
    return {factor} * min(x, 0.5)
"""

STUB = 'raise NotImplementedError("exercise twice")'
HINTS = """\
# Hints

## {name}

1. What is a multiple?
2. Look at the operator `*`.
3. Multiply x by the factor.
"""


def write_book(root: Path) -> None:
    """Write the tiny book's sources."""
    files = {"book.toml": BOOK, "README.md": "# Tiny\n"}
    rows = [
        (1, "Twice", "twice", "Double it", 2, "2.468"),
        (2, "Thrice", "thrice", "Triple it", 3, "3.702"),
    ]
    for n, title, name, task, factor, quote in rows:
        words = dict(n=n, title=title, name=name, task=task, factor=factor, quote=quote)
        files |= {
            f"chapters/0{n}_{name}.py": CHAPTER.format(**words),
            f"solutions/0{n}_{name}.py": SOLUTION.format(**words),
            f"tests/chapters/test_0{n}_{name}.py": CHECKS.format(**words),
            f"tests/wrong/0{n}_{name}.py": WRONG.format(**words),
            f"chapters/hints/0{n}_{name}.md": HINTS.format(**words),
        }
    files["chapters/index.md"] = (
        "# Tiny\n\n<!-- figure -->\n\n<!-- cards -->\n\n<!-- pdf -->\n\n"
        "```{toctree}\n:hidden:\n:glob:\n\n0*\nglossary\n```\n"
    )
    files["chapters/glossary.md"] = (
        "# Glossary\n\n<!-- words -->\n\n- **product**: what `*` gives.\n"
    )
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (root / "chapters" / "references.bib").touch()
    (root / "data").mkdir()
    (root / "data" / "registry.toml").touch()


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """The tiny book, in the current folder."""
    write_book(tmp_path)
    monkeypatch.chdir(tmp_path)
    return read_book(tmp_path)


@pytest.fixture(scope="session")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny book with its reference notebooks."""
    root = tmp_path_factory.mktemp("proven")
    write_book(root)
    book = read_book(root)
    assert len(list(write_reference(book, book.notebooks, lambda *_: None))) == 2
    return root


@pytest.fixture
def book(proven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """A copy of it that a test may break."""
    root = tmp_path / "book"
    shutil.copytree(proven, root)
    monkeypatch.chdir(root)
    return read_book(root)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    if not chromium.chromium():
        pytest.skip("NO BROWSER: install chromium, or set UNROLLED_CHROMIUM, to test the pages")
    with chromium.browser() as found:
        yield found


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """A tab of its own."""
    tab = Tab(browser)
    yield tab
    tab.close()


def edit(path: Path, old: str, new: str) -> None:
    """Replace text that must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path} does not hold {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(*arguments: str) -> tuple[int, str]:
    """Call the command; its exit code and all that it said."""
    done = CliRunner().invoke(main, list(arguments))
    return done.exit_code, done.output


def answer(book: Book, text: str, after: int = 0) -> Path:
    """Put an answer into work/ in place of the stub, saved in the future so that it counts."""
    path = book.root / "work" / "01_twice.py"
    edit(path, STUB, text)
    os.utime(path, (4e9 + after, 4e9 + after))
    return path
