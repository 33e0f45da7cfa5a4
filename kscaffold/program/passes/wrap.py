"""What is repeated around functions and loops becomes a function, too.

x = block(x, 64, name="a1")                        x = stage(x, 64, name="a")
x = block(x, 64, name="a2") …                      x = stage(x, 32, name="b")
"""

from kscaffold.program.repeats.functions import Functions
from kscaffold.program.value import Program

ORDER = 70


def apply(program: Program) -> Program:
    """A program with functions that do little but call others; calls of them that follow each other are loops."""
    draft = Functions(program, wraps=True)
    while draft.make_best():
        pass
    return draft.program
