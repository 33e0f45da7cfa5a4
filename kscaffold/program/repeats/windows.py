"""Runs of steps that are the same but for values: where they are, and what goes in and out of them."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from kscaffold.program.repeats.cost import lines_of
from kscaffold.program.steps import map_step
from kscaffold.program.tree import NONE, Code, Listing, Object, Ref, Table, Text, Tree, refs, walk
from kscaffold.program.value import Routine, Step, StepKind, every_step

LONGEST = 80
END = 10**9


@dataclass(frozen=True)
class Repeated:
    """Runs of as many steps that are the same but for values; about how many lines one of them takes."""

    length: int
    starts: tuple[int, ...]
    estimate: float


class Steps:
    """The steps of all routines, one after the other, with what a search asks of them again and again."""

    def __init__(self, routines: Sequence[Routine], written: Callable[[Step], Step]) -> None:
        self.steps = [step for routine in routines for step in routine.steps]
        self.owner = [number for number, routine in enumerate(routines) for _ in routine.steps]
        numbers: dict[Hashable, int] = {}
        self.shapes = [numbers.setdefault(shape_of(step), len(numbers)) for step in self.steps]
        self.reads = [list(step.reads()) for step in self.steps]
        self.lines = [lines_of(written(step)) for step in self.steps]
        self.last = {ref: index for index, reads in enumerate(self.reads) for ref in reads}
        self.last |= {ref: END for routine in routines for ref in refs(routine.result)}
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

    def inside(self, ref: Ref, start: int, length: int) -> Ref:
        """A value that a run gives, as `local` numbers it."""
        uids = [step.uid for step in every_step(self.steps[start : start + length])]
        return Ref(1 + uids.index(ref.source), ref.path)

    def is_periodic(self, start: int, length: int) -> bool:
        """Whether a run is itself a repetition of fewer steps."""
        shapes = self.shapes[start : start + length]
        return any(length % period == 0 and shapes[period:] == shapes[:-period] for period in range(1, length // 2 + 1))

    def repeated(self) -> Iterator[Repeated]:
        """All runs that are there more than once, the shortest first."""
        states: dict[int, tuple[dict[int, int], dict[Ref, int]]] = {start: ({}, {}) for start in range(len(self.steps))}
        groups: list[list[int]] = [list(states)]
        sums = [0, *accumulate(self.lines)]
        for length in range(1, LONGEST + 1):
            split: dict[Hashable, list[int]] = {}
            for number, group in enumerate(groups):
                for start in group:
                    place = start + length - 1
                    if place < len(self.steps) and self.owner[place] == self.owner[start]:
                        split.setdefault((number, self._token(start, place, *states[start])), []).append(start)
            groups = [starts for starts in split.values() if len(starts) > 1]
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


def shape_of(step: Step) -> Step:
    """A step without what may differ between steps that are to become one."""
    numbers = {inner.uid: number for number, inner in enumerate(every_step([step]))}

    def plain(tree: Tree) -> Tree | None:
        match tree:
            case Ref(source=source, path=path):
                return Ref(numbers[source], path) if source in numbers else Ref(-1)
            case Object(target=target, keywords=pairs):
                return Object(target, (("name", NONE),) if "name" in dict(pairs) else ())
            case Listing() if any(isinstance(part, Ref | Object | Text | Code) for part in walk(tree)):
                return None
            case Table() | Code():
                return None
        return Text(()) if isinstance(tree, Text) else NONE

    def bare(one: Step) -> Step:
        kwargs = () if one.kind is StepKind.INVOKE else one.kwargs
        body, count = tuple(map(bare, one.body)), ("",) * len(one.variables)
        return Step(one.uid, one.kind, one.callee, one.args, kwargs, one.outputs, count, body)

    return map_step(bare(step), plain, numbers)
