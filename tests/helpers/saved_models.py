"""Writes saved models of many kinds into a folder: `python saved_models.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="mine")
class Gate(layers.Layer):  # type: ignore[misc]
    """A custom layer."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units, activation="sigmoid")

    def build(self, input_shape: Any) -> None:
        self.dense.build(input_shape)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def text() -> Any:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(50, 8, mask_zero=True)(tokens)
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    x = layers.GRU(4, dropout=0.1)(x)
    return keras.Model(tokens, layers.Dense(2, activation="softmax", name="label")(x))


def translate() -> Any:
    source, target = (keras.Input((None,), dtype="int32", name=name) for name in ("source", "target"))
    embedding = layers.Embedding(30, 4, mask_zero=True, name="words")
    _, state_h, state_c = layers.LSTM(4, return_state=True)(embedding(source))
    x = layers.LSTM(4, return_sequences=True)(embedding(target), initial_state=[state_h, state_c])
    return keras.Model([source, target], layers.TimeDistributed(layers.Dense(30))(x))


def tickets() -> Any:
    title, numbers = keras.Input((10,), dtype="int32", name="title"), keras.Input((6,), name="numbers")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(30, 4)(title))
    x = layers.Concatenate()([x, numbers[:, :3] * 2.0, ops.sqrt(ops.abs(numbers[:, 3:]) + 1e-3)])
    x = layers.Dense(8, activation="gelu", kernel_regularizer="l2", kernel_constraint="max_norm")(x)
    outputs = {"priority": layers.Dense(1, name="priority")(x), "department": layers.Dense(4, name="department")(x)}
    return keras.Model({"title": title, "numbers": numbers}, outputs)


def prepared() -> Any:
    normalization = layers.Normalization()
    normalization.adapt(np.random.default_rng(0).normal(3, 2, size=(20, 3)).astype("float32"))
    learned = layers.StringLookup()
    learned.adapt(np.array(["cat", "dog", "mouse"]))
    numbers, animal = keras.Input((3,), name="numbers"), keras.Input((1,), dtype="string", name="animal")
    words = layers.Flatten()(layers.Embedding(10, 2)(learned(animal)))
    colour = keras.Input((1,), dtype="string", name="colour")
    known = layers.StringLookup(vocabulary=["red", "green"], output_mode="one_hot")(colour)
    x = layers.Concatenate()([normalization(numbers), words, known])
    codes, bins = layers.IntegerLookup(output_mode="one_hot"), layers.Discretization(num_bins=3, output_mode="one_hot")
    codes.adapt(np.array([7, 7, 11]))
    bins.adapt(np.arange(20.0))
    code, age = keras.Input((1,), dtype="int64", name="code"), keras.Input((1,), name="age")
    x = layers.Concatenate()([x, codes(code), bins(age)])
    return keras.Model([numbers, animal, colour, code, age], layers.Dense(1)(x))


def nested() -> Any:
    inputs = keras.Input((8,))
    core = keras.Model(inputs, layers.Dense(8, activation="relu")(inputs), name="core")
    inputs = keras.Input((8,))
    middle = keras.Model(inputs, layers.Add()([core(inputs), inputs]), name="middle")
    head = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.ReLU()], name="head")
    inputs = keras.Input((8,), name="features")
    return keras.Model(inputs, head(middle(middle(inputs))), name="outer")


def siamese() -> Any:
    tower = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(4)], name="tower")
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    distance = ops.sum(ops.square(tower(left) - tower(right)), axis=-1, keepdims=True)
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(distance))


def mixed() -> Any:
    keras.config.set_dtype_policy("mixed_float16")
    inputs = keras.Input((8,))
    x = layers.BatchNormalization()(layers.Dense(8, activation="relu")(inputs))
    model = keras.Model(inputs, layers.Dense(2, dtype="float32")(x))
    keras.config.set_dtype_policy("float32")
    return model


