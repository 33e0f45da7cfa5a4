"""The names of models' classes, and the names that Keras makes up for layers that have none."""

import re

MODEL_CLASSES = ("Functional", "Model", "Sequential")  # of Keras 2 and the legacy format, too
# Layers that work along an axis, by themselves along the last one.
ALONG_AN_AXIS = (
    "BatchNormalization", "LayerNormalization", "GroupNormalization", "Normalization", "Concatenate", "Softmax",
)  # fmt: skip
STEMS = {
    "InputLayer": ("input_layer", "input"),
    "Functional": ("functional", "model"),
    "Model": ("functional", "model"),
    **{f"ConvLSTM{axes}D": (f"conv_lstm{axes}d", f"conv_lst_m{axes}d") for axes in (1, 2, 3)},  # Keras 2 cut it so
}


def made_up_stem(class_name: str) -> str:
    """What Keras calls the first layer of a class: `MaxPooling2D` is `max_pooling2d`."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", class_name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def is_made_up(name: str, class_name: str) -> bool:
    """Whether Keras gives such a name to a layer of that class that has none."""
    return re.sub(r"_[0-9]+$", "", name) in STEMS.get(class_name, (made_up_stem(class_name),))
