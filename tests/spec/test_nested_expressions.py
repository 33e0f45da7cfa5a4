"""Expressions in graphs, as people write them in Python: `ops.silu(h) * (x -> Dense(8))`."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pytest
from conftest import Kscaffold
from hypothesis import given, settings
from hypothesis import strategies as st

INPUTS = ("--input", "x=6,8", "--input", "y=6,8")


def body(kscaffold: Kscaffold, *flags: str) -> list[str]:
    """The statements that make the outputs of a pipeline."""
    made = kscaffold("pipeline", "net", *flags, "--no-check", "--no-test", "--stdout")
    assert made.exit_code == 0, made
    lines = [line.strip() for line in made.out.splitlines() if line.startswith("    ")]
    first = max(number for number, line in enumerate(lines) if "keras.Input(" in line)
    return lines[first + 1 : -1]


@pytest.mark.parametrize(
    ("output", "statements"),
    [
        ("x * y + 1", ["z = x * y + 1"]),
        ("-x ** 2 / 4 - 3 * y", ["z = -(x**2) / 4 - 3 * y"]),
        ("ops.tanh(ops.square(x) + y[:, :1])", ["z = ops.tanh(ops.square(x) + y[:, :1])"]),
        ("ops.where(x > 0, x, 0.1 * y)", ["z = ops.where(x > 0, x, 0.1 * y)"]),
        ("x * (x -> Dense(4, relu) -> Dense(8))", [
            'z = layers.Dense(4, activation="relu")(x)', "z = layers.Dense(8)(z)", "z = x * z"
        ]),
        ("x * Dense(8)(Dense(4)(y)) -> Dense(1)", [
            "z = layers.Dense(4)(y)", "z = layers.Dense(8)(z)", "z = x * z", "z = layers.Dense(1)(z)"
        ]),
        ("(x -> Dense(8) x2) + y", [
            "z = x", "for _ in range(2):", "z = layers.Dense(8)(z)", "z = z + y"
        ]),
        ("(x -> Dense(8)) * (y -> Dense(8))", [
            "z = layers.Dense(8)(x)", "dense = layers.Dense(8)(y)", "z = z * dense"
        ]),
        ("ops.concatenate([x * 2, (y -> Dense(8))], axis=1)", [
            "z = layers.Dense(8)(y)", "z = ops.concatenate([x * 2, z], axis=1)"
        ]),
        ("ops.top_k(x, 2)[0] * ops.top_k(y, 2)[1]", [
            "values, _ = ops.top_k(x, 2)", "_, indices = ops.top_k(y, 2)", "z = ops.multiply(values, indices)"
        ]),
        ("(x * 2, ops.tanh(y)) -> Concatenate", [
            "z = x * 2", "tanh = ops.tanh(y)", "z = layers.Concatenate()([z, tanh])"
        ]),
        ("x -> LSTM(8)(initial_state=[y[:, 0] * 2, y[:, 1]])", [
            "z = y[:, 0] * 2", "value = y[:, 1]", "z = layers.LSTM(8)(x, initial_state=[z, value])"
        ]),
    ],
)  # fmt: skip
def test_an_expression_is_written_as_a_person_would(kscaffold: Kscaffold, output: str, statements: list[str]) -> None:
    used = "" if "y" in output.replace("layers", "") else " + 0 * y"
    written = body(kscaffold, *INPUTS, "--output", f"z: {output}{used}")
    if used:
        written = [line.replace(" + 0 * y", "") for line in written]
    assert written == statements


def test_shared_layers_and_models_are_called_in_expressions(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "net.yaml").write_text(textwrap.dedent("""\
        inputs: {x: [6, 8], y: [6, 8]}
        shared: {gate: "Dense(8, sigmoid)", attend: "MultiHeadAttention(2, 4)"}
        models:
          up:
            inputs: {a: [6, 8]}
            outputs: {b: a -> Dense(8)}
        outputs:
          z: ops.silu(gate(x)) * up(x) + attend(x, y, use_causal_mask=True) * gate(y)
        """))
    assert body(kscaffold, "net.yaml") == [
        'gate = layers.Dense(8, activation="sigmoid", name="gate")',
        'attend = layers.MultiHeadAttention(2, 4, name="attend")',
        "up = build_up()",
        "z = gate(x)",
        "up_output = up(x)",
        "attend_output = attend(x, y, use_causal_mask=True)",
        "gate_output = gate(y)",
        "z = ops.silu(z) * up_output + attend_output * gate_output",
    ]


def test_expressions_are_the_same_in_every_style(kscaffold: Kscaffold) -> None:
    spec = ("--input", "x=8", "--output", "z: ops.silu(x -> Dense(4)) * (x -> Dense(4, tanh)) -> Dense(1)")
    for style in ("functional", "subclassed"):
        made = kscaffold("pipeline", "net", *spec, "--style", style, "--no-check", "--no-test", "--stdout")
        assert made.exit_code == 0 and "ops.silu(" in made.out and made.out.count("layers.Dense(") == 3
    refused = kscaffold("pipeline", "net", *spec, "--style", "sequential", "--no-check", "--stdout")
    assert refused.exit_code == 2 and "A sequential model is a chain, but the graph forks at 'x'." in refused.err


values = st.sampled_from(["x", "y", "x[:, :1]"])
numbers = st.sampled_from(["2", "0.5", "3"])


def combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operator = st.sampled_from("+-*/")
    infix = st.tuples(parts, operator, parts | numbers) | st.tuples(numbers, operator, parts)
    function = st.tuples(st.sampled_from(["tanh", "square", "sin", "abs"]), parts)
    extreme = st.tuples(st.sampled_from(["maximum", "minimum"]), parts, parts | numbers)
    return (
        infix.map(lambda three: f"({' '.join(three)})")
        | function.map(lambda two: f"ops.{two[0]}({two[1]})")
        | extreme.map(lambda three: f"ops.{three[0]}({three[1]}, {three[2]})")
        | parts.map(lambda part: f"(-{part})")
    )


expressions = st.recursive(values, combined, max_leaves=6)


@pytest.mark.keras
def test_random_expressions_compute_what_numpy_says(kscaffold: Kscaffold, folder: Path) -> None:
    import keras

    texts: list[str] = []

    @settings(max_examples=60, database=None, deadline=None)
    @given(expressions)
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    generator = np.random.default_rng(0)
    arrays = {name: generator.normal(size=(4, 6, 8)) for name in "xy"}
    wanted = {}
    for number, text in enumerate(dict.fromkeys(texts)):
        with np.errstate(all="ignore"):
            value = eval(text.replace("ops.", "np."), {"np": np, **arrays})
        if text not in ("x", "y") and np.isfinite(value).all() and np.abs(value).max() < 1e3:
            wanted[f"z{number}"] = (text, value)
    assert len(wanted) > 20
    outputs = [part for name, (text, _) in wanted.items() for part in ("--output", f"{name}: {text}")]
    used = () if any("y" in text for text, _ in wanted.values()) else ("--output", "last: y * 2")
    made = kscaffold("pipeline", "net", *INPUTS, *outputs, *used, "--no-check", "--no-test", "--stdout")
    assert made.exit_code == 0, made
    names: dict[str, object] = {}
    exec(made.out, names)
    model = names["build_net"]()  # type: ignore[operator]
    given_arrays = [arrays[tensor.name].astype("float32") for tensor in model.inputs]
    for (text, value), output in zip(wanted.values(), keras.tree.flatten(model(given_arrays)), strict=False):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(output), value, rtol=2e-3, atol=1e-4, err_msg=text)
