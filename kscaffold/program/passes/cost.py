"""How many lines a step takes once black has formatted it, without asking black."""

from __future__ import annotations

from collections.abc import Iterable

from kscaffold.program.text import show
from kscaffold.program.tree import Code, Listing, Object, Plain, Ref, Scaled, Slice, Table, Text, Tree, Variable
from kscaffold.program.value import Step, StepKind

WIDTH = 88
FUNCTION_LINES = 5  # its head, its docstring, two empty lines, and a look for it
SIZES = ("filters", "units")
PLACED = (*SIZES, "kernel_size")  # arguments that calls of functions give without their names
DIGITS = "0123456789"
TARGET = 4  # characters of `x = `


def is_placed(name: str) -> bool:
    """Whether an argument of a function is given without its name."""
    return name.rstrip(DIGITS).endswith(PLACED)


def is_size(name: str) -> bool:
    """Whether an argument is a number of filters or units."""
    return name.rstrip(DIGITS).endswith(SIZES)


def width(tree: Tree) -> int:
    """The characters of a tree in a line."""
    match tree:
        case Plain(value=value):
            return len(repr(value))
        case Code(text=text):
            return len(text)
        case Ref():
            return 1
        case Variable(name=name):
            return len(name)
        case Scaled(variable=variable):
            return len(variable.name) + 4
        case Text(parts=parts):
            return 2 + sum(len(part) if isinstance(part, str) else len(part.name) + 3 for part in parts)
        case Listing(items=items):
            return sum(width(item) + 2 for item in items) + 1
        case Table(items=pairs):
            return sum(len(key) + 4 + width(value) + 2 for key, value in pairs) + 2
        case Slice():
            return width(tree.start) + width(tree.stop) + 2
        case Object(target="channels", keywords=pairs):
            return width(dict(pairs)["factor"]) + len(" // x.shape[-1]")
        case Object(target="given", keywords=pairs):
            return width(dict(pairs)["value"]) + len(" is not None")
        case Object(target="share", keywords=pairs):
            return sum(width(value) for _, value in pairs) + len(" *  / ")
        case Object(target="either", keywords=pairs):
            given = dict(pairs)
            return sum(width(value) for value in given.values()) + len(" if  >  else ")
        case Object():
            return (
                len(tree.target.rpartition(":")[2]) + 2 + sum(_pair(tree, index) for index in range(len(tree.keywords)))
            )
    return len(show(tree, ref=lambda ref: "x"))


def _pair(tree: Object, index: int) -> int:
    key, value = tree.keywords[index]
    return width(value) + 2 + (0 if index < tree.positional else len(key) + 1)


def _call_width(step: Step) -> int:
    inside = sum(width(arg) + 2 for arg in step.args) + sum(
        (0 if step.kind is StepKind.INVOKE and is_placed(key) else len(key) + 1) + width(value) + 2
        for key, value in step.kwargs
    )
    return width(step.callee) + 2 + inside


def lines_of(step: Step, indent: int = 4) -> int:
    """The lines of a step."""
    if step.kind is StepKind.IF:
        return 1 + sum(lines_of(inner, indent + 4) for inner in step.body)
    if step.kind is StepKind.LOOP:
        return _head_lines(step, indent) + sum(lines_of(inner, indent + 4) for inner in step.body)
    total = indent + TARGET + _call_width(step)
    if total <= WIDTH:
        return 1
    if step.kind is StepKind.LAYER and isinstance(step.callee, Object):
        inside = width(step.callee) - len(step.callee.target) - 2
        arguments = len(step.callee.keywords)
    else:
        inside = _call_width(step) - width(step.callee) - 2
        arguments = len(step.args) + len(step.kwargs)
    if indent + 4 + inside <= WIDTH:
        return 3
    return arguments + 2


def _head_lines(step: Step, indent: int) -> int:
    head = indent + 4 + sum(len(name) + 2 for name in step.variables) + 4 + width(step.callee) + 1
    if head <= WIDTH:
        return 1
    return 2 + (len(step.callee.items) if isinstance(step.callee, Listing) else 2)


def total(steps: Iterable[Step], indent: int = 4) -> int:
    """The lines of steps."""
    return sum(lines_of(step, indent) for step in steps)
