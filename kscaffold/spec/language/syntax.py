"""The one-line syntax for layers, operations, shapes and values: parsed into frozen values, never evaluated.

A layer is `Dense(64, relu)`: a name, literal arguments, a bare word for an argument's name or a string, nested objects
such as `L2(1e-3)`, and `x3` behind it for repetition. A custom layer is `package.module:Class(…)`. A size may be
computed from names and whole numbers: `4 * units`, `input_shape[0] // 2`. In a graph there are also operations,
`ops.mean(x, axis=1)`, slices of values, `x[:, 0]`, one of several values, `lstm.1`, arguments of calls,
`Dropout(0.5)(training=True)`, and arrows between calls.
"""

from __future__ import annotations

from dataclasses import replace

from kscaffold.base.errors import RequestError
from kscaffold.program.tree import Listing, Object, Tree, Variable
from kscaffold.spec.language.reader import Reader


def parse_expression(text: str, graph: bool = False) -> Tree:
    """Parses one expression.

    Args:
        text: What the user typed.
        graph: Whether operations, slices, dotted names and arguments of calls have a place in it.

    Raises:
        RequestError: It is not an expression of this syntax; the message shows where.
    """
    reader = Reader(text.strip(), graph)
    whole = reader.parse()
    node, repeat = reader.repetition(whole)
    parsed = reader.tree(node)
    if node is whole:
        return parsed
    if not isinstance(parsed, Object) or isinstance(repeat, str):
        raise reader.refuse(whole, "only a layer can be repeated, and a number of times")
    return replace(parsed, repeat=repeat)


def parse_call(text: str) -> Object:
    """Parses a layer or another object; a bare name is an object without arguments.

    Raises:
        RequestError: It is not a call.
    """
    parsed = parse_expression(text)
    if isinstance(parsed, Variable):
        return Object(parsed.name)
    if not isinstance(parsed, Object):
        raise RequestError(f"{text.strip()!r} is not a layer.", hint="Write a name with its arguments: Dense(8, relu).")
    return parsed


def split_list(text: str) -> list[Tree]:
    """Parses expressions separated by commas; an empty text has none.

    Raises:
        RequestError: One of them is not an expression.
    """
    text = text.strip()
    if not text:
        return []
    reader = Reader(text)
    parsed = reader.tree(reader.parse("" if text.endswith(",") else ","))
    assert isinstance(parsed, Listing)
    return list(parsed.items)
