"""Sizes of which a function needs nothing but four times as much: it is given that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kscaffold.program.passes.cost import is_size
from kscaffold.program.passes.rewriting import with_trees
from kscaffold.program.tree import Plain, Scaled, Tree, Variable, walk
from kscaffold.program.value import Routine, Step, StepKind, every_step


@dataclass(frozen=True)
class _Whole:
    """A parameter that becomes a multiple of itself.

    Attributes:
        function: The function that has it.
        old: Its name.
        new: Its name then.
        part: What the function says for it.
    """

    function: str
    old: str
    new: str
    part: Scaled


def with_whole_sizes(routines: Sequence[Routine]) -> list[Routine]:
    """Routines that are given the multiples of sizes that they need."""
    listed = list(routines)
    for place, routine in enumerate(routines):
        found = _whole(routine, listed) if routine.model is None else None
        if found is not None:
            parameters = tuple(
                replace(item, name=found.new) if item.name == found.old else item for item in routine.parameters
            )
            steps = with_trees(listed[place].steps, {found.part: Variable(found.new)})
            listed[place] = replace(routine, parameters=parameters, steps=steps)
            listed = [replace(one, steps=tuple(_called(step, found) for step in one.steps)) for one in listed]
    return listed


def uses_of(name: str, steps: Iterable[Step]) -> Iterator[tuple[Step, Tree]]:
    """Where steps use a variable, alone or in a multiple."""
    for step in every_step(steps):
        for tree in (step.callee, *step.trees):
            for part in walk(tree):
                variable = part.variable if isinstance(part, Scaled) else part
                if isinstance(variable, Variable) and variable.name == name:
                    yield step, part


def _whole(routine: Routine, routines: Sequence[Routine]) -> _Whole | None:
    """The first size of a function of which it needs a multiple alone, if calls give numbers for it."""
    taken = {item.name for item in routine.parameters} | {name for name, _ in routine.widths}
    for item in routine.parameters:
        used = [part for _, part in uses_of(item.name, routine.steps)]
        scaled = [part for part in used if isinstance(part, Scaled) and not part.divides]
        # In each multiple there is the variable, too.
        if not is_size(item.name) or len(set(scaled)) != 1 or len(used) != 2 * len(scaled):
            continue
        given = [
            dict(step.kwargs).get(item.name)
            for one in routines
            for step in every_step(one.steps)
            if step.kind is StepKind.INVOKE and step.class_name == routine.name
        ]
        if all(isinstance(value, Plain) and isinstance(value.value, int) for value in given):
            keys = {key for step in every_step(routine.steps) for key, value in step.kwargs if value in scaled}
            key = keys.pop() if len(keys) == 1 else item.name
            return _Whole(routine.name, item.name, item.name if key in taken else key, scaled[0])
    return None


def _called(step: Step, whole: _Whole) -> Step:
    """A step in which calls of the function give the multiple."""
    step = replace(step, body=tuple(_called(inner, whole) for inner in step.body))
    if step.kind is not StepKind.INVOKE or step.class_name != whole.function:
        return step
    return replace(step, kwargs=tuple(_argument(key, value, whole) for key, value in step.kwargs))


def _argument(key: str, value: Tree, whole: _Whole) -> tuple[str, Tree]:
    if key != whole.old:
        return key, value
    assert isinstance(value, Plain) and isinstance(value.value, int)
    return whole.new, Plain(whole.part.factor * value.value)
