"""Calls of TensorFlow, and calls of layers, in the graphs of Keras 2 as source for Keras 3; without Keras."""

from __future__ import annotations

import ast
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Kscaffold
from helpers.saved_configs import Entry, keras2_layer, write_json

from kscaffold.saved.legacy.operations import find_operation, known_operations


def graph(*layers: Entry, output: str, inputs: int = 1, shape: tuple[int, ...] = (4, 6)) -> Entry:
    """A model of Keras 2 with inputs `a`, `b`, …, and one output."""
    names = "abc"[:inputs]
    first = [keras2_layer("InputLayer", name, batch_input_shape=[None, *shape], dtype="float32") for name in names]
    ends = {"input_layers": [[name, 0, 0] for name in names], "output_layers": [[output, 0, 0]]}
    config = {"name": "model", "layers": [*first, *layers], **ends}
    return {"class_name": "Functional", "config": config, "keras_version": "2.12.0", "backend": "tensorflow"}


def called(function: str, node: Any, name: str = "", kind: str = "TFOpLambda") -> Entry:
    """A function of TensorFlow in a graph; it is given as `tf.keras` saves it."""
    return keras2_layer(kind, name or f"tf.{function}", node, function=function, trainable=True, dtype="float32")


def source(kscaffold: Kscaffold, folder: Path, config: Entry, *flags: str) -> str:
    """The statements that build the model, each on a line of its own."""
    write_json(folder / "model.json", config)
    done = kscaffold("from", "model.json", "mine", "--no-check", "--stdout", *flags)
    assert done.exit_code == 0, done.err
    return " ".join(done.out.split()).replace("( ", "(").replace(" )", ")")


@pytest.mark.parametrize(
    ("function", "node", "expected"),
    [
        ("math.subtract", ["a", 0, 0, {"y": 2.0, "name": None}], "a - 2.0"),
        ("math.subtract", ["_CONSTANT_VALUE", -1, 1.0, {"y": ["a", 0, 0], "name": None}], "1.0 - a"),
        ("math.greater", ["_CONSTANT_VALUE", -1, 1.0, {"y": ["a", 0, 0]}], "a < 1.0"),
        ("math.reduce_sum", ["a", 0, 0, {"axis": [-1], "keepdims": True}], "ops.sum(a, axis=-1, keepdims=True)"),
        ("concat", [["a", 0, 0, {"axis": 1}], ["a", 0, 0, {"axis": 1}]], "ops.concatenate([a, a], axis=1)"),
        ("nn.softmax", ["a", 0, 0, {}], "ops.softmax(a)"),
        ("reshape", ["a", 0, 0, {"shape": [-1, 24]}], "ops.reshape(a, (-1, 24))"),
        ("compat.v1.pad", ["a", 0, 0, {"paddings": [[0, 0], [1, 2], [0, 0]]}], "ops.pad(a, ((0, 0), (1, 2), (0, 0)))"),
        ("math.multiply", ["a", 0, 0, {"y": [1.0, 0.5]}], 'a * ops.convert_to_tensor((1.0, 0.5), dtype="float32")'),
    ],
)
def test_functions_of_tensorflow_are_operations(
    kscaffold: Kscaffold, folder: Path, function: str, node: Any, expected: str
) -> None:
    assert expected in source(kscaffold, folder, graph(called(function, node), output=f"tf.{function}"))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ([{"class_name": "__ellipsis__"}, {"start": None, "stop": 1, "step": None}], "a[..., :1]"),
        ([{"start": None, "stop": None, "step": None}, -1], "a[:, -1]"),
        ([{"start": None, "stop": None, "step": None}, None, {"start": 1, "stop": 3, "step": 2}], "a[:, None, 1:3:2]"),
    ],
)
def test_slices_are_slices(kscaffold: Kscaffold, folder: Path, spec: Any, expected: str) -> None:
    layer = called("__operators__.getitem", ["a", 0, 0, {"slice_spec": spec}], "slice", "SlicingOpLambda")
    assert expected in source(kscaffold, folder, graph(layer, output="slice"))


def test_a_shape_that_only_leaves_the_batch_open_is_a_reshape(kscaffold: Kscaffold, folder: Path) -> None:
    layers = (
        called("compat.v1.shape", ["a", 0, 0, {"out_type": "int32"}], "shape"),
        called("__operators__.getitem", ["shape", 0, 0, {"slice_spec": 0}], "batch", "SlicingOpLambda"),
        called("reshape", ["a", 0, 0, {"shape": [["batch", 0, 0], 24]}], "reshape"),
    )
    assert "ops.reshape(a, (-1, 24))" in source(kscaffold, folder, graph(*layers, output="reshape"))


