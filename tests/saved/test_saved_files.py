"""Files of saved models are data that nobody vouches for: read, never run, and refused in one clear message."""

from __future__ import annotations

import ast
import io
import json
import os
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from conftest import Kscaffold, tree
from helpers.properties import examples
from helpers.saved_configs import Entry, chain, entry, functional, layer, resnet, tensor, write_json, write_keras
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.base.errors import RequestError
from kscaffold.program.passes import rewrite
from kscaffold.saved import constants, read_model
from kscaffold.saved.flat import flat_program
from kscaffold.saved.value import SavedFile
from kscaffold.source.functions import program_parts
from kscaffold.source.stub import stub_source

FUZZ = examples(150)
DENSE = layer("Dense", "dense", "input_layer", units=4)


def operation(kind: str, name: str, *args: Any, **config: Any) -> Entry:
    """An operation."""
    made = layer(kind, name, module="keras.src.ops.numpy", **config)
    made["config"].pop("trainable")
    return {**made, "inbound_nodes": [{"args": list(args), "kwargs": {}}]}


def operations() -> Entry:
    """A model of operations."""
    slices = [{"class_name": "__slice__", "config": {"start": n, "stop": None, "step": None}} for n in (None, 2)]
    return functional(
        [
            entry("input_layer", [8]),
            operation("GetItem", "get_item", tensor("input_layer"), slices),
            operation("Multiply", "multiply", tensor("get_item"), 2),
            operation("Add", "add", tensor("multiply"), 1.0),
            operation("Mean", "mean", tensor("add"), axis=-1, keepdims=True),
            operation("Subtract", "subtract", tensor("add"), tensor("mean")),
            operation("Negative", "negative", tensor("subtract")),
        ],
        "negative",
    )


def refused(kscaffold: Kscaffold, folder: Path, *arguments: str) -> str:
    """The message that refuses a request, which leaves nothing behind."""
    before = tree(folder)
    done = kscaffold("from", *arguments, "--no-check")
    assert done.exit_code in (1, 2), done.out
    assert done.out == ""
    assert "Traceback" not in done.err
    assert done.err.count("error:") == 1
    assert tree(folder) == before
    return done.err


def written(kscaffold: Kscaffold, folder: Path, config: Entry, *flags: str) -> str:
    """The source that is written for a config."""
    write_json(folder / "model.json", config)
    done = kscaffold("from", "model.json", "mine", "--no-check", "--stdout", *flags)
    assert done.exit_code == 0, done.err
    return done.out


def test_a_keras_file_becomes_a_module_and_a_test(kscaffold: Kscaffold, folder: Path) -> None:
    write_keras(folder / "classifier.keras", chain(DENSE))
    done = kscaffold("from", "classifier.keras", "--no-check")
    assert done.exit_code == 0, done.err
    assert done.out.splitlines()[:2] == ["create  classifier.py", "create  test_classifier.py"]
    assert "x" not in [part for part in tree(folder) if part.startswith("model")]
    text = (folder / "classifier.py").read_text()
    assert "outputs = layers.Dense(4)(inputs)" in text
    assert "kscaffold" not in text


def test_the_folder_form_and_architecture_json_give_the_same(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "whole").mkdir()
    config = resnet()
    write_json(folder / "whole" / "config.json", config)
    write_keras(folder / "whole.keras", config)
    first = written(kscaffold, folder, config)
    for file in ("whole", "whole.keras"):
        assert kscaffold("from", file, "mine", "--no-check", "--stdout").out == first


def test_the_name_comes_from_the_model_then_from_the_file(kscaffold: Kscaffold, folder: Path) -> None:
    write_json(folder / "some-file.v2.json", chain(DENSE))
    write_json(folder / "other.json", resnet())
    assert "create  some_file.py" in kscaffold("from", "some-file.v2.json", "--no-check").out
    assert "create  small_resnet.py" in kscaffold("from", "other.json", "--no-check").out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.keras", b"PK\x03\x04 and no more", "The archive is damaged"),
        ("a.h5", b"\x89HDF\r\n\x1a\n and no more", "The HDF5 file is damaged"),
        ("a.json", b"{", "The config is damaged"),
        ("a.json", b"[]", "This is not the config of a Keras model."),
        ("a.json", b'{"class_name": "Functional", "config": 3}', "This is not the config of a Keras model."),
        ("a.json", b"[" * 100_000, "This is not a saved model."),
        ("a.json", b'{"a":' * 100_000, "nested too deep"),
        ("a.pkl", b"\x80\x04\x95", "This is not a saved model. kscaffold reads .keras, .h5"),
    ],
)
def test_what_is_not_a_saved_model_is_one_message(
    kscaffold: Kscaffold, folder: Path, name: str, content: bytes, message: str
) -> None:
    (folder / name).write_bytes(content)
    if name == "a.json" and content.startswith(b"[["):
        message = "nested too deep"
        (folder / name).write_bytes(content)
    assert message in refused(kscaffold, folder, name)


