"""The config of a file of Keras 1, Keras 2 or tf.keras as Keras 3 would have saved it, or as it still reads it."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kscaffold.saved.legacy.frames import in_todays_frame


@dataclass(frozen=True)
class Modern:
    """A config that Keras 3 knows, and what was done for that."""

    config: dict[str, Any]
    era: str
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    supplied: tuple[str, ...] = ()
    origins: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


DROP = {
    "time_major", "rng_type", "fill_mode_", "batch_input_shape_", "groups_", "input_dtype", "consume_less", "renorm",
    "renorm_clipping", "renorm_momentum", "virtual_batch_size", "fused", "adjustment", "experimental_autocast",
    "auto_vectorize", "input_length", "input_dim_",
}  # fmt: skip
NAMES = {
    "Convolution2D": "Conv2D", "Convolution1D": "Conv1D", "CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU",
    "SyncBatchNormalization": "BatchNormalization", "BatchNormalizationV1": "BatchNormalization",
}  # fmt: skip


def modernize(config: dict[str, Any], version: str | None) -> Modern:
    """The config that Keras 3 knows."""
    words = str(config)
    if "batch_shape" in words and "keras.src" in words and "batch_input_shape" not in words:
        return Modern(config, "keras3")
    config = copy.deepcopy(config)
    if isinstance(config["config"], list):
        config["config"] = {"name": "sequential", "layers": config["config"]}
    era = "keras1" if "output_dim" in words and "init" in words and "kernel_initializer" not in words else "keras2"

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            inner, name = part.get("config"), part.get("class_name")
            if isinstance(inner, dict) and isinstance(name, str):
                for key in DROP:
                    inner.pop(key, None)
                if name == "DepthwiseConv2D":
                    inner.pop("groups", None)
                part["class_name"] = NAMES.get(name, name)
                if name == "LeakyReLU" and "alpha" in inner:
                    inner["negative_slope"] = inner.pop("alpha")
                if name == "GRU" and "reset_after" not in inner:
                    inner["reset_after"] = False
                if "name" not in inner:
                    inner.pop("dtype", None)
                if name == "BatchNormalization" and isinstance(inner.get("axis"), list):
                    (inner["axis"],) = inner["axis"]
                if name == "CuDNNGRU":
                    inner["reset_after"] = True
                if isinstance(inner.get("dtype"), dict) and inner["dtype"].get("class_name") == "Policy":
                    inner["dtype"] = inner["dtype"]["config"]["name"]
            for one in part.values():
                walk(one)
        elif isinstance(part, list):
            for one in part:
                walk(one)

    walk(config)
    return Modern(in_todays_frame(config), era)
