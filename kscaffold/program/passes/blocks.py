"""Steps that are the same but for values become calls of a function; of two functions nearly the same, one is made.

x = layers.Dense(64, name="a_dense")(x) …          x = dense_norm(x, 64, name="a")
x = layers.Dense(32, name="b_dense")(x) …          x = dense_norm(x, 32, name="b", dropout=True)
"""

from itertools import combinations

from kscaffold.program.repeats.cost import FUNCTION_LINES, total
from kscaffold.program.repeats.functions import LEAST_GAIN, Functions
from kscaffold.program.repeats.texts import CannotUnify
from kscaffold.program.repeats.variants import merge
from kscaffold.program.value import Program, Routine

ORDER = 10
BETTER_AS_ONE = 4  # lines that two functions of one kind may be shorter by


def apply(program: Program) -> Program:
    """A program with functions, the most worthwhile first; what is around them is more alike if variants are one."""
    draft = Functions(program, wraps=False)
    while draft.make_best():
        while any(_is_merged(draft, pair) for pair in combinations(draft.routines, 2)):
            pass
    return draft.program


def _is_merged(draft: Functions, pair: tuple[Routine, Routine]) -> bool:
    """Makes one function of two, if that is worthwhile."""
    names = [routine.name for routine in pair]
    calls = draft.calls_of(names)
    if not calls or any(routine.model for routine in pair) or pair[0].inputs != pair[1].inputs:
        return False
    try:
        made, after = merge(draft, pair, [(names.index(step.class_name), step) for step in calls])
    except CannotUnify:
        return False
    before = total(map(draft.signatures.written, (*pair[0].steps, *pair[1].steps, *calls)))
    gain = before - draft.signatures.lines_with(made, after) + FUNCTION_LINES + BETTER_AS_ONE
    if gain < LEAST_GAIN:
        return False
    draft.put(made, names, after)
    return True
