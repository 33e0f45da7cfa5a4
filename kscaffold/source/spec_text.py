"""The trees of a saved model in the syntax of specs: what makes a layer, what is called with what, slices."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from kscaffold.base.errors import RequestError
from kscaffold.program.operators import FUNCTIONS
from kscaffold.program.text import index_source, show, written_call
from kscaffold.program.tree import DOTS, Code, Listing, Object, Plain, Ref, Slice, Tree, walk
from kscaffold.saved.value import SavedModel

SLICE = "[]"


def operation_name(symbol: str, operands: int) -> str:
    """The function of `keras.ops` that an operator is; a function is itself."""
    if symbol == "-":
        return "ops.negative" if operands == 1 else "ops.subtract"
    return FUNCTIONS.get(symbol, symbol)


@dataclass(frozen=True)
class Words:
    """Writes trees: `value` gives the name of a value, `model` that of a model, `refuse` says what no spec can say."""

    refuse: Callable[[str], RequestError]
    value: Callable[[Ref], str]
    model: Callable[[SavedModel], str]

    def layer(self, made: Object, brackets: bool = False) -> str:
        """What makes a layer; one without arguments has no brackets, unless they are asked for."""
        if made.target == "model":
            model: object = dict(made.keywords)["model"]
            assert isinstance(model, SavedModel)
            return self.model(model)
        if made.target.startswith(("keras.dtype", "keras.random", "np.", "ops.", ":")):
            raise self.refuse(f"the object {made.target.lstrip(':')}")
        name = made.target if ":" in made.target else made.class_name
        return written_call(made, name, self.tree) if made.keywords or brackets else name

    def tree(self, tree: Tree) -> str:
        """An argument of a layer, of a call or of an operation."""
        for part in walk(tree):
            match part:
                case Plain(value=float() as number) if not math.isfinite(number):
                    raise self.refuse(f"the number {number}")
                case Code(text=text):
                    raise self.refuse(f"the function {text}")
                case Slice():
                    raise self.refuse(f"{part}")
        return show(tree, call=lambda made: self.layer(made, brackets=True), ref=self.value)

    def index(self, index: Tree) -> str:
        """What stands in square brackets: numbers, slices, `...` and `None`."""
        for axis in index.items if isinstance(index, Listing) else (index,):
            if not isinstance(axis, Slice) and axis != DOTS and not isinstance(getattr(axis, "value", ""), int | None):
                raise self.refuse("an index that is neither a number nor a slice")
        return index_source(index, lambda part: "..." if part == DOTS else self.tree(part))
