"""Describing a layer: arguments, weights, sublayers, and what is refused before anything is rendered."""

from __future__ import annotations

import pytest

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import parse_module_name
from kscaffold.keras_data import catalogue
from kscaffold.kinds.layer import choose_template, read_layer_manifest, render_layer
from kscaffold.library.templates import Catalogue
from kscaffold.program.argument import Check, Kind
from kscaffold.program.tree import Plain
from kscaffold.source.layer.methods import output_text
from kscaffold.spec.layer.argument import parse_argument
from kscaffold.spec.layer.body import StepKind
from kscaffold.spec.layer.describe import LayerFlags, describe_layer
from kscaffold.spec.layer.spec import LayerSpec
from kscaffold.spec.shapes.shape import fill_pattern, match_shape, parse_pattern, parse_shape


def describe(template: str | None = None, **flags: object) -> LayerSpec:
    asked = LayerFlags(**flags)  # type: ignore[arg-type]
    name = parse_module_name("MyLayer")
    manifest = read_layer_manifest(choose_template(Catalogue(), template, name.module, asked))
    return describe_layer(name, "custom", manifest, asked)


@pytest.mark.parametrize(
    ("text", "kind", "default"),
    [
        ("units:int=32", Kind.INT, Plain(32)),
        ("units=32", Kind.INT, Plain(32)),
        ("ratio=0.5", Kind.FLOAT, Plain(0.5)),
        ("ratio:float=1", Kind.FLOAT, Plain(1.0)),
        ("use_bias=True", Kind.BOOL, Plain(True)),
        ("mode=same", Kind.STR, Plain("same")),
        ("mode:str=two words", Kind.STR, Plain("two words")),
        ("activation=relu", Kind.ACTIVATION, Plain("relu")),
        ("kernel_initializer=None", Kind.INITIALIZER, Plain(None)),
        ("kernel_regularizer=l2", Kind.REGULARIZER, Plain("l2")),
        ("anything=None", Kind.ANY, Plain(None)),
    ],
)
def test_the_type_of_an_argument_comes_from_its_name_or_default(text: str, kind: Kind, default: Plain) -> None:
    argument = parse_argument(text)
    assert (argument.kind, argument.default) == (kind, default)


