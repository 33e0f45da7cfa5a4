"""The templates for attention, positions, experts, cells and codebooks, held against Keras, NumPy and the papers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Kscaffold
from helpers.layer_library import close, sigmoid, softmax, written_class

pytestmark = pytest.mark.keras

PADDED = np.array([[True] * 6, [True] * 4 + [False] * 2, [True] + [False] * 5])


@pytest.fixture
def make(kscaffold: Kscaffold, folder: Path) -> Any:
    """Writes the layer of a template, and gives its class."""
    return partial(written_class, kscaffold, folder)


def random(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def numbers(weight: Any) -> Any:
    import keras

    return keras.ops.convert_to_numpy(weight)


def randomized(layer: Any, seed: int = 1) -> list[Any]:
    """Gives a built layer random weights, and returns them."""
    layer.set_weights([random(*weight.shape, seed=seed + index) for index, weight in enumerate(layer.weights)])
    return list(layer.get_weights())


def any_length(layer: Any, features: int) -> Any:
    """A model that calls a layer on sequences of any length."""
    import keras

    inputs = keras.Input((None, features))
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize("shape", [(4, 6), (4, 8, 8, 3)])
def test_spectral_norm_is_that_of_keras_once_it_has_converged(make: Any, shape: tuple[int, ...]) -> None:
    import keras

    def inner() -> Any:
        return keras.layers.Dense(5) if len(shape) == 2 else keras.layers.Conv2D(4, 3, activation="relu")

    inputs = random(*shape)
    layer = make("spectral_norm")(inner(), power_iterations=60)
    reference = keras.layers.SpectralNormalization(inner(), power_iterations=60)
    layer(inputs), reference(inputs)
    layer.layer.set_weights([2 * weight + 0.1 for weight in layer.layer.get_weights()])
    reference.layer.set_weights(layer.layer.get_weights())
    close(layer(inputs, training=True), reference(inputs, training=True), 1e-4)
    close(layer(inputs), reference(inputs), 1e-4)


def test_spectral_norm_changes_its_state_in_training_alone(make: Any) -> None:
    import keras

    cls = make("spectral_norm")
    layer = cls(keras.layers.Dense(5, activity_regularizer="l2", kernel_regularizer="l2"), dtype="mixed_float16")
    inputs = random(4, 6)
    layer(inputs)
    begin, kernel = numbers(layer.vector_u), numbers(layer.layer.kernel)
    layer(inputs)
    np.testing.assert_array_equal(numbers(layer.vector_u), begin)
    for _ in range(60):
        layer(inputs, training=True)
    assert len(layer.losses) == 2
    assert not np.allclose(numbers(layer.vector_u), begin)
    np.testing.assert_array_equal(numbers(layer.layer.kernel), kernel)
    plain = cls(keras.layers.Dense(5, use_bias=False))
    plain.build((None, 6))
    plain.layer.set_weights([kernel])
    plain.vector_u.assign(layer.vector_u)
    assert np.linalg.svd(numbers(plain(np.eye(6)))).S.max() == pytest.approx(1, abs=1e-3)
    plain.layer.set_weights([0 * kernel])
    close(plain(inputs, training=True), np.zeros((4, 5)))
    close(plain.vector_u, numbers(layer.vector_u) / np.linalg.norm(numbers(layer.vector_u)))


def test_spectral_norm_refuses_a_layer_without_a_kernel(make: Any) -> None:
    import keras

    with pytest.raises(ValueError, match="must have a kernel among its weights"):
        make("spectral_norm")(keras.layers.Dropout(0.1)).build((None, 4))


@pytest.mark.parametrize("features", [1, 5, 8])
def test_sinusoidal_position_is_that_of_the_paper(make: Any, features: int) -> None:
    inputs = random(2, 7, features)
    layer = make("sinusoidal_position")(max_wavelength=100.0)
    waves = np.zeros((7, features))
    for position in range(7):
        for feature in range(features):
            angle = position / 100 ** (2 * (feature // 2) / features)
            waves[position, feature] = np.cos(angle) if feature % 2 else np.sin(angle)
    close(layer(inputs), inputs + waves)
    model = any_length(layer, features)
    for steps in (1, 7):
        close(model.predict(inputs[:, :steps], verbose=0), inputs[:, :steps] + waves[:steps])
    assert layer.weights == []


def test_positions_stay_exact_in_half_precision(make: Any) -> None:
    inputs = np.zeros((1, 3000, 4), "float32")
    for template in ("sinusoidal_position", "rotary_embedding"):
        cls = make(template)
        exact, half = (numbers(cls(dtype=dtype)(inputs + 1)) for dtype in ("float32", "mixed_float16"))
        assert half.dtype == "float16"
        np.testing.assert_allclose(half, exact, atol=3e-3)


def test_rotary_embedding_turns_pairs_of_features(make: Any) -> None:
    inputs = random(2, 7, 3, 8)
    cls = make("rotary_embedding")
    layer = cls(max_wavelength=50.0, scaling_factor=2.0)
    angles = np.arange(7)[:, None] / 2 * 50.0 ** (-np.arange(4) / 4)
    turned = (inputs[..., :4] + 1j * inputs[..., 4:]) * np.exp(1j * angles)[:, None]
    wanted = np.concatenate([turned.real, turned.imag], axis=-1)
    close(layer(inputs), wanted)
    flat = cls(max_wavelength=50.0, scaling_factor=2.0)
    close(flat(inputs[:, :, 0]), wanted[:, :, 0])
    close(any_length(flat, 8).predict(inputs[:, :5, 0], verbose=0), wanted[:, :5, 0])
    # The product of a query and a key depends on how far apart they are.
    same = np.broadcast_to(inputs[:1, :1, 0], (1, 7, 8))
    products = numbers(flat(same))[0] @ numbers(flat(same))[0].T
    close(np.diag(products, 2), np.full(5, products[0, 2]), 1e-4)
    with pytest.raises(ValueError, match="an even number of features"):
        cls()(random(2, 7, 3))


@pytest.mark.parametrize(
    ("key_value_heads", "causal", "use_bias"), [(1, True, True), (2, True, False), (6, False, True)]
)
def test_grouped_query_attention_is_that_of_keras(
    make: Any, key_value_heads: int, causal: bool, use_bias: bool
) -> None:
    import keras

    inputs = random(3, 6, 8)
    layer = make("grouped_query_attention")(
        4, num_query_heads=6, num_key_value_heads=key_value_heads, causal=causal, use_bias=use_bias
    )
    reference = keras.layers.GroupQueryAttention(4, 6, key_value_heads, use_bias=use_bias)
    layer(inputs), reference(inputs, inputs)
    weights = randomized(reference)
    layer.set_weights([given.reshape(own.shape) for given, own in zip(weights, layer.weights, strict=True)])
    close(layer(inputs), reference(inputs, inputs, use_causal_mask=causal))
    masked = reference(inputs, inputs, value_mask=PADDED, use_causal_mask=causal)
    close(layer(inputs, mask=PADDED), masked)
    close(layer(inputs[1:2, :4]), numbers(masked)[1:2, :4])
    close(any_length(layer, 8).predict(inputs[:, :4], verbose=0), layer(inputs[:, :4]))


def test_grouped_query_attention_drops_weights_in_training(make: Any) -> None:
    cls = make("grouped_query_attention")
    inputs = random(3, 6, 8)
    layer = cls(4, dropout=0.5)
    assert np.allclose(layer(inputs), layer(inputs)) and not np.allclose(layer(inputs, training=True), layer(inputs))
    with pytest.raises(ValueError, match="must be a multiple of"):
        cls(num_query_heads=4, num_key_value_heads=3)


def expert_outputs(inputs: Any, weights: list[Any], top_k: int) -> tuple[Any, Any, Any]:
    """What a mixture of experts gives, the router's shares, and which experts are chosen, token by token."""
    router, up, up_bias, down, down_bias = weights
    outputs, shares = np.zeros_like(inputs), softmax(inputs @ router)
    chosen = np.zeros_like(shares)
    for place in np.ndindex(inputs.shape[:-1]):
        best = np.argsort(-shares[place])[:top_k]
        chosen[(*place, best)] = 1
        total = shares[place][best].sum() if top_k > 1 else 1
        for expert in best:
            hidden = np.maximum(inputs[place] @ up[expert] + up_bias[expert], 0)
            outputs[place] += shares[place][expert] / total * (hidden @ down[expert] + down_bias[expert])
    return outputs, shares, chosen


