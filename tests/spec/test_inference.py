"""The output shapes of layers for known input shapes: inferred without Keras, and as Keras computes them."""

from __future__ import annotations

import itertools
from types import ModuleType
from typing import Any

import pytest
from helpers.properties import examples
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.base.errors import RequestError
from kscaffold.spec.language.syntax import parse_call
from kscaffold.spec.layer.argument import parse_argument
from kscaffold.spec.layer.call import resolve_call
from kscaffold.spec.shapes.inference import infer
from kscaffold.spec.shapes.rules import Inferred
from kscaffold.spec.shapes.shape import Shape

NOTHING = Inferred(None, None)


def inferred(text: str, *shapes: Shape | None, **values: object) -> Inferred:
    arguments = {name: parse_argument(f"{name}:any=None") for name in values}
    return infer(resolve_call(parse_call(text), arguments), shapes, values)


@pytest.mark.parametrize(
    ("text", "shapes", "complaint"),
    [
        ("Add()", [(8,), (16,)], "Add cannot merge (None, 8) and (None, 16). The sizes of an axis must be equal, or 1"),
        ("Multiply()", [(4, 8), (1, 8), (3, 8)], "Multiply cannot merge (None, 4, 8), (None, 1, 8) and (None, 3, 8)."),
        ("Add()", [(8,)], "Add merges two or more inputs, one was given."),
        ("Subtract()", [(8,), (8,), (8,)], "Subtract takes two inputs, 3 were given."),
        ("Concatenate()", [(4, 8), (5, 8)], "All sizes but those of axis -1 must be equal."),
        ("Concatenate()", [(8,), (5, 8)], "Concatenate cannot merge (None, 8) and (None, 5, 8)."),
        ("Dot(1)", [(4, 8), (5, 8)], "Dot cannot merge (None, 4, 8) and (None, 5, 8) along the axes (1, 1)."),
        ("Conv2D(8, 3)", [(784,)], "Conv2D takes inputs with 4 axes, not (None, 784). The batch axis is one of them."),
        ("LSTM(8)", [(4, 4, 8)], "LSTM takes inputs with 3 axes, not (None, 4, 4, 8)."),
        ("Permute((2, 1))", [(4, 4, 8)], "Permute takes inputs with 3 axes"),
        ("Dense(8)", [()], "Dense takes inputs with at least 2 axes, not (None,)."),
        ("TimeDistributed(Dense(8))", [(8,)], "TimeDistributed takes inputs with at least 3 axes, not (None, 8)."),
        ("Attention()", [(4, 8)], "Attention takes two or three inputs, 1 was given."),
        ("Reshape((3, 5))", [(16,)], "Reshape cannot turn (None, 16) into (None, 3, 5). An example has 16 numbers."),
        ("Reshape((3, -1))", [(4, 4)], "Reshape cannot turn (None, 4, 4) into (None, 3, -1)."),
        ("Conv2D(8, (3, 5))", [(8, 4, 1)], "Conv2D: a window of 3 x 5 is larger than (None, 8, 4, 1)."),
        ("Conv1D(8, 3, dilation_rate=4)", [(8, 1)], "3 with a dilation rate of 4 is larger than (None, 8, 1)."),
        ("MaxPooling1D(4)", [(3, 1)], "MaxPooling1D: a window of 4 is larger than (None, 3, 1)."),
        ("Cropping1D(2)", [(4, 1)], "Cropping1D leaves nothing of (None, 4, 1)."),
        ("Conv1D(8, 1, groups=2)", [(4, 3)], "Conv1D cannot divide the 3 channels of (None, 4, 3) into 2 groups."),
        ("GroupNormalization()", [(4, 8)], "cannot divide the 8 channels of (None, 4, 8) into 32 groups."),
    ],
)
def test_inputs_that_keras_would_refuse(text: str, shapes: list[Shape], complaint: str) -> None:
    with pytest.raises(RequestError) as caught:
        inferred(text, *shapes)
    assert complaint in str(caught.value)


def test_bare_words_stand_for_their_values() -> None:
    assert inferred("Dense(units)", (8,), units=4) == Inferred((4,), 36)
    assert inferred("Dense(4 * units)", (8,), units=4) == Inferred((16,), 144)
    assert inferred("Conv1D(2, sizes)", (8, 1), sizes=[3]) == Inferred((6, 2), 8)
    assert inferred("Dense(units)", (8,), units=None) == NOTHING
    assert inferred("Dense(8 // units)", (8,), units=0) == NOTHING
    assert inferred("Dense(4, use_bias=bias)", (8,), bias=None) == NOTHING
    assert inferred("Dropout(rate)", (8,), rate=None) == Inferred((8,), 0)


