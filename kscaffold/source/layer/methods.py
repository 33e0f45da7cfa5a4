"""Source of the methods of a layer, of examples, and of the words of its docstring, as the templates ask for it.

It is written here and not in Jinja because it branches a lot: the templates keep what reads as code.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kscaffold.program.argument import Argument, Kind
from kscaffold.program.text import literal
from kscaffold.program.tree import Plain, Tree, Variable, transform
from kscaffold.source.layer.arguments import INDENT, LINE_LENGTH, expression, parameters
from kscaffold.spec.layer.body import Step, StepKind
from kscaffold.spec.layer.manifest import CallStyle
from kscaffold.spec.layer.parts import INPUT_DIM, INPUT_SHAPE, Weight, size_names
from kscaffold.spec.layer.spec import LayerSpec
from kscaffold.spec.shapes.shape import Shape, show_shape

NUMBERS = (Kind.INT, Kind.FLOAT)


def signature(spec: LayerSpec) -> str:
    """Source of the first line of the constructor."""
    return laid_out("def __init__(", ["self", *parameters(spec.arguments), "**kwargs"], "):", 4)


def call_parameters(spec: LayerSpec) -> str:
    """Source of the parameters of `call` after `self`."""
    if spec.call is CallStyle.ARGUMENTS:
        parts = [item.name for item in spec.inputs]
        parts += [f"{item.name}_mask=None" for item in spec.inputs if "mask" in spec.takes]
    else:
        parts = ["inputs", "states"] if spec.call is CallStyle.CELL else ["inputs"]
        parts += ["mask=None"] if "mask" in spec.takes and spec.call not in (CallStyle.LIST, CallStyle.DICT) else []
    return ", ".join(parts + (["training=None"] if "training" in spec.takes else []))


def _in_methods(tree: Tree, spec: LayerSpec) -> str:
    """Source of an expression where arguments are attributes."""
    shape = f"{spec.inputs[0].name}_shape" if spec.call is CallStyle.ARGUMENTS else "input_shape"
    first = {CallStyle.LIST: "[0]", CallStyle.DICT: f"[{literal(spec.inputs[0].name)}]"}.get(spec.call, "")
    input_dim = f"{shape}{first}[-1]"
    known = {INPUT_SHAPE.name: shape, INPUT_DIM.name: "input_dim" if spec.concatenates else input_dim}
    return expression(tree, lambda word: known.get(word, f"self.{word}"))


def weight_statements(spec: LayerSpec) -> str:
    """What `build` does to create the weights."""
    text = "".join(_weight_statement(weight, spec) for weight in spec.weights)
    sizes = (name for weight in spec.weights for size in weight.shape for name in size_names(size))
    if spec.concatenates and INPUT_DIM.name in sizes:
        return f"{INDENT}input_dim = sum(shape[-1] for shape in input_shape)\n{text}"
    return text


def _weight_statement(weight: Weight, spec: LayerSpec) -> str:
    sizes = [_in_methods(size, spec) for size in weight.shape]
    given = {
        "name": literal(weight.name),
        "shape": f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})",
        "initializer": _in_methods(weight.initializer, spec),
        "regularizer": weight.regularizer and f"self.{weight.regularizer}",
        "constraint": weight.constraint and f"self.{weight.constraint}",
        "trainable": None if weight.trainable else "False",
    }
    items = [f"{key}={value}" for key, value in given.items() if value]
    target = f"self.{weight.name}"
    made = laid_out(f"{target} = self.add_weight(", items, ")", 12 if weight.condition else 8)
    if weight.condition:
        return f"{INDENT}if self.{weight.condition}:\n{made}{INDENT}else:\n{INDENT}    {target} = None\n"
    return made


def laid_out(before: str, items: list[str], after: str, indent: int) -> str:
    """Source with items in brackets, on one line if they fit.

    That is how black lays it out, which formats a text twice, but once only if the first time changes nothing.
    """
    space = " " * indent
    line = f"{space}{before}{', '.join(items)}{after}"
    if len(line) <= LINE_LENGTH:
        return f"{line}\n"
    return f"{space}{before}\n" + "".join(f"{space}    {item},\n" for item in items) + f"{space}{after}\n"


def build_statements(spec: LayerSpec, start: str) -> str:
    """What `build` does to build the sublayers, in order of use; `start` is the shape that the first step takes."""
    return _joined(_pass_shape(spec, start, builds=True)[0])


def output_shape_statements(spec: LayerSpec, start: str) -> str:
    """The body of `compute_output_shape`; see `build_statements`."""
    lines, shape = _pass_shape(spec, start, builds=False)
    if lines and lines[-1].startswith(f"{INDENT}shape = "):
        return _joined([*lines[:-1], lines[-1].replace("shape =", "return", 1)])
    return _joined([*lines, f"{INDENT}return {shape}"])


def _pass_shape(spec: LayerSpec, shape: str, builds: bool) -> tuple[list[str], str]:
    """Statements that pass a shape through the steps, and source of the shape behind them."""
    lines: list[str] = []
    left = sum(step.sublayer is not None for step in spec.steps)
    for step in spec.steps:
        if step.kind is StepKind.MATMUL and step.features is not None:
            leading = shape[2:].split("[:-1], ")[0] if shape.startswith("(*") else shape
            shape = f"(*{leading}[:-1], {_in_methods(step.features, spec)})"
        if step.sublayer is None:
            continue
        left -= 1
        # The last one built passes its shape to none, unless it is several.
        moves = not step.keeps_shape and (not builds or left > 0 or step.repeated)
        if not builds and not moves:
            continue
        layer, indent = _layer(step), INDENT
        if head := _head(step):
            if moves and shape != "shape":
                lines.append(f"{INDENT}shape = {shape}")
                shape = "shape"
            lines.append(f"{INDENT}{head}")
            indent += "    "
        shapes = ", ".join([shape] * step.sublayer.inputs)
        if builds and step.sublayer.given:
            lines += [f"{indent}if not {layer}.built:", f"{indent}    {layer}.build({shapes})"]
        elif builds:
            lines.append(f"{indent}{layer}.build({shapes})")
        if moves:
            lines.append(f"{indent}shape = {layer}.compute_output_shape({shapes})")
            shape = "shape"
    return lines, shape


def _head(step: Step) -> str:
    """The line above a step that may be several, or none."""
    if step.repeated:
        return f"for layer in self.{step.name}:"
    return f"if self.{step.name} is not None:" if step.optional else ""


def _layer(step: Step) -> str:
    return "layer" if step.repeated else f"self.{step.name}"


class Body(NamedTuple):
    """What `call` does after the template's own body: statements, and source of the value that they end with."""

    statements: str
    value: str


