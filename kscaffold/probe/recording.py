"""Which layers a model calls, in order: what its summary is made of."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import keras

from .protocol import CalledLayer, Shape


@contextlib.contextmanager
def recorded_calls(model: Any, batch_size: int) -> Iterator[list[CalledLayer]]:
    """A list of the layers that a model calls on data inside the context, but for what Keras' own layers call.

    Of a layer that is not a model, it stays empty.
    """
    calls: list[CalledLayer] = []
    if not isinstance(model, keras.Model):
        yield calls
        return
    seen: set[int] = set()
    closed: list[bool] = []  # of each layer whose call goes on: whether what it calls is left out
    original = keras.layers.Layer.__call__

    def recording(layer: Any, *arguments: Any, **keywords: Any) -> Any:
        # What a class calls without numbers, to build itself, it calls again with them.
        symbolic = any(isinstance(item, keras.KerasTensor) for item in keras.tree.flatten((arguments, keywords)))
        hidden = any(closed) or symbolic or isinstance(layer, keras.layers.InputLayer) or layer is model
        place = len(calls)
        if not hidden:
            calls.append(CalledLayer(str(layer.name), type(layer).__name__, len(closed) - 1))
        of_keras = type(layer).__module__.startswith("keras.") and not isinstance(layer, keras.Model)
        closed.append(symbolic or of_keras)
        try:
            outputs = original(layer, *arguments, **keywords)
        finally:
            closed.pop()
        if not hidden:
            calls[place] = replace(
                calls[place],
                shapes=tuple(any_batch(tensor.shape, batch_size) for tensor in keras.tree.flatten(outputs)),
                parameters=int(layer.count_params()) if layer.built else 0,
                again=id(layer) in seen,
            )
            seen.add(id(layer))
        return outputs

    with patch.object(keras.layers.Layer, "__call__", recording):
        yield calls


def any_batch(shape: Any, batch_size: int) -> Shape:
    """A shape with `None` for the batch size."""
    return tuple(None if axis == 0 and size == batch_size else size for axis, size in enumerate(shape))
