"""Graph specs: what they mean, and how impossible ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.worked_specs import AUTOENCODER, CUT, TWO_TOWER

from kscaffold.base.errors import RequestError
from kscaffold.kinds.own_layers import OwnLayers
from kscaffold.library.templates import Catalogue
from kscaffold.spec.graph.counts import largest_number, layer_counts
from kscaffold.spec.graph.cuts import absorb_cuts
from kscaffold.spec.graph.document import parse_document
from kscaffold.spec.graph.flags import GraphFlags, document_from_flags
from kscaffold.spec.graph.resolve import resolve_graph
from kscaffold.spec.graph.shapes import GraphShapes, infer_shapes
from kscaffold.spec.graph.targets import find_goal
from kscaffold.spec.graph.value import Graph, Target


def graph_of(text: str, **settings: str) -> Graph:
    return resolve_graph(parse_document(text, "net.yaml"), "net", settings)


def chain(text: str, **settings: str) -> Graph:
    return resolve_graph(document_from_flags(GraphFlags(text), settings), "net", settings)


def refusal(text: str, **settings: str) -> str:
    try:
        graph = graph_of(text, **settings)
        infer_shapes(graph, OwnLayers(graph.own_classes, "custom", Catalogue()).infer)
    except RequestError as error:
        return str(error)
    pytest.fail("nothing is refused")


def test_a_spec_is_inputs_shared_layers_nodes_and_outputs() -> None:
    graph = graph_of(TWO_TOWER)
    assert [(item.name, item.dtype) for item in graph.inputs] == [("category", "int32"), ("numeric", "float32")]
    assert [node.name for node in graph.nodes] == [
        "category_features",
        "numeric_features",
        "merged",
        "binary",
        "label",
    ]
    assert [step.target for step in graph.nodes[0].steps] == [Target.SHARED, Target.LAYER]
    facts = infer_shapes(graph, OwnLayers((), "custom", Catalogue()).infer).of(graph)
    assert facts.parameters == 148_420
    assert facts.values["merged"] == (128,)


def test_nodes_may_stand_in_any_order() -> None:
    lines = TWO_TOWER.splitlines()
    nodes = lines[6:9]
    shuffled = "\n".join([*lines[:6], nodes[2], nodes[0], nodes[1], *lines[9:]])
    assert [node.name for node in graph_of(shuffled).nodes][:3] == ["category_features", "numeric_features", "merged"]


def test_a_model_cut_out_of_the_graph_becomes_a_sub_model_where_classes_are_written() -> None:
    graph = graph_of(TWO_TOWER + CUT)
    assert graph.cuts[0].outputs == ("category_features",)
    whole = absorb_cuts(graph)
    assert whole.cuts == ()
    assert [model.name for model in whole.models] == ["tower"]
    assert whole.shared == ()
    facts = infer_shapes(whole, OwnLayers((), "custom", Catalogue()).infer).of(whole)
    assert facts.values["merged"] == (128,)


REACHED = """\
inputs: {x: 4, z: 4}
shared: {table: Dense(3)}
nodes:
  a: x -> table -> ReLU
  b: z -> table
outputs:
  y: (a, b) -> Add -> Dense(2)
models:
  part: {inputs: [x], outputs: [a]}
  top: {inputs: [a, b], outputs: [y]}
"""


def test_where_the_graph_reaches_into_a_model_that_is_cut_out_all_stay_cuts() -> None:
    graph = graph_of(REACHED)
    assert absorb_cuts(graph) is graph
    assert [
        model.name for model in absorb_cuts(graph_of(REACHED.replace("b: z -> table", "b: z -> Dense(3)"))).models
    ] == [
        "part",
        "top",
    ]
    inside = REACHED.replace("b: z -> table", "b: (z, a) -> Concatenate -> Dense(3)").replace("[a, b]", "[x, z]")
    whole = absorb_cuts(graph_of(inside))  # one of them holds the other
    assert [[model.name for model in part.models] for part in (whole, *whole.models)] == [["top"], ["part"]]


def test_a_model_that_is_cut_out_names_all_that_it_needs() -> None:
    assert "net.yaml:10:3: 'top' needs 'z', which is not one of its inputs. Add it there." in refusal(
        REACHED.replace("[a, b]", "[a]")
    )
    assert "net.yaml:9:19: There is no value 'w'." in refusal(REACHED.replace("[x]", "[w]"))


def test_sub_models_are_called_like_layers() -> None:
    graph = graph_of(AUTOENCODER)
    assert [step.name for step in graph.steps] == ["encoder", "decoder"]
    assert infer_shapes(graph, OwnLayers((), "custom", Catalogue()).infer).of(graph).parameters == 21_840


def test_parameters_are_sizes_counts_and_activations() -> None:
    text = """\