def test_what_a_name_means_is_demanded() -> None:
    assert parse_argument("units").check is Check.POSITIVE
    assert parse_argument("rate=0.5").check is Check.FRACTION
    assert parse_argument("epsilon=0.001").check is Check.POSITIVE
    assert parse_argument("other=3").check is Check.NONE


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("layers:int", "'layers' cannot be the name of an argument: `layers` is an attribute that Keras reserves"),
        ("dtype=float32", "every layer takes it already"),
        ("x:integer", "unknown type 'integer'. Did you mean int?"),
        ("units:int=many", "default of 'units' is not of type int. Write a whole number"),
        ("units=0", "The default 0 of 'units' must be positive"),
        ("rate=1.5", "must be at least 0 and less than 1"),
        ("activation=rellu", "Keras has no activation 'rellu'. Did you mean relu?"),
        ("a_regularizer=Dense(3)", "not of type regularizer"),
        ("x=", "has an empty default"),
        ("x:any={'a': (1, 2)}", "comes back from a saved config as a list"),
        ("x:any={1: 2}", "keys are strings"),
        ("x:tuple=(1, (2, 3))", "not of type tuple"),
        ("x:float=1e999", "too large"),
        ("x=__import__('os')", "Keras has no layer '__import__'"),
        ("x:int=3 4", "is not understood at column"),
    ],
)
def test_impossible_arguments(text: str, complaint: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_argument(text)
    assert complaint in str(caught.value)


def test_a_described_layer_starts_blank_and_uses_its_weights() -> None:
    spec = describe(arguments=("units:int", "activation=relu"), weights=("kernel: input_dim, units", "bias: units"))
    assert [step.kind for step in spec.steps] == [StepKind.MATMUL, StepKind.ADD, StepKind.ACTIVATION]
    assert spec.output_shape == (8,)
    assert spec.expected_weights == ((16, 8), (8,))


def test_an_untyped_argument_that_is_a_size_is_a_whole_number() -> None:
    spec = describe(arguments=("width",), weights=("kernel: input_dim, width",))
    assert (spec.arguments[0].kind, spec.arguments[0].check) == (Kind.INT, Check.POSITIVE)


def test_required_arguments_come_first() -> None:
    spec = describe(arguments=("first=1", "second", "third:int"))
    assert [argument.name for argument in spec.arguments] == ["second", "third", "first"]


@pytest.mark.parametrize(
    ("sublayer", "shape"),
    [
        ("Dense(3)", (16,)),
        ("LSTM(3)", (8, 16)),
        ("MultiHeadAttention(2, 3)", (8, 16)),
        ("Conv2D(3, 2)", (16, 16, 3)),
        ("GlobalMaxPooling3D()", (8, 16, 16, 3)),
    ],
)
def test_the_example_input_is_one_that_the_sublayers_take(sublayer: str, shape: tuple[int, ...]) -> None:
    assert describe(sublayers=("drop = Dropout(0.5)", f"part = {sublayer}")).inputs[0].shape == shape


def test_a_mask_goes_to_no_sublayer_after_a_body_that_has_used_it_up() -> None:
    for template in ("attention", "merge", "masked_pooling"):
        spec = describe(template, sublayers=("part = BatchNormalization()",), features=frozenset({"mask"}))
        assert "mask" not in dict(spec.steps[0].passes)
    spec = describe("normalization", sublayers=("part = BatchNormalization()",))
    assert spec.steps[0].passes == (("training", "training"), ("mask", "mask"))


def test_a_weight_that_fits_nowhere_is_left_to_the_user() -> None:
    spec = describe(weights=("table: 10, 4",))
    assert [step.kind for step in spec.steps] == [StepKind.UNUSED]


def test_a_positional_embedding_is_added() -> None:
    spec = describe(weights=("position: input_shape[1], input_dim",), input_shapes=("6,8",))
    assert [step.kind for step in spec.steps] == [StepKind.ADD]
    assert spec.expected_weights == ((6, 8),)
    for shape in ("8", "5,6,8"):
        spec = describe(weights=("position: input_shape[1], input_dim",), input_shapes=(shape,))
        assert [step.kind for step in spec.steps] == [StepKind.UNUSED]


def test_sublayers_get_training_and_masks_that_they_take() -> None:
    spec = describe(
        sublayers=(
            "lstm = LSTM(4, return_sequences=True)",
            "drop = Dropout(0.1)",
            "last = LSTM(4)",
            "more = Dropout(0.2)",
        ),
        features=frozenset({"training", "mask"}),
    )
    assert [tuple(dict(step.passes)) for step in spec.steps] == [
        ("training", "mask"),
        ("training",),
        ("training", "mask"),
        ("training",),
    ]
    assert not spec.keeps_steps and spec.output is None


def test_seed_needs_training_and_an_argument() -> None:
    spec = describe("dense", features=frozenset({"seed"}))
    assert "training" in spec.takes
    assert "seed" in [argument.name for argument in spec.arguments]


def test_an_argument_of_the_template_gets_another_default() -> None:
    spec = describe("dense", arguments=("units=64", "activation=relu"))
    assert spec.output_shape == (64,)
    assert [argument.name for argument in spec.arguments][:2] == ["units", "activation"]


def test_the_template_is_the_named_one_the_described_one_or_dense() -> None:
    described = LayerFlags(arguments=("units=3",))
    assert choose_template(Catalogue(), None, "noise", LayerFlags()).name == "noise"
    assert choose_template(Catalogue(), None, "my_layer", LayerFlags()).name == "dense"
    assert choose_template(Catalogue(), None, "noise", described).name == "blank"
    assert choose_template(Catalogue(), "merge", "noise", described).name == "merge"
    with pytest.raises(RequestError, match=r"There is no template 'dens' for a layer\. Did you mean dense\?"):
        choose_template(Catalogue(), "dens", "x", LayerFlags())


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ({"weights": ("k: foo",)}, "--weight 'k: foo': 'foo' in the shape of 'k' is not an argument of this layer"),
        ({"weights": ("k: zero",)}, "Did you mean the initializer zeros?"),
        ({"weights": ("k",)}, "'k' has no shape"),
        ({"weights": ("k: input_shape[0]",)}, "is the batch size, which a layer does not know"),
        ({"weights": ("k: input_shape[7]",)}, "is beyond the end of input_shape"),
        ({"weights": ("k: input_shape",)}, "input_shape in the shape of 'k' is not a size"),
        ({"weights": ("k: -3",)}, "-3 is not a size of 'k'"),
        ({"weights": ("k: input_dim - 16",)}, "is 0 for the input shape"),
        ({"weights": ("k: 3.5",)}, "3.5 is not a size"),
        ({"weights": ("weights: 3",)}, "`weights` is an attribute that Keras reserves"),
        ({"weights": ("k: 3, L2(0.1)",)}, "L2 is not an initializer"),
        ({"weights": ("k: 3", "k: 4")}, "'k' is the name of a weight already"),
        ({"sublayers": ("d=Dense(u)",), "arguments": ("u={'a': 1}",)}, "'u' is used as a size, but it is of type any"),
        (
            {"sublayers": ("drop=Dropout(0.5)", "l=LSTM(3)"), "input_shapes": ("16",)},
            "--input-shape: The sublayer 'l' takes inputs with 2 sizes, but 16 has 1. For example: --input-shape 8,16.",
        ),
        ({"weights": ("k: 3",), "arguments": ("k=3",)}, "'k' is the name of an argument already"),
        ({"arguments": ("rate=0.5",), "weights": ("k: rate",)}, "'rate' is used as a size, but it is of type float"),
        (
            {"arguments": ("i:initializer=ones",), "weights": ("a: 3, i", "b: 3, i")},
            "share the initializer 'i', which gives both the same values",
        ),
        ({"arguments": ("units=3", "units=4")}, "--arg 'units=4': 'units' is given twice"),
        ({"sublayers": ("d=Denes(3)",)}, "--sublayer 'd=Denes(3)': Keras has no layer 'Denes'. Did you mean Dense?"),
        ({"sublayers": ("d=Dense()",)}, "Dense needs 'units'. For example: Dense(8)."),
        ({"sublayers": ("d=Dense(3, unit=4)",)}, "Dense has no argument 'unit'. Did you mean units?"),
        ({"sublayers": ("d=Dense(3, units=4)",)}, "Dense is given 'units' twice"),
        ({"sublayers": ("d=Dense(units)",)}, "'units' is not an argument of this layer"),
        ({"sublayers": ("d=Dropout(rate)",)}, "To add it: --arg rate:float=0.5."),
        ({"sublayers": ("d=Dense(3, rellu)",)}, "Keras has no activation 'rellu'"),
        ({"sublayers": ("d=Flatten(1, 2, 3, 4)",)}, "Flatten takes 1 argument, 4 are given"),
        ({"sublayers": ("d=L2(3)",)}, "L2 is a regularizer, not a layer"),
        ({"sublayers": ("d",)}, "'d' is not a sublayer"),
        ({"sublayers": ("d=Dense(8)", "e=Add()")}, "'e' merges several inputs, but is given one"),
        (
            {"sublayers": ("d=Flatten()", "e=Conv1D(3, 2)")},
            "the sublayer 'e': Conv1D takes inputs with 3 axes, not (None, 16).",
        ),
        (
            {"template": "masked_pooling", "sublayers": ("d=GRU(3)",)},
            "'d': GRU takes inputs with 3 axes, not (None, 8)",
        ),
        ({"template": "rnn_cell", "sublayers": ("d=TimeDistributed(Dense(2))",)}, "takes inputs with at least 3 axes"),
        (
            {"template": "position_embedding", "sublayers": ("d=Conv2D(3, 2)",)},
            "the sublayer 'd': Conv2D takes inputs with 4 axes, not (None, 6, 8).",
        ),
        (
            {"sublayers": ("d=ReLU()", "e=Softmax()"), "input_shapes": ("6,8",)},
            "'e': Softmax takes the mask of a sequence",
        ),
        (
            {"sublayers": ("d=Conv1D(3, 9)",), "input_shapes": ("6,8",)},
            "Conv1D: a window of 9 is larger than (None, 6, 8)",
        ),
        ({"input_shapes": ("4", "4,4"), "weights": ("k: 3",)}, "cannot be concatenated"),
        ({"input_shapes": ("x",)}, "'x' is not a shape. Give the sizes of one example"),
        ({"input_shapes": ("0",)}, "'0' is not a shape"),
        ({"template": "dense", "arguments": ("units:any={}",)}, "'units' is of type int in this template, not any"),
        ({"template": "dense", "arguments": ("units={}",)}, "The default of 'units' is not of type int"),
        ({"template": "dense", "arguments": ("units=-1",)}, "must be positive"),
        ({"template": "noise", "input_shapes": ("4", "4")}, "2 input shapes are given, but the layer has one input."),
        ({"template": "merge", "input_shapes": ("4",)}, "One input shape is given, but the layer has 2 inputs or more"),
        ({"template": "sampling", "input_shapes": ("4", "4", "4")}, "3 input shapes are given, but the layer has 2"),
        ({"template": "merge", "input_shapes": ("4", "5")}, "have one shape, not (None, 4) and (None, 5)."),
        ({"template": "rnn_cell", "features": frozenset({"mask"})}, "A cell gets no mask"),
        (
            {"input_shapes": ("4", "4"), "weights": ("k: 3",), "features": frozenset({"mask"})},
            "A layer with several inputs has a mask for each",
        ),
    ],
)
def test_impossible_flags(flags: dict[str, object], complaint: str) -> None:
    with pytest.raises(RequestError) as caught:
        describe(**flags)  # type: ignore[arg-type]
    assert complaint in str(caught.value)


