"""Names and arguments of layers: from those of Keras 1 and 2 to those of Keras 3."""

import re
from collections.abc import Mapping
from typing import Any

from kscaffold.base.naming import unique
from kscaffold.keras_data import catalogue, migration
from kscaffold.saved.legacy import values
from kscaffold.saved.legacy.frames import ENDS, histories
from kscaffold.saved.legacy.merging import merged
from kscaffold.saved.names import BASE_KEYS, LEFT_OUT, is_of_keras, own_name, text, unknown_argument

WRAPPED = ("layer", "backward_layer", "cell", "forward_layer")  # arguments that are a layer
SIZES = {"nb_row": 0, "nb_col": 1, "kernel_dim1": 0, "kernel_dim2": 1, "kernel_dim3": 2}  # of kernels, in Keras 1
EVERY_KEY = (*BASE_KEYS, *LEFT_OUT, "activity_regularizer")
GROUPS = ("initializer", "regularizer", "constraint", "activation")


class Layers:
    """Rewrites the layers of a model, and remembers what was done.

    Args:
        of_keras_1: Whether they have the arguments of Keras 1.
    """

    def __init__(self, of_keras_1: bool) -> None:
        self.of_keras_1 = of_keras_1
        self.notes: dict[str, None] = {}
        self.supplied: dict[str, None] = {}
        self.origins: dict[str, Mapping[str, Any]] = {}

    def model(self, entry: dict[str, Any], prefix: str) -> dict[str, Any]:
        """A model whose layers are rewritten; `prefix` names the models that it is in: `outer/`."""
        config = entry["config"]
        if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
            return entry
        layers = [self.layer(layer, prefix) if isinstance(layer, dict) else layer for layer in config["layers"]]
        found = {**entry, "config": {**config, "layers": layers}}
        if entry["class_name"] == "Sequential":
            _forget_made_up_input(config["layers"], layers)
        self.rename(list(map(own_name, config["layers"])), found["config"], prefix)
        return found

    def rename(self, names: list[str], config: dict[str, Any], prefix: str) -> None:
        """Gives each layer of a model, whose names were these, one of its own, by which calls know it."""
        kept = {old for old, layer in zip(names, config["layers"]) if own_name(layer) == old}
        new_names: dict[str, str] = {}
        for old, layer in zip(names, config["layers"]):
            if old in kept:
                continue
            new_names[old] = unique(own_name(layer), (*kept, *new_names.values()))
            layer["config"]["name"] = new_names[old]
            layer |= {"name": new_names[old]} if "name" in layer else {}
            if (origin := self.origins.pop(f"{prefix}{old}", None)) is not None:
                self.origins[f"{prefix}{new_names[old]}"] = origin
        parts = [*(layer.get("inbound_nodes") for layer in config["layers"]), *(config.get(end) for end in ENDS)]
        for history in histories(parts) if new_names else ():
            history[0] = new_names.get(history[0], history[0])

    def layer(self, entry: dict[str, Any], prefix: str = "") -> dict[str, Any]:
        """A layer of Keras 3 for an entry of an older one; what is none of Keras' stays as it is."""
        name, config = text(entry.get("class_name")), entry.get("config")
        shown = own_name(entry)
        if name in catalogue.MODEL_CLASSES and is_of_keras(entry):
            if isinstance(config, list):
                entry = {**entry, "config": {"name": shown, "layers": config}}
            return self.model(entry, f"{prefix}{shown}/")
        if not isinstance(config, dict) or not is_of_keras(entry) or name in ("InputLayer", "Lambda"):
            return self.input(entry) if name == "InputLayer" else entry
        if name == "Merge":
            return self.renamed(name, shown, prefix, entry, merged(entry))
        old = migration.find_layer(name)
        if old.supplied and not _can_be_supplied(config):
            return entry
        if (old.removed and not old.supplied) or not (old.supplied or catalogue.is_layer(old.now)):
            return entry  # it becomes a stub, or is the user's own
        if self.of_keras_1:
            self.origins[f"{prefix}{shown}"] = entry
        if old.supplied:
            self.supplied[name] = None
        found = self.arguments(name, shown, old, config)
        if old.supplied:
            found = _supplied(name, found)
        if name == "TimeDistributedDense":
            inner = {key: value for key, value in found.items() if key != "batch_input_shape"}
            outer = {key: found[key] for key in ("name", "trainable", "batch_input_shape") if key in found}
            dense = {"class_name": "Dense", "config": {**inner, "name": "dense"}}
            return {**entry, "class_name": "TimeDistributed", "config": {**outer, "layer": dense}}
        return self.renamed(name, shown, prefix, entry, {**entry, "class_name": old.now, "config": found})

    def renamed(
        self, name: str, shown: str, prefix: str, entry: dict[str, Any], found: dict[str, Any]
    ) -> dict[str, Any]:
        """A layer that has another class now: its name as well if Keras made it up."""
        now = found["class_name"]
        if now == name:
            return found
        self.origins[f"{prefix}{shown}"] = entry
        if catalogue.is_made_up(shown, name):
            number = re.search(r"(_\d+)?$", shown)
            found["config"] = {**found["config"], "name": f"{catalogue.made_up_stem(now)}{number[0] if number else ''}"}
            found |= {"name": found["config"]["name"]} if "name" in found else {}
        return found

    def input(self, entry: dict[str, Any]) -> dict[str, Any]:
        """An input, with its dtype under today's name."""
        config = dict(entry["config"])
        dtype = config.pop("input_dtype", None)
        return {**entry, "config": {**config, "dtype": values.plain("dtype", config.get("dtype") or dtype)}}

    def arguments(self, name: str, shown: str, old: migration.OldLayer, config: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a layer as Keras 3 takes them.

        Raises:
            RequestError: One means something, and Keras 3 does not take it.
        """
        taken = self.taken(old)
        given = dict(config)
        sizes = {SIZES[key]: given.pop(key) for key in SIZES if key in given}
        if sizes:
            given.setdefault("kernel_size", [sizes[place] for place in sorted(sizes)])
        found: dict[str, Any] = {}
        for key, value in given.items():
            new = key if key in taken else old.arguments.get(key, key)
            if new in taken or new in EVERY_KEY:
                if new != key and new in given:
                    continue  # both are there: the file was written by what knew the new one
                found[new] = self.value(new, value)
            elif _means_nothing(old.dropped.get(new, old.dropped.get(key, [])), value):
                continue
            elif key in old.noted:
                self.notes[f"The layer {shown[:60]!r} {old.noted[key].format(str(value)[:20])}"] = None
            else:
                raise unknown_argument(shown, key, value, old.now)
        missing = {key: value for key, value in old.absent.items() if key not in found and key in taken}
        return {**found, **{key: self.value(key, value) for key, value in missing.items()}, **old.add}

    def taken(self, old: migration.OldLayer) -> set[str]:
        """What a layer of Keras 3 takes."""
        if old.supplied:
            return {*values.SUPPLIED_ARGUMENTS}
        return {*catalogue.find_class(old.now).parameters, *(catalogue.default_config(old.now) or {})}

    def value(self, key: str, value: Any) -> Any:
        """The value of an argument."""
        value = values.shortened(value)
        if key in WRAPPED and isinstance(value, dict) and "class_name" in value:
            return self.layer(value)
        if key == "cells" and isinstance(value, list):
            return [self.layer(cell) if isinstance(cell, dict) and "class_name" in cell else cell for cell in value]
        group = key.rpartition("_")[2]
        if group in GROUPS:
            value = getattr(values, group)(value)
            if group == "activation" and values.is_old_hard_sigmoid(value):
                self.supplied[values.HARD_SIGMOID] = None
                return values.function(values.HARD_SIGMOID)
            return value
        return values.plain(key, value)


def _forget_made_up_input(entries: list[Any], layers: list[Any]) -> None:
    """Has Keras name the input of a chain that was named after its first layer: `dense_1_input`."""
    if len(layers) > 1 and layers[0].get("class_name") == "InputLayer" and isinstance(layers[0].get("config"), dict):
        first, name = entries[1], own_name(entries[1])
        if own_name(layers[0]) == f"{name}_input" and catalogue.is_made_up(name, str(first.get("class_name"))):
            layers[0] = {**layers[0], "config": {**layers[0]["config"], "name": "input_layer"}}
            layers[0].pop("name", None)


def _can_be_supplied(config: Mapping[str, Any]) -> bool:
    """Whether the class that a module brings along does what a layer did: it has the usual forms alone."""
    return config.get("padding", "valid") == "valid" and config.get("data_format") in (None, "channels_last")


def _supplied(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a class that a module brings along."""
    found = {key: value for key, value in config.items() if key not in ("padding", "data_format")}
    for key in ("kernel_size", "strides") if name.endswith("1D") else ():
        size = found.get(key)
        found[key] = size[0] if isinstance(size, list) and len(size) == 1 else size
    return found


def _means_nothing(harmless: Any, value: Any) -> bool:
    """Whether a value is `None`, or among those that change nothing; `True` if all are."""
    return value is None or harmless is True or any(value == one for one in harmless)
