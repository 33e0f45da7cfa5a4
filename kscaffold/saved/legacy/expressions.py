"""The expressions of the table of operations: read as syntax, and made into calls of Keras 3. Nothing is evaluated."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from kscaffold.saved.legacy.operations import REQUIRED, Entries, NoEquivalent, Operation, Shape, Size, Sizes, Tensor

MOST_ITEMS = 10_000  # of a range
BINARY = {
    ast.Add: ("add", operator.add), ast.Sub: ("subtract", operator.sub), ast.Mult: ("multiply", operator.mul),
    ast.Div: ("true_divide", operator.truediv), ast.FloorDiv: ("floor_divide", operator.floordiv),
    ast.Mod: ("mod", operator.mod), ast.Pow: ("power", None), ast.MatMult: ("matmul", None),
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], tuple[str | None, Callable[[Any, Any], Any]]] = {
    ast.Gt: ("greater", operator.gt), ast.GtE: ("greater_equal", operator.ge), ast.Lt: ("less", operator.lt),
    ast.LtE: ("less_equal", operator.le), ast.Eq: (None, operator.eq), ast.NotEq: (None, operator.ne),
    ast.Is: (None, operator.is_), ast.IsNot: (None, operator.is_not),
    ast.In: (None, lambda item, items: item in items), ast.NotIn: (None, lambda item, items: item not in items),
}  # fmt: skip

TURNED = {"greater": "less", "greater_equal": "less_equal", "less": "greater", "less_equal": "greater_equal"}


def bound(row: Operation, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an operation by their names; raises `NoEquivalent` for those that the table does not know."""
    values = dict(row.takes)
    if row.variadic:
        values[row.variadic] = [*args]
    elif len(args) > len(values):
        raise NoEquivalent(f"it is given {len(args)} values")
    else:
        values |= dict(zip(values, args))
    for key, value in kwargs.items():
        if key in values:
            values[key] = value
        elif key != "name" and value is not None:
            raise NoEquivalent(f"nothing is known of its argument {key[:60]}")
    missing = [key for key, value in values.items() if value is REQUIRED]
    if missing:
        raise NoEquivalent(f"the file does not hold its argument {missing[0]}")
    return values


def translated(row: Operation, values: Mapping[str, Any], entries: Entries) -> Any:
    """What stands for an operation with its arguments: a tensor, or several; raises `NoEquivalent` if nothing does."""
    found = _Reader(values, entries).read(row.gives)
    if found is None:
        raise NoEquivalent("Keras has no operation with these arguments")
    return found


