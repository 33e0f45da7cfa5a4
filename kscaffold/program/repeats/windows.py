"""Runs of steps that are the same but for values: where they are, and what goes in and out of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from kscaffold.program.repeats.cost import lines_of
from kscaffold.program.tree import Code, Listing, Object, Ref, Slice, Table, Text, Tree, refs
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
        shown: The same steps as they will be written.
    """

    def __init__(self, parts: Sequence[tuple[Sequence[Step], Tree]], shown: Sequence[Step]) -> None:
        self.steps = [step for steps, _ in parts for step in steps]
        self.owner = [number for number, (steps, _) in enumerate(parts) for _ in steps]
        numbers: dict[Hashable, int] = {}
        self.shapes = [numbers.setdefault(shape_of(step), len(numbers)) for step in self.steps]
        self.reads = [list(step.reads()) for step in self.steps]
        self.lines = [lines_of(step) for step in shown]
        self.last = {ref: index for index, reads in enumerate(self.reads) for ref in reads}
        self.last |= {ref: END for _, result in parts for ref in refs(result)}
        self.made: dict[int, list[Ref]] = {}
        for ref in self.last:
            self.made.setdefault(ref.source, []).append(ref)
        # The furthest place at which something uses what a step makes.
        self.reach = [max((self.last[ref] for ref in self.made.get(step.uid, ())), default=-1) for step in self.steps]

    def given(self, start: int, length: int) -> list[Ref]:
        """The values that steps make and something behind them uses."""
        return [
            ref
            for place in range(start, start + length)
            if self.reach[place] >= start + length
            for ref in self.made[self.steps[place].uid]
            if self.last[ref] >= start + length
        ]

    def place_in(self, ref: Ref, start: int, length: int) -> tuple[int, tuple[int | str, ...]]:
        """Which step of a run gives a value."""
        uids = [step.uid for step in self.steps[start : start + length]]
        return uids.index(ref.source), ref.path

    def is_periodic(self, start: int, length: int) -> bool:
        """Whether a run is itself a repetition of fewer steps."""
        shapes = self.shapes[start : start + length]
        return any(length % period == 0 and shapes[period:] == shapes[:-period] for period in range(1, length // 2 + 1))

    def repeated(self) -> Iterator[Repeated]:
        """All runs that are there more than once, the shortest first."""
        states: dict[int, tuple[dict[int, int], dict[Ref, int]]] = {start: ({}, {}) for start in range(len(self.steps))}
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
                        split.setdefault(self._token(start, place, *states[start]), []).append(start)
                following += [starts for starts in split.values() if len(starts) > 1]
            groups = following
            for group in groups:
                yield Repeated(length, tuple(group), sums[group[0] + length] - sums[group[0]])

    def _token(self, start: int, place: int, inside: dict[int, int], outside: dict[Ref, int]) -> Hashable:
        """What a step is in a run that begins at `start`: its shape, and where its values come from."""
        sources = tuple(
            (inside[ref.source], ref.path) if ref.source in inside else (-1, outside.setdefault(ref, len(outside)))
            for ref in self.reads[place]
        )
        inside[self.steps[place].uid] = place - start
        return (self.shapes[place], sources)


def shape_of(step: Step) -> Hashable:
    """What must be the same of steps that are to become one; values that may differ are left out."""
    return _step_shape(step, {inner.uid: number for number, inner in enumerate(every_step([step]))})


def _step_shape(step: Step, numbers: dict[int, int]) -> Hashable:
    if step.kind in (StepKind.LOOP, StepKind.IF):
        body = tuple(_step_shape(inner, numbers) for inner in step.body)
        return (step.kind, len(step.variables), _shape(step.callee, numbers), body, _shape(step.args[0], numbers))
    callee: Hashable = _shape(step.callee, numbers)
    if isinstance(step.callee, Object):
        callee = (step.callee.target, "name" in dict(step.callee.keywords))
    invokes = step.kind is StepKind.INVOKE
    keys = () if invokes else tuple(key for key, _ in step.kwargs)
    trees = tuple(_shape(tree, numbers) for tree in (step.args if invokes else step.trees))
    return (step.kind, callee, keys, trees, step.outputs)


def _shape(tree: Tree, numbers: dict[int, int]) -> Hashable:
    match tree:
        case Ref(source=source, path=path):
            return ("inside", numbers[source], path) if source in numbers else "value"
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
