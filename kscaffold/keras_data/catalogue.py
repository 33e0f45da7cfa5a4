"""The names and signatures of Keras' layers, operations, initializers, regularizers and constraints, as data.

The data is written by `kscaffold/keras_data/signatures.py`, which asks Keras itself. Reading it takes a millisecond
where importing Keras takes seconds, so a misspelt layer or argument is named before anything else happens.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kscaffold.base.errors import RequestError, did_you_mean, nearest

# Classes that other layers derive from; a model made of them computes nothing.
BASE_CLASSES = ("Layer", "Wrapper", "InputLayer", "Input")
CATALOGUE_FILE = Path(__file__).with_name("catalogue.json")
GROUPS = ("layers", "initializers", "regularizers", "constraints")
SINGULAR = {
    "layers": "layer",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
    "activations": "activation",
}


@dataclass(frozen=True)
class Signature:
    """A class of Keras and what it takes.

    Attributes:
        group: The module of `keras` that it is in: `layers`, `initializers`, …
        name: Its name there.
        parameters: Constructor parameters in order; each with its default in a tuple, or `()` where it is required.
        variadic: Whether it takes any number of positional arguments.
        call: For a layer, the tensors that `call` requires, then `training` and `mask` where it takes them.
        keeps_shape: For a layer, whether outputs have the shape of the inputs, whatever their rank.
        keeps_steps: For a layer, whether outputs have the batch size and the steps of a sequence of inputs.
        merges: For a layer, whether it takes a list of inputs.
        ranks: For a layer, how many axes its inputs may have, the batch axis included; empty if that is not known.
        passed: For a layer, all that `call` takes.
    """

    group: str
    name: str
    parameters: dict[str, tuple[Any, ...]]
    variadic: bool = False
    call: tuple[str, ...] = ()
    keeps_shape: bool = False
    keeps_steps: bool = False
    merges: bool = False
    ranks: tuple[int, ...] = ()
    passed: tuple[str, ...] = ()

    @property
    def inputs(self) -> int:
        """How many tensors `call` requires, one after the other."""
        return len([name for name in self.call if name not in ("training", "mask")])

    @property
    def kind(self) -> str:
        """What an object of this class is: "layer", "initializer", …"""
        return SINGULAR[self.group]


@functools.cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(CATALOGUE_FILE.read_text(encoding="utf-8"))
    return data


def keras_version() -> str:
    """The version of Keras that the catalogue was made from."""
    return str(_data()["keras"])


def reserved_attributes() -> frozenset[str]:
    """The public attributes that `keras.layers.Layer` has for itself."""
    return frozenset(_data()["reserved"])


def is_layer(name: str) -> bool:
    """Whether Keras has a layer of that name."""
    return name in _data()["layers"]


def layer_names() -> list[str]:
    """The layers that Keras has."""
    return sorted(_data()["layers"])


def find_class(name: str, prefer: str = "layers") -> Signature:
    """The signature of a class of Keras by its name.

    Args:
        name: The name of the class, such as `Dense` or `L2`.
        prefer: The group to look in first, for a name that two groups have.

    Raises:
        RequestError: No such class; the nearest name is offered.
    """
    for group in (prefer, *GROUPS):
        if name in _data()[group]:
            entry = _data()[group][name]
            return Signature(
                group=group,
                name=name,
                parameters={key: tuple(value) for key, value in entry["parameters"].items()},
                variadic=entry.get("variadic", False),
                call=tuple(entry.get("call", ())),
                keeps_shape=entry.get("keeps_shape", False),
                keeps_steps=entry.get("keeps_steps", False),
                merges=entry.get("merges", False),
                ranks=tuple(entry.get("ranks", ())),
                passed=tuple(entry.get("passed", ())),
            )
    if prefer == "layers" and name in BASE_CLASSES:
        raise RequestError(f"{name} computes nothing by itself.", hint="Name a layer that does: Dense(8), Identity().")
    hint = did_you_mean(name, _data()[prefer]) or did_you_mean(
        name, [known for group in GROUPS for known in _data()[group]]
    )
    raise RequestError(
        f"Keras has no {SINGULAR[prefer]} {name!r}.",
        hint=hint or f"A {SINGULAR[prefer]} of your own is written package.module:{name}(…).",
    )


def operation_names() -> list[str]:
    """The functions of `keras.ops`."""
    return sorted(_data()["operations"])


def find_operation(name: str) -> Signature:
    """The signature of a function of `keras.ops` by its name there, such as `mean` or `image.resize`.

    Raises:
        RequestError: No such function; the nearest name is offered.
    """
    entry = _data()["operations"].get(name)
    if entry is None:
        near = nearest(name, _data()["operations"])
        raise RequestError(f"Keras has no operation ops.{name}.", hint=f"Did you mean ops.{near}?" if near else None)
    parameters = {key: tuple(value) for key, value in entry["parameters"].items()}
    return Signature("operations", name, parameters, entry.get("variadic", False))


def known_names(group: str) -> list[str]:
    """The names for which `keras.<group>.get(name)` gives an object."""
    return list(_data()["names"][group])


def has_name(group: str, name: str) -> bool:
    """Whether `keras.<group>.get(name)` gives an object, for `activations` and the groups of classes."""
    return name in known_names(group)


def check_name(group: str, name: str) -> None:
    """Raises `RequestError` unless `keras.<group>.get(name)` gives an object; the nearest name is offered."""
    if not has_name(group, name):
        raise RequestError(
            f"Keras has no {SINGULAR[group]} {name!r}.",
            hint=did_you_mean(name, known_names(group)),
        )
