"""What holds the layers of a model together in a file of Keras 1 or 2: modules, inputs, ends, and numbers of calls."""

from collections.abc import Iterator, Mapping
from typing import Any

from kscaffold.keras_data import catalogue
from kscaffold.saved.names import own_name

ENDS = ("input_layers", "output_layers")
SHAPE = "batch_input_shape"


def in_todays_frame(value: Any) -> Any:
    """A config in which all models, those inside layers too, are put together as Keras 3 does it.

    - Keras takes a list of one input or output for the one itself no more.
    - A model is called for the first time by its first call: making it was the first one.
    - A `Sequential` says what it takes by an input, and not by its first layer.
    - Keras' own models say no module that is gone.
    """
    if isinstance(value, list):
        return [in_todays_frame(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: in_todays_frame(item) for key, item in value.items()}
    if found.get("class_name") in catalogue.MODEL_CLASSES and isinstance(found.get("config"), dict):
        if not str(found.get("module", "")).startswith("keras.src."):
            found.pop("module", None)
            found.pop("registered_name", None)
    layers = found.get("layers")
    if isinstance(layers, list) and all(isinstance(layer, dict) for layer in layers):
        if "input_layers" in found:
            _renumber(found)
            found |= {key: _single(found[key]) for key in ENDS if key in found}
        else:
            found["layers"] = _with_input(layers)
    return found


def _single(ends: Any) -> Any:
    is_alone = isinstance(ends, list) and len(ends) == 1 and isinstance(ends[0], list) and len(ends[0]) == 3
    return ends[0] if is_alone and isinstance(ends[0][0], str) else ends


def _with_input(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first = layers[0] if layers else {}
    inner = first.get("config")
    if first.get("class_name") == "InputLayer" or not isinstance(inner, dict) or not inner.get(SHAPE):
        return layers
    dtype = inner.get("dtype")
    is_named = isinstance(dtype, str) and not dtype.startswith("mixed")
    entry = {"batch_shape": inner[SHAPE], "dtype": dtype if is_named else "float32", "name": "input_layer"}
    # Whole numbers are what it takes: what it computes with is another matter.
    of_input = (SHAPE, "dtype") if is_named and str(dtype).lstrip("u").startswith("int") else (SHAPE,)
    first = {**first, "config": {key: item for key, item in inner.items() if key not in of_input}}
    return [{"class_name": "InputLayer", "config": entry}, first, *layers[1:]]


def _renumber(model: dict[str, Any]) -> None:
    """Counts the calls of models in a model from their first call on."""
    inner = {own_name(layer): str(layer["class_name"]) for layer in model["layers"] if is_model(layer)}
    of_nodes = histories([layer.get("inbound_nodes") for layer in model["layers"]])
    of_ends = histories([model.get(key) for key in ENDS])
    nodes, ends = ([one for one in found if one[0] in inner] for found in (of_nodes, of_ends))
    counted_from_0 = {history[0] for history in (*nodes, *ends) if history[1] == 0}
    for history in nodes:
        history[1] -= history[0] not in counted_from_0
    for history in ends:  # of functional models, and here alone, Keras 3 counts the making as well
        history[1] -= inner[history[0]] == "Sequential"
        history[1] += history[0] in counted_from_0


def histories(value: Any) -> Iterator[list[Any]]:
    """The values of calls in a config: the name of a layer, the number of its call, the number of the value."""
    if isinstance(value, list):
        is_one = len(value) in (3, 4) and isinstance(value[0], str)
        if is_one and all(type(part) is int for part in value[1:3]):
            yield value
            value = value[3:]
        for part in value:
            yield from histories(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from histories(part)


def is_model(layer: Mapping[str, Any]) -> bool:
    """Whether an entry is that of a model, whose layers are in its config."""
    inner = layer.get("config")
    return isinstance(inner, dict) and isinstance(inner.get("layers"), list)
