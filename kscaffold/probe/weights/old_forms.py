"""Arrays of layers in the forms that they had before: of Keras 1, of cuDNN and of Theano."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

# Where the kernels of a gate were among the arrays that Keras 1 had for each, and in which order one kernel has them.
LSTM_GATES = (0, 6, 3, 9)  # it had them as input, cell, forget, output
GRU_GATES = (0, 3, 6)
CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D")
SEPARABLE = ("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D")


def in_todays_form(
    layer: Any, shapes: Sequence[tuple[int, ...]], arrays: list[Any], keras1: bool, theano: bool
) -> list[Any]:
    """The arrays of a layer as today's class has them.

    Args:
        layer: A layer that holds no other ones.
        shapes: Those of its weights.
        arrays: What the file has for it.
        keras1: Whether Keras 1 wrote the file.
        theano: Whether kernels of convolutions are turned.
    """
    kind = type(layer).__name__
    if kind in ("LSTM", "ConvLSTM2D") and len(arrays) == 12:
        arrays = _merged(arrays, LSTM_GATES)
    elif kind == "GRU" and len(arrays) == 9:
        arrays = _merged(arrays, GRU_GATES)
    if kind in ("LSTM", "GRU") and len(arrays) == 3:
        arrays = _from_cudnn(layer, kind, arrays)
    if kind in (*CONVOLUTIONS, *SEPARABLE):
        kernels = 2 if kind in ("ConvLSTM2D", "SeparableConv1D", "SeparableConv2D") else 1
        arrays = [
            _kernel(layer, kind, shape, array, keras1, theano) if number < kernels else array
            for number, (shape, array) in enumerate(zip(shapes, arrays, strict=False))
        ] + arrays[len(shapes) :]
    return arrays


def _merged(arrays: list[Any], gates: tuple[int, ...]) -> list[Any]:
    """One kernel, one recurrent kernel and one bias from those of each gate."""
    axis = 0 if arrays[0].ndim == 4 and arrays[0].shape[0] == arrays[2].shape[0] != arrays[0].shape[-1] else -1
    return [np.concatenate([arrays[gate + part] for gate in gates], axis if part < 2 else -1) for part in range(3)]


def _from_cudnn(layer: Any, kind: str, arrays: list[Any]) -> list[Any]:
    """Kernels that are transposed gate by gate, where the size of the bias says that a layer for cuDNN had them."""
    kernel, recurrent, bias = arrays
    gates = 4 if kind == "LSTM" else 3
    if bias.shape != (2 * gates * layer.units,):
        return arrays
    kernel = np.hstack([part.T.reshape(part.shape, order="F") for part in np.hsplit(kernel, gates)])
    recurrent = np.hstack([part.T for part in np.hsplit(recurrent, gates)])
    # It has a bias for the inputs and one for the state, which an LSTM adds up.
    return [kernel, recurrent, bias.reshape(2, -1).sum(axis=0) if kind == "LSTM" else bias.reshape(2, -1)]


def _kernel(layer: Any, kind: str, shape: tuple[int, ...], array: Any, keras1: bool, theano: bool) -> Any:
    """The kernel of a convolution: sizes first, then channels, then filters (for a transposed one the other way)."""
    axes = len(shape) - 2  # those of the sizes
    if kind == "Conv1D" and array.ndim == 4:  # Keras 1 took it for an image of one column
        if array.shape[1] != 1 or array.shape[0] != shape[0]:
            array = np.transpose(array, (2, 3, 1, 0))
        array = array[:, 0]
    elif keras1 and array.ndim == len(shape):
        sizes_last = (*range(2, array.ndim), 1, 0)
        if kind == "Conv2DTranspose":
            array = np.transpose(array, (0, 1, 3, 2) if layer.data_format == "channels_last" else (2, 3, 0, 1))
        elif layer.data_format == "channels_first" and np.transpose(array, sizes_last).shape == shape:
            array = np.transpose(array, sizes_last)
    if array.shape != shape and array.ndim == 4 and array.transpose(3, 2, 0, 1).shape == shape:
        array = np.transpose(array, (3, 2, 0, 1))  # written by a Keras that kept images the other way
    if (
        array.shape != shape
        and array.ndim == len(shape)
        and array.transpose(*range(2, array.ndim), 1, 0).shape == shape
    ):
        array = np.transpose(array, (*range(2, array.ndim), 1, 0))
    return np.flip(array, tuple(range(axes))) if theano and kind in CONVOLUTIONS else array