def test_a_shape_must_fit_the_template() -> None:
    with pytest.raises(RequestError, match=r"\(None, 16\) does not fit \(batch_size, steps, features\)"):
        describe("masked_pooling", input_shapes=("16",))
    with pytest.raises(RequestError, match="Give one for each: query, value"):
        describe("attention", input_shapes=("5,16",))
    assert describe("rnn_cell", input_shapes=("9,3",)).output_shape == (32,)


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (
            {"arguments": ("act=relu",), "sublayers": ("d=GRU(3)",)},
            "`(batch_size, 3)` for inputs of `(batch_size, 8, 16)`",
        ),
        ({"arguments": ("act:activation=relu",)}, "`(batch_size, ..., input_dim)`"),
        ({"sublayers": ("d=Dense(6) x2", "e=Dropout(0.1)")}, "`(batch_size, ..., 6)`"),
        ({"sublayers": ("d=LSTM(3, stateful=True)", "e=ReLU()")}, "The shape of what `d` gives."),
        ({"arguments": ("inner:layer",)}, "`(batch_size, 8)` for inputs of `(batch_size, 16)`"),
        (
            {"sublayers": ("d=Add()",), "input_shapes": ("6,8", "8")},
            "`(batch_size, 6, 8)` for inputs of `(batch_size, 6, 8)` and `(batch_size, 8)`",
        ),
        (
            {"template": "attention", "sublayers": ("d=AveragePooling1D(2)",)},
            "`(batch_size, 2, 32)` for inputs of `(batch_size, 5, 16)` and `(batch_size, 7, 8)`",
        ),
    ],
    ids=str,
)
def test_the_docstring_says_the_shape_of_the_output(flags: dict[str, object], text: str) -> None:
    assert output_text(describe(**flags)) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(("template", "mask"), [("attention", "previous_mask"), ("merge", "combined")])