def test_an_archive_without_a_config_and_a_missing_file(kscaffold: Kscaffold, folder: Path) -> None:
    with zipfile.ZipFile(folder / "other.keras", "w") as archive:
        archive.writestr("../config.json", json.dumps(chain(DENSE)))
    assert "has no config.json" in refused(kscaffold, folder, "other.keras")
    assert "There is no such file." in refused(kscaffold, folder, "nothing.keras")
    assert not (folder.parent / "config.json").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(kscaffold: Kscaffold, folder: Path) -> None:
    os.mkfifo(folder / "pipe.keras")
    done = kscaffold("from", "pipe.keras", "--no-check")
    assert (done.exit_code, done.err) == (2, "error: pipe.keras: This is neither a file nor a folder.\n")


def test_a_config_says_what_it_lacks(kscaffold: Kscaffold, folder: Path) -> None:
    config = chain(DENSE)
    del config["config"]["output_layers"]
    write_json(folder / "model.json", config)
    assert "The config is malformed: it has no 'output_layers'." in refused(kscaffold, folder, "model.json")


@pytest.mark.parametrize("file", ["../picture.svg", "/picture.svg"])
def test_a_picture_goes_to_the_folder_of_the_module(kscaffold: Kscaffold, folder: Path, file: str) -> None:
    write_json(folder / "model.json", chain(DENSE))
    message = refused(kscaffold, folder, "model.json", "--diagram", file)
    assert f"error: --diagram: {file!r} is outside of the output folder. Name a file in that folder" in message