def test_nodes_of_graphs_are_operations(kscaffold: Kscaffold, folder: Path) -> None:
    equation = base64.b64encode(b"bij,bkj->bik").decode()
    nodes = (
        ("AddV2", {"T": {"type": "DT_FLOAT"}}, {"1": 2.0}, [["a", 0, 0, {}]]),
        ("Mean", {"keep_dims": {"b": True}, "Tidx": {"type": "DT_INT32"}}, {"1": [1]}, [["AddV2", 0, 0, {}]]),
        ("ConcatV2", {"N": {"i": "2"}}, {"2": -1}, [["Mean", 0, 0, {}], ["Mean", 0, 0, {}]]),
        ("Einsum", {"equation": {"s": equation}}, {}, [["ConcatV2", 0, 0, {}], ["ConcatV2", 0, 0, {}]]),
        ("Cast", {"DstT": {"type": "DT_HALF"}, "SrcT": {"type": "DT_FLOAT"}}, {}, [["Einsum", 0, 0, {}]]),
        (
            "StridedSlice",
            {"begin_mask": {"i": "1"}, "end_mask": {"i": "1"}, "shrink_axis_mask": {"i": "2"}},
            {"1": [0, -1], "2": [0, 0], "3": [1, 1]},
            [["Cast", 0, 0, {}]],
        ),
    )
    layers = [
        keras2_layer("TensorFlowOpLayer", op, node, node_def={"name": op, "op": op, "attr": attr}, constants=constants)
        for op, attr, constants, node in nodes
    ]
    text = source(kscaffold, folder, graph(*layers, output="StridedSlice"))
    assert "ops.mean(a + 2.0, axis=1, keepdims=True)" in text
    assert "axis=-1)" in text
    assert 'ops.einsum("bij,bkj->bik", x, x)' in text
    assert "ops.cast" in text and '"float16")' in text
    assert "[:, -1]" in text


def test_what_keras_has_nothing_for_is_named_and_becomes_a_stub(kscaffold: Kscaffold, folder: Path) -> None:
    config = graph(called("signal.stft", ["a", 0, 0, {"frame_length": 4, "name": None}]), output="tf.signal.stft")
    write_json(folder / "model.json", config)
    done = kscaffold("from", "model.json", "mine", "--no-check")
    assert done.exit_code == 1
    assert "Keras 3 has nothing for the operation tf.signal.stft of the layer 'tf.signal.stft'" in done.err
    assert "--allow-stubs" in done.err
    text = source(kscaffold, folder, config, "--allow-stubs")
    assert "class TfSignalStft(layers.Layer):" in text
    assert '"frame_length": 4' in text
    assert "TfSignalStft(frame_length=4" in text


@pytest.mark.parametrize("name", ["system", "os.system", "{{ pwn() }}", "__import__('os').system", "a\n    pwn()\n#"])
def test_a_function_that_is_none_is_called_in_no_code(kscaffold: Kscaffold, folder: Path, name: str) -> None:
    write_json(folder / "model.json", graph(called(name, ["a", 0, 0, {}], "op"), output="op"))
    done = kscaffold("from", "model.json", "mine", "--no-check", "--stdout", "--allow-stubs")
    assert done.exit_code == 0, done.err
    calls = [node.func for node in ast.walk(ast.parse(done.out)) if isinstance(node, ast.Call)]
    plain = {func.id for func in calls if isinstance(func, ast.Name)}
    assert {word for word in plain if not word.startswith("Tf")} <= {"super", "NotImplementedError"}
    assert not {func.attr for func in calls if isinstance(func, ast.Attribute)} & {"system", "pwn"}


def test_states_that_follow_the_inputs_are_initial_states(kscaffold: Kscaffold, folder: Path) -> None:
    lstm = keras2_layer("LSTM", "lstm", [["a", 0, 0, {}], ["b", 0, 0, {}], ["c", 0, 0, {}]], units=6)
    text = source(kscaffold, folder, graph(lstm, output="lstm", inputs=3))
    assert "layers.LSTM(6" in text and "(a, initial_state=[b, c])" in text
    gru = keras2_layer("GRU", "gru", [["a", 0, 0, {}], ["b", 0, 0, {}]], units=6)
    assert "(a, initial_state=b)" in source(kscaffold, folder, graph(gru, output="gru", inputs=2))


def test_values_that_attention_is_given_by_name(kscaffold: Kscaffold, folder: Path) -> None:
    given = {"value": ["b", 0, 0], "attention_mask": ["c", 0, 0], "training": None}
    attention = keras2_layer("MultiHeadAttention", "mha", [["a", 0, 0, given]], num_heads=2, key_dim=3)
    text = source(kscaffold, folder, graph(attention, output="mha", inputs=3))
    assert "(a, b, attention_mask=c)" in text


def test_every_row_of_the_table_is_read() -> None:
    for table in ("functions", "nodes"):
        for name in known_operations(table):
            row = find_operation(name, table)
            assert row is not None, name
            assert row.takes or row.variadic


def test_a_call_in_a_circle_is_refused(kscaffold: Kscaffold, folder: Path) -> None:
    layers = (called("math.abs", ["two", 0, 0, {}], "one"), called("math.abs", ["one", 0, 0, {}], "two"))
    (folder / "model.json").write_text(json.dumps(graph(*layers, output="two")))
    done = kscaffold("from", "model.json", "mine", "--no-check")
    assert done.exit_code == 2
    assert "calls need each other in a circle" in done.err
