"""Tables are saved: the vocabularies of lookup layers, and what is put into tables of TensorFlow.

Keras saves the vocabulary of each lookup layer that it tracks. One inside a set or a custom object comes back empty,
and so does a table of TensorFlow that is filled after it was made: a `.keras` file holds weights and vocabularies only.

Bad:

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, 0)

Good:

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lookup = keras.layers.StringLookup()
"""

from typing import Any

import keras

from ..attributes import is_of_keras
from ..creation import created, paths_to
from ..subject import Defects, Subject

ID = "KS404"
DOING = "is made, and tables are looked for in it"
REQUIRES = ("KS201", "KS204")
CAUSES = ("KS401", "KS403")
AT = ("__init__", "build")
FIX = "Keep a keras.layers.StringLookup or IntegerLookup in an attribute, a list or a dictionary of the layer."
MUTABLE = ("MutableHashTable", "DenseHashTable")


def check(subject: Subject) -> Defects:
    """Looks for lookup layers that Keras does not track, and for tables of TensorFlow that can be filled."""
    with created(keras.layers.Layer) as layers:
        made = subject.make()
        subject.call(made, subject.arrays(2))
    tracked = {id(layer) for layer in made._flatten_layers()}
    lookups = {id(layer) for layer in layers if hasattr(layer, "save_assets") and id(layer) not in tracked}
    for path in paths_to(made, lambda value: id(value) in lookups, looks_after_itself):
        yield f"Keras does not track {path}: its vocabulary is not saved"
    if subject.defines("save_own_variables") or subject.defines("save_assets"):
        return
    for path in paths_to(
        made, lambda value: type(value).__name__ in MUTABLE and is_of_tensorflow(value), looks_after_itself
    ):
        yield f"{path} is a table that can be filled, and what is in it is not saved"


def looks_after_itself(value: Any) -> bool:
    """Whether Keras looks after what is in a value: a layer that Keras wrote."""
    return isinstance(value, keras.layers.Layer) and is_of_keras(value)


def is_of_tensorflow(value: Any) -> bool:
    """Whether TensorFlow has the class of a value."""
    return type(value).__module__.startswith("tensorflow.")
