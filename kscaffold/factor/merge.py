"""Functions that are the same but for a few steps as one function, which leaves those out unless asked for them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, product

from kscaffold.factor.derive import derive
from kscaffold.factor.program import Routine, Step, StepKind, every_step
from kscaffold.factor.texts import CannotUnify
from kscaffold.factor.unify import Unified, map_all, unify
from kscaffold.factor.windows import shape_of
from kscaffold.saved.tree import NONE, Object, Plain, Ref, Scaled, Text, Tree, Variable

LEAST_COMMON = 0.5  # of the steps of the longer function
MOST_OPTIONAL = 4  # groups of steps
Pair = tuple[int | None, int | None]
Call = tuple[int, Mapping[str, Tree]]


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
            made.append(_moved(first, numbers, chosen))
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


def _moved(step: Step, numbers: Mapping[int, int], chosen: Mapping[Ref, Ref]) -> Step:
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


def flag_word(steps: Sequence[Step], kept: bool) -> str:
    """What a parameter is called that asks for steps.

    Args:
        steps: The steps.
        kept: Whether a merging layer takes what they give beside what they were given.
    """
    classes = [step.class_name for step in steps]
    if any(name in ("Add", "+") for name in classes):
        return "residual"
    if any(name == "Concatenate" for name in classes):
        return "concatenate"
    for words, found in (
        (("ZeroPadding", "Cropping"), "pad"), (("Dropout",), "dropout"), (("Pooling",), "pool"),
        (("UpSampling",), "upsample"), (("squeeze_excite",), "squeeze"),
    ):  # fmt: skip
        if any(name.startswith(words) or name.endswith(words) or words[0] in name for name in classes):
            return found
    if any("conv" in name.lower() or name == "Dense" for name in classes):
        return "project" if kept else "expand"
    if classes and classes[0] in ("Activation", "ReLU"):
        return "activate"
    return "normalize" if "BatchNormalization" in classes else "extra"


def holds(condition: Tree, arguments: Mapping[str, Tree]) -> bool:
    """Whether the condition of an `if` holds in a call.

    Raises:
        CannotUnify: That is not known before the program runs.
    """
    if isinstance(condition, Variable):
        value = arguments.get(condition.name)
        if isinstance(value, Plain) and isinstance(value.value, bool):
            return value.value
    if isinstance(condition, Object) and condition.target == "more":
        given = dict(condition.keywords)
        variable, than = given["value"], given["than"]
        value = arguments.get(variable.name) if isinstance(variable, Variable) else None
        if isinstance(value, Plain) and isinstance(than, Plain) and isinstance(value.value, (int, float)):
            return value.value > than.value  # type: ignore[operator]
    raise CannotUnify("a condition that is not known")


def unify_calls(layout: Layout, calls: Sequence[Call]) -> Unified:
    """The whole with variables for all that differs between the calls of two functions.

    Args:
        layout: The whole.
        calls: For each call, which of the two it calls, and with what arguments.

    Raises:
        CannotUnify: The calls differ in more than values.
    """
    inner = iter(step for step in layout.whole for step in (step.body if step.kind is StepKind.IF else (step,)))
    whole = {pair: next(inner) for segment in layout.segments for pair in segment.pairs}
    windows: list[list[Step | None]] = []
    there: dict[Segment, list[bool]] = {segment: [] for segment in layout.segments}
    for side, arguments in calls:
        window: list[Step | None] = []
        for segment in layout.segments:
            group = layout.flats[side].groups[segment.pairs[0][side] or 0] if segment.has(side) else None
            present = segment.has(side) and (group is None or holds(group.callee, arguments))
            there[segment].append(present)
            for pair in segment.pairs:
                place = pair[side]
                made = (
                    _instance(layout.flats[side].steps[place], whole[pair], arguments)
                    if present and place is not None
                    else None
                )
                window.append(made)
        windows.append(window)
    unified = unify(windows, {}, split=False, closed=True)
    rates = {segment: _rate(unified, there[segment]) for segment in layout.segments if segment.optional}
    derive(unified)
    steps = iter(unified.steps)
    made_steps = []
    optional = iter(segment for segment in layout.segments if segment.optional)
    for step in layout.whole:
        if step.kind is StepKind.IF:
            segment = next(optional)
            body = tuple(next(steps) for _ in step.body)
            condition = rates[segment] or _condition(unified, there[segment], body, layout)
            made_steps.append(replace(step, callee=condition, body=body))
        else:
            made_steps.append(next(steps))
    unified.steps = tuple(made_steps)
    return unified


def _rate(unified: Unified, there: Sequence[bool]) -> Tree | None:
    """That a rate is more than nothing, where steps are there in the calls alone that have one."""
    for index, column in enumerate(unified.columns):
        if unified.keys[index] != "rate" or [value is not None for value in column] != list(there):
            continue
        if all(
            value is None or (isinstance(value, Plain) and isinstance(value.value, float) and value.value > 0)
            for value in column
        ):
            unified.columns[index] = tuple(Plain(0.0) if value is None else value for value in column)
            return Object("more", (("value", Variable(f"?{index}")), ("than", Plain(0))))
    return None


def _condition(unified: Unified, there: Sequence[bool], body: Sequence[Step], layout: Layout) -> Tree:
    """When steps are there: where strides are large, or where a parameter of its own says so."""
    for index, column in enumerate(unified.columns):
        numbers = [value.value for value in column if isinstance(value, Plain) and type(value.value) is int]
        if unified.keys[index] == "strides" and len(numbers) == len(column):
            with_it = [number for number, here in zip(numbers, there) if here]
            without = [number for number, here in zip(numbers, there) if not here]
            if with_it and without and min(with_it) > max(without):
                return Object("more", (("value", Variable(f"?{index}")), ("than", Plain(max(without)))))
    flags = tuple(Plain(here) for here in there)
    known = next((index for index, column in enumerate(unified.columns) if column == flags), None)
    if known is None:
        condition = next(step for step in layout.whole if step.kind is StepKind.IF and step.body[0].uid == body[0].uid)
        merged = any(len(set(step.reads())) > 1 and Ref(condition.uid) in list(step.reads()) for step in layout.whole)
        known = len(unified.columns)
        unified.columns.append(flags)
        unified.keys.append(flag_word(body, merged))
        unified.owners.append("flag")
        unified.places.append(body[0].uid)
    return Variable(f"?{known}")


def _instance(step: Step, whole: Step, arguments: Mapping[str, Tree]) -> Step:
    """A step of a function as one call of it makes it, with the values of the whole."""
    places: dict[Ref, Ref] = {}
    for mine, other in zip(step.reads(), whole.reads(), strict=True):
        if places.setdefault(mine, other) != other:
            raise CannotUnify("values go other ways")
    inside = dict(zip((one.uid for one in every_step([step])), (one.uid for one in every_step([whole]))))
    return _moved(substituted(step, arguments), inside, places)


def instantiated(step: Step, arguments: Mapping[str, Tree], given: Mapping[int, Tree]) -> Step:
    """A step of a function in the place of a call.

    Args:
        step: The step.
        arguments: The arguments of the call.
        given: The values that it takes, by their number.

    Raises:
        CannotUnify: A condition or a multiple is not known there.
    """
    if step.kind is StepKind.IF:
        raise CannotUnify("a condition")

    def change(tree: Tree) -> Tree | None:
        return given[-1 - tree.source] if isinstance(tree, Ref) and tree.source < 0 else None

    return map_all(substituted(step, arguments), change)


def substituted(step: Step, arguments: Mapping[str, Tree]) -> Step:
    """A step with the arguments of a call instead of parameters.

    Raises:
        CannotUnify: A multiple or a condition is not known before the program runs.
    """

    def change(tree: Tree) -> Tree | None:
        match tree:
            case Variable(name=name):
                return arguments.get(name)
            case Scaled(factor=factor, variable=variable, divides=divides):
                value = arguments.get(variable.name)
                if isinstance(value, Plain) and isinstance(value.value, int):
                    return Plain(value.value // factor if divides else factor * value.value)
                raise CannotUnify("a multiple of what is no number")
            case Object(target="given", keywords=pairs):
                value = dict(pairs)["value"]
                value = arguments.get(value.name, value) if isinstance(value, Variable) else value
                return Plain(value != NONE) if isinstance(value, Plain) else Object("given", (("value", value),))
            case Object(target="either", keywords=pairs):
                given = dict(pairs)
                large = holds(Object("more", (("value", given["value"]), ("than", given["than"]))), arguments)
                return given["large" if large else "small"]
            case Text(parts=parts):
                return _joined(Text(tuple(piece for part in parts for piece in _pieces(part, arguments))))
        return None

    return map_all(step, change)


def _pieces(part: str | Variable, arguments: Mapping[str, Tree]) -> tuple[str | Variable, ...]:
    value = arguments.get(part.name) if isinstance(part, Variable) else None
    if isinstance(value, Text):
        return value.parts
    if isinstance(value, Plain):
        return (str(value.value),)
    return (value,) if isinstance(value, Variable) else (part,)


def _joined(text: Text) -> Text:
    parts: list[str | Variable] = []
    for part in text.parts:
        if parts and isinstance(part, str) and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return Text(tuple(parts))
