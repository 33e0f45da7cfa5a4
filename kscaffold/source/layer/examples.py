"""Source of examples of a layer, and the words of its docstring on its inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping

from kscaffold.program.argument import Argument, Kind
from kscaffold.program.tree import Plain, Tree, Variable, transform
from kscaffold.source.layer.arguments import expression
from kscaffold.spec.layer.manifest import CallStyle
from kscaffold.spec.layer.spec import LayerSpec
from kscaffold.spec.shapes.shape import show_shape

NUMBERS = (Kind.INT, Kind.FLOAT)


def construct(spec: LayerSpec) -> str:
    """Source that makes the layer with example values: `MyDense(units=32)`."""
    first = spec.arguments[:1]
    chosen = (item for item in spec.arguments if item.required or (item in first and item.kind in NUMBERS))
    given = ", ".join(f"{argument.name}={_example_value(argument, spec.values)}" for argument in chosen)
    return f"{spec.name.class_name}({given})"


def _example_value(argument: Argument, values: Mapping[str, object]) -> str:
    def size(part: Tree) -> Tree | None:
        value = values.get(part.name) if isinstance(part, Variable) else None
        return Plain(value) if isinstance(value, int) else None

    return expression(transform(argument.example_value, size))


def example_inputs(spec: LayerSpec) -> str:
    """Source of the inputs of the docstring's example."""
    return _as_given(spec, [f"keras.ops.ones({show_shape(item.shape, 2)})" for item in spec.inputs])


def build_arguments(spec: LayerSpec) -> str:
    """Source of the arguments of `build` for the example inputs, with an unknown batch size."""
    return _as_given(spec, [show_shape(spec.call.own_shape(item.shape)) for item in spec.inputs])


def _as_given(spec: LayerSpec, inputs: list[str]) -> str:
    joined = ", ".join(inputs)
    return f"[{joined}]" if spec.call is CallStyle.LIST else joined


def input_text(spec: LayerSpec) -> str:
    """The shapes of the inputs as the docstring says them."""
    if spec.call is CallStyle.ARGUMENTS:
        return ", ".join(f"`{item.name}`: `{item.pattern}`" for item in spec.inputs)
    return f"{'A list of ' if spec.call is CallStyle.LIST else ''}`{spec.inputs[0].pattern}`"


def output_text(spec: LayerSpec) -> str:
    """The shape of the output as the docstring says it."""
    return f"`{spec.output}`" if spec.output else f"The output shape of `{spec.steps[-1].name}`."
