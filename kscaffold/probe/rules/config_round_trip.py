"""A layer rebuilt from its config is the same layer.

Keras saves the config as JSON, where tuples become lists and objects must be serialized. An argument that is missing
from `get_config` silently comes back with its default.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import keras

from ..subject import Subject, difference

ID = "KS301"
SEVERITY = "error"
DOING = "is rebuilt from its config"
FAILURE = "cannot be rebuilt from its config"
REQUIRES = ("KS202", "KS204")


def check(subject: Subject) -> Iterator[str]:
    """Rebuilds a layer through JSON and compares config, attributes and outputs."""
    layer = subject.make()
    document = json.dumps(keras.saving.serialize_keras_object(layer))
    rebuilt = keras.saving.deserialize_keras_object(json.loads(document))
    if type(rebuilt) is not type(layer):
        yield f"a {type(layer).__name__} came back as a {type(rebuilt).__name__}"
        return
    changed_names = list(changed_attributes(layer, rebuilt))
    for name, before, after in changed_names:
        yield f"the attribute {name!r} was {before!r} and came back as {after!r}"
    if changed_names:
        return  # whatever else differs, differs because of them
    if json.loads(document) != json.loads(json.dumps(keras.saving.serialize_keras_object(rebuilt))):
        yield "get_config gives another config for the layer rebuilt from it"
    subject.build(layer)
    subject.build(rebuilt)
    rebuilt.set_weights(layer.get_weights())
    arrays = subject.arrays(2)
    changed = difference(subject.numbers(subject.call(layer, arrays)), subject.numbers(subject.call(rebuilt, arrays)))
    if changed:
        yield f"with the same weights its outputs differ: {changed}"


def is_plain(value: Any) -> bool:
    """Whether a value is made of numbers, strings, truth values and None alone."""
    if isinstance(value, dict):
        return all(is_plain(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, (bool, int, float, str))


def changed_attributes(layer: Any, rebuilt: Any) -> Iterator[tuple[str, Any, Any]]:
    """The public attributes with plain values whose value or type is not the same."""
    for name, before in vars(layer).items():
        if name.startswith("_") or not is_plain(before):
            continue
        after = getattr(rebuilt, name, None)
        if before != after or isinstance(before, tuple) is not isinstance(after, tuple):
            yield name, before, after
