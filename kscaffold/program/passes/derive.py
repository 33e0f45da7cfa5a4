"""Values that follow from others: four times as many filters, another padding where there are strides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kscaffold.program.passes.rewriting import map_all
from kscaffold.program.passes.unify import Unified
from kscaffold.program.tree import NONE, Listing, Object, Plain, Scaled, Tree, Variable, walk

LARGEST_FACTOR = 8
LARGEST_DIVISOR = 32
SIZES = ("filters", "units", "key_dim", "output_dim")
DECIDING = ("strides", "kernel_size", "dilation_rate")
Column: TypeAlias = "Sequence[Tree | None]"


def derive(unified: Unified) -> None:
    """Says columns by others where they follow from them, and fills those that are left where nothing needs a value."""
    replaced: dict[int, Tree] = {}
    _sizes(unified, replaced)
    _shapes(unified, replaced)
    _alternatives(unified, replaced)
    _given(unified, replaced)
    if replaced:

        def change(tree: Tree) -> Tree | None:
            if isinstance(tree, Variable) and tree.name.startswith("?") and tree.name[1:].isdigit():
                return replaced.get(int(tree.name[1:]))
            return None

        unified.steps = tuple(map_all(step, change) for step in unified.steps)
    unified.columns = [_filled(column) for column in unified.columns]


def _filled(column: Column) -> tuple[Tree, ...]:
    usual = Counter(value for value in column if value is not None).most_common(1)[0][0]
    return tuple(usual if value is None else value for value in column)


def _numbers(column: Column) -> list[int | None] | None:
    """The whole numbers of a column; `None` if it has anything else."""
    found: list[int | None] = []
    for value in column:
        if value is None:
            found.append(None)
        elif isinstance(value, Plain) and type(value.value) is int and value.value > 0:
            found.append(value.value)
        else:
            return None
    return found


@dataclass(frozen=True)
class _Relation:
    factor: int
    divides: bool


def _relation(column: Sequence[int | None], base: Sequence[int | None]) -> _Relation | None:
    """How a column follows from another one, if it does."""
    both = [(one, two) for one, two in zip(column, base) if one is not None]
    if any(two is None for _, two in both) or not both:
        return None
    one, two = both[0]
    assert two is not None
    if one > two and one % two == 0 and 2 <= one // two <= LARGEST_FACTOR:
        factor = one // two
        return _Relation(factor, False) if all(a == factor * (b or 0) for a, b in both) else None
    if one < two and two % one == 0 and 2 <= two // one <= LARGEST_DIVISOR:
        factor = two // one
        return (
            _Relation(factor, True)
            if all((b or 0) // factor == a and (b or 0) % factor == 0 for a, b in both)
            else None
        )
    return None


def _sizes(unified: Unified, replaced: dict[int, Tree]) -> None:
    """Numbers of filters as multiples, or as parts, of one of them."""
    numbers = {
        index: found
        for index, column in enumerate(unified.columns)
        if unified.keys[index].endswith(SIZES) and unified.owners[index] and (found := _numbers(column)) is not None
    }

    def worth(base: int) -> float:
        relations = [_relation(column, numbers[base]) for index, column in numbers.items() if index != base]
        return sum(0.9 if found.divides else 1.0 for found in relations if found)

    if len(numbers) < 2:
        return
    base = max(numbers, key=worth)
    for index, column in numbers.items():
        relation = _relation(column, numbers[base]) if index != base else None
        if relation:
            replaced[index] = Scaled(relation.factor, Variable(f"?{base}"), relation.divides)


def _shapes(unified: Unified, replaced: dict[int, Tree]) -> None:
    """Shapes of which one size is a number that is there already."""
    for index, column in enumerate(unified.columns):
        lists = [value for value in column if isinstance(value, Listing)]
        same = len(lists) == sum(value is not None for value in column) and len({len(one.items) for one in lists}) == 1
        if not lists or not same:
            continue
        items: list[Tree] = []
        for place in range(len(lists[0].items)):
            sizes = tuple(value.items[place] if isinstance(value, Listing) else None for value in column)
            known = [size for size in sizes if size is not None]
            if all(size == known[0] and isinstance(size, Plain) for size in known):
                items.append(known[0])
                continue
            found = _expressed(sizes, unified, replaced)
            if not found:
                break
            items.append(found)
        if len(items) == len(lists[0].items):
            replaced[index] = Listing(lists[0].brackets, tuple(items))


def _expressed(sizes: Column, unified: Unified, replaced: dict[int, Tree]) -> Tree | None:
    """Sizes by a column that has them."""
    for index, column in enumerate(unified.columns):
        if unified.owners[index] and all(one is None or one == two for one, two in zip(sizes, column)):
            return replaced.get(index, Variable(f"?{index}"))
    return None


def _given(unified: Unified, replaced: dict[int, Tree]) -> None:
    """A truth value that says whether another argument is given."""
    for index, column in enumerate(unified.columns):
        truths = [value.value if isinstance(value, Plain) else None for value in column]
        if index in replaced or not unified.owners[index] or set(truths) != {True, False}:
            continue
        for other, given in enumerate(unified.columns):
            if other in replaced or not unified.owners[other]:
                continue
            if all(value is not None and (value != NONE) is truth for value, truth in zip(given, truths)):
                replaced[index] = Object("given", (("value", Variable(f"?{other}")),))
                break


def _alternatives(unified: Unified, replaced: dict[int, Tree]) -> None:
    """One of two values, by whether strides or a kernel are large."""
    for index, column in enumerate(unified.columns):
        values = list(dict.fromkeys(value for value in column if value is not None))
        words = all(isinstance(value, Plain) and isinstance(value.value, str) for value in values)
        if not words and not all(
            isinstance(value, Listing) and not any(isinstance(x, Variable) for x in walk(value)) for value in values
        ):
            continue
        if (
            len(values) != 2
            or index in replaced
            or unified.keys[index].endswith((*SIZES, *DECIDING))
            or not unified.owners[index]
        ):
            continue
        for other, deciding in enumerate(unified.columns):
            numbers = _numbers(deciding) if unified.keys[other] in DECIDING and other != index else None
            if numbers is None or any(one is not None and two is None for one, two in zip(column, numbers)):
                continue
            for large, small in (values, values[::-1]):
                above = [number or 0 for value, number in zip(column, numbers) if value == large]
                below = [number or 0 for value, number in zip(column, numbers) if value == small]
                if min(above) > max(below):
                    condition = (("value", Variable(f"?{other}")), ("than", Plain(max(below))))
                    replaced[index] = Object("either", (*condition, ("large", large), ("small", small)))
                    break
            if index in replaced:
                break
