"""Functions that are the same but for a few steps as one function, which leaves those out unless asked for them."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby, islice, pairwise, product
from typing import TypeAlias

from kscaffold.program.repeats.derive import derive
from kscaffold.program.repeats.functions import MOST_PARAMETERS, is_callable
from kscaffold.program.repeats.instances import holds, with_arguments
from kscaffold.program.repeats.search import Draft
from kscaffold.program.repeats.texts import CannotUnify, Column
from kscaffold.program.repeats.unify import Unified, unify
from kscaffold.program.repeats.windows import shape_of
from kscaffold.program.steps import layer_names, with_trees
from kscaffold.program.tree import Arithmetic, Code, Plain, Ref, Tree, Variable
from kscaffold.program.value import Routine, Step, StepKind

LEAST_COMMON = 0.5  # of the steps of the longer function
FEWEST_COMMON = 3
MOST_OPTIONAL = 4  # groups of steps
MORE_PARAMETERS = 2  # than a function may have that has no variants
# What a parameter is called that asks for steps of some classes.
FLAGS = (
    ("Concatenate", "concatenate"), ("ZeroPadding", "pad"), ("Cropping", "pad"), ("Dropout", "dropout"),
    ("Pooling", "pool"), ("UpSampling", "upsample"), ("squeeze_excite", "squeeze"),
)  # fmt: skip
MOST_CHOICES = 100
Slot: TypeAlias = tuple[int, int]  # a place, and which of the values that are taken there


def merge(draft: Draft, pair: tuple[Routine, Routine], calls: Sequence[tuple[int, Step]]) -> tuple[Routine, list[Step]]:
    """One function for two, and its calls, for calls of which each says which of the two it calls.

    Raises:
        CannotUnify: They have too little in common, values do not go the same ways, or nobody would call it.
    """
    places = _align(*map(_flat, pair))
    windows = [_window(pair[side], places[side], dict(call.kwargs)) for side, call in calls]
    whole = _Whole(windows, max(map(max, places)) + 1)
    unified = whole.unify()
    if not is_callable(unified, MOST_PARAMETERS + MORE_PARAMETERS):
        raise CannotUnify("too many parameters")
    made, arguments = draft.function(unified, pair[0].inputs, whole.result, [one.name for one in pair])
    return made, [replace(call, callee=Code(made.name), kwargs=given) for (_, call), given in zip(calls, arguments)]


def _flat(routine: Routine) -> list[Step]:
    """The steps of a function, those in an `if` among the others."""
    return [inner for step in routine.steps for inner in (step.body if step.kind is StepKind.IF else (step,))]


def _align(one: Sequence[Step], two: Sequence[Step]) -> tuple[list[int], list[int]]:
    """Where the steps of two functions are in a whole in which those that both have stand beside each other."""
    a, b = ([_key(step) for step in steps] for steps in (one, two))
    runs = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    common = sum(end - start for kind, start, end, _, _ in runs if kind == "equal")
    if common < max(LEAST_COMMON * max(len(a), len(b)), FEWEST_COMMON):
        raise CannotUnify("too little in common")
    places: tuple[list[int], list[int]] = ([], [])
    end = 0
    for kind, *ends in runs:
        first, second = ends[1] - ends[0], ends[3] - ends[2]
        places[0].extend(range(end, end + first))
        end += first if kind != "equal" else 0
        places[1].extend(range(end, end + second))
        end += second
    return places


def _key(step: Step) -> Hashable:
    """What steps must have in common to stand beside each other: what they do, and how their name ends."""
    parts = [part for name in layer_names([step]) for part in name.parts if isinstance(part, str)]
    return (shape_of(step), "".join(parts))


@dataclass(frozen=True)
class _Window:
    """A call without conditions: its steps by their places in the whole, whose numbers they and their values have."""

    steps: Mapping[int, Step]
    result: Ref


def _window(routine: Routine, places: Sequence[int], arguments: Mapping[str, Tree]) -> _Window:
    """A call of a function; its steps are at some places of the whole."""
    known: dict[Tree, Tree] = {}  # what the values of the function are
    found: dict[int, Step] = {}
    place = iter(places)
    for step in routine.steps:
        group = step.kind is StepKind.IF
        here = not group or holds(step.callee, arguments)
        for inner in step.body if group else (step,):
            number = next(place)
            if here:
                (made,) = with_trees(with_arguments([inner], arguments), known)
                found[number] = replace(made, uid=number)
                known |= {Ref(inner.uid, path): Ref(number, path) for path in {(), *inner.outputs}}
        if group:
            value = step.result if here and step.result else step.args[0]
            known[Ref(step.uid)] = known.get(value, value)
    result = known.get(routine.result, routine.result)
    assert isinstance(result, Ref)
    return _Window(found, result)


class _Whole:
    """The steps of all calls in one order, up to an end; runs of steps that some calls do without are groups."""

    def __init__(self, windows: Sequence[_Window], end: int) -> None:
        self.windows = windows
        self.end = end
        there = [tuple(place in window.steps for window in windows) for place in range(end)]
        runs = [(here, [place for place, _ in run]) for here, run in groupby(enumerate(there), lambda item: item[1])]
        self.groups = [(here, places) for here, places in runs if not all(here)]
        self.group = {place: number for number, (_, places) in enumerate(self.groups) for place in places}
        if not 0 < len(self.groups) <= MOST_OPTIONAL:
            raise CannotUnify("too many groups, or none")
        for (one, places), (two, behind) in pairwise(self.groups):
            if places[-1] + 1 == behind[0] and all(a != b for a, b in zip(one, two)):
                raise CannotUnify("other steps in the place of some")
        # What the calls take at each place, each pattern once, with the groups that such calls do without.
        self.patterns = {
            (tuple(number for number, (here, _) in enumerate(self.groups) if not here[index]), self.taken(window))
            for index, window in enumerate(windows)
        }
        self.unchanged: tuple[Ref, ...] = ()
        self.results = [self.result_of(number) for number in range(len(self.groups))]
        self.chosen = self.values()
        self.result = self.written(self.chosen[end, 0], end)

    def taken(self, window: _Window) -> tuple[tuple[Slot, Ref], ...]:
        """The values that a call takes: place and number of each."""
        reads = {**{place: step.reads() for place, step in window.steps.items()}, self.end: [window.result]}
        return tuple(((place, number), ref) for place, refs in reads.items() for number, ref in enumerate(refs))

    def all_taken(self) -> Iterator[tuple[int, Ref]]:
        return ((place, ref) for _, taken in self.patterns for (place, _), ref in taken)

    def result_of(self, group: int) -> Ref:
        """The one value of a group that is taken behind it."""
        found = {ref for place, ref in self.all_taken() if self.group.get(ref.source) == group != self.group.get(place)}
        if len(found) != 1:
            raise CannotUnify("more than one value is used behind a group, or none")
        return found.pop()

    def candidates(self, group: int) -> list[Ref]:
        """What may go on where a call does without a group: what it takes, and what groups before it give."""
        inside = [
            ref for place, ref in self.all_taken() if self.group.get(place) == group != self.group.get(ref.source)
        ]
        return _latest({*inside, *self.results[:group]})

    def values(self) -> dict[Slot, Ref]:
        """What the whole takes at each place, once it is found what goes on without groups."""
        needed: dict[Slot, list[tuple[tuple[int, ...], Ref]]] = {}
        for without, taken in self.patterns:
            for slot, ref in taken:
                needed.setdefault(slot, []).append((without, ref))
        choices = product(*(self.candidates(number) for number in range(len(self.groups))))
        for self.unchanged in islice(choices, MOST_CHOICES):
            found = {slot: self.value(slot[0], refs) for slot, refs in needed.items()}
            known = {slot: ref for slot, ref in found.items() if ref is not None}
            if len(known) == len(found):
                return known
        raise CannotUnify("values go other ways")

    def value(self, place: int, needed: Sequence[tuple[tuple[int, ...], Ref]]) -> Ref | None:
        """What the whole takes, the latest that is right for all calls; `None` if there is none."""
        known = {ref for _, ref in needed} | {ref for ref in self.results if ref.source < place}
        fitting = (one for one in _latest(known) if all(self.resolved(one, without) == ref for without, ref in needed))
        return next(fitting, None)

    def resolved(self, ref: Ref, without: Sequence[int]) -> Ref | None:
        """What a value is in a call that does without some groups."""
        while self.group.get(ref.source) in without:
            group = self.group[ref.source]
            if ref != self.results[group]:
                return None
            ref = self.unchanged[group]
        return ref

    def written(self, ref: Ref, place: int) -> Ref:
        """A value as a step at some place names it: that of a group is what its `if` gives."""
        group = self.group.get(ref.source)
        return ref if group is None or group == self.group.get(place) else Ref(self.end + group)

    def unify(self) -> Unified:
        """The steps with variables for all that differs between the calls, and with conditions."""
        windows = [[self.step(window, place) for place in range(self.end)] for window in self.windows]
        unified = unify(windows, split=False, closed=True)
        large = [_is_large(unified, here) for here, _ in self.groups]
        derive(unified)
        steps: list[Step] = []
        for number, run in groupby(range(self.end), self.group.get):
            body = tuple(unified.steps[place] for place in run)
            if number is None:
                steps += body
                continue
            condition = large[number] or self.flag(unified, number, body)
            kept = self.written(self.unchanged[number], self.groups[number][1][0])
            result = self.results[number]
            steps.append(Step(self.end + number, StepKind.IF, condition, (kept,), body=body, result=result))
        return Unified(tuple(steps), unified.columns)

    def step(self, window: _Window, place: int) -> Step | None:
        if place not in window.steps:
            return None
        trees: dict[Tree, Tree] = {}
        for number, ref in enumerate(window.steps[place].reads()):
            value = self.written(self.chosen[place, number], place)
            if trees.setdefault(ref, value) != value:
                raise CannotUnify("values go other ways")
        return with_trees([window.steps[place]], trees)[0]

    def flag(self, unified: Unified, group: int, body: Sequence[Step]) -> Tree:
        """That a parameter asks for steps."""
        flags = tuple(Plain(one) for one in self.groups[group][0])
        known = next((index for index, column in enumerate(unified.columns) if column.values == flags), None)
        if known is None:
            known = len(unified.columns)
            given = Ref(self.end + group)
            kept = any(len(set(step.reads())) > 1 and given in step.reads() for step in unified.steps)
            unified.columns.append(Column(flags, flag_word(body, kept), "flag", body[0].uid))
        return Variable(f"?{known}")


def _latest(refs: Iterable[Ref]) -> list[Ref]:
    return sorted(refs, key=lambda ref: (-ref.source, str(ref.path)))


def _is_large(unified: Unified, there: Sequence[bool]) -> Tree | None:
    """That strides or a rate are large, where steps are there in the calls alone of which that is true."""
    for index, column in enumerate(unified.columns):
        if column.key not in ("rate", "strides"):
            continue
        # Who does without a dropout has no rate.
        values = [Plain(0.0) if value is None and column.key == "rate" else value for value in column.values]
        numbers = [one.value for one in values if isinstance(one, Plain) and isinstance(one.value, (int, float))]
        if len(numbers) == len(values):
            most = max(number for number, here in zip(numbers, there) if not here)
            if min(number for number, here in zip(numbers, there) if here) > most:
                column.values = tuple(values)
                return Arithmetic(Variable(f"?{index}"), ">", Plain(most or 0))
    return None


def flag_word(steps: Sequence[Step], kept: bool) -> str:
    """What a parameter is called that asks for steps, with which what they were given is `kept` for a merging layer."""
    classes = [step.class_name for step in steps]
    if any(name in ("Add", "+") for name in classes):
        return "residual"
    for part, word in FLAGS:
        if any(part in name for name in classes):
            return word
    if any("conv" in name.lower() or name == "Dense" for name in classes):
        return "project" if kept else "expand"
    if classes[0] in ("Activation", "ReLU"):
        return "activate"
    return "normalize" if "BatchNormalization" in classes else "extra"