def test_a_config_that_grows_when_it_is_unpacked_is_refused(
    kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kscaffold.saved.archive.LARGEST_CONFIG", 1024 * 1024)
    write_keras(folder / "bomb.keras", '{"class_name": "' + " " * 5_000_000)
    assert (folder / "bomb.keras").stat().st_size < 100_000
    assert "The config is larger than 1 MB." in refused(kscaffold, folder, "bomb.keras")


def test_weights_alone_have_no_architecture(kscaffold: Kscaffold, folder: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(folder / "model.weights.h5", "w") as file:
        file["kernel"] = [1.0]
    assert "it holds weights alone" in refused(kscaffold, folder, "model.weights.h5")


def test_a_subclassed_model_has_no_graph(kscaffold: Kscaffold, folder: Path) -> None:
    write_json(folder / "own.json", {"class_name": "MyModel", "config": {"units": 3}})
    assert "'MyModel' is a subclassed model: its file holds its name and no graph." in refused(
        kscaffold, folder, "own.json"
    )


EVIL = [
    {"module": "os", "class_name": "system", "config": {"command": "touch evil"}, "registered_name": None},
    {"module": "subprocess", "class_name": "Popen", "config": {"args": ["touch", "evil"]}, "registered_name": "Popen"},
    {"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": None, "closure": None}},
    {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
]


@pytest.mark.parametrize("evil", EVIL, ids=lambda item: str(item["class_name"]))
def test_nothing_in_a_file_is_imported_or_run(kscaffold: Kscaffold, folder: Path, evil: Entry) -> None:
    modules = set(sys.modules)
    write_json(folder / "model.json", chain(layer("Dense", "dense", "input_layer", units=4, activation=evil)))
    message = refused(kscaffold, folder, "model.json")
    assert "The file does not hold" in message
    assert "--allow-stubs" in message
    assert not (folder / "evil").exists()
    assert {"os", "subprocess"} & (set(sys.modules) - modules) == set()


def test_a_lambda_layer_becomes_a_stub_that_says_what_to_fill_in(kscaffold: Kscaffold, folder: Path) -> None:
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAA==", "defaults": None, "closure": None}}
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "shared_object_id": 12345}
    scale = layer("Lambda", "scale_pixels", "input_layer", function=code, arguments={"by": 2}, dtype=policy)
    config = chain(scale, shape=(4,))
    write_json(folder / "model.json", config)
    message = refused(kscaffold, folder, "model.json")
    assert "the Lambda layer 'scale_pixels': its function is bytecode, which is not run." in message
    done = kscaffold("from", "model.json", "mine", "--no-check", "--allow-stubs")
    assert done.exit_code == 0
    assert "warning: What the Lambda layer 'scale_pixels' computes: ScalePixels is a stub." in done.err
    text = (folder / "mine.py").read_text()
    assert "class ScalePixels(layers.Layer):" in text
    assert "raise NotImplementedError(" in text
    assert '"by": 2' in text
    assert "4wEAAA" not in text
    assert "12345" not in text
    assert 'ScalePixels(name="scale_pixels")(inputs)' in text


def test_custom_classes_are_imported(kscaffold: Kscaffold, folder: Path) -> None:
    mine = layer("Gate", "gate", "input_layer", module="my_package.layers", units=8, rate=0.5)
    config = chain({**mine, "registered_name": "my_package>Gate"})
    write_json(folder / "model.json", config)
    assert "--custom my_package.layers:Gate" in refused(kscaffold, folder, "model.json")
    text = written(kscaffold, folder, config, "--custom", "other.place:Gate")
    assert "from other.place import Gate\n" in text
    assert 'Gate(units=8, rate=0.5, name="gate")(inputs)' in text or "Gate(units=8, rate=0.5)(inputs)" in text
    assert "'Gate' names no class." in refused(kscaffold, folder, "model.json", "--custom", "Gate")
    write_json(folder / "plain.json", chain(DENSE))
    assert "The model has no Gate." in refused(kscaffold, folder, "plain.json", "--custom", "other.place:Gate")


def test_only_what_differs_from_a_default_is_written(kscaffold: Kscaffold, folder: Path) -> None:
    glorot = {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": None}}
    he = {"module": "keras.initializers", "class_name": "HeNormal", "config": {"seed": None}}
    l2 = {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.001}}
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
    text = written(
        kscaffold,
        folder,
        chain(
            layer(
                "Dense", "dense", "input_layer", units=8, use_bias=True, kernel_initializer=glorot, activation="linear"
            ),
            layer("Dense", "head", "dense", units=2, kernel_initializer=he, kernel_regularizer=l2, dtype=policy),
        ),
    )
    assert "x = layers.Dense(8)(inputs)" in text
    arguments = 'kernel_initializer="he_normal"', "kernel_regularizer=keras.regularizers.L2(0.001)"
    for argument in (*arguments, 'dtype="mixed_float16"', 'name="head"'):
        assert argument in text


def test_words_that_a_layer_learned_are_written_if_they_are_few(kscaffold: Kscaffold, folder: Path) -> None:
    config = chain(layer("StringLookup", "string_lookup", "input_layer"))
    write_keras(folder / "model.keras", config)
    done = kscaffold("from", "model.keras", "mine", "--no-check", "--stdout")
    assert "'string_lookup' learned words that the source does not have: adapt() it again." in done.err
    with zipfile.ZipFile(folder / "model.keras", "a") as archive:
        archive.writestr("assets/layers/string_lookup/vocabulary.txt", '[UNK]\ncat\n"+exit()+"\n')
    done = kscaffold("from", "model.keras", "mine", "--no-check", "--stdout")
    assert done.err.count("warning") == 0
    assert """string_lookup.set_vocabulary(["[UNK]", "cat", '"+exit()+"'])""" in done.out
    assert "outputs = string_lookup(inputs)" in done.out
    with zipfile.ZipFile(folder / "large.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("assets/layers/string_lookup/vocabulary.txt", "word\n" * 10_000)
    done = kscaffold("from", "large.keras", "mine", "--no-check", "--stdout")
    assert "learned words that the source does not have" in done.err


def test_words_are_not_waited_for_and_too_many_are_left_to_be_filled_in(kscaffold: Kscaffold, folder: Path) -> None:
    config = chain(layer("StringLookup", "string_lookup", "input_layer"))
    (folder / "model" / "assets/layers/string_lookup").mkdir(parents=True)
    (folder / "model/config.json").write_text(json.dumps(config))
    os.mkfifo(folder / "model/assets/layers/string_lookup/vocabulary.txt")  # which nobody will ever write to
    assert "learned words that the source does not have" in kscaffold("from", "model", "mine", "--no-check").err
    words = [f"word{number}" for number in range(200_000)]
    write_json(folder / "many.json", chain(layer("StringLookup", "string_lookup", "input_layer", vocabulary=words)))
    done = kscaffold("from", "many.json", "many", "--no-check", "--allow-stubs", "--stdout")
    assert "its 200,000 items are better loaded" in done.out and "word1" not in done.out
    assert "StringLookup(vocabulary=vocabulary())" in done.out


def test_whole_numbers_that_a_layer_learned_are_written_as_numbers(kscaffold: Kscaffold, folder: Path) -> None:
    for words, line in (("-1\n7\n11", "integer_lookup.set_vocabulary([-1, 7, 11])"), ("-1\nexit()", "")):
        write_keras(folder / "model.keras", chain(layer("IntegerLookup", "integer_lookup", "input_layer")))
        with zipfile.ZipFile(folder / "model.keras", "a") as archive:
            archive.writestr("assets/layers/integer_lookup/vocabulary.txt", words)
        done = kscaffold("from", "model.keras", "mine", "--no-check", "--stdout")
        assert line in done.out
        assert ("adapt() it again" in done.err) is (not line)
        assert "exit" not in done.out


def test_bins_that_a_layer_found_are_written_without_how_many_there_were_to_be(
    kscaffold: Kscaffold, folder: Path
) -> None:
    config = chain(layer("Discretization", "discretization", "input_layer", bin_boundaries=[0.5, 2.0], num_bins=3))
    assert "layers.Discretization(bin_boundaries=(0.5, 2.0))(inputs)" in written(kscaffold, folder, config)


def test_quantizers_of_keras_do_not_become_stubs(kscaffold: Kscaffold, folder: Path) -> None:
    def quantizer(kind: str, **config: Any) -> Entry:
        made = {"module": "keras.quantizers", "class_name": kind, "config": config, "registered_name": None}
        return {**made, "shared_object_id": 7}

    usual = quantizer("AbsMaxQuantizer", value_range=[-127, 127], epsilon=1e-07, output_dtype="int8")
    other = quantizer("AbsMaxQuantizer", value_range=[-7, 7], epsilon=1e-07, output_dtype="int8")
    for activation, made in (
        (usual, "keras.quantizers.Int8QuantizationConfig()"),
        (None, "keras.quantizers.Int8QuantizationConfig(activation_quantizer=None)"),
        (other, "keras.quantizers.AbsMaxQuantizer(value_range=(-7, 7))"),
    ):
        config = quantizer("Int8QuantizationConfig", weight_quantizer=None, activation_quantizer=activation)
        dense = layer("Dense", "dense", "input_layer", units=4, quantization_config=config)
        text = written(kscaffold, folder, chain(dense))
        assert made in "".join(line.strip() for line in text.splitlines())
        assert "class " not in text


def test_hashing_gives_whole_numbers_without_being_told(kscaffold: Kscaffold, folder: Path) -> None:
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "int64"}, "registered_name": None}
    config = chain(layer("Hashing", "hashing", "input_layer", num_bins=8, dtype=policy))
    assert "layers.Hashing(8)(inputs)" in written(kscaffold, folder, config)


