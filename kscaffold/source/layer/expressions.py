"""Python source for the parts of a layer: signatures, expressions and examples, as the templates ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from kscaffold.program.argument import Argument, Kind
from kscaffold.program.text import literal, show, written_call
from kscaffold.program.tree import Listing, Object, Plain, Tree, names
from kscaffold.spec.layer.manifest import CallStyle
from kscaffold.spec.layer.value import LayerSpec, needed_modules, resolve_default
from kscaffold.spec.layer.weight import INPUT_DIM, INPUT_SHAPE, Sublayer, Weight
from kscaffold.spec.shapes.shape import show_shape

LINE_LENGTH = 88


def object_source(
    call: Object,
    name: Callable[[str], str],
    dtype: bool,
    layers: str = "keras.layers",
    value: Callable[[str], str] = str,
) -> str:
    """Source that makes an object: Keras' classes by their full name, a layer of one's own by its class.

    Args:
        call: What is made.
        name: Gives the source of a bare word.
        dtype: Whether layers are given the dtype policy of the layer that makes them.
        layers: How the module of Keras' layers is written.
        value: Gives the source of a model among the arguments.
    """
    target = call.own[1] if call.own else call.target
    is_layer = call.own is not None or target.startswith("layers.")
    keywords = call.keywords
    if dtype and is_layer and "dtype" not in dict(keywords):
        keywords = (*keywords, ("dtype", _DTYPE))
    plain = replace(call, keywords=keywords)
    if call.own is None and target.startswith("layers."):
        target = f"{layers}.{call.class_name}"

    def written(part: Tree) -> str:
        if part is _DTYPE:
            return "self.dtype_policy"
        return show(part, name, lambda inner: object_source(inner, name, dtype, layers, value), value)

    return written_call(plain, target, written)


_DTYPE = Plain("self.dtype_policy")


def in_init(expression: Tree) -> str:
    """Source in the constructor, where arguments are local names."""
    return show(expression, str, lambda call: object_source(call, str, dtype=True))


def standalone(expression: Tree) -> str:
    """Source outside any class, where all names are strings."""
    return show(expression, literal, lambda call: object_source(call, literal, dtype=False))


def default_in_init(argument: Argument) -> str:
    """Source of a default that the constructor makes."""
    default = resolve_default(argument)
    assert default is not None
    return in_init(default)


def constant_source(argument: Argument) -> str:
    """Source of a default that all layers share."""
    default = resolve_default(argument)
    assert default is not None
    return standalone(default)


def signature_default(argument: Argument) -> str:
    """Source of a default in the signature, where nothing mutable may stand."""
    default = resolve_default(argument)
    assert default is not None
    if argument.replaced_default:
        return "None"
    if argument.constant_default:
        return f"DEFAULT_{argument.name.upper()}"
    return standalone(_frozen(default) if argument.kind is Kind.LIST else default)


def _frozen(value: Tree) -> Tree:
    """A list as a tuple: a list would be one object for all layers."""
    return Listing("()", tuple(_frozen(item) for item in value.items)) if isinstance(value, Listing) else value


def signature(spec: LayerSpec) -> str:
    """Source of the constructor's parameters, on one line if they fit."""
    before = spec.shown_arguments
    after = [argument for argument in spec.arguments if argument not in before]
    parts = [_parameter(argument) for argument in before]
    parts += ["*", *(_parameter(argument) for argument in after)] if after else []
    parts = ["self", *parts, "**kwargs"]
    joined = ", ".join(parts)
    # Laid out as black does: it formats a text twice, and once only if the first time changes nothing.
    if len(f"    def __init__({joined}):") <= LINE_LENGTH:
        return joined
    return "\n" + "".join(f"        {part},\n" for part in parts) + "    "


def _parameter(argument: Argument) -> str:
    return argument.name if argument.required else f"{argument.name}={signature_default(argument)}"


def example_value(argument: Argument, values: Mapping[str, object]) -> str:
    """Source of an argument's value in examples, tests and checks."""
    example = argument.example_value
    if isinstance(example, Object):
        filled = replace(
            example,
            arguments=tuple(_fill(part, values) for part in example.arguments),
            keywords=tuple((key, _fill(part, values)) for key, part in example.keywords),
        )
        resolved = resolve_default(Argument(argument.name, argument.kind, filled))
        assert resolved is not None
        return standalone(resolved)
    return standalone(example)


def _fill(part: Tree, values: Mapping[str, object]) -> Tree:
    """A name that stands for a size becomes the size."""
    for name in names(part):
        value = values.get(name)
        if isinstance(value, int):
            return Plain(value)
    return part


def sublayer_source(sublayer: Sublayer) -> str:
    """Source that makes a sublayer, or the list of them where it is repeated."""
    made = in_init(sublayer.call)
    return f"[{made} for _ in range({sublayer.call.repeat})]" if sublayer.repeated else made


