"""Specs beyond chains of layers: operations, arguments of calls, several values, dictionaries, frozen models."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from conftest import Kscaffold
from helpers.worked_specs import TICKETS
from test_graph_spec import graph_of, refusal

from kscaffold.base.choices import Style
from kscaffold.base.errors import RequestError
from kscaffold.kinds.own_layers import OwnLayers
from kscaffold.library.templates import Catalogue
from kscaffold.source.module import write
from kscaffold.source.picture import graph_picture, step_title
from kscaffold.spec.graph.lower import lower
from kscaffold.spec.graph.shapes import GraphShapes, infer_shapes
from kscaffold.spec.graph.value import Form, Target

NET = """\
parameters: {units: 8, rate: 0.5}
inputs: {x: [6, 4]}
models:
  encoder:
    inputs: {a: 4}
    outputs:
      code: a -> Dense(3) -> Dropout(0.5)
blocks:
  block:
    inputs: a
    outputs:
      b: a -> Dense(3)
shared:
  table: Dense(4)
nodes:
  h: STEP
  used: x -> TimeDistributed(encoder) -> table -> block -> Dropout(rate)
outputs:
  y: (h, used) -> Add -> Flatten -> Dense(units, relu)
"""


def net(step: str) -> str:
    return NET.replace("STEP", step)


def shapes_of(text: str) -> GraphShapes:
    graph = graph_of(text)
    return infer_shapes(graph, OwnLayers((), "custom", Catalogue()).infer).of(graph)


def source(text: str, style: str) -> str:
    """The statements of the last function or class in a style, without their docstrings."""
    graph = graph_of(text)
    facts = infer_shapes(graph, OwnLayers((), "custom", Catalogue()).infer)
    if style == "functional":
        written = write(lower(graph, facts, Style.FUNCTIONAL), Style.FUNCTIONAL, "Net")
        return "\n".join(line.text for line in written.functions[-1].lines)
    part = write(lower(graph, facts, Style.SUBCLASSED), Style.SUBCLASSED, "Net").classes[-1]
    made = [line.text for line in part.constructor]
    return "\n".join([*made, *(line.text for lines in (part.build, part.call, part.output_shape) for line in lines)])


def test_a_chain_begins_with_an_operation_or_a_slice_of_named_values() -> None:
    graph = graph_of(TICKETS)
    rest = next(node for node in graph.nodes if node.name == "rest")
    assert [step.target for step in rest.steps] == [Target.OPERATION] * 3
    assert (rest.start, rest.needs) == ((), ("numbers",))
    decoded = next(node for node in graph.nodes if node.name == "decoded")
    assert decoded.needs == ("title", "lstm.1", "lstm.2")
    assert (graph.input_form, graph.output_form) == (Form.DICT, Form.DICT)


def test_shapes_go_through_operations_slices_and_states() -> None:
    shapes = shapes_of(TICKETS)
    assert [shapes.values[name] for name in ("lstm.0", "lstm.2", "rest", "score", "label")] == [
        (8,), (8,), (3,), (1,), (3,)
    ]  # fmt: skip
    assert shapes.parameters == 400 + 240 + 544 + 480 + 42 + 27 + 21


@pytest.mark.parametrize(
    ("step", "shape"),
    [
        ("x[:, 0]", (4,)), ("x[:, 1:-1]", (4, 4)), ("x[..., None]", (6, 4, 1)), ("x[:, ::2]", (3, 4)), ("x[:]", (6, 4)),
        ("x[:, :units]", (6, 4)), ("x[0]", None), ("x[1:]", None), ("x -> ops.mean(axis=1)", (4,)),
        ("x -> ops.sum(axis=[1, 2], keepdims=True)", (1, 1)), ("x -> ops.mean", None), ("x -> ops.sum(axis=0)", None),
        ("ops.multiply(x, rate)", (6, 4)), ("ops.where(x, x, 0.0)", (6, 4)),
        ("ops.concatenate([x, x], axis=-1)", (6, 8)), ("ops.stack([x, x], axis=1)", (2, 6, 4)),
        ("x -> ops.expand_dims(-1) -> ops.squeeze(-1)", (6, 4)), ("x -> ops.transpose([0, 2, 1])", (4, 6)),
        ("x -> ops.cumsum", None), ("x -> ops.relu x3", (6, 4)),
    ],
)  # fmt: skip
def test_the_shape_of_an_operation_is_known_or_left_open(step: str, shape: tuple[int, ...] | None) -> None:
    text = net(step).replace("(h, used) -> Add", "ops.matmul(h, used)")
    assert shapes_of(text).values["h"] == shape


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("x -> ops.maen(axis=1)", "net.yaml:16:11: Keras has no operation ops.maen. Did you mean ops.mean?"),
        ("x -> ops.mean(axs=1)", "ops.mean has no argument 'axs'. Did you mean axis?"),
        ("x -> ops.mean(1, False, 3)", "ops.mean takes 3 arguments, 4 are given."),
        ("x -> ops.add", "ops.add needs 'x2'."),
        ("ops.add(x, x, x1=3)", "ops.add is given 'x1' twice."),
        ("ops.zeros([2, 3])", "ops.zeros is given no value of the graph."),
        ("ops.add(x, us)", "net.yaml:16:6: There is no value 'us'. Did you mean used?"),
        ("ops.add(x, 'x')", "There is no value 'x'. Without quotes it is one: x."),
        ("ops.add(z.1, 1)", "net.yaml:16:6: There is no value 'z.1'. There are: x, h, used, y."),
        ("(x, x) -> ops.concatenate", "ops.concatenate takes a list of values. Write ops.concatenate([a, b])."),
        ("ops.add(x, unit * 2)", "'unit' is not a parameter of this graph. To add it: a line 'unit: 8' below"),
        ("x -> ops.relu(1)(2)", "ops.relu has second brackets."),
        ("ops.add(x, used)", "net.yaml:16:6: ops.add cannot combine (None, 6, 4) and (None, 6, 3). The sizes"),
        ("x * ops.mean(x, axis=1)", "(None, 6, 4) and (None, 4): the batch axis of one of them would meet"),
        ("ops.concatenate([x, x[:, 0]], axis=-1)", "ops.concatenate cannot merge (None, 6, 4) and (None, 4)."),
        ("x[:, 0, 0, 0]", "net.yaml:16:6: A value of shape (None, 6, 4) has no such axis to take a part of."),
        ("ops.tanh(x)[..., 0, 0, 0]", "A value of shape (None, 6, 4) has no such axis to take a part of."),
        ("ops.concatenate([x, 0.5], axis=-1)", "net.yaml:16:6: ops.concatenate takes values, and 0.5 is none."),
        ("x[:, :unit]", "'unit' is not a parameter of this graph."),
        ("tanh(x) * 2", "'tanh(x)' does not name a value. Write ops.tanh(x)."),
        ("Dense(x) * 2", "Dense is a layer, which is made before it is called: Dense(…)(x)."),
        ("x * Dense(8)", "'Dense(8)' does not name a value."),
        ("units * 2 -> Dense(8)", "ops.multiply is given no value of the graph."),
        ("Dense(units / 2)(x)", "'units / 2' has no value of the graph. Sizes are computed with + - * // ** alone."),
        ("x * (x -> Dense(4) xunits)", "net.yaml:16:"),
        ("x + ops.tanhh(x)", "Keras has no operation ops.tanhh. Did you mean ops.tanh?"),
        ("x + z", "There is no value 'z'."),
        ("x + (x, x)", "(x, x) is several values, and '+' takes one on each side."),
        ("z[:, 0]", "net.yaml:16:6: There is no value 'z'."),
        ("x[:, 0", "net.yaml:16:7: '[' is not closed."),
        ("x -> LSTM(8)(initial_stat=[x, x])", "LSTM is called with no argument 'initial_stat'. Did you mean "),
        ("x -> LSTM(8, return_state=True) -> Dense(3)", "LSTM gives 3 values, so the chain ends here."),
        ("x -> LSTM(8, return_state=True) x2", "LSTM gives 3 values, so it cannot be repeated."),
        ("x -> LSTM(8, return_state=True)", "'h' gives several values. Write one: h.0, h.1, h.2."),
        ("x -> ops.split(2, axis=1)", "'h' gives several values. Write one: h.0, h.1."),
        ("x -> table(units=3)", "table is called with no argument 'units'. It takes training."),
        ("x -> table()", "Write table, or with arguments of the call: table(training=False)."),
        ("x -> encoder(3)", "'encoder' is a model that is there already."),
        ("x -> encoder(training=False)(mask=x)", "'encoder' is a model that is there already."),
        ("x -> block()(training=True)", "'block' is a block, whose calls take no arguments."),
        ("x -> TimeDistributed(block)", "'block' is a block, and a layer takes a model."),
        ("x -> TimeDistributed(x.1)", "'x.1' has no place in what makes a layer."),
        ("x -> TimeDistributed(ops.relu(x))", "The operation ops.relu has no place in what makes a layer."),
        ("x -> Dense(x[:, 0])", "'x[:, 0]' has no place in what makes a layer."),
        ("x -> Dropout(rate)(x)", "Dropout takes one value, 2 are given."),
        ("x -> used.0", "'used.0' is a value, and a chain calls layers."),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(step: str, message: str) -> None:
    assert message in refusal(net(step))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("inputs: dict", "inputs: dic", "net.yaml:4:21: 'dic' is not a structure. Write list, or dict."),
        ("inputs: dict", "input: dict", "A structure has no 'input'. It has inputs and outputs."),
        ("structure:", "trainable: no\nstructure:", "net.yaml:4:12: trainable is 'no'. Write true, or false."),
        ("numbers: 6", "numbers: {shape: [6], batch_size: 0}", "'0' is not a batch size. Give a number of examples"),
        ("numbers: 6", "numbers: {shape: [6], batch_size: many}", "'many' is not a batch size."),
        ("numbers: 6", "numbers: {shape: [6], sparse: true}", "An input has no 'sparse'. There are: shape,"),
    ],
)  # fmt: skip
def test_what_a_model_is_like_is_compared_with_what_there_is(old: str, new: str, message: str) -> None:
    assert message in refusal(TICKETS.replace(old, new))


def test_a_block_has_no_structure_and_is_not_frozen_by_itself() -> None:
    for line, message in (
        ("structure: {inputs: dict}", "A block has no structure."),
        ("trainable: false", "A block is trained with the model that calls it."),
    ):
        assert message in refusal(
            net("x").replace("  block:\n", f"  block:\n    {line}\n").replace("h: x", "h: x -> table")
        )


def test_functional_code_names_values_as_the_spec_does() -> None:
    text = source(TICKETS, "functional")
    assert "first = numbers[:, :3]\n" in text
    assert "rest = ops.square(numbers[:, 3:]) * 2.0\n" in text
    assert "lstm, lstm_1, lstm_2 = layers.LSTM(8, return_state=True)(lstm)" in text
    assert "x = 1 - lstm\n" in text
    assert "layers.LSTM(8)(decoded, initial_state=[lstm_1, lstm_2])" in text
    assert "x = ops.concatenate([first, rest, decoded, kept], axis=-1)\n" in text
    assert "layers.Dropout(0.5)(x, training=False)" in text
    assert 'keras.Model({"title": title, "numbers": numbers}, {"score": score, "label": label}, name="net")' in text
    ast.parse(f"def f():\n    {text.replace(chr(10), chr(10) + '    ')}")


def test_a_class_whose_call_is_more_than_layers_is_built_by_a_symbolic_call() -> None:
    text = source(TICKETS, "subclassed")
    assert 'inputs = {"title": keras.KerasTensor(input_shape["title"], dtype="int32"), ' in text
    assert "self.call(inputs)\n" in text
    assert 'title = inputs["title"]\n' in text
    assert "self.dropout(x, training=False)" in text
    assert "keras.tree.map_structure(lambda output: output.shape, outputs)" in text
    assert 'return {"score": score, "label": label}' in text
    one = source(
        "parameters: {rate: 0.5}\ninputs: {x: 4}\noutputs:\n  y: ops.multiply(rate, x) -> Dense(2)", "subclassed"
    )
    assert "self.call(keras.KerasTensor(input_shape))\n" in one
    assert "return self.call(keras.KerasTensor(input_shape)).shape" in one
    assert "x = self.rate * inputs\nreturn self.dense(x)\n" in one
    listed = "structure: {inputs: list, outputs: list}\ninputs: {x: 4}\noutputs:\n  y: x -> Dense(2)"
    assert "x, = inputs" in source(listed, "subclassed")
    assert "return [y]" in source(listed, "subclassed")
    assert "keras.Model([x], [y], " in source(listed, "functional")


def test_a_model_inside_a_layer_is_made_for_it_or_shared_with_it() -> None:
    alone = net("x -> table -> block")
    assert "layers.TimeDistributed(encoder)(x)" in source(alone, "functional")
    assert "layers.TimeDistributed(Encoder(dtype=self.dtype_policy), dtype" in source(alone, "subclassed")
    both = """\