def test_constants_have_the_digits_that_somebody_wrote(kscaffold: Kscaffold, folder: Path) -> None:
    def added(values: list[Any], dtype: str = "float32") -> str:
        made = layer("Add", "add", "input_layer", module="keras.src.ops.numpy")
        made["config"] = {"name": "add"}
        constant = {"class_name": "__numpy__", "config": {"value": values, "dtype": dtype}}
        made["inbound_nodes"] = [{"args": [tensor("input_layer"), constant], "kwargs": {}}]
        return written(kscaffold, folder, chain(made))

    assert 'np.array((0.1, -2.5, 1e-07), dtype="float32")' in added([0.10000000149011612, -2.5, 1.0000000116860974e-07])
    assert "(0.10000000149011612, 1e300)" in added([0.10000000149011612, 1e300], "float64")
    assert "(3.4028235e38, 1e300)" in added([3.4028234663852886e38, 1e300])
    added([0.5] * 100)
    assert "warning" not in kscaffold("from", "model.json", "--no-check", "--stdout").err
    added([[0.5] * 11] * 10)
    done = kscaffold("from", "model.json", "--no-check", "--stdout")
    assert "warning: A constant of 110 numbers is written out: better compute it, or load it from a file." in done.err


def test_a_large_constant_is_a_stub(kscaffold: Kscaffold, folder: Path) -> None:
    made = layer("Add", "add", "input_layer", module="keras.src.ops.numpy")
    made["config"] = {"name": "add"}
    constant = {"class_name": "__numpy__", "config": {"value": [[0.5] * 200] * 100, "dtype": "float32"}}
    made["inbound_nodes"] = [{"args": [tensor("input_layer"), constant], "kwargs": {}}]
    write_json(folder / "model.json", chain(made))
    done = kscaffold("from", "model.json", "--no-check")
    assert done.exit_code == 1
    assert (
        "The file does not hold a constant: its 20,000 numbers of the type float32 and the shape (100, 200)" in done.err
    )
    text = written(kscaffold, folder, chain(made), "--allow-stubs")
    assert "def constant():\n" in text
    assert "inputs + constant()" in text
    assert len(text) < 2000


