"""Shapes as they stand in docstrings and manifests: `batch_size, ..., units`, matched against real shapes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kscaffold.base.errors import RequestError
from kscaffold.program.text import show
from kscaffold.program.tree import Arithmetic, Listing, Object, Part, Plain, Tree, Variable
from kscaffold.spec.language.syntax import split_list

ELLIPSIS = "..."
LARGEST_BASE, LARGEST_EXPONENT = 10**6, 30  # of a power
Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class ShapePattern:
    """A shape whose sizes have names or are computed; `...` stands for any number of axes."""

    axes: tuple[Tree | None, ...]  # those after the batch axis; `None` is the ellipsis

    def __str__(self) -> str:
        written = [ELLIPSIS if axis is None else show(axis) for axis in self.axes]
        return f"({', '.join(['batch_size', *written])}{'' if written else ','})"


def parse_pattern(text: str) -> ShapePattern:
    """Parses `batch_size, ..., units`; a `RequestError` says what is no size, or that the batch is not first."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or parts[0] != "batch_size" or parts.count(ELLIPSIS) > 1:
        raise RequestError(f"{text!r} is not a shape.", hint="Write it as batch_size, ..., units.")
    return ShapePattern(tuple(None if part == ELLIPSIS else split_list(part)[0] for part in parts[1:]))


def parse_shape(text: str) -> Shape:
    """Parses the shape of one example, without its batch axis: `16` or `8,8,3`; an empty text is a scalar."""
    parts = [part.strip() for part in text.strip().removeprefix("(").removesuffix(")").split(",")]
    if not parts[-1]:
        parts.pop()
    if any(re.fullmatch("[0-9]{10,}", part) for part in parts):
        raise RequestError(f"{text!r} has a size that is too large.", hint="A size has at most nine digits.")
    if not all(re.fullmatch("[0-9]+", part) and int(part) for part in parts):
        hint = "Give the sizes of one example, without the batch: 16 or 8,8,3."
        raise RequestError(f"{text!r} is not a shape.", hint=hint)
    return tuple(map(int, parts))


def match_shape(pattern: ShapePattern, shape: Shape) -> dict[str, object]:
    """What the names of a pattern stand for in a real shape (without its batch axis), if that fits."""
    axes = pattern.axes
    split = axes.index(None) if None in axes else len(axes)
    first, last = axes[:split], axes[split + 1 :]
    end = len(shape) - len(last)
    if end < split or (end > split and None not in axes):
        raise RequestError(f"The shape {show_shape(shape)} does not fit {pattern}.")
    pairs = [*zip(first, shape), *zip(last, shape[end:])]
    values: dict[str, object] = {axis.name: size for axis, size in pairs if isinstance(axis, Variable)}
    return values | {ELLIPSIS: shape[split:end]}


def fill_pattern(pattern: ShapePattern, values: Mapping[str, object]) -> Shape | None:
    """The shape that a pattern stands for (without its batch axis), `None` if a size is not known.

    Args:
        values: What names stand for; under `...`, the sizes of the axes that it covers.
    """
    covered = values.get(ELLIPSIS, ())
    assert isinstance(covered, tuple)
    sizes: list[int | None] = []
    for axis in pattern.axes:
        sizes += covered if axis is None else (evaluate_size(axis, values),)
        if axis is not None and sizes[-1] is None:
            return None
    return tuple(sizes)


def show_shape(shape: Shape, batch: int | None = None) -> str:
    """A shape with its batch axis as Python writes it: `(None, 16)`."""
    return repr((batch, *shape))


def evaluate_size(expression: Tree, values: Mapping[str, object]) -> int | None:
    """The value of a size for given values of its names; `None` if one is not known; else it has to be a size."""
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
        case Object(target="len", arguments=(of,)):
            counted = evaluate(of, values)
            return len(counted) if isinstance(counted, tuple) else None
        case Part(of=of, index=Plain(value=int() as index)):
            sequence = evaluate(of, values)
            if not isinstance(sequence, tuple):
                return None
            if not -len(sequence) <= index < len(sequence):
                has = f"which has {len(sequence)} entries"
                raise RequestError(f"{show(expression)} is beyond the end of {show(of)}, {has}.")
            return sequence[index]
        case Arithmetic(left=left, operator=operator, right=right):
            first, second = evaluate(left, values), evaluate(right, values)
            if not isinstance(first, int | float) or not isinstance(second, int | float):
                return None
            if operator == "//" and second == 0:
                raise RequestError(f"{show(expression)} divides by zero.")
            if operator == "**":
                return _power(expression, first, second)
            return {"+": first + second, "-": first - second, "*": first * second}.get(operator, first // (second or 1))
    return None


def _power(expression: Tree, base: float, exponent: float) -> object:
    if not (abs(base) <= LARGEST_BASE and 0 <= exponent <= LARGEST_EXPONENT):
        raise RequestError(f"{show(expression)} is {base} to the power of {exponent}, which is no size.")
    return base**exponent
