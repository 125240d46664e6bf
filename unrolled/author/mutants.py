"""Mutants of the solutions: small changes that a check should notice."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

# Changes that somebody could make by mistake; nobody writes << for +.
ARITHMETIC = {"Add": ["Sub"], "Sub": ["Add"], "Mul": ["Div"], "Div": ["Mul"]}
COMPARISON = {
    "Lt": ["LtE", "Gt"],
    "LtE": ["Lt", "GtE"],
    "Gt": ["GtE", "Lt"],
    "GtE": ["Gt", "LtE"],
    "Eq": ["NotEq"],
    "NotEq": ["Eq"],
}
OPERATORS = [
    *(f"ReplaceBinaryOperator_{a}_{b}" for a, bs in ARITHMETIC.items() for b in bs),
    *(f"ReplaceComparisonOperator_{a}_{b}" for a, bs in COMPARISON.items() for b in bs),
    "ReplaceUnaryOperator_Delete_USub",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "NumberReplacer",
    "AddNot",
    "ZeroIterationForLoop",
]


@dataclass(frozen=True)
class Mutant:
    """One changed solution; `change` shows the line before and after."""

    exercise: str
    source: str
    change: str


def mutants(exercise: str, source: str) -> Iterator[Mutant]:
    """Yield the mutants of one solution, each once: other operators and numbers, lost parts."""
    plain = ast.unparse(ast.parse(source))
    seen = {plain}
    for changed in (*_replaced(plain), *_lost(plain)):
        if changed not in seen:
            seen.add(changed)
            yield Mutant(exercise, changed, _change(plain, changed))


def _replaced(source: str) -> Iterator[str]:
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        for occurrence in range(1000):
            changed = mutate_code(source, operator, occurrence)
            if changed is None:
                break
            yield ast.unparse(ast.parse(changed))


def _lost(source: str) -> Iterator[str]:
    """Yield the source without one statement, one keyword argument, one call; arguments swapped."""
    count = sum(1 for _ in ast.walk(ast.parse(source)))
    for index in range(count):
        for lose in (_lose_statement, _lose_keyword, _swap_arguments, _lose_call):
            tree = copy.deepcopy(ast.parse(source))
            node = list(ast.walk(tree))[index]
            if lose(node):
                yield ast.unparse(tree)


def _lose_statement(node: ast.AST) -> bool:
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Expr):
        return False
    node.__class__, node._fields = ast.Pass, ()  # type: ignore[assignment, misc]
    return True


def _lose_keyword(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and node.keywords:
        del node.keywords[0]
        return True
    return False


def _swap_arguments(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and len(node.args) > 1:
        node.args[:2] = node.args[1::-1]
        return True
    return False


def _lose_call(node: ast.AST) -> bool:
    """x.mean(…) becomes x where the result is used."""
    for name, value in ast.iter_fields(node):
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and not isinstance(node, ast.Expr)
        ):
            setattr(node, name, value.func.value)
            return True
    return False


def _change(before: str, after: str) -> str:
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    old, new = next((a, b) for a, b in pairs if a != b)
    return f"{old.strip()}  →  {new.strip()}"
