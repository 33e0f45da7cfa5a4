"""Numbers of filters that follow from what a function takes: `6 * x.shape[-1]` is no parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kscaffold.factor.arguments import variables_in, with_names
from kscaffold.factor.channels import Called, every_call
from kscaffold.factor.cost import SIZES, is_size, total
from kscaffold.factor.program import Parameter, Routine, Step, StepKind, every_step
from kscaffold.factor.unify import map_all
from kscaffold.saved.tree import Object, Plain, Ref, Scaled, Tree, Variable, walk

LEAST_CALLS = 4
LARGEST_FACTOR = 8
LARGEST_DIVISOR = 32
GIVEN = Ref(-1)
EXPANSION = "expansion"  # by how much a block widens what it takes


@dataclass(frozen=True)
class _Change:
    """What becomes of a function and of its calls.

    Attributes:
        routine: The function.
        dropped: Parameters that it does without.
        factors: For each call, by how much it widens what it takes, if the function is told that instead.
        names: New names for parameters.
    """

    routine: Routine
    dropped: frozenset[str]
    factors: Mapping[int, int]
    names: Mapping[str, str]


def with_widths(routines: Sequence[Routine]) -> list[Routine]:
    """Routines that find out sizes themselves where those follow from the value that they take."""
    calls = every_call(routines)
    listed = list(routines)
    for place, routine in enumerate(routines):
        known = calls.get(routine.name, [])
        if routine.model is None and len(known) >= LEAST_CALLS and all(one.given for one in known):
            change = _change(listed[place], known)
            changed = [change.routine if number == place else one for number, one in enumerate(listed)]
            changed = [replace(one, steps=tuple(_called(step, change) for step in one.steps)) for one in changed]
            if change.dropped and _lines(changed) <= _lines(listed):
                listed = changed
    for place in range(len(listed)):
        listed = _with_whole_sizes(listed, place)
    return listed


def _with_whole_sizes(routines: list[Routine], place: int) -> list[Routine]:
    """Routines in which one is given four times a size where it needs nothing but four times that."""
    routine = routines[place]
    for item in routine.parameters if routine.model is None else ():
        if not is_size(item.name):
            continue
        used = [
            part
            for step in every_step(routine.steps)
            for tree in (step.callee, *step.trees, *(tree for _, tree in routine.widths))
            for part in walk(tree)
            if item.name in (getattr(part, "name", ""), getattr(getattr(part, "variable", None), "name", ""))
        ]
        scaled = [part for part in used if isinstance(part, Scaled) and not part.divides]
        factors = {part.factor for part in scaled}
        calls = [
            dict(step.kwargs)[item.name]
            for one in routines
            for step in every_step(one.steps)
            if step.kind is StepKind.INVOKE and step.class_name == routine.name
        ]
        # A multiple is followed by the variable that is in it.
        if len(factors) != 1 or len(used) != 2 * len(scaled) or not all(isinstance(call, Plain) for call in calls):
            continue
        factor = factors.pop()
        keys = [
            key
            for step in every_step(routine.steps)
            if step.kind is StepKind.INVOKE
            for key, value in step.kwargs
            if value in scaled
        ]
        taken = {one.name for one in routine.parameters} | {name for name, _ in routine.widths}
        name = keys[0] if len(set(keys)) == 1 and keys[0] not in taken else item.name
        whole = {scaled[0]: Variable(name)}
        changed = replace(
            routine,
            parameters=tuple(replace(one, name=name) if one == item else one for one in routine.parameters),
            steps=tuple(map_all(step, lambda tree: whole.get(tree)) for step in routine.steps),  # type: ignore
        )

        def called(step: Step, old: str = item.name) -> Step:
            step = replace(step, body=tuple(called(inner) for inner in step.body))
            if step.kind is not StepKind.INVOKE or step.class_name != routine.name:
                return step
            pairs = ((name, _times(value, factor)) if key == old else (key, value) for key, value in step.kwargs)
            return replace(step, kwargs=tuple(pairs))

        routines = [changed if number == place else one for number, one in enumerate(routines)]
        return [replace(one, steps=tuple(called(step) for step in one.steps)) for one in routines]
    return routines


def _times(value: Tree, factor: int) -> Plain:
    assert isinstance(value, Plain) and isinstance(value.value, int)
    return Plain(factor * value.value)


def _lines(routines: Sequence[Routine]) -> int:
    return sum(total(routine.steps) + len(routine.widths) for routine in routines)


def _change(routine: Routine, calls: Sequence[Called]) -> _Change:
    """A function without the sizes that follow from what it takes."""
    given = [call.given or 0 for call in calls]
    result = [call.result for call in calls]
    columns = {
        item.name: found
        for item in routine.parameters
        if is_size(item.name) and (found := _numbers(item.name, calls)) is not None
    }
    widths: dict[str, Tree] = {}
    factors: dict[int, int] = {}
    flag: str | None = None
    for name, column in sorted(columns.items(), key=lambda item: item[1] == result):
        if len(widths) == len(columns) - 1:
            break  # one number says how wide the block is
        one, divides = _ratio(column, given)
        if one:
            widths[name] = _width(Plain(one), divides)
        elif flag is None and (found := _expansion(routine, calls, column, given)):
            flag, factors = found
            widths[name] = _width(Variable(EXPANSION), False)
    if not widths:
        return _Change(routine, frozenset(), {}, {})
    names, dropped = _new_names(routine, widths), list(widths)
    parameters = [item for item in routine.parameters if item.name not in (*widths, flag)]
    parameters = [Parameter(names.get(item.name, item.name)) for item in parameters]
    steps = routine.steps
    if flag:
        parameters.append(Parameter(EXPANSION))
        more = Object("more", (("value", Variable(EXPANSION)), ("than", Plain(1))))
        steps = tuple(
            replace(step, callee=more) if step.kind is StepKind.IF and step.callee == Variable(flag) else step
            for step in steps
        )
    steps = tuple(map_all(step, lambda tree: with_names(tree, names)) for step in steps)
    widths = {names.get(name, name): tree for name, tree in widths.items()}
    for name, tree in list(widths.items()):
        if _is_used_at_once(steps, name):
            in_place = {Variable(name): tree}
            steps = tuple(map_all(step, lambda part, found=in_place: found.get(part)) for step in steps)
            del widths[name]
    changed = replace(routine, parameters=tuple(parameters), steps=steps, widths=tuple(widths.items()))
    return _Change(changed, frozenset({*dropped, flag} if flag else dropped), factors, names)


def _numbers(name: str, calls: Sequence[Called]) -> list[int] | None:
    """A size in each call; `None` if one is not known."""
    found = [call.arguments.get(name) for call in calls]
    numbers = [value.value for value in found if isinstance(value, Plain) and type(value.value) is int]
    return numbers if len(numbers) == len(found) else None  # type: ignore[return-value]


def _ratio(column: Sequence[int], given: Sequence[int]) -> tuple[int, bool]:
    """By what all of some numbers are to be multiplied or divided to get others; nothing if they are not alike."""
    if all(one % two == 0 for one, two in zip(column, given)):
        times = {one // two for one, two in zip(column, given)}
        if len(times) == 1 and max(times) <= LARGEST_FACTOR:
            return times.pop(), False
    if all(one and two % one == 0 for one, two in zip(column, given)):
        parts = {two // one for one, two in zip(column, given)}
        if len(parts) == 1 and max(parts) <= LARGEST_DIVISOR:
            return parts.pop(), True
    return 0, False


def _expansion(
    routine: Routine, calls: Sequence[Called], column: Sequence[int], given: Sequence[int]
) -> tuple[str, dict[int, int]] | None:
    """The flag that says whether a block widens what it takes, and by how much each call does."""
    if not all(one % two == 0 and one // two <= LARGEST_FACTOR for one, two in zip(column, given)):
        return None
    times = [one // two for one, two in zip(column, given)]
    factors = {call.site: number for call, number in zip(calls, times)}
    if any(factors[call.site] != number for call, number in zip(calls, times)):
        return None
    wider = [Plain(number > 1) for number in times]
    for item in routine.parameters:
        if [call.arguments.get(item.name) for call in calls] == wider and _decides_alone(routine, item.name):
            return item.name, factors
    return None


def _is_used_at_once(steps: Sequence[Step], name: str) -> bool:
    """Whether a size is needed in a single place, by a layer that takes what the function takes."""
    used = [
        (step, part)
        for step in every_step(steps)
        for tree in (step.callee, *step.trees)
        for part in walk(tree)
        if name in (getattr(part, "name", ""), getattr(getattr(part, "variable", None), "name", ""))
    ]
    return len(used) == 1 and used[0][1] == Variable(name) and used[0][0].args == (GIVEN,)


def _decides_alone(routine: Routine, flag: str) -> bool:
    """Whether a parameter says when steps are there, and nothing else."""
    used = 0
    for step in every_step(routine.steps):
        for tree in (step.callee, *step.trees):
            used += sum(part.name == flag for part in variables_in(tree))
    return used == sum(step.kind is StepKind.IF and step.callee == Variable(flag) for step in routine.steps)


def _new_names(routine: Routine, widths: Mapping[str, Tree]) -> dict[str, str]:
    """Names that fit now: `filters` for the only number of filters that is left."""
    names: dict[str, str] = {}
    for word in SIZES:
        left = [item.name for item in routine.parameters if item.name.endswith(word) and item.name not in widths]
        if len(left) == 1 and left[0] != word and all(item.name != word or word in widths for item in routine.parameters):
            names[left[0]] = word
    for name, tree in widths.items():
        if name in SIZES:
            names[name] = f"{_participle(tree)}_{name}"
    return names


def _participle(tree: Tree) -> str:
    given = dict(tree.keywords) if isinstance(tree, Object) else {}
    if given.get("factor") == Plain(1):
        return "input"
    return "reduced" if given.get("divides") == Plain(True) else "expanded"


def _width(factor: Tree, divides: bool) -> Tree:
    return Object("channels", (("of", GIVEN), ("factor", factor), ("divides", Plain(divides))))


def _called(step: Step, change: _Change) -> Step:
    """A step in which calls of a function are as that is now."""
    step = replace(step, body=tuple(_called(inner, change) for inner in step.body))
    if step.kind is not StepKind.INVOKE or step.class_name != change.routine.name:
        return step
    return replace(step, kwargs=tuple(_arguments(step, change)))


def _arguments(step: Step, change: _Change) -> Iterator[tuple[str, Tree]]:
    for key, value in step.kwargs:
        if key not in change.dropped:
            yield change.names.get(key, key), value
    if change.factors:
        yield EXPANSION, Plain(change.factors[step.uid])
