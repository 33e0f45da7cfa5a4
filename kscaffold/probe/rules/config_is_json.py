"""The config can be written as JSON.

A `.keras` file holds the config as JSON text. An array, a set, or a function that Keras does not know makes saving
fail, often only at the end of a training run.

Bad:

    def get_config(self):
        return {**super().get_config(), "sizes": {1, 2}, "table": np.eye(4)}

Good:

    def get_config(self):
        return {**super().get_config(), "sizes": sorted(self.sizes), "table": self.table.tolist()}
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..configs import saved_config
from ..subject import Defects, Subject

ID = "KS304"
OF_SAVED = "classes"
KINDS = ("saved",)
DOING = "is asked for its config"
FAILURE = "its config cannot be written as JSON"
REQUIRES = ("KS201",)
CAUSES = ("KS301", "KS302", "KS303", "KS401")
AT = ("get_config", "__init__")
FIX = "Return numbers, strings, lists and dictionaries; serialize objects by keras.saving.serialize_keras_object()."


def check(subject: Subject) -> Defects:
    """Looks for what JSON cannot hold, then writes the config."""
    layer = subject.make()
    config = layer.get_config()
    if subject.is_made_by_class:
        places = list(unfit(config, "config"))
        yield from (f"{path} is {describe(value)}, which does not come back from JSON" for path, value in places)
        if places:
            return
    saved_config(layer)


def unfit(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The places in a config with values that Keras cannot save or cannot give back."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from unfit(item, f"{path}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from unfit(item, f"{path}[{index}]")
    elif isinstance(value, (set, frozenset, complex, np.ndarray)) or getattr(value, "__name__", "") == "<lambda>":
        yield path, value


def describe(value: Any) -> str:
    """What a value is, in words."""
    kind = type(value).__name__
    return {"function": "a lambda", "ndarray": "an array", "frozenset": "a set"}.get(kind, f"a {kind}")