def frozen() -> Any:
    inputs = keras.Input((8, 8, 3))
    base = keras.Model(inputs, layers.BatchNormalization()(layers.Conv2D(4, 3)(inputs)), name="base")
    chain = keras.Sequential([keras.Input((6, 6, 4)), layers.Conv2D(4, 3), layers.BatchNormalization()], name="chain")
    base.trainable = chain.trainable = False
    inputs = keras.Input((8, 8, 3))
    x = base(layers.Rescaling(1 / 255)(inputs), training=False)
    x = layers.GlobalAveragePooling2D()(chain(x, training=False))
    return keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.2)(x)))


def residual() -> Any:
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    for stage, (filters, blocks) in enumerate(((4, 2), (8, 3), (16, 2)), 1):
        for block in range(blocks):
            name, strides = f"stage{stage}_block{block}", 2 if block == 0 else 1
            shortcut = x
            if block == 0:
                shortcut = layers.Conv2D(2 * filters, 1, strides=2, name=f"{name}_project")(x)
            x = layers.Conv2D(filters, 3, strides=strides, padding="same", name=f"{name}_conv1")(x)
            x = layers.BatchNormalization(name=f"{name}_bn")(x)
            x = layers.Conv2D(2 * filters, 3, padding="same", name=f"{name}_conv2")(x)
            x = layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([shortcut, x]))
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)), name="residual")


def attention() -> Any:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(20, 8)(inputs)
    for _ in range(3):
        attended = layers.MultiHeadAttention(2, 4, dropout=0.1)(x, x, use_causal_mask=True)
        x = layers.LayerNormalization()(x + attended)
        x = layers.LayerNormalization()(x + layers.Dense(8)(layers.Dense(16, activation="gelu")(x)))
    return keras.Model(inputs, x)


def cells() -> Any:
    inputs = keras.Input((None, 6, 6, 1))
    encoder = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3), layers.Flatten()])
    x = layers.TimeDistributed(encoder)(inputs)
    x = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_sequences=True)(x)
    return keras.Model(inputs, layers.Bidirectional(layers.SimpleRNN(3), merge_mode="sum")(x))


def own() -> Any:
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(1)(Gate(3)(inputs)))


def deferred() -> Any:
    model = keras.Sequential([*(layers.Dense(8, activation="relu") for _ in range(4)), layers.Dense(1)])
    model.build((None, 4))
    return model


def operations() -> Any:
    """In an `.h5` file, operations have no modules: Multiply might be the layer."""
    inputs = keras.Input((4,))
    product = layers.Multiply()([layers.Dense(3)(inputs), layers.Dense(3)(inputs)])
    return keras.Model(inputs, ops.relu(product) * 2 + 1)


def masked() -> Any:
    """Masks that Keras passes on, that somebody computed, and that a call with a keyword argument leaves out."""
    tokens = keras.Input((6,), dtype="int32", name="tokens")
    x = layers.Embedding(20, 4, mask_zero=True)(tokens)
    first = layers.LSTM(3)(layers.Bidirectional(layers.GRU(2, return_sequences=True))(x))
    second = layers.LSTM(3)(x, mask=ops.greater(tokens, 2))
    third = layers.LSTM(3)(x, training=False)
    return keras.Model(tokens, layers.Dense(2)(layers.Concatenate()([first, second, third])))


MODELS = (
    text, translate, tickets, prepared, nested, siamese, mixed, frozen, residual, attention, cells, own, deferred,
    masked,
)  # fmt: skip


def main(folder: Path) -> None:
    """Writes them all."""
    for make in MODELS:
        keras.backend.clear_session()
        keras.utils.set_random_seed(1)
        make().save(folder / f"{make.__name__}.keras")
    nested().save(folder / "old.h5")
    operations().save(folder / "operations.h5")
    masked().save(folder / "masked.h5")
    (folder / "architecture.json").write_text(residual().to_json())
    attention().save(folder / "whole", zipped=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
