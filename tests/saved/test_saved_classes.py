"""Saved models as classes: a layer for each function, made in the constructor, called in `call`."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import Kscaffold
from helpers.networks import PROPERTY, networks, programs
from helpers.program_meaning import meaning
from helpers.saved_configs import Entry, chain, entry, functional, layer, resnet, tensor, write_json
from hypothesis import given

from kscaffold.program.lift import lift_loops
from kscaffold.program.tree import Listing, Ref
from kscaffold.program.value import Routine
from kscaffold.source.classes import Module
from kscaffold.source.members import class_parts
from kscaffold.source.routine import RoutineWriter


def source(kscaffold: Kscaffold, folder: Path, config: Entry, *flags: str) -> str:
    """The source that the command writes in the subclassed style, without its check."""
    write_json(folder / "model.json", config)
    done = kscaffold("from", "model.json", "small", "--style", "subclassed", "--no-check", "--stdout", *flags)
    assert done.exit_code == 0, done.err
    ast.parse(done.out)
    return done.out


def method(text: str, class_name: str, name: str) -> str:
    """A method of a class."""
    body = ast.parse(text).body
    found = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == class_name)
    return ast.unparse(next(node for node in found.body if isinstance(node, ast.FunctionDef) and node.name == name))


def test_a_block_is_a_layer_with_arguments_and_a_config(kscaffold: Kscaffold, folder: Path) -> None:
    text = source(kscaffold, folder, resnet())
    classes = [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    assert classes == ["ResidualBlock", "Small"]
    made = method(text, "ResidualBlock", "__init__")
    assert "if project:\n        self.conv0 = layers.Conv2D(4 * filters" in made
    assert "dtype=self.dtype_policy" in made
    called = method(text, "ResidualBlock", "call")
    assert "if self.project:\n        shortcut = self.conv0(inputs)" in called
    assert "self.bn1(x, training=training)" in called
    assert "project=self.project" in method(text, "ResidualBlock", "get_config")


def test_attributes_are_named_after_the_layers_and_names_of_layers_are_left_out(
    kscaffold: Kscaffold, folder: Path
) -> None:
    text = source(kscaffold, folder, resnet())
    assert "self.stem_conv = layers.Conv2D(" in text
    assert "name=" not in text
    assert "self.conv4_blocks = [" in text
    assert "for conv4_block in self.conv4_blocks:" in method(text, "Small", "call")


def test_layers_in_a_row_are_a_list(kscaffold: Kscaffold, folder: Path) -> None:
    config = chain(*(layer("Dense", f"hidden{i}", f"hidden{i - 1}" if i else "input_layer", units=8) for i in range(4)))
    text = source(kscaffold, folder, config)
    assert "self.hidden_layers = [" in text
    assert "for _ in range(4)" in text
    assert "for layer in self.hidden_layers:\n        x = layer(x)" in method(text, "Small", "call")


def test_layers_whose_names_count_down_are_as_many_in_a_class(kscaffold: Kscaffold, folder: Path) -> None:
    names = ["input_layer", *(f"decoder{number}" for number in range(5, 0, -1))]
    config = chain(*(layer("Dense", name, before, units=8) for before, name in pairwise(names)))
    assert "for _ in range(5)" in source(kscaffold, folder, config)


def test_what_a_round_does_with_several_layers_is_a_layer_of_its_own(kscaffold: Kscaffold, folder: Path) -> None:
    layers, x = [entry("input_layer", [8])], "input_layer"
    for place in range(4):
        dense, add = (f"dense_{place}", f"add_{place}") if place else ("dense", "add")
        layers.append(layer("Dense", dense, x, units=8, activation="relu"))
        layers.append(layer("Add", add, x, dense))
        x = add
    text = source(kscaffold, folder, functional(layers, x))
    assert [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)] == ["ResidualBlock", "Small"]
    assert "[ResidualBlock(dtype=self.dtype_policy) for _ in range(4)]" in method(text, "Small", "__init__")
    assert "self.add([inputs, x])" in method(text, "ResidualBlock", "call")


def test_a_shared_layer_is_made_once(kscaffold: Kscaffold, folder: Path) -> None:
    shared = layer("Dense", "shared", "input_layer", units=8)
    shared["inbound_nodes"].append({"args": [tensor("shared")], "kwargs": {}})
    config = functional([entry("input_layer", [8]), shared], "shared")
    config["config"]["output_layers"] = ["shared", 1, 0]
    text = source(kscaffold, folder, config)
    assert text.count("layers.Dense(") == 1
    assert method(text, "Small", "call").count("self.shared(") == 2


def test_a_loop_that_calls_a_shared_layer_is_written_out(kscaffold: Kscaffold, folder: Path) -> None:
    shared = layer("Dense", "shared", "input_layer", units=8)
    layers, x = [entry("input_layer", [8]), shared], "input_layer"
    for place in range(3):
        if place:
            shared["inbound_nodes"].append({"args": [tensor(x)], "kwargs": {}})
        name = f"layer_normalization_{place}" if place else "layer_normalization"
        layers.append(layer("LayerNormalization", name, "shared"))
        layers[-1]["inbound_nodes"][0]["args"] = [tensor("shared", place)]
        x = name
    text = source(kscaffold, folder, functional(layers, x))
    assert text.count("layers.Dense(") == 1
    assert method(text, "Small", "call").count("self.shared(") == 3


def test_a_model_that_is_given_a_mask_is_refused(kscaffold: Kscaffold, folder: Path) -> None:
    dense = layer("Dense", "dense", "inner_input", units=8)
    inner = functional([entry("inner_input", [8]), dense], "dense", "inner", "inner_input")
    inner |= {"name": "inner", "inbound_nodes": [{"args": [tensor("input_layer")], "kwargs": {"mask": tensor("mask")}}]}
    config = functional([entry("input_layer", [8]), entry("mask", [8]), inner], "inner")
    config["config"]["output_layers"] = ["inner", 1, 0]  # a model begins to count with the call that made it
    write_json(folder / "model.json", config)
    done = kscaffold("from", "model.json", "small", "--style", "subclassed", "--no-check")
    assert done.exit_code == 2
    assert "A class is given no mask, which the model 'inner' is called with." in done.err


def test_call_arguments_and_operations_stand_in_call(kscaffold: Kscaffold, folder: Path) -> None:
    dropout = layer("Dropout", "dropout", "input_layer", rate=0.5)
    dropout["inbound_nodes"][0]["kwargs"] = {"training": True}
    mean = {
        "module": "keras.src.ops.numpy",
        "class_name": "Mean",
        "config": {"axis": 1, "keepdims": True},
        "registered_name": "Mean",
        "name": "mean",
        "inbound_nodes": [{"args": [tensor("dropout")], "kwargs": {}}],
    }
    text = source(kscaffold, folder, functional([entry("input_layer", [8]), dropout, mean], "mean"))
    called = method(text, "Small", "call")
    # As in a functional model, a caller that sets `training` sets it for all layers.
    assert "self.dropout(inputs, training=True if training is None else training)" in called
    assert "ops.mean(x, axis=1, keepdims=True)" in called
    assert "from keras import layers, ops" in text


def test_a_model_without_its_own_types_leaves_casting_to_keras(kscaffold: Kscaffold, folder: Path) -> None:
    assert "autocast" not in source(kscaffold, folder, resnet())
    half = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float16"}, "registered_name": None}
    text = source(kscaffold, folder, chain(layer("Dense", "dense", "input_layer", units=4, dtype=half)))
    assert "super().__init__(autocast=False, **kwargs)" in text
    assert "dtype=self.dtype_policy" not in text


def test_a_stub_and_a_custom_class_come_first(kscaffold: Kscaffold, folder: Path) -> None:
    own = layer("Gate", "gate", "input_layer", module="mine.layers", units=3)
    own["registered_name"] = "mine>Gate"
    config = chain(own)
    text = source(kscaffold, folder, config, "--allow-stubs")
    assert [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)] == ["Gate", "Small"]
    text = source(kscaffold, folder, config, "--custom", "mine.layers:Gate")
    assert "from mine.layers import Gate" in text
    assert "self.gate = Gate(" in text


def parts_of(config: Entry, folder: Path) -> Any:
    """The classes that random networks become."""
    _, factored = programs(config, folder)
    return class_parts(Module(factored, "Small"))[1]


@PROPERTY
@given(networks())
def test_loops_over_functions_do_what_the_loops_did(tmp_path_factory: pytest.TempPathFactory, config: Entry) -> None:
    flat, factored = programs(config, tmp_path_factory.mktemp("networks"))
    assert meaning(lift_loops(factored)) == meaning(flat)


@PROPERTY
@given(networks())
def test_all_that_a_call_uses_is_made_by_the_constructor(
    tmp_path_factory: pytest.TempPathFactory, config: Entry
) -> None:
    for part in parts_of(config, tmp_path_factory.mktemp("networks")):
        arguments = {argument.name for argument in part.arguments}
        made, called = (
            [node for node in ast.walk(ast.parse("\n".join(line.text for line in lines))) if is_own(node)]
            for lines in (part.constructor, [line for line in part.call if not line.text.startswith("return")])
        )
        stored = {node.attr for node in made if isinstance(node.ctx, ast.Store)}
        assert not stored & arguments
        assert {node.attr for node in called} <= stored | arguments


def is_own(node: ast.AST) -> bool:
    """Whether a node is an attribute of `self`."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def test_nothing_is_imported_or_unpacked_that_is_not_used(kscaffold: Kscaffold, folder: Path) -> None:
    negative = layer("Negative", "negative", "left", module="keras.src.ops.numpy")
    negative["config"] = {"name": "negative"}
    config = functional([entry("left", [8]), entry("right", [8]), negative], "negative", inputs="left")
    config["config"]["input_layers"] = [["left", 0, 0], ["right", 0, 0]]
    text = source(kscaffold, folder, config)
    assert "left, _ = inputs" in method(text, "Small", "call")
    assert "import layers" not in text
    config["config"]["input_layers"] = {"left": ["left", 0, 0], "right": ["right", 0, 0]}
    called = method(source(kscaffold, folder, config), "Small", "call")
    assert "left = inputs['left']" in called
    assert "right" not in called


