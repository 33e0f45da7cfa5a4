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

from kscaffold.check.static.source import KerasClass, Source, is_self

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
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and (what := called(node, layers)) and any(map(is_flag, node.args)):
                    yield node.lineno, f"{what} is given training by position, where Keras 3 takes tensors alone"


def called(node: ast.Call, layers: set[str]) -> str:
    """What a call calls if it is a layer of Keras, as it is written; else nothing."""
    if isinstance(node.func, ast.Attribute):
        base = node.func.value
        if node.func.attr == "__call__" and isinstance(base, ast.Call) and getattr(base.func, "id", "") == "super":
            return ast.unparse(node.func)
        if is_self(base) and node.func.attr in layers:
            return ast.unparse(node.func)
    return ""


def layers_of(source: Source, cls: KerasClass) -> set[str]:
    """The attributes that hold layers and nothing else: of Keras, or of the file where they take no call over."""
    own = {one.node.name for one in source.classes if one.certain and "__call__" not in one.methods}
    found: dict[str, bool] = {}
    for node in ast.walk(cls.node):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and is_self(target.value):
                    made = node.value.func if isinstance(node.value, ast.Call) else None
                    name = (source.name(made) or "") if made else ""
                    is_layer = name.startswith("keras.layers.") and name.rpartition(".")[2][:1].isupper()
                    is_layer |= getattr(made, "id", "") in own or name in (
                        "keras.Sequential",
                        "keras.models.Sequential",
                    )
                    found[target.attr] = found.get(target.attr, True) and is_layer
    return {name for name, is_layer in found.items() if is_layer and name not in cls.methods}


def is_flag(node: ast.expr) -> bool:
    """Whether an argument is a flag: `training`, or a literal bool."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, bool)
    return isinstance(node, ast.Name) and node.id in ("training", "is_training")


def takes_anything(node: ast.AST) -> bool:
    """Whether a layer is told to take whatever it is given by position."""
    return isinstance(node, ast.Attribute) and node.attr == "_allow_non_tensor_positional_args"
