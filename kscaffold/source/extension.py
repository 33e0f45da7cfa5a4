"""Source of a class of a kind that is a folder of templates, as its pages ask for it."""

import textwrap

from kscaffold.program.argument import Argument, Kind
from kscaffold.source.layer import arguments
from kscaffold.source.layer.methods import laid_out
from kscaffold.spec.extension import Extension


def init(item: Extension) -> str:
    """Source of the first line of the constructor."""
    more = ["**kwargs"] if item.kind.base_arguments else []
    return laid_out("def __init__(", ["self", *arguments.parameters(item.arguments), *more], "):", 4)


def to_base(item: Extension) -> str:
    """What the constructor hands on to that of the base."""
    given = [f"{argument.name}={argument.name}" for argument in item.arguments if argument.name in item.of_base]
    return ", ".join([*given, *(["**kwargs"] if item.kind.base_arguments else [])])


def construct(item: Extension) -> str:
    """Source that makes one, with examples of the arguments that are required."""
    given = (argument for argument in item.arguments if argument.required)
    return f"{item.name.class_name}({', '.join(f'{one.name}={_example(one)}' for one in given)})"


def _example(argument: Argument) -> str:
    return arguments.expression(argument.example_value)


def wrapped(text: str) -> str:
    """A paragraph of a docstring, laid out in lines."""
    indent = " " * 4
    width = arguments.LINE_LENGTH
    words = arguments.in_docstring(text)
    return textwrap.fill(words, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def restored(item: Extension) -> list[Argument]:
    """The arguments that come out of a config as dictionaries, and that `from_config` makes objects of."""
    return [argument for argument in item.own if argument.kind in (Kind.LAYER, Kind.ANY)]


FILTERS = (
    arguments.description,
    arguments.in_config,
    arguments.in_docstring,
    arguments.in_init,
    arguments.stored,
    arguments.validation,
    construct,
    init,
    restored,
    to_base,
    wrapped,
)