def test_a_mask_is_given_only_as_long_as_the_steps_are_the_same(template: str, mask: str) -> None:
    for sublayers, returned in (((), mask), (("d=AveragePooling1D(2)",), "None")):
        spec = describe(template, sublayers=sublayers)
        text = render_layer(spec, Catalogue().find(template, "layer")).text
        assert f"        return {returned}\n" in text.partition("def compute_mask")[2]
    assert "combined" not in text


def test_the_body_of_a_template_does_without_a_weight_only_where_it_says_so() -> None:
    cell = describe("rnn_cell", arguments=("use_bias=False", "bias_regularizer=l2"))
    assert [weight.condition for weight in cell.weights] == [None, None, None]
    assert cell.weights[-1].regularizer == "bias_regularizer" and cell.unused == ("use_bias",)
    assert describe("dense").weights[-1].condition == "use_bias"


def test_shapes_are_matched_by_name() -> None:
    pattern = parse_pattern("batch_size, ..., units")
    values = match_shape(pattern, parse_shape("8,8,3"))
    assert values["units"] == 3
    assert fill_pattern(pattern, values | {"units": 5}) == (8, 8, 5)
    assert str(pattern) == "(batch_size, ..., units)"
    for text in ("units", "batch_size, ..., ..., x", ""):
        with pytest.raises(RequestError, match="is not a shape"):
            parse_pattern(text)


