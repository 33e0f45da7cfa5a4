"""Functions that are called once, or twice for nothing, go back to where they are called.

def conv(x, filters, name): …
x = conv(x, 64, name="stem")                       x = layers.Conv2D(64, 3, name="stem")(x)
"""

from kscaffold.program.repeats.cost import FUNCTION_LINES, program_lines
from kscaffold.program.repeats.instances import with_arguments
from kscaffold.program.repeats.search import Draft
from kscaffold.program.steps import with_trees
from kscaffold.program.tree import Ref
from kscaffold.program.value import Program, Routine, StepKind

ORDER = 40
MOST_CALLS = 2
LOOKED_UP = FUNCTION_LINES + 2  # lines that a function counts for besides its own, because a reader has to look it up


def apply(program: Program) -> Program:
    """A program without functions that are called so seldom that it is not longer without them."""
    for routine in program.routines:
        current = next(one for one in program.routines if one.name == routine.name)
        calls = Draft(program).calls_of([routine.name])
        has_conditions = any(step.kind is StepKind.IF for step in current.steps)
        if routine.model is None and routine.steps and 1 <= len(calls) <= MOST_CALLS and not has_conditions:
            inlined = _inlined(program, current)
            if len(calls) == 1 or _length(inlined) < _length(program):
                program = inlined
    return program


def _length(program: Program) -> int:
    return program_lines(program.routines) + LOOKED_UP * sum(routine.model is None for routine in program.routines)


def _inlined(program: Program, routine: Routine) -> Program:
    """A program with the steps of a function in the place of its calls."""
    assert isinstance(routine.result, Ref)
    draft = Draft(program)
    while calls := draft.calls_of([routine.name]):
        call = calls[0]
        steps, numbers = draft.fresh(with_arguments(routine.steps, dict(call.kwargs)))
        steps = with_trees(steps, {Ref(-1 - number): value for number, value in enumerate(call.args)})
        given = Ref(numbers[routine.result.source], routine.result.path)
        draft.rewrite({draft.steps.steps.index(call): steps}, 1, {Ref(call.uid): given})
        draft.read()
    return Program(tuple(one for one in draft.routines if one.name != routine.name))
