"""Python statements that depend on the kind of an argument or of a step, as the layer templates ask for them.

They are written here and not in Jinja because they branch a lot: the templates keep what reads as code.
"""

from __future__ import annotations

from collections.abc import Iterable

from kscaffold.program.argument import Argument, Check, Kind
from kscaffold.program.text import literal
from kscaffold.source.layer.expressions import LINE_LENGTH, depends_on_use, in_methods, sizes, uses_mask
from kscaffold.spec.layer.body import Step, StepKind
from kscaffold.spec.layer.value import LayerSpec
from kscaffold.spec.layer.weight import Weight

FOUND_BY_NAME = (Kind.ACTIVATION, Kind.INITIALIZER, Kind.REGULARIZER, Kind.CONSTRAINT)
DESCRIPTIONS = {
    Kind.INT: "Integer",
    Kind.FLOAT: "Number",
    Kind.BOOL: "Boolean",
    Kind.STR: "String",
    Kind.TUPLE: "Tuple",
    Kind.LIST: "List",
    Kind.ACTIVATION: "Activation function, name or callable",
    Kind.INITIALIZER: "Initializer, name or instance",
    Kind.REGULARIZER: "Regularizer, name or instance",
    Kind.CONSTRAINT: "Constraint, name or instance",
    Kind.LAYER: "Layer that this one calls",
    Kind.ANY: "Any value that Keras can serialize",
}


def description(argument: Argument) -> str:
    """An argument's line in the docstring, without its name."""
    if argument.description:
        return argument.description
    text = DESCRIPTIONS[argument.kind]
    if argument.check is Check.FRACTION:
        text += ", at least 0 and less than 1"
    elif argument.check is Check.NOT_NEGATIVE:
        text += ", at least 0"
    elif argument.check is Check.POSITIVE:
        text = f"Positive {text.lower()}"
    return f"{text}, or `None`." if argument.optional else f"{text}."


def validation(argument: Argument) -> str:
    """What the constructor demands of an argument: an `if` with a `raise`, or nothing."""
    name = argument.name
    number = "integer" if argument.kind is Kind.INT else "number"
    demands = {
        Check.POSITIVE: (f"{name} <= 0", f"must be a positive {number}"),
        Check.NOT_NEGATIVE: (f"{name} < 0", "must not be negative"),
        Check.FRACTION: (f"not 0 <= {name} < 1", "must be at least 0 and less than 1"),
    }
    error = "ValueError"
    if argument.kind is Kind.LAYER:
        error = "TypeError"
        wrong, demand = f"not isinstance({name}, keras.layers.Layer)", "must be a Keras layer"
    elif argument.check:
        wrong, demand = demands[argument.check]
    else:
        return ""
    given = f"{name} is not None and " if argument.optional else ""
    message = f'f"`{name}` {demand}. Received: {name}={{{name}}}"'
    raised = f"            raise {error}({message})\n"
    if len(raised) > LINE_LENGTH:
        raised = f"            raise {error}(\n                {message}\n            )\n"
    return f"        if {given}{wrong}:\n{raised}"


def stored(argument: Argument) -> str:
    """What the constructor keeps of an argument."""
    name = argument.name
    if argument.kind in FOUND_BY_NAME:
        return f"keras.{argument.kind}s.get({name})"
    if argument.kind not in (Kind.TUPLE, Kind.LIST):
        return name
    inside = f"{argument.kind}(item) for item in {name}" if argument.nested else name
    made = f"[{inside}]" if argument.kind is Kind.LIST and argument.nested else f"{argument.kind}({inside})"
    return f"{name} if {name} is None else {made}" if argument.optional else made


def in_config(argument: Argument) -> str:
    """What `get_config` says of an argument."""
    if argument.kind in FOUND_BY_NAME:
        return f"keras.{argument.kind}s.serialize(self.{argument.name})"
    if argument.kind in (Kind.LAYER, Kind.ANY):
        return f"keras.saving.serialize_keras_object(self.{argument.name})"
    return f"self.{argument.name}"


def weight_statements(spec: LayerSpec) -> str:
    """What `build` does to create the weights."""
    return "".join(_weight_statement(weight, spec) for weight in spec.weights)


def _weight_statement(weight: Weight, spec: LayerSpec) -> str:
    given = {
        "name": literal(weight.name),
        "shape": sizes(weight, spec),
        "initializer": in_methods(weight.initializer, spec),
        "regularizer": f"self.{weight.regularizer}" if weight.regularizer else "",
        "constraint": f"self.{weight.constraint}" if weight.constraint else "",
        "trainable": "" if weight.trainable else "False",
    }
    optional = depends_on_use(spec, weight.name)
    indent = " " * (12 if optional else 8)
    inside = "".join(f"{indent}    {key}={value},\n" for key, value in given.items() if value)
    made = f"{indent}self.{weight.name} = self.add_weight(\n{inside}{indent})\n"
    if optional:
        return f"        if self.use_{weight.name}:\n{made}        else:\n            self.{weight.name} = None\n"
    return made


