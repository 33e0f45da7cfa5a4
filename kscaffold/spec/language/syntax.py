"""The one-line syntax for layers, operations, shapes and values: parsed into frozen values, never evaluated.

A layer is `Dense(64, relu)`: a name, literal arguments, a bare word for an argument's name or a string, nested objects
such as `L2(1e-3)`, and `x3` behind it for repetition. A layer of one's own is `package.module:Class(…)`. A size may be
computed from names and whole numbers: `4 * units`, `input_shape[0] // 2`. In a graph there are also operations,
`ops.mean(x, axis=1)`, slices of values, `x[:, 0]`, one of several values, `lstm.1`, and arguments of calls,
`Dropout(0.5)(training=True)`.
"""

from __future__ import annotations

import ast
import itertools
import math
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import replace

from kscaffold.base.errors import RequestError
from kscaffold.program.tree import (
    DOTS,
    Applied,
    Arithmetic,
    Listing,
    Object,
    Part,
    Plain,
    Slice,
    Table,
    Tree,
    Variable,
    walk,
)

LONGEST_EXPRESSION = 2000
MOST_REPETITIONS = 1000
REFUSED: dict[type[ast.AST], str] = {
    ast.Set: "a set",
    ast.Call: "a call of what is no plain name",
    ast.Lambda: "a function",
    ast.Attribute: "a dotted name",
    ast.Starred: "a star",
    ast.JoinedStr: "an f-string",
    ast.Compare: "a comparison",
    ast.BoolOp: "a condition",
    ast.IfExp: "a condition",
    ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
}
OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//"}


def parse_expression(text: str, graph: bool = False) -> Tree:
    """Parses one expression.

    Args:
        text: What the user typed.
        graph: Whether operations, slices, dotted names and arguments of calls have a place in it.

    Raises:
        RequestError: It is no expression of this syntax; the message shows where.
    """
    if len(text) > LONGEST_EXPRESSION:
        raise RequestError(f"The expression is {len(text)} characters long.", hint=f"Use at most {LONGEST_EXPRESSION}.")
    body, repeat = _split_repetition(text)
    parsed = _parse(text, body, 0, graph)
    if repeat is None:
        return parsed
    if isinstance(parsed, Applied) and 1 <= repeat <= MOST_REPETITIONS:
        return Applied(replace(parsed.made, repeat=repeat), parsed.passed)
    if not isinstance(parsed, (Object, Applied)):
        raise _not_understood(text, 0, "only a layer can be repeated")
    if not 1 <= repeat <= MOST_REPETITIONS:
        raise RequestError(f"{text!r} repeats a layer {repeat} times.", hint=f"Give 1 to {MOST_REPETITIONS}.")
    assert isinstance(parsed, Object)
    return replace(parsed, repeat=repeat)


def _parse(text: str, body: str, lead: int, graph: bool = False) -> Tree:
    """Parses `body`, which is the user's text with `lead` characters before it; messages speak of that text."""
    plain, hidden = _hide(body, graph)
    try:
        tree = ast.parse(plain.strip(), mode="eval")
        return _Reader(text, len(plain) - len(plain.lstrip()) - lead, hidden, graph).read(tree.body)
    except SyntaxError as error:
        unnamed = "positional argument follows keyword" in str(error)
        reason = "an argument without a name stands behind one with a name" if unnamed else "this is no expression"
        raise _not_understood(text, (error.offset or 1) - 1 - lead, reason) from None
    except (ValueError, RecursionError, MemoryError):
        raise _not_understood(text, 0, "this is no expression, or too deep a one") from None


def parse_call(text: str) -> Object:
    """Parses a layer or another object; a bare name is an object without arguments.

    Raises:
        RequestError: It is no call.
    """
    parsed = parse_expression(text)
    if isinstance(parsed, Variable):
        return Object(parsed.name)
    if not isinstance(parsed, Object):
        raise RequestError(f"{text.strip()!r} is no layer.", hint="Write a name with its arguments: Dense(8, relu).")
    return parsed


def split_list(text: str) -> list[Tree]:
    """Parses expressions separated by commas; an empty text has none.

    Raises:
        RequestError: One of them is no expression.
    """
    if not text.strip():
        return []
    opening = "" if text.rstrip().endswith(",") else ","
    parsed = _parse(text, f"({text}{opening})", 1)
    assert isinstance(parsed, Listing)
    return list(parsed.items)


def _not_understood(text: str, column: int, reason: str) -> RequestError:
    column = min(max(column, 0), len(text))
    shown = text if len(text) <= 60 else text[:57] + "…"
    return RequestError(
        f"{shown!r} is not understood at column {column + 1}: {reason}.",
        hint="Write names, numbers, strings and objects: Dense(8, relu).",
    )


def _split_repetition(text: str) -> tuple[str, int | None]:
    match = re.search(r"\)\s*x\s*([0-9]{1,9})\s*$", text)
    return (text[: match.start() + 1], int(match.group(1))) if match else (text, None)


def _hide(text: str, graph: bool) -> tuple[str, dict[str, str]]:
    """Replaces what Python has no names for by names of the same length, so that columns stay what they are.

    That is `package.module:Class(` and, in a graph, `lstm.1`.
    """
    hidden: dict[str, str] = {}
    unused = _unused_names(text)

    def replace_one(match: re.Match[str]) -> str:
        found = match.group("own") or (match.group("value") if graph else None)
        if found is None:
            return match.group()
        known = next((name for name, source in hidden.items() if source == found), None)
        if known is None:
            known = next(unused).rjust(len(found), "_")
            hidden[known] = found
        return known

    quoted = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
    own = r"(?P<own>\b[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*)(?=\s*\(|\s*$)"
    value = r"(?P<value>\b[A-Za-z_][A-Za-z0-9_]*\.[0-9]+)\b"
    return re.sub(f"{quoted}|{own}|{value}", replace_one, text), hidden