def test_the_generated_test_makes_what_the_model_takes(kscaffold: Kscaffold, folder: Path) -> None:
    config = functional(
        [entry("a", [2]), entry("b", [3]), layer("Concatenate", "concatenate", "a", "b")], "concatenate"
    )
    config["config"]["input_layers"] = [[["a", 0, 0]], {"second": ["b", 0, 0]}]
    write_json(folder / "nested.json", config)
    assert kscaffold("from", "nested.json", "--no-check").exit_code == 0
    text = "".join(line.strip() for line in (folder / "test_nested.py").read_text().splitlines())
    assert 'return [[generator.normal(size=(batch_size, 2)).astype("float32")],{"second": generator.normal(' in text
    write_json(
        folder / "images.json",
        {
            "class_name": "Sequential",
            "config": {"name": "sequential", "layers": [layer("Conv2D", "conv2d", filters=4)]},
        },
    )
    assert kscaffold("from", "images.json", "--no-check").exit_code == 0
    assert "size=(batch_size, 32, 32, 3)" in (folder / "test_images.py").read_text()


@FUZZ
@given(st.floats(width=32) | st.floats())
def test_a_shorter_number_is_the_same_number(number: float) -> None:
    for dtype, form in (("float32", "f"), ("float16", "e")):
        (short,) = constants.shortened([number], dtype)
        try:
            packed = struct.pack(form, number)
        except OverflowError:
            assert short == number
        else:
            assert struct.pack(form, short) == packed


def test_a_dictionary_without_masks_is_not_passed_on(kscaffold: Kscaffold, folder: Path) -> None:
    add = layer("Add", "add", "left", "right")
    inner = functional([entry("left", [8]), entry("right", [8]), add], "add", "inner")
    inner["config"]["input_layers"] = {"left": ["left", 0, 0], "right": ["right", 0, 0]}
    given = {"left": tensor("input_layer"), "right": tensor("input_layer")}
    node = {"args": [given], "kwargs": {"mask": {"left": None, "right": None}}}
    text = written(
        kscaffold,
        folder,
        chain(
            {**inner, "name": "inner", "inbound_nodes": [node]},
            {**DENSE, **{"inbound_nodes": [{"args": [tensor("inner")], "kwargs": {}}]}},
        ),
    )
    assert 'inner({"left": inputs, "right": inputs})' in text


def test_a_map_of_policies_is_written(kscaffold: Kscaffold, folder: Path) -> None:
    config = {"default_policy": "mixed_bfloat16", "policy_map": {"a/b": "float32"}}
    policy = {"module": "keras.dtype_policies", "class_name": "DTypePolicyMap", "config": config}
    text = written(kscaffold, folder, chain(layer("Dense", "dense", "input_layer", units=4, dtype=policy)))
    assert 'default_policy="mixed_bfloat16", policy_map={"a/b": "float32"}' in text


def test_an_input_with_the_name_of_a_builtin_is_not_a_layer(kscaffold: Kscaffold, folder: Path) -> None:
    dense = layer("Dense", "dense", "zip", units=4)
    text = written(kscaffold, folder, functional([entry("zip", [8]), dense], "dense", inputs="zip"))
    assert 'zip_input = keras.Input((8,), name="zip")' in text


