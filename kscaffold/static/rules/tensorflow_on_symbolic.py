"""No function of TensorFlow is called on a symbolic tensor.

What `keras.Input` gives, and all that is computed from it while a functional model is put together, is a symbol of
Keras. Functions of `tf` refuse it; those of `keras.ops` and layers take it.

Bad:

    x = keras.Input((16,))
    y = tf.reduce_mean(x, axis=-1)

Good:

    x = keras.Input((16,))
    y = keras.ops.mean(x, axis=-1)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kscaffold.static.source import FUNCTIONS, Function, Source, walk_code
from kscaffold.static.tensors import Tensors

ID = "KS105"
SEVERITY = "error"
FIX = "Use the function of keras.ops, or put it into the call() of a layer."
CAUSES = ("KS200", "KS201")
INPUTS = ("keras.Input", "keras.layers.Input")


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Follows what `keras.Input` gives, in the module and in each function."""
    body = ast.parse("def module(): pass").body[0]
    assert isinstance(body, ast.FunctionDef)
    body.body = source.tree.body
    functions = [node for node in ast.walk(source.tree) if isinstance(node, FUNCTIONS)]
    for function in [body, *functions]:
        yield from misused(source, function)


def misused(source: Source, function: Function) -> Iterator[tuple[int, str]]:
    """The calls of TensorFlow in one function whose argument is symbolic."""
    symbols = {
        name.id
        for node in walk_code(function)
        if isinstance(node, ast.Assign)
        for value in (node.value.elts if isinstance(node.value, ast.Tuple) else [node.value])
        if isinstance(value, ast.Call) and source.name(value.func) in INPUTS
        for target in node.targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name)
    }
    if not symbols:
        return
    tensors = Tensors(function, symbols)
    for node in walk_code(function):
        if not isinstance(node, ast.Call):
            continue
        name = source.name(node.func)
        if name is None or not name.startswith("tensorflow.") or name.startswith(("tensorflow.data", "tensorflow.io")):
            continue
        if any(tensors.holds(argument) for argument in node.args):
            written = ast.unparse(node.func)
            yield node.lineno, f"{written}() is called on a symbolic tensor, which it refuses"
