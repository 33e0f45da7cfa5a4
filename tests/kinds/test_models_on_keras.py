"""Generated models on real Keras: every preset in every style, and the tutorial's programs with their figures."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from conftest import Kscaffold, tree
from helpers.worked_specs import ALL_STYLES, WORKED, Worked

from kscaffold.base.choices import Style
from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.check import CheckProcess, Verdict, find_interpreter
from kscaffold.cli import run
from kscaffold.kinds.destination import Request
from kscaffold.kinds.model import ModelScaffold, describe_model
from kscaffold.kinds.model_spec import ModelFlags
from kscaffold.library.templates import Catalogue
from kscaffold.source.formatting import Formatter
from kscaffold.spec.graph.value import Form

pytestmark = pytest.mark.keras

GOLDEN_SPECS = Path(__file__).parents[1] / "golden/specs"
CHAINS = {"mlp", "autoencoder", "cnn", "lstm", "vae"}
PRESETS = [template.name for template in Catalogue().of_kind("model") if template.is_spec]


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    return pytest.importorskip("keras")


@pytest.fixture(scope="module")
def scaffolds(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], ModelScaffold]:
    """Every preset in every style that can hold it, by its name and its style, written to a folder."""
    folder = tmp_path_factory.mktemp("presets")
    found = {}
    with Formatter() as formatter:
        for preset in PRESETS:
            for style in Style:
                request = Request("model", f"{preset}_{style}", "models", template=preset, output_dir=folder)
                try:
                    scaffold = describe_model(request, ModelFlags(style=style))
                except RequestError:
                    assert style is Style.SEQUENTIAL
                    continue
                found[preset, style.value] = scaffold
                for file in scaffold.render(formatter, with_test=True):
                    file.path.write_text(file.text)
    return found


@pytest.fixture(scope="module")
def verdicts(scaffolds: dict[tuple[str, str], ModelScaffold]) -> dict[tuple[str, str], Verdict]:
    """What one check process says about all of them."""
    modules = [scaffold.destination.module for scaffold in scaffolds.values()]
    jobs = tuple(
        scaffold.job(module, module.name) for scaffold, module in zip(scaffolds.values(), modules, strict=True)
    )
    with CheckProcess(find_interpreter(None)) as process:
        return dict(zip(scaffolds, process.finish(jobs), strict=True))


def test_every_preset_passes_the_check_in_every_style(
    scaffolds: dict[tuple[str, str], ModelScaffold], verdicts: dict[tuple[str, str], Verdict]
) -> None:
    assert len(verdicts) > 2 * len(PRESETS)
    for key, verdict in verdicts.items():
        assert not verdict.findings and not verdict.skipped, (key, verdict.findings)
        facts = scaffolds[key].facts.of(scaffolds[key].graph)
        assert verdict.parameters == facts.parameters, key


def test_the_styles_of_a_preset_have_as_many_parameters(verdicts: dict[tuple[str, str], Verdict]) -> None:
    for preset in PRESETS:
        counts = {verdict.parameters for (name, _), verdict in verdicts.items() if name == preset}
        assert len(counts) == 1, preset


@pytest.fixture(scope="module")
def load(scaffolds: dict[tuple[str, str], ModelScaffold]) -> Iterator[Callable[..., Any]]:
    """Returns what makes a preset's model in a style: its class, or the function that builds it."""
    folder = next(iter(scaffolds.values())).destination.output_dir
    sys.path.insert(0, str(folder))

    def get(preset: str, style: str, name: str | None = None) -> Any:
        module = importlib.import_module(f"{preset}_{style}")
        return getattr(module, name or scaffolds[preset, style].made)

    yield get
    sys.path.remove(str(folder))


