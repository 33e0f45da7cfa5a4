"""`kscaffold layer NAME EXPRESSION`: layers whose body the user writes, in the words of the field."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from conftest import Kscaffold
from helpers.pages import topic

GATE = (
    "inputs * (inputs -> GlobalAveragePooling2D(keepdims=True)"
    " -> Dense(input_dim // ratio, relu) -> Dense(input_dim, sigmoid))"
)
LAYERS = {
    "Scale": ("inputs * gamma", "--weight", "gamma: input_dim, ones"),
    "SqueezeExcite": (GATE, "--arg", "ratio:int=4"),
    "SwiGLU": (
        "ops.silu(gate(inputs)) * up(inputs) -> Dense(input_dim)",
        *("--arg", "units:int", "--sublayer", "gate = Dense(units)", "--sublayer", "up = Dense(units)"),
    ),
    "Shifted": ("activation(inputs + bias)", "--arg", "activation=relu", "--weight", "bias: input_dim, ones"),
    "Causal": (
        *("inputs + attend(x, x, use_causal_mask=True, attention_mask=mask)", "--node", "x: norm(inputs)"),
        *("--arg", "heads:int=2", "--sublayer", "attend = MultiHeadAttention(heads, 8)"),
        *("--sublayer", "norm = LayerNormalization()", "--input-shape", "8,16"),
    ),
    "Film": (
        "x * (1 + (condition -> Dense(input_dim))) + (condition -> Dense(input_dim))",
        *("--input", "x=16", "--input", "condition=4"),
    ),
    "Averaged": ("ids -> Embedding(10, 8) -> ops.mean(axis=1)", "--input", "ids=6:int32"),
    "RootNorm": (
        "inputs * ops.rsqrt(ops.mean(ops.square(inputs), axis=-1, keepdims=True) + epsilon) * scale",
        *("--arg", "epsilon:float=1e-6", "--weight", "scale: input_dim, ones"),
    ),
    "Residual": ("inputs + Dropout(rate)(Dense(input_dim)(inputs), training=training)", "--arg", "rate:float=0.1"),
    "Split": ("--output", "low: inputs -> Dense(4)", "--output", "high: ops.tanh(inputs)"),
}
MIXTURE = """\
summary: Adds what two experts say.
arguments:
  units: {default: 8, doc: "Positive integer, size of what each expert gives."}
weights:
  router: [input_dim, 2]
states:
  calls: ""
sublayers:
  first: Dense(units, relu)
  second: Dense(units, relu)
nodes:
  share: ops.softmax(ops.matmul(inputs, router))
outputs:
  y: share[:, :1] * first(inputs) + share[:, 1:] * second(inputs) + 0 * calls
"""


DICTIONARY = """\
weights:
  gamma: input_dim, ones
inputs: {values: 8, ids: "6:int32"}
sublayers:
  table: Embedding(10, 8)
outputs:
  joined: ops.mean(table(ids), axis=1) + values * gamma
  alone: ops.tanh(values)