parameters: {units: 8, depth: 3, activation: relu, features: 16}
inputs: {x: features}
outputs:
  y: x -> Dense(units, activation) x depth -> Dense(2 * units)
"""
    graph = graph_of(text)
    assert [item.name for item in graph.parameters] == ["units", "depth", "activation", "features"]
    assert infer_shapes(graph, OwnLayers((), "custom", Catalogue()).infer).of(graph).values["y"] == (16,)
    changed = graph_of(text, units="4", depth="1")
    assert (
        infer_shapes(changed, OwnLayers((), "custom", Catalogue()).infer).of(changed).parameters
        == 16 * 4 + 4 + 4 * 8 + 8
    )


def test_a_block_makes_new_layers_each_time() -> None:
    graph = graph_of("""\
blocks:
  block:
    parameters: ["units:int"]
    inputs: x
    outputs:
      y: x -> Dense(units)
inputs: {x: 4}
outputs:
  y: x -> block(4) x2 -> block(4)
""")
    facts = infer_shapes(graph, OwnLayers((), "custom", Catalogue()).infer).of(graph)
    assert layer_counts(graph, facts, {}) == (("Dense", 3),)
    assert facts.parameters == 3 * 20


def test_one_of_several_outputs_of_a_model_has_a_name() -> None:
    graph = graph_of("""\
models:
  encoder:
    inputs: {x: 8}
    outputs:
      mean: x -> Dense(2)
      spread: x -> Dense(2)
inputs: {x: 8}
nodes:
  encoded: x -> encoder
outputs:
  y: (encoded.mean, encoded.spread) -> Add
