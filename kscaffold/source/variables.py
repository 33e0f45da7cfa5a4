"""Which variable each value of a routine is kept in: one that is handed on, one with a meaning, or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kscaffold.program.tree import Ref, Tree, refs
from kscaffold.program.value import Step, StepKind

MAIN = "x"
END = 10**9  # the place behind the last step
# What a value is called that waits for a layer that merges it with others.
KEPT = {"Add": "shortcut", "+": "shortcut", "Subtract": "shortcut", "Concatenate": "skip", "concatenate": "skip"}


@dataclass
class Uses:
    """Where the values of some steps are used.

    Attributes:
        steps: The steps.
        result: What is used behind them.
        kept: Values that something else needs, however far the steps have come.
        index: How far they have come.
        at: The places of the steps that use each value, in order.
    """

    steps: Sequence[Step]
    result: Tree
    kept: Iterable[Ref] = ()
    index: int = 0

    def __post_init__(self) -> None:
        self.at: dict[Ref, list[int]] = {}
        for index, step in enumerate(self.steps):
            for ref in dict.fromkeys(step.reads()):
                self.at.setdefault(ref, []).append(index)
        for ref in (*refs(self.result), *self.kept):
            self.at.setdefault(ref, []).append(END)

    def later(self, ref: Ref, index: int | None = None) -> list[int]:
        """Where a value is used behind a step, the next one if none is named."""
        return [place for place in self.at.get(ref, []) if place > (self.index if index is None else index)]

    def values_of(self, step: Step) -> list[Ref]:
        """The values that a step gives and something uses; those in one container are found by it."""
        return [ref for ref in self.at if ref.source == step.uid]

    def goes_to(self, step: Step) -> tuple[Ref, int | None]:
        """The first value of a step, and the one place where it is used; `None` where that is not one."""
        value = Ref(step.uid, step.outputs[0] if step.outputs else ())
        places = self.at.get(value, [])
        return value, places[0] if len(places) == 1 else None

    def chain_end(self, step: Step) -> tuple[Step | None, Ref, int | None]:
        """Where the chain ends that begins with a step: the step that merges it, its value there, and the place.

        There is no such step where the chain forks, or ends with the result.
        """
        value, place = self.goes_to(step)
        while place is not None and place != END:
            if is_merge(self.steps[place]):
                return self.steps[place], value, place
            value, place = self.goes_to(self.steps[place])
        return None, value, place

    def chain_length(self, value: Ref) -> int:
        """How many steps in a row make a value, each of what the one before gives."""
        makers = {step.uid: step for step in self.steps}
        length = 0
        while value.source in makers and len(reads := set(makers[value.source].reads())) == 1:
            length, value = length + 1, reads.pop()
        return length


def is_merge(step: Step) -> bool:
    """Whether a step takes several values that were computed."""
    return len(set(step.reads())) > 1


def kept_name(merge: Step, value: Ref) -> str | None:
    """What a value is called that a merging step, or one inside of it, takes as it is."""
    for step in merge.body:
        if value in step.reads():
            return kept_name(step, value)
    return KEPT.get(merge.class_name)


def branch_name(merge: Step, value: Ref, source: Ref, uses: Uses) -> str:
    """What a chain is called that begins at `source` and ends as `value` in a merging step."""
    taken = list(dict.fromkeys(merge.reads()))
    name = merge.class_name
    if name in ("Add", "+") and len(taken) == 2:
        lengths = {ref: uses.chain_length(ref) for ref in taken}
        if all(lengths[value] > lengths[other] + 1 for other in taken if other != value):
            return "residual"
    if name in ("Multiply", "*") and source in taken:
        return "gate"
    if name in ("Add", "+", "Subtract", "-", "Average", "Maximum", "Minimum") and len(taken) == 2:
        return "shortcut" if taken[0] == value or source in taken else "branch"
    if name in ("Concatenate", "concatenate", "Add", "Average", "Maximum"):
        return f"branch{taken.index(value) + 1}"
    return "branch"


def is_operator(step: Step) -> bool:
    """Whether a step is an operator, and no function."""
    return step.kind is StepKind.OPERATION and not step.class_name.isidentifier()
