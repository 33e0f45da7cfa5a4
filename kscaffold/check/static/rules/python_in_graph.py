"""`call` runs no Python inside of the graph: no `tf.py_function`, no `tf.numpy_function`.

It works in `fit`, one core at a time. But XLA cannot compile it (`jit_compile=True`, and the default on a GPU), and a
model that is exported to a SavedModel has lost the function: it can be served by this one process only.

Bad:

    def call(self, inputs):
        return tf.numpy_function(lambda values: np.sort(values, axis=-1), [inputs], inputs.dtype)

Good:

    def call(self, inputs):
        return ops.sort(inputs, axis=-1)
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.source import Source

ID = "KS116"
CAUSES = ("KS213", "KS403")
SEVERITY = "warning"
FIX = "Use functions of keras.ops, or do it while the data is read: tf.data.Dataset.map, keras.utils.PyDataset."
PYTHON = {
    f"tensorflow.{name}"
    for name in ("py_function", "numpy_function", "py_func", "compat.v1.py_func", "compat.v1.py_function")
}


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Looks at the calls in `call` and in the methods that it calls."""
    for _, node in source.calls_in_call():
        if source.name(node.func) in PYTHON:
            written = ast.unparse(node.func)
            yield node.lineno, f"{written}() runs Python: XLA cannot compile it, and an exported model has lost it"