def _unused_names(text: str) -> Iterator[str]:
    """Names of at most three characters that a text does not have."""
    characters = string.ascii_lowercase + string.digits
    pairs = ("_" + "".join(pair) for pair in itertools.product(characters, repeat=2))
    return (name for name in pairs if name not in text)


class _Reader:
    """Turns Python's syntax tree into expressions, and refuses what the syntax does not have."""

    def __init__(self, text: str, lead: int, hidden: Mapping[str, str], graph: bool) -> None:
        self.text = text
        self.lead = lead
        self.hidden = hidden
        self.graph = graph

    def read(self, node: ast.expr) -> Tree:
        match node:
            case ast.Constant(value=value):
                return self.read_constant(node, value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return self.read_constant(node, -value)
            case ast.Name(id=word):
                source = self.hidden.get(word, word)
                return Object(source) if ":" in source else Variable(source)
            case ast.Attribute() if self.graph and (dotted := _dotted(node)):
                return Variable(dotted)
            case ast.Tuple(elts=items):
                return Listing("()", tuple(self.read(item) for item in items))
            case ast.List(elts=items):
                return Listing("[]", tuple(self.read(item) for item in items))
            case ast.Dict(keys=keys, values=values):
                return Table(tuple((self.read_key(node, key), self.read(value)) for key, value in zip(keys, values)))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
                return Arithmetic(self.read(left), OPERATORS[type(operator)], self.read(right))
            case ast.Subscript(value=of, slice=index):
                if self.graph:
                    return Part(self.read(of), self.read_index(index))
                read = self.read(index)
                if isinstance(read, Plain) and type(read.value) is int:
                    return Part(self.read(of), read)
                raise self.refuse(index, "an index is a whole number")
            case ast.Call(func=ast.Name(id=word)):
                return self.read_call(node, self.hidden.get(word, word))
            case ast.Call(func=ast.Attribute() as function) if self.graph and (dotted := _dotted(function)):
                return self.read_call(node, dotted)
            case ast.Call(func=ast.Call() as function) if self.graph:
                made = self.read(function)
                if isinstance(made, Object):
                    return Applied(made, self.read_call(node, ""))
                raise self.refuse(node, "third brackets have no place here")
        if isinstance(node, ast.BinOp):
            raise self.refuse(node, f"sizes are computed with {' '.join(OPERATORS.values())} alone")
        raise self.refuse(node, f"{REFUSED.get(type(node), 'this')} has no place here")

    def read_call(self, node: ast.Call, target: str) -> Object:
        """A call with its arguments."""
        return Object(
            target,
            arguments=tuple(self.read(argument) for argument in node.args),
            keywords=tuple((self.read_keyword(node, keyword), self.read(keyword.value)) for keyword in node.keywords),
        )

    def read_index(self, node: ast.expr) -> Tree:
        """What stands in square brackets: an index, or one for each axis."""
        if isinstance(node, ast.Tuple):
            return Listing("()", tuple(self.read_axis(item) for item in node.elts))
        return self.read_axis(node)

    def read_axis(self, node: ast.expr) -> Tree:
        """The index of one axis."""
        match node:
            case ast.Slice(lower=lower, upper=upper, step=step):
                bounds = [Plain(None) if bound is None else self.read(bound) for bound in (lower, upper, step)]
                if all(_is_bound(bound) for bound in bounds):
                    return Slice(*bounds)
                raise self.refuse(node.lower or node.upper or node, "a slice goes from one whole number to another")
            case ast.Constant(value=value) if value is Ellipsis:
                return DOTS
        read = self.read(node)
        if isinstance(read, Plain) and (read.value is None or type(read.value) is int):
            return read
        raise self.refuse(node, "an index is a whole number, a slice, ... or None")

    def read_constant(self, node: ast.expr, value: object) -> Plain:
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refuse(node, "the number is too large")
        if value is None or isinstance(value, (bool, int, float, str)):
            return Plain(value)
        raise self.refuse(node, f"a {type(value).__name__} cannot be saved in a layer's config")

    def read_key(self, node: ast.expr, key: ast.expr | None) -> str:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value
        raise self.refuse(key or node, "keys are strings, because a layer's config is saved as JSON")

    def read_keyword(self, node: ast.expr, keyword: ast.keyword) -> str:
        if keyword.arg is None:
            raise self.refuse(node, "** has no place here")
        return keyword.arg

    def refuse(self, node: ast.expr, reason: str) -> RequestError:
        return _not_understood(self.text, self.lead + node.col_offset, reason)


def _dotted(node: ast.expr) -> str | None:
    """`ops.mean` as it was written; `None` for what is no name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return None


def _is_bound(bound: Tree) -> bool:
    """Whether an expression can be an end of a slice: a whole number, or one that is computed from names."""
    if bound == Plain(None):
        return True
    parts = list(walk(bound))
    numbers = all(type(part.value) is int for part in parts if isinstance(part, Plain))
    return numbers and all(isinstance(part, (Plain, Variable, Arithmetic)) for part in parts)