""")
    assert graph.values_of(graph.nodes[0]) == ("encoded.mean", "encoded.spread")


def test_whole_numbers_are_fed_below_the_size_of_the_embedding() -> None:
    assert largest_number(graph_of(TWO_TOWER), "category") == 100
    assert largest_number(graph_of(TWO_TOWER), "numeric") is None
    assert largest_number(chain("4:int32 -> Flatten -> Dense(2)"), "inputs") == 10


def test_a_chain_begins_with_the_shape_of_its_input() -> None:
    graph = chain("(28, 28, 1) -> Conv2D(8, 3) -> Flatten -> Dense(classes)", classes="10")
    facts = infer_shapes(graph, OwnLayers((), "custom", Catalogue()).infer).of(graph)
    assert facts.values["outputs"] == (10,)
    assert [argument.name for argument in graph.parameters] == ["classes"]


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("Denes(64", "Dense(64", "net.yaml:8:32: Keras has no layer 'Denes'. Did you mean Dense?"),
        ("Dense(64, relu)\n  merged", "Dense(64, rely)\n  merged", "net.yaml:8:32: Keras has no activation 'rely'"),
        ("Dense(64, relu)\n  merged", "Dense(64, unit=3)\n  merged", "net.yaml:8:32: Dense has no argument 'unit'"),
        ("Dense(64, relu)\n  merged", "Dense()\n  merged", "net.yaml:8:32: Dense needs 'units'"),
        ("Dense(64, relu)\n  merged", "Dense(size)\n  merged", "'size' is not a parameter of this graph"),
        ("(category_features, n", "(category_feature, n", "net.yaml:9:11: There is no value 'category_feature'."),
        ("binary: merged", "binary: numeric", None),
        ("-> Concatenate ->", "->", "net.yaml:9:52: Dense takes one value, 2 are given. Merge them first"),
        ("numeric -> Dense(64", "numeric -> Add -> Dense(64", "net.yaml:8:32: Add merges several values"),
        ("label: merged", "numeric: merged", "net.yaml:12:3: 'numeric' is an input already."),
        ("numeric_features: num", "merged: num", "net.yaml:9:3: 'merged' is there twice, first at net.yaml:8:3."),
        ("numeric: 32", "numeric: x", "net.yaml:3:12: 'x' is not a parameter of this graph"),
        ("numeric: 32", "numeric: -1", "net.yaml:3:12: '-1' is not a shape."),
        ("int32", "int31", "net.yaml:2:34: 'int31' is not a type of numbers. Did you mean int32?"),
        ("shared:", "shard:", "net.yaml:4:1: There is no section 'shard' here. Did you mean shared?"),
        ("numeric -> Dense(64, relu)", "merged -> Dense(64)", "numeric_features needs merged needs numeric_features"),
        ("category -> embedding -> Flatten", "category -> Flatten", "The shared layer 'embedding' is not called."),
        ("-> Flatten", "-> embedding(3)", "'embedding' is a shared layer that is there already."),
        ("-> Flatten", "-> embedding x2", "would call one and the same 'embedding' again"),
        ("-> Flatten", "-> Flatten x0", "repeats a layer 0 times"),
        ("category -> emb", "category -> numeric -> emb", "'numeric' is a value, and a chain calls layers."),
        ("numeric -> Dense(64, relu)", "numeric", "The node 'numeric_features' calls nothing."),
        ("Dense(1, sigmoid)", "Dense(1, sigmoid", "'(' is not closed"),
        ("Dense(1, sigmoid)", "", "A chain has nothing here."),
        ("numeric -> Dense(64, relu)", "numeric -> Reshape((4, 8))", "Concatenate cannot"),
        ("numeric -> Dense(64, relu)", "numeric -> Conv2D(8, 3)", "net.yaml:8:32: Conv2D"),
        ("Dense(1, sigmoid)", "LSTM(3, return_state=True)", "'binary' gives several values. Write one: binary.0, "),
    ],
)
def test_a_mistake_is_named_with_its_place(wrong: str, right: str, message: str | None) -> None:
    old, new = (right, wrong) if wrong.startswith("Denes") else (wrong, right)
    text = TWO_TOWER.replace(old, new, 1)
    assert text != TWO_TOWER
    if message is None:
        graph_of(text)
    else:
        assert message in refusal(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The spec is empty."),
        ("- a\n- b", "net.yaml:1:1: A graph is a mapping"),
        ("a: [", "net.yaml:1:5: This is not YAML"),
        ("inputs: {x: 4}", "The graph 'net' has no outputs."),
        ("outputs:\n  y: x -> Dense(2)", "The graph 'net' has no inputs."),
        ("inputs: {x: 4}\noutputs:\n  y: x", "The output 'y' is the input itself."),
        ("inputs: {x: 4, z: 3}\noutputs:\n  y: x -> Dense(2)", "The input 'z' is not used"),
        (
            "blocks: {b: {inputs: x, outputs: [x]}}\ninputs: {x: 4}\noutputs:\n  y: x -> b -> Dense(2)",
            "net.yaml:1:35: The output 'x' is the input itself.",
        ),
        (
            "inputs: {x: 4}\nnodes:\n  h: x -> Dense(2)\noutputs:\n  y: x -> Dense(2)",
            "net.yaml:3:3: The node 'h' is not used: no output depends on it.",
        ),
        ("parameters: {a: 3}\ninputs: {x: 4}\noutputs:\n  y: x -> Dense(2)", "The parameter 'a' is not used."),
        ("parameters: {x: 3}\ninputs: {x: 4}\noutputs:\n  y: x -> Dense(x)", "'x' is a parameter already."),
        ("inputs: {class: 4}\noutputs:\n  y: class -> Dense(2)", "it is a Python keyword"),
        ("inputs: {x: 4}\nlayers: {Dense: noise}\noutputs:\n  y: x -> Dense(2)", "Keras has a layer Dense"),
        ("inputs: {x: 4}\nlayers: {Mine: nois}\noutputs:\n  y: x -> Mine", "There is no template 'nois'"),
        (
            "models:\n  m:\n    inputs: {x: 8}\n    outputs:\n      y: x -> Dense(2)\n"
            "inputs: {x: 4}\noutputs:\n  y: x -> m",
            "'m' takes (None, 8) for 'x', but is given (None, 4).",
        ),
        (
            "models:\n  m:\n    inputs: {x: 8}\n    outputs:\n      y: x -> m\ninputs: {x: 8}\noutputs:\n  y: x -> m",
            "m calls m: that never ends.",
        ),
        (
            "models:\n  m:\n    inputs: {x: 8}\n    outputs:\n      y: x -> Dense(2)\n"
            "inputs: {x: 8}\noutputs:\n  y: x -> Dense(2)",
            "net.yaml:2:3: 'm' is never called.",
        ),
        (
            "blocks:\n  b:\n    parameters: ['n:int']\n    inputs: x\n    outputs:\n      y: x -> Dense(n)\n"
            "inputs: {x: 8}\noutputs:\n  y: x -> b",
            "net.yaml:9:11: b needs 'n'.",
        ),
        ("parameters: {r: 0}\ninputs: {x: 4}\noutputs:\n  y: x -> Dense(2) x r", "must be positive"),
    ],
)
def test_a_spec_that_says_too_little_or_too_much(text: str, message: str) -> None:
    assert message in refusal(text)


def test_an_unknown_setting_offers_the_nearest_parameter() -> None:
    text = "parameters: {units: 3}\ninputs: {x: 4}\noutputs:\n  y: x -> Dense(units)"
    assert "There is no parameter 'unit'. Did you mean units?" in refusal(text, unit="3")
    assert "--set units=big" in refusal(text, units="big")
    assert "must be positive" in refusal(text, units="-1")


def test_anchors_that_contain_themselves_are_refused_or_read() -> None:
    assert "net.yaml" in refusal("inputs: &a\n  x: *a\noutputs:\n  y: x -> Dense(2)")


def test_things_that_need_each_other_are_put_in_order() -> None:
    text = "inputs: {x: 4}\nnodes:\n  a: b -> Dense(2)\n  b: c -> Dense(2)\n  c: %s -> Dense(2)\noutputs: [a]"
    assert [node.name for node in graph_of(text % "x").nodes] == ["c", "b", "a"]
    assert "net.yaml:3:3: a needs b needs c needs a: a graph has no cycles." in refusal(text % "a")
    assert "net.yaml:4:3: b needs c needs b: a graph has no cycles." in refusal(text % "b")
    assert "net.yaml:5:3: c needs c: a graph has no cycles." in refusal(text % "c")
    written = "inputs: {x: 4}\nnodes:\n  a: x -> Dense(2)\n  b: a -> Dense(2)\n  c: x -> Dense(2)\noutputs: [b, c]"
    assert [node.name for node in graph_of(written).nodes] == ["a", "b", "c"]


def test_every_preset_is_a_valid_spec() -> None:
    presets = sorted(Path(__file__).parents[2].joinpath("templates/model").glob("*.yaml"))
    assert len(presets) >= 11
    for path in presets:
        graph = resolve_graph(parse_document(path.read_text(), path.name), path.stem, {})
        assert graph.summary.endswith(".")
        assert all(item.description for item in graph.parameters)
        assert infer_shapes(graph, OwnLayers(graph.own_classes, "custom", Catalogue()).infer).of(graph).parameters


@pytest.mark.parametrize("repeated", ["ReLU x3", "ReLU() x3", "ReLU x depth", "ReLU() x depth"])
def test_a_layer_is_repeated_with_or_without_brackets(repeated: str) -> None:
    parameters = "parameters: {depth: 3}\n" if "depth" in repeated else ""
    graph = graph_of(f"{parameters}inputs: {{x: 4}}\noutputs:\n  y: x -> {repeated}")
    assert graph.nodes[0].steps[0].repeat in (3, "depth")


def goals(text: str) -> list[tuple[str, str | None, bool]]:
    graph = graph_of(text)
    found = [find_goal(graph, output.name) for output in graph.outputs]
    return [(goal.kind.value, goal.copies, goal.from_logits) for goal in found]


def test_the_last_activation_tells_what_an_output_is_trained_towards() -> None:
    assert goals(TWO_TOWER) == [("binary", None, False), ("label", None, False)]
    assert goals("inputs: {x: 4}\noutputs: {y: x -> Dense(3)}") == [("number", None, True)]
    assert goals("inputs: {x: 4}\noutputs: {y: x -> Dense(3) -> Softmax}") == [("label", None, False)]
    assert goals("inputs: {x: 4}\noutputs: {y: x -> Dense(3) -> Activation(sigmoid)}") == [("binary", None, False)]
    part = "models: {m: {inputs: {a: 4}, outputs: {b: 'a -> Dense(3, softmax)'}}}\n"
    assert goals(part + "inputs: {x: 4}\noutputs: {y: x -> m}") == [("label", None, False)]


def test_a_spec_may_say_what_its_outputs_are_trained_towards() -> None:
    spec = "inputs: {x: 4}\noutputs: {y: x -> Dense(4)}\ntargets: {y: %s}"
    assert goals(spec % "label") == [("label", None, True)]
    assert goals(spec % "x") == [("number", "x", True)]
    assert refusal(spec % "lable") == "net.yaml:3:14: 'lable' is not a target. Did you mean label?"
    assert refusal(spec.replace("{y: %s}", "{z: label}")) == "net.yaml:3:11: There is no output 'z'. There are: y."


def test_an_input_says_what_its_whole_numbers_are_below() -> None:
    spec = "parameters: {words: 7}\ninputs: {x: {shape: [3], dtype: DTYPE, below: BELOW}}\noutputs:\n  y: x -> LAYER"

    def written(below: str, dtype: str = "int32", layer: str = "Embedding(words, 2)") -> str:
        return spec.replace("BELOW", below).replace("DTYPE", dtype).replace("LAYER", layer)

    assert largest_number(graph_of(written("5")), "x") == 5
    assert largest_number(graph_of(written("words", layer="ops.one_hot(words)")), "x") == 7
    assert "2:49: 'x' holds no whole numbers." in refusal(written("5", dtype="float32"))
    assert "'many' is not a parameter" in refusal(written("many"))
    # What nothing but the bound needs would be an argument that the code does not use.
    assert "The parameter 'words' is not used." in refusal(written("words", layer="Embedding(3, 2)"))


def test_layers_that_the_module_defines_are_given_arguments() -> None:
    spec = (
        "parameters: {rate: 0.5, size: 4}\ninputs: {x: [8, 8, 3]}\n"
        "layers: {PatchEmbed: patch_embed, DropPath: drop_path, LayerScale: layer_scale}\n"
        "outputs:\n  y: x -> PatchEmbed(size, units=2 * size) -> LayerScale(1e-6) -> LAYER"
    )

    def facts(layer: str) -> GraphShapes:
        graph = graph_of(spec.replace("LAYER", layer))
        return infer_shapes(graph, OwnLayers(graph.own_classes, "custom", Catalogue()).infer).of(graph)

    assert facts("DropPath(rate)").values["y"] == (4, 8)
    graph = graph_of(spec.replace(" -> LAYER", " -> DropPath(rate)"))
    own = OwnLayers(graph.own_classes, "custom", Catalogue())
    assert [own.has_layers(item) for item in graph.own_classes] == [True, True, False]
    scale = facts("DropPath(rate)").steps[1]
    assert (scale.shape, scale.parameters) == ((4, 8), 8)
    assert "DropPath has no argument 'rates'. Did you mean rate?" in refusal(
        spec.replace("LAYER", "DropPath(rates=rate)")
    )
    assert "LayerScale: The default" in refusal(spec.replace("1e-6", "'much'").replace("LAYER", "DropPath(rate)"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("null", "s.yaml: The spec is empty."),
        (
            "inputs: {x: null}\noutputs: {y: x -> ReLU}",
            "s.yaml:1:10: 'x' in the section inputs is null. Write its shape",
        ),
        ("inputs: {x: {shape: null}}\noutputs: {y: x -> ReLU}", "s.yaml:1:10: 'x' in the section inputs is null."),
        ("inputs: {x: 3}\noutputs: {y: null}", "s.yaml:2:11: 'y' in the section outputs is null. Write what it is"),
        ("inputs: {x: 3}\noutputs:\n  y:\n", "s.yaml:3:3: 'y' in the section outputs is null."),
        ("inputs: {x: 3}\nnodes: {z: null}\noutputs: {y: z -> ReLU}", "2:9: 'z' in the section nodes is null."),
        ("inputs: {x: 3}\nshared: {z: null}\noutputs: {y: x -> z}", "'z' in the section shared is null. Write a layer"),
        ("inputs: {x: 3}\noutputs: {y: x -> ReLU}\nstructure: {inputs: null}", "'inputs' in the section structure"),
        ("inputs: {null: 3}\noutputs: {y: x -> ReLU}", "s.yaml:1:10: A name is needed here, not null."),
    ],
)
def test_what_is_null_is_named(text: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_document(text, "s.yaml")
    assert message in str(caught.value)


def test_a_section_or_a_word_that_is_null_is_left_out() -> None:
    text = "summary: null\nstyle: null\nshared: null\ninputs: {x: {shape: [3], dtype: null}}\noutputs: {y: x -> ReLU}"
    document = parse_document(text, "s.yaml")
    assert (document.summary, document.style, document.shared, document.inputs[0].dtype) == ("", None, (), None)