def test_a_model_without_a_shape_is_called_before_it_is_saved(kscaffold: Kscaffold, folder: Path) -> None:
    for layers, called in (([DENSE], 1), ([entry("input_layer", [8]), DENSE], 0)):
        config = {"name": "small", "layers": layers}
        write_json(folder / "model.json", {"class_name": "Sequential", "config": config})
        assert kscaffold("from", "model.json", "--no-check", "--force").exit_code == 0
        assert (folder / "test_small.py").read_text().count("    model(inputs)\n") == called


def test_in_a_frozen_model_nothing_else_says_that_it_is(kscaffold: Kscaffold, folder: Path) -> None:
    dense = layer("Dense", "dense", "input_layer", units=4)
    dense["config"]["trainable"] = False
    inner = {**chain(dense), "name": "inner", "inbound_nodes": [{"args": [tensor("input_layer")], "kwargs": {}}]}
    inner["config"] |= {"name": "inner", "trainable": False}
    base = {
        "class_name": "Sequential",
        "config": {"name": "base", "trainable": False, "layers": [entry("a", [4]), dense]},
        "name": "base",
        "inbound_nodes": [{"args": [tensor("inner")], "kwargs": {}}],
    }
    whole = chain(inner, base)
    assert written(kscaffold, folder, whole).count("trainable") == 2
    whole["config"]["trainable"] = False
    text = written(kscaffold, folder, whole)
    assert text.count("trainable") == 1
    assert text.endswith("    model.trainable = False\n    return model\n")


def test_operations_are_written_as_people_write_them(kscaffold: Kscaffold, folder: Path) -> None:
    text = written(kscaffold, folder, operations())
    assert "x = inputs[:, 2:] * 2 + 1.0" in text
    assert "outputs = -(x - ops.mean(x, axis=-1, keepdims=True))" in text
    assert "from keras import ops\n" in text


def test_a_spec_expresses_operations_and_slices(kscaffold: Kscaffold, folder: Path) -> None:
    assert written(kscaffold, folder, operations(), "--to-spec").splitlines() == [
        "# kscaffold pipeline mine mine.yaml",
        "inputs:",
        "  inputs: 8",
        "nodes:",
        "  value: inputs[:, 2:] -> ops.multiply(2) -> ops.add(1.0)",
        "  value_2: value -> ops.mean(axis=-1, keepdims=True)",
        "outputs:",
        "  output: ops.subtract(value, value_2) -> ops.negative",
    ]


@pytest.mark.parametrize(
    ("kind", "args", "config", "call"),
    [
        ("numpy.Einsum", 2, {"subscripts": "ij,ij->i"}, 'ops.einsum("ij,ij->i", inputs, inputs)'),
        ("numpy.Average", 2, {"axis": 1}, "ops.average(inputs, weights=inputs, axis=1)"),
        ("numpy.Pad", 1, {"pad_width": [[0, 0], [1, 1]]}, "ops.pad(inputs, ((0, 0), (1, 1)))"),
        ("nn.BatchNorm", 3, {"axis": 1}, "ops.batch_normalization(inputs, inputs, inputs, 1)"),
        ("numpy.Mean", 1, {"axis": 1}, "ops.mean(inputs, axis=1)"),
    ],
)
def test_functions_take_their_arguments_in_their_own_order(
    kscaffold: Kscaffold, folder: Path, kind: str, args: int, config: Entry, call: str
) -> None:
    module, name = kind.split(".")
    made = layer(name, "made", *["input_layer"] * args, module=f"keras.src.ops.{module}")
    made["config"] = {"name": "made", **config}
    made["inbound_nodes"] = [{"args": [tensor("input_layer")] * args, "kwargs": {}}]
    assert f"outputs = {call}\n" in written(kscaffold, folder, chain(made))


