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
from typing import TypeGuard

from kscaffold.check.static.arguments import certain_arguments, tensor_arguments
from kscaffold.check.static.nodes import last_name, walk_code
from kscaffold.check.static.source import KerasClass, Source
from kscaffold.check.static.tensors import Tensors, reached

ID = "KS110"
SEVERITY = "error"
FIX = "Use keras.ops: ops.max, ops.where, ops.cond, …."
FIX_IF_TENSOR = "If it is a tensor, use keras.ops: ops.max, ops.where, ops.cond, …; if it is not, say so by its type."
CAUSES = (
    "KS202", "KS203", "KS204", "KS205", "KS210", "KS211", "KS301", "KS401", "KS501", "KS502", "KS506", "KS507",
    "KS511",
)  # fmt: skip
CONVERSIONS = ("float", "int", "bool")
REDUCING = ("any", "all", "reduce_any", "reduce_all", "equal", "greater", "less")
CONVERTERS = ("keras.ops.convert_to_numpy", "keras.backend.convert_to_numpy")


def check(source: Source) -> Iterator[tuple[int, str, str, str]]:
    """Follows the inputs of `call`, and into the methods of the class that it hands them to.

    It is an error where the inputs are tensors for sure, a warning where some may be something else.
    """
    for cls in source.classes:
        call = cls.methods.get("call")
        if call is None:
            continue
        certain = set(found(source, cls, certain_arguments(source, call)))
        likely = {*found(source, cls, tensor_arguments(call)), *asked_anywhere(source, cls)}
        for line, message in sorted(certain | likely):
            if (line, message) in certain:
                yield line, message, FIX, "error"
            else:
                yield line, message.replace(" a tensor", " what may be a tensor"), FIX_IF_TENSOR, "warning"


def found(source: Source, cls: KerasClass, arguments: set[str]) -> Iterator[tuple[int, str]]:
    """What asks for values if some arguments of `call` are tensors."""
    tensors = Tensors(source, cls.methods["call"], arguments, cls.methods)
    for one in reached(tensors, source.by_mode):
        if one.function in cls.methods.values():
            yield from values_asked_for(source, one)


def asked_anywhere(source: Source, cls: KerasClass) -> Iterator[tuple[int, str]]:
    """The calls of `.numpy()` on whatever: nearly always it is a tensor."""
    for function in cls.functions_of_call(source.by_mode):
        for node in walk_code(function):
            if id(node) not in source.by_mode and asks_numpy(node):
                yield node.lineno, asking(node)


def asks_numpy(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether an expression is `….numpy()`."""
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "numpy" and not node.args


def asking(node: ast.Call) -> str:
    """What is wrong with `.numpy()`."""
    return f"{ast.unparse(node)} asks a tensor for its values, which it does not have in fit()"


def values_asked_for(source: Source, tensors: Tensors) -> Iterator[tuple[int, str]]:
    """The places where a function needs the value of a tensor."""
    for node in walk_code(tensors.function):
        if id(node) in source.by_mode:
            continue
        if asks_numpy(node) and tensors.holds(node.func):
            yield node.lineno, asking(node)
        elif isinstance(node, ast.Call) and any(tensors.holds(argument) for argument in node.args):
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
        texts = any(isinstance(side, ast.Constant) and isinstance(side.value, str | None) for side in sides)
        return not texts and tensors.holds(test)
    return isinstance(test, ast.Call) and last_name(test.func) in REDUCING and tensors.holds(test)
