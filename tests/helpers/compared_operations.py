"""Holds modules of a folder against what Keras 2 gave: `python compared_operations.py FOLDER` writes what differs."""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from pathlib import Path

import keras
import numpy as np

RELATIVE, ABSOLUTE = 1e-5, 1e-6  # of float32 computed in another order


def different(name: str, arrays: dict[str, np.ndarray]) -> str:
    """What is wrong with the model of a module; empty if nothing is."""
    model = getattr(importlib.import_module(f"made_{name}"), f"build_made_{name}")()
    given = [arrays[tensor.name] for tensor in model.inputs]
    found = keras.tree.flatten(model(given if len(given) > 1 else given[0]))
    expected = [arrays[key] for key in sorted(arrays) if key.startswith("output")]
    if [tuple(one.shape) for one in found] != [one.shape for one in expected]:
        return "the shapes differ"
    for one, other in zip(found, expected, strict=True):
        wanted = other.astype("float64")
        if not np.allclose(np.asarray(one).astype("float64"), wanted, RELATIVE, ABSOLUTE, equal_nan=True):
            return "the numbers differ"
    return ""


def main(folder: Path) -> None:
    """Compares them all."""
    sys.path.insert(0, str(folder))
    found = {}
    for file in sorted(folder.glob("made_*.py")):
        keras.backend.clear_session()
        name = file.stem.removeprefix("made_")
        try:
            found[name] = different(name, dict(np.load(folder / f"{name}.npz")))
        except Exception as error:  # the test lists what each of them raises
            found[name] = f"{type(error).__name__}: {str(error)[:300]}"
    (folder / "compared.json").write_text(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]))