structure: {inputs: dict, outputs: dict}
"""


def generate(kscaffold: Kscaffold, *request: str) -> str:
    made = kscaffold("layer", *request, "--no-check", "--no-test", "--stdout")
    assert made.exit_code == 0, made
    return made.out


def method(source: str, name: str) -> list[str]:
    """The statements of a method."""
    after = source.split(f"    def {name}(", 1)[1].split("\n    def ")[0]
    return [line.strip() for line in after.splitlines()[1:] if line.strip()]


def test_weights_and_arguments_stand_in_an_expression(kscaffold: Kscaffold) -> None:
    source = generate(kscaffold, "Scale", *LAYERS["Scale"])
    assert method(source, "call") == ["return inputs * self.gamma"]
    assert method(source, "compute_output_shape") == ["return input_shape"]
    source = generate(kscaffold, "Shifted", *LAYERS["Shifted"])
    assert method(source, "call") == ["return self.activation(inputs + self.bias)"]


def test_sublayers_are_made_where_their_sizes_are_known(kscaffold: Kscaffold) -> None:
    source = generate(kscaffold, "SwiGLU", *LAYERS["SwiGLU"])
    assert method(source, "build")[0] == "input_dim = input_shape[-1]"
    assert "self.gate = keras.layers.Dense(self.units, dtype=self.dtype_policy)" in method(source, "build")
    source = generate(kscaffold, "Plain", "ops.relu(hidden(inputs))", "--sublayer", "hidden = Dense(4)")
    assert "self.hidden = keras.layers.Dense(4, dtype=self.dtype_policy)" in method(source, "__init__")


def test_call_takes_what_the_body_names(kscaffold: Kscaffold) -> None:
    source = generate(kscaffold, "Causal", *LAYERS["Causal"])
    assert "def call(self, inputs, mask=None, training=None):" in source
    assert method(source, "call")[:4] == [
        "attention_mask = mask",
        "if mask is not None:",
        "# The same mask for all steps of the query.",
        "attention_mask = ops.expand_dims(mask, 1)",
    ]
    assert "def call(self, inputs):" in generate(kscaffold, "Scale", *LAYERS["Scale"])


def test_what_the_body_does_not_use_is_said_there_and_in_a_warning(kscaffold: Kscaffold) -> None:
    made = kscaffold(
        *("layer", "Scale", "inputs * gamma", "--weight", "gamma: input_dim", "--arg", "rate:float=0.1"),
        *("--weight", "other: input_dim", "--no-check", "--no-test", "--stdout"),
    )
    assert "warning: The body does not use 'rate': a comment in call() says so." in made.err
    assert "# Edit here: `self.rate` is not used yet." in method(made.out, "call")
    assert "# Edit here: `self.other` is not used yet." in method(made.out, "call")
    assert "gamma" not in made.err


def test_arguments_are_explained(kscaffold: Kscaffold) -> None:
    source = generate(kscaffold, "Scale", "inputs * rate", "--arg", "rate:float=0.5", "--doc", "rate: What it takes.")
    assert "        rate: What it takes.\n" in source


def test_a_file_says_all_of_it(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "mixture.yaml").write_text(MIXTURE)
    source = generate(kscaffold, "Mixture", "mixture.yaml")
    assert '    """Adds what two experts say.' in source
    assert "units: Positive integer, size of what each expert gives." in source
    assert "trainable=False" in source and "shape=(input_shape[-1], 2)" in source
    assert "self.first(inputs)" in source


def test_what_stands_twice_is_computed_once_unless_it_is_random(kscaffold: Kscaffold) -> None:
    gated = "gate(inputs) * up(inputs) + (1 - gate(inputs)) * inputs"
    sublayers = ("--sublayer", "gate = Dense(input_dim, sigmoid)", "--sublayer", "up = Dense(input_dim)")
    assert method(generate(kscaffold, "Highway", gated, *sublayers), "call") == [
        "gate = self.gate(inputs)",
        "up = self.up(inputs)",
        "return gate * up + (1 - gate) * inputs",
    ]
    twice = method(
        generate(kscaffold, "Twice", "drop(inputs) + drop(inputs)", "--sublayer", "drop = Dropout(0.5)"), "call"
    )
    assert sum("self.drop(" in line for line in twice) == 2
    made = method(generate(kscaffold, "Both", "Dense(4)(inputs) + Dense(4)(inputs)"), "__init__")
    assert sum("keras.layers.Dense(" in line for line in made) == 2


def test_the_length_of_an_argument_is_a_size(kscaffold: Kscaffold) -> None:
    source = generate(kscaffold, "Head", "inputs -> Dense(len(quantiles))", "--arg", "quantiles:tuple=(0.1, 0.9)")
    assert "self.dense = keras.layers.Dense(len(quantiles), dtype=self.dtype_policy)" in method(source, "__init__")
    assert "`(batch_size, 2)` for inputs of `(batch_size, 16)`" in source
    described = ("--arg", "axes:list=[1, 2]", "--weight", "kernel: input_dim, len(axes)")
    assert "shape=(input_shape[-1], len(self.axes))" in generate(kscaffold, "Described", *described).replace(
        "\n            ", ""
    )


def test_inputs_and_outputs_may_be_dictionaries(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "named.yaml").write_text(DICTIONARY)
    source = generate(kscaffold, "Named", "named.yaml")
    assert 'layer({"values": keras.ops.ones((2, 8)), "ids": keras.ops.ones((2, 6), dtype="int32")})' in source.replace(
        "\n        ... ", ""
    )
    assert method(source, "call")[-1] == 'return {"joined": joined, "alone": alone}'
    assert 'shape=(input_shape["values"][-1],)' in source
    assert "A dictionary: values, `(batch_size, 8)`; ids, `(batch_size, 6)`, int32" in source


