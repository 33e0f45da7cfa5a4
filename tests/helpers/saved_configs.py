"""Configs of saved models as Keras writes them, made without Keras."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


def tensor(layer: str, node: int = 0, index: int = 0) -> Entry:
    """A value that a call takes."""
    return {"class_name": "__keras_tensor__", "config": {"shape": [None], "keras_history": [layer, node, index]}}


def layer(kind: str, name: str, *takes: str, module: str = "keras.layers", **config: Any) -> Entry:
    """A layer that is called once, on one value or on a list of several."""
    values = [tensor(item) for item in takes]
    return {
        "module": module,
        "class_name": kind,
        "config": {"name": name, "trainable": True, **config},
        "registered_name": None,
        "name": name,
        "inbound_nodes": [{"args": [values[0] if len(values) == 1 else values], "kwargs": {}}],
    }


def entry(name: str, shape: list[int | None]) -> Entry:
    """An input."""
    config = {"batch_shape": [None, *shape], "dtype": "float32", "name": name}
    return {"module": "keras.layers", "class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}


def functional(layers: list[Entry], output: str, name: str = "functional", inputs: str = "input_layer") -> Entry:
    """A functional model with one input and one output."""
    config = {
        "name": name,
        "trainable": True,
        "layers": layers,
        "input_layers": [inputs, 0, 0],
        "output_layers": [output, 0, 0],
    }
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}


def chain(*layers: Entry, shape: tuple[int, ...] = (8,)) -> Entry:
    """A functional model that is a chain of layers."""
    return functional([entry("input_layer", list(shape)), *layers], layers[-1]["name"])


def write_json(path: Path, config: Entry) -> Path:
    """An architecture file."""
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def write_keras(path: Path, config: Entry | str) -> Path:
    """A `.keras` file without weights."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        archive.writestr("metadata.json", "{}")
    return path


def resnet(stages: tuple[tuple[int, int, int], ...] = ((8, 2, 1), (16, 3, 2), (32, 4, 2)), named: bool = True) -> Entry:
    """A residual network as factories build it, from the filters, blocks and strides of each stage.

    Args:
        stages: The stages.
        named: Whether the layers have names that somebody chose.
    """
    layers = [entry("input_layer", [32, 32, 3])]
    counts: dict[str, int] = {}

    def add(kind: str, name: str, *takes: str, **config: Any) -> str:
        if not named:
            stem = {"Conv2D": "conv2d", "BatchNormalization": "batch_normalization", "Add": "add"}.get(
                kind, "activation"
            )
            counts[stem] = counts.get(stem, -1) + 1
            name = f"{stem}_{counts[stem]}" if counts[stem] else stem
        layers.append(layer(kind, name, *takes, **config))
        return name

    x = add("Conv2D", "stem_conv", "input_layer", filters=8, kernel_size=[3, 3], padding="same")
    for stage, (filters, blocks, strides) in enumerate(stages, 2):
        for block in range(1, blocks + 1):
            prefix, step = f"conv{stage}_block{block}", strides if block == 1 else 1
            shortcut = x
            if block == 1:
                shortcut = add(
                    "Conv2D", f"{prefix}_0_conv", x, filters=4 * filters, kernel_size=[1, 1], strides=[step, step]
                )
                shortcut = add("BatchNormalization", f"{prefix}_0_bn", shortcut)
            y = add("Conv2D", f"{prefix}_1_conv", x, filters=filters, kernel_size=[1, 1], strides=[step, step])
            y = add("BatchNormalization", f"{prefix}_1_bn", y)
            y = add("Activation", f"{prefix}_1_relu", y, activation="relu")
            y = add("Conv2D", f"{prefix}_2_conv", y, filters=4 * filters, kernel_size=[3, 3], padding="same")
            y = add("BatchNormalization", f"{prefix}_2_bn", y)
            x = add("Add", f"{prefix}_add", shortcut, y)
            x = add("Activation", f"{prefix}_out", x, activation="relu")
    return functional(layers, x, "small_resnet")


def keras2_layer(kind: str, name: str, *calls: list[list[Any]], **config: Any) -> Entry:
    """A layer as Keras 2 saved it: each call is a list of the values that it takes."""
    return {"class_name": kind, "config": {"name": name, **config}, "name": name, "inbound_nodes": list(calls)}


def keras2_model() -> Entry:
    """A model with two inputs and a shared layer, as Keras 2 saved it."""
    dense = {
        "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
    }
    layers = [
        *(
            keras2_layer("InputLayer", name, batch_input_shape=[None, 8], dtype="float32", sparse=False, ragged=False)
            for name in ("input_1", "input_2")
        ),
        keras2_layer("Dense", "dense", [["input_1", 0, 0, {}]], [["input_2", 0, 0, {}]], units=4, **dense),
        keras2_layer("Concatenate", "concatenate", [["dense", 0, 0, {}], ["dense", 1, 0, {}]], axis=-1),
        keras2_layer("Dropout", "dropout", [["concatenate", 0, 0, {"training": False}]], rate=0.5),
        keras2_layer("Dense", "out", [["dropout", 0, 0, {}]], units=1, activation="sigmoid", **dense),
    ]
    ends = {"input_layers": [["input_1", 0, 0], ["input_2", 0, 0]], "output_layers": [["out", 0, 0]]}
    config = {"name": "model_1", "layers": layers, **ends}
    return {"class_name": "Functional", "config": config, "keras_version": "2.12.0", "backend": "tensorflow"}
