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

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import FUNCTIONS, walk_code
from kscaffold.check.static.source import Source
from kscaffold.check.static.tensors import Tensors, reached

ID = "KS105"
SEVERITY = "error"
FIX = "Use the function of keras.ops, or put it into the call() of a layer."
CAUSES = ("KS200", "KS201")
INPUTS = ("keras.Input", "keras.layers.Input")
# Tried on Keras 3.15: these take symbols; and what reads data is given none.
TAKEN = (
    "tensorflow.data", "tensorflow.io", "tensorflow.nest.", "tensorflow.is_tensor", "tensorflow.is_symbolic_tensor",
    "tensorflow.print", "tensorflow.get_static_value", "tensorflow.group", "tensorflow.compat.dimension_value",
)  # fmt: skip


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Follows what `keras.Input` gives, in the module, in each function and into those that they call."""
    if not any(name in INPUTS for _, name in source.calls):
        return
    body = ast.parse("def module(): pass").body[0]
    assert isinstance(body, ast.FunctionDef)
    body.body = source.tree.body
    functions = [node for node in source.nodes if isinstance(node, FUNCTIONS)]
    for function in [body, *functions]:
        for tensors in reached(Tensors(source, function, set(), makers=INPUTS), source.by_mode):
            yield from misused(source, tensors)


def misused(source: Source, tensors: Tensors) -> Iterator[tuple[int, str]]:
    """The calls of TensorFlow in one function whose argument is symbolic."""
    for node in walk_code(tensors.function):
        name = source.name(node.func) if isinstance(node, ast.Call) else None
        if name is None or not isinstance(node, ast.Call):
            continue
        if name.startswith("tensorflow.") and not name.startswith(TAKEN):
            if any(tensors.holds(argument) for argument in node.args):
                written = ast.unparse(node.func)
                yield node.lineno, f"{written}() is called on a symbolic tensor, which it refuses"
