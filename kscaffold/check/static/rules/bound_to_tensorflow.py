"""A layer of Keras computes with `keras.ops`, not with functions of TensorFlow.

With `tf.*` in `build` or `call` it works on the TensorFlow backend alone, while `import keras` promises JAX and
PyTorch, too. A file that is meant for TensorFlow says so: it imports Keras from `tensorflow`.

Bad:

    import keras
    import tensorflow as tf

    class Unit(keras.layers.Layer):
        def call(self, inputs):
            return inputs / tf.norm(inputs)

Good:

    import keras

    class Unit(keras.layers.Layer):
        def call(self, inputs):
            return inputs / keras.ops.norm(inputs)
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import Function, ids_below, walk_code
from kscaffold.check.static.source import KerasClass, Source

ID = "KS115"
SEVERITY = "warning"
FIX = "Use keras.ops; or import Keras from tensorflow, if it is meant for TensorFlow."
# What computes nothing, or reads data before a model is given it.
HARMLESS = (
    "tensorflow.keras.", "tensorflow.data.", "tensorflow.io.", "tensorflow.TensorShape", "tensorflow.TensorSpec",
    "tensorflow.is_tensor", "tensorflow.print", "tensorflow.name_scope", "tensorflow.get_static_value",
    "tensorflow.executing_eagerly", "tensorflow.nest.", "tensorflow.get_logger", "tensorflow.summary.",
    "tensorflow.python.", "tensorflow.autograph.",
)  # fmt: skip
# These need TensorFlow on every backend.
OF_TEXTS = {"StringLookup", "TextVectorization", "Hashing", "HashedCrossing"}


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Looks at what classes call in `build` and `call`; each class is said once."""
    spellings = {name.partition(".")[0] for name in source.names.values() if ".keras" not in name}
    if "keras" not in spellings or source.is_of_keras or says_tensorflow(source):
        return
    known = source.by_mode | maybe_without(source)
    for cls in source.classes:
        if not cls.certain or is_for_texts(source, cls):
            continue
        functions = [*cls.functions_of_call(known), *(cls.methods[name] for name in ("build",) if name in cls.methods)]
        used = sorted(use for function in functions for use in uses(source, function, known))
        if used:
            line, written = used[0]
            yield line, f"{cls.node.name} uses {written}: it works on the TensorFlow backend only"


def uses(source: Source, function: Function, known: set[int]) -> Iterator[tuple[int, str]]:
    """The functions of TensorFlow that a function calls."""
    for node in walk_code(function):
        if isinstance(node, ast.Call) and id(node) not in known:
            name = source.name(node.func) or ""
            if name.startswith("tensorflow.") and not (source.spelled(node.func) or "").startswith(HARMLESS):
                yield node.lineno, ast.unparse(node.func)


def says_tensorflow(source: Source) -> bool:
    """Whether the file itself chooses the backend, or does without TensorFlow where it is not installed."""
    for node in source.nodes:
        if isinstance(node, ast.Constant) and node.value == "KERAS_BACKEND":
            return True
        if isinstance(node, ast.Try):
            for inner in (inner for statement in node.body for inner in ast.walk(statement)):
                if isinstance(inner, ast.Import | ast.ImportFrom) and "tensorflow" in ast.unparse(inner):
                    return True
    return False


def maybe_without(source: Source) -> set[int]:
    """The ids of nodes that may fail, for something else is done then."""
    return ids_below(*(statement for node in source.nodes if isinstance(node, ast.Try) for statement in node.body))


def is_for_texts(source: Source, cls: KerasClass) -> bool:
    """Whether a class works on texts, or on what else is no tensor of the backend."""
    for node in ast.walk(cls.node):
        name = (source.name(node) or "") if isinstance(node, ast.Attribute | ast.Name) else ""
        if name.startswith(
            ("tensorflow.strings.", "tensorflow.lookup.", "tensorflow.RaggedTensor", "tensorflow.ragged")
        ):
            return True
        if name.startswith("keras.layers.") and name.rpartition(".")[2] in OF_TEXTS:
            return True
        if isinstance(node, ast.Attribute) and node.attr == "_convert_input_args":
            return True
    return False
