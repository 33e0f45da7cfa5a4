"""Names of layers as f-strings: what varies in them from one repetition to the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kscaffold.program.tree import Plain, Text, Tree, Variable

Token = str | Variable
Stays = Callable[[str], bool]
PIECE = re.compile(r"\d+|[A-Za-z]+|[^A-Za-z\d]+")
MOST_VARYING = 3


class CannotUnify(Exception):
    """Two parts of a program are not the same but for values."""


@dataclass(frozen=True)
class Varying:
    """A part of names that differs from one repetition to the next.

    Attributes:
        values: What it is in each.
        word: The word before it; "name" for the beginning of names.
    """

    values: tuple[Tree, ...]
    word: str


def tokens(text: Text) -> tuple[Token, ...]:
    """A name in numbers, words, what is between them, and variables."""
    found: list[Token] = []
    for part in text.parts:
        found += [part] if isinstance(part, Variable) else PIECE.findall(part)
    return tuple(found)


def joined(parts: Sequence[Token]) -> Text:
    """Tokens as one name."""
    merged: list[Token] = []
    for part in parts:
        if merged and isinstance(part, str) and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return Text(tuple(merged))


def solve(
    slots: Sequence[Sequence[Text | None]], split: bool, stays: Callable[[str], bool]
) -> tuple[list[Text], list[Varying]]:
    """Names that hold for all repetitions.

    Args:
        slots: For each layer its name in each repetition; `None` where a repetition does without it.
        split: Whether numbers are found one by one, for a loop; else names begin with what varies, for a function.
        stays: Whether a variable that stands in names already may stay there.

    Returns:
        The names with variables in them, which are called `?0`, `?1`, …, and what those stand for.

    Raises:
        CannotUnify: The names differ in too many ways.
    """
    if not slots:
        return [], []
    if any(text is None for slot in slots for text in slot):
        some = [[None if text is None else tokens(text) for text in slot] for slot in slots]
        found = _beginnings(some, stays)
        if found is None:
            raise CannotUnify("names differ in too many ways")
        return found
    cut = [[tokens(text) for text in slot if text is not None] for slot in slots]
    if split:
        aligned = _columns(cut, stays)
        if aligned is not None:
            return aligned
    return _beginnings(cut, stays) or _middles(cut, stays)


def _value(column: Sequence[Token | Text]) -> tuple[Tree, ...]:
    """What varies, as numbers if it can be."""
    plain = [str(item) for item in column if isinstance(item, str)]
    if len(plain) == len(column) and all(item.isdigit() and str(int(item)) == item for item in plain):
        return tuple(Plain(int(item)) for item in plain)
    return tuple(item if isinstance(item, Text) else joined([item]) for item in column)


def _columns(cut: Sequence[Sequence[tuple[Token, ...]]], stays: Stays) -> tuple[list[Text], list[Varying]] | None:
    """Names of which runs of tokens vary; `None` where repetitions have names of another make."""
    found: list[Varying] = []
    texts = []
    for slot in cut:
        if len({len(name) for name in slot}) != 1:
            return None
        parts: list[Token] = []
        columns = list(zip(*slot))
        varies = [any(token != column[0] for token in column) or _must_go(column[0], stays) for column in columns]
        place = 0
        while place < len(columns):
            if not varies[place]:
                parts.append(columns[place][0])
                place += 1
                continue
            end = next((later for later in range(place, len(columns)) if not varies[later]), len(columns))
            run = [name[place:end] for name in slot]
            values = _value([one[0] if len(one) == 1 else joined(one) for one in run])
            known = next((index for index, item in enumerate(found) if item.values == values), None)
            if known is None:
                known = len(found)
                found.append(Varying(values, _word_before(slot[0], place)))
            parts.append(Variable(f"?{known}"))
            place = end
        texts.append(joined(parts))
    return (texts, found) if len(found) <= MOST_VARYING else None


def _word_before(name: Sequence[Token], place: int) -> str:
    words = [token for token in name[:place] if isinstance(token, str) and token.isalpha()]
    # A number at the end counts layers; one before that, what they are in.
    return words[-1].lower() if words and place < len(name) - 1 else ""


def _beginnings(
    cut: Sequence[Sequence[tuple[Token, ...] | None]], stays: Stays
) -> tuple[list[Text], list[Varying]] | None:
    """Names that begin with the same in each repetition, and go on with the same in all; `None` where they do not."""
    beginnings = []
    for occurrence in zip(*cut):
        names = [name for name in occurrence if name is not None]
        if not names:
            return None
        length = min(len(name) for name in names)
        common = next((place for place in range(length) if len({name[place] for name in names}) > 1), length)
        beginnings.append(names[0][:common])
    while all(one and isinstance(one[-1], str) and not one[-1].isalnum() for one in beginnings):
        beginnings = [one[:-1] for one in beginnings]
    texts = []
    for slot in cut:
        rests = [name[len(beginning) :] for name, beginning in zip(slot, beginnings) if name is not None]
        if any(rest != rests[0] for rest in rests) or any(_must_go(token, stays) for token in rests[0]):
            return None
        texts.append(joined([Variable("?0"), *rests[0]]))
    if not all(beginnings):
        return None
    return texts, [Varying(tuple(joined(one) for one in beginnings), "name")]


def _middles(cut: Sequence[Sequence[tuple[Token, ...]]], stays: Stays) -> tuple[list[Text], list[Varying]]:
    """Names of which something in between varies.

    Raises:
        CannotUnify: That is more than three parts.
    """
    found: list[Varying] = []
    texts = []
    for slot in cut:
        shortest = min(len(name) for name in slot)
        before = next((place for place in range(shortest) if _varies(slot, place, stays)), shortest)
        after = next(
            (place for place in range(shortest - before) if _varies([name[::-1] for name in slot], place, stays)),
            shortest - before,
        )
        middles = [name[before : len(name) - after] for name in slot]
        if all(not middle for middle in middles):
            texts.append(joined(slot[0]))
            continue
        values = _value([middle[0] if len(middle) == 1 else joined(middle) for middle in middles])
        known = next((index for index, item in enumerate(found) if item.values == values), None)
        if known is None:
            known = len(found)
            found.append(Varying(values, _word_before(slot[0], before)))
        texts.append(joined([*slot[0][:before], Variable(f"?{known}"), *slot[0][len(slot[0]) - after :]]))
    if len(found) > MOST_VARYING:
        raise CannotUnify("names differ in too many ways")
    return texts, found


def _varies(names: Sequence[tuple[Token, ...]], place: int, stays: Stays) -> bool:
    token = names[0][place]
    return any(name[place] != token or _must_go(name[place], stays) for name in names)


def _must_go(token: Token, stays: Stays) -> bool:
    return isinstance(token, Variable) and not stays(token.name)
