"""Writes models of Keras 2 into a folder, with inputs and their outputs: `python old_models.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import tf_keras as keras
from tf_keras import layers


def chain() -> Any:
    inputs = keras.Input((8,))
    x = layers.LeakyReLU(alpha=0.1)(layers.Dense(6, name="first")(inputs))
    return keras.Model(inputs, layers.Dense(3, activation="hard_sigmoid")(layers.BatchNormalization()(x)))


def images() -> Any:
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
    x = layers.DepthwiseConv2D(3, strides=2)(layers.BatchNormalization()(x))
    x = layers.SeparableConv2D(5, 2)(layers.ReLU(max_value=6.0)(x))
    x = layers.PReLU(shared_axes=[1, 2])(layers.Conv2DTranspose(4, 3)(x))
    x = layers.GlobalAveragePooling2D()(layers.SpatialDropout2D(0.2)(x))
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


def sequences() -> Any:
    inputs = keras.Input((7, 5))
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(inputs)
    x = layers.GRU(6, return_sequences=True, reset_after=False)(x)
    x = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_sequences=True)(x)
    x = layers.TimeDistributed(keras.Sequential([layers.Dense(4), layers.BatchNormalization()]))(x)
    return keras.Model(inputs, layers.Bidirectional(layers.GRU(3), merge_mode="sum")(x))


def words() -> Any:
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(10, 4, mask_zero=True)(inputs)
    return keras.Model(inputs, layers.Dense(1)(layers.LSTM(4, recurrent_activation="hard_sigmoid")(x)))


def transfer() -> Any:
    """A frozen part and a trained part: files have the weights of a model that are trained before the others."""
    inputs = keras.Input((8, 8, 3))
    x = inputs
    for number in range(3):
        x = layers.BatchNormalization(name=f"norm{number}")(
            layers.Conv2D(4, 3, padding="same", name=f"conv{number}")(x)
        )
    base = keras.Model(inputs, x, name="base")
    base.get_layer("conv1").trainable = base.get_layer("norm2").trainable = False
    head = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.Dense(4)], name="head")
    inputs = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(base(layers.Rescaling(1 / 255)(inputs), training=False))
    return keras.Model(inputs, head(x))


def siamese() -> Any:
    inputs = keras.Input((4,))
    tower = keras.Model(inputs, layers.Dense(4, activation="relu")(inputs), name="tower")
    plain = keras.Sequential([layers.Dense(4)], name="plain")
    one, other = keras.Input((4,)), keras.Input((4,))
    x = layers.Subtract()([plain(tower(one)), plain(tower(other))])
    return keras.Model([one, other], [x, tower(other)])


def attention() -> Any:
    inputs = keras.Input((5, 8))
    x = layers.LayerNormalization()(layers.Add()([inputs, layers.MultiHeadAttention(2, 4)(inputs, inputs)]))
    return keras.Model(inputs, layers.Conv1D(3, 2, padding="causal")(x))


def films() -> Any:
    inputs = keras.Input((3, 6, 6, 2))
    return keras.Model(inputs, layers.ConvLSTM2D(3, 3)(inputs))


def gone() -> Any:
    inputs = keras.Input((6, 6, 2))
    x = layers.LocallyConnected2D(3, 3)(layers.experimental.SyncBatchNormalization()(inputs))
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Concatenate()([x, layers.ThresholdedReLU(0.5)(x)]))


MODELS = (chain, images, sequences, words, transfer, siamese, attention, films, gone)


def main(folder: Path) -> None:
    """Writes them all, with weights that are all different."""
    for make in MODELS:
        keras.backend.clear_session()
        keras.utils.set_random_seed(1)
        model = make()
        generator = np.random.default_rng(0)
        # All positive, for some are variances.
        model.set_weights(
            [generator.uniform(0.2, 1.0, weight.shape).astype(weight.dtype.name) for weight in model.weights]
        )
        inputs = [
            (
                generator.integers(0, 9, (2, *tensor.shape[1:])).astype("int32")
                if tensor.dtype == "int32"
                else generator.normal(size=(2, *tensor.shape[1:])).astype("float32")
            )
            for tensor in model.inputs
        ]
        outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        arrays = {f"input{number}": array for number, array in enumerate(inputs)}
        arrays |= {f"output{number}": array.numpy() for number, array in enumerate(outputs)}
        np.savez(folder / f"{make.__name__}.npz", **arrays)
        model.save(folder / f"{make.__name__}.h5")
        model.save(folder / f"{make.__name__}.keras")
        model.save(folder / make.__name__, save_format="tf")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
