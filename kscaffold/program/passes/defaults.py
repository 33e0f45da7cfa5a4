"""How functions are called in the end: defaults of their parameters, and which arguments are given by position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from kscaffold.program.passes.arguments import is_constant
from kscaffold.program.passes.cost import DIGITS, PLACED, is_placed, is_size, lines_of
from kscaffold.program.tree import Listing, Object, Plain, Tree, Variable
from kscaffold.program.value import Parameter, Routine, Step, StepKind

OFF = Plain(0.0)  # what switches steps off is a default however seldom it is given
Defaults = Mapping[str, Mapping[str, Tree]]


def with_defaults(routines: Sequence[Routine]) -> list[Routine]:
    """Routines with defaults for parameters that are mostly the same, and calls without those."""
    defaults = defaults_of(routines)
    signatures = {routine.name: _signature(routine, defaults[routine.name]) for routine in routines}
    return [
        replace(
            routine,
            steps=tuple(_shortened(step, signatures, defaults, 4) for step in routine.steps),
            parameters=tuple(Parameter(name, defaults[routine.name].get(name)) for name in signatures[routine.name]),
        )
        for routine in routines
    ]


def defaults_of(routines: Sequence[Routine]) -> dict[str, dict[str, Tree]]:
    """The defaults of each function: what most of its calls give."""
    calls: dict[str, list[tuple[dict[str, Tree], int]]] = {}
    for routine in routines:
        for step, rounds in _calls(routine.steps):
            calls.setdefault(step.class_name, []).append((dict(step.kwargs), rounds))
    return {routine.name: _usual(routine, calls.get(routine.name, ())) for routine in routines}


def _calls(steps: Iterable[Step], rounds: int = 1) -> Iterator[tuple[Step, int]]:
    """The calls of functions, each with how often a loop around it makes it."""
    for step in steps:
        if step.kind is StepKind.INVOKE:
            yield step, rounds
        yield from _calls(step.body, rounds * (_rounds(step.callee) if step.kind is StepKind.LOOP else 1))


def _rounds(over: Tree) -> int:
    """How often a loop goes round; once where that is not known."""
    if isinstance(over, Listing):
        return len(over.items)
    if isinstance(over, Plain) and isinstance(over.value, str):
        return len(over.value)
    given = dict(over.keywords) if isinstance(over, Object) else {}
    if "over" in given:
        return _rounds(given["over"])
    first, last = given.get("first", Plain(1)), given.get("last", given.get("count"))
    if isinstance(first, Plain) and isinstance(last, Plain):
        if isinstance(first.value, int) and isinstance(last.value, int):
            return abs(last.value - first.value) + 1
    return 1


def _usual(routine: Routine, calls: Sequence[tuple[Mapping[str, Tree], int]]) -> dict[str, Tree]:
    """The defaults of a function: what most calls give, those in loops for each round."""
    found: dict[str, Tree] = {}
    for item in routine.parameters:
        values = [(given[item.name], rounds) for given, rounds in calls if item.name in given]
        if is_size(item.name) or item.name.endswith("name") or len({value for value, _ in values}) < 2:
            continue
        written = Counter(value for value, _ in values if is_constant(value))
        if not written:
            continue
        # Of two that are written as often, it is that which the program uses more often.
        used: Counter[Tree] = Counter()
        for value, rounds in values:
            used[value] += rounds
        usual = OFF if OFF in written else max(written, key=lambda value: (written[value], used[value]))
        # What is a variable at half of the places is better no default.
        least = len(values) / 2 if written.total() == len(values) else (len(values) + 1) / 2
        if usual == OFF or written[usual] >= least:
            found[item.name] = usual
    return found


def _signature(routine: Routine, usual: Mapping[str, Tree]) -> list[str]:
    """The parameters of a function in their order, those with defaults behind the others."""
    names = [item.name for item in sorted(routine.parameters, key=lambda item: _by_meaning(item.name))]
    return sorted(names, key=lambda name: name in usual)


def _by_meaning(name: str) -> int:
    """Sizes first, as Keras has them, and names last."""
    if is_placed(name):
        return PLACED.index(next(word for word in PLACED if name.rstrip(DIGITS).endswith(word))) - len(PLACED)
    return 3 if name.endswith("name") else 2 if name in ("strides", "repeats") else 1


def _shortened(step: Step, signatures: Mapping[str, Sequence[str]], defaults: Defaults, indent: int) -> Step:
    """A step without arguments that are defaults, with those in front that need no names."""
    step = replace(step, body=tuple(_shortened(inner, signatures, defaults, indent + 4) for inner in step.body))
    if step.kind is not StepKind.INVOKE:
        return step
    usual, given = defaults[step.class_name], dict(step.kwargs)
    required = [name for name in signatures[step.class_name] if name not in usual]
    listed = [name for name in signatures[step.class_name] if given[name] != usual.get(name)]
    by_meaning = sorted(listed, key=_by_meaning)

    def called(placed: Sequence[str]) -> Step:
        kwargs = tuple((name, given[name]) for name in by_meaning if name not in placed)
        return replace(step, args=(*step.args, *(given[name] for name in placed)), kwargs=kwargs)

    def lines(one: Step) -> int:
        return lines_of(replace(one, kind=StepKind.NAMED), indent)  # whose arguments count with their names

    usually = called(list(takewhile(is_placed, required)))
    if lines(usually) == 1:
        return usually
    # A variable that is called as the parameter says as much by itself.
    shorter = called(list(takewhile(lambda name: is_placed(name) or given[name] == Variable(name), required)))
    return min(usually, shorter, key=lines)
