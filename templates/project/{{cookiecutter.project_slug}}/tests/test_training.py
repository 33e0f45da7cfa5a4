"""Tests of the training program, from its command line to the exported model."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf

from {{ cookiecutter.package }}.data import make_training_dataset, model_inputs
from {{ cookiecutter.package }}.examples import INPUTS, make_examples
from {{ cookiecutter.package }}.train import MODELS, main

QUICK = ["--examples", "60", "--batch-size", "8", "--seed", "1"]


def train(folder, *arguments):
    main([*QUICK, "--run-dir", str(folder), *arguments])


def read_log(folder):
    with (folder / "log.csv").open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize("name", MODELS)
def test_training_learns_and_leaves_a_model(tmp_path, name):
    train(tmp_path, "--model", name, "--epochs", "3", "--learning-rate", "0.003")
    rows = read_log(tmp_path)
    assert [row["epoch"] for row in rows] == [0, 1, 2]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert list((tmp_path / "tensorboard").glob("*/events*"))

    inputs = model_inputs({name: rows[:4] for name, rows in make_examples(60).items()})
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(model, keras.Model)
    expected = keras.tree.flatten(model.predict(inputs, verbose=0))
    loaded = tf.saved_model.load(tmp_path / "saved_model")
    for one, other in zip(expected, keras.tree.flatten(loaded.serve(inputs)), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5)


def test_a_run_resumes_as_if_it_had_not_been_interrupted(tmp_path):
    train(tmp_path / "whole", "--epochs", "2")
    train(tmp_path / "parts", "--epochs", "1")
    train(tmp_path / "parts", "--epochs", "2")
    assert read_log(tmp_path / "parts") == read_log(tmp_path / "whole")


def test_a_run_with_other_settings_does_not_resume(tmp_path, capsys):
    train(tmp_path, "--epochs", "1")
    with pytest.raises(SystemExit) as stopped:
        train(tmp_path, "--epochs", "2", "--batch-size", "4")
    assert stopped.value.code == 2
    assert "--fresh" in capsys.readouterr().err


def test_each_epoch_has_its_own_order_that_the_seed_decides():
    examples = make_examples(20)

    def first_inputs(seed, first_epoch):
        batch, _ = next(iter(make_training_dataset(examples, 20, seed, first_epoch)))
        return keras.tree.flatten(batch)[0].numpy()

    assert not np.array_equal(first_inputs(1, 0), first_inputs(1, 1))
    np.testing.assert_array_equal(first_inputs(1, 3), first_inputs(1, 3))
    assert len(first_inputs(1, 0)) == len(examples[INPUTS[0].name])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs"),
        (["--batch-size", "many"], "--batch-size"),
        (["--batch-size", "1000"], "more than the"),
        (["--data", "missing.npz"], "missing.npz"),
        (["--strategy", "multiworker"], "TF_CONFIG"),
    ],
)
def test_bad_arguments_are_reported_in_one_line(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(SystemExit) as stopped:
        train(tmp_path / "run", *arguments)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "run").exists()
