"""What the templates compute, on Keras in this process: the tutorial's figures, masks, seeds, half precision."""

from __future__ import annotations

import doctest
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from kscaffold.cli import run
from kscaffold.library.templates import Catalogue

pytestmark = pytest.mark.keras

TEMPLATES = [template.name for template in Catalogue().of_kind("layer")]
SHAPES = {
    "masked_pooling": [(6, 8)],
    "merge": [(16,), (16,)],
    "attention": [(5, 16), (7, 8)],
    "cross_attention": [(5, 16), (7, 8)],
    **{name: [(6, 8)] for name in ("rnn_cell", "peephole_cell")},
    **{name: [(6, 8)] for name in ("position_embedding", "sinusoidal_position", "rotary_embedding")},
    "grouped_query_attention": [(6, 8)],
    "sampling": [(16,), (16,)],
    "dot_interaction": [(6, 8)],
    "time_embedding": [()],
    "attention_pooling": [(6, 8)],
    "film": [(8, 8, 16), (4,)],
    **{name: [(8, 8, 16)] for name in ("conv_block", "inverted_residual", "patch_embed", "squeeze_excite")},
}
LISTS = {"merge", "sampling", "film"}
SEVERAL = {"attention", "cross_attention"}
CELLS = {"rnn_cell", "peephole_cell"}
WRAPPERS = {"wrapper", "spectral_norm"}
WITHOUT_STEPS = {"dot_interaction", "time_embedding"}
IMAGES = {template for template, shapes in SHAPES.items() if len(shapes[0]) == 3}


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    return pytest.importorskip("keras")


