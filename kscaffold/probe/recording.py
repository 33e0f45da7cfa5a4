"""Which layers a model calls, in order: what its summary is made of."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras


@contextlib.contextmanager
def recorded_calls(model: Any, batch_size: int) -> Iterator[list[dict[str, Any]]]:
    """Records the layers that a model calls on data inside the context; of a layer that is no model, nothing.

    Gives a list that is filled with `name`, `kind` (the class), `depth` (how many layers it is inside of), `shapes` of
    the outputs, `parameters`, and `again` (whether it was called before). What Keras' own layers call is left out.
    """
    calls: list[dict[str, Any]] = []
    if not isinstance(model, keras.Model):
        yield calls
        return
    seen: set[int] = set()
    closed: list[bool] = []  # of each layer whose call goes on: whether what it calls is left out
    original = keras.layers.Layer.__call__

    def recording(layer: Any, *arguments: Any, **keywords: Any) -> Any:
        # What a class calls without numbers, to build itself, it calls again with them.
        symbolic = any(isinstance(item, keras.KerasTensor) for item in keras.tree.flatten((arguments, keywords)))
        hidden = any(closed) or symbolic or isinstance(layer, keras.layers.InputLayer)
        entry = None if hidden or layer is model else describe(layer, len(closed) - 1)
        if entry is not None:
            calls.append(entry)
        closed.append(symbolic or is_closed(layer))
        try:
            outputs = original(layer, *arguments, **keywords)
        finally:
            closed.pop()
        if entry is not None:
            entry["shapes"] = [any_batch(tensor.shape, batch_size) for tensor in keras.tree.flatten(outputs)]
            entry["parameters"] = int(layer.count_params()) if layer.built else 0
            entry["again"] = id(layer) in seen
            seen.add(id(layer))
        return outputs

    keras.layers.Layer.__call__ = recording
    try:
        yield calls
    finally:
        keras.layers.Layer.__call__ = original


def describe(layer: Any, depth: int) -> dict[str, Any]:
    """An entry before the call."""
    return {"name": str(layer.name), "kind": type(layer).__name__, "depth": depth}


def any_batch(shape: Any, batch_size: int) -> list[int | None]:
    """A shape with `None` for the batch size."""
    return [None if axis == 0 and size == batch_size else size for axis, size in enumerate(shape)]


def is_closed(layer: Any) -> bool:
    """Whether what a layer calls is its own affair: it is one of Keras' layers, and no model."""
    return type(layer).__module__.startswith("keras.") and not isinstance(layer, keras.Model)
