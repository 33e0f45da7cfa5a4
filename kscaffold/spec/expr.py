"""The one-line syntax for layers, shapes and values: parsed into frozen values, never evaluated.

A layer is `Dense(64, relu)`: a name, literal arguments, a bare word for an argument's name or a string, nested objects
such as `L2(1e-3)`, and `x3` behind it for repetition. A layer of one's own is `package.module:Class(…)`. A size may be
computed from names and whole numbers: `4 * units`, `input_shape[0] // 2`.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from kscaffold.errors import RequestError

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


@dataclass(frozen=True)
class Literal:
    """A number, a string, a truth value or `None`."""

    value: int | float | str | bool | None


@dataclass(frozen=True)
class Name:
    """A bare word: the name of an argument, or a string."""

    word: str


@dataclass(frozen=True)
class Display:
    """A tuple or a list; `brackets` is `()` or `[]`."""

    brackets: str
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Table:
    """A dictionary with strings as keys."""

    items: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True)
class Arithmetic:
    """`left operator right`, of sizes."""

    left: Expression
    operator: str
    right: Expression


@dataclass(frozen=True)
class Item:
    """`of[index]`."""

    of: Expression
    index: int


@dataclass(frozen=True)
class Call:
    """An object: a class of Keras by its name, or one of the user's own as `package.module:Class`.

    Attributes:
        target: What is called, as it was written.
        arguments: The positional arguments.
        keywords: The keyword arguments in the order given.
        repeat: How many of them are made, one after the other.
    """

    target: str
    arguments: tuple[Expression, ...] = ()
    keywords: tuple[tuple[str, Expression], ...] = ()
    repeat: int = 1

    @property
    def own(self) -> tuple[str, str] | None:
        """Module and class of a layer of one's own, `None` for one of Keras'."""
        module, colon, name = self.target.partition(":")
        return (module, name) if colon else None


Expression: TypeAlias = Literal | Name | Display | Table | Arithmetic | Item | Call


def parse_expression(text: str) -> Expression:
    """Parses one expression.

    Raises:
        RequestError: It is no expression of this syntax; the message shows where.
    """
    if len(text) > LONGEST_EXPRESSION:
        raise RequestError(f"The expression is {len(text)} characters long.", hint=f"Use at most {LONGEST_EXPRESSION}.")
    body, repeat = _split_repetition(text)
    parsed = _parse(text, body, 0)
    if repeat is None:
        return parsed
    if not isinstance(parsed, Call):
        raise _not_understood(text, 0, "only a layer can be repeated")
    if not 1 <= repeat <= MOST_REPETITIONS:
        raise RequestError(f"{text!r} repeats a layer {repeat} times.", hint=f"Give 1 to {MOST_REPETITIONS}.")
    return Call(parsed.target, parsed.arguments, parsed.keywords, repeat)


def _parse(text: str, body: str, lead: int) -> Expression:
    """Parses `body`, which is the user's text with `lead` characters before it; messages speak of that text."""
    plain, own_classes = _hide_own_classes(body)
    try:
        tree = ast.parse(plain.strip(), mode="eval")
        return _Reader(text, len(plain) - len(plain.lstrip()) - lead, own_classes).read(tree.body)
    except SyntaxError as error:
        unnamed = "positional argument follows keyword" in str(error)
        reason = "an argument without a name stands behind one with a name" if unnamed else "this is no expression"
        raise _not_understood(text, (error.offset or 1) - 1 - lead, reason) from None
    except (ValueError, RecursionError, MemoryError):
        raise _not_understood(text, 0, "this is no expression, or too deep a one") from None


def parse_call(text: str) -> Call:
    """Parses a layer or another object; a bare name is an object without arguments.

    Raises:
        RequestError: It is no call.
    """
    parsed = parse_expression(text)
    if isinstance(parsed, Name):
        return Call(parsed.word)
    if not isinstance(parsed, Call):
        raise RequestError(f"{text.strip()!r} is no layer.", hint="Write a name with its arguments: Dense(8, relu).")
    return parsed