def test_example_inputs_fit_the_body(kscaffold: Kscaffold) -> None:
    assert "(2, 8, 8, 16)" in generate(kscaffold, "Gate", *LAYERS["SqueezeExcite"])
    assert "(2, 8, 16)" in generate(kscaffold, "Last", "inputs -> LSTM(4)")
    assert "ops.ones((2, 16)), keras.ops.ones((2, 4))" in generate(kscaffold, "Film", *LAYERS["Film"])
    assert 'keras.ops.ones((2, 6), dtype="int32")' in generate(kscaffold, "Averaged", *LAYERS["Averaged"])


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (("inputs * gama", "--weight", "gamma: input_dim"), "There is no value 'gama'. Did you mean gamma?"),
        (("inputs * mask",), "ops.multiply takes no mask, which is None where nothing is masked."),
        (("inputs * 2", "--loss"), "A layer with a body of its own says itself what --loss would add."),
        (("inputs",), "The output 'outputs' is the input itself."),
        (("inputs * 2", "-t", "dense"), "A template has a body of its own."),
        (("nope.yaml",), "There is no file nope.yaml."),
        (("inputs * 2", "--output", "inputs * 3"), "SPEC is the output already."),
        (("--node", "x: inputs * 2"), "The body gives nothing."),
        (("--output", "inputs * 2", "--output", "inputs * 3"), "'inputs * 2' has no name."),
        (("Dense(units)(inputs)",), "'units' is not an argument of this layer"),
        (("inputs * 2", "--input-shape", "8", "--input-shape", "8"), "The layer has 1 inputs, 2 shapes are given."),
        (("inputs * 2", "--weight", "gamma"), "'gamma' has no shape."),
        (("inputs * 2", "--doc", "units: The size."), "There is no argument 'units'."),
        (("hidden(inputs)", "--sublayer", "hidden Dense(4)"), "'hidden Dense(4)' is not a sublayer."),
        (("inputs * gamma", "--weight", "gamma: input_dim", "--arg", "gamma:int=2"), "'gamma' is the name of an"),
        (("inputs * (",), "'(' is not closed."),
        (
            ("LSTM(8)(a, mask=mask) + b", "--input", "a=8,16", "--input", "b=8"),
            "A layer with several inputs has a mask for each, and the body names one.",
        ),
        (("__import__('os').system('x')",), "SPEC column 1"),
    ],
)
def test_what_cannot_be_is_named_with_its_place(
    kscaffold: Kscaffold, folder: Path, request_: tuple[str, ...], message: str
) -> None:
    result = kscaffold("layer", "Thing", *request_, "--no-check")
    assert result.exit_code == 2 and message in result.err, result
    assert list(folder.iterdir()) == []


def commands_of_reference() -> list[list[str]]:
    """The commands of the topic that write a layer with a body."""
    section = topic("layer").partition("## The body as an expression")[2].partition("\n## ")[0]
    block = section.split("```console\n")[1].split("```")[0].replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in block.splitlines()]


@pytest.mark.keras
def test_the_bodies_of_the_reference_work(kscaffold: Kscaffold, folder: Path) -> None:
    commands = commands_of_reference()
    assert len(commands) > 5
    for command in commands:
        assert command[:2] == ["kscaffold", "layer"]
        made = kscaffold(*command[1:])
        assert made.exit_code == 0 and "warning" not in made.err, made
    spec = topic("layer").partition("## The body as an expression")[2].split("```yaml\n")[1].split("```")[0]
    (folder / "mixed.yaml").write_text(spec)
    assert kscaffold("layer", "Mixed", "mixed.yaml").exit_code == 0


def load(folder: Path, name: str) -> Any:
    module = ModuleType(name)
    path = folder / f"{name}.py"
    exec(compile(path.read_text(), str(path), "exec"), vars(module))
    return module


