"""How many lines a step takes once black has formatted it, without asking black."""

from __future__ import annotations

from collections.abc import Iterable

from kscaffold.program.text import plain_source, show, written_call
from kscaffold.program.tree import Listing, Object, Tree
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
    return len(_text(tree))


def _text(tree: Tree) -> str:
    def call(made: Object) -> str:
        return written_call(made, made.target.rpartition(":")[2], _text)

    return show(tree, call=call, plain=plain_source, ref=lambda _: "x")


def _arguments(step: Step) -> int:
    """The characters of the arguments of a call."""
    inside = sum(width(tree) + 2 for tree in step.trees) + sum(len(key) + 1 for key, _ in step.kwargs)
    return max(inside - 2, 0)


def lines_of(step: Step, indent: int = 4) -> int:
    """The lines of a step."""
    if step.kind is StepKind.IF:
        return 1 + total(step.body, indent + 4)
    if step.kind is StepKind.LOOP:
        return _head_lines(step, indent) + total(step.body, indent + 4)
    inside, count = _arguments(step), len(step.trees)
    if indent + TARGET + width(step.callee) + 2 + inside <= WIDTH:
        return 1
    if step.kind is StepKind.LAYER and isinstance(step.callee, Object):
        inside, count = width(step.callee) - len(step.callee.target) - 2, len(step.callee.keywords)
    return 3 if indent + 4 + inside <= WIDTH else count + 2


def _head_lines(step: Step, indent: int) -> int:
    head = indent + 4 + sum(len(name) + 2 for name in step.variables) + 4 + width(step.callee) + 1
    if head <= WIDTH:
        return 1
    return 2 + (len(step.callee.items) if isinstance(step.callee, Listing) else 2)


def total(steps: Iterable[Step], indent: int = 4) -> int:
    """The lines of steps."""
    return sum(lines_of(step, indent) for step in steps)