@pytest.mark.parametrize(("top_k", "shape"), [(1, (9, 4)), (2, (3, 6, 4)), (5, (3, 2, 3, 4))])
def test_mixture_of_experts_is_that_of_the_papers(make: Any, top_k: int, shape: tuple[int, ...]) -> None:
    inputs = random(*shape)
    layer = make("mixture_of_experts")(7, experts=5, top_k=top_k, activation="relu", balance_weight=0.1)
    layer(inputs)
    assert layer.losses == []
    outputs, shares, chosen = expert_outputs(inputs, randomized(layer), top_k)
    close(layer(inputs, training=True), outputs, 1e-4)
    tokens = np.prod(shape[:-1])
    fractions = chosen.reshape(tokens, 5).sum(0) / (tokens * top_k)
    close(layer.losses[0], 0.1 * 5 * fractions @ shares.reshape(tokens, 5).mean(0))


def test_mixture_of_experts_leaves_masked_steps_out_of_its_loss(make: Any) -> None:
    import tensorflow as tf

    cls = make("mixture_of_experts")
    inputs = random(3, 6, 4)
    layer = cls(7, top_k=1)
    layer(inputs)
    weights = randomized(layer)
    layer(inputs, mask=PADDED, training=True)
    masked = numbers(layer.losses[0])
    layer(inputs[PADDED], training=True)
    close(layer.losses[0], masked)
    layer(inputs, mask=np.zeros((3, 6), bool), training=True)
    close(layer.losses[0], 0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(inputs, training=True))
    router = tape.gradient(loss, layer.router.value)
    assert np.abs(numbers(router)).max() > 0  # one chosen expert keeps its probability
    assert weights[1].shape == (4, 4, 7)
    kernel = cls(64, experts=16)
    kernel.build((None, 128))
    assert numbers(kernel.up_kernel).std() == pytest.approx((2 / (128 + 64)) ** 0.5, rel=0.05)  # Glorot, per expert
    with pytest.raises(ValueError, match="must not be greater than `experts`"):
        cls(experts=2, top_k=3)


