"""Source of examples of a layer, and the words of its docstring on its inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kscaffold.program.argument import Argument, Kind
from kscaffold.program.tree import Plain, Tree, Variable, transform
from kscaffold.source.layer.expression import expression
from kscaffold.spec.layer.manifest import CallStyle
from kscaffold.spec.layer.spec import LayerSpec
from kscaffold.spec.shapes.shape import show_shape


def construct(spec: LayerSpec, arguments: Iterable[Argument] | None = None) -> str:
    """Source that makes the layer with example values: `MyDense(units=32)`."""
    chosen = spec.shown_arguments if arguments is None else arguments
    given = ", ".join(f"{argument.name}={_example_value(argument, spec.values)}" for argument in chosen)
    return f"{spec.name.class_name}({given})"


def _example_value(argument: Argument, values: Mapping[str, object]) -> str:
    def size(part: Tree) -> Tree | None:
        value = values.get(part.name) if isinstance(part, Variable) else None
        return Plain(value) if isinstance(value, int) else None

    return expression(transform(argument.example_value, size))


def example_lines(spec: LayerSpec) -> list[str]:
    """The lines of the docstring's example, each as typed at Python's prompt or printed by it."""
    numbers = (Kind.INT, Kind.FLOAT)
    made = construct(spec, [item for item in spec.shown_arguments if item.required or item.kind in numbers])
    if spec.call is CallStyle.CELL:
        made = f"keras.layers.RNN({made})"
    inputs = ", ".join(f"keras.ops.ones({show_shape(item.shape, 2)})" for item in spec.inputs)
    lines = [f">>> layer = {made}", f">>> outputs = layer({_as_given(spec, inputs)})"]
    if spec.output_shape is not None:
        lines += [">>> tuple(outputs.shape)", show_shape(spec.output_shape, 2)]
    return lines


def _as_given(spec: LayerSpec, inputs: str) -> str:
    return f"[{inputs}]" if spec.call is CallStyle.LIST else inputs


def build_arguments(spec: LayerSpec) -> str:
    """Source of the arguments of `build` for the example inputs, with an unknown batch size."""
    return _as_given(spec, ", ".join(show_shape(spec.call.own_shape(item.shape)) for item in spec.inputs))


def input_text(spec: LayerSpec) -> str:
    """The shapes of the inputs as the docstring says them."""
    if spec.call is CallStyle.ARGUMENTS:
        return ", ".join(f"`{item.name}`: `{item.pattern}`" for item in spec.inputs)
    return f"{'A list of ' if spec.call is CallStyle.LIST else ''}`{spec.inputs[0].pattern}`"


def output_text(spec: LayerSpec) -> str:
    """The shape of the output as the docstring says it."""
    return f"`{spec.output}`" if spec.output else f"The output shape of `{spec.steps[-1].name}`."
