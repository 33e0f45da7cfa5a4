"""XLA can compile the layer: `compile(jit_compile=True)`.

That is what Keras chooses by itself on a GPU, and the only way on a TPU and on JAX. Python inside of the graph, and
operations whose shapes depend on values, run on other devices only, or nowhere.

Bad:

    def call(self, inputs):
        return tf.numpy_function(np.sort, [inputs], inputs.dtype)

Good:

    def call(self, inputs):
        return ops.sort(inputs, axis=-1)
"""

import functools
import re
from typing import Any

from ..subject import Defects, Subject
from ..tensorflow_graph import OF_PYTHON, has_graph, operations, tensorflow, traced

ID = "KS213"
SEVERITY = "warning"
DOING = "is compiled by XLA"
REQUIRES = ("KS201", "KS203", "KS204", "KS210")
FIX = "Use keras.ops, and shapes that no values decide: ops.where(condition, x, 0), ops.top_k, ops.sort."
# What gives as many values as there happen to be.
BY_VALUE = ("Where", "Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2", "ListDiff", "DynamicPartition")
UNSUPPORTED = re.compile(r"Detected unsupported operations[^:]*: (\w+) \(")
MOST_LAYERS = 30  # of a larger model the operations alone are looked at: translating it takes seconds


def applies(subject: Subject) -> bool | str:
    """On TensorFlow; XLA has no texts, and Keras leaves alone what says that it cannot be compiled."""
    if not subject.is_made_by_class:
        return False
    if not has_graph():
        return "it is tried on TensorFlow only"
    layers = subject.called._flatten_layers()
    if any(feed.dtype == "string" for feed in subject.feeds) or not all(layer.supports_jit for layer in layers):
        return False
    return True if is_there() else "XLA is not available"


def check(subject: Subject) -> Defects:
    """Has XLA translate a call, and looks for operations whose shapes depend on values."""
    function, concrete, tensors = traced(*subject.make_called(), jit_compile=True)
    kinds = set(operations(concrete.graph))
    if by_value := sorted(kinds & set(BY_VALUE)):
        yield (
            f"it has operations whose shapes depend on values ({', '.join(by_value)}): with jit_compile=True they are"
            " slow or refused, depending on the device, and JAX cannot compile them at all"
        )
        return
    if of_python := sorted(kinds & set(OF_PYTHON)):
        yield f"jit_compile=True fails: XLA cannot compile the operation {', '.join(of_python)}"
        return
    if len(subject.called._flatten_layers()) > MOST_LAYERS:
        return
    try:
        function.experimental_get_compiler_ir(*tensors)(stage="hlo")
    except Exception:
        try:  # what cannot be translated by itself may be compiled all the same
            function(*tensors)
        except Exception as error:
            match = UNSUPPORTED.search(str(error))
            reason = f"the operation {match[1]}" if match else " ".join(str(error).split())[:200]
            yield f"jit_compile=True fails: XLA cannot compile {reason}"


@functools.cache
def is_there() -> bool:
    """Whether XLA can compile anything here."""
    tf: Any = tensorflow()
    try:
        tf.function(lambda value: value + 1.0, jit_compile=True).experimental_get_compiler_ir(tf.constant(0.0))("hlo")
    except Exception:
        return False
    return True
