"""Two functions that are nearly the same beside each other: which steps both have, and which only one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, product

from kscaffold.program.passes.rewriting import map_all
from kscaffold.program.passes.windows import shape_of
from kscaffold.program.tree import Object, Ref, Text, Tree, Variable
from kscaffold.program.value import Routine, Step, StepKind, every_step

LEAST_COMMON = 0.5  # of the steps of the longer function
MOST_OPTIONAL = 4  # groups of steps
Pair = tuple[int | None, int | None]


@dataclass(frozen=True)
class Flat:
    """The steps of a function, those in an `if` among the others.

    Attributes:
        steps: The steps.
        groups: For each step, the `if` that it is in; `None` for one that is always there.
    """

    steps: tuple[Step, ...]
    groups: tuple[Step | None, ...]


@dataclass(frozen=True)
class Segment:
    """Steps that belong together: all are always there, or all under the same condition.

    Attributes:
        pairs: Where each is in the first and in the second function.
        optional: Whether a call may do without them.
    """

    pairs: tuple[Pair, ...]
    optional: bool

    def has(self, side: int) -> bool:
        """Whether one of the two functions has them at all."""
        return self.pairs[0][side] is not None


@dataclass(frozen=True)
class Layout:
    """The steps of two functions in one order.

    Attributes:
        flats: The steps of each.
        segments: The steps beside each other.
        whole: The steps of both, those that may be left out inside of `if`s.
        result: What the whole gives.
    """

    flats: tuple[Flat, Flat]
    segments: tuple[Segment, ...]
    whole: tuple[Step, ...]
    result: Ref


def flat(routine: Routine) -> Flat:
    """The steps of a function, those in an `if` among the others."""
    steps: list[Step] = []
    groups: list[Step | None] = []
    for step in routine.steps:
        inner = step.body if step.kind is StepKind.IF else (step,)
        steps += inner
        groups += [step if step.kind is StepKind.IF else None] * len(inner)
    return Flat(tuple(steps), tuple(groups))


def lay_out(one: Routine, two: Routine) -> Layout | None:
    """One function for two; `None` if they have too little in common, or values do not go the same ways in both."""
    flats = (flat(one), flat(two))
    pairs = _align(*flats)
    segments = _segments(pairs, flats) if pairs else None
    if not segments:
        return None
    results = (_ref(one.result), _ref(two.result))
    for choice in _choices(segments, flats):
        found = _Merger(flats, (one.inputs, two.inputs), results, segments, choice).merge()
        if found is not None:
            return found
    return None


def _align(one: Flat, two: Flat) -> list[Pair] | None:
    """The steps of two functions beside each other; `None` if they have too little in common."""
    a, b = [_key(step) for step in one.steps], [_key(step) for step in two.steps]
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            best[i][j] = best[i + 1][j + 1] + 1 if a[i] == b[j] else max(best[i + 1][j], best[i][j + 1])
    if best[0][0] < LEAST_COMMON * max(len(a), len(b)) or best[0][0] < 3:
        return None
    pairs: list[Pair] = []
    i = j = 0
    while i < len(a) or j < len(b):
        if i < len(a) and j < len(b) and a[i] == b[j] and best[i][j] == best[i + 1][j + 1] + 1:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif j == len(b) or (i < len(a) and best[i + 1][j] >= best[i][j + 1]):
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    return pairs


def _key(step: Step) -> Hashable:
    """What steps must have in common to stand beside each other: what they do, and how their name ends."""
    ending = ""
    if isinstance(step.callee, Object):
        name = dict(step.callee.keywords).get("name")
        ending = "".join(part for part in name.parts if isinstance(part, str)) if isinstance(name, Text) else ""
    elif step.kind is StepKind.INVOKE:
        names = [value for _, value in step.kwargs if isinstance(value, Text)]
        ending = "".join(part for name in names for part in name.parts if isinstance(part, str))
    return (shape_of(step), ending)


def _segments(pairs: Sequence[Pair], flats: tuple[Flat, Flat]) -> list[Segment] | None:
    """Steps that belong together; `None` where one has other steps in the place of some, or part of an `if`."""

    def kind(pair: Pair) -> tuple[Hashable, ...]:
        groups = (None if place is None else flats[side].groups[place] for side, place in enumerate(pair))
        return (pair[0] is None, pair[1] is None, *(group and group.uid for group in groups))

    found = []
    for key, run in groupby(pairs, kind):
        segment = Segment(tuple(run), key != (False, False, None, None))
        for side in (0, 1):
            group = key[2 + side]
            places = [pair[side] for pair in segment.pairs]
            if group is not None and len(places) != sum(
                one is not None and one.uid == group for one in flats[side].groups
            ):
                return None
        found.append(segment)
    for before, after in pairwise(found):
        # One has these steps, the other has others in their place: they are no variants of one function.
        if before.optional and after.optional and before.has(0) != after.has(0) and before.has(1) != after.has(1):
            return None
    optional = sum(segment.optional for segment in found)
    return found if 0 < optional <= MOST_OPTIONAL else None


def _choices(segments: Sequence[Segment], flats: tuple[Flat, Flat]) -> Iterator[tuple[Ref | None, ...]]:
    """For each group that is new, one of the values that it takes: the one that goes on unchanged without it."""
    listed: list[list[Ref | None]] = []
    for segment in segments:
        if not segment.optional:
            continue
        side = 0 if segment.has(0) else 1
        places = [place for pair in segment.pairs if (place := pair[side]) is not None]
        if any(
            flats[one].groups[place] for one in (0, 1) for pair in segment.pairs if (place := pair[one]) is not None
        ):
            listed.append([None])
            continue
        steps = [flats[side].steps[place] for place in places]
        inside = {step.uid for step in steps}
        listed.append(list(dict.fromkeys(ref for step in steps for ref in step.reads() if ref.source not in inside)))
    return product(*listed)


class _Merger:
    """Goes through two functions side by side.

    Args:
        flats: Their steps.
        inputs: How many values each takes.
        results: What each gives.
        segments: Their steps beside each other.
        choice: For each optional segment, the value that goes on unchanged without it; `None` where an `if` says so.
    """

    def __init__(
        self,
        flats: tuple[Flat, Flat],
        inputs: tuple[int, int],
        results: tuple[Ref, Ref],
        segments: Sequence[Segment],
        choice: Sequence[Ref | None],
    ) -> None:
        self.flats = flats
        self.results = results
        self.segments = segments
        self.choice = iter(choice)
        # What each value is in the whole: in the function that does without a group there is more than one answer.
        self.known: tuple[dict[Ref, list[Ref]], dict[Ref, list[Ref]]] = ({}, {})
        for side in (0, 1):
            for number in range(inputs[side]):
                self.known[side][Ref(-1 - number)] = [Ref(-1 - number)]
        self.next = 0

    def merge(self) -> Layout | None:
        """The whole; `None` if values do not go the same ways."""
        whole: list[Step] = []
        for segment in self.segments:
            steps = self.optional(segment) if segment.optional else self.steps(segment)
            if steps is None:
                return None
            whole += steps
        results = [self.known[side].get(result, []) for side, result in enumerate(self.results)]
        common = [ref for ref in results[0] if ref in results[1]]
        return Layout(self.flats, tuple(self.segments), tuple(whole), common[-1]) if common else None

    def number(self) -> int:
        """A number for a step of the whole."""
        self.next += 1
        return self.next

    def steps(self, segment: Segment) -> list[Step] | None:
        """Steps with the values of the whole; those that both have take the same values in both."""
        made = []
        for pair in segment.pairs:
            sides = [(side, self.flats[side].steps[place]) for side, place in enumerate(pair) if place is not None]
            chosen: dict[Ref, Ref] = {}
            for refs in zip(*(step.reads() for _, step in sides), strict=False):
                answers = [self.known[side].get(ref, []) for (side, _), ref in zip(sides, refs)]
                common = [ref for ref in answers[0] if all(ref in others for others in answers[1:])]
                if not common or chosen.get(refs[0], common[-1]) != common[-1]:
                    return None
                chosen[refs[0]] = common[-1]
            first = sides[0][1]
            numbers = {inner.uid: self.number() for inner in every_step([first])}
            for side, step in sides:
                for path in {(), *step.outputs}:
                    self.known[side][Ref(step.uid, path)] = [Ref(numbers[first.uid], path)]
            made.append(moved_step(first, numbers, chosen))
        return made

    def optional(self, segment: Segment) -> list[Step] | None:
        """An `if` around steps that may be left out."""
        kept = next(self.choice)
        sides = [side for side in (0, 1) if segment.has(side)]
        groups = {side: self.flats[side].groups[segment.pairs[0][side] or 0] for side in sides}
        unchanged: Ref | None = None
        for side in sides:
            group = groups[side]
            value = _ref(group.args[0]) if group else kept
            if value is not None and value in self.known[side]:
                unchanged = self.known[side][value][-1]
                break
        body = self.steps(segment)
        if body is None or unchanged is None:
            return None
        uid = self.number()
        for side in sides:
            group = groups[side]
            last = self.flats[side].steps[segment.pairs[-1][side] or 0]
            value = _ref(group.result) if group else Ref(last.uid, last.outputs[0] if last.outputs else ())
            inside = {self.flats[side].steps[pair[side] or 0].uid for pair in segment.pairs}
            if self.used_behind(side, segment) - {value} and not group:
                return None
            made = self.known[side].get(value)
            if not made:
                return None
            result = made[-1]
            for ref in [ref for ref in self.known[side] if ref.source in inside]:
                del self.known[side][ref]
            self.known[side][Ref(group.uid) if group else value] = [Ref(uid)]
        for side in {0, 1} - set(sides):
            for ref, answers in self.known[side].items():
                if unchanged in answers:
                    self.known[side][ref] = [*answers, Ref(uid)]
        return [Step(uid, StepKind.IF, Variable("?when"), (unchanged,), body=tuple(body), result=result)]

    def used_behind(self, side: int, segment: Segment) -> set[Ref]:
        """The values of a segment that steps behind it take."""
        places = [pair[side] or 0 for pair in segment.pairs]
        steps = self.flats[side].steps
        inside = {steps[place].uid for place in places}
        used = {ref for step in steps[places[-1] + 1 :] for ref in step.reads() if ref.source in inside}
        return used | ({self.results[side]} if self.results[side].source in inside else set())


def _ref(tree: Tree | None) -> Ref:
    assert isinstance(tree, Ref)
    return tree


def moved_step(step: Step, numbers: Mapping[int, int], chosen: Mapping[Ref, Ref]) -> Step:
    """A step with other numbers, and other values."""

    def moved(tree: Tree) -> Tree | None:
        if not isinstance(tree, Ref):
            return None
        if tree in chosen:
            return chosen[tree]
        return Ref(numbers[tree.source], tree.path) if tree.source in numbers else None

    def renumbered(one: Step) -> Step:
        result = moved(one.result) if one.result else None
        return replace(
            map_all(replace(one, body=()), moved),
            uid=numbers[one.uid],
            body=tuple(renumbered(inner) for inner in one.body),
            result=result if isinstance(result, Ref) else one.result,
        )

    return renumbered(step)
