"""Functions and their calls as they will be written, and how many lines steps take, without asking black."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import takewhile

from kscaffold.program.ranges import columns_of
from kscaffold.program.text import plain_source, show, written_call
from kscaffold.program.tree import Listing, Object, Plain, Tree, Variable
from kscaffold.program.value import Parameter, Routine, Step, StepKind

WIDTH = 88
FUNCTION_LINES = 5  # its head, its docstring, two empty lines, and a look for it
SIZES = ("filters", "units")
PLACED = (*SIZES, "kernel_size")  # arguments that calls of functions give without their names
DIGITS = "0123456789"
TARGET = 4  # characters of `x = `
OFF = Plain(0.0)  # what switches steps off is a default however seldom it is given


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


class Signatures:
    """The parameters of all functions: what most calls give is a default, those in loops count for each round."""

    def __init__(self, routines: Sequence[Routine]) -> None:
        given: dict[str, list[tuple[dict[str, Tree], int]]] = {routine.name: [] for routine in routines}
        for routine in routines:
            for step, rounds in invoked(routine.steps):
                given[step.class_name].append((dict(step.kwargs), rounds))
        self.found = {routine.name: _signature(routine, given[routine.name]) for routine in routines}

    def lines_with(self, routine: Routine, calls: Sequence[Step]) -> int:
        """The lines of a new function and its calls."""
        signatures = copy(self)
        signatures.found = {**self.found, routine.name: _signature(routine, [(dict(step.kwargs), 1) for step in calls])}
        return total(map(signatures.written, (*routine.steps, *calls)))

    def written(self, step: Step, indent: int = 4) -> Step:
        """A step without arguments that are defaults, with those in front that need no names."""
        step = replace(step, body=tuple(self.written(inner, indent + 4) for inner in step.body))
        if step.kind is not StepKind.INVOKE:
            return step
        given, parameters = dict(step.kwargs), self.found[step.class_name]
        required = [item.name for item in parameters if item.default is None]
        listed = [item.name for item in parameters if given[item.name] != item.default]

        def called(placed: Sequence[str]) -> Step:
            kwargs = tuple((name, given[name]) for name in sorted(listed, key=_by_meaning) if name not in placed)
            return replace(step, args=(*step.args, *(given[name] for name in placed)), kwargs=kwargs)

        usually = called(list(takewhile(is_placed, required)))
        if lines_of(usually, indent) == 1:
            return usually
        # A variable that is called as the parameter says as much by itself.
        shorter = called(list(takewhile(lambda name: is_placed(name) or given[name] == Variable(name), required)))
        return min(usually, shorter, key=lambda one: lines_of(one, indent))


def program_lines(routines: Sequence[Routine]) -> int:
    """The lines of functions as they will be written."""
    written = Signatures(routines).written
    return sum(total(map(written, routine.steps)) for routine in routines)


def _signature(routine: Routine, calls: Sequence[tuple[dict[str, Tree], int]]) -> tuple[Parameter, ...]:
    """The parameters of a function in their order, those with defaults behind the others."""
    found = []
    for item in routine.parameters:
        values = [(given[item.name], rounds) for given, rounds in calls if item.name in given]
        found.append(replace(item, default=usual_value(item.name, values)))
    return tuple(sorted(found, key=lambda item: (item.default is not None, _by_meaning(item.name))))


def _by_meaning(name: str) -> int:
    """Sizes first, as Keras has them, and names last."""
    if is_placed(name):
        return PLACED.index(next(word for word in PLACED if name.rstrip(DIGITS).endswith(word))) - len(PLACED)
    return 3 if name.endswith("name") else 2 if name in ("strides", "repeats") else 1


def invoked(steps: Iterable[Step], rounds: int = 1) -> Iterator[tuple[Step, int]]:
    """The calls of functions, each with how often the loops around it make it."""
    for step in steps:
        if step.kind is StepKind.INVOKE:
            yield step, rounds
        columns = columns_of(step.callee, len(step.variables)) if step.kind is StepKind.LOOP else None
        yield from invoked(step.body, rounds * (len(columns[0]) if columns else 1))


def usual_value(name: str, values: Sequence[tuple[Tree, int]]) -> Tree | None:
    """The value that becomes the default of a parameter, if one does, of those that calls give, each so often."""
    if is_size(name) or name.endswith("name") or len({value for value, _ in values}) < 2:
        return None
    written = Counter(value for value, _ in values if _is_constant(value))
    if not written:
        return None
    if OFF in written:
        return OFF
    # Of two that are written as often, it is that which the program uses more often.
    usual = max(written, key=lambda value: (written[value], sum(rounds for one, rounds in values if one == value)))
    # What is a variable at half of the places is better no default.
    return usual if 2 * written[usual] >= len(values) + (written.total() < len(values)) else None


def _is_constant(value: Tree) -> bool:
    """Whether a value may be a default: one that nothing changes."""
    if isinstance(value, Listing):
        return value.brackets == "()" and all(map(_is_constant, value.items))
    return isinstance(value, Plain)
