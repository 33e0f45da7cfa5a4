"""No attribute has a name that Keras needs itself.

`self.weights`, `self.dtype`, `self.metrics` and others are properties of every layer: assigning to them raises an error
that does not say so. `self._layers` can be assigned, and then Keras loses the sublayers without a word.

Bad:

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self._layers = [keras.layers.Dense(n) for n in units]

Good:

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.dense_layers = [keras.layers.Dense(n) for n in units]
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import FUNCTIONS, assigned, is_self
from kscaffold.check.static.source import LAYER, MODEL, KerasClass, Source
from kscaffold.keras_data import catalogue

ID = "KS101"
SEVERITY = "error"
FIX = "Give the attribute another name."
CAUSES = ("KS201", "KS202", "KS203", "KS204", "KS207", "KS301", "KS302", "KS401", "KS402", "KS501")
# Tried one by one on Keras 3.15: assigning a number and a list of layers to each attribute of a layer.
INTERNAL = {
    "_layers", "_losses", "_metrics", "_trainable_variables", "_non_trainable_variables", "_tracker", "_lock",
    "_inbound_nodes", "_outbound_nodes", "_dtype_policy",
}  # fmt: skip
METHODS = {
    "call", "build", "get_config", "from_config", "add_weight", "add_loss", "count_params",
    "compute_output_shape", "compute_mask", "get_weights", "set_weights",
}  # fmt: skip


def check(source: Source) -> Iterator[tuple[int, str, str]]:
    """Looks at what methods assign to `self`, and at what class bodies assign."""
    properties = catalogue.read_only_attributes(LAYER)
    for cls in source.classes:
        own = own_properties(cls)
        for node in ast.walk(cls.node):
            for target in assigned(node):
                if not isinstance(target, ast.Attribute) or not is_self(target.value) or target.attr in own:
                    continue
                if source.is_of_keras and target.attr not in properties:  # it is what keeps them
                    continue
                if not wraps(node, target):
                    yield from judge(cls, target.attr, target.lineno, f"self.{target.attr}")
        for statement in cls.node.body:
            for target in assigned(statement):
                if isinstance(target, ast.Name) and target.id in properties:
                    yield from judge(cls, target.id, target.lineno, target.id)


def judge(cls: KerasClass, name: str, line: int, written: str) -> Iterator[tuple[int, str, str]]:
    """What is wrong with an assignment to a name, if anything is."""
    what = "a model" if cls.kind == MODEL else "a layer"
    fix = f"Call it something else, such as self.own_{name.strip('_')}."
    if name in catalogue.read_only_attributes(cls.kind):
        yield line, f"{written} is a property of {what} that cannot be set", fix
    elif name in INTERNAL:
        yield line, f"{written} is where Keras keeps what it tracks of {what}", fix
    elif name in METHODS:
        yield line, f"{written} replaces a method of {what}", fix


def wraps(statement: ast.AST, target: ast.Attribute) -> bool:
    """Whether a method is replaced by something made of itself: `self.call = checked(self.call)`."""
    value = getattr(statement, "value", None)
    names = (node for node in ast.walk(value) if isinstance(node, ast.Attribute)) if isinstance(value, ast.Call) else ()
    return target.attr in METHODS and any(is_self(node.value) and node.attr == target.attr for node in names)


def own_properties(cls: KerasClass) -> set[str]:
    """The names of properties with setters that a class defines."""
    return {
        function.name
        for function in cls.node.body
        if isinstance(function, FUNCTIONS)
        and any(getattr(decorator, "attr", "") == "setter" for decorator in function.decorator_list)
    }
