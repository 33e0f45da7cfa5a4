"""How a layer is given its inputs: what the arguments of `call`, and what its body does with the first one, say."""

from __future__ import annotations

import ast
import contextlib
import inspect
import textwrap
from typing import Any

from .attributes import mentioned_names
from .protocol import CallStyle

NOT_FED = ("training", "mask", "states", "state", "initial_state", "return_attention_scores", "kwargs", "args")


def how_inputs_arrive(cls: Any) -> tuple[CallStyle, list[str]]:
    """How a class of layers is called, and a name for each of its inputs."""
    listed = list(inspect.signature(cls.call).parameters.values())[1:]
    if len(listed) > 1 and (hasattr(cls, "state_size") or "state_size" in mentioned_names(cls)):
        return CallStyle.CELL, [listed[0].name]
    fed = [
        parameter.name
        for parameter in listed
        if parameter.name not in NOT_FED
        and parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.POSITIONAL_ONLY)
    ]
    if len(fed) > 1:
        return CallStyle.ARGUMENTS, fed
    if not fed:
        variadic = [parameter.name for parameter in listed if parameter.kind is parameter.VAR_POSITIONAL]
        return (CallStyle.ARGUMENTS, variadic * 2) if variadic else (CallStyle.SINGLE, ["inputs"])
    uses = _Uses(fed[0])
    with contextlib.suppress(OSError, TypeError, SyntaxError, ValueError):
        uses.visit(ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(cls.call)))))
    if uses.keys:
        return CallStyle.DICT, sorted(uses.keys)
    return (CallStyle.LIST, fed * uses.items) if uses.items > 1 else (CallStyle.SINGLE, fed)


class _Uses(ast.NodeVisitor):
    """What a function does with one parameter: the keys it looks up, and how many items it takes apart."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.keys: set[str] = set()
        self.items = 0

    def is_it(self, node: ast.expr) -> bool:
        """Whether an expression is the parameter."""
        return isinstance(node, ast.Name) and node.id == self.name

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """`inputs["ids"]`, `inputs[1]`."""
        if self.is_it(node.value) and isinstance(node.slice, ast.Constant):
            if isinstance(node.slice.value, str):
                self.keys.add(node.slice.value)
            elif isinstance(node.slice.value, int):
                self.items = max(self.items, node.slice.value + 1)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """`a, b = inputs`."""
        if self.is_it(node.value):
            taken_apart = [target for target in node.targets if isinstance(target, ast.Tuple | ast.List)]
            self.items = max([self.items, *(len(target.elts) for target in taken_apart)])
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        """`for item in inputs`."""
        if self.is_it(node.iter):
            self.items = max(self.items, 2)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """`len(inputs)`, `zip(inputs, …)`, `sum(inputs)`, `ops.concatenate(inputs)`."""
        function = node.func
        takes_lists = (isinstance(function, ast.Name) and function.id in ("len", "zip", "sum", "enumerate")) or (
            getattr(function, "attr", getattr(function, "id", "")) in ("concatenate", "concat", "stack", "add_n")
        )
        if takes_lists and any(map(self.is_it, node.args)):
            self.items = max(self.items, 2)
        self.generic_visit(node)