def split_list(text: str) -> list[Expression]:
    """Parses expressions separated by commas; an empty text has none.

    Raises:
        RequestError: One of them is no expression.
    """
    if not text.strip():
        return []
    opening = "" if text.rstrip().endswith(",") else ","
    parsed = _parse(text, f"({text}{opening})", 1)
    assert isinstance(parsed, Display)
    return list(parsed.items)


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything inside it, outermost first."""
    yield expression
    children: tuple[Expression, ...] = ()
    match expression:
        case Display(items=items):
            children = items
        case Table(items=pairs):
            children = tuple(value for _, value in pairs)
        case Arithmetic(left=left, right=right):
            children = (left, right)
        case Item(of=of):
            children = (of,)
        case Call(arguments=arguments, keywords=keywords):
            children = (*arguments, *(value for _, value in keywords))
    for child in children:
        yield from walk(child)


def names(expression: Expression) -> set[str]:
    """The bare words in an expression."""
    return {part.word for part in walk(expression) if isinstance(part, Name)}


def evaluate_size(expression: Expression, values: Mapping[str, object]) -> int | None:
    """The value of a size for given values of its names; `None` if one of them is not known.

    Raises:
        RequestError: The result is no size, such as a division by zero or an index beyond the end.
    """
    value = _evaluate(expression, values)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise RequestError(f"{show(expression)} is {value!r}, which is no size.")


def _evaluate(expression: Expression, values: Mapping[str, object]) -> object:
    match expression:
        case Literal(value=value):
            return value
        case Name(word=word):
            return values.get(word)
        case Item(of=of, index=index):
            sequence = _evaluate(of, values)
            if not isinstance(sequence, tuple):
                return None
            if not -len(sequence) <= index < len(sequence):
                raise RequestError(
                    f"{show(expression)} is beyond the end of {show(of)}, which has {len(sequence)} entries."
                )
            return sequence[index]
        case Arithmetic(left=left, operator=operator, right=right):
            first, second = _evaluate(left, values), _evaluate(right, values)
            if not isinstance(first, int) or not isinstance(second, int):
                return None
            if operator == "//" and second == 0:
                raise RequestError(f"{show(expression)} divides by zero.")
            return {"+": first + second, "-": first - second, "*": first * second}.get(operator, first // (second or 1))
    return None


def literal(value: object) -> str:
    """A plain value as Python writes it, strings in double quotes where that needs no backslash."""
    source = repr(value)
    plain = isinstance(value, str) and source[0] == "'" and not {'"', "\\"} & set(source)
    return f'"{source[1:-1]}"' if plain else source


def show(
    expression: Expression,
    name: Callable[[str], str] = str,
    call: Callable[[Call], str] | None = None,
) -> str:
    """Python source of an expression.

    Args:
        expression: What to write.
        name: Gives the source of a bare word.
        call: Gives the source of an object; without it, objects are written as the user writes them.
    """

    def written(part: Expression) -> str:
        return show(part, name, call)

    match expression:
        case Literal(value=value):
            return literal(value)
        case Name(word=word):
            return name(word)
        case Display(brackets=brackets, items=items):
            inside = ", ".join(written(item) for item in items)
            comma = "," if brackets == "()" and len(items) == 1 else ""
            return f"{brackets[0]}{inside}{comma}{brackets[1]}"
        case Table(items=pairs):
            return "{" + ", ".join(f"{literal(key)}: {written(value)}" for key, value in pairs) + "}"
        case Item(of=of, index=index):
            return f"{written(of)}[{index}]"
        case Arithmetic(left=left, operator=operator, right=right):
            sides = [f"({written(side)})" if isinstance(side, Arithmetic) else written(side) for side in (left, right)]
            return f"{sides[0]} {operator} {sides[1]}"
        case Call():
            return call(expression) if call else written_call(expression, expression.target, written)


def written_call(call: Call, target: str, written: Callable[[Expression], str]) -> str:
    """Source of a call of `target` with the arguments of `call`."""
    positional = [written(argument) for argument in call.arguments]
    return f"{target}({', '.join(positional + [f'{key}={written(value)}' for key, value in call.keywords])})"


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


def _hide_own_classes(text: str) -> tuple[str, dict[str, str]]:
    """Replaces `package.module:Class(` by a name of the same length, so that columns stay what they are."""
    own_classes: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        if match.group("own") is None:
            return match.group()
        hidden = f"{len(own_classes):_>{len(match.group('own'))}}"
        own_classes[hidden] = match.group("own")
        return hidden

    string = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
    own = r"(?P<own>\b[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*)(?=\s*\(|\s*$)"
    return re.sub(f"{string}|{own}", replace, text), own_classes


class _Reader:
    """Turns Python's syntax tree into expressions, and refuses what the syntax does not have."""

    def __init__(self, text: str, lead: int, own_classes: Mapping[str, str]) -> None:
        self.text = text
        self.lead = lead
        self.own_classes = own_classes

    def read(self, node: ast.expr) -> Expression:
        match node:
            case ast.Constant(value=value):
                return self.read_constant(node, value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return self.read_constant(node, -value)
            case ast.Name(id=word):
                return Call(self.own_classes[word]) if word in self.own_classes else Name(word)
            case ast.Tuple(elts=items):
                return Display("()", tuple(self.read(item) for item in items))
            case ast.List(elts=items):
                return Display("[]", tuple(self.read(item) for item in items))
            case ast.Dict(keys=keys, values=values):
                return Table(tuple((self.read_key(node, key), self.read(value)) for key, value in zip(keys, values)))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
                return Arithmetic(self.read(left), OPERATORS[type(operator)], self.read(right))
            case ast.Subscript(value=of, slice=index):
                read = self.read(index)
                if isinstance(read, Literal) and type(read.value) is int:
                    return Item(self.read(of), read.value)
                raise self.refuse(index, "an index is a whole number")
            case ast.Call(func=ast.Name(id=word), args=arguments, keywords=keywords):
                return Call(
                    self.own_classes.get(word, word),
                    tuple(self.read(argument) for argument in arguments),
                    tuple((self.read_keyword(node, keyword), self.read(keyword.value)) for keyword in keywords),
                )
        if isinstance(node, ast.BinOp):
            raise self.refuse(node, f"sizes are computed with {' '.join(OPERATORS.values())} alone")
        raise self.refuse(node, f"{REFUSED.get(type(node), 'this')} has no place here")

    def read_constant(self, node: ast.expr, value: object) -> Literal:
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refuse(node, "the number is too large")
        if value is None or isinstance(value, (bool, int, float, str)):
            return Literal(value)
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