@pytest.mark.parametrize(
    ("text", "shapes", "expected"),
    [
        ("own.layers:Dense(8)", [(8,)], NOTHING),
        ("Dense(8)", [], NOTHING),
        ("Dense(8)", [None], NOTHING),
        ("Flatten()", [None], Inferred(None, 0)),
        ("Add()", [(8,), None], Inferred(None, 0)),
        ("Dense(8)", [(4, None)], Inferred((4, 8), None)),
        ("Dense(8, glu)", [(8,)], NOTHING),
        ("Dense(8, lora_rank=2)", [(8,)], Inferred((8,), None)),
        ("Dense(8, dtype=int8_from_float32)", [(8,)], Inferred((8,), None)),
        ("Conv2D(8, 3, data_format=channels_first)", [(3, 8, 8)], NOTHING),
        ("LSTM(8, return_state=True)", [(4, 8)], Inferred(None, 544)),
        ("LSTM(8, stateful=True)", [(4, 8)], NOTHING),
        ("LSTM(8)", [(4, 8), (8,), (8,)], NOTHING),
        ("RNN(GRUCell(8))", [(4, 8)], NOTHING),
        ("TimeDistributed(Conv2D(8, 3))", [(4, 8)], NOTHING),
        ("TimeDistributed(own.layers:Dense(8))", [(4, 8)], NOTHING),
        ("Bidirectional(LSTM(8), merge_mode=None)", [(4, 8)], Inferred(None, 1088)),
        ("StringLookup(output_mode=multi_hot)", [(8,)], NOTHING),
        ("Rescaling([1, 2])", [(8,)], Inferred(None, 0)),
    ],
)
def test_what_is_not_known_is_not_guessed(text: str, shapes: list[Shape | None], expected: Inferred) -> None:
    assert inferred(text, *shapes) == expected