def test_cross_attention_adds_what_the_context_holds(make: Any) -> None:
    query, context = random(3, 5, 8), random(3, 6, 4, seed=1)
    layer = make("cross_attention")(2, key_dim=3)
    layer(query, context)
    gamma, beta, to_query, query_bias, to_key, key_bias, to_value, value_bias, back, bias = randomized(layer)
    centered = query - query.mean(-1, keepdims=True)
    normal = centered / np.sqrt((centered**2).mean(-1, keepdims=True) + layer.normalization.epsilon) * gamma + beta
    queries, keys, values = (
        np.einsum("bsf,fhd->bhsd", inputs, kernel) + offset[:, None]
        for inputs, kernel, offset in (
            (normal, to_query, query_bias),
            (context, to_key, key_bias),
            (context, to_value, value_bias),
        )
    )
    scores = queries @ keys.swapaxes(2, 3) / 3**0.5
    for mask in (None, PADDED):
        seen = scores if mask is None else np.where(mask[:, None, None], scores, -np.inf)
        attended = np.einsum("bhsd,hdf->bsf", softmax(seen) @ values, back) + bias
        close(layer(query, context, context_mask=mask), query + attended, 1e-4)


def test_cross_attention_takes_the_masks_of_its_inputs(make: Any) -> None:
    import keras

    embed = keras.layers.Embedding(9, 8, mask_zero=True)
    query, context = np.array([[3, 4, 0]]), np.array([[1, 2, 0, 0]])
    layer = make("cross_attention")()
    outputs = layer(embed(query), embed(context))
    np.testing.assert_array_equal(numbers(keras.ops.not_equal(query, 0)), outputs._keras_mask)
    close(numbers(outputs)[:, :2], layer(embed(query[:, :2]), embed(context[:, :2])))


