"""Which expressions in a function hold tensors: they flow from its inputs through assignments and calls."""

from __future__ import annotations

import ast

from kscaffold.static.source import Function, walk_code

PLAIN_ARGUMENTS = {"self", "cls", "training", "return_attention_scores", "verbose", "causal", "use_causal_mask"}
# What is asked of a tensor and is no tensor itself.
PLAIN_ATTRIBUTES = {"shape", "dtype", "ndim", "name", "rank", "device"}
PLAIN_CALLS = frozenset(
    "Model Sequential len isinstance type range str repr hasattr getattr id get_shape int_shape ndim shape".split()
)


class Tensors:
    """The names of a function that hold tensors.

    Args:
        function: The function.
        inputs: Names that hold tensors at its beginning; `None` for all its arguments but those known to be plain.
    """

    def __init__(self, function: Function, inputs: set[str] | None = None) -> None:
        arguments = [*function.args.posonlyargs, *function.args.args]
        given = {argument.arg for argument in arguments} - PLAIN_ARGUMENTS
        self.names = given if inputs is None else set(inputs)
        for _ in range(3):  # loops bring names back to earlier lines
            for node in walk_code(function):
                self._follow(node)

    def _follow(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            self._assign(node.targets, node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign) and node.value is not None and self.holds(node.value):
            self._assign([node.target], node.value)
        elif isinstance(node, ast.For) and self.holds(node.iter):
            self._assign([node.target], node.iter)

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        holds = self.holds(value)
        for target in targets:
            for name in ast.walk(target) if isinstance(target, ast.Name | ast.Tuple | ast.List) else ():
                if isinstance(name, ast.Name) and holds:
                    self.names.add(name.id)

    def holds(self, node: ast.AST) -> bool:
        """Whether the value of an expression is, or contains, a tensor."""
        if isinstance(node, ast.Name):
            return node.id in self.names
        if isinstance(node, ast.Attribute):
            return node.attr not in PLAIN_ATTRIBUTES and self.holds(node.value)
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called in PLAIN_CALLS:
                return False
            own = isinstance(node.func, ast.Attribute) and self.holds(node.func.value)
            return own or any(self.holds(item) for item in [*node.args, *(word.value for word in node.keywords)])
        if isinstance(node, ast.Compare):
            if any(isinstance(operator, ast.Is | ast.IsNot | ast.In | ast.NotIn) for operator in node.ops):
                return False
            return any(self.holds(item) for item in [node.left, *node.comparators])
        if isinstance(node, ast.Subscript):
            return self.holds(node.value)
        if isinstance(
            node, ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.IfExp | ast.Tuple | ast.List | ast.Starred | ast.Dict
        ):
            return any(self.holds(child) for child in ast.iter_child_nodes(node))
        return False
