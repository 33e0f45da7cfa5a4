"""The graph that TensorFlow makes of a call, and the operations in it."""

import sys
from collections.abc import Iterator
from typing import Any

import keras

OF_PYTHON = ("PyFunc", "PyFuncStateless", "EagerPyFunc")


def has_graph() -> bool:
    """Whether Keras runs on TensorFlow."""
    return bool(keras.backend.backend() == "tensorflow")


def tensorflow() -> Any:
    """TensorFlow, which Keras has imported."""
    return sys.modules["tensorflow"]


def operations(graph: Any) -> Iterator[str]:
    """The kinds of the operations in a graph, and in the functions that it calls."""
    definition = graph.as_graph_def()
    yield from (node.op for node in definition.node)
    yield from (node.op for function in definition.library.function for node in function.node_def)


def traced(layer: Any, arguments: Any, training: bool = False, **options: Any) -> tuple[Any, Any, Any]:
    """A call as a function of TensorFlow, the same for certain shapes, and tensors of those shapes.

    Args:
        layer: A layer that was called.
        arguments: What it was called on.
        training: Whether it is one in training.
        options: Of `tf.function`.
    """
    tf = tensorflow()

    def call(*inputs: Any) -> Any:
        with tf.name_scope("model"):  # as in a model: by itself, no name may begin with an underscore
            return layer(*inputs, training=training)

    tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, arguments)
    function = tf.function(call, **options)
    return function, function.get_concrete_function(*tensors), tensors
