"""`training` is handed on by its name, not by its position.

Layers of Keras 3 take tensors alone by position. `self.dropout(x, training)` works as long as `training` is None, and
raises in `fit` and `predict`, where it is a bool.

Bad:

    def call(self, inputs, training=None):
        return self.dropout(inputs, training)

Good:

    def call(self, inputs, training=None):
        return self.dropout(inputs, training=training)
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import Function, is_self
from kscaffold.check.static.source import KerasClass, Source

ID = "KS117"
SEVERITY = "error"
FIX = "Write training=training."
CAUSES = ("KS202", "KS203", "KS204", "KS205", "KS210", "KS301", "KS401", "KS501", "KS503", "KS506", "KS507")


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Looks at the calls of sublayers of Keras, and at those of `super().__call__`."""
    for cls in source.classes:
        if not cls.certain or source.is_of_keras or any(takes_anything(node) for node in ast.walk(cls.node)):
            continue
        layers = layers_of(source, cls)
        for function in cls.methods.values():
            names = one_after_the_other(function, layers)
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Call)
                    and (what := called(node, layers, names))
                    and any(map(is_flag, node.args))
                ):
                    yield node.lineno, f"{what} is given training by position, where Keras 3 takes tensors alone"


def called(node: ast.Call, layers: set[str], names: set[str]) -> str:
    """What a call calls if it is a layer of Keras, as it is written; else nothing.

    Args:
        node: The call.
        layers: The attributes that hold layers, or lists of them.
        names: The names that do.
    """
    written = ast.unparse(node.func)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "__call__":
        base = node.func.value
        return written if isinstance(base, ast.Call) and getattr(base.func, "id", "") == "super" else ""
    one = node.func.value if isinstance(node.func, ast.Subscript) else node.func
    if isinstance(one, ast.Name) and one.id in names:
        return written
    return written if isinstance(one, ast.Attribute) and is_self(one.value) and one.attr in layers else ""


def one_after_the_other(function: Function, layers: set[str]) -> set[str]:
    """The names that a method gives the layers of a list: `for block in self.blocks`."""
    loops = (node for node in ast.walk(function) if isinstance(node, ast.For))
    return {
        loop.target.id
        for loop in loops
        if isinstance(loop.target, ast.Name) and isinstance(loop.iter, ast.Attribute)
        if is_self(loop.iter.value) and loop.iter.attr in layers
    }


def layers_of(source: Source, cls: KerasClass) -> set[str]:
    """The attributes that hold layers, or lists of them: of Keras, or of the file where they take no call over."""
    own = {one.node.name for one in source.classes if one.certain and "__call__" not in one.methods}
    found: dict[str, bool] = {}
    for node in ast.walk(cls.node):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and is_self(target.value):
                    made = parts_of(node.value)
                    all_layers = all(makes_layer(source, part, own) for part in made)
                    found[target.attr] = found.get(target.attr, True) and bool(made) and all_layers
    return {name for name, is_layer in found.items() if is_layer and name not in cls.methods}


def parts_of(value: ast.expr) -> list[ast.expr]:
    """The items of a list that is written out, or the item of a comprehension; else the expression itself."""
    if isinstance(value, ast.List | ast.Tuple):
        return value.elts
    return [value.elt] if isinstance(value, ast.ListComp) else [value]


def makes_layer(source: Source, value: ast.expr, own: set[str]) -> bool:
    """Whether an expression makes a layer: of Keras, or of one of some classes of the file."""
    made = value.func if isinstance(value, ast.Call) else None
    name = (source.name(made) or "") if made else ""
    if getattr(made, "id", "") in own or name in ("keras.Sequential", "keras.models.Sequential"):
        return True
    return name.startswith("keras.layers.") and name.rpartition(".")[2][:1].isupper()


def is_flag(node: ast.expr) -> bool:
    """Whether an argument is a flag: `training`, or a literal bool."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, bool)
    return isinstance(node, ast.Name) and node.id in ("training", "is_training")


def takes_anything(node: ast.AST) -> bool:
    """Whether a layer is told to take whatever it is given by position."""
    return isinstance(node, ast.Attribute) and node.attr == "_allow_non_tensor_positional_args"
