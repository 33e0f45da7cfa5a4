"""Losses, metrics, callbacks and the other kinds, written by their templates and held against Keras and NumPy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Kscaffold
from helpers.layer_library import close, written_class

from kscaffold.base.kinds import find_kinds
from kscaffold.library.templates import Catalogue

pytestmark = pytest.mark.keras

TEMPLATES = [template for kind in find_kinds() for template in Catalogue().of_kind(kind)]


@pytest.fixture(scope="module")
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def make(kscaffold: Kscaffold, folder: Path) -> Any:
    """Writes the module of a template, and gives its class."""

    return lambda kind, name: written_class(kscaffold, folder, name, kind)


def test_there_are_three_of_each_kind_beside_the_blank_one() -> None:
    for kind in find_kinds():
        names = [template.name for template in TEMPLATES if template.kind == kind]
        assert "blank" in names and len(names) >= 4, kind


def test_all_pass_the_check_and_their_own_tests(kscaffold: Kscaffold, folder: Path) -> None:
    for template in TEMPLATES:
        made = kscaffold(template.kind, f"{template.kind}_{template.name}", "-t", template.name, "--json")
        assert made.exit_code == 0, made
        (subject,) = json.loads(made.out)["check"]["subjects"]
        assert subject["ok"] and not subject["findings"] and not subject["skipped"], (template.full_name, subject)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# ---- Losses


def test_focal_is_that_of_keras_and_cross_entropy_without_gamma(make: Any, generator: Any) -> None:
    import keras

    focal = make("loss", "focal")
    y_true = np.eye(4, dtype="float32")[[0, 2, 1]]
    logits = generator.normal(size=(3, 4)).astype("float32")
    probabilities = np.asarray(keras.ops.softmax(logits))
    reference = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=2.0)
    close(focal(gamma=2.0)(y_true, probabilities), reference(y_true, probabilities))
    close(focal(gamma=2.0, from_logits=True)(y_true, logits), reference(y_true, probabilities))
    close(focal(gamma=0.0)(y_true, probabilities), keras.losses.CategoricalCrossentropy()(y_true, probabilities))
    with pytest.raises(ValueError, match="gamma"):
        focal(gamma=-1.0)


def test_the_median_is_half_the_absolute_error_and_other_quantiles_weigh_sides(make: Any) -> None:
    quantile = make("loss", "quantile")
    y_true, y_pred = np.array([[1.0], [2.0]], "float32"), np.array([[3.0], [1.0]], "float32")
    close(quantile(quantiles=(0.5,))(y_true, y_pred), 0.5 * 1.5)
    close(quantile(quantiles=(0.9,), reduction="none")(y_true, y_pred), [0.1 * 2.0, 0.9 * 1.0])
    with pytest.raises(ValueError, match="One prediction is needed for each of 3 quantiles"):
        quantile()(y_true, y_pred)


def test_contrastive_compares_each_example_with_all_others(make: Any, generator: Any) -> None:
    labels = np.array([0, 1, 0, 1, 2])
    embeddings = generator.normal(size=(5, 8)).astype("float32")
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    similarities = unit @ unit.T / 0.1
    wanted = []
    for one in range(5):
        others = [other for other in range(5) if other != one]
        log_total = np.log(sum(np.exp(similarities[one, other]) for other in others))
        same = [log_total - similarities[one, other] for other in others if labels[other] == labels[one]]
        wanted.append(np.mean(same) if same else 0.0)
    close(make("loss", "contrastive")(reduction="none")(labels, embeddings), wanted)


# ---- Metrics


def test_f1_counts_over_batches(make: Any) -> None:
    metric = make("metric", "f1")()
    for y_true, y_pred in (([1, 1, 0], [0.9, 0.2, 0.7]), ([1, 0, 0], [0.6, 0.4, 0.1])):
        metric.update_state(np.array(y_true)[:, None], np.array(y_pred)[:, None])
    precision, recall = 2 / 3, 2 / 3
    close(metric.result(), 2 * precision * recall / (precision + recall))


def test_calibration_error_weighs_bins_by_their_examples(make: Any, generator: Any) -> None:
    labels = generator.integers(0, 3, 200)
    scores = generator.dirichlet(np.ones(3), 200).astype("float32")
    metric = make("metric", "calibration_error")(bins=5)
    for part in np.split(np.arange(200), 4):
        metric.update_state(labels[part], scores[part])
    confidence, hit = scores.max(axis=1), scores.argmax(axis=1) == labels
    wanted = 0.0
    for low in np.arange(5) / 5:
        inside = (confidence >= low) & (confidence < low + 0.2)
        if inside.any():
            wanted += inside.mean() * abs(hit[inside].mean() - confidence[inside].mean())
    close(metric.result(), wanted)


def test_top_k_of_each_class(make: Any) -> None:
    scores = np.array([[0.5, 0.3, 0.2], [0.1, 0.3, 0.6], [0.5, 0.4, 0.1], [0.4, 0.5, 0.1]], "float32")
    metric = make("metric", "top_k_per_class")(classes=3, k=1, name="top")
    metric.update_state(np.array([0, 2, 1, 1]), scores)
    assert {name: float(value) for name, value in metric.result().items()} == {
        "top": pytest.approx((1 + 0.5 + 1) / 3),
        "top_0": 1.0,
        "top_1": 0.5,
        "top_2": 1.0,
    }


# ---- Callbacks


def linear_model(rate: float = 0.1) -> Any:
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


X, Y = np.array([[1.0, 0.0], [0.0, 1.0]], "float32"), np.array([[0.0], [2.0]], "float32")


def test_averages_are_what_is_validated_and_what_is_left(make: Any) -> None:
    import keras

    model, kernels, validated = linear_model(), [], []
    kernels.append(model.get_weights()[0])

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types here
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            kernels.append(self.model.get_weights()[0])

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            validated.append(self.model.get_weights()[0])

    averages = make("callback", "ema_weights")(momentum=0.5)
    model.fit(X, Y, batch_size=1, epochs=2, verbose=0, validation_data=(X, Y), callbacks=[averages, Watch()])
    wanted, each = kernels[0], []
    for step, kernel in enumerate(kernels[1:], start=1):
        momentum = min(0.5, (1 + step) / (10 + step))
        wanted = momentum * wanted + (1 - momentum) * kernel
        each.append(wanted)
    close(model.get_weights()[0], wanted)
    close(validated[0], each[1])  # after the first epoch of two steps
    assert np.abs(kernels[-1] - wanted).max() > 1e-3


def test_learning_rate_rises_then_falls_and_comes_back(make: Any) -> None:
    import keras

    model, rates = linear_model(0.8), []

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types here
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            rates.append(float(self.model.optimizer.learning_rate))

    callback = make("callback", "warmup_cosine")(warmup=3, lowest=0.25)
    for _ in range(2):
        rates.clear()
        history = model.fit(X, Y, batch_size=1, epochs=4, verbose=0, callbacks=[callback, Watch()])
        done = np.arange(5) / 5
        falling = 0.8 * (0.25 + 0.75 * 0.5 * (1 + np.cos(np.pi * done)))
        close(rates, [0.2, 0.4, 0.6, *falling])
        close(history.history["learning_rate"][-1], rates[-1])
        close(model.optimizer.learning_rate, 0.8)
    model.compile(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)), "mse")
    with pytest.raises(ValueError, match="is a schedule"):
        model.fit(X, Y, verbose=0, callbacks=[callback])


def test_gradient_norm_is_that_of_the_loss(make: Any) -> None:
    model = linear_model(0.0)
    callback = make("callback", "gradient_norms")(X, Y, each=True)
    history = model.fit(X, Y, verbose=0, callbacks=[callback]).history
    gradient = np.mean(2 * (X @ np.ones((2, 1)) - Y) * X, axis=0)
    close(history["gradient_norm"], [np.linalg.norm(gradient)])
    (path,) = (name for name in history if name.startswith("gradient_norm/"))
    close(history[path], history["gradient_norm"])


# ---- Optimizers


def steps_of(optimizer: Any, gradients: Any) -> Any:
    """What a weight that begins with 1 is after steps with gradients."""
    import keras

    weight = keras.Variable(np.array([1.0], "float32"))
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(np.array([gradient], "float32"))], [weight])
    return float(weight.value[0])


GRADIENTS = [0.5, -1.0, 2.0, 0.1, 0.3, -0.7, 1.5, 0.2]


def test_yogi_and_ada_belief_as_in_their_papers(make: Any) -> None:
    weight = mean = square = 1.0, 0.0, 0.0
    weight, mean, square = weight
    for number, gradient in enumerate(GRADIENTS, start=1):
        mean = 0.9 * mean + 0.1 * gradient
        square -= 0.001 * np.sign(square - gradient**2) * gradient**2
        weight -= 0.01 * mean / (1 - 0.9**number) / (np.sqrt(square / (1 - 0.999**number)) + 1e-3)
    close(steps_of(make("optimizer", "yogi")(), GRADIENTS), weight)
    weight, mean, surprise = 1.0, 0.0, 0.0
    for number, gradient in enumerate(GRADIENTS, start=1):
        mean = 0.9 * mean + 0.1 * gradient
        surprise = 0.999 * surprise + 0.001 * (gradient - mean) ** 2 + 1e-8
        weight -= 0.01 * mean / (1 - 0.9**number) / (np.sqrt(surprise / (1 - 0.999**number)) + 1e-8)
    close(steps_of(make("optimizer", "ada_belief")(), GRADIENTS), weight)


def test_radam_begins_with_momentum(make: Any) -> None:
    weight, mean, square, most = 1.0, 0.0, 0.0, 2 / 0.001 - 1
    adaptive = 0
    for number, gradient in enumerate(GRADIENTS, start=1):
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        unbiased = mean / (1 - 0.9**number)
        length = most - 2 * number * 0.999**number / (1 - 0.999**number)
        if length > 5:
            adaptive += 1
            scale = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
            unbiased *= np.sqrt(scale) / (np.sqrt(square / (1 - 0.999**number)) + 1e-8)
        weight -= 0.01 * unbiased
    assert 0 < adaptive < len(GRADIENTS)
    close(steps_of(make("optimizer", "radam")(), GRADIENTS), weight)


def test_momentum_is_that_of_keras(make: Any) -> None:
    import keras

    close(
        steps_of(make("optimizer", "blank")(0.1), GRADIENTS),
        steps_of(keras.optimizers.SGD(0.1, momentum=0.9), GRADIENTS),
    )


# ---- Initializers, regularizers, constraints


def test_initializers(make: Any, generator: Any) -> None:
    import keras

    siren = make("initializer", "siren")
    assert np.abs(siren(seed=1)((50, 400))).max() == pytest.approx(np.sqrt(6 / 50) / 30, rel=1e-2)
    assert np.abs(siren(is_first=True, seed=1)((50, 400))).max() == pytest.approx(1 / 50, rel=1e-2)
    images = generator.normal(size=(1, 5, 5, 3)).astype("float32")
    convolution = keras.layers.Conv2D(8, 3, padding="same", kernel_initializer=make("initializer", "icnr")())
    larger = np.asarray(convolution(images)).reshape(1, 5, 5, 2, 2, 2).transpose(0, 1, 3, 2, 4, 5)
    close(larger, np.broadcast_to(larger[:, :, :1, :, :1], larger.shape))
    with pytest.raises(ValueError, match="multiple of 4"):
        make("initializer", "icnr")()((3, 3, 2, 6))
    for window in (3, (2, 5)):
        same = keras.layers.Conv2D(4, window, padding="same", kernel_initializer=make("initializer", "dirac")(gain=2.0))
        outputs = np.asarray(same(images))
        if window == 3:
            close(outputs[..., :3], 2 * images)
        close(outputs[..., 3], 0)


def test_regularizers(make: Any, generator: Any) -> None:
    weights = generator.normal(size=(4, 3)).astype("float32")
    groups = np.sqrt((weights**2).sum(axis=1)).sum() * np.sqrt(3)
    close(make("regularizer", "group_lasso")(factor=0.1)(weights), 0.1 * groups)
    variation = np.abs(np.diff(weights, axis=1)).sum()
    close(make("regularizer", "total_variation")(factor=0.5, axis=1)(weights), 0.5 * variation)
    hoyer = make("regularizer", "hoyer")(factor=1.0)
    close(hoyer(np.array([0.0, 3.0, 0.0], "float32")), 1.0)
    close(hoyer(np.array([2.0, -2.0, 2.0, 2.0], "float32")), 4.0)


def test_constraints_give_the_nearest_of_what_is_allowed(make: Any, generator: Any) -> None:
    weights = generator.normal(size=(5, 3)).astype("float32")
    simplex = np.asarray(make("constraint", "simplex")()(weights))
    assert simplex.min() >= 0
    close(simplex.sum(axis=0), np.ones(3))
    distance = ((simplex - weights) ** 2).sum(axis=0)
    others = generator.dirichlet(np.full(5, 0.3), 20000).T
    for column in range(3):
        assert ((others - weights[:, column : column + 1]) ** 2).sum(axis=0).min() >= distance[column] - 1e-5
    orthonormal = np.asarray(make("constraint", "orthonormal")()(weights))
    close(orthonormal.T @ orthonormal, np.eye(3))
    for _ in range(200):
        other, _ = np.linalg.qr(generator.normal(size=(5, 3)))
        assert np.linalg.norm(other - weights) >= np.linalg.norm(orthonormal - weights)
    cap = make("constraint", "spectral_cap")
    close(np.linalg.svd(cap(limit=0.5)(weights), compute_uv=False).max(), 0.5)
    close(cap(limit=99.0)(weights), weights)
