"""The one-line syntax of chains: `(a, b) -> Concatenate -> Dense(64, relu) x3`, parsed with the place of each part.

A chain may begin with an expression of named values, `(1 - x) * ops.tanh(y) -> Dense(8)`, or with a slice, `x[:, 0]`.

What a part means is decided later, when all names of the graph are known.
"""

import ast
from dataclasses import dataclass

from kscaffold.base.place import Place, Text
from kscaffold.program.tree import Applied, Arithmetic, Listing, Object, Part, Tree, Variable
from kscaffold.spec.language.syntax import Reader, Repeat

ARROW = "->"
OPERATIONS = "ops."
OF_LAYER = "self."  # before what a layer calls that is one of its arguments
MAKING = (Object, Part, Applied, Arithmetic)  # what makes a new value


@dataclass(frozen=True)
class Link:
    """What a chain calls, as written."""

    call: Object
    bare: bool  # a name without brackets
    repeat: Repeat
    place: Place
    passed: Object | None = None  # the arguments in its second brackets, if it has any

    @property
    def is_operation(self) -> bool:
        """Whether it is a function of `keras.ops`."""
        return self.call.target.startswith(OPERATIONS)


@dataclass(frozen=True)
class Chain:
    """A chain as written: `head` is what stands before the first arrow, and `first` is what that means."""

    head: Text
    first: Tree
    links: tuple[Link, ...]

    @property
    def start(self) -> tuple[str, ...]:
        """The names of the values that it begins with; none where it begins with anything else."""
        items = self.first.items if isinstance(self.first, Listing) and self.first.brackets == "()" else (self.first,)
        names = tuple(item.name for item in items if isinstance(item, Variable))
        return names if len(names) == len(items) else ()

    @property
    def computed(self) -> Tree | None:
        """The expression that it begins with, which makes a new value."""
        listed = self.first.items if isinstance(self.first, Listing) and self.first.brackets == "()" else ()
        several = bool(listed) and any(isinstance(item, MAKING) for item in listed)
        return self.first if several or isinstance(self.first, MAKING) else None

    @property
    def makes_a_value(self) -> bool:
        """Whether it is more than names of values."""
        return bool(self.links or (self.computed and not isinstance(self.computed, Listing)))


def parse_chain(text: Text) -> Chain:
    """Parses `start -> layer -> layer`; a `RequestError` names the place of what is not that."""
    text = text.part(0, len(text.value))
    reader = Reader(text.value, True, text.place)
    first, steps = reader.parse(), []
    arrows = [one for one in first.elts if _is_arrow(one)] if isinstance(first, ast.Tuple) else []
    if arrows and not text.value.startswith("("):
        hint = "Several values before it stand in brackets: (a, b) -> Concatenate."
        raise reader.refuse(arrows[0], "an arrow has no place here", hint)
    while isinstance(first, ast.BinOp) and _is_arrow(first):
        steps.append(first.right)
        first = first.left
    links = tuple(_link(reader, step, text) for step in reversed(steps))
    return Chain(text.part(*reader.columns(first)), reader.tree(first), links)


def _is_arrow(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift)


def parse_link(text: Text) -> Link:
    """Parses what a chain calls, `Dense(64, relu) x3` or a name; a `RequestError` names the place of anything else."""
    text = text.part(0, len(text.value))
    reader = Reader(text.value, True, text.place)
    return _link(reader, reader.parse(), text)


def _link(reader: Reader, node: ast.expr, text: Text) -> Link:
    written = text.part(*reader.columns(node))
    made, repeat = reader.repetition(node)
    read = reader.tree(made)
    call, passed = (read.made, read.passed) if isinstance(read, Applied) else (read, None)
    bare = isinstance(call, Variable)
    call = Object(call.name) if isinstance(call, Variable) else call
    if not isinstance(call, Object):
        hint = f"Write a name with its arguments: Dense(8, relu). Values stand before the first {ARROW}."
        raise reader.refuse(node, f"{written.value!r} is not a layer", hint)
    return Link(call, bare, repeat, written.place, passed)