class _Reader:
    """Reads an expression; values are constants of Python, tensors, and tuples of them."""

    def __init__(self, names: Mapping[str, Any], entries: Entries) -> None:
        self.names = names
        self.entries = entries

    def read(self, node: ast.expr) -> Any:
        """What an expression gives."""
        method = getattr(self, f"read_{type(node).__name__.lower()}")
        return method(node)

    def read_constant(self, node: ast.Constant) -> Any:
        return node.value

    def read_name(self, node: ast.Name) -> Any:
        return self.names[node.id]

    def read_tuple(self, node: ast.Tuple) -> Any:
        return tuple(map(self.read, node.elts))

    def read_list(self, node: ast.List) -> Any:
        return [self.read(item) for item in node.elts]

    def read_slice(self, node: ast.Slice) -> slice:
        return slice(*(part and self.read(part) for part in (node.lower, node.upper, node.step)))

    def read_ifexp(self, node: ast.IfExp) -> Any:
        return self.read(node.body if self.read(node.test) else node.orelse)

    def read_boolop(self, node: ast.BoolOp) -> Any:
        decides = isinstance(node.op, ast.Or)
        value = not decides
        for item in node.values:
            value = bool(self.read(item))
            if value is decides:
                break
        return value

    def read_unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.read(node.operand)
        if isinstance(node.op, ast.Not):
            return not value
        return self.entries.operation("ops.negative", [value], {}) if isinstance(value, Tensor) else -value

    def read_binop(self, node: ast.BinOp) -> Any:
        name, plain = BINARY[type(node.op)]
        return self.combined(name, plain, self.read(node.left), self.read(node.right))

    def combined(self, name: str, plain: Callable[[Any, Any], Any] | None, left: Any, right: Any) -> Any:
        """Two values with an operator between them."""
        if isinstance(left, Tensor) or isinstance(right, Tensor):
            return self.entries.operation(f"ops.{name}", [left, right], {})
        if isinstance(left, (int, float)) and isinstance(right, (int, float)) and plain:
            return plain(left, right)
        raise NoEquivalent("it computes with sizes that the file does not tell")

    def read_compare(self, node: ast.Compare) -> Any:
        left, right = self.read(node.left), self.read(node.comparators[0])
        name, plain = COMPARISONS[type(node.ops[0])]
        if name and isinstance(right, Tensor) and not isinstance(left, Tensor):
            name, left, right = TURNED[name], right, left  # as Python turns `2 < x`
        if name and isinstance(left, Tensor):
            return self.entries.operation(f"ops.{name}", [left, right], {})
        return plain(left, right)

    def read_subscript(self, node: ast.Subscript) -> Any:
        value, key = self.read(node.value), self.read(node.slice)
        if isinstance(value, Tensor):
            return self.entries.operation("ops.get_item", [value, key], {})
        return _part(value, key)

    def read_call(self, node: ast.Call) -> Any:
        args: list[Any] = []
        for item in node.args:
            args += self.read(item.value) if isinstance(item, ast.Starred) else [self.read(item)]
        kwargs = {str(item.arg): self.read(item.value) for item in node.keywords}
        if isinstance(node.func, ast.Call):  # a layer: what makes it, and then what it is called on
            made = node.func
            config = {str(item.arg): self.read(item.value) for item in made.keywords}
            return self.entries.layer(ast.unparse(made.func).removeprefix("layers."), config, args[0])
        name = ast.unparse(node.func)
        if name.startswith("ops."):
            return self.entries.operation(name, args, kwargs)
        if name == "sum":
            return self.total(args[0])
        return HELPERS[name](*args)

    def total(self, values: Sequence[Any]) -> Any:
        """The sum of values."""
        found, *rest = values
        for value in rest:
            found = self.combined("add", operator.add, found, value)
        return found


def _part(value: Any, key: Any) -> Any:
    """A part of what is no tensor: of a shape, or of a list of sizes."""
    if isinstance(key, tuple) and len(key) == 1:
        (key,) = key
    if isinstance(value, Shape) and isinstance(key, int):
        return value.size(key)
    if isinstance(value, Shape) and isinstance(key, slice):
        return value.sizes(key)
    if isinstance(value, (list, tuple)) and isinstance(key, (int, slice)):
        try:
            return value[key]
        except (IndexError, TypeError) as error:
            raise NoEquivalent("an index is computed") from error
    raise NoEquivalent("an index is computed")


def key(spec: Any) -> Any:
    """What stands between brackets, from what `tf.keras` saves of it."""
    if isinstance(spec, (list, tuple)):
        return tuple(map(key, spec))
    if isinstance(spec, dict) and spec.get("class_name") == "__ellipsis__":
        return Ellipsis
    if isinstance(spec, dict) and {*spec} == {"start", "stop", "step"}:
        return slice(spec["start"], spec["stop"], spec["step"])
    return spec


def spatial(sizes: Any) -> Any:
    """The sizes of the axes of an image, of which TensorFlow may be told with the batch and the channels."""
    if isinstance(sizes, (list, tuple)) and len(sizes) > 3 and sizes[0] == sizes[-1] == 1:
        sizes = sizes[1:-1]
    listed = [*sizes] if isinstance(sizes, (list, tuple)) else []
    return listed[0] if listed and listed.count(listed[0]) == len(listed) else sizes


def single(items: Any) -> Any:
    """One item for a list of one; a list of several stays."""
    if isinstance(items, (list, tuple)):
        return items[0] if len(items) == 1 else [*items]
    return items


