"""Weights out of the `.h5` files of Keras 1, Keras 2 and tf.keras: a group for each layer, which names its arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .stored import Array, Misfit, Stored


@contextlib.contextmanager
def open_stored(path: Path) -> Iterator[Stored]:
    """The arrays of a file, which can be read as long as it is open."""
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise Misfit(f"the file cannot be opened: {error}") from error
    with file:
        yield read_stored(file)


def read_stored(file: Any) -> Stored:
    """The arrays of an open file."""
    import h5py

    group = member(file, "model_weights", h5py.Group) if "model_weights" in file else file
    if not names_in(group, "layer_names"):
        raise Misfit("the file names no layers with weights")
    layers: dict[str, tuple[Array, ...]] = {}
    for name in [*names_in(group, "layer_names"), *(["top_level_model_weights"] if group is not file else [])]:
        if name in group and name not in layers:
            layer = member(group, name, h5py.Group)
            layers[name] = tuple(stored_array(layer, one) for one in names_in(layer, "weight_names"))
    version = word(group.attrs.get("keras_version", file.attrs.get("keras_version", "1")))
    backend = word(group.attrs.get("backend", file.attrs.get("backend", "")))
    return Stored(layers, backend == "theano", version.startswith("1"))


def names_in(group: Any, key: str) -> list[str]:
    """A list of names among the attributes of a group, where it is long in several parts."""
    found: list[str] = []
    for part in [key] if key in group.attrs else _numbered(group, key):
        values = group.attrs[part]
        if not isinstance(values, np.ndarray) or values.ndim != 1:
            raise Misfit(f"{part} in the file is not a list of names")
        found += map(word, values)
    return found


def _numbered(group: Any, key: str) -> Iterator[str]:
    number = 0
    while f"{key}{number}" in group.attrs:
        yield f"{key}{number}"
        number += 1


def word(value: Any) -> str:
    """A name as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def stored_array(layer: Any, name: str) -> Array:
    """An array that a layer names, if it is in the file itself."""
    import h5py

    data = member(layer, name, h5py.Dataset)
    if data.external or data.is_virtual:
        raise Misfit(f"{name!r} is not in the file, but in another one")
    if data.dtype.kind not in "fiub":
        raise Misfit(f"{name!r} in the file does not hold numbers")
    return Array(name, tuple(data.shape), lambda: np.asarray(data[()]))


def member(group: Any, path: str, kind: Any) -> Any:
    """What a group has under a path; links out of it are not followed, for they may lead to any file."""
    import h5py

    found = group
    for part in filter(None, path.split("/")):
        link = found.get(part, getlink=True) if isinstance(found, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            raise Misfit(f"the file does not have {path!r}, which it names")
        found = found[part]
    if not isinstance(found, kind):
        raise Misfit(f"{path!r} in the file is something else than it should be")
    return found
