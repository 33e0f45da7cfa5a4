"""Steps with other values, or with other numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from kscaffold.program.tree import Ref, Tree, Variable, transform, walk
from kscaffold.program.value import Step


def local(steps: Sequence[Step], outside: dict[Ref, int]) -> tuple[Step, ...]:
    """Steps with numbers of their own: from 1 on in their order, and `-1`, … for values from outside.

    Args:
        steps: The steps.
        outside: Filled with the values from outside, each with its number.
    """
    numbers: dict[int, int] = {}

    def number(step: Step) -> None:
        numbers[step.uid] = len(numbers) + 1
        for inner in step.body:
            number(inner)

    for step in steps:
        number(step)

    def renumbered(step: Step) -> Step:
        return replace(
            map_step(step, ref),
            uid=numbers[step.uid],
            body=tuple(renumbered(inner) for inner in step.body),
            result=ref(step.result) if step.result else None,  # type: ignore[arg-type]
        )

    def ref(tree: Tree) -> Tree | None:
        if not isinstance(tree, Ref):
            return None
        if tree.source in numbers:
            return Ref(numbers[tree.source], tree.path)
        return Ref(-1 - outside.setdefault(tree, len(outside)))

    return tuple(renumbered(step) for step in steps)


def map_step(step: Step, change: Callable[[Tree], Tree | None]) -> Step:
    """A step with other trees; those of the steps inside stay."""
    return replace(
        step,
        callee=transform(step.callee, change),
        args=tuple(transform(arg, change) for arg in step.args),
        kwargs=tuple((key, transform(value, change)) for key, value in step.kwargs),
    )


def map_all(step: Step, change: Callable[[Tree], Tree | None]) -> Step:
    """A step and those inside it with other trees."""
    return replace(map_step(step, change), body=tuple(map_all(inner, change) for inner in step.body))


def with_trees(steps: Iterable[Step], trees: Mapping[Tree, Tree]) -> tuple[Step, ...]:
    """Steps in which some trees are in the place of others."""

    def change(tree: Tree) -> Tree | None:
        return trees.get(tree)

    return tuple(map_all(step, change) for step in steps)


def free_variables(steps: Sequence[Step]) -> Iterator[str]:
    """The variables in steps that no loop among them makes."""
    for step in steps:
        own = set(step.variables)
        for tree in (step.callee, *step.trees):
            yield from (part.name for part in walk(tree) if isinstance(part, Variable))
        yield from (name for name in free_variables(step.body) if name not in own)
