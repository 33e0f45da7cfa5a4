"""What syntax says by itself, whatever its names mean."""

import ast
from collections.abc import Iterator
from typing import TypeGuard

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_self(node: ast.AST) -> bool:
    """Whether an expression is `self`."""
    return isinstance(node, ast.Name) and node.id == "self"


def last_name(node: ast.AST | None) -> str:
    """The last part of a name, dotted or not: `Dense` of `layers.Dense`; empty for what is none."""
    return str(getattr(node, "attr", getattr(node, "id", "")))


def method_called(node: ast.AST) -> str:
    """The method that an expression calls on `self`; empty if it does not."""
    func = node.func if isinstance(node, ast.Call) else None
    return func.attr if isinstance(func, ast.Attribute) and is_self(func.value) else ""


def is_property(function: Function) -> bool:
    """Whether a method is a property, or its setter."""
    words = [ast.unparse(decorator) for decorator in function.decorator_list]
    return any(word == "property" or word.endswith((".setter", "cached_property")) for word in words)


def ids_below(*roots: ast.AST) -> set[int]:
    """The ids of the statements and expressions below some nodes; others, such as `ast.Load`, all of a tree share."""
    return {id(node) for root in roots for node in ast.walk(root) if isinstance(node, ast.stmt | ast.expr)}


def assigned(node: ast.AST) -> list[ast.expr]:
    """What a statement assigns to, tuples taken apart."""
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign) or (isinstance(node, ast.AnnAssign) and node.value is not None):
        targets = [node.target]
    else:
        return []
    return [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]


def is_init(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether an expression calls the constructor of a base."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"


def names_in(node: ast.AST) -> set[str]:
    """The names that an expression reads."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def parameters(function: Function) -> list[tuple[str, ast.expr | None]]:
    """The parameters of a function, each with its default; `None` where it has none."""
    positional = [*function.args.posonlyargs, *function.args.args]
    without = [None] * (len(positional) - len(function.args.defaults))
    defaults = [*without, *function.args.defaults, *function.args.kw_defaults]
    named = (argument.arg for argument in [*positional, *function.args.kwonlyargs])
    return list(zip(named, defaults, strict=True))


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument, if it is given."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def is_constant(node: ast.AST | None, value: object) -> bool:
    """Whether an expression is a value that is written out: `None`, `True`, a number, a text."""
    return isinstance(node, ast.Constant) and type(node.value) is type(value) and node.value == value


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a string that is written out."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def walk_code(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function's body, without those of functions and classes defined in it."""
    waiting: list[ast.AST] = list(reversed(function.body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting += reversed(list(ast.iter_child_nodes(node)))
