"""What a saved model was compiled with comes out as a function that compiles it so."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Kscaffold
from helpers.saved_configs import chain, layer, write_json, write_keras
from test_old_layers import old_chain

from kscaffold.saved.value import Compiled
from kscaffold.source.compiled import compile_source

Config = dict[str, Any]


def new_file(folder: Path, **compiled: Any) -> Path:
    """A `.keras` file of a compiled model."""
    adam = {"module": "keras.optimizers", "class_name": "Adam", "config": {"name": "adam", "learning_rate": 0.001}}
    given = {"optimizer": adam, "loss": "mse", "metrics": None, "jit_compile": False, "run_eagerly": False, **compiled}
    config = chain(layer("Dense", "dense", "input_layer", units=3))
    return write_keras(folder / "new.keras", {**config, "compile_config": given})


def compiled(kscaffold: Kscaffold, file: str, *flags: str) -> str:
    """The function that compiles, on one line."""
    done = kscaffold("from", file, "small", "--no-check", "--stdout", *flags)
    assert done.exit_code == 0, done.err
    return " ".join(done.out.partition("def compile_small(model):")[2].replace(",\n    )", ")").split())


def serialized(module: str, class_name: str, /, **config: Any) -> Config:
    """An object as Keras 3 saves it."""
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({}, 'model.compile( optimizer=keras.optimizers.Adam(), loss="mse")'),
        ({"metrics": ["accuracy", "mae"]}, 'metrics=["accuracy", "mae"]'),
        ({"loss": {"a": "mse", "b": "mae"}, "loss_weights": {"a": 1.0, "b": 0.5}}, 'loss_weights={"a": 1.0, "b": 0.5}'),
        (
            {
                "loss": serialized(
                    "keras.losses", "Huber", name="huber_loss", reduction="sum_over_batch_size", delta=2.0
                )
            },
            "loss=keras.losses.Huber(delta=2.0",
        ),
        (
            {"metrics": [serialized("keras.metrics", "AUC", name="auc_3", dtype="float32", curve="PR")]},
            'metrics=[keras.metrics.AUC(curve="PR")]',
        ),
        ({"run_eagerly": True, "steps_per_execution": 4}, "run_eagerly=True, steps_per_execution=4"),
    ],
)
def test_what_is_not_as_usual_is_written(kscaffold: Kscaffold, folder: Path, given: Config, written: str) -> None:
    new_file(folder, **given)
    assert written in compiled(kscaffold, "new.keras")


def test_a_model_that_was_not_compiled_has_no_such_function(kscaffold: Kscaffold, folder: Path) -> None:
    write_keras(folder / "new.keras", chain(layer("Dense", "dense", "input_layer", units=3)))
    assert compiled(kscaffold, "new.keras") == ""


def old_file(folder: Path, training: Config) -> None:
    """An architecture of Keras 2 with what only its HDF5 files say."""
    chain = old_chain(("Dense", {"units": 4}))
    write_json(folder / "old.json", {**chain, "training_config": training})


@pytest.mark.parametrize(
    ("training", "written"),
    [
        (
            {
                "optimizer_config": {
                    "class_name": "SGD",
                    "config": {
                        "lr": 0.009999999776482582,
                        "momentum": 0.8999999761581421,
                        "decay": 0.0,
                        "nesterov": True,
                    },
                },
                "loss": "cosine_proximity",
                "metrics": ["acc"],
            },
            "optimizer=keras.optimizers.SGD(momentum=0.9, nesterov=True),"
            ' loss="cosine_similarity", metrics=["accuracy"]',
        ),
        (
            {"optimizer_config": {"class_name": "Adam", "config": {"lr": 0.01, "decay": 0.1}}, "loss": "mse"},
            "learning_rate=keras.optimizers.schedules.InverseTimeDecay(",
        ),
        (
            {
                "optimizer_config": {
                    "class_name": "Custom>Adam",
                    "config": {
                        "learning_rate": 0.0003000000142492354,
                        "is_legacy_optimizer": False,
                        "jit_compile": True,
                        "name": "Adam",
                    },
                },
                "loss": {
                    "class_name": "SparseCategoricalCrossentropy",
                    "config": {
                        "reduction": "auto",
                        "from_logits": True,
                        "name": "sparse_categorical_crossentropy",
                        "ignore_class": None,
                        "fn": "sparse_categorical_crossentropy",
                    },
                },
                "metrics": [
                    [
                        {
                            "class_name": "MeanMetricWrapper",
                            "config": {"name": "accuracy", "dtype": "float32", "fn": "sparse_categorical_accuracy"},
                        },
                        {
                            "class_name": "MeanMetricWrapper",
                            "config": {"name": "top", "dtype": "float32", "fn": "sparse_top_k_categorical_accuracy"},
                        },
                    ]
                ],
            },
            "keras.optimizers.Adam(learning_rate=0.0003),"
            " loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),"
            ' metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(name="top")]',
        ),
    ],
)
def test_what_keras_2_said_is_said_as_keras_3_does(
    kscaffold: Kscaffold, folder: Path, training: Config, written: str
) -> None:
    old_file(folder, training)
    text = compiled(kscaffold, "old.json")
    assert written.replace(" ", "") in text.replace(" ", ""), text


def test_a_keras_file_of_tf_keras_says_it_as_keras_3_does(kscaffold: Kscaffold, folder: Path) -> None:
    layers = [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 8], "name": "dense_7_input"}},
        {"class_name": "Dense", "config": {"name": "dense_7", "units": 3}},
    ]
    adam = {"learning_rate": 0.0001, "jit_compile": False, "is_legacy_optimizer": False}
    given = {
        "optimizer": {**serialized("keras.optimizers", "Adam", **adam), "registered_name": "Adam"},
        "loss": serialized(
            "keras.losses", "BinaryCrossentropy", from_logits=True, reduction="auto", fn="binary_crossentropy"
        ),
        "metrics": ["accuracy"],
    }
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
    write_keras(folder / "new.keras", {**config, "compile_config": given})
    text = compiled(kscaffold, "new.keras")
    assert "Adam(learning_rate=0.0001), loss=keras.losses.BinaryCrossentropy(from_logits=True), metrics" in text
    assert "keras.Input((8,))," in kscaffold("from", "new.keras", "small", "--no-check", "--stdout").out


def test_what_cannot_be_kept_is_said(kscaffold: Kscaffold, folder: Path) -> None:
    nadam = {"class_name": "Nadam", "config": {"lr": 0.002, "schedule_decay": 0.004, "sparkles": 3}}
    old_file(folder, {"optimizer_config": nadam, "loss": "mse", "metrics": ["precision"]})
    done = kscaffold("from", "old.json", "small", "--no-check", "--stdout")
    assert "Nadam has no schedule_decay" in done.err and "Nadam had sparkles=3" in done.err
    assert "the metric 'precision' was removed with Keras 2" in done.err


def test_a_loss_that_the_file_only_names_leaves_the_architecture(kscaffold: Kscaffold, folder: Path) -> None:
    new_file(
        folder, loss={"module": "builtins", "class_name": "function", "config": "my_loss", "registered_name": "my_loss"}
    )
    done = kscaffold("from", "new.keras", "small", "--no-check", "--stdout")
    assert (
        done.exit_code == 0 and "def build_small" in done.out and "compile" not in done.out.replace("not compiled", "")
    )
    assert "The model was compiled with the loss my_loss, of which the file holds the name alone" in done.err
    assert "--custom my_package.training:my_loss" in done.err
    imported = compiled(kscaffold, "new.keras", "--custom", "losses_of_mine:my_loss")
    assert "loss=my_loss" in imported
    stub = kscaffold("from", "new.keras", "small", "--no-check", "--stdout", "--allow-stubs").out
    assert "def my_loss(y_true, y_pred):" in stub and "raise NotImplementedError" in stub and "loss=my_loss" in stub


@pytest.mark.parametrize("name", ["system", "__import__('os')", "{{ pwn() }}", "lambda", "x\ny", "é" * 300])
def test_no_name_of_a_file_becomes_a_call(kscaffold: Kscaffold, folder: Path, name: str) -> None:
    new_file(
        folder,
        loss={"class_name": "function", "config": name},
        metrics=[{"class_name": name, "config": {"name": name}, "registered_name": name, "module": name}],
    )
    done = kscaffold("from", "new.keras", "small", "--no-check", "--stdout", "--allow-stubs")
    assert done.exit_code in (0, 2), done.err
    assert "itself failed" not in done.err
    tree = ast.parse(done.out)
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert (
        called <= {*defined, "NotImplementedError", "super"} and not called & {"system", "pwn", "__import__"} - defined
    )


COMPILED = """
import keras

