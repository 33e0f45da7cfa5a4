"""Steps of a function as one of its calls makes them: with arguments instead of parameters."""

import operator
from collections.abc import Iterable, Mapping

from kscaffold.program.repeats.texts import CannotUnify, joined
from kscaffold.program.steps import map_steps
from kscaffold.program.tree import Arithmetic, Either, Plain, Text, Tree, Variable, rebuilt, transform
from kscaffold.program.value import Step

COMPUTED = {"*": operator.mul, "//": operator.floordiv, ">": operator.gt}


def with_arguments(steps: Iterable[Step], arguments: Mapping[str, Tree]) -> tuple[Step, ...]:
    """Steps with the arguments of a call instead of parameters."""
    return map_steps(steps, lambda tree: _changed(tree, arguments))


def renamed(steps: Iterable[Step], names: Mapping[str, str]) -> tuple[Step, ...]:
    """Steps with other names of variables."""
    return with_arguments(steps, {old: Variable(new) for old, new in names.items()})


def holds(condition: Tree, arguments: Mapping[str, Tree]) -> bool:
    """Whether the condition of an `if` holds in a call.

    Raises:
        CannotUnify: That is not known before the program runs.
    """
    found = transform(condition, lambda tree: _changed(tree, arguments))
    if isinstance(found, Plain) and isinstance(found.value, bool):
        return found.value
    raise CannotUnify("a condition that is not known")


def _changed(tree: Tree, arguments: Mapping[str, Tree]) -> Tree | None:
    match tree:
        case Variable(name=name):
            return arguments.get(name)
        case Text(parts=parts):
            return joined([piece for part in parts for piece in _pieces(part, arguments)])
        case Arithmetic() | Either():
            made = rebuilt(tree, lambda part: transform(part, lambda inner: _changed(inner, arguments)))
            return _computed(made) if made != tree else tree
    return None


def _computed(tree: Tree) -> Tree:
    """What an operator or a choice gives, if that is known."""
    match tree:
        case Arithmetic(left=left, operator="is not", right=right) if not isinstance(left, (Variable, Arithmetic)):
            return Plain(left != right)
        case Arithmetic(left=Plain(value=left), operator=symbol, right=Plain(value=right)) if symbol in COMPUTED:
            return Plain(COMPUTED[symbol](left, right))
        case Either(condition=Plain(value=holds), then=then, other=other):
            return then if holds else other
    return tree


def _pieces(part: str | Variable, arguments: Mapping[str, Tree]) -> tuple[str | Variable, ...]:
    value = arguments.get(part.name) if isinstance(part, Variable) else None
    match value:
        case Text(parts=parts):
            return parts
        case Plain(value=plain):
            return (str(plain),)
        case Variable():
            return (value,)
    return (part,)
