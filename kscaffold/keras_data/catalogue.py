"""What there is to know of Keras without importing it: signatures, shapes, configs, names.

The data is written by `kscaffold/keras_data/make.py`, which asks Keras itself. Reading it takes a millisecond where
importing Keras takes seconds, so a misspelt layer or argument is named before anything else happens.
"""

import functools
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kscaffold.base.errors import RequestError, did_you_mean, nearest, with_article
from kscaffold.probe.names import MODEL_CLASSES as MODEL_CLASSES
from kscaffold.probe.names import is_made_up as is_made_up
from kscaffold.probe.names import made_up_stem as made_up_stem

# Classes that other layers derive from; a model made of them computes nothing.
BASE_CLASSES = ("Layer", "Wrapper", "InputLayer", "Input")
DATA = Path(__file__).with_name("keras.json")
GROUPS = ("layers", "initializers", "regularizers", "constraints")
SINGULAR = {group: group.removesuffix("s") for group in (*GROUPS, "activations")}


@dataclass(frozen=True)
class Signature:
    """A class or function of Keras and what it takes."""

    group: str  # the module of `keras` that it is in: `layers`, `initializers`, …
    name: str
    parameters: dict[str, tuple[Any, ...]]  # in order; each with its default in a tuple, or `()` where it is required
    variadic: bool = False  # whether it takes any number of positional arguments
    # Of layers alone:
    call: tuple[str, ...] = ()  # the tensors that `call` requires, then `training` and `mask` where it takes them
    passed: tuple[str, ...] = ()  # all that `call` takes
    ranks: tuple[int, ...] = ()  # how many axes inputs may have, the batch axis included; empty if that is not known
    keeps_shape: bool = False  # whether outputs have the shape of the inputs, whatever their rank
    keeps_steps: bool = False  # whether outputs have the batch size and the steps of a sequence of inputs
    merges: bool = False  # whether it takes a list of inputs
    trains: bool = False  # whether it does something else in training

    @property
    def inputs(self) -> int:
        """How many tensors `call` requires, one after the other."""
        return len([name for name in self.call if name not in ("training", "mask")])

    @property
    def kind(self) -> str:
        """What an object of this class is: "layer", "initializer", …"""
        return SINGULAR[self.group]


@dataclass(frozen=True)
class Operation:
    """The class of an operation, and the function of `keras.ops` that makes it, such as `ops.mean`."""

    function: str
    init: dict[str, tuple[Any, ...]]  # what its class is made with; defaults as in `Signature`
    call: tuple[str, ...]  # what it is called with
    # What the function takes, where that is not first `call` and then what `init` requires; a `*` before what takes any
    # number of values.
    order: tuple[str, ...] = ()


@functools.cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


def reserved_attributes() -> frozenset[str]:
    """The public attributes that layers and models of Keras have for themselves."""
    return frozenset(_data()["reserved"])


def read_only_attributes(kind: str) -> frozenset[str]:
    """The public attributes of a "layer" or a "model" that nothing can be assigned to."""
    return frozenset(_data()["read_only"][kind])


def lost_of_backend() -> frozenset[str]:
    """The functions that `keras.backend` had in Keras 2, and that only `tf.keras.backend` still has."""
    return frozenset(_data()["lost_of_backend"])


def is_layer(name: str) -> bool:
    """Whether Keras has a layer of that name."""
    return name in _data()["layers"]


def layer_names() -> list[str]:
    """The layers that Keras has."""
    return sorted(_data()["layers"])


def find_class(name: str, prefer: str = "layers") -> Signature:
    """The signature of a class of Keras by its name, such as `Dense` or `L2`; `prefer` is the group to look in first.

    If there is none, the nearest name is offered.
    """
    for group in (prefer, *GROUPS):
        if name in _data()[group]:
            return _signature(group, name, _data()[group][name])
    if prefer == "layers" and name in BASE_CLASSES:
        raise RequestError(f"{name} computes nothing by itself.", hint="Name a layer that does: Dense(8), Identity().")
    everything = [known for group in GROUPS for known in _data()[group]]
    hint = did_you_mean(name, _data()[prefer]) or did_you_mean(name, everything)
    raise RequestError(
        f"Keras has no {SINGULAR[prefer]} {name!r}.",
        hint=hint or f"{with_article(SINGULAR[prefer]).capitalize()} of your own is written package.module:{name}(…).",
        missing=name,
    )


