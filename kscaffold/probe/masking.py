"""Inputs with masks."""

from typing import Any

import keras
import numpy as np

from .protocol import CallStyle, Feed
from .subject import Subject


def can_be_masked(subject: Subject) -> bool:
    """Whether the first input is a sequence of vectors, such as a `Masking` layer takes."""
    return is_sequence(subject.feeds[0]) and subject.wanted.call is not CallStyle.CELL


def is_sequence(feed: Feed) -> bool:
    """Whether an input is a sequence of vectors of numbers."""
    return len(feed.shape) == 2 and feed.dtype.startswith("float")


def masked_inputs(subject: Subject, batch_size: int = 2, hide_all: bool = False) -> list[Any]:
    """Inputs whose last steps are masked, or all steps of the last example too."""
    masked = []
    for feed, array in zip(subject.feeds, subject.arrays(batch_size), strict=True):
        if is_sequence(feed):
            array = np.array(array)
            array[:, -2:] = 0.0
            if hide_all:
                array[-1] = 0.0
            masked.append(keras.layers.Masking()(array))
        else:  # Keras takes no arrays beside tensors
            masked.append(keras.ops.convert_to_tensor(array))
    return masked


def mask_of(tensor: Any) -> Any:
    """The mask that a tensor carries."""
    return getattr(tensor, "_keras_mask", None)
