"""Arguments of objects of Keras as one writes them, and those that they have where a program does not give them."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from kscaffold.keras_data import catalogue
from kscaffold.program.tree import NONE, Listing, Object, Plain, Tree

Read: TypeAlias = Callable[[Any, str], Tree]
Pairs: TypeAlias = tuple[tuple[str, Tree], ...]
# Arguments that take one number for all axes.
UNIFORM = ("kernel_size", "strides", "pool_size", "dilation_rate", "size", "padding", "cropping")
EVERY_LAYER = {"dtype": 1001, "trainable": 1002, "name": 1003}  # what every layer takes stands behind the rest


def written(key: str, value: Any, read: Read, required: bool = False) -> Tree:
    """An argument of a layer of Keras as one writes it: what a config says, which `read` makes a tree of."""
    if key == "activation" and value == "linear" and not required:
        return NONE
    if key == "axis" and isinstance(value, list) and len(value) == 1:
        value = value[0]
    if key in UNIFORM and isinstance(value, list):
        value = uniform(value)
    tree = read(value, key)
    if key == "layer" and isinstance(tree, Object) and tree.target.startswith("layers."):
        # Bidirectional sets it by itself; other wrappers have no use for it.
        return replace(tree, keywords=tuple(pair for pair in tree.keywords if pair[0] != "zero_output_for_mask"))
    if key == "cell" and isinstance(tree, Object) and tree.target == "layers.StackedRNNCells":
        given = dict(tree.keywords)
        return given["cells"] if len(given) == 1 else tree
    return tree


def uniform(value: Any) -> Any:
    """One number for all axes, where all are equal."""
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        inner = uniform(value[0])
        return inner if not isinstance(inner, list) else value
    return value


@functools.cache
def usual_arguments(target: str) -> dict[str, Tree]:
    """The arguments of `layers.Dense`, `keras.initializers.RandomNormal` … that are left out, with their values."""
    found: dict[str, Tree] = {"trainable": Plain(True)}
    module, _, name = target.rpartition(".")
    group = module.removeprefix("keras.")
    if group not in catalogue.GROUPS:
        return found
    defaults = {key: default[0] for key, default in catalogue.find_class(name, group).parameters.items() if default}
    defaults |= (catalogue.default_config(name) or {}) if group == "layers" else {}
    # Other layers of a wrapper follow from the first one.
    known = {key: value for key, value in defaults.items() if key not in ("data_format", "backward_layer")}
    found |= {key: written(key, value, _read) for key, value in known.items() if key != "trainable"}
    found |= {"strides": NONE} if "pool_size" in found else {}  # as large as the pool
    return {**found, "dtype": Plain("float32")}


def _read(value: Any, key: str) -> Tree:
    """A default in code: initializers and the like are there by their names."""
    if isinstance(value, dict):
        return Plain(catalogue.made_up_stem(value["class_name"]))
    if isinstance(value, list):
        return Listing("()", tuple(_read(item, key) for item in value))
    return Plain(value)


def in_order(pairs: Pairs, target: str) -> Pairs:
    """The arguments of a layer in the order of its signature, those of every layer behind them."""
    order = {key: place for place, key in enumerate(catalogue.find_class(target.rpartition(".")[2]).parameters)}
    return tuple(sorted(pairs, key=lambda pair: EVERY_LAYER.get(pair[0], order.get(pair[0], 1000))))
