"""Steps of a function as one of its calls makes them: with arguments instead of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kscaffold.program.repeats.texts import CannotUnify, joined
from kscaffold.program.steps import map_steps
from kscaffold.program.tree import NONE, Arithmetic, Object, Plain, Scaled, Text, Tree, Variable, transform
from kscaffold.program.value import Step


def with_arguments(steps: Iterable[Step], arguments: Mapping[str, Tree]) -> tuple[Step, ...]:
    """Steps with the arguments of a call instead of parameters.

    Raises:
        CannotUnify: What follows from an argument is not known before the program runs.
    """
    return map_steps(steps, lambda tree: _changed(tree, arguments))


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
    def known(part: Tree) -> Tree:
        return transform(part, lambda inner: _changed(inner, arguments))

    match tree:
        case Variable(name=name):
            return arguments.get(name)
        case Scaled(factor=factor, variable=variable, divides=divides):
            number = known(variable)
            if isinstance(number, Plain) and isinstance(number.value, int):
                return Plain(number.value // factor if divides else factor * number.value)
            if not isinstance(number, Variable):
                raise CannotUnify("a multiple of what is not a number")
            return replace(tree, variable=number)
        case Arithmetic(left=left, operator=operator, right=right):
            return _computed(known(left), operator, known(right))
        case Object(target="either", keywords=pairs):
            given = {key: known(part) for key, part in pairs}
            if isinstance(given["value"], Variable):
                return replace(tree, keywords=tuple(given.items()))
            return given["large" if holds(Arithmetic(given["value"], ">", given["than"]), {}) else "small"]
        case Text(parts=parts):
            return joined([piece for part in parts for piece in _pieces(part, arguments)])
    return None


def _computed(left: Tree, operator: str, right: Tree) -> Tree:
    """An operator between its operands; for comparisons its value if that is known."""
    if operator == "is not" and right == NONE and not isinstance(left, (Variable, Arithmetic)):
        return Plain(left != NONE)
    if operator == ">" and isinstance(left, Plain) and isinstance(right, Plain):
        return Plain(left.value > right.value)  # type: ignore[operator]
    return Arithmetic(left, operator, right)


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