def test_a_test_feeds_tensors_of_words(kscaffold: Kscaffold, folder: Path) -> None:
    lookup = layer("StringLookup", "string_lookup", "input_layer", vocabulary=["cat"])
    for dtype, made in (("string", "keras.ops.convert_to_tensor("), ("float32", "generator.normal(")):
        config = functional([entry("input_layer", [1]), lookup], "string_lookup")
        config["config"]["layers"][0]["config"]["dtype"] = dtype
        write_json(folder / "words.json", config)
        assert kscaffold("from", "words.json", "words", "--no-check", "--force").exit_code == 0
        assert f"return {made}" in (folder / "test_words.py").read_text()


def test_a_tuple_in_a_tuple_is_returned_as_it_is() -> None:
    names = {Ref(-1): "a", Ref(-2): "b", Ref(-3): "c"}
    inner = Listing("()", (Ref(-1), Ref(-2)))
    for result, text in (
        (Listing("()", (inner, Ref(-3))), "return (a, b), c"),
        (Listing("()", (Ref(-3), inner)), "return c, (a, b)"),
        (Listing("()", (Ref(-1),)), "return (a,)"),
    ):
        writer = RoutineWriter(Routine("outputs", 3, (), (), result), dict(names))
        assert [line.text for line in writer.block((), result, returns=True)] == [text]
