"""Sizes that follow from what a function takes are not parameters of it.

def block(x, wide, filters): …                     def block(x, filters, expansion=6):
x = block(x, 96, 24)                                   expanded_filters = expansion * x.shape[-1]
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kscaffold.base.choices import Style
from kscaffold.program.repeats.channels import Called, every_call
from kscaffold.program.repeats.cost import SIZES, is_size, program_lines
from kscaffold.program.repeats.derive import Numbers, ratio, scaled, whole_numbers
from kscaffold.program.repeats.instances import renamed
from kscaffold.program.steps import free_variables
from kscaffold.program.tree import Arithmetic, Channels, Plain, Ref, Tree, Variable
from kscaffold.program.value import Parameter, Program, Routine, Step, StepKind

ORDER = 45
STYLES = (Style.FUNCTIONAL, Style.SEQUENTIAL)  # classes make layers before there is a value that could tell sizes
LEAST_CALLS = 4
GIVEN = Channels(Ref(-1))
EXPANSION = "expansion"  # by how much a block widens what it takes


def apply(program: Program) -> Program:
    """A program whose functions find sizes out where those follow from the value that they take."""
    calls = every_call(program.routines)
    for routine in program.routines:
        known = calls[routine.name]
        if routine.model is None and len(known) >= LEAST_CALLS and all(one.given for one in known):
            current = next(one for one in program.routines if one.name == routine.name)
            program = _with_widths(program, current, known)
    return program


def _lines(program: Program) -> int:
    return program_lines(program.routines) + sum(len(routine.widths) for routine in program.routines)


def _with_widths(program: Program, routine: Routine, calls: Sequence[Called]) -> Program:
    """A program in which a function finds sizes out that follow from what it takes, if it is shorter then."""
    given, result = [call.given for call in calls], [call.result for call in calls]
    sizes = [item.name for item in routine.parameters if is_size(item.name)]
    numbers = {name: whole_numbers([call.arguments[name] for call in calls]) for name in sizes}
    columns = {name: column for name, column in numbers.items() if column}
    widths: dict[str, Tree] = {}
    flag = ""
    factors: dict[int, int] = {}
    for name, column in sorted(columns.items(), key=lambda item: item[1] == result):
        if len(widths) == len(columns) - 1:
            break  # one number says how wide the block is
        found = ratio(column, given)
        if found:
            widths[name] = GIVEN if found == (1, False) else scaled(GIVEN, *found)
        elif not flag and (expansion := _expansion(routine, calls, column)):
            flag, factors = expansion
            widths[name] = Arithmetic(Variable(EXPANSION), "*", GIVEN)
    if not widths:
        return program
    names, dropped = _new_names(routine, widths), {*widths, flag}
    steps = routine.steps
    if flag:
        more = Arithmetic(Variable(EXPANSION), ">", Plain(1))
        steps = tuple(replace(step, callee=more) if step.callee == Variable(flag) else step for step in steps)
    steps = renamed(steps, names)
    widths = {names.get(name, name): tree for name, tree in widths.items()}
    listed = [names.get(item.name, item.name) for item in routine.parameters if item.name not in dropped]
    parameters = tuple(map(Parameter, [*listed, *([EXPANSION] if flag else [])]))
    made = replace(routine, parameters=parameters, steps=steps, widths=tuple(widths.items()))

    def called(step: Step) -> Step:
        kwargs = step.kwargs
        if step.kind is StepKind.INVOKE and step.class_name == routine.name:
            kwargs = tuple((names.get(key, key), value) for key, value in kwargs if key not in dropped)
            kwargs += ((EXPANSION, Plain(factors[step.uid])),) if factors else ()
        return replace(step, kwargs=kwargs, body=tuple(map(called, step.body)))

    routines = (made if one is routine else one for one in program.routines)
    changed = Program(tuple(replace(one, steps=tuple(map(called, one.steps))) for one in routines))
    return changed if _lines(changed) - len(dropped) < _lines(program) else program


def _expansion(routine: Routine, calls: Sequence[Called], column: Numbers) -> tuple[str, dict[int, int]] | None:
    """The flag that says whether a block widens what it takes, and by how much each call does."""
    times = [ratio([one], [call.given]) or (0, True) for one, call in zip(column, calls)]
    factors = {call.site: factor for call, (factor, _) in zip(calls, times)}
    if any(divides or factors[call.site] != factor for call, (factor, divides) in zip(calls, times)):
        return None
    wider = [Plain(factor > 1) for factor, _ in times]
    for item in routine.parameters:
        if [call.arguments.get(item.name) for call in calls] == wider and _decides_alone(routine, item.name):
            return item.name, factors
    return None


def _decides_alone(routine: Routine, flag: str) -> bool:
    """Whether a parameter says when steps are there, and nothing else."""
    conditions = sum(step.kind is StepKind.IF and step.callee == Variable(flag) for step in routine.steps)
    return list(free_variables(routine.steps)).count(flag) == conditions


def _new_names(routine: Routine, widths: Mapping[str, Tree]) -> dict[str, str]:
    """Names that fit now: `filters` for the only number of filters that is left."""
    names: dict[str, str] = {}
    for word in SIZES:
        left = [item.name for item in routine.parameters if item.name.endswith(word) and item.name not in widths]
        free = word in widths or all(item.name != word for item in routine.parameters)
        if len(left) == 1 and left[0] != word and free:
            names[left[0]] = word
    words = {"//": "reduced", "*": "expanded"}
    kinds = {name: words[tree.operator] if isinstance(tree, Arithmetic) else "input" for name, tree in widths.items()}
    return names | {name: f"{kind}_{name}" for name, kind in kinds.items() if name in SIZES}