# Every layer in these is known for every shape that Keras accepts, except where a size of the shape is unknown.
SINGLE = """
Dense(4); Dense(4, "relu", use_bias=False); Embedding(10, 4); Flatten(); Reshape((2, -1)); Reshape((6, 4))
Reshape(()); Reshape((4, 1, 6)); Permute((2, 1)); Permute((3, 1, 2)); Permute((1,)); RepeatVector(3)
Activation("relu"); Activation("softmax"); ActivityRegularization(0.1); ELU(); LeakyReLU(); ReLU(6.0); Softmax()
Identity(); Masking(); Rescaling(0.5, offset=-1); UnitNormalization(); UnitNormalization((1, -1)); AlphaDropout(0.5)
Dropout(0.5); Dropout(0); GaussianDropout(0.5); GaussianNoise(0.5); SpatialDropout1D(0.5); SpatialDropout2D(0.5)
SpatialDropout3D(0.5); PReLU(); PReLU(shared_axes=[1]); PReLU(shared_axes=(1, 2)); PReLU(shared_axes=1)
BatchNormalization(); BatchNormalization(1, scale=False); BatchNormalization(center=False, renorm=True)
LayerNormalization(); LayerNormalization((1, 2)); LayerNormalization(axis=[-1, 1], center=False)
LayerNormalization(scale=False, center=False); RMSNormalization(); RMSNormalization((1, -1)); GroupNormalization()
GroupNormalization(2); GroupNormalization(-1, scale=False); GroupNormalization(3, axis=1); Conv1D(4, 3)
Conv1D(4, (2,), 2, "same"); Conv1D(4, 3, padding="causal", dilation_rate=2); Conv1D(6, 1, groups=3)
Conv1D(6, 2, strides=2, dilation_rate=2); Conv1D(4, 3, padding="causal", strides=3, use_bias=False); Conv2D(4, 3)
Conv2D(4, (1, 2), strides=(2, 1)); Conv2D(4, 2, padding="same", strides=3, use_bias=False)
Conv2D(4, 2, dilation_rate=(1, 2)); Conv2D(4, 5, groups=2, activation="relu"); Conv3D(2, 2)
Conv3D(2, (1, 2, 3), padding="same", strides=2); Conv1DTranspose(4, 3); Conv1DTranspose(4, 3, 2)
Conv1DTranspose(4, 2, 3, "same"); Conv1DTranspose(4, 1, strides=4); Conv1DTranspose(4, 3, 2, output_padding=1)
Conv1DTranspose(4, 3, 3, "same", output_padding=2); Conv1DTranspose(4, 3, dilation_rate=2)
Conv1DTranspose(4, 2, 2, output_padding=2); Conv2DTranspose(4, 3, strides=(1, 2))
Conv2DTranspose(4, (2, 3), padding="same", use_bias=False); Conv3DTranspose(2, 2); SeparableConv1D(4, 3)
SeparableConv1D(4, 2, depth_multiplier=3, use_bias=False); SeparableConv2D(4, (1, 2), padding="same")
SeparableConv2D(4, 2, 2); DepthwiseConv1D(2); DepthwiseConv1D(2, 2, "same", depth_multiplier=3)
DepthwiseConv2D((2, 3), use_bias=False); DepthwiseConv2D(3, dilation_rate=2); MaxPooling1D()
MaxPooling1D(3, 1, "same"); AveragePooling1D(2, strides=(3,)); MaxPooling2D(); MaxPooling2D((1, 3))
AveragePooling2D(2, 1, padding="same"); MaxPooling3D(); AveragePooling3D((1, 2, 1), strides=1); GlobalMaxPooling1D()
GlobalMaxPooling2D(); GlobalMaxPooling3D(keepdims=True); GlobalAveragePooling1D(keepdims=True)
GlobalAveragePooling2D(keepdims=True); GlobalAveragePooling3D(); UpSampling1D(); UpSampling1D(3); UpSampling2D()
UpSampling2D((1, 3), interpolation="bilinear"); UpSampling3D(2); ZeroPadding1D(); ZeroPadding1D((0, 2))
ZeroPadding2D(); ZeroPadding2D(((0, 1), (2, 3))); ZeroPadding2D((1, 0)); ZeroPadding3D(); ZeroPadding3D((1, 0, 2))
ZeroPadding3D(1); Cropping1D(); Cropping1D(3); Cropping1D((0, 1)); Cropping2D(); Cropping2D(1)
Cropping2D(((0, 1), (2, 1))); Cropping3D(); Cropping3D((1, 0, 0)); Cropping3D(0); SimpleRNN(4)
SimpleRNN(4, use_bias=False, return_sequences=True); LSTM(4); LSTM(4, return_sequences=True, dropout=0.5)
LSTM(4, use_bias=False); GRU(4); GRU(4, reset_after=False, return_sequences=True); GRU(4, use_bias=False)
Bidirectional(LSTM(4)); Bidirectional(GRU(4, return_sequences=True), merge_mode="sum")
Bidirectional(SimpleRNN(4), merge_mode="ave"); Bidirectional(SimpleRNN(4, return_sequences=True), "mul")
TimeDistributed(Dense(4)); TimeDistributed(Flatten()); TimeDistributed(Dropout(0.5))
"""
# These may be unknown, but what is known about them is right.
DOUBTFUL = """
Dense(0); Dense(-1); Dense(4, lora_rank=2); Dense(True); Embedding(0, 4); Reshape((-1, -1)); Reshape((None, 4))
Reshape(24); Reshape((0, -1)); Reshape((-2, 3)); Permute((0, 1)); Permute((1, 1)); RepeatVector(0); Activation("glu")
Dense(4, "glu"); Rescaling([1.0, 2.0]); Rescaling(1, [[1.0], [2.0]]); UnitNormalization(7); PReLU(shared_axes=[-1])
PReLU(shared_axes=[0]); PReLU(shared_axes=7); BatchNormalization(axis=0); BatchNormalization(axis=9)
BatchNormalization(axis=[1]); LayerNormalization(0); LayerNormalization([1, 1]); LayerNormalization(())
RMSNormalization(-4); GroupNormalization(0); GroupNormalization(4, axis=[1, 2]); Normalization()
Normalization(axis=None); Normalization(mean=1.0, variance=2.0); Conv1D(4, 0); Conv1D(4, 3, strides=0)
Conv1D(4, 3, padding="other"); Conv2D(4, 3, padding="causal"); Conv2D(4, 2, strides=2, dilation_rate=2)
Conv2D(4, 2, data_format="channels_first"); Conv2D(5, 2, groups=2); Conv2D(4, (2, 2, 2)); Conv2D(4, "2")
Conv1DTranspose(4, 3, 2, dilation_rate=2); Conv2DTranspose(4, 2, padding="causal")
SeparableConv1D(4, 2, padding="causal"); DepthwiseConv1D(2, strides=2, dilation_rate=2)
DepthwiseConv1D(2, depth_multiplier=0); MaxPooling1D(2, 0); MaxPooling2D(2, padding="causal")
MaxPooling2D(data_format="channels_first"); GlobalMaxPooling2D(data_format="channels_first"); UpSampling1D((2,))
UpSampling2D(0); ZeroPadding1D(-1); ZeroPadding2D(-1); ZeroPadding2D((1, 2, 3)); Cropping2D((1, (1, 2)))
Cropping1D(-1); Conv1DTranspose(4, 2, 2, "same", output_padding=0); LSTM(4, return_state=True); LSTM(0)
GRU(4, stateful=True); Bidirectional(LSTM(4), merge_mode=None); Bidirectional(LSTM(4, return_state=True))
Bidirectional(Dense(4)); Bidirectional(LSTM(4), backward_layer=LSTM(4))
Bidirectional(LSTM(4), backward_layer=GRU(3, go_backwards=True)); RNN(LSTMCell(4)); ConvLSTM1D(4, 2); ConvLSTM2D(4, 2)
TimeDistributed(Conv1D(4, 2)); TimeDistributed(MaxPooling2D()); TimeDistributed(LSTM(4))
TimeDistributed(Reshape((5,))); TimeDistributed(LSTM(4, return_state=True)); TimeDistributed(MultiHeadAttention(2, 3))
TimeDistributed(Embedding(3, 2)); TimeDistributed(TimeDistributed(Dense(4))); TimeDistributed(BatchNormalization())
TimeDistributed(GlobalMaxPooling1D()); EinsumDense("...x,xy->...y", output_shape=4); Discretization([0.0, 1.0])
CategoryEncoding(4); RandomFlip(); RandomContrast(0.1); AutoContrast(); RandomBrightness(0.1); RandomRotation(0.1)
Solarization(); Resizing(4, 4); CenterCrop(2, 2); RandomCrop(2, 2); AdaptiveMaxPooling1D(2)
SpectralNormalization(Dense(4))
"""
SHAPES: list[Shape] = [
    (),
    (1,),
    (24,),
    (None,),
    (6, 4),
    (3, 8),
    (None, 6),
    (6, None),
    (4, 4, 6),
    (8, 8, 3),
    (None, 5, 2),
    (4, 2, 3, 4),
    (None, 4, 3, 2),
]
SEVERAL = """
Add(); Average(); Maximum(); Minimum(); Multiply(); Subtract(); Concatenate(); Concatenate(1); Dot(1); Dot(-1)
Dot((2, 1)); Dot((1, -1), normalize=True)
"""
ATTENTION = """
Attention(); Attention(use_scale=True, score_mode="concat"); AdditiveAttention(); AdditiveAttention(use_scale=False)
MultiHeadAttention(2, 3); MultiHeadAttention(2, key_dim=3, value_dim=5, use_bias=False)
MultiHeadAttention(1, 4, output_shape=5); MultiHeadAttention(3, 2, output_shape=(2, 3), dropout=0.1)
MultiHeadAttention(2, 3, use_gate=True)
"""
SEVERAL_DOUBTFUL = """
Concatenate(0); Concatenate(axis=-2); Concatenate(5); Dot(0); Dot((1, 2, 3)); Dot(5); Dense(4); Conv1D(4, 2); LSTM(4)
Flatten(); Identity(); MaxPooling1D(); BatchNormalization(); Dropout(0.5); Embedding(4, 3); Permute((1,))
Reshape((-1,)); UpSampling1D(); MultiHeadAttention(0, 3); MultiHeadAttention(2, 3, output_shape=())
MultiHeadAttention(2, 3, attention_axes=2); SpatialDropout1D(0.5); GlobalMaxPooling1D(); RepeatVector(2)
Bidirectional(LSTM(4)); TimeDistributed(Dense(4))
"""
# On these, attention is known. Keras takes others too, as long as nothing is computed.
ATTENDED: list[tuple[Shape, ...]] = [
    ((4, 8), (4, 8)),
    ((4, 8), (4, 8), (4, 8)),
    ((4, 8), (5, 3), (5, 8)),
    ((4, 8), (5, 8)),
]
# Inputs that belong together, and as many that do not.
SETS: list[tuple[Shape, ...]] = [
    ((8,), (8,)),
    ((8,), (16,)),
    ((8,), (1,)),
    ((8,), (None,)),
    ((4, 8), (4, 8)),
    ((4, 8), (4, 8), (4, 8)),
    ((4, 8), (8,)),
    ((4, 8), (3, 8)),
    ((4, 8), (5, 8), (5, 8)),
    ((4, 8), (5, 3), (5, 8)),
    ((4, 8), (8, 4)),
    ((None, 8), (4, 8)),
    ((4, 8), (4, 1), (1, 8)),
    ((4, 8), (4, 6)),
    ((3, 4, 8), (3, 4, 8)),
    ((3, 4, 8), (4, 8)),
    ((), ()),
    ((), (8,)),
]


