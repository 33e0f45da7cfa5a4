"""The layers of a model that hold weights themselves, with the names that they had in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras

WRAPPERS = ("layer", "forward_layer", "backward_layer")


@dataclass(frozen=True)
class Part:
    """A layer of a model, or a model in it, with what it is made of.

    Attributes:
        name: What the file calls it.
        inner: The parts of a model; none of a layer.
    """

    layer: Any
    name: str
    inner: tuple[Part, ...] = ()

    def leaves(self) -> Iterator[Part]:
        """The layers in it that hold weights themselves, in the order of the file."""
        if self.inner:
            for part in self.inner:
                yield from part.leaves()
        elif self.layer.weights:
            yield self

    @property
    def weights(self) -> list[Any]:
        """Its weights, those that are trained first, as files of Keras 1 and 2 have them."""
        return sorted(self.layer.weights, key=lambda one: not one.trainable)


def parts_of(model: Any, config: Mapping[str, Any], names: Mapping[str, str], path: str = "") -> tuple[Part, ...]:
    """The layers of a model in the order of its config, which Keras may change when it makes the model.

    Args:
        model: The model.
        config: That of the model: its `layers`.
        names: What the file calls layers that are called otherwise today, by their paths: `encoder/dense`.
        path: Where the model is.
    """
    found = []
    made = {layer.name: layer for layer in model.layers}
    for entry in config["layers"]:
        inner = entry["config"]
        name = str(entry.get("name") or inner.get("name"))
        if name in made:
            place = f"{path}{name}"
            found.append(_part(made[name], inner, names.get(place, name), names, place))
    return tuple(found)


def _part(layer: Any, config: Any, name: str, names: Mapping[str, str], path: str) -> Part:
    if isinstance(layer, keras.Model) and isinstance(config, Mapping) and isinstance(config.get("layers"), list):
        return Part(layer, name, parts_of(layer, config, names, f"{path}/"))
    if isinstance(layer, keras.layers.Bidirectional):
        given = config["layer"]["config"]
        return Part(
            layer,
            name,
            tuple(_part(one, given, one.name, names, path) for one in (layer.forward_layer, layer.backward_layer)),
        )
    if isinstance(layer, keras.layers.Wrapper):
        given = config["layer"]
        inner = given["config"]
        called = str(inner.get("name", layer.layer.name)) if isinstance(inner, Mapping) else layer.layer.name
        return Part(layer, name, (_part(layer.layer, inner, called, names, f"{path}/{called}"),))
    if isinstance(layer, keras.layers.RNN) and isinstance(layer.cell, keras.layers.StackedRNNCells):
        return Part(layer, name, tuple(Part(cell, cell.name) for cell in layer.cell.cells))
    return Part(layer, name)
