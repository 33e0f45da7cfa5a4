"""Code that is not for every tensor: behind questions for eager tensors, a backend, or a version."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from kscaffold.check.static.nodes import ids_below, last_name, names_in

LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
# What conditions name that ask whether tensors have values, and for a version.
MODES = re.compile(
    r"eager|backend|torch|jax|symbolic|_workflow|\bin_tf_|isinstance\(.*(Tensor|ndarray)|is_tensor\(|is_keras_tensor\("
    r"|hasattr\(.*['\"](numpy|_?_array_?_)['\"]",
    re.I,
)
# Those of them after which all that is left has values: a check for tensors of any kind is none.
GUARDS = re.compile(r"eager|symbolic|_?keras_?tensor|hasattr\(.*numpy", re.I)
QUESTIONS = {"hasattr", "isinstance", "executing_eagerly", "is_tensor", "is_keras_tensor", "callable"}
# What is raised where a tensor is asked for values that it does not have.
VALUE_ERRORS = {
    "Exception", "BaseException", "AttributeError", "TypeError", "ValueError", "NotImplementedError", "RuntimeError",
    "OperatorNotAllowedInGraphError", "ConcretizationTypeError", "TracerArrayConversionError",
}  # fmt: skip
VERSIONS = re.compile(
    r"\b(__version__|(tf|tensorflow|keras)_?version|version\()|keras_?[23]\b|hasattr\((tf|tensorflow|keras|k)\b", re.I
)


def answered(node: ast.AST) -> Iterator[str]:
    """The names that a statement gives the answer to whether tensors have values: `eager = hasattr(x, "numpy")`."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call | ast.BoolOp | ast.UnaryOp):
        value = node.value.operand if isinstance(node.value, ast.UnaryOp) else node.value
        asked = value.values[0] if isinstance(value, ast.BoolOp) else value
        called = asked.func if isinstance(asked, ast.Call) else None
        if last_name(called) in QUESTIONS and MODES.search(ast.unparse(value)):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def after_guard(body: list[ast.stmt], answers: set[str]) -> list[ast.stmt]:
    """What of some statements is reached only with values: an `if` before it, which asks for them, leaves the rest."""
    for index, statement in enumerate(body):
        if isinstance(statement, ast.If) and isinstance(statement.body[-1], LEAVING):
            if GUARDS.search(ast.unparse(statement.test)) or answers & names_in(statement.test):
                return body[index + 1 :]
    return []


def catches_missing_values(handler: ast.ExceptHandler) -> bool:
    """Whether code goes on after it has asked a tensor for values that are not there."""
    if isinstance(handler.body[-1], ast.Raise):
        return False
    return handler.type is None or any(last_name(word) in VALUE_ERRORS for word in ast.walk(handler.type))


def by_version(nodes: Iterable[ast.AST]) -> set[int]:
    """The ids of nodes that conditions leave to an older version: `if … < …`, or what is not `if … >= …`."""
    found: set[int] = set()
    for node in _conditions(nodes, VERSIONS):
        signs = {type(sign) for part in ast.walk(node.test) if isinstance(part, ast.Compare) for sign in part.ops}
        older, newer = bool(signs & {ast.Lt, ast.LtE}), bool(signs & {ast.Gt, ast.GtE})
        for branch, kept in ((node.body, newer and not older), (node.orelse, older and not newer)):
            if not kept:
                parts = branch if isinstance(branch, list) else [branch]
                found |= ids_below(*parts)
    return found


def by_mode(nodes: Sequence[ast.AST]) -> set[int]:
    """The ids of nodes below conditions that ask for eager tensors or a backend: values may be there.

    The same goes for what comes after `if not eager: return`, what is tried while a failure is caught, and the rest
    of `eager and …`.
    """
    found = ids_below(*_conditions(nodes, MODES))
    answers = {name for node in nodes for name in answered(node)}
    for node in nodes:
        if isinstance(node, ast.Try) and any(map(catches_missing_values, node.handlers)):
            found |= ids_below(*node.body)
        elif isinstance(node, ast.BoolOp | ast.If | ast.IfExp):
            first = node.values[0] if isinstance(node, ast.BoolOp) else node.test
            if MODES.search(ast.unparse(first)) or answers & names_in(first):
                found |= ids_below(node)
        for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
            if isinstance(body, list):
                found |= ids_below(*after_guard(body, answers))
    return found


def _conditions(nodes: Iterable[ast.AST], asked: re.Pattern[str]) -> Iterator[ast.If | ast.IfExp]:
    for node in nodes:
        if isinstance(node, ast.If | ast.IfExp) and asked.search(ast.unparse(node.test)):
            yield node
