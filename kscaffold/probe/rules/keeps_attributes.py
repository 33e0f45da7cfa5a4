"""A call leaves the attributes of the layer as they are.

In a compiled model the Python code of `call` runs once, when it is traced: a counter stays at one, a list gets one
entry, and a tensor that is kept is a symbol without a value. State that changes belongs in a weight.

Bad:

    def call(self, inputs):
        self.steps += 1
        return inputs / self.steps

Good:

    def build(self, input_shape):
        self.steps = self.add_weight(name="steps", shape=(), initializer="zeros", trainable=False)

    def call(self, inputs):
        self.steps.assign_add(1.0)
        return inputs / self.steps
"""

from typing import Any

import keras

from ..attributes import comparable, internal_names, is_array
from ..subject import Defects, Subject

ID = "KS209"
SEVERITY = "warning"
DOING = "is called and its attributes are compared"
FAILURE = "cannot be called and compared"
REQUIRES = ("KS201", "KS204")
CAUSES = ("KS301", "KS401", "KS503", "KS506", "KS210", "KS507")
FIX = "Keep what changes in a weight (add_weight with trainable=False), and return what others need."


def check(subject: Subject) -> Defects:
    """Compares the attributes before and after a call of a layer that was called before."""
    layer = subject.called_itself
    with subject.kept() as around:
        before = snapshot(layer)
        around(*subject.arrange(subject.arrays(2)))
        after = snapshot(layer)
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            kept = is_array(vars(layer).get(name))
            yield f"a call keeps a tensor in self.{name}" if kept else f"a call changes self.{name}"


def snapshot(layer: Any) -> dict[str, Any]:
    """What each attribute of the user's is; for a tensor, which one."""
    internal = internal_names(layer)
    return {
        name: id(value) if is_array(value) else comparable_without_layers(value)
        for name, value in vars(layer).items()
        if name not in internal and not isinstance(value, (keras.Variable, keras.layers.Layer))
    }


def comparable_without_layers(value: Any) -> Any:
    """A value for comparison; of a list of tensors or layers only how many there are."""
    if isinstance(value, (list, tuple, dict, set)):
        items = list(value.values()) if isinstance(value, dict) else list(value)
        if any(is_array(item) or isinstance(item, (keras.Variable, keras.layers.Layer)) for item in items):
            return len(items)
    return comparable(value)
