"""`build(input_shape)` alone creates all state.

Keras builds layers without calling them when it loads a saved model. Weights that only a call would create are not
there then, and keep their initial values without a word.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..subject import Subject, own_path

ID = "KS202"
SEVERITY = "error"
DOING = "is built"
FAILURE = "cannot be built from a shape alone"
REQUIRES = ("KS201",)


def check(subject: Subject) -> Iterator[str]:
    """Compares the variables after `build` with those after a call."""
    layer = subject.make()
    subject.build(layer)
    built = [variable.path for variable in layer.variables]
    subject.facts["parameters"] = int(layer.count_params())
    subject.facts["trainable"] = sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)
    subject.call(layer, subject.arrays(2))
    later = [own_path(variable) for variable in layer.variables if variable.path not in built]
    if later:
        yield f"build() leaves {len(later)} of {len(layer.variables)} variables to the first call: {', '.join(later)}"