def random(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def example(scaffold: ModelScaffold, batch_size: int = 3) -> Any:
    """Random inputs for a model; where there are words, all of them are tensors."""
    import keras

    generator = np.random.default_rng(0)
    arrays: list[Any] = []
    for shape, dtype, below in scaffold.inputs:
        sizes = (batch_size, *(7 if size is None else size for size in shape))
        if dtype == "string":
            arrays.append(generator.choice(["basic", "other"], sizes).tolist())
        else:
            whole = "int" in dtype
            arrays.append(generator.integers(0, below or 10, sizes) if whole else generator.normal(size=sizes))
    if any(dtype == "string" for _, dtype, _ in scaffold.inputs):
        arrays = [keras.ops.convert_to_tensor(array) for array in arrays]
    if scaffold.graph.input_form is Form.DICT:
        return {item.name: array for item, array in zip(scaffold.graph.inputs, arrays, strict=True)}
    return arrays if len(arrays) > 1 else arrays[0]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_computes_the_same_in_every_style(
    keras: ModuleType, scaffolds: dict[tuple[str, str], ModelScaffold], load: Callable[..., Any], preset: str
) -> None:
    styles = [style for name, style in scaffolds if name == preset]
    inputs = example(scaffolds[preset, styles[0]])
    models, orders = [], []
    for style in styles:
        model, weights = made_and_called(keras, load(preset, style), inputs)
        models.append(model)
        orders.append(weights)
    first = [np.asarray(weight) + random(*weight.shape) / 100 for weight in orders[0]]
    expected: list[Any] = []
    for model, weights in zip(models, orders, strict=True):
        assert [tuple(weight.shape) for weight in weights] == [array.shape for array in first]
        if preset in CHAINS:
            assert [array.shape for array in model.get_weights()] == [array.shape for array in first]
        for weight, array in zip(weights, first, strict=True):
            weight.assign(array)
        outputs = [keras.ops.convert_to_numpy(output) for output in keras.tree.flatten(model(inputs))]
        expected = expected or outputs
        for one, other in zip(expected, outputs, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5)


def made_and_called(keras: ModuleType, make: Callable[[], Any], inputs: Any) -> tuple[Any, list[Any]]:
    """A model, and its weights in the order in which the graph calls the layers that have them."""
    called: dict[int, Any] = {}
    plain = keras.layers.Layer.__call__

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = plain(layer, *args, **kwargs)
        # The last call counts, also for what is in a sub-model, which is made before it is called.
        parts = {id(part) for part in layer._flatten_layers()} if isinstance(layer, keras.Model) else {id(layer)}
        moved = {number: part for number, part in called.items() if number in parts - {id(layer)}}
        for number, part in (moved | {id(layer): layer}).items():
            called.pop(number, None)
            called[number] = part
        return outputs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.layers.Layer, "__call__", call)
        model = make()
        if isinstance(make, type):  # a class: its layers are called one after the other when it is called
            model(inputs)
            model(inputs)
    # A layer comes before the one that it is in.
    weights = {id(weight): weight for layer in called.values() for weight in layer.weights}
    own = {id(weight) for weight in model.weights}
    return model, [weight for number, weight in weights.items() if number in own]


def give_weights(model: Any, weights: list[Any]) -> None:
    """Gives a model the weights of another, in order where several weights have the same shape.

    Where a graph forks, the styles have different orders.
    """
    left = list(weights)
    given = []
    for array in model.get_weights():
        position = next(position for position, other in enumerate(left) if other.shape == array.shape)
        given.append(left.pop(position))
    assert not left
    model.set_weights(given)


def count_weights(model: Any) -> tuple[int, int]:
    return len(model.weights), model.count_params()


def test_programs_1_and_2_a_perceptron_in_two_styles(keras: ModuleType, load: Callable[..., Any]) -> None:
    sequential, functional = load("mlp", "sequential")(), load("mlp", "functional")()
    assert isinstance(sequential, keras.Sequential)
    assert count_weights(sequential) == count_weights(functional) == (6, 5_898)
    functional.set_weights(sequential.get_weights())
    data = random(4, 16)
    np.testing.assert_array_equal(functional(data), sequential(data))


