"""The layers that people look for, written by their templates and held against Keras, NumPy and the papers."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Kscaffold
from helpers.layer_library import close, sigmoid, written_class

pytestmark = pytest.mark.keras

NAMES = (
    "attention_pooling conv_block cross_attention drop_path film fourier_features gated_linear gradient_reversal"
    " grouped_query_attention inverted_residual layer_scale masked_softmax mixture_of_experts patch_embed peephole_cell"
    " quantile_head rms_norm rotary_embedding sinusoidal_position spectral_norm squeeze_excite vector_quantizer"
).split()


@pytest.fixture(scope="module")
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def make(kscaffold: Kscaffold, folder: Path) -> Any:
    """Writes the layer of a template, and gives its class."""
    return partial(written_class, kscaffold, folder)


def test_all_are_clean_at_strict_and_pass_their_tests(kscaffold: Kscaffold, folder: Path) -> None:
    for name in NAMES:
        assert kscaffold("layer", f"my_{name}", "-t", name, "--no-check", "-q").exit_code == 0
    result = kscaffold("check", ".", "--strict", "--quiet")
    assert result.exit_code == 0, result.out
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_arguments_have_other_defaults(kscaffold: Kscaffold) -> None:
    made = kscaffold(
        *("layer", "gate", "-t", "squeeze_excite", "--arg", "ratio=4", "--input-shape", "6,6,8", "--no-check"),
        *("--no-test", "--stdout"),
    )
    assert made.exit_code == 0 and "ratio=4, **kwargs" in made.out and "(2, 6, 6, 8)" in made.out


def test_rms_norm_is_that_of_keras(make: Any, generator: Any) -> None:
    import keras

    inputs = generator.normal(size=(3, 5, 16)).astype("float32")
    layer, reference = make("rms_norm")(), keras.layers.RMSNormalization(epsilon=1e-6)
    for one in (layer, reference):
        one(inputs)
        one.set_weights([np.linspace(0.5, 2, 16)])
    close(layer(inputs), reference(inputs))


def test_layer_scale_begins_small(make: Any, generator: Any) -> None:
    inputs = generator.normal(size=(3, 16)).astype("float32")
    close(make("layer_scale")(init_value=0.25)(inputs), 0.25 * inputs)


def test_squeeze_excite_weighs_channels(make: Any, generator: Any) -> None:
    images = generator.normal(size=(2, 4, 4, 32)).astype("float32")
    layer = make("squeeze_excite")(ratio=8)
    outputs = layer(images)
    first, first_bias, second, second_bias = layer.get_weights()
    assert first.shape == (32, 4)
    hidden = np.maximum(images.mean((1, 2), keepdims=True) @ first + first_bias, 0)
    close(outputs, images * sigmoid(hidden @ second + second_bias))


def test_gated_linear_is_swiglu_and_glu(make: Any, generator: Any) -> None:
    inputs = generator.normal(size=(3, 8)).astype("float32")
    cls = make("gated_linear")
    for activation, function in (("silu", lambda value: value * sigmoid(value)), ("sigmoid", sigmoid)):
        layer = cls(units=5, activation=activation)
        outputs = layer(inputs)
        gate, up, down = (np.asarray(part.kernel) for part in (layer.gate, layer.up, layer.down))
        close(outputs, (function(inputs @ gate) * (inputs @ up)) @ down)


def test_film_scales_and_shifts_channels(make: Any, generator: Any) -> None:
    image, condition = (generator.normal(size=size).astype("float32") for size in ((2, 4, 4, 3), (2, 5)))
    layer = make("film")()
    outputs = layer([image, condition])
    scale, shift = (condition @ np.asarray(part.kernel) + np.asarray(part.bias) for part in (layer.scale, layer.shift))
    close(outputs, image * (1 + scale[:, None, None]) + shift[:, None, None])


def test_drop_path_leaves_out_whole_examples_and_keeps_the_mean(make: Any) -> None:
    layer = make("drop_path")(rate=0.25, seed=1)
    ones = np.ones((4000, 3, 2), "float32")
    close(layer(ones), ones)
    outputs = np.asarray(layer(ones, training=True))
    close(np.unique(outputs), [0, 4 / 3])
    assert (outputs == outputs[:, :1, :1]).all()
    assert abs(outputs.mean() - 1) < 0.05


def test_gradient_reversal_turns_the_sign(make: Any, generator: Any) -> None:
    import tensorflow as tf

    inputs = tf.constant(generator.normal(size=(3, 4)).astype("float32"))
    layer = make("gradient_reversal")(factor=0.5)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
        loss = tf.reduce_sum(outputs)
    close(outputs, inputs)
    close(tape.gradient(loss, inputs), np.full((3, 4), -0.5))


def test_attention_pooling_gives_masked_steps_no_weight(make: Any, generator: Any) -> None:
    inputs = generator.normal(size=(2, 6, 4)).astype("float32")
    layer = make("attention_pooling")()
    mask = np.array([[True] * 3 + [False] * 3] * 2)
    close(layer(inputs, mask=mask), layer(inputs[:, :3]))
    score = inputs @ np.asarray(layer.score.kernel) + np.asarray(layer.score.bias)
    share = np.exp(score) / np.exp(score).sum(1, keepdims=True)
    close(layer(inputs), (share * inputs).sum(1))


def test_fourier_features_are_waves(make: Any, generator: Any) -> None:
    inputs = generator.normal(size=(3, 4)).astype("float32")
    layer = make("fourier_features")(units=5, scale=0.1)
    outputs = layer(inputs)
    phase = 2 * np.pi * inputs @ layer.get_weights()[0]
    close(outputs, np.concatenate([np.sin(phase), np.cos(phase)], axis=-1))
    assert layer.trainable_weights == []


def test_convolutions_are_those_of_keras(make: Any, generator: Any) -> None:
    import keras

    images = generator.normal(size=(2, 8, 8, 3)).astype("float32")
    block = make("conv_block")(filters=4, kernel_size=3)
    outputs = block(images, training=False)
    close(outputs, keras.activations.relu(block.norm(block.conv(images))))
    patches = make("patch_embed")(patch_size=4, units=6)
    assert tuple(patches(images).shape) == (2, 4, 6)
    close(patches(images)[0, 1], patches.project(images)[0, 0, 1])
    residual = make("inverted_residual")(expansion=2)
    assert tuple(residual(images).shape) == (2, 8, 8, 3)
    assert [tuple(weight.shape) for weight in residual.trainable_weights if "kernel" in weight.path] == [
        (1, 1, 3, 6),
        (3, 3, 6, 1),
        (1, 1, 6, 3),
    ]
