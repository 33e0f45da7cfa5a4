"""Source of expressions in a layer's module, and of what depends on the kind of a constructor argument.

Keras' classes are named in full: `keras.layers.Dense(8)`.
"""

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace

from kscaffold.program.argument import FOUND_BY_NAME, Argument, Check, Kind
from kscaffold.program.text import show, written_call
from kscaffold.program.tree import Code, Listing, Object, Tree

LINE_LENGTH = 88
INDENT = " " * 8
POLICY = ("dtype", Code("self.dtype_policy"))
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


def expression(tree: Tree, name: Callable[[str], str] = str, policy: bool = False) -> str:
    """Source of an expression; with `policy`, layers are given the dtype policy of the layer that makes them."""

    def made(call: Object) -> str:
        if call.target == "len":
            return written_call(call, "len", written)
        sublayer = call.own is not None or call.target.startswith("layers.")
        if policy and sublayer and "dtype" not in dict(call.keywords):
            call = replace(call, keywords=(*call.keywords, POLICY))
        target = call.class_name if call.own else f"keras.{call.target.removeprefix('keras.')}"
        return written_call(call, target, written)

    def written(part: Tree) -> str:
        return show(part, name, made)

    return written(tree)


def in_docstring(text: str) -> str:
    """A text as it stands in a docstring, on one line."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''").rstrip('"')


def in_init(tree: Tree) -> str:
    """Source of an expression in the constructor of a layer, whose dtype policy its sublayers get."""
    return expression(tree, policy=True)


def description(argument: Argument) -> str:
    """An argument's line in the docstring, without its name."""
    if argument.description:
        # Behind the name, and further in on the lines that follow.
        width, indent = LINE_LENGTH - len(INDENT), f"{INDENT}    "
        before = " " * len(f"{argument.name}: ")
        wrapped = textwrap.wrap(
            in_docstring(argument.description), width, initial_indent=before, break_on_hyphens=False
        )
        return f"\n{indent}".join(line.strip() for line in wrapped)
    text = DESCRIPTIONS[argument.kind]
    if argument.check is Check.FRACTION:
        text += ", at least 0 and less than 1"
    elif argument.check is Check.NOT_NEGATIVE:
        text += ", at least 0"
    elif argument.check is Check.POSITIVE:
        text = f"Positive {text.lower()}"
    return f"{text}, or `None`." if argument.optional else f"{text}."


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
    name, number = argument.name, "integer" if argument.kind is Kind.INT else "number"
    demands = {
        Check.POSITIVE: (f"{name} <= 0", f"must be a positive {number}"),
        Check.NOT_NEGATIVE: (f"{name} < 0", "must not be negative"),
        Check.FRACTION: (f"not 0 <= {name} < 1", "must be at least 0 and less than 1"),
    }
    if argument.kind is Kind.LAYER:
        error, wrong, demand = "TypeError", f"not isinstance({name}, keras.layers.Layer)", "must be a Keras layer"
    elif argument.check:
        error, (wrong, demand) = "ValueError", demands[argument.check]
    else:
        return ""
    given = f"{name} is not None and " if argument.optional else ""
    message = f'f"`{name}` {demand}. Received: {name}={{{name}}}"'
    raised = f"            raise {error}({message})\n"
    if len(raised) > LINE_LENGTH:
        inside = f"                {message}\n"
        if len(inside) > LINE_LENGTH:
            inside = f'                "`{name}` {demand}. "\n                f"Received: {name}={{{name}}}"\n'
        raised = f"            raise {error}(\n{inside}            )\n"
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
