"""Values that follow from others: four times as many filters, another padding where there are strides."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from kscaffold.program.repeats.cost import SIZES as COUNTS
from kscaffold.program.repeats.texts import Column
from kscaffold.program.repeats.unify import Unified, Values
from kscaffold.program.steps import variables_in, with_trees
from kscaffold.program.tree import NONE, Arithmetic, Either, Listing, Plain, Tree, Variable

LARGEST_FACTOR = 8
LARGEST_DIVISOR = 32
SIZES = (*COUNTS, "key_dim", "output_dim")
DECIDING = ("strides", "kernel_size", "dilation_rate")
Numbers: TypeAlias = list[int | None]
Replaced: TypeAlias = dict[int, Tree]


def derive(unified: Unified) -> None:
    """Says columns by others where they follow from them, and fills those that are left where nothing needs a value."""
    replaced: Replaced = {}
    for rule in (_sizes, _shapes, _alternatives, _given):
        rule(unified.columns, replaced)
    unified.steps = with_trees(unified.steps, {Variable(f"?{index}"): tree for index, tree in replaced.items()})
    for column in unified.columns:
        usual = Counter(column.known).most_common(1)[0][0]
        column.values = tuple(usual if value is None else value for value in column.values)


def ratio(numbers: Sequence[int | None], base: Sequence[int | None]) -> tuple[int, bool] | None:
    """By what one multiplies a base, or divides it, to get numbers, of which `None` may be any: factor and which."""
    both = [(one, two) for one, two in zip(numbers, base) if one is not None]
    if not both or any(two is None for _, two in both):
        return None
    times = {one // two if one % two == 0 else 0 for one, two in both if two}
    parts = {two // one if two % one == 0 else 0 for one, two in both if two}
    if len(times) == 1 and 0 < max(times) <= LARGEST_FACTOR:
        return times.pop(), False
    return (parts.pop(), True) if len(parts) == 1 and 0 < max(parts) <= LARGEST_DIVISOR else None


def scaled(size: Tree, factor: int, divides: bool) -> Tree:
    """A size times a factor, or divided by it; see `ratio`."""
    return Arithmetic(size, "//", Plain(factor)) if divides else Arithmetic(Plain(factor), "*", size)


def whole_numbers(values: Sequence[Tree | None]) -> Numbers | None:
    """The whole numbers of a column; `None` if it has anything else."""
    numbers = [value.value if isinstance(value, Plain) else None for value in values]
    known = all(value is None or (type(number) is int and number > 0) for value, number in zip(values, numbers))
    return numbers if known else None  # type: ignore[return-value]


def _sizes(columns: Sequence[Column], replaced: Replaced) -> None:
    """Numbers of filters as multiples, or as parts, of one of them."""
    numbers = {
        index: found
        for index, column in enumerate(columns)
        if column.owner and column.key.endswith(SIZES) and (found := whole_numbers(column.values)) is not None
    }

    def relation(index: int, base: int) -> tuple[int, bool] | None:
        found = ratio(numbers[index], numbers[base]) if index != base else None
        return found if found and found[0] > 1 else None

    def worth(base: int) -> float:
        return sum(0.9 if found[1] else 1.0 for index in numbers if (found := relation(index, base)))

    base = max(numbers, key=worth, default=0)
    for index in numbers:
        if follows := relation(index, base):
            replaced[index] = scaled(Variable(f"?{base}"), *follows)


def _shapes(columns: Sequence[Column], replaced: Replaced) -> None:
    """Shapes of which one size is a number that is there already."""
    for index, column in enumerate(columns):
        first = column.known[0]
        if not isinstance(first, Listing) or any(
            not isinstance(value, Listing) or len(value.items) != len(first.items) for value in column.known
        ):
            continue
        items = []
        for place, item in enumerate(first.items):
            sizes = tuple(value.items[place] if isinstance(value, Listing) else None for value in column.values)
            same = isinstance(item, Plain) and all(size in (None, item) for size in sizes)
            items.append(item if same else _expressed(sizes, columns, replaced))
        if all(items):
            replaced[index] = Listing(first.brackets, tuple(item for item in items if item))


def _expressed(sizes: Values, columns: Sequence[Column], replaced: Replaced) -> Tree | None:
    """Sizes by a column that has them."""
    for index, column in enumerate(columns):
        if column.owner and all(one is None or one == two for one, two in zip(sizes, column.values)):
            return replaced.get(index, Variable(f"?{index}"))
    return None


def _alternatives(columns: Sequence[Column], replaced: Replaced) -> None:
    """One of two values, by whether strides or a kernel are large."""
    for index, column in enumerate(columns):
        values = list(dict.fromkeys(column.known))
        free = column.owner and index not in replaced and not column.key.endswith((*SIZES, *DECIDING))
        if not free or len(values) != 2 or not all(map(_is_choice, values)):
            continue
        for other, deciding in enumerate(columns):
            numbers = whole_numbers(deciding.values) if deciding.key in DECIDING and other != index else None
            if numbers is None or any(one is not None and two is None for one, two in zip(column.values, numbers)):
                continue
            sides = [[number or 0 for one, number in zip(column.values, numbers) if one == value] for value in values]
            (small, below), (large, above) = sorted(zip(values, sides), key=lambda item: min(item[1]))
            if min(above) > max(below):
                is_large = Arithmetic(Variable(f"?{other}"), ">", Plain(max(below)))
                replaced[index] = Either(is_large, large, small)
                break


def _is_choice(value: Tree) -> bool:
    """Whether somebody would choose between such values: words, or lists without variables."""
    if isinstance(value, Plain):
        return isinstance(value.value, str)
    return isinstance(value, Listing) and not any(variables_in(value))


def _given(columns: Sequence[Column], replaced: Replaced) -> None:
    """A truth value that says whether another argument is given."""
    for index, column in enumerate(columns):
        truths = [value.value if isinstance(value, Plain) else None for value in column.values]
        if index in replaced or not column.owner or set(truths) != {True, False}:
            continue
        for other, given in enumerate(columns):
            known = other not in replaced and given.owner and len(given.known) == len(truths)
            if known and all((value != NONE) is truth for value, truth in zip(given.known, truths)):
                replaced[index] = Arithmetic(Variable(f"?{other}"), "is not", NONE)
                break