def _signature(group: str, name: str, entry: dict[str, Any]) -> Signature:
    given = {one.name: entry[one.name] for one in fields(Signature)[3:] if one.name in entry}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    return Signature(group, name, _parameters(entry["parameters"]), **given)


def _parameters(entry: dict[str, list[Any]]) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(default) for name, default in entry.items()}


def states_of(layer: str) -> int:
    """How many states a recurrent layer or a cell has; 0 for any other."""
    return int(_data()["layers"].get(layer, {}).get("states", 0))


def default_config(layer: str) -> dict[str, Any] | None:
    """What a layer saves that was given nothing but what it requires; `None` where that is not known."""
    entry = _data()["layers"].get(layer, {})
    if "config" not in entry:
        return None
    config = {**_data()["every_config"], **entry["config"]}
    return {key: value for key, value in config.items() if key not in entry.get("unsaved", ())}


def usual_training(layer: str) -> bool | None:
    """What stands in the calls of a layer as `training` though nobody wrote it; `None` if nothing does."""
    usual: bool | None = _data()["layers"].get(layer, {}).get("usual_training")
    return usual


def operation_names() -> list[str]:
    """The functions of `keras.ops`."""
    return sorted(_data()["functions"])


def find_operation(name: str) -> Signature:
    """The signature of a function of `keras.ops` by its name there, such as `mean` or `image.resize`.

    If there is none, the nearest name is offered.
    """
    functions = _data()["functions"]
    if name not in functions:
        near = nearest(name, functions)
        raise RequestError(f"Keras has no operation ops.{name}.", hint=f"Did you mean ops.{near}?" if near else None)
    return _signature("operations", name, functions[name])


def operation_of_class(module: str, name: str) -> Operation | None:
    """The operation of a class, `None` if it is none of Keras'."""
    entry = _data()["operations"].get(f"{module}.{name}")
    if entry is None:
        return None
    return Operation(entry["function"], _parameters(entry["init"]), tuple(entry["call"]), tuple(entry.get("order", ())))


def operation_classes() -> list[str]:
    """The classes of operations, each behind its module and a dot."""
    return [*_data()["operations"]]


def operation_module(name: str) -> str | None:
    """The module of the one operation of that class, which `.h5` files leave out; `None` if there is none."""
    modules = [known.rpartition(".")[0] for known in _data()["operations"] if known.rpartition(".")[2] == name]
    return modules[0] if len(modules) == 1 else None


def known_names(group: str) -> list[str]:
    """The names for which `keras.<group>.get(name)` gives an object."""
    return list(_data()["names"][group])


def has_name(group: str, name: str) -> bool:
    """Whether `keras.<group>.get(name)` gives an object, for `activations` and the groups of classes."""
    return name in known_names(group)


def check_name(group: str, name: str) -> None:
    """Raises `RequestError` unless `keras.<group>.get(name)` gives an object; the nearest name is offered."""
    if not has_name(group, name):
        raise RequestError(f"Keras has no {SINGULAR[group]} {name!r}.", hint=did_you_mean(name, known_names(group)))


def training_class(group: str, name: str) -> dict[str, tuple[Any, ...]] | None:
    """The parameters of a class of `optimizers`, `schedules`, `losses` or `metrics`, with their defaults in tuples."""
    entry = _data()["training"][group]["classes"].get(name)
    return None if entry is None else _parameters(entry)


def has_training_name(group: str, name: str) -> bool:
    """Whether a name stands for one of the `losses` or `metrics` of Keras; `accuracy` does, too."""
    is_word = group == "metrics" and name in ("accuracy", "acc", "crossentropy", "ce")
    training = _data()["training"][group]
    return is_word or name in training["names"] or name in training["classes"]


def training_classes(group: str) -> list[str]:
    """The classes of `optimizers`, `schedules`, `losses` or `metrics`."""
    return list(_data()["training"][group]["classes"])


def is_policy(name: str) -> bool:
    """Whether Keras has a dtype policy of that class."""
    return name in _data()["policies"]


def default_quantizer(name: str) -> dict[str, Any] | None:
    """What a quantizer, or what says how layers are quantized, saves; `None` if Keras has none of that name."""
    config: dict[str, Any] | None = _data()["quantizers"].get(name)
    return config
