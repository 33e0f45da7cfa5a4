"""Rates that grow evenly from block to block: `0.2 * i / 16` instead of a column of long numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from kscaffold.program.passes.rewriting import with_trees
from kscaffold.program.passes.unify import Unified
from kscaffold.program.tree import Object, Plain, Tree, Variable, walk
from kscaffold.program.value import Routine, Step, StepKind, every_step

RATE = "rate"
LEAST_RATES = 4  # different ones, before they are taken for shares of one
LONG = len("0.12345")
LARGEST = [place / 20 for place in range(1, 21)]  # rates that somebody may have chosen for the last block


@dataclass(frozen=True)
class Shares:
    """Rates as shares of one: that of the block `i` is `largest * i / blocks`.

    Attributes:
        largest: The rate that they grow to.
        blocks: In how many steps.
    """

    largest: float
    blocks: int

    def number(self, rate: object) -> int | None:
        """Which share a rate is, to the last bit."""
        if not isinstance(rate, float):
            return None
        number = round(rate * self.blocks / self.largest)
        return number if 0 < number < self.blocks and self.largest * number / self.blocks == rate else None

    def tree(self, number: Tree) -> Tree:
        """The expression for the share with a number."""
        blocks = Plain(self.blocks)
        return Object("share", (("largest", Plain(self.largest)), ("number", number), ("blocks", blocks)))

    def numbers(self, column: Iterable[Tree]) -> list[int] | None:
        """Which shares the rates of a column are; `None` unless those follow each other."""
        found = [self.number(value.value) if isinstance(value, Plain) else None for value in column]
        known = [number for number in found if number is not None]
        return known if len(known) == len(found) and all(b - a == 1 for a, b in pairwise(known)) else None


def shares_of(steps: Iterable[Step]) -> Shares | None:
    """What most rates in a program are shares of, if there is such a thing."""
    rates = {
        value.value
        for step in steps
        for part in walk(step.callee)
        if isinstance(part, Object)
        for key, value in part.keywords
        if key == RATE and isinstance(value, Plain) and isinstance(value.value, float) and value.value > 0
    }
    if len(rates) < LEAST_RATES:
        return None
    least = min(two - one for one, two in pairwise(sorted(rates)))
    for largest in LARGEST:
        shares = Shares(largest, round(largest / least))
        # Some other rate, such as that in front of the last layer, may be of another kind.
        if sum(shares.number(rate) is not None for rate in rates) >= max(LEAST_RATES, len(rates) - 2):
            return shares
    return None


def with_shares(routines: Sequence[Routine], shares: Shares | None) -> list[Routine]:
    """Routines in which calls of functions are given rates as the shares that they are, if some of them are long."""
    given = [value for routine in routines for step in every_step(routine.steps) for _, value in step.kwargs]
    if shares is None or not any(_is_long(value, shares) for value in given):
        return list(routines)

    def written(step: Step) -> Step:
        step = replace(step, body=tuple(written(inner) for inner in step.body))
        if step.kind is not StepKind.INVOKE:
            return step
        return replace(step, kwargs=tuple((key, share(value) if key == RATE else value) for key, value in step.kwargs))

    def share(value: Tree) -> Tree:
        number = shares.number(value.value) if isinstance(value, Plain) else None
        return shares.tree(Plain(number)) if number else value

    return [replace(routine, steps=tuple(written(step) for step in routine.steps)) for routine in routines]


def _is_long(value: Tree, shares: Shares) -> bool:
    """Whether a rate has more digits than somebody would write, or is written as a share already."""
    if isinstance(value, Object):
        return value.target == "share"
    return isinstance(value, Plain) and len(repr(value.value)) > LONG and shares.number(value.value) is not None


def number_rates(unified: Unified, shares: Shares | None, asked: Sequence[int]) -> None:
    """Says a column of rates that grow evenly by the numbers of the blocks, if a loop has one other column at most."""
    if shares is None or len(asked) > 2:
        return
    for index in asked:
        numbers = shares.numbers(unified.column(index)) if unified.keys[index] == RATE else None
        if numbers is None or len(numbers) < 2:
            continue
        counted = tuple(Plain(number) for number in numbers)
        others = [other for other in asked if other != index]
        known = next((other for other in others if unified.columns[other] == counted), None)
        if known is None and any(isinstance(unified.column(other)[0], Plain) for other in others):
            return  # two numbers that count differently say less than the rates
        number = len(unified.columns) if known is None else known
        changed: dict[Tree, Tree] = {Variable(f"?{index}"): shares.tree(Variable(f"?{number}"))}
        unified.steps = with_trees(unified.steps, changed)
        if known is None:
            unified.columns.append(counted)
            unified.keys.append("")
            unified.owners.append("")
            unified.places.append(unified.places[index])
        return
