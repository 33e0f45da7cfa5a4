"""Steps with other trees, other numbers, other variables."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from kscaffold.program.tree import Object, Ref, Text, Tree, Variable, transform, walk
from kscaffold.program.value import Step, StepKind, every_step

Change: TypeAlias = Callable[[Tree], Tree | None]
Pairs: TypeAlias = tuple[tuple[str, Tree], ...]
NO_NUMBERS: Mapping[int, int] = {}


def map_step(step: Step, change: Change, numbers: Mapping[int, int] = NO_NUMBERS) -> Step:
    """A step with other trees, as `transform` changes them, and new numbers, references to which are left to that."""
    result = transform(step.result, change) if step.result else None
    return replace(
        step,
        uid=numbers.get(step.uid, step.uid),
        callee=transform(step.callee, change),
        args=tuple(transform(arg, change) for arg in step.args),
        kwargs=tuple((key, transform(value, change)) for key, value in step.kwargs),
        body=tuple(map_step(inner, change, numbers) for inner in step.body),
        result=result if isinstance(result, Ref) else step.result,
    )


def map_steps(steps: Iterable[Step], change: Change) -> tuple[Step, ...]:
    """Steps with other trees; see `map_step`."""
    return tuple(map_step(step, change) for step in steps)


def with_trees(steps: Iterable[Step], trees: Mapping[Tree, Tree]) -> tuple[Step, ...]:
    """Steps in which some trees are in the place of others."""
    return map_steps(steps, trees.get)


def renumbered(
    steps: Iterable[Step], numbers: Mapping[int, int], outside: Callable[[Ref], Ref] = lambda ref: ref
) -> tuple[Step, ...]:
    """Steps with other numbers; `outside` gives what is in the place of a value that they do not make."""

    def moved(tree: Tree) -> Tree | None:
        return renumbered_ref(tree, numbers, outside)

    return tuple(map_step(step, moved, numbers) for step in steps)


def renumbered_ref(
    tree: Tree, numbers: Mapping[int, int], outside: Callable[[Ref], Ref] = lambda ref: ref
) -> Ref | None:
    """A value by the new number of its step; `None` for what is no value. See `renumbered`."""
    if not isinstance(tree, Ref):
        return None
    return Ref(numbers[tree.source], tree.path) if tree.source in numbers else outside(tree)


def local(steps: Sequence[Step]) -> tuple[tuple[Step, ...], tuple[Ref, ...]]:
    """Steps with numbers from 1 on in their order, and the values from outside, which are `-1`, `-2`, … in them."""
    outside: dict[Ref, int] = {}
    numbers = {step.uid: place for place, step in enumerate(every_step(steps), start=1)}
    moved = renumbered(steps, numbers, lambda ref: Ref(-1 - outside.setdefault(ref, len(outside))))
    return moved, tuple(outside)


def variables_in(*trees: Tree) -> Iterator[str]:
    """The names of the variables in trees, in order."""
    return (part.name for tree in trees for part in walk(tree) if isinstance(part, Variable))


def free_variables(steps: Iterable[Step]) -> Iterator[str]:
    """The variables in steps that no loop among them makes."""
    for step in steps:
        yield from variables_in(step.callee, *step.trees)
        yield from (name for name in free_variables(step.body) if name not in step.variables)


def layer_names(steps: Iterable[Step]) -> list[Text]:
    """The names that layers are given in steps, and that functions are given for theirs."""
    names = []
    for step in every_step(steps):
        invokes = step.kwargs if step.kind is StepKind.INVOKE else ()
        pairs = step.callee.keywords if isinstance(step.callee, Object) else invokes
        names += [value for _, value in pairs if isinstance(value, Text)]
    return names
