"""The parts of a call: values, objects, and what other calls gave, as frozen values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Plain:
    """A number, a string, a truth value or `None`."""

    value: int | float | str | bool | None

    def __eq__(self, other: object) -> bool:
        # True is no 1 here, and 1 no 1.0: they are written otherwise.
        return isinstance(other, Plain) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


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
    """What makes an object.

    Attributes:
        target: Its class or function: `layers.Dense` of Keras, `package.module:Class`, or `:Class` of the module.
        keywords: Its arguments by name; those that are as usual are left out.
        positional: How many of them are written without their names.
    """

    target: str
    keywords: tuple[tuple[str, Tree], ...] = ()
    positional: int = 0

    @property
    def class_name(self) -> str:
        """The name of the class alone."""
        return self.target.rpartition(":")[2].rpartition(".")[2]


@dataclass(frozen=True)
class Code:
    """Source that stands for itself: `...`, the name of a function."""

    text: str


@dataclass(frozen=True)
class Slice:
    """`start:stop:step`."""

    start: Tree
    stop: Tree
    step: Tree


@dataclass(frozen=True)
class Ref:
    """A value: what a call gave, or an input.

    Attributes:
        source: The number of the call; inputs count down from -1.
        path: Where it is in what the call gave, for one of several values.
    """

    source: int
    path: tuple[int | str, ...] = ()


Tree: TypeAlias = "Plain | Listing | Table | Object | Code | Slice | Ref | Text | Variable | Scaled"


@dataclass(frozen=True)
class Variable:
    """A variable of generated code: a parameter of a function, or of a loop."""

    name: str


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


NONE = Plain(None)


def walk(tree: Tree) -> Iterator[Tree]:
    """A tree and all that is in it."""
    yield tree
    for part in children(tree):
        yield from walk(part)


def children(tree: Tree) -> tuple[Tree, ...]:
    """What is directly in a tree."""
    match tree:
        case Listing(items=items):
            return items
        case Table(items=pairs) | Object(keywords=pairs):
            return tuple(value for _, value in pairs)
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

    match tree:
        case Listing(brackets=brackets, items=items):
            return Listing(brackets, tuple(inside(item) for item in items))
        case Table(items=pairs):
            return Table(tuple((key, inside(value)) for key, value in pairs))
        case Object(target=target, keywords=pairs, positional=positional):
            return Object(target, tuple((key, inside(value)) for key, value in pairs), positional)
        case Slice(start=start, stop=stop, step=step):
            return Slice(inside(start), inside(stop), inside(step))
    return tree


def refs(tree: Tree) -> Iterator[Ref]:
    """The values in a tree, in order."""
    return (part for part in walk(tree) if isinstance(part, Ref))