def sizes(shape: Any) -> list[Any]:
    """The sizes of a new shape, in which one may be left for Keras to compute."""
    listed = [shape] if isinstance(shape, int) else [*shape] if isinstance(shape, (list, tuple)) else None
    if listed is None:
        raise NoEquivalent("the new shape is computed")
    found = [-1 if isinstance(size, Size) else size for size in listed]
    if found.count(-1) > 1 or not all(type(size) is int for size in found):
        raise NoEquivalent("the new shape is computed")
    return found


def ends(sections: Any) -> Any:
    """Where the parts end that a value is split into, from their sizes; how many parts there are stays."""
    if not isinstance(sections, (list, tuple)):
        return sections
    if not all(type(size) is int and size >= 0 for size in sections):
        raise NoEquivalent("the sizes of the parts are computed")
    return [*accumulate(sections)][:-1]


def span(begin: Any, size: Any) -> tuple[slice, ...]:
    """An index for each axis, from where it begins and how many there are; -1 for all that are left."""
    if not all(
        isinstance(items, (list, tuple)) and all(type(item) is int for item in items) for items in (begin, size)
    ):
        raise NoEquivalent("an index is computed")
    pairs = zip(begin, size)
    return tuple(slice(first or None, None if count == -1 else first + count) for first, count in pairs)


def strided(begin: Any, end: Any, strides: Any, *masks: int) -> tuple[Any, ...]:
    """An index for each axis, as graphs of TensorFlow hold it: a bit for each axis tells what is left out."""
    strides = [1] * len(begin) if strides is None else strides
    listed = (begin, end, strides)
    if not all(isinstance(items, (list, tuple)) and all(type(item) is int for item in items) for items in listed):
        raise NoEquivalent("an index is computed")
    begins, stops, dots, new, shrink = masks
    found: list[Any] = []
    for axis, (first, last, step) in enumerate(zip(begin, end, strides)):
        bit = 1 << axis
        if dots & bit:
            found.append(Ellipsis)
        elif new & bit:
            found.append(None)
        elif shrink & bit:
            found.append(first)
        else:
            start = None if begins & bit or (first == 0 and step == 1) else first
            found.append(slice(start, None if stops & bit else last, None if step == 1 else step))
    return tuple(found)


def is_shape(*values: Any) -> bool:
    """Whether values are sizes of axes, or lists of them, and no tensors."""
    listed = [item for value in values for item in (value if isinstance(value, (list, tuple)) else [value])]
    sizes = any(isinstance(item, (Shape, Size)) for item in listed)
    return sizes and not any(isinstance(item, (Tensor, list, tuple)) for item in listed)


def _flat(values: Sequence[Any]) -> list[Any]:
    """The items of lists in one."""
    return [item for value in values for item in (value if isinstance(value, (list, tuple)) else [value])]


def joined(values: Sequence[Any]) -> Any:
    """Sizes from several lists in one."""
    listed = [value for value in values if value != []]
    if len(listed) == 1:
        return listed[0]
    if any(isinstance(value, Shape) for value in listed):
        raise NoEquivalent("a shape that the file does not tell")
    return [item for value in listed for item in value]


def numbers(*values: Any) -> bool:
    """Whether values are numbers, not tensors."""
    return all(isinstance(value, (int, float)) for value in values)


def lower(word: Any) -> str:
    """A word of TensorFlow as Keras spells it: `same` for `SAME`."""
    if not isinstance(word, str):
        raise NoEquivalent("an argument that is no word")
    return word.lower()


def counted(stop: Any) -> range:
    """The numbers below one."""
    if type(stop) is not int or not 0 <= stop <= MOST_ITEMS:
        raise NoEquivalent("a range is computed")
    return range(stop)


HELPERS: dict[str, Callable[..., Any]] = {
    "key": key, "spatial": spatial, "single": single, "sizes": sizes, "ends": ends, "span": span, "strided": strided,
    "numbers": numbers, "lower": lower, "bool": bool, "range": counted, "shape": Shape,
    "is_shape": is_shape, "joined": joined, "each": Sizes, "list": list, "flat": _flat,
    "type": lambda value: value.dtype if isinstance(value, Tensor) else None,
    "root": lambda number: round(number**0.5, 12),
}  # fmt: skip
