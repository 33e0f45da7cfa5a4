"""A saved model as Keras makes it from its file, in safe mode: what a model made from source is held against."""

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import keras

from .exceptions import explain
from .protocol import SavedKind
from .rule import CannotBeTried


def load(path: str, kind: SavedKind, customs: dict[str, Any]) -> Any:
    """The saved model. Its classes are Keras' own or those of the user's: anything else was found before."""
    if kind is SavedKind.JSON:
        with open(path, encoding="utf-8") as file:
            return _from_text(file.read(), customs)
    return keras.saving.load_model(path, custom_objects={**operations(path), **customs}, compile=False, safe_mode=True)


HOW, SHAPE = "implementation", "batch_input_shape"
OF_KERAS = re.compile(r"(keras|tf_keras|tensorflow\.(python\.)?keras)(\.|$)")
POLICIES = ("Policy", "PolicyV1")
MODEL_MODULES = {"Sequential": "keras", **dict.fromkeys(("Functional", "Model"), "keras.src.models.functional")}
FIXED = tuple(f"SpatialDropout{axes}D" for axes in (1, 2, 3))  # which Keras saves, and makes, without `trainable`
WRAPPED = ("layer", "backward_layer", "cell", "cells")  # the arguments that are layers


def load_modern(text: str, customs: dict[str, Any]) -> Any:
    """The model that a config describes, in which all of an older file is called what today's Keras calls it."""
    config = with_modules(json.loads(text), customs)
    try:
        return _from_text(json.dumps(config), customs)
    except Exception as error:  # that a config of an old file cannot be made is no mistake of the source
        raise CannotBeTried(f"Keras cannot make the saved model: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """What an exception says that Keras wraps into others, each with the config of a layer."""
    while error.__cause__ is not None:
        error = error.__cause__
    _, _, inner = str(error).rpartition("Exception encountered: ")
    return explain(type(error)(inner)) if inner and isinstance(error, TypeError) else explain(error)


def with_modules(config: Any, customs: dict[str, Any], wrapped: bool = False) -> Any:
    """A config whose layers are in modules that there are; those inside of layers say theirs.

    Keras reads entries with modules in one way, and those without in another, in which it does not find what is inside
    of layers. What it would stumble over is left out: shapes that are said by inputs, and how recurrent layers compute,
    which changes nothing but the last bits.
    """
    if isinstance(config, list):
        return [with_modules(item, customs, wrapped) for item in config]
    if not isinstance(config, dict):
        return config
    found = {key: with_modules(item, customs, key in WRAPPED) for key, item in config.items()}
    name, inner, module = found.get("class_name"), found.get("config"), found.get("module")
    if not isinstance(name, str) or not isinstance(inner, dict) or ".ops." in str(module):
        return found
    if name in customs:  # a class that Keras had before, too, is now that of the module
        return found | ({"module": None, "registered_name": name} if OF_KERAS.match(str(module)) else {})
    if name in POLICIES and isinstance(inner.get("name"), str):
        return inner["name"]
    if name != "InputLayer":
        left_out = (HOW, SHAPE, "trainable") if name in FIXED else (HOW, SHAPE)
        found["config"] = inner = {key: item for key, item in inner.items() if key not in left_out}
    if name not in MODEL_MODULES:
        found.pop("build_config", None)  # some are built by other shapes now, and all by their calls
    axis = inner.get("axis")
    if name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        inner["axis"] = axis[0]
    if wrapped and name in MODEL_MODULES:
        found |= {"module": MODEL_MODULES[name], "registered_name": None}
        found["class_name"] = "Sequential" if name == "Sequential" else "Functional"
    elif (wrapped or module) and hasattr(keras.layers, name) and OF_KERAS.match(str(module or "keras")):
        found |= {"module": "keras.layers", "registered_name": None}
    return found


def _from_text(text: str, customs: dict[str, Any]) -> Any:
    parsed = json.loads(text)
    if isinstance(parsed, dict) and "module" not in parsed:
        from keras.src.legacy.saving import saving_options, saving_utils

        with saving_options.keras_option_scope(use_legacy_config=True):  # as Keras reads HDF5 files of Keras 2
            return saving_utils.model_from_config(parsed, custom_objects=customs)
    return keras.models.model_from_json(parsed if isinstance(parsed, str) else text, custom_objects=customs)


def frozen_chains() -> contextlib.AbstractContextManager[Any]:
    """Has Keras load that a `Sequential` is frozen: it saves that, and forgets it when it loads."""
    kept = vars(keras.Sequential)["from_config"]

    def from_config(cls: Any, config: Any, custom_objects: Any = None) -> Any:
        model = kept.__get__(None, cls)(config, custom_objects=custom_objects)
        if config.get("trainable") is False:
            model.trainable = False
        return model

    return patch.object(keras.Sequential, "from_config", classmethod(from_config))


def operations(path: str) -> dict[str, Any]:
    """The operations of a `.h5` file by their names: Keras 3 saves them there without their modules, and finds none."""
    if not path.endswith((".h5", ".hdf5")):
        return {}
    import h5py
    from keras.src.ops import core, image, linalg, math, nn, numpy

    with h5py.File(path) as file:
        names = set(bare_operations(json.loads(file.attrs["model_config"])))
    modules = (numpy, nn, core, math, linalg, image)
    found = {name: getattr(module, name) for name in names for module in modules if hasattr(module, name)}
    return {name: either(name, operation) for name, operation in found.items()}


def either(name: str, operation: Any) -> Any:
    """What makes an operation, or the layer of the same name, which says whether it is trained."""

    def from_config(config: dict[str, Any]) -> Any:
        made = getattr(keras.layers, name) if "trainable" in config else operation
        return made.from_config(config)

    return type(name, (), {"from_config": staticmethod(from_config)})


def bare_operations(entry: Any) -> Iterator[str]:
    """The classes in a config of Keras 3 that have no module, and do not say whether they are trained."""
    if isinstance(entry, list):
        for item in entry:
            yield from bare_operations(item)
    elif isinstance(entry, dict):
        config, nodes = entry.get("config"), entry.get("inbound_nodes")
        of_keras_3 = isinstance(nodes, list) and nodes and isinstance(nodes[0], dict)
        if of_keras_3 and isinstance(config, dict) and "module" not in entry and "trainable" not in config:
            yield str(entry["class_name"])
        for part in entry.values():
            yield from bare_operations(part)