def test_templates_are_found_by_looking() -> None:
    names = {template.name for template in Catalogue().of_kind("layer")}
    assert names >= {
        "dense",
        "blank",
        "composite",
        "activity_loss",
        "normalization",
        "noise",
        "masked_pooling",
        "merge",
        "attention",
        "wrapper",
        "rnn_cell",
    }
    assert Catalogue().find("layer/dense").name == "dense"


def test_the_catalogue_offers_the_nearest_name() -> None:
    with pytest.raises(RequestError, match=r"Did you mean BatchNormalization\?"):
        catalogue.find_class("BatchNormalisation")
    assert catalogue.find_class("Identity", "initializers").group == "initializers"
    assert catalogue.find_class("Identity").group == "layers"


@pytest.mark.parametrize(
    ("weight", "kind"),
    [
        ("gamma: input_dim, Constant(1e-4)", StepKind.MULTIPLY),
        ("gate: input_dim, Constant(0.1)", StepKind.MULTIPLY),
        ("scale: input_dim, zeros", StepKind.MULTIPLY),
        ("gate: input_dim, ones", StepKind.MULTIPLY),
        ("beta: input_dim, ones", StepKind.ADD),
        ("offset: input_dim, Constant(2)", StepKind.ADD),
        ("other: input_dim, zeros", StepKind.ADD),
    ],
)
def test_a_factor_is_multiplied_and_an_offset_is_added(weight: str, kind: StepKind) -> None:
    assert [step.kind for step in describe(weights=(weight,)).steps] == [kind]


def test_attention_gets_the_mask_by_its_own_names() -> None:
    spec = describe(sublayers=("attend = MultiHeadAttention(2, 8)",), features=frozenset({"mask"}))
    assert spec.steps[0].passes == (("query_mask", "mask"), ("value_mask", "mask"))
    assert not spec.masks_outputs


def test_what_nothing_uses_is_known() -> None:
    assert describe(arguments=("rate:float=0.1",), features=frozenset({"training"})).unused == ("rate",)
    used = describe(
        arguments=("units:int=8", "rate:float=0.1", "kernel_regularizer=l2", "activation=relu"),
        weights=("kernel: input_dim, units",),
        sublayers=("drop = Dropout(rate)",),
    )
    assert used.unused == ()
    assert describe("attention").unused == () and describe(features=frozenset({"loss", "seed"})).unused == ()
