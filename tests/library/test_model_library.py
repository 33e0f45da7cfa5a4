"""The models that people look for, written by their presets and held against papers, Keras and NumPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from conftest import Kscaffold

from kscaffold.kinds.destination import Request
from kscaffold.kinds.model import ModelScaffold, describe_model
from kscaffold.kinds.model_spec import ModelFlags
from kscaffold.spec.shapes.shape import Shape

# What each is written with besides its defaults, and the shapes of its outputs then.
OTHERS: dict[str, tuple[dict[str, object], list[Shape]]] = {
    "vit": ({"size": 16, "patch": 8, "dim": 24, "heads": 3, "depth": 1, "ratio": 2, "classes": 5}, [(5,)]),
    "gpt": ({"length": 8, "vocabulary": 20, "dim": 12, "heads": 2, "depth": 3}, [(8, 20)]),
    "convnext": ({"size": 24, "patch": 4, "widths": (6, 8), "depths": (2, 3), "classes": 4}, [(4,)]),
    "tcn": ({"length": 20, "features": 2, "filters": 6, "kernel_size": 2, "depth": 3, "predictions": 4}, [(20, 4)]),
    "dlrm": ({"features": 3, "fields": 2, "vocabulary": 9, "dim": 4, "bottom": (8,), "top": (6, 5, 4)}, [(1,)]),
    "mmoe": ({"features": 5, "experts": 3, "units": 6, "hidden": 4}, [(1,), (1,)]),
    "tabular": (
        {"plans": ("a", "b"), "regions": (7,), "bins": 9, "dim": 3, "features": 2, "means": (1.0, 2.0)}
        | {"variances": (4.0, 9.0), "hidden": (8,), "classes": 3},
        [(3,)],
    ),
    "detector": (
        {"size": 64, "width": 4, "pyramid": 8, "depth": 1, "groups": 4, "classes": 3},
        [(84, 3), (84, 4), (84, 1)],
    ),
    "ddpm_unet": ({"size": 16, "channels": 1, "width": 8, "levels": 3, "groups": 4, "heads": 2}, [(16, 16, 1)]),
    "unet": ({"size": 16, "channels": 1, "width": 4, "depth": 3, "classes": 5}, [(16, 16, 5)]),
}
# Numbers of weights that are known from elsewhere.
REFERENCES = {
    # ViT-B/16 has 86,567,656; without its class token, that and one position less.
    "vit": (
        {"size": 224, "patch": 16, "dim": 768, "heads": 12, "depth": 12, "classes": 1000},
        86_567_656 - 2 * 768,
    ),
    # The smallest GPT-2.
    "gpt": ({"length": 1024, "vocabulary": 50257, "dim": 768, "heads": 12, "depth": 12}, 124_439_808),
    # ConvNeXt-T, also that of `keras.applications`.
    "convnext": (
        {"size": 224, "patch": 4, "widths": (96, 192, 384, 768), "depths": (3, 3, 9, 3), "classes": 1000},
        28_589_128,
    ),
    # The U-Net of the paper, with padded convolutions.
    "unet": ({"size": 256, "channels": 1, "width": 64, "depth": 4, "classes": 1}, 31_030_593),
}


def described(preset: str, settings: dict[str, object]) -> ModelScaffold:
    flags = ModelFlags(settings=tuple(f"{name}={value}" for name, value in settings.items()))
    return describe_model(Request("model", f"my_{preset}", "models", template=preset), flags)


@pytest.mark.parametrize("preset", REFERENCES)
def test_it_has_as_many_weights_as_the_known_model(preset: str) -> None:
    settings, parameters = REFERENCES[preset]
    scaffold = described(preset, settings)
    assert scaffold.facts.of(scaffold.graph).parameters == parameters


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    return pytest.importorskip("keras")


@pytest.fixture
def build(kscaffold: Kscaffold, folder: Path) -> Callable[..., Any]:
    """Makes the model of a preset, by the function that is written for it."""

    def make(preset: str, **arguments: object) -> Any:
        made = kscaffold(
            "model", f"my_{preset}", "-t", preset, "--style", "functional", "--no-check", "--no-test", "--force", "-q"
        )
        assert made.exit_code == 0, made
        module = ModuleType(f"my_{preset}")
        path = folder / f"my_{preset}.py"
        exec(compile(path.read_text(), str(path), "exec"), vars(module))
        return vars(module)[f"build_my_{preset}"](**arguments)

    return make


def inputs_of(scaffold: ModelScaffold, count: int = 2) -> list[Any]:
    import keras

    generator = np.random.default_rng(0)
    arrays = []
    for shape, dtype, below in scaffold.inputs:
        size = (count, *(size or 5 for size in shape))
        if dtype == "string":
            arrays.append(keras.ops.convert_to_tensor(generator.choice(["a", "basic", "z"], size).tolist()))
        elif below is None:
            arrays.append(keras.ops.convert_to_tensor(generator.normal(size=size).astype(dtype)))
        else:
            arrays.append(keras.ops.convert_to_tensor(generator.integers(0, below, size).astype(dtype)))
    return arrays


@pytest.mark.keras
@pytest.mark.parametrize("preset", OTHERS)
def test_every_parameter_may_have_another_value(keras: ModuleType, build: Callable[..., Any], preset: str) -> None:
    settings, shapes = OTHERS[preset]
    scaffold = described(preset, settings)
    facts = scaffold.facts.of(scaffold.graph)
    assert [facts.values[output.value] for output in scaffold.graph.outputs] == shapes
    assert not {item.name for item in scaffold.graph.parameters} - {"rate", "channels", *settings}
    model = build(preset, **settings)
    assert model.count_params() == facts.parameters
    arrays = inputs_of(scaffold)
    outputs = model(arrays if len(arrays) > 1 else arrays[0])
    assert [tuple(output.shape) for output in keras.tree.flatten(outputs)] == [(2, *shape) for shape in shapes]


def numbers(value: Any) -> Any:
    import keras

    return keras.ops.convert_to_numpy(value)


@pytest.mark.keras
def test_a_later_id_does_not_change_earlier_logits(build: Callable[..., Any]) -> None:
    model = build("gpt")
    ids = np.random.default_rng(0).integers(1, 1000, (2, 32)).astype("int32")
    changed = ids.copy()
    changed[:, 20:] = changed[:, 20:] % 999 + 1
    one, other = numbers(model(ids)), numbers(model(changed))
    np.testing.assert_allclose(other[:, :20], one[:, :20], atol=1e-5)
    assert np.abs(other[:, 20:] - one[:, 20:]).max() > 1e-3


@pytest.mark.keras
def test_padding_is_not_attended_to(build: Callable[..., Any]) -> None:
    model = build("gpt")
    ids = np.random.default_rng(0).integers(1, 1000, (2, 32)).astype("int32")
    ids[:, :10] = 0
    before = numbers(model(ids))
    table = model.get_layer("embedding").embeddings
    moved = numbers(table).copy()
    moved[0] = np.random.default_rng(1).normal(size=64)
    table.assign(moved)
    after = numbers(model(ids))
    np.testing.assert_allclose(after[:, 10:, 1:], before[:, 10:, 1:], atol=1e-5)
    assert np.abs(after[:, :10, 1:] - before[:, :10, 1:]).max() > 1e-3


@pytest.mark.keras
def test_the_future_does_not_leak_and_the_past_reaches_as_far_as_it_should(build: Callable[..., Any]) -> None:
    model = build("tcn", depth=3, rate=0.0)
    steps = np.random.default_rng(0).normal(size=(1, 64, 8)).astype("float32")
    changed = steps.copy()
    changed[:, 30] += 100
    moved = np.abs(numbers(model(changed)) - numbers(model(steps)))[0, :, 0] > 1e-5
    reach = 2 * (3 - 1) * (1 + 2 + 4)  # two convolutions of three steps for each dilation
    assert not moved[:30].any() and not moved[30 + reach + 1 :].any()
    assert moved[30] and moved[30 + reach]


@pytest.mark.keras
def test_products_of_all_pairs(keras: ModuleType, build: Callable[..., Any]) -> None:
    model = build("dlrm", fields=3, vocabulary=5)
    interaction = next(layer for layer in model.layers if type(layer).__name__ == "DotInteraction")
    vectors = np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32")
    products = np.einsum("bif,bjf->bij", vectors, vectors)
    expected = [[product[i, j] for i in range(4) for j in range(i)] for product in products]
    np.testing.assert_allclose(numbers(interaction(vectors)), expected, rtol=1e-4, atol=1e-5)
    # The same id means something else in another field.
    embedding = next(layer for layer in model.layers if isinstance(layer, keras.layers.Embedding))
    found = keras.Model(model.inputs, embedding.output)([np.zeros((1, 8)), np.array([[1, 1, 4]], "int32")])
    np.testing.assert_array_equal(numbers(found)[0], numbers(embedding.embeddings)[[1, 6, 14]])


@pytest.mark.keras
def test_gates_weigh_the_experts(keras: ModuleType, build: Callable[..., Any]) -> None:
    model = build("mmoe")
    mixing = [layer for layer in model.layers if isinstance(layer, keras.layers.Dot)]
    assert len(mixing) == 2
    values = np.random.default_rng(0).normal(size=(3, 16)).astype("float32")
    for layer in mixing:
        gate, opinions = (numbers(one) for one in keras.Model(model.inputs, layer.input)(values))
        np.testing.assert_allclose(gate.sum(-1), 1, rtol=1e-5)
        mixed = numbers(keras.Model(model.inputs, layer.output)(values))
        np.testing.assert_allclose(mixed, np.einsum("be,beu->bu", gate, opinions), rtol=1e-4, atol=1e-5)


@pytest.mark.keras
def test_unknown_words_are_alike_and_numbers_are_scaled(keras: ModuleType, build: Callable[..., Any]) -> None:
    model = build("tabular", means=(1.0, 0.0, 0.0, 0.0), variances=(4.0, 1.0, 1.0, 1.0))
    row = next(layer for layer in model.layers if isinstance(layer, keras.layers.Concatenate))
    plans, cities = (keras.ops.convert_to_tensor([[a], [b]]) for a, b in (("pro", "none"), ("Oslo", "Oslo")))
    regions, values = (keras.ops.convert_to_tensor(one) for one in ([[20], [99]], [[5.0, 1, 2, 3]] * 2))
    found = numbers(keras.Model(model.inputs, row.output)([plans, cities, regions, values]))
    np.testing.assert_array_equal(found[:, :9], [[0, 0, 0, 1, 0, 0, 1, 0, 0], [1, 0, 0, 0, 1, 0, 0, 0, 0]])
    np.testing.assert_array_equal(found[0, 9:17], found[1, 9:17])
    np.testing.assert_allclose(found[:, 17:], [[2, 1, 2, 3]] * 2)


@pytest.mark.keras
def test_a_detector_looks_at_each_place_of_three_maps(keras: ModuleType, build: Callable[..., Any]) -> None:
    model = build("detector", size=64)
    labels, distances, centerness = map(numbers, model(np.zeros((1, 64, 64, 3), "float32")))
    assert labels.shape[1] == distances.shape[1] == centerness.shape[1] == 8 * 8 + 4 * 4 + 2 * 2
    assert (distances > 0).all()
    # With no features, the sides are softplus(0) times the stride of a map.
    np.testing.assert_allclose(distances[0, [0, 64, 80], 0], np.log(2) * np.array([8, 16, 32]), rtol=1e-4)
    assert len([layer for layer in model.layers if layer.name == "head"]) == 1


@pytest.mark.keras
def test_noise_depends_on_the_time_step(build: Callable[..., Any]) -> None:
    model = build("ddpm_unet", width=8, heads=2)
    images = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    early, late = (numbers(model([images, np.full(2, step, "int32")])) for step in (1, 900))
    assert early.shape == images.shape and np.abs(early - late).max() > 1e-3
    embedding = next(layer for layer in model.layers if type(layer).__name__ == "TimeEmbedding")
    phase = np.array([3, 999])[:, None] / 10_000 ** (np.arange(4) / 4)
    waves = np.concatenate([np.sin(phase), np.cos(phase)], axis=-1)
    np.testing.assert_allclose(numbers(embedding(np.array([3, 999], "int32"))), waves, atol=1e-4)


@pytest.mark.keras
def test_convnext_is_that_of_keras(keras: ModuleType, build: Callable[..., Any]) -> None:
    theirs = keras.applications.ConvNeXtTiny(
        include_top=False, include_preprocessing=False, weights=None, input_shape=(32, 32, 3), pooling="avg"
    )
    mine = build("convnext", size=32, patch=4, widths=(96, 192, 384, 768), depths=(3, 3, 9, 3))
    mine = keras.Model(mine.input, mine.layers[-2].output)  # without the layer of the classes
    generator = np.random.default_rng(0)
    mine.set_weights([generator.normal(size=weight.shape) * 0.1 for weight in mine.weights])
    # A grouped convolution of theirs is a depthwise one here.
    pairs = zip(mine.get_weights(), theirs.weights, strict=True)
    theirs.set_weights([value.reshape(weight.shape) for value, weight in pairs])
    images = generator.normal(size=(2, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(numbers(mine(images)), numbers(theirs(images)), rtol=1e-3, atol=1e-4)


@pytest.mark.keras
def test_some_are_clean_at_strict(kscaffold: Kscaffold) -> None:
    # All of them are checked as models, in every style, elsewhere; here their blocks are, too.
    names = ("vit", "gpt", "convnext", "tcn", "dlrm", "mmoe", "tabular")
    for name in names:
        made = ("model", f"my_{name}", "-t", name, "--package", f"p_{name}", "--no-check", "--no-test", "-q")
        assert kscaffold(*made).exit_code == 0
    for name in ("ddpm_unet", "detector"):
        made = ("model", f"my_{name}", "-t", name, "--package", f"p_{name}", "--no-check", "--no-test", "-q")
        assert kscaffold(*made).exit_code == 0
    parts = ("my_ddpm_unet.py::UpBlock", "my_detector.py::Merging")
    result = kscaffold("check", *(f"my_{name}.py" for name in names), *parts, "--strict", "--quiet")
    assert result.exit_code == 0, result.out
