"""What a model is compiled with by its source, against what the saved model was compiled with."""

import json
import struct
from collections.abc import Mapping
from typing import Any

import keras

from .configs import first_difference
from .protocol import Saved
from .subject import Subject

# Saved as what the machine made of "auto", or as what follows from the rest.
LEFT_OUT = ("jit_compile", "auto_scale_loss", "run_eagerly", "steps_per_execution")


def compare_compiled(subject: Subject, model: Any, saved: Saved, customs: Mapping[str, Any]) -> str | None:
    """How a model is compiled otherwise than the saved one was, in words; `None` if it is not, or nobody knows."""
    if not saved.compiled:
        return None
    reference = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    wanted = json.loads(saved.compiled)
    with keras.saving.custom_object_scope(dict(customs)):
        arguments = {key: keras.saving.deserialize_keras_object(value) for key, value in wanted.items()}
        reference.compile(**arguments)
        getattr(subject.module, saved.compiles)(model)
        configs = [_canonical(one.get_compile_config(), wanted) for one in (reference, model)]
    different = first_difference(*configs)
    return f"it is compiled otherwise: {different}" if different else None


def _canonical(config: Mapping[str, Any], wanted: Mapping[str, Any]) -> Any:
    kept = {key: value for key, value in config.items() if key not in LEFT_OUT or key in wanted}
    kept.pop("jit_compile", None)
    return _rounded(json.loads(json.dumps(kept)))


def _rounded(value: Any) -> Any:
    """A config in which numbers are those that 32 bits hold, and optimizers have no names."""
    if isinstance(value, dict):
        is_optimizer = value.get("module") == "keras.optimizers"
        found = {key: _rounded(item) for key, item in value.items()}
        if is_optimizer and isinstance(found.get("config"), dict):
            found["config"].pop("name", None)
        return found
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return struct.unpack("f", struct.pack("f", value))[0] if isinstance(value, float) else value
