"""Functions of TensorFlow on Keras tensors, as people wrote them: `python tf_operations.py FOLDER` saves a model of
Keras 2 for each, and what it gives for random inputs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras import backend as K

# What a case takes: x and y are (4, 6), i is (4, 6) of int32, image is (8, 8, 4), flat is (6,).
SHAPES = {"x": (4, 6), "y": (4, 6), "i": (4, 6), "image": (8, 8, 4), "flat": (6,), "wide": (1, 6)}
Case = Callable[..., Any]
UNARY = (
    "abs acos acosh asin asinh atan atanh ceil cos cosh erf erfc exp expm1 floor log log1p log_sigmoid negative"
    " reciprocal rint round rsqrt sigmoid sign sin sinh softplus softsign sqrt square tan tanh is_finite is_inf is_nan"
    " log_softmax softmax"
).split()
REDUCE = "reduce_max reduce_mean reduce_min reduce_prod reduce_sum reduce_std reduce_variance reduce_logsumexp".split()
BINARY = (
    "add subtract multiply divide truediv floordiv mod floormod maximum minimum pow squared_difference atan2"
    " greater greater_equal less less_equal equal not_equal divide_no_nan multiply_no_nan xlogy"
).split()
NN = "relu relu6 elu selu silu gelu leaky_relu softmax log_softmax sigmoid tanh softplus softsign crelu".split()
BACKEND_UNARY = (
    "abs square sqrt exp log round sign sin cos softmax relu elu sigmoid hard_sigmoid tanh softplus softsign".split()
)
BACKEND_REDUCE = "max mean min prod sum std var".split()


def unary(module: Any, name: str) -> Case:
    """A function of one value, of what it is defined for."""
    return lambda x: getattr(module, name)(tf.abs(x) + 0.1 if name in ("log", "sqrt", "rsqrt", "log1p") else x)


def acosh(x: Any) -> Any:
    """Of what it is defined for."""
    return tf.math.acosh(tf.abs(x) + 1.5)


def cases() -> dict[str, Case]:
    """The cases by their names; each takes what its arguments are called."""
    found: dict[str, Case] = {f"math_{name}": unary(tf.math, name) for name in UNARY}
    found["math_acosh"] = acosh
    for name in ("acos", "asin", "atanh"):
        found[f"math_{name}"] = lambda x, name=name: getattr(tf.math, name)(tf.tanh(x) * 0.9)
    for name in REDUCE:
        f = getattr(tf.math, name)
        found[name] = lambda x, f=f: f(x, axis=-1)
        found[f"{name}_all"] = lambda x, f=f: f(x) + x
        found[f"{name}_axes"] = lambda x, f=f: f(x, axis=[1, 2], keepdims=True)
        found[f"{name}_positional"] = lambda x, f=f: f(x, 1, True)
    for name in ("reduce_any", "reduce_all"):
        f = getattr(tf, name)
        found[name] = lambda x, f=f: f(x > 0, axis=1)
    for name in BINARY:
        f = getattr(tf.math, name)
        shift = (
            (lambda t: tf.abs(t) + 0.5) if name in ("pow", "xlogy", "floordiv", "mod", "floormod") else (lambda t: t)
        )
        found[f"binary_{name}"] = lambda x, y, f=f, s=shift: f(s(x), s(y))
        if name != "xlogy":
            found[f"binary_{name}_number"] = lambda x, f=f, s=shift: f(s(x), 2.0)
            found[f"binary_{name}_left"] = lambda x, f=f, s=shift: f(2.0, s(x))
        found[f"binary_{name}_array"] = lambda x, f=f, s=shift: f(s(x), np.arange(1, 7, dtype="float32"))
    for name in NN:
        found[f"nn_{name}"] = unary(tf.nn, name)
    for name in BACKEND_UNARY:
        found[f"backend_{name}"] = unary(K, name)
    for name in BACKEND_REDUCE:
        f = getattr(K, name)
        found[f"backend_{name}"] = lambda x, f=f: f(x, axis=-1, keepdims=True)
        found[f"backend_{name}_all"] = lambda x, f=f: x + f(x)
    found |= {
        "operators": lambda x, y: (x + y - 2 * x) / (1.5 + tf.abs(y)) - (-x) ** 2,
        "operators_left": lambda x: 1 - x + 3.0 * x - 2 / (tf.abs(x) + 1) + 2**x,
        "operators_int": lambda i: i * 2 + 1 - i // 3 + i % 2,
        "truediv_int": lambda i: tf.cast(i, "float32") / 4,
        "array_right": lambda image: image - np.array([1.0, 2.0, 3.0, 4.0], "float32"),
        "array_left": lambda image: np.array([1.0, 2.0, 3.0, 4.0], "float32") - image,
        "list_right": lambda image: image * [1.0, 2.0, 3.0, 4.0],
        "tensor_right": lambda image: image * tf.constant([1.0, 2.0, 3.0, 4.0]),
        "matmul": lambda x, y: tf.matmul(x, y, transpose_b=True),
        "matmul_a": lambda x, y: tf.matmul(x, y, transpose_a=True),
        "matmul_operator": lambda x, y: x @ tf.transpose(y, [0, 2, 1]),
        "tensordot": lambda x, y: tf.tensordot(x, tf.constant(np.eye(6, 3), tf.float32), axes=1),
        "comparison": lambda x, y: tf.cast(x > y, "float32") + tf.cast(x <= 0, "float32") + tf.cast(x >= y, tf.float32),
        "equality": lambda i: tf.cast(tf.equal(i, 2), "float32") + tf.cast(tf.not_equal(i, 3), "float32"),
        "logical": lambda x, y: tf.logical_or(tf.logical_and(x > 0, y > 0), tf.logical_not(x > y)),
        "logical_operators": lambda x, y: ((x > 0) & (y > 0)) | ~(x > y),
        "logical_xor": lambda x, y: tf.math.logical_xor(x > 0, y > 0),
        "concat": lambda x, y: tf.concat([x, y], axis=-1),
        "concat_positional": lambda x, y: tf.concat([x, y], 1),
        "stack": lambda x, y: tf.stack([x, y], axis=1),
        "stack_default": lambda x, y: tf.stack([x, y]),
        "split_first": lambda x: tf.split(x, 3, axis=-1)[0],
        "split_all": lambda x: tf.add_n(tf.split(x, num_or_size_splits=2, axis=2)),
        "split_sizes": lambda x: [part * 2 for part in tf.split(x, [1, 2, 3], axis=2)],
        "unstack": lambda x: [part + 1 for part in tf.unstack(x, axis=1)],
        "unstack_num": lambda x: tf.unstack(x, 4, axis=1)[2],
        "reshape": lambda x: tf.reshape(x, [-1, 24]),
        "reshape_shape": lambda x: tf.reshape(x, [tf.shape(x)[0], 24]),
        "reshape_stacked": lambda x: tf.reshape(x, tf.stack([tf.shape(x)[0], 2, 12])),
        "reshape_sizes": lambda x: tf.reshape(x, [tf.shape(x)[0], tf.shape(x)[1] * 6]),
        "reshape_slice": lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:1], [24]], 0)),
        "reshape_keras": lambda x: K.reshape(x, (-1, 3, 8)),
        "transpose": lambda x: tf.transpose(x, perm=[0, 2, 1]),
        "transpose_all": lambda x: tf.transpose(x),
        "permute": lambda x: K.permute_dimensions(x, (0, 2, 1)),
        "expand_dims": lambda x: tf.expand_dims(x, axis=1),
        "expand_last": lambda x: tf.expand_dims(x, -1),
        "squeeze": lambda wide: tf.squeeze(wide, axis=1),
        "squeeze_list": lambda wide: tf.squeeze(wide, [1]),
        "squeeze_keras": lambda wide: K.squeeze(wide, 1),
        "tile": lambda x: tf.tile(x, [1, 2, 1]),
        "repeat": lambda x: tf.repeat(x, 2, axis=1),
        "repeat_elements": lambda x: K.repeat_elements(x, 2, axis=1),
        "repeat_vector": lambda flat: K.repeat(flat, 3),
        "pad": lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 0]]),
        "pad_value": lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 0]], constant_values=3.0),
        "pad_reflect": lambda image: tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT"),
        "pad_symmetric": lambda image: tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC"),
        "spatial_padding": lambda image: K.spatial_2d_padding(image, ((1, 2), (0, 1))),
        "temporal_padding": lambda x: K.temporal_padding(x, (2, 1)),
        "cast": lambda x: tf.cast(x * 3, tf.int32),
        "cast_half": lambda x: tf.cast(x, "float16"),
        "cast_keras": lambda i: K.cast(i, "float32"),
        "to_float": lambda i: tf.compat.v1.to_float(i),
        "where": lambda x, y: tf.where(x > y, x, y),
        "where_number": lambda x: tf.where(x > 0, x, 0.0),
        "where_zeros": lambda x: tf.where(x > 0, x, tf.zeros_like(x)),
        "switch": lambda x, y: K.switch(x > 0, x, y),
        "gather": lambda x: tf.gather(x, [0, 2], axis=1),
        "gather_default": lambda x: tf.gather(x, 1, axis=2),
        "one_hot": lambda i: tf.one_hot(i, 5),
        "one_hot_axis": lambda i: tf.one_hot(i, depth=5, axis=1),
        "one_hot_values": lambda i: tf.one_hot(i, 5, on_value=0.9, off_value=0.1),
        "one_hot_int": lambda i: tf.one_hot(i, 5, dtype="int32"),
        "one_hot_keras": lambda i: K.one_hot(i, 5),
        "clip": lambda x: tf.clip_by_value(x, -0.5, 0.5),
        "clip_named": lambda x: tf.clip_by_value(x, clip_value_min=-0.5, clip_value_max=0.5),
        "clip_keras": lambda x: K.clip(x, 0, 1),
        "clip_tensor": lambda x, y: tf.clip_by_value(x, y - 1.0, y + 1.0),
        "clip_norm": lambda x: tf.clip_by_norm(x, 1.0, axes=[2]),
        "einsum": lambda x, y: tf.einsum("bij,bkj->bik", x, y),
        "argmax": lambda x: tf.argmax(x, axis=-1),
        "argmin": lambda x: tf.argmin(x, axis=1),
        "argmax_keras": lambda x: K.argmax(x),
        "argsort": lambda x: tf.argsort(x, axis=-1),
        "argsort_down": lambda x: tf.argsort(x, direction="DESCENDING"),
        "sort": lambda x: tf.sort(x, axis=-1),
        "sort_down": lambda x: tf.sort(x, direction="DESCENDING"),
        "top_k": lambda x: tf.math.top_k(x, k=2)[0],
        "top_k_indices": lambda x: tf.nn.top_k(x, 3).indices,
        "cumsum": lambda x: tf.cumsum(x, axis=1),
        "cumsum_exclusive": lambda x: tf.cumsum(x, axis=1, exclusive=True),
        "cumsum_reverse": lambda x: tf.cumsum(x, axis=1, reverse=True),
        "cumprod": lambda x: tf.math.cumprod(x, axis=1),
        "reverse": lambda x: tf.reverse(x, axis=[1]),
        "reverse_keras": lambda x: K.reverse(x, 1),
        "roll": lambda x: tf.roll(x, shift=1, axis=1),
        "roll_axes": lambda x: tf.roll(x, shift=[1, 2], axis=[1, 2]),
        "broadcast_to": lambda wide: tf.broadcast_to(wide, [2, 4, 6]),
        "zeros_like": lambda x: x + tf.zeros_like(x),
        "ones_like": lambda x: x + tf.ones_like(x),
        "identity": lambda x: tf.identity(x) * 2,
        "identity_last": lambda x: tf.identity(x),
        "convert": lambda x: tf.convert_to_tensor(x) + 1,
        "stop_gradient": lambda x: tf.stop_gradient(x) * 2,
        "l2_normalize": lambda x: tf.math.l2_normalize(x, axis=1),
        "l2_normalize_nn": lambda x: tf.nn.l2_normalize(x, -1),
        "l2_normalize_all": lambda x: tf.math.l2_normalize(x),
        "l2_normalize_epsilon": lambda x: tf.math.l2_normalize(x * 1e-3, axis=[1, 2], epsilon=1e-3),
        "l2_normalize_keras": lambda x: K.l2_normalize(x, axis=-1),
        "norm": lambda x: tf.norm(x, axis=-1),
        "norm_one": lambda x: tf.norm(x, ord=1, axis=-1, keepdims=True),
        "norm_all": lambda x: x / tf.norm(x),
        "moments": lambda x: tf.nn.moments(x, axes=[1]),
        "moments_kept": lambda x: tf.nn.moments(x, [-1], keepdims=True)[1],
        "softmax_axis": lambda x: tf.nn.softmax(x, axis=1),
        "leaky_alpha": lambda x: tf.nn.leaky_relu(x, alpha=0.3),
        "leaky_keras": lambda x: K.relu(x, alpha=0.1),
        "relu_max": lambda x: K.relu(x, max_value=0.5),
        "gelu_approximate": lambda x: tf.nn.gelu(x, approximate=True),
        "bias_add": lambda image: tf.nn.bias_add(image, tf.constant([1.0, 2.0, 3.0, 4.0])),
        "bias_add_keras": lambda image: K.bias_add(image, tf.constant([1.0, 2.0, 3.0, 4.0])),
        "batch_dot": lambda x, y: K.batch_dot(x, y, axes=2),
        "dot": lambda x: K.dot(x, tf.constant(np.eye(6, 3), tf.float32)),
        "max_pool": lambda image: tf.nn.max_pool2d(image, 2, 2, "VALID"),
        "max_pool_list": lambda image: tf.nn.max_pool(image, ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="SAME"),
        "avg_pool": lambda image: tf.nn.avg_pool2d(image, ksize=2, strides=1, padding="SAME"),
        "avg_pool_list": lambda image: tf.nn.avg_pool(image, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"),
        "pool_keras": lambda image: K.pool2d(image, (2, 2), strides=(2, 2), pool_mode="avg"),
        "conv": lambda image: tf.nn.conv2d(image, tf.constant(np.ones((3, 3, 4, 2)), tf.float32), 1, "SAME"),
        "conv_keras": lambda image: K.conv2d(image, tf.constant(np.ones((2, 2, 4, 2)), tf.float32), padding="valid"),
        "depthwise": lambda image: tf.nn.depthwise_conv2d(
            image, tf.constant(np.ones((2, 2, 4, 1)), tf.float32), [1, 1, 1, 1], "SAME"
        ),
        "depth_to_space": lambda image: tf.nn.depth_to_space(image, 2),
        "space_to_depth": lambda image: tf.nn.space_to_depth(image, block_size=2),
        "resize": lambda image: tf.image.resize(image, [16, 16]),
        "resize_odd": lambda image: tf.image.resize(image, (5, 11)),
        "resize_nearest": lambda image: tf.image.resize(image, [5, 5], method="nearest"),
        "resize_bicubic": lambda image: tf.image.resize(image, [12, 12], "bicubic"),
        "resize_antialias": lambda image: tf.image.resize(image, [4, 4], antialias=True),
        "resize_images": lambda image: K.resize_images(image, 2, 2, "channels_last", "bilinear"),
        "flip": lambda image: tf.image.flip_left_right(image),
        "flip_up": lambda image: tf.image.flip_up_down(image),
        "grayscale": lambda image: tf.image.rgb_to_grayscale(image[..., :3]),
        "crop": lambda image: tf.image.crop_to_bounding_box(image, 1, 2, 4, 5),
        "central_crop": lambda image: image[:, 2:6, 2:6, :],
        "per_image": lambda image: tf.image.per_image_standardization(image),
        "adjust_contrast": lambda image: tf.image.adjust_brightness(image, 0.5),
        "slice_dots": lambda x: x[..., :1],
        "slice_dots_all": lambda x: x[..., 1::2],
        "slice_int": lambda x: x[:, 0],
        "slice_last": lambda x: x[:, -1, :],
        "slice_new": lambda x: x[:, tf.newaxis, :, 1:3],
        "slice_one": lambda x: x[:, 1:],
        "slice_function": lambda x: tf.slice(x, [0, 1, 0], [-1, 2, 3]),
        "strided_slice": lambda x: tf.strided_slice(x, [0, 1, 0], [2, 3, 6], [1, 1, 2]),
        "add_n": lambda x, y: tf.add_n([x, y, x]),
        "accumulate": lambda x, y: tf.math.accumulate_n([x, y]),
        "scalar": lambda x: tf.math.scalar_mul(3.0, x),
        "bool_any": lambda x: K.any(x > 0, axis=-1),
        "equal_keras": lambda i: K.cast(K.equal(i, 3), "float32"),
        "greater_keras": lambda x: K.cast(K.greater(x, 0.5), "float32"),
        "maximum_keras": lambda x, y: K.maximum(x, y) - K.minimum(x, y),
        "concatenate_keras": lambda x, y: K.concatenate([x, y], axis=1),
        "stack_keras": lambda x, y: K.stack([x, y], axis=-1),
        "expand_keras": lambda x: K.expand_dims(x, 1),
        "flatten_keras": lambda x: K.batch_flatten(x),
        "cumsum_keras": lambda x: K.cumsum(x, axis=1),
        "pow_keras": lambda x: K.pow(x, 2),
        "epsilon_keras": lambda x, y: K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon())),
        "tile_keras": lambda x: K.tile(x, [1, 2, 1]),
        "gather_keras": lambda x: K.gather(x, 0),
        "in_train_phase": lambda x: K.relu(x),
        "int_shape": lambda x: K.reshape(x, (-1, K.int_shape(x)[1] * K.int_shape(x)[2])),
        "shape_keras": lambda x: K.reshape(x, (K.shape(x)[0], 24)),
        "linalg_matmul": lambda x, y: tf.linalg.matmul(x, y, transpose_b=True),
        "matrix_diag_part": lambda x: tf.linalg.diag_part(x[:, :4, :4]),
        "trace": lambda x: tf.linalg.trace(x[:, :4, :4]),
        "linalg_norm": lambda x: tf.linalg.norm(x, axis=1),
        "normalize": lambda x: tf.linalg.normalize(x, axis=-1)[0],
        "cosine": lambda x, y: tf.reduce_sum(tf.nn.l2_normalize(x, -1) * tf.nn.l2_normalize(y, -1), -1),
        "logits": lambda x, y: tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.sigmoid(y), logits=x),
        "softmax_logits": lambda x, y: tf.nn.softmax_cross_entropy_with_logits(labels=tf.nn.softmax(y), logits=x),
        "embedding_lookup": lambda i: tf.nn.embedding_lookup(tf.constant(np.eye(5, 3), tf.float32), i),
        "sequence_mask": lambda flat: tf.cast(tf.sequence_mask(tf.cast(tf.abs(flat) * 3, "int32"), 5), "float32"),
        "band_part": lambda x: tf.linalg.band_part(x, -1, 0),
        "cumulative": lambda x: tf.math.cumulative_logsumexp(x, axis=1),
        "count_nonzero": lambda i: tf.math.count_nonzero(i, axis=1),
        "lerp": lambda x, y: x + tf.math.sigmoid(y) * (y - x),
        "bitwise": lambda i: tf.bitwise.bitwise_and(i, 1),
        "ones": lambda x: x * tf.ones([6]),
        "swish": lambda x: tf.nn.swish(x),
        "activations": lambda x: tf_keras.activations.relu(tf_keras.activations.softmax(x)),
        "activations_more": lambda x: tf_keras.activations.gelu(x)
        + tf_keras.activations.swish(x)
        + tf_keras.activations.hard_sigmoid(x),
        "activations_exponential": lambda x: tf_keras.activations.exponential(x)
        + tf_keras.activations.elu(x, 0.5)
        + tf_keras.activations.selu(x)
        + tf_keras.activations.softsign(x)
        + tf_keras.activations.softplus(x),
        "complex": lambda x: tf.abs(tf.complex(x, x)),
        "erfinv": lambda x: tf.math.erfinv(tf.tanh(x) * 0.5),
        "boolean": lambda x: tf.boolean_mask(x, [True, False, True, False], axis=1),
        "fft": lambda x: tf.signal.fft(tf.cast(x, tf.complex64)),
    }
    return found


def layer_calls() -> dict[str, Case]:
    """Calls of layers as Keras 2 saved them: states, masks, values by name."""
    L, even = tf_keras.layers, tf_keras.initializers.Constant(0.1)
    fixed = {"kernel_initializer": even, "recurrent_initializer": even}

    def attention(**kwargs: Any) -> Any:
        return L.MultiHeadAttention(2, 3, kernel_initializer=even, **kwargs)

    def sequence(x: Any, y: Any) -> Any:
        _, h, c = L.LSTM(3, return_state=True, **fixed)(x)
        return L.LSTM(3, return_sequences=True, **fixed)(y, initial_state=[h, c])

    def gru(x: Any, y: Any) -> Any:
        _, h = L.GRU(3, return_state=True, **fixed)(x)
        return L.GRU(3, **fixed)(y, initial_state=h)

    def bidirectional(x: Any, y: Any) -> Any:
        states = L.Bidirectional(L.LSTM(3, return_state=True, **fixed))(x)[1:]
        return L.Bidirectional(L.LSTM(3, **fixed))(y, initial_state=states)

    def nested(x: Any, y: Any) -> Any:
        inner = {"a": tf_keras.Input((4, 6), name="a"), "b": tf_keras.Input((4, 6), name="b")}
        model = tf_keras.Model(inner, tf.abs(inner["a"] - inner["b"]), name="inner")
        return model({"a": x, "b": y}) + model({"a": y, "b": x * 2.0})

    def listed(x: Any, y: Any) -> Any:
        a, b = tf_keras.Input((4, 6)), tf_keras.Input((4, 6))
        model = tf_keras.Model([a, b], [tf.concat([a, b], 1), a * b], name="two")
        first, second = model([x, y])
        return tf.reduce_mean(first, 1) + tf.reduce_sum(second, 1)

    def shared(x: Any, y: Any) -> Any:
        dense = L.Dense(3, kernel_initializer=even, activation="tanh")
        return tf.sqrt(tf.reduce_sum(tf.square(dense(x) - dense(y)), axis=-1, keepdims=True))

    def masked(i: Any) -> Any:
        tokens = i[:, 0]
        x = L.Embedding(5, 4, embeddings_initializer=even)(tokens)
        return L.LSTM(3, **fixed)(x, mask=tokens > 2)

    return {
        "attention": lambda x, y: attention()(x, y),
        "attention_named": lambda x, y: attention()(query=x, value=y, key=y),
        "attention_mask": lambda x: attention()(x, x, attention_mask=tf.constant(np.tri(4)[None], tf.bool)),
        "attention_scores": lambda x, y: attention()(x, y, return_attention_scores=True),
        "attention_causal": lambda x: attention()(x, x, use_causal_mask=True),
        "dot_attention": lambda x, y: L.Attention()([x, y]),
        "additive": lambda x, y: L.AdditiveAttention(use_scale=False)([x, y, x]),
        "training": lambda x: L.Dropout(0.5)(x, training=False) * 2.0,
        "states": sequence,
        "gru": gru,
        "bidirectional": bidirectional,
        "nested": nested,
        "listed": listed,
        "shared": shared,
        "masked": masked,
        "constant_input": lambda x: L.Add()([x, tf.ones((2, 4, 6))]),
    }


def inputs(names: list[str]) -> dict[str, Any]:
    """Random inputs by the names of arguments."""
    generator = np.random.default_rng(3)
    made = {}
    for name in names:
        shape = (2, *SHAPES[name])
        made[name] = (
            generator.integers(0, 5, shape).astype("int32")
            if name == "i"
            else generator.normal(size=shape).astype("float32")
        )
    return made


def main(folder: Path, *wanted: str) -> None:
    """Saves them all, and says which TensorFlow does not make a model of."""
    failed = {}
    for name, case in (cases() | layer_calls()).items():
        if wanted and name not in wanted:
            continue
        tf_keras.backend.clear_session()
        names = [item for item in case.__code__.co_varnames[: case.__code__.co_argcount] if item in SHAPES]
        try:
            tensors = [
                tf_keras.Input(SHAPES[item], dtype="int32" if item == "i" else "float32", name=item) for item in names
            ]
            model = tf_keras.Model(tensors, case(*tensors))
            model.save(folder / f"{name}.h5")
            given = inputs(names)
            outputs = tf.nest.flatten(model([given[item] for item in names]))
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {str(error)[:200]}"
            (folder / f"{name}.h5").unlink(missing_ok=True)
            continue
        arrays = {f"output{number}": np.asarray(output) for number, output in enumerate(outputs)}
        np.savez(folder / f"{name}.npz", **given, **arrays)
    (folder / "failed.json").write_text(json.dumps(failed, indent=1))


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]), *sys.argv[2:])
