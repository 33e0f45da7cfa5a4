"""What the variables of unified steps are, and what calls show of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import TypeAlias

from kscaffold.program.passes.cost import SIZES
from kscaffold.program.passes.rewriting import map_all
from kscaffold.program.passes.texts import Token, joined, tokens
from kscaffold.program.passes.unify import Unified
from kscaffold.program.tree import Listing, Object, Plain, Scaled, Text, Tree, Variable
from kscaffold.program.value import Step, StepKind, every_step

Pairs: TypeAlias = "tuple[tuple[str, Tree], ...]"


def asked_of(unified: Unified) -> list[int]:
    """The variables that steps still name: others were derived from them."""
    used = {
        part.name
        for step in every_step(unified.steps)
        for tree in (step.callee, *step.trees)
        for part in variables_in(tree)
    }
    return [index for index in range(len(unified.columns)) if f"?{index}" in used]


def variables_in(tree: Tree) -> Iterable[Variable]:
    """The variables in a tree."""
    from kscaffold.program.tree import walk

    return (part for part in walk(tree) if isinstance(part, Variable))


def usual_value(unified: Unified, index: int) -> Tree | None:
    """The value of a parameter that becomes its default."""
    column = unified.columns[index]
    if unified.keys[index].endswith(SIZES) or not all(is_constant(value) for value in column):
        return None
    if Plain(0.0) in column:
        return Plain(0.0)  # what switches steps off
    usual, times = Counter(column).most_common(1)[0]
    return usual if 2 * times >= len(column) else None


def is_constant(value: Tree | None) -> bool:
    """Whether a value may be a default: one that nothing changes."""
    if isinstance(value, Listing):
        return value.brackets == "()" and all(is_constant(item) for item in value.items)
    return isinstance(value, Plain)


def shown_call(call: Step, arguments: Pairs, usual: Pairs) -> Step:
    """A call without the arguments that are defaults."""
    return replace(call, kwargs=tuple(pair for pair in arguments if pair not in usual))


def with_names(tree: Tree, names: Mapping[str, str]) -> Tree | None:
    """A tree with other names of variables; `None` for what stays."""
    if isinstance(tree, Variable) and tree.name in names:
        return Variable(names[tree.name])
    if isinstance(tree, Scaled):
        return replace(tree, variable=Variable(names.get(tree.variable.name, tree.variable.name)))
    if isinstance(tree, Text):
        return Text(
            tuple(
                Variable(names.get(part.name, part.name)) if isinstance(part, Variable) else part for part in tree.parts
            )
        )
    return None


def layer_names(steps: Sequence[Step]) -> list[tuple[Token, ...]]:
    """The names that layers are given in steps, and that functions are given for theirs."""
    names = []
    for step in every_step(steps):
        pairs = (
            step.callee.keywords
            if isinstance(step.callee, Object)
            else step.kwargs if step.kind is StepKind.INVOKE else ()
        )
        names += [tokens(value) for _, value in pairs if isinstance(value, Text)]
    return names


def common_beginning(names: Sequence[tuple[Token, ...]]) -> list[Token]:
    """What names begin with, without what separates it from the rest."""
    common = list(names[0])
    for name in names[1:]:
        common = [one for one, two in takewhile(lambda pair: pair[0] == pair[1], zip(common, name))]
    while common and isinstance(common[-1], str) and not common[-1].isalnum():
        common.pop()
    return common


def with_beginning(steps: tuple[Step, ...]) -> tuple[Text | None, tuple[Step, ...]]:
    """What the names of all layers in steps begin with, and the steps with a variable for it."""
    names = layer_names(steps)
    common = common_beginning(names) if names else []
    if not common:
        return None, steps

    def change(tree: Tree) -> Tree | None:
        return joined([Variable("name"), *tokens(tree)[len(common) :]]) if isinstance(tree, Text) else None

    return joined(common), tuple(map_all(step, change) for step in steps)


def name_of(step: Step) -> str:
    """The name that a step gives to its layer, where that is one text."""
    if isinstance(step.callee, Object) or step.kind is StepKind.INVOKE:
        name = dict(step.callee.keywords if isinstance(step.callee, Object) else step.kwargs).get("name")
        if isinstance(name, Text) and all(isinstance(part, str) for part in name.parts):
            return "".join(map(str, name.parts))
    return ""


def is_word(value: Tree | None) -> bool:
    """Whether a value is a text of more than one character."""
    return isinstance(value, Text) and len("".join(str(part) for part in value.parts)) > 1
