"""Random inputs, and outputs side by side."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from .protocol import Feed

UNFIXED_SIZE = 7  # what a size is in random inputs where it is not fixed
ANY_NUMBER = 10  # whole numbers are below this where any will do
WORDS = ("a", "sentence", "of", "seven", "words", "is", "enough")


def random_array(generator: Any, batch_size: int, feed: Feed) -> Any:
    """Random numbers or words of the right shape and type for one input."""
    shape = (batch_size, *(UNFIXED_SIZE if size is None else size for size in feed.shape))
    if feed.dtype == "string":
        return generator.choice(np.array(WORDS, dtype=object), size=shape)
    if feed.dtype == "bool":
        return generator.integers(0, 2, size=shape).astype(bool)
    if "int" in feed.dtype:
        return generator.integers(0, feed.below or ANY_NUMBER, size=shape).astype(feed.dtype)
    if "complex" in feed.dtype:
        return (generator.normal(size=shape) + 1j * generator.normal(size=shape)).astype(feed.dtype)
    return generator.normal(size=shape).astype("float32" if feed.dtype == "bfloat16" else feed.dtype)


def alone(values: list[Any]) -> Any:
    """A single value as it is, several as the list that they are."""
    return values if len(values) > 1 else values[0]


def numbers(outputs: Any) -> list[Any]:
    """All tensors in a structure as arrays."""
    return [keras.ops.convert_to_numpy(tensor) for tensor in keras.tree.flatten(outputs)]


def difference(first: Sequence[Any], second: Sequence[Any], relative: float = 1e-5) -> str | None:
    """How two lists of as many arrays differ, in words; `None` if they are equal.

    Where `relative`, how far numbers may be apart, is nothing, their types have to be the same, too.
    """
    if [array.shape for array in first] != [array.shape for array in second]:
        return f"shapes {[array.shape for array in first]} became {[array.shape for array in second]}"
    for one, other in zip(first, second, strict=True):
        if not relative and one.dtype != other.dtype:
            return f"{one.dtype} became {other.dtype}"
        if one.dtype.kind not in "fiubc":
            if not np.array_equal(one, other):
                return "they hold other texts"
            continue
        differs = (one != other) & ~((one != one) & (other != other))  # two NaNs are the same
        if relative:
            differs &= ~np.isclose(one, other, rtol=relative, atol=relative / 10)
        if differs.any():
            wide = "complex128" if one.dtype.kind == "c" else "float64"
            worst = float(np.max(np.abs(one.astype(wide) - other.astype(wide))[differs]))
            return f"the largest difference is {worst:.3g}"
    return None