@pytest.mark.keras
def test_bodies_pass_the_check_their_tests_and_compute_what_they_say(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "mixture.yaml").write_text(MIXTURE)
    (folder / "named.yaml").write_text(DICTIONARY)
    for name, request in {**LAYERS, "Mixture": ("mixture.yaml",), "Named": ("named.yaml",)}.items():
        made = kscaffold("layer", name, *request)
        assert made.exit_code == 0, made
    result = kscaffold("check", ".", "--strict", "--quiet", "--ignore", "KS509")
    assert result.exit_code == 0, result.out
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

    generator = np.random.default_rng(0)
    x = generator.normal(size=(3, 16)).astype("float32")
    images = generator.normal(size=(3, 4, 4, 8)).astype("float32")

    def sigmoid(value: Any) -> Any:
        return 1 / (1 + np.exp(-value))

    def close(given: Any, wanted: Any) -> None:
        np.testing.assert_allclose(np.asarray(given), wanted, rtol=1e-4, atol=1e-5)

    scale = load(folder, "scale").Scale()
    scale(x)
    scale.set_weights([np.arange(16)])
    close(scale(x), x * np.arange(16))

    gate = load(folder, "squeeze_excite").SqueezeExcite(ratio=4)
    made = gate(images)
    first, first_bias, second, second_bias = gate.get_weights()
    hidden = np.maximum(images.mean((1, 2), keepdims=True) @ first + first_bias, 0)
    close(made, images * sigmoid(hidden @ second + second_bias))

    swiglu = load(folder, "swiglu").SwiGLU(units=5)
    made = swiglu(x)
    gated, up = (x @ np.asarray(layer.kernel) for layer in (swiglu.gate, swiglu.up))
    close(made, (gated * sigmoid(gated) * up) @ np.asarray(swiglu.dense.kernel))

    root = load(folder, "root_norm").RootNorm()
    close(root(x), x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6))


def test_what_is_sliced_has_a_name_whose_type_is_open(kscaffold: Kscaffold) -> None:
    shape = ("--input-shape", "6,8")
    source = generate(kscaffold, "Sliced", "ops.tanh(ops.relu(inputs)[:, 0])[:, None] + inputs[:, :1]", *shape)
    assert source.index("from typing import Any\n\nimport keras\n") > 0
    assert method(source, "call") == [
        "relu: Any = ops.relu(inputs)",
        "tanh: Any = ops.tanh(relu[:, 0])",
        "return tanh[:, None] + inputs[:, :1]",
    ]
    node = ("--node", "tanh: ops.tanh(inputs)", *shape)
    assert method(generate(kscaffold, "Named", "tanh[:, 0] + tanh[:, 1]", *node), "call") == [
        "tanh: Any = ops.tanh(inputs)",
        "return tanh[:, 0] + tanh[:, 1]",
    ]
    activated = generate(kscaffold, "Activated", "act(inputs)[:, 0]", "--arg", "act:activation=relu", *shape)
    assert method(activated, "call") == ["act: Any = self.act(inputs)", "return act[:, 0]"]
    assert "Any" not in generate(kscaffold, "Plain", "drop(inputs)[:, 0]", "--sublayer", "drop = Dropout(0.1)", *shape)


@pytest.mark.keras
def test_bodies_with_slices_and_initializers_pass_pyrights_basic_mode(kscaffold: Kscaffold, folder: Path) -> None:
    bodies = {
        "One": ("ops.tanh(inputs)[:, 0] -> Dense(4, kernel_initializer=Zeros())",),
        "Two": ("-ops.tanh(inputs)[:, 0] / 2",),
        "Three": ("x + x[:, :1]", "--node", "x: ops.where(inputs > 0, inputs, 0.0)"),
        "Four": (
            "act(inputs)[:, 0]",
            "--arg",
            "act:activation=gelu",
            "--arg",
            "first:initializer=RandomNormal(stddev=0.1)",
        ),
    }
    for name, words in bodies.items():
        assert kscaffold("layer", name, *words, "--input-shape", "6,8", "--no-check", "--no-test").exit_code == 0
    kinds = ("--arg", "i:initializer=Zeros()", "--arg", "r:regularizer=L2(0.1)", "--arg", "c:constraint=MaxNorm(2)")
    more = (
        "--arg",
        "l:layer=Dense(3, kernel_initializer=Zeros())",
        "--weight",
        "w: input_dim, i",
        "--arg",
        "t:any={'a': 1}",
    )
    assert kscaffold("layer", "Kinds", *kinds, *more, "--no-check", "--no-test").exit_code == 0
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "basic"}')
    pyright = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable]
    if subprocess.run([*pyright, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("pyright does not run here")
    done = subprocess.run([*pyright, "."], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
