"""Which top-level statements define a name, which a piece of code can reach, and their hash."""

import ast
import dis
import hashlib
import sys
from collections.abc import Iterable, Mapping
from types import CodeType

_NAMED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def defines(node: ast.AST) -> list[str]:
    """Return the names that a top-level statement binds, or one of the statements in it."""
    if isinstance(node, _NAMED):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    found = []
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.expr):
            names = (one for one in ast.walk(part) if isinstance(one, ast.Name))
            found += [one.id for one in names if isinstance(one.ctx, ast.Store)]
        else:
            found += defines(part)
    return found


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


# Without it, Python 3.13 leaves out what is empty.
_DUMP = {"show_empty": True} if sys.version_info >= (3, 13) else {}


def code_hash(nodes: Iterable[ast.stmt]) -> str:
    """Return a hash of some statements that no comment, docstring or version of Python changes."""
    text = "\n".join(sorted(_plain(node) for node in nodes))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(node: ast.stmt) -> str:
    tree = node if isinstance(node, ast.Import) else ast.parse(ast.unparse(node))
    for one in ast.walk(tree):
        if isinstance(one, _NAMED) and ast.get_docstring(one) is not None:
            one.body = one.body[1:] or [ast.Pass()]
        if isinstance(one, ast.JoinedStr):  # Python 3.12 adds empty parts
            one.values = [part for part in one.values if getattr(part, "value", None) != ""]
    return ast.dump(tree, **_DUMP).replace(", type_params=[]", "")  # which Python 3.11 has not
