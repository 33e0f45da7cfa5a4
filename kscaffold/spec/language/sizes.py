"""The sizes that expressions of the one-line syntax stand for."""

from __future__ import annotations

from collections.abc import Mapping

from kscaffold.base.errors import RequestError
from kscaffold.program.text import show
from kscaffold.program.tree import Arithmetic, Listing, Part, Plain, Tree, Variable


def evaluate_size(expression: Tree, values: Mapping[str, object]) -> int | None:
    """The value of a size for given values of its names; `None` if one of them is not known.

    Raises:
        RequestError: The result is not a size, such as a division by zero or an index beyond the end.
    """
    value = evaluate(expression, values)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise RequestError(f"{show(expression)} is {value!r}, which is not a size.")


def evaluate(expression: Tree, values: Mapping[str, object]) -> object:
    """What an expression stands for, a tuple for a listing; `None` where that is not known.

    Raises:
        RequestError: An index beyond the end, or a division by zero.
    """
    match expression:
        case Plain(value=value):
            return value
        case Variable(name=word):
            return values.get(word)
        case Listing(items=items):
            return tuple(evaluate(item, values) for item in items)
        case Part(of=of, index=Plain(value=int() as index)):
            sequence = evaluate(of, values)
            if not isinstance(sequence, tuple):
                return None
            if not -len(sequence) <= index < len(sequence):
                raise RequestError(
                    f"{show(expression)} is beyond the end of {show(of)}, which has {len(sequence)} entries."
                )
            return sequence[index]
        case Arithmetic(left=left, operator=operator, right=right):
            first, second = evaluate(left, values), evaluate(right, values)
            if not isinstance(first, int) or not isinstance(second, int):
                return None
            if operator == "//" and second == 0:
                raise RequestError(f"{show(expression)} divides by zero.")
            return {"+": first + second, "-": first - second, "*": first * second}.get(operator, first // (second or 1))
    return None
