"""The config of a file of Keras 1, Keras 2 or tf.keras as Keras 3 would have saved it, or as it still reads it.

Each part of a config has a module: names and arguments of layers in `layers`, values of arguments in `values`, models
that Keras 1 merged in `merging`, calls of TensorFlow in `nodes`, the frame of a model in `frames`. A config of Keras 3
is left as it is.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kscaffold.keras_data import catalogue
from kscaffold.saved.legacy.frames import in_todays_frame
from kscaffold.saved.legacy.layers import Layers
from kscaffold.saved.legacy.merging import without_merged_branches
from kscaffold.saved.legacy.nodes import CALLED, with_operations


@dataclass(frozen=True)
class Modern:
    """A config that Keras 3 knows, and what it takes beside Keras.

    Attributes:
        era: What wrote the file, as far as the file tells: `keras1`, `keras2` (tf.keras as well) or `keras3`.
        notes: What could not be kept exactly, in words.
        supplied: The functions and classes that a module with this model has to bring along.
        origins: The entries, as they were, of layers that had another name, or that Keras 1 saved, by the names of the
            models that they are in and their own: `encoder/dense_1`.
    """

    config: dict[str, Any]
    era: str
    notes: tuple[str, ...] = ()
    supplied: tuple[str, ...] = ()
    origins: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def modernize(config: Mapping[str, Any]) -> Modern:
    """The config of a model that Keras 3 knows.

    Args:
        config: As saved: `class_name` and `config`; its `keras_version`, if it has one, is believed.

    Raises:
        RequestError: A layer has an argument that Keras 3 does not know, and that means something.
    """
    era = find_era(config, str(config.get("keras_version") or ""))
    if era == "keras3":
        return Modern(dict(config), era)
    found = copy.deepcopy(dict(config))
    if isinstance(found["config"], list):  # Keras 2.2 and before saved the layers of a Sequential alone
        found["config"] = {"name": found.get("name") or "sequential", "layers": found["config"]}
    layers = Layers(of_keras_1=era == "keras1")
    found = in_todays_frame(with_operations(layers.model(without_merged_branches(found), "")))
    return Modern(found, era, tuple(layers.notes), tuple(layers.supplied), layers.origins)


def find_era(config: Mapping[str, Any], version: str) -> str:
    """What wrote a file: by the version that it names, else by what only one of them wrote."""
    if version[:1] in ("1", "2", "3"):
        return f"keras{version[0]}"
    marks: set[str] = set()
    waiting: list[Any] = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            marks |= part.keys() & _MARKS.keys()
            marks |= {"nodes"} if _has_new_nodes(part) else set()
            marks |= {"gone"} if part.get("class_name") in _GONE else set()
            waiting += part.values()
    eras = {_MARKS[mark] for mark in marks}
    unmarked = "keras2" if _is_old(config) else "keras3"
    return next((era for era in ("keras3", "keras1", "keras2") if era in eras), unmarked)


# What only one of them wrote; `nodes` and `gone` stand for what is looked at more closely.
_MARKS = {
    "nodes": "keras3", "batch_shape": "keras3", "gone": "keras2", "batch_input_shape": "keras2", "time_major": "keras2",
    "nb_filter": "keras1", "border_mode": "keras1", "inner_init": "keras1", "W_regularizer": "keras1",
    "dim_ordering": "keras1", "init": "keras1", "input_dtype": "keras1",
}  # fmt: skip
_GONE = (*CALLED, "ThresholdedReLU", "CuDNNLSTM", "CuDNNGRU")


def _has_new_nodes(part: Mapping[str, Any]) -> bool:
    nodes = part.get("inbound_nodes")
    return isinstance(nodes, list) and bool(nodes) and isinstance(nodes[0], dict) and "args" in nodes[0]


def _is_old(config: Mapping[str, Any]) -> bool:
    """Whether a config without any mark has the form of an old one: layers by position, or with ends in a list."""
    inner = config.get("config")
    return isinstance(inner, list) or config.get("class_name") not in catalogue.MODEL_CLASSES or "module" not in config
