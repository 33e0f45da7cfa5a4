"""What Keras saves of its own layers and operations where nobody said otherwise, as data.

The data is written by `kscaffold/keras_data/defaults.py`, which asks Keras itself.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FACTS_FILE = Path(__file__).with_name("facts.json")
# What Keras 2 and the legacy format call the classes of models.
MODEL_CLASSES = ("Functional", "Model", "Sequential")
GENERATED_STEMS = {
    "InputLayer": ("input_layer", "input"),
    "Functional": ("functional", "model"),
    "Model": ("functional", "model"),
}


@dataclass(frozen=True)
class Operation:
    """An operation and the function of `keras.ops` that makes it.

    Attributes:
        function: The function: `ops.mean`.
        init: What its class is made with; each with its default in a tuple, or `()` where it is required.
        call: What it is called with.
        order: What the function takes, where that is not first `call` and then what `init` requires; a `*` before
            what takes any number of values.
    """

    function: str
    init: dict[str, tuple[Any, ...]]
    call: tuple[str, ...]
    order: tuple[str, ...] = ()


@functools.cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(FACTS_FILE.read_text(encoding="utf-8"))
    return data


def default_config(layer: str) -> dict[str, Any] | None:
    """What a layer saves that was given nothing but what it requires; `None` where that is not known."""
    config: dict[str, Any] | None = _data()["layers"].get(layer, {}).get("config")
    return config


def usual_training(layer: str) -> bool | None:
    """What stands in the calls of a layer as `training` though nobody wrote it; `None` if nothing does."""
    usual: bool | None = _data()["layers"].get(layer, {}).get("training")
    return usual


def find_operation(module: str, name: str) -> Operation | None:
    """The operation of a class, `None` if it is none of Keras'."""
    entry = _data()["operations"].get(f"{module}.{name}")
    if entry is None:
        return None
    init = {key: tuple(value) for key, value in entry["init"].items()}
    return Operation(entry["function"], init, tuple(entry["call"]), tuple(entry.get("order", ())))


def operation_module(name: str) -> str | None:
    """The module of the one operation of that class, which `.h5` files leave out; `None` if there is none."""
    modules = [known.rpartition(".")[0] for known in _data()["operations"] if known.rpartition(".")[2] == name]
    return modules[0] if len(modules) == 1 else None


def is_policy(name: str) -> bool:
    """Whether Keras has a dtype policy of that class."""
    return name in _data()["policies"]


def default_quantizer(name: str) -> dict[str, Any] | None:
    """What a quantizer, or what says how layers are quantized, saves; `None` if Keras has none of that name."""
    config: dict[str, Any] | None = _data()["quantizers"].get(name)
    return config


def made_up_stem(class_name: str) -> str:
    """What Keras calls the first layer of a class: `MaxPooling2D` is `max_pooling2d`."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", class_name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def is_made_up(name: str, class_name: str) -> bool:
    """Whether Keras gives such a name to a layer of that class that has none."""
    stems = GENERATED_STEMS.get(class_name, (made_up_stem(class_name),))
    return re.sub(r"_[0-9]+$", "", name) in stems
