"""Functions and their calls as they will be written: which parameters have defaults, which arguments need no names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import takewhile

from kscaffold.program.ranges import columns_of
from kscaffold.program.repeats.cost import DIGITS, PLACED, is_placed, is_size, lines_of, total
from kscaffold.program.tree import Listing, Plain, Tree, Variable
from kscaffold.program.value import Parameter, Routine, Step, StepKind

OFF = Plain(0.0)  # what switches steps off is a default however seldom it is given


class Signatures:
    """The signatures of functions: what most calls give is a default, those in loops count for each round.

    Args:
        routines: All functions of the program.
    """

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

    def parameters(self, routine: Routine) -> tuple[Parameter, ...]:
        """The parameters of a function in their order."""
        return self.found[routine.name]

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
        yield from invoked(step.body, rounds * (_rounds(step) if step.kind is StepKind.LOOP else 1))


def _rounds(loop: Step) -> int:
    """How often a loop goes round; once where that is not known."""
    columns = columns_of(loop.callee, len(loop.variables))
    return len(columns[0]) if columns else 1


def usual_value(name: str, values: Sequence[tuple[Tree, int]]) -> Tree | None:
    """The value of a parameter that becomes its default, if one does.

    Args:
        name: The parameter.
        values: What each call gives, and how often.
    """
    if is_size(name) or name.endswith("name") or len({value for value, _ in values}) < 2:
        return None
    written = Counter(value for value, _ in values if _is_constant(value))
    if not written:
        return None
    if OFF in written:
        return OFF
    # Of two that are written as often, it is that which the program uses more often.
    used: Counter[Tree] = Counter()
    for value, rounds in values:
        used[value] += rounds
    usual = max(written, key=lambda value: (written[value], used[value]))
    # What is a variable at half of the places is better no default.
    return usual if 2 * written[usual] >= len(values) + (written.total() < len(values)) else None


def _is_constant(value: Tree) -> bool:
    """Whether a value may be a default: one that nothing changes."""
    if isinstance(value, Listing):
        return value.brackets == "()" and all(map(_is_constant, value.items))
    return isinstance(value, Plain)
