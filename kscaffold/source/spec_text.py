"""The trees of a saved model in the syntax of specs: what makes a layer, what is called with what, slices."""

from __future__ import annotations

import math
from collections.abc import Callable

from kscaffold.base.errors import RequestError
from kscaffold.program.text import literal
from kscaffold.program.tree import NONE, Code, Listing, Object, Plain, Ref, Slice, Table, Tree
from kscaffold.saved.value import SavedModel

OPERATORS = {
    "+": "ops.add", "*": "ops.multiply", "/": "ops.true_divide", "//": "ops.floor_divide", "**": "ops.power",
    "@": "ops.matmul", "%": "ops.mod", ">": "ops.greater", ">=": "ops.greater_equal", "<": "ops.less",
    "<=": "ops.less_equal",
}  # fmt: skip
SLICE = "[]"


def operation_name(symbol: str, operands: int) -> str:
    """The function of `keras.ops` that an operator is; a function is itself."""
    if symbol == "-":
        return "ops.negative" if operands == 1 else "ops.subtract"
    return OPERATORS.get(symbol, symbol)


class Words:
    """Writes trees.

    Args:
        refuse: Makes the error for something that no spec can say.
        value: Gives the name of a value.
        model: Gives the name of a model.
    """

    def __init__(
        self, refuse: Callable[[str], RequestError], value: Callable[[Ref], str], model: Callable[[SavedModel], str]
    ) -> None:
        self.refuse = refuse
        self.value = value
        self.model = model

    def layer(self, made: Object, brackets: bool = False) -> str:
        """What makes a layer; one without arguments has no brackets, unless they are asked for."""
        target = made.target
        if target.startswith(("keras.dtype", "keras.random", "np.", "ops.", ":")):
            raise self.refuse(f"the object {target.lstrip(':')}")
        name = target if ":" in target else target.rpartition(".")[2]
        listed = [
            self.tree(value) if index < made.positional else f"{key}={self.tree(value)}"
            for index, (key, value) in enumerate(made.keywords)
        ]
        return f"{name}({', '.join(listed)})" if listed or brackets else name

    def tree(self, tree: Tree) -> str:
        """An argument of a layer, of a call or of an operation."""
        match tree:
            case Plain(value=float() as number) if not math.isfinite(number):
                raise self.refuse(f"the number {number}")
            case Plain(value=value):
                return literal(value)
            case Ref():
                return self.value(tree)
            case Listing(brackets=brackets, items=items):
                comma = "," if brackets == "()" and len(items) == 1 else ""
                return f"{brackets[0]}{', '.join(map(self.tree, items))}{comma}{brackets[1]}"
            case Table(items=pairs):
                return "{" + ", ".join(f"{literal(key)}: {self.tree(value)}" for key, value in pairs) + "}"
            case Object(target="model", keywords=keywords):
                (_, model), *_ = keywords
                assert isinstance(model, SavedModel)
                return self.model(model)
            case Object():
                return self.layer(tree, brackets=True)
            case Code(text=text):
                raise self.refuse(f"the function {text}")
        raise self.refuse(f"{tree}")

    def index(self, index: Tree) -> str:
        """What stands in square brackets."""
        if isinstance(index, Listing):
            return ", ".join(map(self.axis, index.items)) + ("," if len(index.items) == 1 else "")
        return self.axis(index)

    def axis(self, index: Tree) -> str:
        """The index of one axis."""
        match index:
            case Slice(start=start, stop=stop, step=step):
                parts = ["" if part == NONE else self.tree(part) for part in (start, stop, step)]
                return ":".join(parts if parts[2] else parts[:2])
            case Code(text="..."):
                return "..."
            case Plain(value=None | int()):
                return self.tree(index)
        raise self.refuse("an index that is no number and no slice")