def texts(table: str) -> list[str]:
    return [text.strip() for line in table.strip().splitlines() for text in line.split(";")]


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    import keras

    return keras


def compare(keras: ModuleType, text: str, shapes: tuple[Shape, ...], must_know: bool) -> str:
    """Compares what is inferred with what Keras computes, and returns the outcome."""
    where = f"{text} on {shapes}"
    complaint, found = None, NOTHING
    try:
        found = inferred(text, *shapes)
    except RequestError as error:
        complaint = str(error)
    try:
        layer = eval(text, vars(keras.layers).copy())
        inputs: Any = [keras.Input(shape, dtype="int32" if "Embedding" in text else "float32") for shape in shapes]
        if "MultiHead" in text:
            output = layer(*(inputs * 2 if len(inputs) == 1 else inputs))
        else:
            output = layer(inputs[0] if len(inputs) == 1 else inputs)
    except Exception:
        return "both refuse" if complaint else "keras refuses"
    assert complaint is None, f"{where}: Keras takes it. {complaint}"
    real = Inferred(tuple(output.shape[1:]) if hasattr(output, "shape") else None, layer.count_params())
    if found.shape is not None:
        assert found.shape == real.shape, where
    if found.parameters is not None:
        assert found.parameters == real.parameters, where
    if must_know and all(shapes) and None not in itertools.chain(*shapes):
        assert found == real, where
    return "known" if found == real else "unknown"


