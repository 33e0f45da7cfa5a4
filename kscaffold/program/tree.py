"""The one expression tree: what specs say, saved models hold and generated code is made of, as frozen values.

A tree is read from typed text (`kscaffold.spec.language.syntax`) or from a saved config (`kscaffold.saved.objects`),
and written by `kscaffold.program.text`. Nothing in it is ever evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias


@dataclass(frozen=True)
class Plain:
    """A number, a string, a truth value or `None`."""

    value: int | float | str | bool | None

    def __eq__(self, other: object) -> bool:
        # True is not 1 here, and 1 not 1.0: they are written differently.
        return isinstance(other, Plain) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True)
class Variable:
    """A bare name: an argument, a parameter or a loop variable; in typed text also a word that stands for a string."""

    name: str


@dataclass(frozen=True)
class Value:
    """A value of a graph by its name, `lstm.1` for one of several; inside a layer, a model of the spec."""

    name: str


@dataclass(frozen=True)
class Ref:
    """A value by its number: what a call gave, or an input.

    Attributes:
        source: The number of the call; inputs count down from -1.
        path: Where it is in what the call gave, for one of several values.
    """

    source: int
    path: tuple[int | str, ...] = ()


@dataclass(frozen=True)
class Listing:
    """A tuple or a list; `brackets` is `()` or `[]`."""

    brackets: str
    items: tuple[Tree, ...]


@dataclass(frozen=True)
class Table:
    """A dictionary with strings as keys."""

    items: tuple[tuple[str, Tree], ...]


@dataclass(frozen=True)
class Object:
    """What makes an object: a class or function with its arguments.

    Attributes:
        target: The class or function: `layers.Dense` of Keras, `package.module:Class`, or `:Class` of the module.
        keywords: Its arguments by name; those that are as usual are left out.
        positional: How many of the keywords are written without their names.
        arguments: Arguments before them whose names are not known, as typed.
        repeat: How many of them are made, one after the other.
    """

    target: str
    keywords: tuple[tuple[str, Tree], ...] = ()
    positional: int = 0
    arguments: tuple[Tree, ...] = ()
    repeat: int = 1

    @property
    def class_name(self) -> str:
        """The name of the class alone."""
        return self.target.rpartition(":")[2].rpartition(".")[2]

    @property
    def own(self) -> tuple[str, str] | None:
        """Module and name of a custom class, `None` for one of Keras."""
        module, colon, name = self.target.partition(":")
        return (module, name) if colon else None


@dataclass(frozen=True)
class Applied:
    """A layer with the arguments of its call: `LSTM(32)(initial_state=[h, c])`."""

    made: Object
    passed: Object


@dataclass(frozen=True)
class Arithmetic:
    """`left operator right`."""

    left: Tree
    operator: str
    right: Tree


@dataclass(frozen=True)
class Part:
    """`of[index]`; an index for each axis is a `Listing` of them."""

    of: Tree
    index: Tree


@dataclass(frozen=True)
class Slice:
    """`start:stop:step`."""

    start: Tree
    stop: Tree
    step: Tree


@dataclass(frozen=True)
class Code:
    """Source that stands for itself: `...`, the name of a function."""

    text: str


@dataclass(frozen=True)
class Text:
    """A name that is put together: an f-string of texts and variables."""

    parts: tuple[str | Variable, ...]


@dataclass(frozen=True)
class Scaled:
    """A whole number times a variable, or a variable divided by one."""

    factor: int
    variable: Variable
    divides: bool = False


Tree: TypeAlias = (
    "Plain | Variable | Value | Ref | Listing | Table | Object | Applied | Arithmetic | Part | Slice | Code | Text"
    "| Scaled"
)
NONE = Plain(None)
DOTS = Code("...")


def walk(tree: Tree) -> Iterator[Tree]:
    """A tree and all that is in it, outermost first."""
    yield tree
    for part in children(tree):
        yield from walk(part)


def children(tree: Tree) -> tuple[Tree, ...]:
    """What is directly in a tree."""
    match tree:
        case Listing(items=items):
            return items
        case Table(items=pairs):
            return tuple(value for _, value in pairs)
        case Object(keywords=pairs, arguments=arguments):
            return (*arguments, *(value for _, value in pairs))
        case Applied(made=made, passed=passed):
            return (made, passed)
        case Arithmetic(left=left, right=right):
            return (left, right)
        case Part(of=of, index=index):
            return (of, index)
        case Slice(start=start, stop=stop, step=step):
            return (start, stop, step)
        case Text(parts=parts):
            return tuple(part for part in parts if isinstance(part, Variable))
        case Scaled(variable=variable):
            return (variable,)
    return ()


def transform(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """A tree in which `change` has replaced parts; it gives `None` for what stays, whose parts are then looked at."""
    changed = change(tree)
    if changed is not None:
        return changed

    def inside(part: Tree) -> Tree:
        return transform(part, change)

    def pairs_inside(pairs: tuple[tuple[str, Tree], ...]) -> tuple[tuple[str, Tree], ...]:
        return tuple((key, inside(value)) for key, value in pairs)

    match tree:
        case Listing(brackets=brackets, items=items):
            return Listing(brackets, tuple(inside(item) for item in items))
        case Table(items=pairs):
            return Table(pairs_inside(pairs))
        case Object(keywords=pairs, arguments=arguments):
            return replace(tree, keywords=pairs_inside(pairs), arguments=tuple(inside(item) for item in arguments))
        case Arithmetic(left=left, operator=operator, right=right):
            return Arithmetic(inside(left), operator, inside(right))
        case Part(of=of, index=index):
            return Part(inside(of), inside(index))
        case Slice(start=start, stop=stop, step=step):
            return Slice(inside(start), inside(stop), inside(step))
    return tree


def refs(tree: Tree) -> Iterator[Ref]:
    """The values in a tree that are given by their numbers, in order."""
    return (part for part in walk(tree) if isinstance(part, Ref))


def values(tree: Tree) -> Iterator[str]:
    """The values of a graph that a tree names, in order."""
    return (part.name for part in walk(tree) if isinstance(part, Value))


def names(tree: Tree) -> set[str]:
    """The bare names in a tree."""
    return {part.name for part in walk(tree) if isinstance(part, Variable)}