def test_program_1_without_its_input(keras: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["model", "later", "-t", "mlp", "--defer", "--no-check", "-q", "-o", str(tmp_path)]) == 0
    monkeypatch.syspath_prepend(tmp_path)
    model = importlib.import_module("later").build_later()
    assert model.weights == [] and not model.built
    model.build((None, 16))
    assert count_weights(model) == (6, 5_898)


def test_program_3_an_encoder_cut_out_of_an_autoencoder(load: Callable[..., Any]) -> None:
    autoencoder = load("cut_autoencoder", "functional")()
    encoder = load("cut_autoencoder", "functional", "build_encoder")(autoencoder)
    assert (encoder.count_params(), autoencoder.count_params()) == (10_976, 21_840)
    assert {id(layer) for layer in encoder.layers} < {id(layer) for layer in autoencoder.layers}
    assert encoder(random(2, 16)).shape == (2, 128)


def test_program_4_an_autoencoder_of_two_models(keras: ModuleType, load: Callable[..., Any]) -> None:
    autoencoder = load("autoencoder", "functional")()
    encoder, decoder = autoencoder.get_layer("encoder"), autoencoder.get_layer("decoder")
    assert isinstance(encoder, keras.Model) and isinstance(decoder, keras.Model)
    assert [model.count_params() for model in (encoder, decoder, autoencoder)] == [10_976, 10_864, 21_840]


@pytest.mark.parametrize("style", ["subclassed", "functional"])
def test_program_5_two_inputs_and_two_outputs(
    scaffolds: dict[tuple[str, str], ModelScaffold], load: Callable[..., Any], style: str
) -> None:
    model = load("multi_io", style)()
    binary, label = model(example(scaffolds["multi_io", style], batch_size=2))
    assert (binary.shape, label.shape, model.count_params()) == ((2, 1), (2, 3), 148_420)


@pytest.mark.parametrize("style", ["subclassed", "functional"])
def test_program_6_one_embedding_for_two_inputs(
    keras: ModuleType, scaffolds: dict[tuple[str, str], ModelScaffold], load: Callable[..., Any], style: str
) -> None:
    model = load("shared_embedding", style)()
    model(example(scaffolds["shared_embedding", style]))
    embeddings = [layer for layer in model.layers if isinstance(layer, keras.layers.Embedding)]
    assert [layer.count_params() for layer in embeddings] == [6_400]
    assert model.count_params() == 334_337


def test_program_10_a_subclassed_autoencoder_has_all_its_weights_after_build(load: Callable[..., Any]) -> None:
    model = load("autoencoder", "subclassed")()
    model.build((None, 16))
    assert count_weights(model) == (12, 21_840)
    assert len(model.losses) == 6


def test_a_variational_autoencoder_adds_its_divergence_and_is_random_only_in_training(
    load: Callable[..., Any],
) -> None:
    for style in ("subclassed", "functional"):
        model = load("vae", style)()
        data = random(4, 16)
        np.testing.assert_array_equal(model(data), model(data))
        assert len(model.losses) == 1 and float(model.losses[0]) > 0
        assert not np.array_equal(model(data, training=True), model(data, training=True))