def test_what_a_spec_cannot_express_is_named(kscaffold: Kscaffold, folder: Path) -> None:
    sparse = entry("input_layer", [8])
    sparse["config"]["sparse"] = True
    write_json(folder / "model.json", functional([sparse, DENSE], "dense"))
    message = refused(kscaffold, folder, "model.json", "--to-spec")
    assert "model.json: A spec cannot say that the input 'input_layer' is sparse." in message
    array = {"class_name": "__numpy__", "config": {"value": [1.0], "dtype": "float32"}}
    made = operation("Maximum", "maximum", tensor("input_layer"), array)
    write_json(folder / "model.json", chain(made))
    assert "A spec cannot say the object np.array." in refused(kscaffold, folder, "model.json", "--to-spec")
    merged = layer("Add", "add", "input_layer")
    merged["inbound_nodes"] = [{"args": [[tensor("input_layer")]], "kwargs": {}}]
    write_json(folder / "model.json", chain(merged))
    message = refused(kscaffold, folder, "model.json", "--to-spec")
    assert "A spec cannot say that 'add' is called with a list of one value." in message
    write_json(folder / "forks.json", resnet())
    message = refused(kscaffold, folder, "forks.json", "--style", "sequential")
    assert (
        "A sequential model is a chain, but 'conv2_block1_1_conv' does not take the one value before it" in message
        or ("A sequential model is a chain, but" in message)
    )


def test_a_spec_and_a_picture(kscaffold: Kscaffold, folder: Path) -> None:
    write_json(folder / "model.json", resnet())
    done = kscaffold("from", "model.json", "--to-spec", "--no-check", "--diagram", "small.svg")
    assert done.exit_code == 0, done.err
    assert [line.split()[-1] for line in done.out.splitlines()[:2]] == ["small_resnet.yaml", "small.svg"]
    assert "<svg" in (folder / "small.svg").read_text()
    again = kscaffold("pipeline", "small_resnet", "small_resnet.yaml", "--no-check")
    assert again.exit_code == 0, again.err
    assert 'name="conv4_block4_add"' in (folder / "small_resnet.py").read_text()


def read(path: Path) -> SavedFile | None:
    """The model in a file; `None` if the file is refused, in a message that names it."""
    try:
        return read_model(path, path.name)
    except RequestError as error:
        refusal = error
    assert refusal.where == path.name or "no public function" in refusal.message
    return None


def accept(config: Any, folder: Path) -> None:
    """Reads a config: either it is refused, or it becomes Python that calls only Keras."""
    path = folder / "model.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    file = read(path)
    if file is None:
        return
    texts = [stub_source(stub, "custom") for stub in file.stubs]
    for part in program_parts(rewrite(flat_program(file, "mine"))):
        lines = "\n".join(f"    {line.text}" for line in part.lines)
        texts.append(f'def {part.name}({part.parameters}):\n    """{part.summary}"""\n{lines}\n')
    defined = {stub.name for stub in file.stubs}
    for text in texts:
        defined |= {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    allowed = {"keras", "layers", "ops", "np", "range", "float", "slice", "super", "NotImplementedError", *defined}
    for text in texts:
        for node in ast.walk(ast.parse(text)):
            assert not isinstance(node, ast.Import | ast.ImportFrom)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                stored = {
                    one.id
                    for one in ast.walk(ast.parse(text))
                    if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
                }
                assert node.func.id in allowed | stored, text


SAMPLES = [
    resnet(((8, 2, 1),)),
    chain(DENSE, layer("Dropout", "dropout", "dense", rate=0.5)),
    {
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [entry("a", [4]), DENSE], "build_input_shape": [None, 4]},
    },
    chain(layer("Bidirectional", "bidirectional", "input_layer", layer={"class_name": "LSTM", "config": {"units": 3}})),
]
STRANGE = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        2**70,
        1e400,
        "",
        'x"""\n\'',
        "__import__('os')",
        [],
        {},
        ["a", 0, 0],
        {"class_name": "Dense"},
        "None",
    ]
)


@FUZZ
@given(st.data())
def test_mutated_configs_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    config = json.loads(json.dumps(data.draw(st.sampled_from(SAMPLES))))
    for _ in range(data.draw(st.integers(1, 3))):
        places: list[tuple[Any, Any]] = []

        def collect(value: Any, places: list[tuple[Any, Any]] = places) -> None:
            pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
            for key, part in pairs:
                places.append((value, key))
                collect(part)

        collect(config)
        if not places:
            break
        holder, key = data.draw(st.sampled_from(range(len(places))).map(lambda index: places[index]))  # noqa: B023
        if data.draw(st.booleans()) or isinstance(holder, list):
            holder[key] = data.draw(STRANGE)
        else:
            del holder[key]
    accept(config, tmp_path_factory.mktemp("mutated"))


