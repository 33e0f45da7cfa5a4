"""Steps of a function as one of its calls makes them: with arguments instead of parameters."""

from __future__ import annotations

from collections.abc import Mapping

from kscaffold.program.passes.layout import moved_step
from kscaffold.program.passes.rewriting import map_all
from kscaffold.program.passes.texts import CannotUnify, joined
from kscaffold.program.tree import NONE, Object, Plain, Ref, Scaled, Text, Tree, Variable
from kscaffold.program.value import Step, StepKind, every_step


def holds(condition: Tree, arguments: Mapping[str, Tree]) -> bool:
    """Whether the condition of an `if` holds in a call.

    Raises:
        CannotUnify: That is not known before the program runs.
    """
    if isinstance(condition, Variable):
        value = arguments.get(condition.name)
        if isinstance(value, Plain) and isinstance(value.value, bool):
            return value.value
    if isinstance(condition, Object) and condition.target == "more":
        given = dict(condition.keywords)
        variable, than = given["value"], given["than"]
        value = arguments.get(variable.name) if isinstance(variable, Variable) else None
        if isinstance(value, Plain) and isinstance(than, Plain) and isinstance(value.value, (int, float)):
            return value.value > than.value  # type: ignore[operator]
    raise CannotUnify("a condition that is not known")


def instance(step: Step, whole: Step, arguments: Mapping[str, Tree]) -> Step:
    """A step of a function as one call of it makes it, with the values of the whole."""
    places: dict[Ref, Ref] = {}
    for mine, other in zip(step.reads(), whole.reads(), strict=True):
        if places.setdefault(mine, other) != other:
            raise CannotUnify("values go other ways")
    inside = dict(zip((one.uid for one in every_step([step])), (one.uid for one in every_step([whole]))))
    return moved_step(substituted(step, arguments), inside, places)


def instantiated(step: Step, arguments: Mapping[str, Tree], given: Mapping[int, Tree]) -> Step:
    """A step of a function in the place of a call.

    Args:
        step: The step.
        arguments: The arguments of the call.
        given: The values that it takes, by their number.

    Raises:
        CannotUnify: A condition or a multiple is not known there.
    """
    if step.kind is StepKind.IF:
        raise CannotUnify("a condition")

    def change(tree: Tree) -> Tree | None:
        return given[-1 - tree.source] if isinstance(tree, Ref) and tree.source < 0 else None

    return map_all(substituted(step, arguments), change)


def substituted(step: Step, arguments: Mapping[str, Tree]) -> Step:
    """A step with the arguments of a call instead of parameters.

    Raises:
        CannotUnify: A multiple or a condition is not known before the program runs.
    """

    def change(tree: Tree) -> Tree | None:
        match tree:
            case Variable(name=name):
                return arguments.get(name)
            case Scaled(factor=factor, variable=variable, divides=divides):
                value = arguments.get(variable.name)
                if isinstance(value, Plain) and isinstance(value.value, int):
                    return Plain(value.value // factor if divides else factor * value.value)
                raise CannotUnify("a multiple of what is no number")
            case Object(target="given", keywords=pairs):
                value = dict(pairs)["value"]
                value = arguments.get(value.name, value) if isinstance(value, Variable) else value
                return Plain(value != NONE) if isinstance(value, Plain) else Object("given", (("value", value),))
            case Object(target="either", keywords=pairs):
                given = dict(pairs)
                large = holds(Object("more", (("value", given["value"]), ("than", given["than"]))), arguments)
                return given["large" if large else "small"]
            case Text(parts=parts):
                return joined([piece for part in parts for piece in _pieces(part, arguments)])
        return None

    return map_all(step, change)


def _pieces(part: str | Variable, arguments: Mapping[str, Tree]) -> tuple[str | Variable, ...]:
    value = arguments.get(part.name) if isinstance(part, Variable) else None
    if isinstance(value, Text):
        return value.parts
    if isinstance(value, Plain):
        return (str(value.value),)
    return (value,) if isinstance(value, Variable) else (part,)
