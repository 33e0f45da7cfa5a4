"""Functions that are the same but for a few steps as one function, in which those steps are left out unless asked for."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kscaffold.factor.program import Routine, Step, StepKind, every_step
from kscaffold.factor.texts import CannotUnify
from kscaffold.factor.unify import Unified, map_all, unify
from kscaffold.factor.windows import shape_of
from kscaffold.saved.tree import Object, Plain, Ref, Scaled, Text, Tree, Variable

LEAST_COMMON = 0.55  # of the steps of the longer function
MOST_OPTIONAL = 3  # groups of steps
Pair = tuple[int | None, int | None]


@dataclass(frozen=True)
class Group:
    """Steps that only one of two functions has.

    Attributes:
        first: Whether the first has them.
        places: Where they are in it.
    """

    first: bool
    places: tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """The steps of two functions in one order.

    Attributes:
        pairs: For each step of the whole, where it is in the first and in the second; `None` where one does without.
        whole: The steps, those that one does without inside of `if`s, which are called `?when0`, `?when1`, …
        result: What the whole gives.
        groups: For each `if`, which of the two has its steps.
    """

    pairs: tuple[Pair, ...]
    whole: tuple[Step, ...]
    result: Tree
    groups: tuple[Group, ...]


def align(one: Routine, two: Routine) -> list[Pair] | None:
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
    return (shape_of(step), ending)


def groups_of(pairs: Sequence[Pair]) -> list[Group] | None:
    """The steps that only one has, by where they stand; `None` where one has others in the place of some."""
    found: list[Group] = []
    run: list[Pair] = []
    for pair in [*pairs, (0, 0)]:
        if None in pair:
            run.append(pair)
            continue
        if run:
            if any(one is None for one, _ in run) and any(two is None for _, two in run):
                return None
            first = run[0][0] is not None
            found.append(Group(first, tuple(place for one, two in run if (place := one if first else two) is not None)))
            run = []
    return found if 0 < len(found) <= MOST_OPTIONAL else None


def lay_out(one: Routine, two: Routine, pairs: Sequence[Pair], groups: Sequence[Group]) -> Layout | None:
    """One function for two; `None` if values do not go the same ways in both."""
    for choice in _choices(one, two, groups):
        found = _Merger(one, two, pairs, groups, choice).merge()
        if found is not None:
            return found
    return None


def _choices(one: Routine, two: Routine, groups: Sequence[Group]) -> Iterator[tuple[Ref, ...]]:
    """For each group, one of the values that it takes: the one that goes on unchanged where the group is left out."""
    listed: list[list[Ref]] = []
    for group in groups:
        steps = [(one if group.first else two).steps[place] for place in group.places]
        inside = {step.uid for step in steps}
        reads = [ref for step in steps for ref in step.reads() if ref.source not in inside]
        listed.append(list(dict.fromkeys(reads)))

    def combine(rest: list[list[Ref]]) -> Iterator[tuple[Ref, ...]]:
        if not rest:
            yield ()
            return
        for ref in rest[0]:
            for others in combine(rest[1:]):
                yield (ref, *others)

    return combine(listed)


class _Merger:
    """Goes through two functions side by side.

    Args:
        one: A function.
        two: Another one.
        pairs: Their steps beside each other.
        groups: The steps that only one has.
        choice: For each group, the value that goes on unchanged without it.
    """

    def __init__(
        self, one: Routine, two: Routine, pairs: Sequence[Pair], groups: Sequence[Group], choice: Sequence[Ref]
    ) -> None:
        self.routines = (one, two)
        self.pairs = pairs
        self.groups = groups
        self.choice = choice
        # What each value is in the whole: in the function that does without a group there is more than one answer.
        self.known: tuple[dict[Ref, list[Ref]], dict[Ref, list[Ref]]] = ({}, {})
        for side, routine in enumerate(self.routines):
            for number in range(routine.inputs):
                self.known[side][Ref(-1 - number)] = [Ref(-1 - number)]
        self.next = 1

    def merge(self) -> Layout | None:
        """The whole; `None` if values do not go the same ways."""
        whole: list[Step] = []
        pending = iter(zip(self.groups, self.choice))
        position = 0
        numbered = 0
        while position < len(self.pairs):
            i, j = self.pairs[position]
            if i is not None and j is not None:
                step = self.both(self.routines[0].steps[i], self.routines[1].steps[j])
                if step is None:
                    return None
                whole.append(step)
                position += 1
                continue
            group, kept = next(pending)
            made = self.optional(group, kept, numbered)
            if made is None:
                return None
            whole.append(made)
            numbered += 1
            position += len(group.places)
        results = [self.known[side].get(_ref(routine.result), []) for side, routine in enumerate(self.routines)]
        common = [ref for ref in results[0] if ref in results[1]]
        if not common:
            return None
        return Layout(tuple(self.pairs), tuple(whole), common[-1], tuple(self.groups))

    def number(self) -> int:
        """A number for a step of the whole."""
        self.next += 1
        return self.next - 1

    def both(self, one: Step, two: Step) -> Step | None:
        """A step that both have: it takes the same values in both."""
        chosen: dict[Ref, Ref] = {}
        for mine, other in zip(one.reads(), two.reads(), strict=False):
            common = [ref for ref in self.known[0].get(mine, []) if ref in self.known[1].get(other, [])]
            if not common or chosen.get(mine, common[-1]) != common[-1]:
                return None
            chosen[mine] = common[-1]
        numbers = self.renumbered(one)
        for side, step in ((0, one), (1, two)):
            for path in {(), *step.outputs}:
                self.known[side][Ref(step.uid, path)] = [Ref(numbers[one.uid], path)]
        return _moved(one, numbers, chosen)

    def renumbered(self, step: Step) -> dict[int, int]:
        """Numbers for a step and those inside it."""
        return {inner.uid: self.number() for inner in every_step([step])}

    def optional(self, group: Group, kept: Ref, number: int) -> Step | None:
        """An `if` around steps that only one has."""
        side = 0 if group.first else 1
        steps = [self.routines[side].steps[place] for place in group.places]
        body = []
        own: dict[Ref, Ref] = {}
        for step in steps:
            chosen = {}
            for ref in step.reads():
                found = own.get(ref) or next(reversed(self.known[side].get(ref, [])), None)
                if found is None:
                    return None
                chosen[ref] = found
            numbers = self.renumbered(step)
            body.append(_moved(step, numbers, chosen))
            for path in {(), *step.outputs}:
                own[Ref(step.uid, path)] = Ref(numbers[step.uid], path)
        last = Ref(steps[-1].uid, steps[-1].outputs[0] if steps[-1].outputs else ())
        used = self.used_behind(side, group)
        if used - {last}:
            return None
        unchanged = self.known[side][kept][-1]
        uid = self.number()
        made = Step(uid, StepKind.IF, Variable(f"?when{number}"), (unchanged,), body=tuple(body), result=own[last])
        self.known[side][last] = [Ref(uid)]
        other = self.known[1 - side]
        for ref, answers in other.items():
            if unchanged in answers:
                other[ref] = [*answers, Ref(uid)]
        return made

    def used_behind(self, side: int, group: Group) -> set[Ref]:
        """The values of a group that steps behind it take."""
        routine = self.routines[side]
        inside = {routine.steps[place].uid for place in group.places}
        behind = routine.steps[group.places[-1] + 1 :]
        used = {ref for step in behind for ref in step.reads() if ref.source in inside}
        result = _ref(routine.result)
        return used | ({result} if result.source in inside else set())


def _ref(tree: Tree) -> Ref:
    assert isinstance(tree, Ref)
    return tree


def _moved(step: Step, numbers: dict[int, int], chosen: dict[Ref, Ref]) -> Step:
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
        (("ZeroPadding", "Cropping"), "pad"), (("Dropout",), "dropout"), (("Pooling",), "pool"), (("UpSampling",), "upsample"),
        (("squeeze_excite",), "squeeze"),
    ):  # fmt: skip
        if any(name.startswith(words) or name.endswith(words) or words[0] in name for name in classes):
            return found
    if any("Conv" in name or name == "Dense" for name in classes):
        return "project" if kept else "expand"
    if classes and classes[0] in ("Activation", "ReLU"):
        return "activate"
    return "normalize" if "BatchNormalization" in classes else "extra"


def unify_calls(
    layout: Layout, pair: tuple[Routine, Routine], calls: Sequence[tuple[int, Mapping[str, Tree]]]
) -> tuple[Unified, list[Tree]]:
    """The whole with variables for all that differs between the calls of two functions.

    Args:
        layout: The whole.
        pair: The two functions.
        calls: For each call, which of the two it calls, and with what arguments.

    Raises:
        CannotUnify: The calls differ in more than values.
    """
    flat = [inner for step in layout.whole for inner in (step.body if step.kind is StepKind.IF else (step,))]
    windows: list[list[Step | None]] = []
    for side, arguments in calls:
        window: list[Step | None] = []
        for places, step in zip(layout.pairs, flat, strict=True):
            place = places[side]
            window.append(None if place is None else _instance(pair[side].steps[place], step, arguments))
        windows.append(window)
    unified = unify(windows, {}, split=False, closed=True)
    conditions = []
    for group in layout.groups:
        there = tuple(Plain(group.first is (side == 0)) for side, _ in calls)
        conditions.append(_condition(unified, there, group, pair))
    steps = iter(unified.steps)
    whole = []
    number = 0
    for step in layout.whole:
        if step.kind is StepKind.IF:
            body = tuple(next(steps) for _ in step.body)
            whole.append(replace(step, callee=conditions[number], body=body))
            number += 1
        else:
            whole.append(next(steps))
    unified.steps = tuple(whole)
    return unified, conditions


def _condition(unified: Unified, there: tuple[Plain, ...], group: Group, pair: tuple[Routine, Routine]) -> Tree:
    """When the steps of a group are there: where some number is large, or where a parameter of its own says so."""
    for index, column in enumerate(unified.columns):
        numbers = [value.value for value in column if isinstance(value, Plain) and type(value.value) in (int, float)]
        if unified.keys[index] == "strides" and len(numbers) == len(column):
            with_it = [number for number, here in zip(numbers, there) if here.value]
            without = [number for number, here in zip(numbers, there) if not here.value]
            if with_it and without and min(with_it) > max(without):  # type: ignore[type-var]
                return Object("more", (("value", Variable(f"?{index}")), ("than", Plain(max(without)))))  # type: ignore[type-var]
    known = next((index for index, column in enumerate(unified.columns) if column == there), None)
    if known is None:
        routine = pair[0 if group.first else 1]
        steps = [routine.steps[place] for place in group.places]
        last = {step.uid for step in steps}
        merged = any(
            len(set(step.reads())) > 1 and any(ref.source in last for ref in step.reads())
            for step in routine.steps[group.places[-1] + 1 :]
        )
        known = len(unified.columns)
        unified.columns.append(there)
        unified.keys.append(flag_word(steps, merged))
        unified.owners.append("flag")
        unified.places.append(steps[0].uid)
    return Variable(f"?{known}")


def _instance(step: Step, whole: Step, arguments: Mapping[str, Tree]) -> Step:
    """A step of a function as one call of it makes it, with the values of the whole."""
    places: dict[Ref, Ref] = {}
    for mine, other in zip(step.reads(), whole.reads(), strict=True):
        if places.setdefault(mine, other) != other:
            raise CannotUnify("values go other ways")
    inside = dict(zip((one.uid for one in every_step([step])), (one.uid for one in every_step([whole]))))

    def change(tree: Tree) -> Tree | None:
        match tree:
            case Ref():
                return places.get(tree) or (Ref(inside[tree.source], tree.path) if tree.source in inside else None)
            case Variable(name=name):
                return arguments.get(name)
            case Scaled(factor=factor, variable=variable):
                value = arguments.get(variable.name)
                if value is None:
                    return None
                if isinstance(value, Plain) and isinstance(value.value, int):
                    return Plain(factor * value.value)
                raise CannotUnify("a multiple of what is no number")
            case Text(parts=parts):
                return Text(tuple(piece for part in parts for piece in _pieces(part, arguments)))
        return None

    def renumbered(one: Step) -> Step:
        result = change(one.result) if one.result else None
        return replace(
            map_all(replace(one, body=()), change),
            uid=inside[one.uid],
            body=tuple(renumbered(inner) for inner in one.body),
            result=result if isinstance(result, Ref) else one.result,
        )

    made = renumbered(step)

    def whole_names(tree: Tree) -> Tree | None:
        return _joined(tree) if isinstance(tree, Text) else None

    return map_all(made, whole_names)


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
