"""A model with the layer can be exported, and gives the same where it is served.

`model.export()` writes a SavedModel, which other programs run without the code of the layer, and without Python: a
function of Python in its graph ends with the process that made it.

Bad:

    def call(self, inputs):
        return tf.py_function(np.sort, [inputs], inputs.dtype)

Good:

    def call(self, inputs):
        return ops.sort(inputs, axis=-1)
"""

import inspect
import tempfile
from typing import Any

import keras

from ..arrays import numbers
from ..attributes import is_of_keras
from ..subject import Defects, Subject
from ..tensorflow_graph import OF_PYTHON, has_graph, operations, tensorflow, traced

ID = "KS403"
SEVERITY = "warning"
DOING = "is exported in a model"
REQUIRES = ("KS201", "KS203", "KS204", "KS210")
CAUSES = ("KS213",)
FIX = (
    "Keep tables and variables in attributes of the layer, and use keras.ops instead of functions of Python in call()."
)
MOST_LAYERS = 12  # of a larger model the graph alone is looked at: writing and reading it takes seconds


def applies(subject: Subject) -> bool | str:
    """Where there is code of the user's. Keras exports on other backends by way of TensorFlow, which takes long."""
    if not any(map(is_of_user, subject.called._flatten_layers())):
        return False
    return True if has_graph() else "it is tried on TensorFlow only"


def is_of_user(layer: Any) -> bool:
    """Whether the user wrote what a layer computes."""
    return isinstance(layer, keras.layers.Lambda) or not is_of_keras(layer)


def check(subject: Subject) -> Defects:
    """Looks at the graph; where something in it may get lost, exports a small model and compares what it gives then."""
    layer, arguments = subject.make_called()
    function = traced(layer, arguments)[1]
    found = list(calls_python(function.graph))
    if found or len(subject.called._flatten_layers()) > MOST_LAYERS or is_whole(layer, function):
        yield from found
        return
    model = subject.used_model
    specs = [keras.InputSpec(shape=(None, *feed.shape), dtype=feed.dtype) for feed in subject.feeds]
    with tempfile.TemporaryDirectory() as folder:
        signature = list(subject.model_arguments(specs))
        model.export(folder, format="tf_saved_model", verbose=False, input_signature=signature)
        served: Any = tensorflow().saved_model.load(folder)
        found = list(calls_python(served.signatures["serving_default"].graph))
        if found:
            yield from found
            return
        arguments = keras.tree.map_structure(keras.ops.convert_to_tensor, subject.model_arguments(subject.arrays(3)))
        outputs = numbers(served.serve(*arguments))
    if changed := subject.differ_from(model, outputs):
        # Keras does not say to an exported model that it is at inference: what trains by default is another matter.
        unsaid = numbers(model(*subject.model_arguments(subject.arrays(3))))
        if not subject.differ_from(model, unsaid):
            yield f"the exported model gives other outputs: {changed}"


def is_whole(layer: Any, function: Any) -> bool:
    """Whether a function needs nothing but its inputs and the variables of a layer, and does not train by default."""
    kept = {id(variable.value.handle) for variable in layer.variables}
    training = inspect.signature(layer.call).parameters.get("training")
    trains = training is not None and training.default not in (None, False, training.empty)
    return not trains and all(id(captured) in kept for captured in function.captured_inputs)


def calls_python(graph: Any) -> Defects:
    """Functions of Python in a graph."""
    if found := sorted(set(OF_PYTHON) & set(operations(graph))):
        yield f"the exported model calls Python ({', '.join(found)}): it can be served by this process alone"