@FUZZ
@given(st.data())
def test_mutated_archives_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(SAMPLES[1]))
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("archives") / "model.keras"
    path.write_bytes(
        bytes(content[: data.draw(st.integers(5, len(content)))]) if data.draw(st.booleans()) else bytes(content)
    )
    read(path)


@FUZZ
@given(st.data())
def test_mutated_hdf5_files_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path_factory.mktemp("hdf5") / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(SAMPLES[2]).encode()
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    read(path)
    assert os.path.exists(path)


MASK = tensor("not_equal")


@pytest.mark.parametrize("from_h5", [False, True])
@pytest.mark.parametrize(
    ("recorded", "call"),
    [
        ({"training": False, "mask": MASK}, "layers.LSTM(3)(x)"),
        ({"training": False, "mask": None}, "layers.LSTM(3)(x)"),
        ({"training": False}, "layers.LSTM(3)(x, training=False)"),
        ({"training": True}, "layers.LSTM(3)(x, training=True)"),
        ({"mask": MASK}, "layers.LSTM(3)(x, mask=branch)"),
    ],
)
def test_what_keras_passes_on_by_itself_is_not_written_and_what_somebody_wrote_is(
    kscaffold: Kscaffold, folder: Path, recorded: Entry, call: str, from_h5: bool
) -> None:
    embedding = layer("Embedding", "embedding", "input_layer", input_dim=9, output_dim=4, mask_zero=True)
    compare = layer("NotEqual", "not_equal", "input_layer", module="keras.src.ops.numpy")
    compare["config"] = {"name": "not_equal"}
    compare["inbound_nodes"][0]["args"].append(0)
    lstm = layer("LSTM", "lstm", "embedding", units=3)
    lstm["inbound_nodes"][0]["kwargs"] = recorded
    layers = [entry("input_layer", [6]), embedding, compare, lstm]
    for item in layers if from_h5 else []:
        del item["module"]
    assert call in written(kscaffold, folder, functional(layers, "lstm"))


def down(index: int, size: int, channels: int) -> Entry:
    """A model inside a model, with a number in its names."""
    layers = [
        {**entry("input_layer", [size, size, channels]), "name": None},
        layer("Conv2D", f"down_conv_{index}", "input_layer", filters=2 * channels, kernel_size=[2, 2], strides=[2, 2]),
        layer("LayerNormalization", f"down_norm_{index}", "input_layer", axis=[-1], epsilon=1e-6),
    ]
    config = {"name": f"down_{index}", "trainable": True, "layers": layers}
    return {"module": "keras.models", "class_name": "Sequential", "config": config, "name": f"down_{index}"}


def downs(*sizes: tuple[int, int]) -> Entry:
    models, before = [], "input_layer"
    for index, (size, channels) in enumerate(sizes):
        node = {"args": [tensor(before)], "kwargs": {}}
        models.append({**down(index, size, channels), "inbound_nodes": [node]})
        before = f"down_{index}"
    return functional([entry("input_layer", [*sizes[0][:1], *sizes[0]]), *models], before)


def test_models_that_differ_in_sizes_and_numbers_have_one_function(kscaffold: Kscaffold, folder: Path) -> None:
    write_json(folder / "downs.json", downs((32, 4), (16, 8), (8, 16)))
    text = kscaffold("from", "downs.json", "small", "--no-check", "--stdout").out
    assert text.count("def build_") == 2 and "def build_down(" in text
    assert 'name=f"down_conv_{index}"' in text and 'name=f"down_{index}"' in text
    assert "keras.Input((size, size, channels))" in text
    assert "build_down(size=16, channels=8, index=1, filters=16)" in text.replace("\n        ", "")
    flat = kscaffold("from", "downs.json", "small", "--no-check", "--stdout", "--flat").out
    assert flat.count("def build_") == 4


def test_models_that_differ_in_more_have_a_function_each(kscaffold: Kscaffold, folder: Path) -> None:
    config = downs((32, 4), (16, 8))
    config["config"]["layers"][2]["config"]["layers"][1]["config"]["activation"] = "relu"
    write_json(folder / "downs.json", config)
    text = kscaffold("from", "downs.json", "small", "--no-check", "--stdout").out
    assert "def build_down_0()" in text and "def build_down_1()" in text