@pytest.mark.keras
def test_what_is_inferred_is_what_keras_says(keras: ModuleType) -> None:
    came = []
    for table, must_know in ((SINGLE, True), (DOUBTFUL, False)):
        came += [compare(keras, text, (shape,), must_know) for text in texts(table) for shape in SHAPES]
    for table, must_know in ((SEVERAL, True), (SEVERAL_DOUBTFUL, False), (ATTENTION, False)):
        came += [compare(keras, text, shapes, must_know) for text in texts(table) for shapes in SETS]
    came += [compare(keras, text, shapes, True) for text in texts(ATTENTION) for shapes in ATTENDED]
    came += [compare(keras, text, ((4, 8),), True) for text in texts(SEVERAL + ATTENTION)]
    assert came.count("known") > 500 and came.count("both refuse") > 500


numbers = st.integers(1, 4)


@st.composite
def windowed_layers(draw: st.DrawFn) -> tuple[str, tuple[Shape]]:
    """A convolution or a pooling layer, and an input."""
    kind = draw(st.sampled_from(["Conv", "Transpose", "Depthwise", "Separable", "MaxPooling", "AveragePooling"]))
    rank = draw(st.integers(1, 2 if kind in ("Depthwise", "Separable") else 3))

    def sizes() -> str:
        return repr(draw(st.one_of(numbers, st.tuples(*[numbers] * rank))))

    given = {"strides": sizes(), "padding": repr(draw(st.sampled_from(["same", "valid"])))}
    if "Pooling" in kind:
        name, first = f"{kind}{rank}D", [sizes()]
    else:
        name = f"Conv{rank}DTranspose" if kind == "Transpose" else f"{kind.removesuffix('Conv')}Conv{rank}D"
        first = [sizes()] if kind == "Depthwise" else [str(draw(numbers)), sizes()]
        given["use_bias"] = repr(draw(st.booleans()))
        if draw(st.booleans()):
            given["dilation_rate"] = sizes()
            # A backend may or may not support strides and dilation at once.
            given["strides"] = "1"
        if kind == "Conv":
            given["groups"] = str(draw(st.sampled_from([1, 1, 1, 2])))
        if kind in ("Depthwise", "Separable"):
            given["depth_multiplier"] = str(draw(numbers))
        if kind == "Transpose" and draw(st.booleans()):
            given["output_padding"] = str(draw(st.integers(0, 2)))
    text = f"{name}({', '.join(first + [f'{key}={value}' for key, value in given.items()])})"
    size = st.one_of(st.integers(1, 9), st.none())
    return text, ((*draw(st.tuples(*[size] * rank)), draw(numbers)),)


def test_windows_move_as_they_do_in_keras(keras: ModuleType) -> None:
    came = []

    @examples(300)
    @given(windowed_layers())
    def check(layer: tuple[str, tuple[Shape]]) -> None:
        came.append(compare(keras, *layer, must_know=False))

    check()
    assert came.count("known") > 150 and "unknown" not in came