models: {encoder: {inputs: {a: 4}, outputs: {code: a -> Dense(4)}}}
inputs: {x: 4, s: [6, 4]}
outputs:
  y: x -> encoder
  z: s -> TimeDistributed(encoder)
"""
    assert "self.encoder = Encoder(dtype=self.dtype_policy)\n" in source(both, "subclassed")
    assert "layers.TimeDistributed(self.encoder, dtype" in source(both, "subclassed")


def test_a_class_takes_no_mask() -> None:
    text = net("ops.any(x, axis=-1)").replace("-> TimeDistributed(encoder) -> table", "-> table -> encoder(mask=h)")
    text = text.replace("{a: 4}", "{a: [6, 4]}").replace("(h, used) -> Add", "used")
    assert "used = table(x)\nused = encoder(used, mask=h)\n" in source(text, "functional")
    with pytest.raises(RequestError, match="The class of 'encoder' takes no mask"):
        source(text, "subclassed")


def test_values_of_unknown_number_are_counted() -> None:
    text = source("inputs: {x: 4}\nnodes:\n  h: x -> my.layers:Mine(3)\noutputs:\n  y: (h.0, h.2) -> Add", "functional")
    assert "h = Mine(3)(x)\n" in text
    assert "layers.Add()([h[0], h[2]])" in text


def test_a_frozen_model_is_frozen_after_it_is_made() -> None:
    text = "inputs: {x: 4}\noutputs:\n  y: x -> Dense(2)\ntrainable: false"
    assert source(text, "functional").endswith("model.trainable = False\nreturn model")
    graph = graph_of(text)
    facts = infer_shapes(graph, OwnLayers((), "custom", Catalogue()).infer)
    (made,) = write(lower(graph, facts, Style.SEQUENTIAL), Style.SEQUENTIAL, "Net").functions
    assert [line.text for line in made.lines][-2:] == ["model.trainable = False", "return model"]
    assert "batch_size=2" in source(text.replace("{x: 4}", "{x: {shape: [4], batch_size: 2}}"), "functional")


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        ("  y: x -> ops.relu -> Dense(2)", "'net' has the operation ops.relu."),
        ("  y: x[:, 2:] -> Dense(2)", "'net' has the slice x[:, 2:]."),
        ("  y: x -> Dropout(0.5)(training=True) -> Dense(2)", "Dropout is called with training."),
        ("  y: x -> Dense(2)\nstructure: {inputs: dict}", "the inputs of 'net' are a dictionary."),
        ("  y: x -> Dense(2)\nstructure: {outputs: list}", "the outputs of 'net' are a list."),
    ],
)
def test_what_is_more_than_a_chain_cannot_be_a_sequential_model(graph: str, reason: str) -> None:
    parsed = graph_of(f"inputs: {{x: 4}}\noutputs:\n{graph}")
    facts = infer_shapes(parsed, OwnLayers((), "custom", Catalogue()).infer)
    with pytest.raises(RequestError, match="A sequential model is a chain, but") as refused:
        lower(parsed, facts, Style.SEQUENTIAL)
    assert reason in str(refused.value)


def test_a_picture_has_a_box_for_each_operation_and_an_arrow_from_each_value_that_it_names() -> None:
    graph = graph_of(TICKETS)
    facts = infer_shapes(graph, OwnLayers((), "custom", Catalogue()).infer)
    drawing = graph_picture(graph, facts, "Tickets")
    titles = {box.name: box.title for box in drawing.boxes}
    assert {"numbers[:, :3]", "ops.square", "ops.multiply(2.0)", "ops.subtract(1, lstm.0)"} <= set(titles.values())
    arrows = {(titles[one].partition("(")[0], titles[other].partition("(")[0]) for one, other in drawing.arrows}
    assert {("numbers", "numbers[:, :3]"), ("LSTM", "ops.subtract"), ("numbers[:, :3]", "ops.concatenate")} <= arrows
    assert step_title(graph, next(graph.steps)) == "Embedding(50, 8)"


def test_a_name_that_keras_gives_to_an_operation_cannot_be_that_of_an_input() -> None:
    with pytest.raises(RequestError, match="'mean' cannot be the name of an input: Keras gives it to the first mean"):
        source("inputs: {mean: [3, 4]}\noutputs:\n  y: mean -> ops.mean(axis=1) -> Dense(2)", "functional")


def test_the_files_that_are_written_feed_dictionaries_and_batches(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "tickets.yaml").write_text(TICKETS.replace("numbers: 6", "numbers: {shape: [6], batch_size: 2}"))
    done = kscaffold("pipeline", "tickets", "tickets.yaml", "--no-check")
    assert done.exit_code == 0, done.err
    text = (folder / "test_tickets.py").read_text()
    assert '"title": generator.integers(40, size=(batch_size, 10)).astype("int32"),' in text
    assert "    batch_size = 2\n" in text
    assert "pytest" not in text.partition("\n")[2]
    listed = "".join(text.partition("assert shapes == ")[2].partition("]")[0].split())
    assert listed.replace(",)", ")").strip(",") == "[(batch_size,3),(batch_size,1)"  # as Keras sorts the keys
    assert "numbers: `(2, 6)`." in (folder / "tickets.py").read_text()
    assert "from keras import layers, ops\n" in (folder / "tickets.py").read_text()
    done = kscaffold("pipeline", "tickets", "tickets.yaml", "--style", "sequential", "--no-check", "--stdout")
    assert "tickets.yaml:1:1: A sequential model is a chain, but the inputs of 'tickets' are a dictionary." in done.err


@pytest.mark.parametrize("style", ["functional", "subclassed"])
def test_operators_stand_only_between_numbers_of_one_type(style: str) -> None:
    text = source(
        """\
inputs: {tokens: {shape: [5], dtype: int32}, x: 5}
nodes:
  known: tokens -> ops.greater(2)
  masked: (x, known) -> ops.multiply
  half: tokens -> ops.divide(2)
  scaled: tokens -> ops.multiply(0.5)
  following: tokens -> ops.add(1)
  halves: x -> ops.multiply(0.5) -> ops.add(x)
outputs:
  y: (masked, half, scaled, halves) -> Add -> Dense(1)
  z: following -> Embedding(9, 2) -> Flatten
""",
        style,
    )
    assert "known = tokens > 2\n" in text
    assert "masked = ops.multiply(x, known)\n" in text  # truth values are no operands of *
    assert "half = ops.divide(tokens, 2)\n" in text  # TensorFlow would make float64 of it
    assert "scaled = ops.multiply(tokens, 0.5)\n" in text  # and refuse this
    assert "following = tokens + 1\n" in text
    assert "halves = x * 0.5 + x\n" in text
