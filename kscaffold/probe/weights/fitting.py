"""Arrays of a file onto the layers of a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from .leaves import Part
from .old_forms import in_todays_form
from .stored import Array, Misfit, Stored

Fitted: TypeAlias = list[tuple[Any, Any]]  # weights, each with its values
Shares: TypeAlias = list[list[Array]]  # the arrays of each leaf
KEPT_BY_GATES = {"LSTM": 12, "ConvLSTM2D": 12, "GRU": 9}


def fit(parts: Sequence[Part], stored: Stored) -> Fitted:
    """The values of all weights: by the names of layers, else in their order.

    Raises:
        Misfit: The arrays are not those of the model.
    """
    try:
        return _by_names(parts, stored)
    except Misfit as reason:
        with_weights = [part for part in parts if any(part.leaves())]
        saved = [arrays for name, arrays in stored.layers.items() if arrays]
        if len(saved) != len(with_weights):
            raise
        try:
            pairs = list(zip(with_weights, saved, strict=True))
            return [one for part, arrays in pairs for one in fit_layer(part, arrays, stored)]
        except Misfit:
            raise reason from None


def _by_names(parts: Sequence[Part], stored: Stored) -> Fitted:
    left = {name: arrays for name, arrays in stored.layers.items() if arrays}
    fitted: Fitted = []

    def take(part: Part) -> None:
        if part.name in left:
            fitted.extend(fit_layer(part, left.pop(part.name), stored))
        elif part.inner:  # Keras 1 kept the layers of a Sequential in another one beside those of the other
            for inner in part.inner:
                take(inner)
        elif part.layer.weights:
            raise Misfit(f"the file holds no weights of {part.name!r}")

    for part in parts:
        take(part)
    if left:
        raise Misfit(f"the file holds weights of {next(iter(left))!r}, which the model does not have")
    return fitted


def fit_layer(part: Part, arrays: Sequence[Array], stored: Stored) -> Fitted:
    """The values of the weights of a layer, or of the layers in it."""
    leaves = list(part.leaves())
    reason = Misfit(f"the file holds weights of {part.name!r}, which has none")
    for shares in _shares(leaves, list(arrays), stored):
        try:
            return [one for leaf, own in zip(leaves, shares, strict=True) for one in _fit_leaf(leaf, own, stored)]
        except Misfit as found:
            reason = found
    raise reason


def _shares(leaves: list[Part], arrays: list[Array], stored: Stored) -> Iterator[Shares]:
    """The ways in which arrays may belong to the layers in a layer, the likeliest first."""
    if len(leaves) == 1:
        yield [arrays]
        return
    if named := _shares_by_names(leaves, arrays):
        yield named
    trained = [_count(leaf, [one for one in leaf.weights if one.trainable], stored) for leaf in leaves]
    others = [sum(not one.trainable for one in leaf.weights) for leaf in leaves]
    if sum(trained) + sum(others) == len(arrays):
        first, second = arrays[: sum(trained)], arrays[sum(trained) :]
        yield [first_own + own for first_own, own in zip(_cut(first, trained), _cut(second, others), strict=True)]
        yield _cut(arrays, [one + other for one, other in zip(trained, others, strict=True)])
    elif leaves:
        yield _cut(arrays, [len(arrays) // len(leaves)] * len(leaves))  # as many for each, in whatever form


def _count(leaf: Part, weights: list[Any], stored: Stored) -> int:
    """How many arrays the file has for the weights of a layer: Keras 1 kept those of each gate of a recurrent one."""
    gates = KEPT_BY_GATES.get(type(leaf.layer).__name__) if stored.keras1 else None
    return gates if gates and len(weights) == 3 else len(weights)


def _cut(arrays: list[Array], counts: list[int]) -> Shares:
    ends = [sum(counts[: number + 1]) for number in range(len(counts))]
    return [arrays[end - count : end] for count, end in zip(counts, ends, strict=True)]


def _shares_by_names(leaves: list[Part], arrays: list[Array]) -> Shares | None:
    """What belongs to layers by the names of arrays, if these name one layer each: `dense/kernel`, `dense_1_W`."""
    names = [leaf.name for leaf in leaves]
    if len({*names}) < len(names):
        return None
    shares: Shares = [[] for _ in leaves]
    for array in arrays:
        within = [name for name in names if name in array.parts]
        found = within or [name for name in names if array.parts[-1].startswith(f"{name}_")]
        if not found:
            return None
        shares[names.index(max(found, key=len))].append(array)
    return shares if all(shares) else None


def _fit_leaf(leaf: Part, arrays: list[Array], stored: Stored) -> Fitted:
    weights = leaf.weights
    shapes = [tuple(weight.shape) for weight in weights]
    values = in_todays_form(leaf.layer, shapes, [array.read() for array in arrays], stored.keras1, stored.theano)
    found = [tuple(value.shape) for value in values]
    if found != shapes:
        raise Misfit(f"the weights of {leaf.name!r} have the shapes {found} in the file, and not {shapes}")
    return list(zip(weights, values, strict=True))
