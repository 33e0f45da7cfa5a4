"""What the parameters of a program hold, told from what they are given, as constructor arguments."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from kscaffold.program.argument import FOUND_BY_NAME, Argument, Kind
from kscaffold.program.lift import parameters_given
from kscaffold.program.text import COMPARISONS, literal
from kscaffold.program.tree import NONE, Arithmetic, Either, Listing, Object, Plain, Text, Tree, Variable
from kscaffold.program.value import Parameter, Program, Routine, Step, StepKind
from kscaffold.source.expression import no_value, source
from kscaffold.spec.language.syntax import parse_expression

# The variables of loops: the loop, which of its variables it is, and those of the loops around it.
Rows: TypeAlias = "Mapping[str, tuple[Step, int, Rows]]"
NUMBERS = {int: Kind.INT, float: Kind.FLOAT, bool: Kind.BOOL}


def argument_of(program: Program, routine: Routine, parameter: Parameter) -> Argument:
    """A parameter of a function as an argument of a constructor; the program tells what it is given."""
    if parameter.argument is not None:
        return parameter.argument
    values = list(dict.fromkeys(_given(program, routine, parameter.name)))
    kinds = {_kind(value, parameter.name) for value in values if value != NONE}
    if kinds == {Kind.INT, Kind.FLOAT}:
        kinds = {Kind.FLOAT}
    kind = kinds.pop() if len(kinds) == 1 else Kind.ANY
    default = parameter.default
    if default is not None:  # as specs write it: numbers are literals there
        default = parse_expression(literal(default.value) if isinstance(default, Plain) else source(default, no_value))
    if kind in (Kind.TUPLE, Kind.LIST) and NONE in values and parameter.default != NONE:
        kind = Kind.ANY  # its constructor would make a tuple of None
    return Argument(parameter.name, kind, default)


def _kind(value: Tree, name: str) -> Kind:
    match value:
        case Plain(value=str()):
            return next((kind for kind in FOUND_BY_NAME if name.endswith(kind)), Kind.STR)
        case Plain(value=plain):
            return NUMBERS.get(type(plain), Kind.ANY)
        case Text():
            return Kind.STR
        case Listing(brackets="()"):
            return Kind.TUPLE
        case Arithmetic(operator=operator):
            return Kind.BOOL if operator in COMPARISONS else Kind.FLOAT if operator == "/" else Kind.INT
        case Object(target=target):
            groups = (kind for kind, group in FOUND_BY_NAME.items() if target.startswith(f"keras.{group}."))
            return next(groups, Kind.ANY)
    return Kind.ANY


def _given(program: Program, routine: Routine, parameter: str) -> Iterator[Tree]:
    """The values that a parameter is given anywhere, also by way of other functions, of loops and of conditions."""
    yield from (item.default for item in routine.parameters if item.name == parameter and item.default is not None)
    for caller in program.routines:
        yield from _given_by(program, caller, caller.steps, {}, routine.name, parameter)


def _given_by(
    program: Program, caller: Routine, steps: Sequence[Step], rows: Rows, name: str, parameter: str
) -> Iterator[Tree]:
    for step in steps:
        if step.kind is StepKind.INVOKE and step.class_name == name:
            value = dict(parameters_given(program, step)).get(parameter)
            yield from _resolved(program, caller, rows, value) if value is not None else ()
        inside = {variable: (step, place, rows) for place, variable in enumerate(step.variables)}
        yield from _given_by(program, caller, step.body, {**rows, **inside}, name, parameter)


def _resolved(program: Program, caller: Routine, rows: Rows, value: Tree) -> Iterator[Tree]:
    """What a value may be: those of the variable that it is."""
    if isinstance(value, Variable):
        found = rows.get(value.name)
        yield from _column(program, caller, *found) if found else _given(program, caller, value.name)
    elif isinstance(value, Either):
        for part in (value.then, value.other):
            yield from _resolved(program, caller, rows, part)
    else:
        yield value


def _column(program: Program, caller: Routine, step: Step, place: int, rows: Rows) -> Iterator[Tree]:
    """What a variable of a loop stands for in its rounds."""
    for over in _resolved(program, caller, rows, step.callee):
        if isinstance(over, Listing):
            for row in over.items:
                item = row.items[place] if len(step.variables) > 1 and isinstance(row, Listing) else row
                yield from _resolved(program, caller, rows, item)
        else:
            texts = isinstance(over, Plain) or (isinstance(over, Object) and over.target == "enumerate" and place)
            yield Plain("") if texts else Plain(1)
