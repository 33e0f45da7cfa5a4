"""The weights of an old file in today's form: a `.keras` file of the model that is made from source."""

import json
import os
import shutil
import tempfile
import zipfile
from typing import Any

import keras
import numpy as np

from .protocol import Compared, Saved, SavedKind
from .subject import Subject

METADATA, CONFIG = "metadata.json", "config.json"
DATE, SHARED = "date_saved", "shared_object_id"
LOADED = (".h5", ".hdf5", ".keras")  # what files may be called that `load_weights` takes


def keep_weights(subject: Subject, model: Any, saved: Saved) -> None:
    """Saves a model that has the weights of an old file, if another one like it cannot load them from there."""
    assert saved.keep is not None
    if not _can_load(subject, model, saved):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.keras")
            model.save(path)
            _copy_steadily(path, saved.keep)


def _can_load(subject: Subject, model: Any, saved: Saved) -> bool:
    """Whether `load_weights` of the file gives a new model the same weights."""
    if saved.kind is SavedKind.SAVED_MODEL or saved.compared is Compared.LEAVES or saved.path.suffix not in LOADED:
        return False
    fresh = subject.make()
    try:
        fresh.load_weights(saved.path)
    except Exception:  # whatever it makes of a file that it does not know is a no
        return False
    pairs = zip(fresh.weights, model.weights, strict=True)
    return all(np.array_equal(*map(keras.ops.convert_to_numpy, pair)) for pair in pairs)


def _copy_steadily(path: str, target: Any) -> None:
    """Copies a `.keras` file so that the same model always gives the same bytes: without dates and addresses."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for item in old.infolist():
            described = zipfile.ZipInfo(item.filename)
            if item.filename in (METADATA, CONFIG):
                table = json.loads(old.read(item))
                table.pop(DATE, None)
                new.writestr(described, json.dumps(_numbered(table, {})))
            else:
                with old.open(item) as source, new.open(described, "w", force_zip64=True) as copy:
                    shutil.copyfileobj(source, copy)


def _numbered(value: Any, numbers: dict[int, int]) -> Any:
    """A config in which objects that are shared have numbers in their order, and not where they are in memory."""
    if isinstance(value, list):
        return [_numbered(item, numbers) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _numbered(item, numbers) for key, item in value.items()}
    if SHARED in found:
        found[SHARED] = numbers.setdefault(found[SHARED], len(numbers) + 1)
    return found