def test_masked_softmax_gives_masked_places_nothing(make: Any) -> None:
    import tensorflow as tf

    scores = random(3, 6) * 5
    cls = make("masked_softmax")
    close(cls()(scores), softmax(scores))
    mask = PADDED.copy()
    mask[2] = False
    for given in (mask, mask.astype("int32")):
        outputs = numbers(cls()(scores, mask=given))
        close(outputs[:2], softmax(np.where(mask, scores, -np.inf)[:2]))
        assert (outputs[~mask] == 0).all()
    half = numbers(cls(dtype="float16")(scores, mask=mask))
    assert (half[~mask] == 0).all() and np.isfinite(half).all()
    # The mask of a sequence is for its steps, and that of all heads has an axis of size 1.
    steps = random(3, 6, 2)
    along = numbers(cls(axis=1)(steps, mask=mask))
    close(along[:2], softmax(np.where(mask[..., None], steps, -np.inf)[:2], axis=1))
    assert (along[2] == 0).all()
    heads = random(3, 2, 5, 6)
    outputs = numbers(cls()(heads, mask=mask[:, None, None]))
    assert (outputs[2] == 0).all() and (outputs[1, ..., 4:] == 0).all()
    close(outputs[:2].sum(-1), np.ones((2, 2, 5)))
    variable = tf.Variable(scores)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(cls()(variable, mask=mask) ** 2)
    assert np.isfinite(numbers(tape.gradient(loss, variable))).all()


def test_a_peephole_cell_sees_its_state(make: Any) -> None:
    import keras

    inputs = random(3, 6, 4)
    cell = make("peephole_cell")(5)
    layer = keras.layers.RNN(cell, return_sequences=True, return_state=True)
    layer(inputs)
    np.testing.assert_array_equal(numbers(cell.bias), [0] * 5 + [1] * 5 + [0] * 10)
    kernel, recurrent, bias, peepholes = randomized(cell)
    output = carry = np.zeros((3, 5))
    outputs = []
    for step in range(6):
        first, second, third, fourth = np.split(inputs[:, step] @ kernel + output @ recurrent + bias, 4, axis=-1)
        added = sigmoid(first + carry * peepholes[0]) * np.tanh(third)
        carry = sigmoid(second + carry * peepholes[1]) * carry + added
        output = sigmoid(fourth + carry * peepholes[2]) * np.tanh(carry)
        outputs.append(output)
    for given, wanted in zip(layer(inputs), (np.stack(outputs, 1), output, carry), strict=True):
        close(given, wanted)


def test_a_peephole_cell_without_peepholes_is_that_of_keras(make: Any) -> None:
    import keras

    inputs = random(3, 6, 4)
    cls = make("peephole_cell")
    layer = keras.layers.Bidirectional(keras.layers.RNN(cls(5, peephole_initializer="zeros"), return_sequences=True))
    reference = keras.layers.Bidirectional(keras.layers.LSTM(5, return_sequences=True))
    layer(inputs), reference(inputs)
    kept = [weight for weight in layer.weights if weight.name != "peepholes"]
    for own, other in zip(kept, reference.weights, strict=True):
        assert own.name == other.name
        own.assign(other)
    close(layer(inputs), reference(inputs))
    close(layer(inputs, mask=PADDED), reference(inputs, mask=PADDED))
    cell = cls(5, unit_forget_bias=False)
    cell.build((None, 4))
    assert not numbers(cell.bias).any()


def test_vector_quantizer_takes_the_nearest_code(make: Any) -> None:
    import tensorflow as tf

    inputs = tf.constant(random(3, 6, 4))
    layer = make("vector_quantizer")(10, commitment=0.5)
    layer(inputs)
    (codebook,) = randomized(layer)
    distances = ((numbers(inputs)[..., None, :] - codebook) ** 2).sum(-1)
    nearest = distances.argmin(-1)
    np.testing.assert_array_equal(layer.nearest_codes(inputs), nearest)
    factors = random(3, 6, 4, seed=2)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
        used = tf.reduce_sum(outputs * factors)
        loss = layer.losses[0]
    close(outputs, codebook[nearest])
    close(tape.gradient(used, inputs), factors)
    assert tape.gradient(used, layer.codebook.value) is None
    difference = numbers(inputs) - codebook[nearest]
    close(loss, 1.5 * (difference**2).mean())
    close(tape.gradient(loss, inputs), 0.5 * 2 * difference / difference.size)
    to_codes = np.zeros_like(codebook)
    np.add.at(to_codes, nearest, -2 * difference / difference.size)
    close(tf.convert_to_tensor(tape.gradient(loss, layer.codebook.value)), to_codes)
    layer(inputs, mask=PADDED)
    close(layer.losses[0], 1.5 * (difference[PADDED] ** 2).mean())