def test_padding_changes_nothing(load: Callable[..., Any]) -> None:
    ids = np.array([[5, 6, 7], [8, 9, 4]])
    padded = np.pad(ids, ((0, 0), (0, 4)))
    for style in ALL_STYLES:
        model = load("lstm", style)()
        np.testing.assert_allclose(model(padded), model(ids), atol=1e-5)
    for style in ("subclassed", "functional"):
        model = load("transformer", style)()
        long = np.pad(ids, ((0, 0), (0, 29)))
        expected = np.asarray(model(long))
        embedding = next(weight for weight in model.weights if weight.shape == (1000, 32))
        table = np.array(embedding)
        table[0] = 5.0  # the vector of padding
        embedding.assign(table)
        np.testing.assert_allclose(model(long), expected, atol=1e-4)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float64"])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_subclassed_model_keeps_to_its_dtype_policy(
    keras: ModuleType,
    scaffolds: dict[tuple[str, str], ModelScaffold],
    load: Callable[..., Any],
    preset: str,
    policy: str,
) -> None:
    model = load(preset, "subclassed")(dtype=policy)
    for output in keras.tree.flatten(model(example(scaffolds[preset, "subclassed"]))):
        # An embedding of Keras that is called the other way gives numbers of the type of its table.
        kept = "float32" if (preset, policy) == ("gpt", "mixed_bfloat16") else None
        wanted = kept or keras.dtype_policies.get(policy).compute_dtype
        assert keras.backend.standardize_dtype(output.dtype) == wanted


def test_other_arguments_than_the_defaults_come_back(
    keras: ModuleType, load: Callable[..., Any], tmp_path: Path
) -> None:
    model = load("resnet", "subclassed")(width=4, depth=2, classes=3)
    images = random(2, 32, 32, 3)
    expected = np.asarray(model(images))
    assert expected.shape == (2, 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.width, loaded.depth, loaded.classes) == (4, 2, 3)
    np.testing.assert_allclose(loaded(images), expected, atol=1e-5)