def call_body(spec: LayerSpec, value: str) -> Body:
    """What `call` does to the `value` that the template's own body ends with, before what the base template adds."""
    lines: list[str] = []
    for step in spec.steps:
        if step.kind is StepKind.UNUSED:
            lines.append(f"{INDENT}# Edit here: `self.{step.name}` is not used yet.")
        elif head := _head(step):
            lines += [*_named(value), f"{INDENT}{head}", f"{INDENT}    outputs = {_applied(step, 'outputs')}"]
            value = "outputs"
        elif value == "inputs":
            value = _applied(step, value)
        else:
            lines += _named(value)
            value = _applied(step, "outputs")
    if spec.masks_outputs or spec.features & {"loss", "seed"}:
        lines += _named(value)
        value = "outputs"
    return Body(_joined(lines), value)


def _named(value: str) -> list[str]:
    return [] if value == "outputs" else [f"{INDENT}outputs = {value}"]


def _applied(step: Step, value: str) -> str:
    """Source of a step's result."""
    match step.kind:
        case StepKind.MATMUL:
            return f"ops.matmul({value}, self.{step.name})"
        case StepKind.ADD:
            return f"{value} + self.{step.name}"
        case StepKind.MULTIPLY:
            return f"{value} * self.{step.name}"
    inputs = step.sublayer.inputs if step.sublayer else 1
    return f"{_layer(step)}({', '.join([value] * inputs + [f'{name}={given}' for name, given in step.passes])})"


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


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
    types = ("" if item.dtype == "float32" else f", dtype={literal(item.dtype)}" for item in spec.inputs)
    shapes = (show_shape(item.shape, 2) for item in spec.inputs)
    return _as_given(spec, [f"keras.ops.ones({shape}{dtype})" for shape, dtype in zip(shapes, types, strict=True)])


def build_arguments(spec: LayerSpec) -> str:
    """Source of the arguments of `build` for the example inputs, with an unknown batch size."""
    return _as_given(spec, [show_shape(spec.call.own_shape(item.shape)) for item in spec.inputs])


def _as_given(spec: LayerSpec, inputs: list[str]) -> str:
    if spec.call is CallStyle.DICT:
        pairs = (f"{literal(item.name)}: {text}" for item, text in zip(spec.inputs, inputs, strict=True))
        return "{" + ", ".join(pairs) + "}"
    joined = ", ".join(inputs)
    return f"[{joined}]" if spec.call is CallStyle.LIST else joined


def input_text(spec: LayerSpec) -> str:
    """The shapes of the inputs as the docstring says them."""
    if spec.body:
        return spec.body.input_text
    if spec.call is CallStyle.ARGUMENTS:
        return ", ".join(f"`{item.name}`: `{item.pattern}`" for item in spec.inputs)
    return f"{'A list of ' if spec.call is CallStyle.LIST else ''}`{spec.inputs[0].pattern}`"


def output_text(spec: LayerSpec) -> str:
    """The shape of the output as the docstring says it."""
    if spec.body:
        return spec.body.output_text
    if spec.output:
        return f"`{spec.output}`"
    if spec.followed is not None and None not in spec.followed:
        return example_text(spec.followed, [spec.call.own_shape(item.shape) for item in spec.inputs])
    last = [step.name for step in spec.steps if not step.keeps_shape][-1]
    return f"The shape of what `{last}` gives."


def example_text(output: Shape, inputs: Iterable[Shape]) -> str:
    """The shape of the output for some shapes of the inputs, as the docstring says it."""
    given = dict.fromkeys(f"`{shown_sizes(shape)}`" for shape in inputs)
    return f"`{shown_sizes(output)}` for inputs of {' and '.join(given)}"


def shown_sizes(shape: Shape) -> str:
    """A shape as a docstring says it: `(batch_size, 16)`."""
    return f"({', '.join(['batch_size', *map(str, shape)])}{'' if shape else ','})"
