"""Source that depends on the kind of a constructor argument, as the templates ask for it."""

from __future__ import annotations

from collections.abc import Iterable

from kscaffold.program.argument import FOUND_BY_NAME, Argument, Check, Kind
from kscaffold.program.tree import Listing, Tree
from kscaffold.source.layer.expression import LINE_LENGTH, expression, laid_out
from kscaffold.spec.layer.spec import LayerSpec

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


def signature(spec: LayerSpec) -> str:
    """Source of the first line of the constructor."""
    return laid_out("def __init__(", ["self", *parameters(spec.arguments), "**kwargs"], "):", 4)


def parameters(arguments: Iterable[Argument]) -> list[str]:
    """Source of the parameters of a constructor: required ones and the first by place, the others by name only."""
    parts: list[str] = []
    for argument in arguments:
        if parts and not argument.required and "*" not in parts:
            parts.append("*")
        parts.append(argument.name if argument.required else f"{argument.name}={signature_default(argument)}")
    return parts


def signature_default(argument: Argument) -> str:
    """Source of a default in the signature, where nothing mutable may stand."""
    assert argument.default is not None
    if argument.replaced_default:
        return "None"
    if argument.constant_default:
        return f"DEFAULT_{argument.name.upper()}"
    return expression(_frozen(argument.default) if argument.kind is Kind.LIST else argument.default)


def _frozen(value: Tree) -> Tree:
    """A list as a tuple: a list would be one object for all layers."""
    return Listing("()", tuple(_frozen(item) for item in value.items)) if isinstance(value, Listing) else value


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
        return f"keras.{FOUND_BY_NAME[argument.kind]}.get({name})"
    if argument.kind not in (Kind.TUPLE, Kind.LIST):
        return name
    inside = f"{argument.kind}(item) for item in {name}" if argument.nested else name
    made = f"[{inside}]" if argument.kind is Kind.LIST and argument.nested else f"{argument.kind}({inside})"
    return f"{name} if {name} is None else {made}" if argument.optional else made


def in_config(argument: Argument) -> str:
    """What `get_config` says of an argument."""
    if argument.kind in FOUND_BY_NAME:
        return f"keras.{FOUND_BY_NAME[argument.kind]}.serialize(self.{argument.name})"
    if argument.kind in (Kind.LAYER, Kind.ANY):
        return f"keras.saving.serialize_keras_object(self.{argument.name})"
    return f"self.{argument.name}"
