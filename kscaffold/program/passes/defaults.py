"""Arguments that most calls of a function give become defaults, and those in front need no names.

def block(x, filters, strides): …                  def block(x, filters, strides=1): …
x = block(x, filters=64, strides=1)                x = block(x, 64)
"""

from dataclasses import replace

from kscaffold.program.repeats.cost import Signatures
from kscaffold.program.value import Program, Routine

ORDER = 80


def apply(program: Program) -> Program:
    """A program with defaults for parameters that are mostly the same, and calls without those."""
    signatures = Signatures(program.routines)

    def written(routine: Routine) -> Routine:
        steps = tuple(map(signatures.written, routine.steps))
        return replace(routine, steps=steps, parameters=signatures.found[routine.name])

    return Program(tuple(map(written, program.routines)))