@pytest.mark.parametrize("worked", WORKED, ids=lambda worked: worked.name)
def test_every_shape_of_graph_computes_the_same_in_all_styles_that_hold_it(
    keras: ModuleType, folder: Path, worked: Worked, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked.write_files(folder)
    monkeypatch.syspath_prepend(folder)
    weights: list[Any] = []
    expected: list[Any] = []
    for style in worked.styles:
        name = f"worked_{worked.name}_{style}"
        assert run(["pipeline", name, *worked.arguments, "--style", style, "--no-check", "-q"]) == 0
        scaffold = describe_model(Request("model", name, "models"), _flags(worked, Style(style)))
        model = getattr(importlib.import_module(name), scaffold.made)()
        inputs = example(scaffold, batch_size=2)
        model(inputs)
        assert model.count_params() == worked.parameters
        weights = weights or model.get_weights()
        give_weights(model, weights)
        outputs = keras.tree.flatten(model(inputs))
        assert tuple(tuple(output.shape) for output in outputs) == worked.outputs
        expected = expected or [np.asarray(output) for output in outputs]
        for one, other in zip(expected, outputs, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("style", [Style.SUBCLASSED, Style.FUNCTIONAL])
def test_models_are_cut_out_of_a_graph_that_reaches_into_them(
    keras: ModuleType, folder: Path, style: Style, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(folder)
    name = f"reached_{style}"
    assert run(["pipeline", name, str(GOLDEN_SPECS / "reached_cuts.yaml"), "--style", style, "-q"]) == 0
    module = importlib.import_module(name)
    model = module.ReachedSubclassed() if style is Style.SUBCLASSED else module.build_reached_functional()
    x, y = random(2, 6, 5), random(2, 6, 5) + 1
    whole = model([x, y])
    left, right, top, memory = (getattr(module, f"build_{cut}")(model) for cut in ("left", "right", "top", "memory"))
    for one, other in zip(whole, top([left(x), right(y)]), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)
    assert [tuple(output.shape) for output in memory(x)] == [(2, 4), (2, 8)]
    assert {id(weight) for weight in top.weights} <= {id(weight) for weight in model.weights}


def _flags(worked: Worked, style: Style) -> ModelFlags:
    from kscaffold.spec.graph.flags import GraphFlags

    if worked.arguments[0] != "--input":
        return ModelFlags(spec=worked.arguments[0], style=style)
    pairs = list(zip(worked.arguments[::2], worked.arguments[1::2], strict=True))
    flags = [tuple(value for flag, value in pairs if flag == wanted) for wanted in ("--input", "--node", "--output")]
    return ModelFlags(graph=GraphFlags(None, *flags), style=style)


# The styles write different tests only where they build models differently.
@pytest.mark.parametrize("style", ALL_STYLES)
def test_the_tests_next_to_the_models_pass(scaffolds: dict[tuple[str, str], ModelScaffold], style: str) -> None:
    wanted = ("mlp", "cut_autoencoder", "multi_io", "lstm", "vae")
    files = [scaffolds[key].destination.test for key in scaffolds if key[1] == style and key[0] in wanted]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, files)],
        cwd=files[0].parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_tests_next_to_models_of_texts_pass(folder: Path, kscaffold: Kscaffold) -> None:
    spec = Path(__file__).parents[1] / "golden/specs/texts.yaml"
    for style in ("functional", "subclassed"):
        made = kscaffold("pipeline", f"texts_{style}", str(spec), "--style", style, "--no-check")
        assert made.exit_code == 0, made.err
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "10 passed" in done.stdout, done.stdout


def test_generated_models_pass_ruffs_default_rules_and_pyrights_basic_mode(
    scaffolds: dict[tuple[str, str], ModelScaffold],
) -> None:
    folder = next(iter(scaffolds.values())).destination.output_dir
    ruff = [str(Path(sys.executable).parent / "ruff"), "check", "--isolated", "--quiet", "."]
    done = subprocess.run(ruff, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    done = subprocess.run([sys.executable, "-m", "pyright", "--version"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"pyright does not run here: {done.stderr.strip().splitlines()[-1:]}")
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "basic"}')
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_layer_and_a_pipeline_made_one_after_the_other_work_together(kscaffold: Kscaffold, folder: Path) -> None:
    assert kscaffold("layer", "MyDense", "--no-check", "-q").exit_code == 0
    result = kscaffold("pipeline", "net", "16 -> my_dense:MyDense(8) -> Dense(2)")
    assert result.exit_code == 0, result
    assert "build_net()  (None, 16) -> (None, 2)  154 params  ok" in result.out
    assert "from my_dense import MyDense\n" in (folder / "net.py").read_text()


@pytest.mark.parametrize("style", ["functional", "subclassed"])
def test_what_only_keras_can_know_is_blamed_on_the_spec(kscaffold: Kscaffold, folder: Path, style: str) -> None:
    (folder / "halve.py").write_text(
        "import keras\n\n\n@keras.saving.register_keras_serializable()\nclass Halve(keras.layers.Layer):\n"
        "    def call(self, inputs):\n        return inputs[:, : inputs.shape[-1] // 2]\n\n"
        "    def compute_output_shape(self, input_shape):\n        return (*input_shape[:-1], input_shape[-1] // 2)\n"
    )
    spec = "inputs: {x: 16}\nnodes:\n  half: x -> halve:Halve()\noutputs:\n  y: (x, half) -> Add -> Dense(2)\n"
    (folder / "net.yaml").write_text(spec)
    before = tree(folder)
    result = kscaffold("pipeline", "net", "net.yaml", "--style", style)
    assert result.exit_code == ExitCode.CHECK_FAILED
    assert "net.yaml:5:19" in result.out, result.out
    assert {name for name in tree(folder) if "__pycache__" not in name} == set(before)


def test_a_model_that_does_not_share_what_it_should_is_found(scaffolds: dict[tuple[str, str], ModelScaffold]) -> None:
    scaffold = scaffolds["shared_embedding", "functional"]
    module = scaffold.destination.module
    text = module.read_text()
    again = text.replace("embedding(second)", "layers.Embedding(vocabulary, dim, name='another')(second)")
    assert again != text
    copy = module.parent / "not_shared.py"
    copy.write_text(again)
    with CheckProcess(find_interpreter(None)) as process:
        (verdict,) = process.finish((scaffold.job(copy, copy.name),))
    assert [finding.rule for finding in verdict.findings if finding.severity == "error"] == ["KS206"]
    assert "Embedding" in verdict.findings[0].message