model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, activation="softmax")])
schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
metrics = ["accuracy", keras.metrics.TopKCategoricalAccuracy(k=2, name="best")]
optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.01)
model.compile(optimizer, keras.losses.CategoricalFocalCrossentropy(), metrics=metrics)
model.save("real.keras")
model.save("real.h5")
"""


@pytest.mark.keras
def test_the_check_holds_compile_against_the_file(kscaffold: Kscaffold, folder: Path) -> None:
    subprocess.run([sys.executable, "-c", COMPILED], cwd=folder, check=True, capture_output=True)
    for file in ("real.keras", "real.h5"):
        done = kscaffold("from", file, "small", "--force")
        assert done.exit_code == 0, done
        text = (folder / "small.py").read_text()
        assert "ExponentialDecay(" in text and 'TopKCategoricalAccuracy(k=2, name="best")' in text


@pytest.mark.keras
def test_another_compile_is_a_difference(kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_file(folder, loss="mae")
    subprocess.run([sys.executable, "-c", COMPILED], cwd=folder, check=True, capture_output=True)
    written = compile_source

    def wrong(what: Compiled, name: str) -> str:
        return written(what, name).replace("k=2", "k=3")

    monkeypatch.setattr("kscaffold.kinds.saved_module.compile_source", wrong)
    done = kscaffold("from", "real.keras", "small")
    assert done.exit_code == 1 and "KS601 it is compiled otherwise" in done.out, done
    assert not (folder / "small.py").exists()
