"""Runs of steps that are the same but for values: where they are, and what goes in and out of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from kscaffold.program.passes.cost import lines_of
from kscaffold.program.tree import Code, Listing, Object, Plain, Ref, Scaled, Slice, Table, Text, Tree, Variable, refs
from kscaffold.program.value import Step, StepKind, every_step

LONGEST = 80
END = 10**9


@dataclass(frozen=True)
class Repeated:
    """Runs of steps that are the same but for values.

    Attributes:
        length: How many steps each has.
        starts: Where they begin.
        estimate: About how many lines they take that one of them would not.
    """

    length: int
    starts: tuple[int, ...]
    estimate: float


class Steps:
    """The steps of all routines, one after the other, with what a search asks of them again and again.

    Args:
        parts: The steps of each routine, and what is used behind them.
        shown: Gives a step as it will be written.
    """

    def __init__(self, parts: Sequence[tuple[Sequence[Step], Tree]], shown: Callable[[Step], Step]) -> None:
        self.steps = [step for steps, _ in parts for step in steps]
        self.owner = [number for number, (steps, _) in enumerate(parts) for _ in steps]
        self.shapes = [shape_of(step) for step in self.steps]
        self.reads = [list(step.reads()) for step in self.steps]
        self.lines = [lines_of(shown(step)) for step in self.steps]
        self.last: dict[Ref, int] = {}
        for index, reads in enumerate(self.reads):
            for ref in reads:
                self.last[ref] = index
        for _, result in parts:
            for ref in refs(result):
                self.last[ref] = END
        self.made: dict[int, list[Ref]] = {}
        for ref in self.last:
            self.made.setdefault(ref.source, []).append(ref)
        # The furthest place at which something uses what a step makes.
        self.reach = [max((self.last[ref] for ref in self.made.get(step.uid, ())), default=-1) for step in self.steps]

    def given(self, start: int, length: int) -> list[Ref]:
        """The values that steps make and something behind them uses."""
        return [
            ref
            for step in self.steps[start : start + length]
            for ref in self.made.get(step.uid, ())
            if self.last[ref] >= start + length
        ]

    def gives_one(self, start: int, length: int) -> bool:
        """Whether steps make one value that something behind them uses."""
        end, found = start + length, 0
        for place in range(end - 1, start - 1, -1):
            if self.reach[place] >= end:
                found += sum(self.last[ref] >= end for ref in self.made[self.steps[place].uid])
                if found > 1:
                    return False
        return found == 1

    def repeated(self) -> Iterator[Repeated]:
        """All runs that are there more than once, the shortest first."""
        states = {start: ({}, {}) for start in range(len(self.steps))}  # type: ignore[var-annotated]
        groups: list[list[int]] = [list(states)]
        sums = [0]
        for lines in self.lines:
            sums.append(sums[-1] + lines)
        for length in range(1, LONGEST + 1):
            following: list[list[int]] = []
            for group in groups:
                split: dict[Hashable, list[int]] = {}
                for start in group:
                    place = start + length - 1
                    if place < len(self.steps) and self.owner[place] == self.owner[start]:
                        split.setdefault(self.token(start, place, states[start]), []).append(start)
                following += [starts for starts in split.values() if len(starts) > 1]
            groups = following
            if not groups:
                return
            for group in groups:
                window = sums[group[0] + length] - sums[group[0]]
                yield Repeated(length, tuple(group), window)

    def token(self, start: int, place: int, state: tuple[dict[int, int], dict[Ref, int]]) -> Hashable:
        """What a step is in a run that begins at `start`: its shape, and where its values come from."""
        inside, outside = state
        sources: list[tuple[int, Hashable]] = []
        for ref in self.reads[place]:
            if ref.source in inside:
                sources.append((inside[ref.source], ref.path))
            else:
                sources.append((-1, outside.setdefault(ref, len(outside))))
        inside[self.steps[place].uid] = place - start
        return (self.shapes[place], tuple(sources))


def shape_of(step: Step) -> Hashable:
    """What must be the same of steps that are to become one; values that may differ are left out."""
    numbers: dict[int, int] = {}
    for inner in every_step([step]):
        numbers[inner.uid] = len(numbers)
    return _step_shape(step, numbers)


def _step_shape(step: Step, numbers: dict[int, int]) -> Hashable:
    if step.kind in (StepKind.LOOP, StepKind.IF):
        body = tuple(_step_shape(inner, numbers) for inner in step.body)
        return (step.kind, len(step.variables), _shape(step.callee, numbers), body, _shape(step.args[0], numbers))
    callee: Hashable = _shape(step.callee, numbers)
    if isinstance(step.callee, Object):
        callee = (step.callee.target, "name" in dict(step.callee.keywords))
    keys = () if step.kind is StepKind.INVOKE else tuple(key for key, _ in step.kwargs)
    trees = step.args if step.kind is StepKind.INVOKE else step.trees
    return (step.kind, callee, keys, tuple(_shape(tree, numbers) for tree in trees), step.outputs)


def _shape(tree: Tree, numbers: dict[int, int]) -> Hashable:
    match tree:
        case Ref(source=source, path=path):
            return ("inside", numbers[source], path) if source in numbers else "value"
        case Plain() | Scaled() | Variable():
            return "plain"
        case Text():
            return "text"
        case Code(text=text):
            return ("code", text)
        case Listing(brackets=brackets, items=items):
            inner = tuple(_shape(item, numbers) for item in items)
            return "plain" if all(one == "plain" for one in inner) else (brackets, inner)
        case Table(items=pairs):
            return ("table", tuple((key, _shape(value, numbers)) for key, value in pairs))
        case Slice():
            return "slice"
        case Object(target=target):
            return ("object", target)
    return "plain"
