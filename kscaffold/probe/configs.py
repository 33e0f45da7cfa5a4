"""Configs of two models side by side: the first place in which they differ, names that Keras made up aside."""

import json
import re
from typing import Any

import keras

from .names import ALONG_AN_AXIS, is_made_up
from .protocol import Compared

SIDES = re.compile("^((forward|backward)_)+")  # what the names of layers in a Bidirectional begin with


def canonical(model: Any, compared: Compared) -> Any:
    """What is to be the same of the config of a model: names that Keras made up are replaced by where they stand."""
    if compared is Compared.LAYERS:
        entries = map(saved_config, keras.Sequential.layers.fget(model))
        config: Any = [
            {key: entry[key] for key in ("class_name", "config", "build_config") if key in entry}
            for entry in entries
            if entry["class_name"] != "InputLayer"
        ]
    else:
        config = saved_config(model)
        config.pop("compile_config", None)
    every = compared is Compared.UNNAMED
    return renamed(config, scope_names(config if isinstance(config, list) else [config], every), every)


def saved_config(layer: Any) -> Any:
    """The config of a layer as it comes out of a file."""
    return json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))


def scope_names(entries: list[Any], every: bool) -> dict[str, str]:
    """New names for the layers of one model that Keras named, or for all, in the order in which they stand.

    Names in the models inside it are another matter: each model has names of its own.
    """
    names: dict[str, str] = {}
    counts: dict[str, int] = {}

    def visit(value: Any) -> None:
        if isinstance(value, dict):
            inner = value.get("config")
            name = inner.get("name") if isinstance(inner, dict) else None
            kind = str(value.get("class_name"))
            if isinstance(name, str) and (every or is_made_up(SIDES.sub("", name), kind)) and name not in names:
                counts[kind] = counts.get(kind, 0) + 1
                names[name] = f"<{kind} {counts[kind]}>"
            for part in () if is_model_config(inner) else value.values():
                visit(part)
        elif isinstance(value, list):
            for part in value:
                visit(part)

    visit(entries)
    return names


def is_model_config(config: Any) -> bool:
    """Whether a config is that of a model made of layers."""
    return isinstance(config, dict) and isinstance(config.get("layers"), list)


def renamed(value: Any, names: dict[str, str], every: bool) -> Any:
    """A config with other names, without what says where it was made and not what it is."""
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, part in _from_the_end(value).items():
            if key in ("build_config", "registered_name", "vocabulary_size"):
                continue
            if key == "name" and isinstance(part, str):
                found[key] = names.get(part, part)
            elif key == "config" and is_model_config(part):
                inner = scope_names(part["layers"], every)
                own = renamed({inside: item for inside, item in part.items() if inside != "name"}, inner, every)
                found[key] = {"name": names.get(part.get("name"), part.get("name")), **own}
            else:
                found[key] = renamed(part, names, every)
        if found.get("bin_boundaries") is not None and "num_bins" in found:
            found["num_bins"] = None  # how many adapt() was to find: no layer can be made with both
        return found
    if isinstance(value, list):
        if len(value) == 3 and isinstance(value[0], str) and all(type(part) is int for part in value[1:]):
            return [names.get(value[0], value[0]), *value[1:]]
        return [renamed(part, names, every) for part in value]
    return value


def _from_the_end(value: dict[str, Any]) -> dict[str, Any]:
    """The entry of a layer that works along an axis, which is counted from the end: 3 of 4 is the last one."""
    config, built = value.get("config"), value.get("build_config")
    if value.get("class_name") not in ALONG_AN_AXIS or not isinstance(config, dict) or not isinstance(built, dict):
        return value
    axis, shape = config.get("axis"), built.get("input_shape")
    while isinstance(shape, list) and shape and isinstance(shape[0], list):
        shape = shape[0]
    axes = axis if isinstance(axis, list) else [axis]
    numbers = [one for one in axes if type(one) is int]
    if not isinstance(shape, list) or len(numbers) < len(axes):
        return value
    counted = [one - len(shape) if one >= 0 else one for one in numbers]
    return {**value, "config": {**config, "axis": counted if len(counted) > 1 else counted[0]}}


def first_difference(saved: Any, made: Any, place: str = "") -> str | None:
    """Where two configs differ first, in words; `None` where they are equal."""
    if isinstance(saved, dict) and isinstance(made, dict):
        here = place
        config = saved.get("config")
        if isinstance(config, dict) and isinstance(config.get("name"), str):
            here = f"the {saved.get('class_name')} {config['name']!r}"
        for key in (*saved, *(key for key in made if key not in saved)):
            if key not in saved or key not in made:
                owner = "the saved model" if key in saved else "the new one"
                return f"{here or 'the config'} has {key!r} in {owner} alone"
            found = first_difference(
                saved[key], made[key], here if key in ("config", "layers") else f"{here}: {key}" if here else key
            )
            if found:
                return found
        return None
    if isinstance(saved, list) and isinstance(made, list):
        if len(saved) != len(made):
            return f"{place} has {len(saved)} entries in the saved model, {len(made)} in the new one"
        return next(
            (found for one, two in zip(saved, made, strict=True) if (found := first_difference(one, two, place))), None
        )
    if type(saved) is type(made) and (saved == made or (saved != saved and made != made)):
        return None
    return f"{place} is {shortened(saved)} in the saved model, {shortened(made)} in the new one"


def shortened(value: Any) -> str:
    """A value for a message."""
    text = json.dumps(value)
    return text if len(text) <= 120 else text[:119] + "…"
