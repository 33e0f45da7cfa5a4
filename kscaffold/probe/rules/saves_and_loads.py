"""A saved model gives the same outputs when it is loaded.

The weights are moved away from their initial values first: a weight that is not saved would otherwise come back right
by chance.

Bad:

    def call(self, inputs):
        return inputs * NUMBERS["scale"]  # changed by training code, saved by nobody

Good:

    def build(self, input_shape):
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones", trainable=False)
"""

import os
import tempfile
from typing import Any

import keras
import numpy as np

from ..subject import Defects, Subject

ID = "KS401"
OF_SAVED = "classes"
DOING = "is saved and loaded in a model"
REQUIRES = ("KS203", "KS204", "KS301")
AT = ("build", "__init__")
FIX = "Keep all state in weights that build() creates, and all settings in get_config()."


def check(subject: Subject) -> Defects:
    """Saves a model with new values of its weights, loads it and compares the outputs, unless they are random."""
    model = subject.used_model
    move_weights(model)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        with subject.known_classes():
            loaded = keras.saving.load_model(path)
    if changed := subject.differ_from(model, subject.outputs(loaded, 3)):
        yield f"the loaded model gives other outputs: {changed}"


def move_weights(model: Any) -> None:
    """Gives every floating-point weight another value, never a smaller one: a variance must stay positive."""
    generator = np.random.default_rng(0)
    for weight in model.weights:
        value = keras.ops.convert_to_numpy(weight)
        if np.issubdtype(value.dtype, np.floating):
            weight.assign(value + generator.uniform(0.1, 0.5, size=value.shape).astype(value.dtype))
