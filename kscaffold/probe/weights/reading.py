"""The saved weights of a model that was made from the config of its file."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..protocol import Saved, SavedKind
from . import checkpoint, hdf5
from .fitting import fit
from .leaves import parts_of
from .stored import Misfit, Stored


def give_saved_weights(model: Any, path: str, saved: Saved) -> None:
    """Gives a model that was made from the config of a file the weights in the file, which is at a path.

    Raises:
        Misfit: It holds none, or others.
    """
    kind, config = saved.kind, json.loads(saved.config)["config"]
    if kind is SavedKind.KERAS:
        try:
            model.load_weights(path)
        except Exception as error:  # whatever Keras makes of a file that is damaged, or of a model that differs
            reason = str(error).partition(". ")[0].splitlines()
            raise Misfit(f"Keras cannot load the weights: {reason[0] if reason else error!r}") from error
        return
    with _open_stored(Path(path), kind, config) as stored:
        stored.demand_size(model.count_params())
        try:
            fitted = fit(parts_of(model, config, saved.names), stored)
        except (OSError, KeyError, ValueError, TypeError) as error:  # of a file that is damaged where its arrays are
            raise Misfit(f"the weights cannot be read: {error}") from error
    for weight, values in fitted:
        weight.assign(values)
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


@contextlib.contextmanager
def _open_stored(path: Path, kind: SavedKind, config: Mapping[str, Any]) -> Iterator[Stored]:
    if kind is SavedKind.H5:
        with hdf5.open_stored(path) as stored:
            yield stored
    elif kind is SavedKind.SAVED_MODEL:
        is_chain = "input_layers" not in config
        entries = [one for one in config["layers"] if not (is_chain and one["class_name"] == "InputLayer")]
        names = [str(one.get("name") or one["config"]["name"]) for one in entries]
        with checkpoint.open_stored(path, names) as stored:
            yield stored
    else:
        raise Misfit("the file holds no weights")
