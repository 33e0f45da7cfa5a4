"""What the one-line syntax says, as frozen values: layers, operations, shapes, sizes; see `syntax` beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from kscaffold.base.errors import RequestError


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
class Value:
    """A value of a graph by its name, `lstm.1` for one of several; inside of a layer, a model of the spec."""

    name: str


@dataclass(frozen=True)
class Range:
    """`start:stop:step` in square brackets."""

    start: Expression
    stop: Expression
    step: Expression


@dataclass(frozen=True)
class Dots:
    """`...` in square brackets."""


@dataclass(frozen=True)
class Part:
    """`of[index]`, of a value of a graph; an index for each axis is a `Display` of them."""

    of: Expression
    index: Expression


@dataclass(frozen=True)
class Applied:
    """A layer with the arguments of its call: `LSTM(32)(initial_state=[h, c])`."""

    made: Call
    passed: Call


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


Expression: TypeAlias = (
    Literal | Name | Display | Table | Arithmetic | Item | Call | Value | Range | Dots | Part | Applied
)


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
        case Range(start=start, stop=stop, step=step):
            children = (start, stop, step)
        case Part(of=of, index=inside):
            children = (of, inside)
        case Applied(made=made, passed=passed):
            children = (made, passed)
    for child in children:
        yield from walk(child)


def names(expression: Expression) -> set[str]:
    """The bare words in an expression."""
    return {part.word for part in walk(expression) if isinstance(part, Name)}


def values(expression: Expression) -> Iterator[str]:
    """The values of a graph that an expression names, in order."""
    return (part.name for part in walk(expression) if isinstance(part, Value))


def transform(expression: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """An expression in which `change` has replaced parts; it gives `None` for what stays, whose parts come next."""
    changed = change(expression)
    if changed is not None:
        return changed

    def inside(part: Expression) -> Expression:
        return transform(part, change)

    match expression:
        case Display(brackets=brackets, items=items):
            return Display(brackets, tuple(inside(item) for item in items))
        case Table(items=pairs):
            return Table(tuple((key, inside(value)) for key, value in pairs))
        case Arithmetic(left=left, operator=operator, right=right):
            return Arithmetic(inside(left), operator, inside(right))
        case Item(of=of, index=index):
            return Item(inside(of), index)
        case Range(start=start, stop=stop, step=step):
            return Range(inside(start), inside(stop), inside(step))
        case Part(of=of, index=index):
            return Part(inside(of), inside(index))
        case Call(arguments=arguments, keywords=keywords):
            named = tuple((key, inside(value)) for key, value in keywords)
            return replace(expression, arguments=tuple(inside(item) for item in arguments), keywords=named)
    return expression


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
    value: Callable[[str], str] = str,
) -> str:
    """Python source of an expression.

    Args:
        expression: What to write.
        name: Gives the source of a bare word.
        call: Gives the source of an object; without it, objects are written as the user writes them.
        value: Gives the source of a value of the graph.
    """

    def written(part: Expression) -> str:
        return show(part, name, call, value)

    match expression:
        case Literal(value=plain):
            return literal(plain)
        case Name(word=word):
            return name(word)
        case Value(name=known):
            return value(known)
        case Dots():
            return "..."
        case Range(start=start, stop=stop, step=step):
            parts = ["" if part == Literal(None) else written(part) for part in (start, stop, step)]
            return ":".join(parts if parts[2] else parts[:2])
        case Part(of=of, index=axes):
            shown = written(axes)
            several = isinstance(axes, Display) and axes.items
            return f"{written(of)}[{shown[1:-1] if several else shown}]"
        case Applied(made=made, passed=passed):
            return f"{written(made)}{written_call(passed, '', written)}"
        case Display(brackets=brackets, items=items):
            inside = ", ".join(written(item) for item in items)
            comma = "," if brackets == "()" and len(items) == 1 else ""
            return f"{brackets[0]}{inside}{comma}{brackets[1]}"
        case Table(items=pairs):
            return "{" + ", ".join(f"{literal(key)}: {written(item)}" for key, item in pairs) + "}"
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
