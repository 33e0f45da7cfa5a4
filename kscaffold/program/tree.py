"""The one expression tree: what specs say, saved models hold and generated code is made of, as frozen values.

A tree is read from typed text (`kscaffold.spec.language.syntax`) or from a saved config (`kscaffold.saved.objects`),
and written by `kscaffold.program.text`. Nothing in it is ever evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias


class Node:
    """What every part of a tree is."""


@dataclass(frozen=True)
class Plain(Node):
    """A number, a string, a truth value or `None`."""

    value: int | float | str | bool | None

    def __eq__(self, other: object) -> bool:
        # True is not 1 here, and 1 not 1.0: they are written differently.
        return isinstance(other, Plain) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True)
class Variable(Node):
    """A bare name: an argument, a parameter or a loop variable; in typed text also a word that stands for a string."""

    name: str


@dataclass(frozen=True)
class Value(Node):
    """A value of a graph by its name, `lstm.1` for one of several; inside a layer, a model of the spec."""

    name: str


@dataclass(frozen=True)
class Ref(Node):
    """A value by the number of the call that gave it, inputs count down from -1; its path if it is one of several."""

    source: int
    path: tuple[int | str, ...] = ()


@dataclass(frozen=True)
class Listing(Node):
    """A tuple or a list; `brackets` is `()` or `[]`."""

    brackets: str
    items: tuple[Tree, ...]


@dataclass(frozen=True)
class Table(Node):
    """A dictionary with strings as keys."""

    items: tuple[tuple[str, Tree], ...]


@dataclass(frozen=True)
class Object(Node):
    """What makes an object: a class or function with its arguments.

    Attributes:
        target: `layers.Dense` of Keras, `package.module:Class`, or `:Class` of the module.
        keywords: Its arguments; those that are as usual are left out.
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
class Applied(Node):
    """A layer with the arguments of its call: `LSTM(32)(initial_state=[h, c])`."""

    made: Object
    passed: Object


@dataclass(frozen=True)
class Arithmetic(Node):
    """`left operator right`."""

    left: Tree
    operator: str
    right: Tree


@dataclass(frozen=True)
class Part(Node):
    """`of[index]`; an index for each axis is a `Listing` of them."""

    of: Tree
    index: Tree


@dataclass(frozen=True)
class Slice(Node):
    """`start:stop:step`."""

    start: Tree
    stop: Tree
    step: Tree


@dataclass(frozen=True)
class Code(Node):
    """Source that stands for itself: `...`, the name of a function."""

    text: str


@dataclass(frozen=True)
class Text(Node):
    """A name that is put together: an f-string of texts and variables."""

    parts: tuple[str | Variable, ...]


@dataclass(frozen=True)
class Either(Node):
    """`then if condition else other`."""

    condition: Tree
    then: Tree
    other: Tree


@dataclass(frozen=True)
class Channels(Node):
    """The size of the last axis of a value: `of.shape[-1]`."""

    of: Tree


@dataclass(frozen=True)
class Popped(Node):
    """The last value of a list, which is taken out of it: `of.pop()`."""

    of: Tree


Tree: TypeAlias = (
    Plain
    | Variable
    | Value
    | Ref
    | Listing
    | Table
    | Object
    | Applied
    | Arithmetic
    | Part
    | Slice
    | Code
    | Text
    | Either
    | Channels
    | Popped
)
NONE = Plain(None)
DOTS = Code("...")
LEAVES = (Plain, Variable, Value, Ref, Code)


def children(tree: Tree) -> tuple[Tree, ...]:
    """What is directly in a tree."""
    found: list[Tree] = []
    rebuilt(tree, lambda part: found.append(part) or part)  # type: ignore[func-returns-value]
    return tuple(found)


def rebuilt(tree: Tree, new: Callable[[Tree], Tree]) -> Tree:
    """A tree with other parts directly in it."""
    if isinstance(tree, LEAVES):
        return tree

    def inside(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(inside, value))
        return new(value) if isinstance(value, Node) else value  # type: ignore[arg-type]

    made: Callable[..., Tree] = type(tree)
    return made(*map(inside, vars(tree).values()))


def walk(tree: Tree) -> Iterator[Tree]:
    """A tree and all that is in it, outermost first."""
    yield tree
    for part in children(tree):
        yield from walk(part)


def transform(tree: Tree, change: Callable[[Tree], Tree | None]) -> Tree:
    """A tree in which `change` has replaced parts.

    It gives `None` for what stays, whose parts are then looked at; the variables in a `Text` are left to it.
    """
    changed = change(tree)
    if changed is not None:
        return changed
    return tree if isinstance(tree, Text) else rebuilt(tree, lambda part: transform(part, change))


def refs(tree: Tree) -> Iterator[Ref]:
    """The values in a tree that are given by their numbers, in order."""
    return (part for part in walk(tree) if isinstance(part, Ref))


def values(tree: Tree) -> Iterator[str]:
    """The values of a graph that a tree names, in order."""
    return (part.name for part in walk(tree) if isinstance(part, Value))


def names(tree: Tree) -> set[str]:
    """The bare names in a tree."""
    return {part.name for part in walk(tree) if isinstance(part, Variable)}


def plain_text(tree: Tree | None) -> str:
    """The characters of a name; none where it has variables, or is not a name."""
    parts = [part for part in tree.parts if isinstance(part, str)] if isinstance(tree, Text) else []
    return "".join(parts) if isinstance(tree, Text) and len(parts) == len(tree.parts) else ""
