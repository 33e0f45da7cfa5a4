"""What loops go over: ranges, the letters of a word, tables of rows."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

from kscaffold.program.tree import Listing, Object, Plain, Text, Tree, plain_text

Columns: TypeAlias = list[tuple[Tree, ...]]


def iterable(columns: Sequence[tuple[Tree, ...]], rounds: int) -> Tree:
    """What a loop of so many rounds goes over, whose variables stand for the columns."""
    if not columns:
        return times(Plain(rounds))
    if len(columns) == 1:
        (column,) = columns
        numbers = _whole(column)
        steps = {two - one for one, two in pairwise(numbers)}
        if len(steps) == 1 and (step := steps.pop()) and (step == 1 or len(numbers) > 2):
            ends = (("first", Plain(numbers[0])), ("last", Plain(numbers[-1])))
            return Object("range", ends if step == 1 else (*ends, ("step", Plain(step))), 3)
        letters = [_letter(value) for value in column]
        return Plain("".join(letters)) if all(letters) else Listing("()", column)
    if len(columns) == 2 and is_counted(columns[0]) and all(map(_letter, columns[1])):
        return Object("enumerate", (("over", iterable(columns[1:], rounds)), ("start", columns[0][0])), 1)
    return Listing("()", tuple(Listing("()", row) for row in zip(*columns)))


def columns_of(over: Tree, variables: int) -> Columns | None:
    """What the variables of a loop stand for in each round; `None` where that is not known before it runs."""
    given = dict(over.keywords) if isinstance(over, Object) else {}
    match over:
        case Plain(value=str(word)):
            return [tuple(Text((letter,)) for letter in word)]
        case Listing(items=rows):
            return [rows] if variables == 1 else list(zip(*(row.items for row in rows if isinstance(row, Listing))))
        case Object(target="enumerate"):
            letters, start = columns_of(given["over"], 1), _whole([given["start"]])
            numbers = range(start[0], start[0] + len(letters[0])) if start and letters else ()
            return [tuple(map(Plain, numbers)), letters[0]] if letters and start else None
        case Object(target="range"):
            one = Plain(1)
            known = _whole(
                [given.get("first", one), given.get("count", given.get("last", one)), given.get("step", one)]
            )
            if known:
                first, last, step = known
                return [tuple(map(Plain, range(first, last + (1 if step > 0 else -1), step)))]
    return None


def times(count: Tree) -> Object:
    """A range of so many rounds."""
    return Object("range", (("count", count),), 1)


def is_counted(column: Sequence[Tree]) -> bool:
    """Whether a column counts on from a number."""
    numbers = _whole(column)
    return len(numbers) == len(column) and all(two - one == 1 for one, two in pairwise(numbers))


def _whole(column: Sequence[Tree]) -> list[int]:
    numbers = [value.value for value in column if isinstance(value, Plain) and type(value.value) is int]
    return numbers if len(numbers) == len(column) else []


def _letter(value: Tree) -> str:
    """The one character of a name that has no more; else nothing."""
    return plain_text(value) if len(plain_text(value)) == 1 else ""
