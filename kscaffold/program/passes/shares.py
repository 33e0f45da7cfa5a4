"""Rates that grow evenly from block to block are said by the numbers of the blocks.

x = block(x, rate=0.0125)                          x = block(x, rate=0.2 * 1 / 16)
x = block(x, rate=0.025)                           x = block(x, rate=0.2 * 2 / 16)
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from kscaffold.program.tree import Arithmetic, Plain, Tree
from kscaffold.program.value import Program, Step, StepKind

ORDER = 50
RATE = "rate"
LEAST_RATES = 4  # different ones, before they are taken for shares of one
LONG = len("0.12345")  # more digits than somebody would write
LARGEST = [place / 20 for place in range(1, 21)]  # rates that somebody may have chosen for the last block


def apply(program: Program) -> Program:
    """A program in which functions are given rates as the shares that they are, if some of them are long."""
    steps = [step for routine in program.routines for step in routine.steps if step.kind is StepKind.INVOKE]
    given = [value.value for step in steps for key, value in step.kwargs if key == RATE and isinstance(value, Plain)]
    shares = _shares(sorted({rate for rate in given if isinstance(rate, float) and rate > 0}))
    if not any(len(repr(rate)) > LONG for rate in given if Plain(rate) in shares):
        return program

    def written(step: Step) -> Step:
        return replace(
            step, kwargs=tuple((key, shares.get(value, value) if key == RATE else value) for key, value in step.kwargs)
        )

    return Program(tuple(replace(routine, steps=tuple(map(written, routine.steps))) for routine in program.routines))


def _shares(rates: Sequence[float]) -> Mapping[Tree, Tree]:
    """What most rates are shares of, by the rates: that of the block `i` is `largest * i / blocks`."""
    if len(rates) < LEAST_RATES:
        return {}
    least = min(two - one for one, two in pairwise(rates))
    for largest in LARGEST:
        blocks = round(largest / least)
        numbers = {rate: round(rate * blocks / largest) for rate in rates}
        found: dict[Tree, Tree] = {
            Plain(rate): Arithmetic(Arithmetic(Plain(largest), "*", Plain(number)), "/", Plain(blocks))
            for rate, number in numbers.items()
            if 0 < number < blocks and largest * number / blocks == rate  # to the last bit
        }
        # Some other rate, such as that in front of the last layer, may be of another kind.
        if len(found) >= max(LEAST_RATES, len(rates) - 2):
            return found
    return {}
