"""Which top-level statements define a name, and which a piece of code can reach."""

import ast
import dis
from collections.abc import Iterable, Mapping
from types import CodeType


def defines(node: ast.stmt) -> list[str]:
    """Return the names that a top-level statement binds."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    names = (one for one in ast.walk(node) if isinstance(one, ast.Name))
    return [one.id for one in names if isinstance(one.ctx, ast.Store)]


def loaded(source: str) -> set[str]:
    """Return the global names that a cell's code, and the functions in it, look up."""
    found: set[str] = set()
    queue = [compile(source, "cell", "exec")]
    while queue:
        code = queue.pop()
        queue += [one for one in code.co_consts if isinstance(one, CodeType)]
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                found.add(step.argval)
    return found


def home(sources: Iterable[str]) -> dict[str, list[ast.stmt]]:
    """Map each top-level name of some cells to the statements that bind it."""
    found: dict[str, list[ast.stmt]] = {}
    for source in sources:
        for node in ast.parse(source).body:
            for name in defines(node):
                found.setdefault(name, []).append(node)
    return found


def reach(start: Iterable[ast.stmt], known: Mapping[str, list[ast.stmt]]) -> list[ast.stmt]:
    """Return `start` and every statement that binds a name used from there, transitively."""
    reached: dict[int, ast.stmt] = {}
    queue = list(start)
    while queue:
        current = queue.pop()
        if id(current) in reached:
            continue
        reached[id(current)] = current
        for one in ast.walk(current):
            if isinstance(one, ast.Name):
                queue += known.get(one.id, [])
    return list(reached.values())