def construct(spec: LayerSpec, arguments: Iterable[Argument] | None = None) -> str:
    """Source that makes the layer with example values: `MyDense(units=32)`."""
    chosen = spec.shown_arguments if arguments is None else arguments
    given = ", ".join(f"{argument.name}={example_value(argument, spec.values)}" for argument in chosen)
    return f"{spec.name.class_name}({given})"


def example_lines(spec: LayerSpec) -> list[str]:
    """The lines of the docstring's example, each as typed at Python's prompt or printed by it."""
    numbers = (Kind.INT, Kind.FLOAT)
    plain = [item for item in spec.shown_arguments if item.required or item.kind in numbers]
    made = construct(spec, plain)
    lines = [f">>> layer = {made}"]
    if spec.call is CallStyle.CELL:
        lines = [f">>> layer = keras.layers.RNN({made})"]
    arrays = [f"keras.ops.ones({show_shape(item.shape, 2)})" for item in spec.inputs]
    inputs = ", ".join(arrays)
    lines.append(f">>> outputs = layer({f'[{inputs}]' if spec.call is CallStyle.LIST else inputs})")
    if spec.output_shape is not None:
        lines += [">>> tuple(outputs.shape)", show_shape(spec.output_shape, 2)]
    return lines


def input_text(spec: LayerSpec) -> str:
    """The shapes of the inputs as the docstring says them."""
    patterns = [f"`{item.pattern}`" for item in spec.inputs]
    if spec.call is CallStyle.ARGUMENTS:
        return ", ".join(f"`{item.name}`: {pattern}" for item, pattern in zip(spec.inputs, patterns))
    return f"A list of {patterns[0]}" if spec.call is CallStyle.LIST else patterns[0]


def output_text(spec: LayerSpec) -> str:
    """The shape of the output as the docstring says it."""
    if spec.output is None:
        return f"The output shape of `{spec.steps[-1].name}`."
    return f"`{spec.output}`"


def call_parameters(spec: LayerSpec) -> str:
    """Source of the parameters of `call` after `self`."""
    if spec.call is CallStyle.ARGUMENTS:
        parts = [item.name for item in spec.inputs]
        parts += [f"{item.name}_mask=None" for item in spec.inputs if "mask" in spec.takes]
    else:
        parts = ["inputs", "states"] if spec.call is CallStyle.CELL else ["inputs"]
        parts += ["mask=None"] if "mask" in spec.takes and spec.call is not CallStyle.LIST else []
    return ", ".join(parts + (["training=None"] if "training" in spec.takes else []))


def shape_parameters(spec: LayerSpec) -> str:
    """Source of the parameters of `build` and `compute_output_shape` after `self`."""
    if spec.call is CallStyle.ARGUMENTS:
        return ", ".join(f"{item.name}_shape" for item in spec.inputs)
    return "input_shape"


def start_shape(spec: LayerSpec) -> str:
    """Source of the shape that the first step takes."""
    if spec.concatenates:
        return "(*input_shape[0][:-1], sum(shape[-1] for shape in input_shape))"
    return "input_shape"


def in_methods(expression: Tree, spec: LayerSpec) -> str:
    """Source in `build` and `compute_output_shape`, where arguments are attributes."""
    shape = f"{spec.inputs[0].name}_shape" if spec.call is CallStyle.ARGUMENTS else "input_shape"

    def name(word: str) -> str:
        if word == INPUT_DIM.name:
            if spec.concatenates:
                return "input_dim"
            return f"{shape}[0][-1]" if spec.call is CallStyle.LIST else f"{shape}[-1]"
        return shape if word == INPUT_SHAPE.name else f"self.{word}"

    return show(expression, name, lambda call: object_source(call, name, dtype=False))


def sizes(weight: Weight, spec: LayerSpec) -> str:
    """Source of the shape of a weight."""
    inside = ", ".join(in_methods(size, spec) for size in weight.shape)
    return f"({inside},)" if len(weight.shape) == 1 else f"({inside})"


def builds_from(spec: LayerSpec, word: str) -> bool:
    """Whether the shape of a weight is computed from that name."""
    return any(word in names(size) for weight in spec.weights for size in weight.shape)


def depends_on_use(spec: LayerSpec, weight: str) -> bool:
    """Whether an argument `use_<weight>` decides whether there is such a weight."""
    return any(argument.name == f"use_{weight}" for argument in spec.arguments)


def uses_mask(spec: LayerSpec) -> bool:
    """Whether a step takes the mask, or nothing is left to be masked."""
    return any("mask" in step.passes for step in spec.steps) or not spec.keeps_steps


def own_classes(spec: LayerSpec) -> tuple[tuple[str, str], ...]:
    """Module and class of each layer of one's own."""
    return needed_modules(spec)


def build_arguments(spec: LayerSpec) -> str:
    """Source of the arguments of `build` for the example inputs, with an unknown batch size."""
    shapes = [show_shape(spec.call.own_shape(item.shape)) for item in spec.inputs]
    inside = ", ".join(shapes)
    return f"[{inside}]" if spec.call is CallStyle.LIST else inside
