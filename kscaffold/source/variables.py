"""Which variable each value of a routine is kept in: one that is handed on, one with a meaning, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kscaffold.program.tree import Ref, Tree, refs
from kscaffold.program.value import Step, StepKind

MAIN = "x"
END = 10**9  # the place behind the last step
# What a value is called that waits for a layer that merges it with others.
KEPT = {"Add": "shortcut", "+": "shortcut", "Subtract": "shortcut", "Concatenate": "skip", "concatenate": "skip"}


@dataclass
class Uses:
    """Where the values of some steps are used.

    Args:
        steps: The steps.
        result: What is used behind them.
        kept: Values that something else needs, however far the steps have come.
    """

    steps: Sequence[Step]
    result: Tree
    kept: Iterable[Ref] = ()
    at: dict[Ref, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, step in enumerate(self.steps):
            for ref in step.reads():
                places = self.at.setdefault(ref, [])
                if not places or places[-1] != index:
                    places.append(index)
        for ref in (*refs(self.result), *self.kept):
            self.at.setdefault(ref, []).append(END)

    def later(self, ref: Ref, index: int) -> list[int]:
        """Where a value is used behind a step."""
        return [place for place in self.at.get(ref, []) if place > index]


def values_of(step: Step, uses: Uses) -> list[Ref]:
    """The values that a step gives and something uses; those in one container are found by it."""
    return [ref for ref in uses.at if ref.source == step.uid]


def is_merge(step: Step) -> bool:
    """Whether a step takes several values that were computed."""
    return len(set(step.reads())) > 1


def chain_end(step: Step, index: int, uses: Uses, steps: Sequence[Step]) -> tuple[Step | None, Ref, int]:
    """Where the chain ends that begins with a step: the step that merges it, its value there, and the place.

    There is no such step where the chain forks, or ends with the result.
    """
    while True:
        value = Ref(step.uid, step.outputs[0] if step.outputs else ())
        places = uses.at.get(value, [])
        if len(places) != 1:
            return None, value, index
        if places[0] == END:
            return None, value, END
        index, step = places[0], steps[places[0]]
        if is_merge(step):
            return step, value, index


def kept_name(merge: Step, value: Ref) -> str | None:
    """What a value is called that a merging step, or one inside of it, takes as it is."""
    for step in merge.body:
        if value in step.reads():
            return kept_name(step, value)
    return KEPT.get(merge.class_name)


def chain_length(value: Ref, steps: Sequence[Step]) -> int:
    """How many steps in a row make a value, each of what the one before gives."""
    makers = {step.uid: step for step in steps}
    length = 0
    while value.source in makers and len(reads := set(makers[value.source].reads())) == 1:
        length, value = length + 1, reads.pop()
    return length


def branch_name(merge: Step, value: Ref, source: Ref, steps: Sequence[Step]) -> str:
    """What a chain is called that begins at `source` and ends as `value` in a merging step."""
    taken = list(dict.fromkeys(merge.reads()))
    name = merge.class_name
    if name in ("Add", "+") and len(taken) == 2:
        lengths = {ref: chain_length(ref, steps) for ref in taken}
        if all(lengths[value] > lengths[other] + 1 for other in taken if other != value):
            return "residual"
    if name in ("Multiply", "*") and source in taken:
        return "gate"
    if name in ("Add", "+", "Subtract", "-", "Average", "Maximum", "Minimum") and len(taken) == 2:
        return "shortcut" if taken[0] == value or source in taken else "branch"
    if name in ("Concatenate", "concatenate", "Add", "Average", "Maximum"):
        return f"branch{taken.index(value) + 1}"
    return "branch"


def live(bound: Mapping[Ref, str], uses: Uses, index: int) -> dict[Ref, str]:
    """The variables that something behind a step still needs."""
    return {ref: name for ref, name in bound.items() if uses.later(ref, index)}


def is_operator(step: Step) -> bool:
    """Whether a step is an operator, and no function."""
    return step.kind is StepKind.OPERATION and not step.class_name.isidentifier()
