"""Numbers of filters that follow from what a function takes: `6 * x.shape[-1]` is no parameter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kscaffold.program.passes.arguments import variables_in, with_names
from kscaffold.program.passes.channels import Called, every_call
from kscaffold.program.passes.cost import SIZES, is_size, total
from kscaffold.program.passes.rewriting import map_all, with_trees
from kscaffold.program.tree import Object, Plain, Ref, Scaled, Tree, Variable, walk
from kscaffold.program.value import Parameter, Routine, Step, StepKind, every_step

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
    return listed


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
        elif flag is None and (expansion := _expansion(routine, calls, column, given)):
            flag, factors = expansion
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
            steps = with_trees(steps, {Variable(name): tree})
            del widths[name]
    changed = replace(routine, parameters=tuple(parameters), steps=steps, widths=tuple(widths.items()))
    return _Change(changed, frozenset({*dropped, flag} if flag else dropped), factors, names)


def _numbers(name: str, calls: Sequence[Called]) -> list[int] | None:
    """A size in each call; `None` if one is not known."""
    found = [call.arguments.get(name) for call in calls]
    numbers = [value.value for value in found if isinstance(value, Plain) and type(value.value) is int]
    return numbers if len(numbers) == len(found) else None


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
    used = list(_uses_of(name, steps))
    return len(used) == 1 and used[0][1] == Variable(name) and used[0][0].args == (GIVEN,)


def _uses_of(name: str, steps: Iterable[Step]) -> Iterator[tuple[Step, Tree]]:
    """Where steps use a variable, alone or in a multiple."""
    for step in every_step(steps):
        for tree in (step.callee, *step.trees):
            for part in walk(tree):
                variable = part.variable if isinstance(part, Scaled) else part
                if isinstance(variable, Variable) and variable.name == name:
                    yield step, part


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
        free = word in widths or all(item.name != word for item in routine.parameters)
        if len(left) == 1 and left[0] != word and free:
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
