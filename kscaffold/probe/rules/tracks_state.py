"""All variables are tracked: what the layer creates is in `layer.variables`.

Keras saves, counts and trains what it finds in the attributes of a layer, and in lists, tuples and dictionaries there.
A bare `tf.Variable`, or a layer inside a set or a custom object, is neither saved nor trained, without a word.

Bad:

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = SimpleNamespace(dense=keras.layers.Dense(8))

Good:

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = {"dense": keras.layers.Dense(8)}
"""

import itertools
from typing import Any

import keras

from ..attributes import is_of_keras
from ..creation import created_variables, path_to
from ..subject import Defects, Subject

ID = "KS207"
OF_SAVED = "classes"
DOING = "creates its variables"
FAILURE = "its variables cannot be created"
REQUIRES = ("KS201", "KS204")
CAUSES = ("KS202", "KS301", "KS401", "KS402", "KS502", "KS503", "KS510")
AT = ("__init__", "build", "call")
# What compile() gives a model; Keras saves it in a way of its own.
OF_ITS_OWN = (keras.optimizers.Optimizer, keras.random.SeedGenerator)  # what trains is no state of the layer
OF_TRAINING = ("self.optimizer", "self._optimizer", "self._loss_tracker", "self._compile_metrics", "self._compile_loss")
FIX = "Create weights by self.add_weight(), and keep sublayers in attributes, lists or dictionaries of the layer."


def check(subject: Subject) -> Defects:
    """Compares what is created with what is tracked."""
    with created_variables() as created:
        layer = subject.make()
        subject.call(layer, subject.arrays(2))
    layers = layer._flatten_layers()
    kept = [*layer.variables, *itertools.chain(*(metric.variables for one in layers for metric in one._metrics))]
    tracked = {id(variable) for variable in kept} | {id(getattr(variable, "_value", None)) for variable in kept}
    missing = [variable for variable in created if id(variable) not in tracked]
    looks_after_itself = {id(one) for one in layers if one is not layer and is_of_keras(one)}

    def closed(value: Any) -> bool:
        return isinstance(value, OF_ITS_OWN) or id(value) in looks_after_itself

    found = [(path, variable) for variable in missing if (path := path_to(layer, variable, closed)) is not None]
    found = [item for item in found if not item[0].startswith(OF_TRAINING)]
    hidden = {id(variable) for variable in missing if path_to(layer, variable) is not None}
    lost = found or [(name_of(one), one) for one in missing if id(one) not in hidden and outlives(one)]
    if lost:
        of_keras = any(isinstance(variable, keras.Variable) for _, variable in lost)
        kind = "variables" if of_keras else "variables of the backend"
        yield f"Keras does not track {len(lost)} {kind}: {', '.join(dict.fromkeys(path for path, _ in lost))}"


def outlives(variable: Any) -> bool:
    """Whether a variable is kept by something that a second call uses again, though no attribute leads to it."""
    of_optimizers = ("learning_rate", "iteration", "optimizer")
    learns = isinstance(variable, keras.Variable) and variable.trainable
    return learns and not any(word in variable.path for word in of_optimizers)


def name_of(variable: Any) -> str:
    """What a variable is called."""
    return str(getattr(variable, "path", None) or variable.name)
