"""Which packages who needs: the groups of pyproject.toml, held against what the code imports."""

import ast
import importlib.metadata
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from unrolled import HOME
from unrolled.cli import SECTIONS

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OWNERS = importlib.metadata.packages_distributions()
CLI = ROOT / "unrolled" / "cli.py"
EVERY = {name for names in SECTIONS.values() for name in names}
STUDENT = {*SECTIONS["Work through the book"], *SECTIONS["Around it"]}
BOOK = ("build", "pdf", "inspect")
# What pytest and notebooks import by itself, and what else is read where a student works.
PLUGINS = {*PROJECT["entry-points"]["pytest11"].values(), *HOME.values(), "unrolled.__main__"}
READ = [
    path
    for folder in ("chapters", "solutions", "tests/chapters", "tests/wrong")
    for path in (ROOT / folder).glob("*.py")
]
# Started by a command, or by Keras, and imported by nothing of ours.
STARTED = {"ipykernel", "jupyterlab", "jax", "tensorflow", "tensorflow-cpu"}
PARTS = {"docutils": "sphinx"}  # of what is asked for, in any version of it


def asked(*groups: str) -> set[str]:
    """The packages of the base and of these groups."""
    optional = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for name in groups for line in optional[name])]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def names_in(tree: ast.AST) -> Iterator[str]:
    """What a module imports, at its top or later; of `from a import b` both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def names_of(path: Path, left_out: frozenset[str] = frozenset()) -> list[str]:
    """What a file imports, but for these functions of it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [one for one in tree.body if getattr(one, "name", "") not in left_out]
    return list(names_in(tree))


def file_of(module: str) -> Path | None:
    """The file of a module of ours; None for a name in one."""
    place = ROOT.joinpath(*module.split("."))
    return next((p for p in (place / "__init__.py", place.with_suffix(".py")) if p.is_file()), None)


def outside(commands: Iterable[str], modules: Iterable[str], files: Iterable[Path]) -> set[str]:
    """The modules of others that these commands, modules of ours and files may come to import."""
    left_out = frozenset(EVERY.difference(commands))
    todo, seen, found = list(modules), {"unrolled.cli"}, set()
    for path in files:
        todo += names_of(path)
    if commands:
        todo += names_of(CLI, left_out)
    while todo:
        name = todo.pop()
        top, _, _ = name.partition(".")
        path = file_of(name) if top == "unrolled" else None
        if path and name not in seen:
            seen.add(name)
            todo += [name.rpartition(".")[0], *names_of(path)]
        elif top not in ("", "unrolled") and top not in sys.stdlib_module_names:
            found.add(top)
    return found


def owners(module: str) -> set[str]:
    """The packages that a module comes from."""
    return {canonicalize_name(one) for one in OWNERS.get(module, [module])}


def lacking(modules: set[str], packages: set[str]) -> list[str]:
    return sorted(
        name for name in modules if not owners(name) & packages and PARTS.get(name) not in packages
    )


def test_the_base_has_what_a_student_imports() -> None:
    assert lacking(outside(STUDENT, PLUGINS, READ), asked()) == []


def test_the_base_has_nothing_that_a_student_does_not_need() -> None:
    imported = {o for name in outside(STUDENT, PLUGINS, READ) for o in owners(name)}
    assert asked() - imported == STARTED - imported


@pytest.mark.parametrize(
    ("group", "commands", "modules"),
    [
        ("grade", SECTIONS["Teach with it"], {"unrolled.grade.server"}),
        ("book", BOOK, {f"unrolled.site.{p.stem}" for p in (ROOT / "unrolled/site").glob("*.py")}),
    ],
)
def test_the_base_and_a_group_have_what_its_commands_import(
    group: str, commands: Iterable[str], modules: set[str]
) -> None:
    assert lacking(outside(commands, modules, ()), asked(group)) == []


def test_all_groups_have_what_every_command_imports() -> None:
    everything = asked("author", "book", "grade")
    assert lacking(outside(EVERY, PLUGINS, READ), everything) == []