@pytest.fixture(scope="module")
def make(keras: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Generates a layer without a check, and returns its class."""
    folder = tmp_path_factory.mktemp("layers")
    count = 0

    def generate(*arguments: str) -> Any:
        nonlocal count
        count += 1
        name = f"generated_{count}"
        assert run(["layer", name, "--no-check", "--no-test", "-q", "-o", str(folder), *arguments]) == 0
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return getattr(module, f"Generated{count}")

    return generate


def random(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def arrays(template: str, batch_size: int = 3) -> list[Any]:
    return [random(batch_size, *shape) for shape in SHAPES.get(template, [(16,)])]


def example(keras: ModuleType, make: Callable[..., Any], template: str, **arguments: Any) -> Callable[..., Any]:
    """A layer from a template with its defaults, as a function of one array for each input."""
    cls = make("-t", template)
    if template in WRAPPERS:
        return cls(keras.layers.Dense(16, dtype=arguments.get("dtype")), **arguments)
    layer = cls(**arguments)
    if template in CELLS:
        return keras.layers.RNN(layer, dtype=arguments.get("dtype"))
    return (lambda *inputs, **given: layer(list(inputs), **given)) if template in LISTS else layer


def test_program_7_a_dense_layer_rebuilt_from_its_config(keras: ModuleType, make: Callable[..., Any]) -> None:
    layer = make("-t", "dense")(10)
    layer.build((None, 4))
    assert layer.count_params() == 50
    rebuilt = type(layer).from_config(layer.get_config())
    assert (rebuilt.name, rebuilt.dtype, rebuilt.units) == (layer.name, layer.dtype, 10)
    rebuilt.build((None, 4))
    rebuilt.set_weights(layer.get_weights())
    np.testing.assert_array_equal(rebuilt(random(3, 4)), layer(random(3, 4)))

    inputs = keras.Input((4,))
    model = keras.Model(inputs, layer(inputs))
    again = keras.Model.from_config(json.loads(json.dumps(model.get_config())))
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(random(3, 4)), model(random(3, 4)))


def test_program_8_a_layer_of_three_dense_sublayers(make: Callable[..., Any]) -> None:
    layer = make("-t", "composite")()
    layer.build((None, 16))
    assert len(layer.weights) == 6 and layer.count_params() == 5898
    assert tuple(layer(random(2, 16)).shape) == (2, 10)


def test_program_9_both_losses_are_there_after_a_call_and_train(keras: ModuleType, make: Callable[..., Any]) -> None:
    layer = make("-t", "activity_loss")(8)
    data = random(4, 16)
    outputs = keras.ops.convert_to_numpy(layer(data))
    found = sorted(float(loss) for loss in layer.losses)
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    assert found == pytest.approx(sorted([0.01 * np.mean(outputs**2), 0.01 * np.sum(kernel**2)]), rel=1e-4)

    inputs = keras.Input((16,))
    model = keras.Model(inputs, layer(inputs))
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    with_losses = model.train_on_batch(data, outputs)
    assert float(with_losses) == pytest.approx(sum(found), rel=1e-4)


def test_normalization_is_keras_batch_normalization(keras: ModuleType, make: Callable[..., Any]) -> None:
    mine, theirs = make("-t", "normalization")(), keras.layers.BatchNormalization()
    data = random(8, 5, 3) * 4 + 2
    mask = np.arange(5) < np.array([[5], [3], [1], [4], [5], [2], [5], [3]])
    for arguments in ({"training": True}, {"training": True, "mask": mask}, {"training": False}):
        np.testing.assert_allclose(mine(data, **arguments), theirs(data, **arguments), atol=1e-5)
    for weight, other in zip(mine.weights, theirs.weights, strict=True):
        assert weight.name == other.name
        np.testing.assert_allclose(weight, other, atol=1e-5)
    mine.trainable = theirs.trainable = False
    np.testing.assert_allclose(mine(data, training=True), theirs(data, training=True), atol=1e-5)


def test_masked_pooling_is_keras_global_average_pooling(keras: ModuleType, make: Callable[..., Any]) -> None:
    ids = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, 1, 1, 1]])
    embedded = keras.layers.Embedding(5, 3, mask_zero=True)(ids)
    pooled = make("-t", "masked_pooling")()(embedded)
    np.testing.assert_allclose(pooled, keras.layers.GlobalAveragePooling1D()(embedded), atol=1e-6)
    assert getattr(pooled, "_keras_mask", None) is None
    empty = make("-t", "masked_pooling")()(random(2, 3, 4), mask=np.zeros((2, 3), bool))
    assert np.all(keras.ops.convert_to_numpy(empty) == 0)


def test_noise_is_seeded_random_in_training_and_nothing_else(keras: ModuleType, make: Callable[..., Any]) -> None:
    cls = make("-t", "noise")
    data = np.zeros((4, 1000), "float32")
    layer = cls(0.5, seed=3)
    np.testing.assert_array_equal(layer(data), data)
    first, second = (keras.ops.convert_to_numpy(layer(data, training=True)) for _ in range(2))
    assert not np.array_equal(first, second) and first.std() == pytest.approx(0.5, rel=0.05)
    np.testing.assert_array_equal(cls(0.5, seed=3)(data, training=True), first)


def test_merge_combines_inputs_and_masks(keras: ModuleType, make: Callable[..., Any]) -> None:
    layer = make("-t", "merge")()
    first, second = random(2, 3, 4), random(2, 3, 4, seed=1)
    np.testing.assert_allclose(layer([first, second]), first + second, atol=1e-6)
    masks = [np.array([[1, 1, 0], [1, 0, 0]], bool), None, np.array([[1, 0, 0], [1, 1, 1]], bool)]
    combined = keras.ops.convert_to_numpy(layer.compute_mask([first] * 3, masks))
    np.testing.assert_array_equal(combined, [[1, 0, 0], [1, 0, 0]])
    with pytest.raises(ValueError, match="tensors of the same shape"):
        layer.build([(None, 3), (None, 4)])


def test_attention_gives_no_weight_to_masked_steps(keras: ModuleType, make: Callable[..., Any]) -> None:
    layer = make("-t", "attention")(8)
    query, value = random(2, 5, 16), random(2, 7, 6)
    mask = np.arange(7) < np.array([[4], [7]])
    masked = keras.ops.convert_to_numpy(layer(query, value, value_mask=mask))
    changed = value.copy()
    changed[0, 4:] = 100.0
    np.testing.assert_allclose(layer(query, changed, value_mask=mask), masked, atol=1e-5)
    np.testing.assert_allclose(layer(query[:1], value[:1, :4]), masked[:1], atol=1e-5)
    queries, keys, values = (
        keras.ops.convert_to_numpy(projection(data))
        for projection, data in (
            (layer.query_projection, query),
            (layer.key_projection, value),
            (layer.value_projection, value),
        )
    )
    weights = np.exp(queries @ keys.transpose(0, 2, 1) / 8**0.5) * mask[:, None]
    attended = weights / weights.sum(-1, keepdims=True) @ values
    np.testing.assert_allclose(layer.output_projection(attended), masked, atol=1e-4)


def test_a_cell_is_a_simple_rnn(keras: ModuleType, make: Callable[..., Any]) -> None:
    mine = keras.layers.RNN(make("-t", "rnn_cell")(4), return_sequences=True)
    theirs = keras.layers.SimpleRNN(4, return_sequences=True)
    data = random(2, 5, 3)
    mine(data), theirs(data)
    theirs.set_weights(mine.get_weights())
    np.testing.assert_allclose(mine(data), theirs(data), atol=1e-5)


def test_a_wrapper_refuses_what_it_cannot_add(keras: ModuleType, make: Callable[..., Any]) -> None:
    cls = make("-t", "wrapper")
    inner = keras.layers.Dense(4)
    np.testing.assert_allclose(cls(inner)(np.ones((2, 4), "float32")), 1 + inner(np.ones((2, 4))), atol=1e-6)
    with pytest.raises(ValueError, match="must keep the shape"):
        cls(keras.layers.Dense(5)).build((None, 4))
    with pytest.raises(TypeError, match="must be a Keras layer"):
        cls("Dense")


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_keeps_to_its_dtype_policy(
    keras: ModuleType, make: Callable[..., Any], template: str, policy: str
) -> None:
    layer = example(keras, make, template, dtype=policy)
    compute_dtype = keras.dtype_policies.get(policy).compute_dtype
    for output in keras.tree.flatten(layer(*arrays(template))):
        assert keras.backend.standardize_dtype(output.dtype) == compute_dtype
        assert np.isfinite(keras.ops.convert_to_numpy(keras.ops.cast(output, "float32"))).all()


@pytest.mark.parametrize("template", TEMPLATES)
def test_one_row_alone_is_that_row_in_a_batch(keras: ModuleType, make: Callable[..., Any], template: str) -> None:
    layer = example(keras, make, template)
    data = arrays(template)
    together = keras.ops.convert_to_numpy(layer(*data))
    alone = keras.ops.convert_to_numpy(layer(*[array[:1] for array in data]))
    np.testing.assert_allclose(alone, together[:1], atol=1e-4)  # waves of large numbers are rounded


# The masks of the others are tested separately, and that of `blank` is up to the user.
@pytest.mark.parametrize(
    "template", sorted(set(TEMPLATES) - {*LISTS, *IMAGES, *CELLS, *SEVERAL, *WITHOUT_STEPS, "blank"})
)
@pytest.mark.filterwarnings("error:.*does not support masking")
def test_a_mask_is_passed_on_where_the_steps_are(keras: ModuleType, make: Callable[..., Any], template: str) -> None:
    embedded = keras.layers.Embedding(5, 16, mask_zero=True)(np.array([[1, 2, 0], [3, 0, 0]]))
    outputs = example(keras, make, template)(embedded)
    assert (getattr(outputs, "_keras_mask", None) is None) is (template in ("masked_pooling", "attention_pooling"))


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_example_in_the_docstring_runs(keras: ModuleType, make: Callable[..., Any], template: str) -> None:
    module = sys.modules[make("-t", template).__module__]
    results = doctest.testmod(module)
    assert results.attempted >= 3 and results.failed == 0


def test_what_a_user_describes_does_what_it_says(keras: ModuleType, make: Callable[..., Any]) -> None:
    cls = make(
        *["--arg", "units:int", "--arg", "size=(2, 3)", "--arg", "inner:layer", "--arg", "options={'a': [1]}"],
        *["--arg", "activation=relu", "--weight", "kernel: input_dim, units", "--weight", "bias: units, ones"],
    )
    layer = cls(4, inner=keras.layers.Dense(3), options={"b": 2})
    data = random(5, 6)
    expected = keras.ops.relu(layer.inner(data @ layer_kernel(keras, layer, data) + 1))
    np.testing.assert_allclose(layer(data), expected, atol=1e-5)
    rebuilt = cls.from_config(json.loads(json.dumps(layer.get_config())))
    assert (rebuilt.size, rebuilt.units, dict(rebuilt.options)) == ((2, 3), 4, {"b": 2})
    assert isinstance(rebuilt.inner, keras.layers.Dense)
    with pytest.raises(ValueError, match="`units` must be a positive integer"):
        cls(0, keras.layers.Dense(3))


def layer_kernel(keras: ModuleType, layer: Any, data: Any) -> Any:
    layer(data)
    return keras.ops.convert_to_numpy(layer.kernel)


def test_the_catalogue_agrees_with_the_installed_keras(keras: ModuleType) -> None:
    from kscaffold.keras_data import catalogue

    script = Path(catalogue.__file__).with_name("make.py")
    done = subprocess.run([sys.executable, "-P", str(script)], capture_output=True, text=True, check=True)
    installed, recorded = json.loads(done.stdout), json.loads(catalogue.DATA.read_text())
    versions = [tuple(int(part) for part in table["keras"].split(".")[:2]) for table in (installed, recorded)]
    if versions[0] < versions[1]:
        pytest.skip(f"Keras {installed['keras']} is older than that of the catalogue, {recorded['keras']}")
    if installed["keras"] == recorded["keras"]:
        assert installed == recorded
    for group in ("layers", "initializers", "regularizers", "constraints"):
        for name, entry in recorded[group].items():
            assert name in installed[group], f"Keras has no {name} any more"
            assert set(entry["parameters"]) <= set(installed[group][name]["parameters"]), name
