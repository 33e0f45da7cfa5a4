"""`call` asks tensors for no values: no NumPy, no `float()`, no `if`.

While Keras traces a model for `fit` and `predict`, tensors have shapes and types but no values. Code that needs values
works in a first try on data and fails, or is frozen to one answer, in training.

Bad:

    def call(self, inputs):
        return inputs / np.max(inputs)

Good:

    def call(self, inputs):
        return inputs / ops.max(inputs)
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.source import Source, walk_code
from kscaffold.check.static.tensors import Tensors, reached, tensor_arguments

ID = "KS110"
SEVERITY = "error"
FIX = "Use keras.ops: ops.max, ops.where, ops.cond, …."
CAUSES = (
    "KS202", "KS203", "KS204", "KS205", "KS210", "KS211", "KS301", "KS401", "KS501", "KS502", "KS506", "KS507",
    "KS511",
)  # fmt: skip
CONVERSIONS = ("float", "int", "bool")
CONVERTERS = ("keras.ops.convert_to_numpy", "keras.backend.convert_to_numpy")


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Follows the inputs of `call`, and into the methods of the class that it hands them to."""
    for _, node in source.calls_in_call(source.by_mode):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "numpy" and not node.args:
            yield node.lineno, f"{ast.unparse(node)} asks a tensor for its values, which it does not have in fit()"
    for cls in source.classes:
        call = cls.methods.get("call")
        if call is not None:
            tensors = Tensors(source, call, tensor_arguments(call), cls.methods)
            for one in reached(tensors, source.by_mode):
                if one.function in cls.methods.values():
                    yield from values_asked_for(source, one)


def values_asked_for(source: Source, tensors: Tensors) -> Iterator[tuple[int, str]]:
    """The places where a function needs the value of a tensor."""
    for node in walk_code(tensors.function):
        if id(node) in source.by_mode:
            continue
        if isinstance(node, ast.Call) and any(tensors.holds(argument) for argument in node.args):
            name = source.name(node.func) or ""
            if name in CONVERTERS or (name.startswith("numpy.") and not name.startswith("numpy.random")):
                yield node.lineno, f"{ast.unparse(node.func)}() is called on a tensor, which has no values in fit()"
            elif isinstance(node.func, ast.Name) and node.func.id in CONVERSIONS:
                yield node.lineno, f"{node.func.id}() is called on a tensor, which has no value in fit()"
        elif isinstance(node, ast.If | ast.While | ast.IfExp) and decides(node.test, tensors):
            word = "while" if isinstance(node, ast.While) else "if"
            written = ast.unparse(node.test)
            yield node.test.lineno, f"`{word} {written}` needs the value of a tensor, which has none in fit()"


def decides(test: ast.expr, tensors: Tensors) -> bool:
    """Whether a condition compares or reduces tensors; a bare name may be a flag or a list."""
    if isinstance(test, ast.BoolOp):
        return any(decides(value, tensors) for value in test.values)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return decides(test.operand, tensors)
    if isinstance(test, ast.Compare):
        sides = [test.left, *test.comparators]
        texts = any(
            isinstance(side, ast.Constant) and (side.value is None or isinstance(side.value, str)) for side in sides
        )
        return not texts and tensors.holds(test)
    if isinstance(test, ast.Call):
        called = test.func.attr if isinstance(test.func, ast.Attribute) else getattr(test.func, "id", "")
        return called in ("any", "all", "reduce_any", "reduce_all", "equal", "greater", "less") and tensors.holds(test)
    return False
