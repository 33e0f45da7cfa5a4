"""Layers of Keras 1, Keras 2 and tf.keras, and that they give the old numbers where tf_keras can be had."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from conftest import Kscaffold

from kscaffold.keras_data import catalogue, migration
from kscaffold.saved.legacy import find_era, modernize

Config = dict[str, Any]


def old_chain(
    *layers: tuple[str, dict[str, Any]], version: str = "2.3.1", shape: tuple[int, ...] = (8,)
) -> dict[str, Any]:
    """A `Sequential` as an old Keras saved it, whose first layer knows the shape."""
    entries = []
    for number, (name, config) in enumerate(layers):
        given = {"name": f"{catalogue.made_up_stem(name)}_{number}", "trainable": True, **config}
        entries.append({"class_name": name, "config": given})
    entries[0]["config"]["batch_input_shape"] = [None, *shape]
    return {"class_name": "Sequential", "config": entries, "keras_version": version, "backend": "tensorflow"}


def source(kscaffold: Kscaffold, folder: Path, config: dict[str, Any], *flags: str) -> str:
    """What the command writes for an architecture, without its check."""
    (folder / "old.json").write_text(json.dumps(config))
    done = kscaffold("from", "old.json", "small", "--no-check", "--stdout", *flags)
    assert done.exit_code == 0, done.err
    return done.out


@pytest.mark.parametrize(
    ("name", "config", "written"),
    [
        ("LeakyReLU", {"alpha": 0.10000000149011612}, "layers.LeakyReLU(negative_slope=0.1)"),
        ("LeakyReLU", {}, "layers.LeakyReLU()"),
        ("ThresholdedReLU", {"theta": 0.5}, "layers.ReLU(threshold=0.5)"),
        ("Dense", {"units": 4, "activation": "hard_sigmoid"}, "layers.Dense(4, activation=hard_sigmoid_of_keras_2)"),
        ("SyncBatchNormalization", {"axis": [1]}, "layers.BatchNormalization(synchronized=True)"),
    ],
)
def test_arguments_keep_their_meaning(
    kscaffold: Kscaffold, folder: Path, name: str, config: dict[str, Any], written: str
) -> None:
    text = source(kscaffold, folder, old_chain(("Dense", {"units": 8}), (name, config)))
    assert written in text


@pytest.mark.parametrize(
    ("name", "config", "written"),
    [
        ("GRU", {"units": 8}, ["reset_after=False", "recurrent_activation=hard_sigmoid_of_keras_2"]),
        ("LSTM", {"units": 8, "recurrent_activation": "hard_sigmoid"}, ["hard_sigmoid_of_keras_2"]),
        ("LSTM", {"units": 8, "recurrent_activation": "sigmoid", "time_major": False}, ["layers.LSTM(8)"]),
        ("CuDNNLSTM", {"units": 50, "return_sequences": True}, ["layers.LSTM(50, return_sequences=True)"]),
        ("CuDNNGRU", {"units": 5}, ["layers.GRU(5)"]),
        (
            "Convolution1D",
            {"nb_filter": 4, "filter_length": 3, "init": "glorot_uniform"},
            ["layers.Conv1D(4, 3)"],
        ),
        ("Conv1D", {"filters": 4, "kernel_size": [3], "padding": "causal"}, ['padding="causal"']),
    ],
)
def test_sequences(kscaffold: Kscaffold, folder: Path, name: str, config: dict[str, Any], written: list[str]) -> None:
    text = source(kscaffold, folder, old_chain((name, config), shape=(6, 3)))
    assert all(one in text for one in written), text


def test_an_initializer_that_has_a_name_is_called_by_it(kscaffold: Kscaffold, folder: Path) -> None:
    given = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}
    he = {**given, "scale": 2, "mode": "fan_in", "distribution": "normal"}
    entries = [
        ("Dense", {"units": 4, "kernel_initializer": {"class_name": "VarianceScaling", "config": config}})
        for config in (given, he, {**given, "scale": 3.0})
    ]
    text = source(kscaffold, folder, old_chain(*entries))
    assert "layers.Dense(4),\n" in text and 'layers.Dense(4, kernel_initializer="he_normal")' in text
    assert "VarianceScaling(" in text and "scale=3.0" in text


def test_a_convolution_of_keras_1(kscaffold: Kscaffold, folder: Path) -> None:
    convolution = {
        "nb_filter": 16, "nb_row": 3, "nb_col": 5, "subsample": [2, 2], "border_mode": "same", "dim_ordering": "tf",
        "init": "he_normal", "bias": False, "activation": "relu",
        "W_constraint": {"name": "MaxNorm", "m": 3, "axis": 0},
        "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.02}, "b_regularizer": None,
        "activity_regularizer": None, "b_constraint": None,
    }  # fmt: skip
    chain = old_chain(
        ("Convolution2D", convolution),
        ("MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid", "dim_ordering": "tf"}),
        ("Dropout", {"p": 0.25}),
        ("Flatten", {}),
        ("Dense", {"output_dim": 3, "init": "uniform", "activation": "softmax", "bias": True, "input_dim": None}),
        version="1.2.2",
        shape=(32, 32, 3),
    )
    text = source(kscaffold, folder, chain)
    words = " ".join(text.split())
    assert 'layers.Conv2D( 16, (3, 5), strides=2, padding="same", activation="relu", use_bias=False,' in words
    assert 'kernel_initializer="he_normal"' in words and "kernel_regularizer=keras.regularizers.L2(0.02)" in words
    assert "kernel_constraint=keras.constraints.MaxNorm(max_value=3)" in words and "layers.Dropout(0.25)" in words
    assert "layers.MaxPooling2D()" in words
    assert 'layers.Dense(3, activation="softmax", kernel_initializer="random_uniform")' in words


def test_branches_that_keras_1_merged_are_a_graph(kscaffold: Kscaffold, folder: Path) -> None:
    left, right = (old_chain(("Dense", {"output_dim": 4}), version="1.2.2", shape=(size,)) for size in (8, 3))
    merge = {
        "class_name": "Merge",
        "config": {"name": "merge_1", "mode": "concat", "concat_axis": -1, "layers": [left, right]},
    }
    dense = {"class_name": "Dense", "config": {"name": "dense_9", "output_dim": 1, "activation": "sigmoid"}}
    text = source(kscaffold, folder, {"class_name": "Sequential", "config": [merge, dense], "keras_version": "1.2.2"})
    assert "layers.Concatenate()" in text and text.count("layers.Dense(4") == 2 and "keras.Model(" in text


@pytest.mark.parametrize(
    ("mode", "layer"), [("sum", "Add"), ("mul", "Multiply"), ("ave", "Average"), ("dot", "Dot"), ("cos", "Dot")]
)
def test_each_mode_of_merging_is_a_layer(mode: str, layer: str) -> None:
    branch = old_chain(("Dense", {"output_dim": 4}), version="1.2.2")
    merge = {
        "class_name": "Merge",
        "config": {"name": "merge_1", "mode": mode, "dot_axes": [1], "layers": [branch, branch]},
    }
    modern = modernize({"class_name": "Sequential", "config": [merge], "keras_version": "1.1.0"})
    assert modern.config["config"]["layers"][-1]["class_name"] == layer
    assert modern.era == "keras1"


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("Dense", {"units": 4, "foo": 3}, "The layer 'dense_0' has foo=3, which no Dense of Keras 3 takes."),
        ("LSTM", {"units": 4, "time_major": True}, "has time_major=True, which no LSTM of Keras 3 takes."),
        ("BatchNormalization", {"mode": 2, "axis": -1}, "has mode=2, which no BatchNormalization of Keras 3 takes."),
        ("BatchNormalization", {"axis": [1], "virtual_batch_size": 8}, "has virtual_batch_size=8"),
        ("Attention", {"causal": True}, "has causal=True"),
    ],
)
def test_nothing_is_left_out_silently(
    kscaffold: Kscaffold, folder: Path, name: str, config: dict[str, Any], message: str
) -> None:
    (folder / "old.json").write_text(json.dumps(old_chain((name, config))))
    refused = kscaffold("from", "old.json", "--no-check")
    assert refused.exit_code == 2 and message in refused.err and "old.json:" in refused.err
    assert [path.name for path in folder.iterdir()] == ["old.json"]


def test_an_unknown_argument_of_a_file_of_keras_3_is_named_too(kscaffold: Kscaffold, folder: Path) -> None:
    from helpers.saved_configs import chain, layer, write_json

    write_json(folder / "new.json", chain(layer("Dense", "dense", "input_layer", units=4, sparkles=True)))
    refused = kscaffold("from", "new.json", "--no-check")
    assert refused.exit_code == 2 and "'dense' has sparkles=True, which no Dense of Keras 3 takes" in refused.err


def test_whole_numbers_are_what_a_first_layer_takes(kscaffold: Kscaffold, folder: Path) -> None:
    embedding = {"input_dim": 9, "output_dim": 4, "dtype": "int32"}
    text = source(kscaffold, folder, old_chain(("Embedding", embedding), ("Dense", {"units": 1}), shape=(5,)))
    assert 'keras.Input((5,), dtype="int32")' in text and "layers.Embedding(9, 4)" in text


def test_what_training_loses_is_a_warning(kscaffold: Kscaffold, folder: Path) -> None:
    embedding = {"input_dim": 9, "output_dim": 4, "init": "uniform", "dropout": 0.2, "mask_zero": False}
    (folder / "old.json").write_text(json.dumps(old_chain(("Embedding", embedding), version="1.2.2", shape=(5,))))
    done = kscaffold("from", "old.json", "small", "--no-check", "--stdout")
    assert done.exit_code == 0 and "layers.Embedding(9, 4)" in done.out
    assert "The layer 'embedding_0' left out 0.2 of all words in training" in done.err


def test_a_layer_that_is_gone_says_why(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "old.json").write_text(
        json.dumps(old_chain(("MaxoutDense", {"output_dim": 3, "nb_feature": 2}), version="1.2.2"))
    )
    refused = kscaffold("from", "old.json", "--no-check")
    assert (
        refused.exit_code == 1
        and "Keras 3 has it no more: it was removed with Keras 2: a Dense layer of" in refused.err
    )


def test_the_era_is_known_by_what_only_one_keras_wrote() -> None:
    assert find_era({"class_name": "Sequential", "config": []}, "") == "keras2"
    assert find_era(old_chain(("Dense", {"units": 1})), "") == "keras2"
    assert find_era(old_chain(("Dense", {"output_dim": 1, "init": "uniform"})), "") == "keras1"
    assert find_era({"module": "keras", "class_name": "Sequential", "config": {"layers": []}}, "") == "keras3"
    assert find_era({}, "3.1.0") == "keras3"


def test_a_file_of_keras_3_is_left_as_it_is() -> None:
    from helpers.saved_configs import chain, layer

    config = chain(layer("Dense", "dense", "input_layer", units=4))
    assert modernize(config).config == config and modernize(config).origins == {}


# Layers of Keras 2 and tf.keras that Keras 3 has not, each under all names that it had.
GONE = {
    "CuDNNGRU", "CuDNNLSTM", "DenseFeatures", "LocallyConnected1D", "LocallyConnected2D", "RandomHeight", "RandomWidth",
    "SyncBatchNormalization", "ThresholdedReLU", "PeepholeLSTMCell", "RandomFourierFeatures", "Convolution2DTranspose",
    "Convolution3DTranspose",
}  # fmt: skip


def test_every_layer_that_is_gone_is_known() -> None:
    for name in GONE:
        old = migration.find_layer(name)
        assert old.removed or old.supplied or (catalogue.is_layer(old.now) and (old.now != name)), name
    for name, entry in migration.read("layers")["layers"].items():
        assert entry.get("removed") or catalogue.is_layer(entry.get("now", name)), name
        renamed = set(entry.get("arguments", {}).values())
        if not entry.get("removed"):
            now = catalogue.find_class(entry.get("now", name))
            assert renamed <= {*now.parameters, "rate"}, name
            assert {*entry.get("add", {}), *entry.get("absent", {})} <= {*now.parameters}, name


Case = tuple[str, Callable[[Any], Any], tuple[int, ...]]
CASES: list[Case] = [
    ("leaky", lambda k: k.layers.LeakyReLU(alpha=0.1), (8,)),
    ("leaky_default", lambda k: k.layers.LeakyReLU(), (8,)),
    ("thresholded", lambda k: k.layers.ThresholdedReLU(theta=0.4), (8,)),
    ("elu", lambda k: k.layers.ELU(alpha=0.7), (8,)),
    ("prelu", lambda k: k.layers.PReLU(alpha_initializer="uniform", shared_axes=[1]), (6, 3)),
    ("relu", lambda k: k.layers.ReLU(max_value=0.8, negative_slope=0.1, threshold=0.1), (8,)),
    ("hard_sigmoid", lambda k: k.layers.Dense(4, activation="hard_sigmoid"), (8,)),
    ("hard_sigmoid_layer", lambda k: k.layers.Activation("hard_sigmoid"), (8,)),
    ("swish", lambda k: k.layers.Dense(4, activation="swish"), (8,)),
    ("gelu", lambda k: k.layers.Dense(4, activation="gelu"), (8,)),
    ("softmax", lambda k: k.layers.Softmax(axis=1), (6, 3)),
    ("gru", lambda k: k.layers.GRU(5, reset_after=False), (6, 3)),
    ("gru_after", lambda k: k.layers.GRU(5, go_backwards=True, return_sequences=True), (6, 3)),
    ("lstm_hard", lambda k: k.layers.LSTM(5, recurrent_activation="hard_sigmoid"), (6, 3)),
    ("simple_rnn", lambda k: k.layers.SimpleRNN(5, unroll=True), (6, 3)),
    ("bidirectional", lambda k: k.layers.Bidirectional(k.layers.LSTM(4), merge_mode="ave"), (6, 3)),
    ("stacked", lambda k: k.layers.RNN([k.layers.LSTMCell(4), k.layers.GRUCell(3)]), (6, 3)),
    ("time_distributed", lambda k: k.layers.TimeDistributed(k.layers.Dense(4, activation="hard_sigmoid")), (6, 3)),
    ("conv_lstm", lambda k: k.layers.ConvLSTM2D(3, 3, padding="same"), (4, 5, 5, 2)),
    ("conv1d", lambda k: k.layers.Conv1D(4, 3, dilation_rate=2, padding="causal"), (9, 3)),
    ("conv2d", lambda k: k.layers.Conv2D(4, (3, 2), strides=(2, 1), groups=2, padding="same"), (8, 8, 4)),
    ("conv3d", lambda k: k.layers.Conv3D(2, 2), (4, 4, 4, 3)),
    ("depthwise", lambda k: k.layers.DepthwiseConv2D(3, depth_multiplier=2), (8, 8, 3)),
    ("depthwise1d", lambda k: k.layers.DepthwiseConv1D(3), (8, 3)),
    ("separable", lambda k: k.layers.SeparableConv2D(5, 3, padding="same"), (8, 8, 3)),
    ("separable1d", lambda k: k.layers.SeparableConv1D(5, 3), (8, 3)),
    ("transposed", lambda k: k.layers.Conv2DTranspose(4, 3, strides=2, padding="same"), (4, 4, 3)),
    ("transposed_valid", lambda k: k.layers.Conv2DTranspose(4, 3, strides=2, output_padding=1), (4, 4, 3)),
    ("transposed1d", lambda k: k.layers.Conv1DTranspose(4, 3, strides=2), (4, 3)),
    ("local1d", lambda k: k.layers.LocallyConnected1D(4, 3, strides=2, activation="relu"), (9, 3)),
    ("local2d", lambda k: k.layers.LocallyConnected2D(4, (3, 2), strides=(2, 1)), (7, 6, 3)),
    ("local2d_bare", lambda k: k.layers.LocallyConnected2D(4, 3, use_bias=False), (5, 5, 2)),
    ("batch_norm", lambda k: k.layers.BatchNormalization(axis=1, epsilon=0.1), (6, 3)),
    ("sync_batch_norm", lambda k: k.layers.experimental.SyncBatchNormalization(), (6, 3)),
    ("layer_norm", lambda k: k.layers.LayerNormalization(axis=[1, 2], epsilon=0.01), (6, 3)),
    ("group_norm", lambda k: k.layers.GroupNormalization(groups=2), (6, 4)),
    ("unit_norm", lambda k: k.layers.UnitNormalization(axis=-1), (6, 4)),
    ("embedding", lambda k: k.layers.Embedding(9, 4, input_length=6), (6,)),
    ("up_sampling", lambda k: k.layers.UpSampling2D((2, 3), interpolation="bilinear"), (4, 4, 2)),
    ("up_sampling_cubic", lambda k: k.layers.UpSampling2D(2, interpolation="bicubic"), (4, 4, 2)),
    ("max_pool", lambda k: k.layers.MaxPooling2D((3, 2), strides=2, padding="same"), (7, 7, 2)),
    ("average_pool", lambda k: k.layers.AveragePooling1D(2), (7, 2)),
    ("global_pool", lambda k: k.layers.GlobalAveragePooling2D(keepdims=True), (4, 4, 2)),
    ("zero_padding", lambda k: k.layers.ZeroPadding2D(((1, 0), (2, 3))), (4, 4, 2)),
    ("cropping", lambda k: k.layers.Cropping2D(((1, 0), (0, 1))), (4, 4, 2)),
    ("permute", lambda k: k.layers.Permute((2, 1)), (4, 3)),
    ("repeat", lambda k: k.layers.RepeatVector(3), (4,)),
    ("rescaling", lambda k: k.layers.Rescaling(1 / 127.5, offset=-1), (4, 4, 3)),
    ("resizing", lambda k: k.layers.Resizing(6, 5, interpolation="bilinear"), (4, 4, 3)),
    ("center_crop", lambda k: k.layers.CenterCrop(2, 3), (5, 5, 3)),
    ("normalization", lambda k: k.layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0]), (2,)),
    ("category", lambda k: k.layers.CategoryEncoding(num_tokens=9, output_mode="multi_hot"), (6,)),
    ("discretization", lambda k: k.layers.Discretization(bin_boundaries=[-0.5, 0.0, 0.5]), (6,)),
    ("flip", lambda k: k.layers.RandomFlip("horizontal", seed=1), (4, 4, 3)),
    ("rotation", lambda k: k.layers.RandomRotation(0.2, fill_mode="nearest"), (4, 4, 3)),
    ("zoom", lambda k: k.layers.RandomZoom((-0.2, 0.1)), (4, 4, 3)),
    ("contrast", lambda k: k.layers.RandomContrast(0.2), (4, 4, 3)),
    ("brightness", lambda k: k.layers.RandomBrightness(0.2), (4, 4, 3)),
    ("translation", lambda k: k.layers.RandomTranslation(0.2, 0.1), (4, 4, 3)),
    ("spatial_dropout", lambda k: k.layers.SpatialDropout2D(0.2), (4, 4, 3)),
    ("noise", lambda k: k.layers.GaussianNoise(0.2), (4,)),
    ("activity", lambda k: k.layers.ActivityRegularization(l2=0.1), (4,)),
    ("einsum", lambda k: k.layers.EinsumDense("ab,bc->ac", output_shape=5, bias_axes="c"), (4,)),
    ("regularized", lambda k: k.layers.Dense(3, kernel_regularizer=k.regularizers.L1L2(0.1, 0.2)), (4,)),
    ("constrained", lambda k: k.layers.Dense(3, kernel_constraint=k.constraints.MaxNorm(2)), (4,)),
    ("truncated", lambda k: k.layers.Dense(3, kernel_initializer=k.initializers.VarianceScaling(2.0)), (4,)),
]  # fmt: skip


@pytest.fixture(scope="module")
def tf_keras() -> ModuleType:
    """Keras 2, where it can be had."""
    module: ModuleType = pytest.importorskip("tf_keras")
    return module


@pytest.mark.keras
@pytest.mark.parametrize(("name", "make", "shape"), CASES, ids=[case[0] for case in CASES])
def test_the_old_numbers_come_out(
    tf_keras: ModuleType,
    kscaffold: Kscaffold,
    folder: Path,
    name: str,
    make: Callable[[Any], Any],
    shape: tuple[int, ...],
) -> None:
    old = tf_keras.Sequential([tf_keras.layers.InputLayer(shape), make(tf_keras)])
    generator = np.random.default_rng(0)
    for weight in old.weights:
        is_scale = "variance" in weight.name or "gamma" in weight.name
        if weight.dtype.is_floating:
            weight.assign(generator.uniform(0.2 if is_scale else -0.6, 0.9, weight.shape))
    inputs = generator.normal(size=(2, *shape)).astype("float32")
    if name in ("embedding", "category"):
        inputs = generator.integers(0, 9, size=(2, *shape)).astype("float32")
    old.save(folder / "old.h5")
    done = kscaffold("from", "old.h5", name, "--no-check", "--no-test")
    assert done.exit_code == 0, done.err
    namespace: dict[str, Any] = {"__name__": f"made_{name}"}
    exec(compile((folder / f"{name}.py").read_text(), f"{name}.py", "exec"), namespace)
    model = namespace[f"build_{name}"]()
    if not model.built:
        model.build((None, *shape))
    numbers = [weight for weight in old.get_weights() if weight.dtype.kind == "f"]
    fitting = [weight for weight in model.weights if "seed" not in weight.path and weight.dtype != "int64"]
    for weight, number in zip(fitting, numbers, strict=True):
        weight.assign(number)
    np.testing.assert_allclose(model(inputs, training=False), old(inputs, training=False), rtol=1e-5, atol=1e-5)
