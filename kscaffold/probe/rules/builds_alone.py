"""`build(input_shape)` alone creates all state.

Keras builds layers without calling them when it loads a saved model. Weights that only a call would create are not
there then, and keep their initial values without a word.

Bad:

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(8)

    def build(self, input_shape):
        pass

Good:

    def build(self, input_shape):
        self.dense.build(input_shape)
"""

import numpy as np

from ..protocol import Severity
from ..rule import Problem
from ..subject import Defects, Subject, own_path

ID = "KS202"
OF_SAVED = "classes"
DOING = "is built"
FAILURE = "cannot be built from a shape alone"
REQUIRES = ("KS201",)
CAUSES = ("KS301", "KS401", "KS203", "KS205")
AT = ("build", "__init__")
FIX = "Create every weight in build(), and call build() of each sublayer there with the shape that it is given."


def check(subject: Subject) -> Defects:
    """Compares the variables after `build` with those after a call."""
    layer = subject.make()
    subject.build(layer)
    built = [variable.path for variable in layer.variables]
    identities = {id(variable) for variable in layer.variables}
    # A sublayer that was built and still has something to create has this defect itself.
    parts = [part for part in layer._flatten_layers(include_self=False) if part.built]
    subject.facts.parameters = int(layer.count_params())
    subject.facts.trainable = sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)
    subject.call(layer, subject.arrays(2))
    of_others = {id(variable) for part in parts for variable in part.variables}
    later = [variable for variable in layer.variables if id(variable) not in identities]
    later = [variable for variable in later if id(variable) not in of_others]
    if later:
        # A model that has none is built by a call when it is loaded.
        severity = None if subject.defines("build") or not subject.is_model else Severity.WARNING
        names = ", ".join(own_path(variable) for variable in later)
        message = f"build() leaves {len(later)} of {len(built) + len(later)} variables to the first call: {names}"
        yield Problem(message, severity=severity)