class _ShapeFlow:
    """Passes a shape through the steps, as source: `self.shape` is the shape before the next step."""

    def __init__(self, spec: LayerSpec, start: str) -> None:
        self.spec = spec
        self.shape = start
        self.lines: list[str] = []

    def change_features(self, step: Step) -> None:
        """Another size of the last axis."""
        assert step.features is not None
        leading = self.shape.split("[:-1], ")[0][2:] if self.shape.startswith("(*") else self.shape
        self.shape = f"(*{leading}[:-1], {in_methods(step.features, self.spec)})"

    def keep_shape(self) -> None:
        """Gives the shape a name, for statements that may or may not change it."""
        if self.shape != "shape":
            self.lines.append(f"        shape = {self.shape}")
            self.shape = "shape"

    def pass_sublayer(self, step: Step, builds: bool, moves: bool) -> None:
        """The sublayer built with the shape, and the shape that it makes of it."""
        indent = " " * 8
        layer = f"self.{step.name}"
        if (step.repeated or step.optional) and moves:
            self.keep_shape()
        if step.repeated:
            self.lines.append(f"{indent}for layer in {layer}:")
            indent, layer = indent + "    ", "layer"
        elif step.optional:
            self.lines.append(f"{indent}if {layer} is not None:")
            indent += "    "
        shapes = ", ".join([self.shape] * step.inputs)
        if builds and step.given:
            self.lines += [f"{indent}if not {layer}.built:", f"{indent}    {layer}.build({shapes})"]
        elif builds:
            self.lines.append(f"{indent}{layer}.build({shapes})")
        if moves:
            self.lines.append(f"{indent}shape = {layer}.compute_output_shape({shapes})")
            self.shape = "shape"


def build_statements(spec: LayerSpec, start: str) -> str:
    """What `build` does to build the sublayers, in order of use.

    Args:
        spec: The layer.
        start: Source of the shape that the first step takes.
    """
    flow = _ShapeFlow(spec, start)
    left = sum(step.kind is StepKind.SUBLAYER for step in spec.steps)
    for step in spec.steps:
        if step.kind is StepKind.MATMUL:
            flow.change_features(step)
        elif step.kind is StepKind.SUBLAYER:
            left -= 1
            moves = not step.keeps_shape and (left > 0 or step.repeated)
            flow.pass_sublayer(step, builds=True, moves=moves)
    return _joined(flow.lines)


def output_shape_statements(spec: LayerSpec, start: str) -> str:
    """The body of `compute_output_shape`; see `build_statements`."""
    flow = _ShapeFlow(spec, start)
    for step in spec.steps:
        if step.kind is StepKind.MATMUL:
            flow.change_features(step)
        elif step.kind is StepKind.SUBLAYER and not step.keeps_shape:
            flow.pass_sublayer(step, builds=False, moves=True)
    last = flow.lines[-1] if flow.lines else ""
    if last.startswith("        shape = "):
        return _joined([*flow.lines[:-1], last.replace("shape =", "return", 1)])
    return _joined([*flow.lines, f"        return {flow.shape}"])


def call_statements(spec: LayerSpec, value: str, states: str) -> str:
    """What `call` does after the template's own body, up to and with `return`.

    Args:
        spec: The layer.
        value: Source of the value that the first step takes.
        states: What is returned behind the outputs: `, [state]` for a cell.
    """
    lines: list[str] = []
    if spec.concatenates:
        value = "ops.concatenate(inputs, axis=-1)"
    for step in spec.steps:
        if step.kind is StepKind.UNUSED:
            lines.append(f"        # Edit here: `self.{step.name}` is not used yet.")
            continue
        applied = _applied(step, "outputs")
        if step.repeated or step.optional:
            lines += _named(value)
            head = f"for layer in self.{step.name}:" if step.repeated else f"if self.{step.name} is not None:"
            lines += [f"        {head}", f"            outputs = {applied}"]
            value = "outputs"
        else:
            lines += _named(value) if value not in ("inputs", "outputs") else []
            value = _applied(step, value if value == "inputs" else "outputs")
    added = _added_statements(spec)
    if added:
        lines += [*_named(value), *added]
        value = "outputs"
    return _joined([*lines, f"        return {value}{states}"])


def _added_statements(spec: LayerSpec) -> list[str]:
    lines = []
    if "seed" in spec.features:
        lines += [
            "        if training:",
            "            # Edit here: what is random during training.",
            "            outputs = keras.random.dropout(outputs, rate=0.1, seed=self.seed_generator)",
        ]
    if "mask" in spec.features and not uses_mask(spec):
        lines += [
            "        if mask is not None:",
            "            # Edit here: what happens to masked steps.",
            "            outputs = ops.where(ops.expand_dims(mask, -1), outputs, 0)",
        ]
    if "loss" in spec.features:
        lines += [
            "        # Edit here: what is added to the model's loss.",
            "        self.add_loss(ops.multiply(self.loss_weight, ops.mean(ops.square(outputs))))",
        ]
    return lines


def _named(value: str) -> list[str]:
    return [] if value == "outputs" else [f"        outputs = {value}"]


def _applied(step: Step, value: str) -> str:
    """Source of a step's result."""
    match step.kind:
        case StepKind.MATMUL | StepKind.ADD | StepKind.MULTIPLY:
            return f"ops.{step.kind}({value}, self.{step.name})"
        case StepKind.ACTIVATION:
            return f"self.{step.name}({value})"
    layer = "layer" if step.repeated else f"self.{step.name}"
    passed = [f"{name}={name}" for name in step.passes]
    return f"{layer}({', '.join([value] * step.inputs + passed)})"


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
