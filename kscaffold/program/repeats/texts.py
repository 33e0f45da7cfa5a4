"""Names of layers as f-strings: what varies in them from one repetition to the next."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeAlias

from kscaffold.program.tree import Plain, Text, Tree, Variable

Token: TypeAlias = str | Variable
Name: TypeAlias = tuple[Token, ...]
Stays: TypeAlias = Callable[[str], bool]
PIECE = re.compile(r"\d+|[A-Za-z]+|[^A-Za-z\d]+")
MOST_VARYING = 3
BEHIND = 10**9  # the place of what is not used yet


class CannotUnify(Exception):
    """Two parts of a program are not the same but for values."""


@dataclass
class Column:
    """What differs from one repetition to the next.

    Attributes:
        values: What it is in each; `None` where nothing needs it.
        key: The argument that it is of; for a part of names, the word before it, "name" for their beginning.
        owner: The class or function that takes it; nothing for a part of names.
        place: The number of the step that it is first used in.
    """

    values: Sequence[Tree | None]
    key: str
    owner: str = ""
    place: int = BEHIND

    @property
    def known(self) -> tuple[Tree, ...]:
        """What it is in each repetition that needs it."""
        return tuple(value for value in self.values if value is not None)

    @property
    def is_text(self) -> bool:
        """Whether it is a part of names that is not a number."""
        return all(isinstance(value, Text) for value in self.known)


Solution: TypeAlias = tuple[list[Text], list[Column]]


def tokens(text: Text) -> Name:
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


def common_beginning(names: Sequence[Name]) -> Name:
    """What names begin with, without what separates it from the rest."""
    beginning = _same(names)
    while _ends_between(beginning):
        beginning = beginning[:-1]
    return beginning


def _same(names: Sequence[Name]) -> Name:
    return tuple(column[0] for column in takewhile(lambda column: len(set(column)) == 1, zip(*names)))


def _ends_between(name: Name) -> bool:
    return bool(name) and isinstance(name[-1], str) and not name[-1].isalnum()


def solve(slots: Sequence[Sequence[Text | None]], split: bool, stays: Stays) -> Solution:
    """Names that hold for all repetitions, with variables `?0`, `?1`, … in them, and what those stand for.

    Args:
        slots: For each layer its name in each repetition; `None` where a repetition does without it.
        split: Whether numbers are found one by one, for a loop; else names begin with what varies, for a function.
        stays: Whether a variable that stands in names already may stay there.

    Raises:
        CannotUnify: The names differ in too many ways.
    """
    if not slots:
        return [], []
    some = [[None if text is None else tokens(text) for text in slot] for slot in slots]
    cut = [[name for name in slot if name is not None] for slot in some]
    split = split and all(len(set(map(len, slot))) == 1 for slot in cut)
    found = _parts(cut, stays, True) if split and some == cut else None
    found = found or _beginnings(some, stays) or (_parts(cut, stays, False) if some == cut else None)
    if found is None:
        raise CannotUnify("names differ in too many ways")
    return found


def _value(column: Sequence[Token | Text]) -> tuple[Tree, ...]:
    """What varies, as numbers if it can be."""
    if all(isinstance(item, str) and item.isdigit() and str(int(item)) == item for item in column):
        return tuple(Plain(int(str(item))) for item in column)
    return tuple(item if isinstance(item, Text) else joined([item]) for item in column)


def _variable(found: list[Column], parts: Sequence[Name], word: str) -> Variable:
    """The variable for parts of names that vary: one that does so in the same way, or a new one."""
    values = _value([part[0] if len(part) == 1 else joined(part) for part in parts])
    known = next((index for index, item in enumerate(found) if item.values == values), len(found))
    if known == len(found):
        found.append(Column(values, word))
    return Variable(f"?{known}")


def _parts(cut: Sequence[Sequence[Name]], stays: Stays, split: bool) -> Solution | None:
    """Names of which some parts vary; `None` where those are too many.

    Tokens are compared one by one if they are `split`; else all from the first that varies to the last is one part.
    """
    found: list[Column] = []
    texts = []
    for slot in cut:
        parts: list[Token] = []
        done = 0
        for start, behind in _spans(slot, stays, split):
            varying = [name[start : len(name) - behind] for name in slot]
            parts += [*slot[0][done:start], _variable(found, varying, _word_before(slot[0], start))]
            done = len(slot[0]) - behind
        texts.append(joined([*parts, *slot[0][done:]]))
    return (texts, found) if len(found) <= MOST_VARYING else None


def _spans(slot: Sequence[Name], stays: Stays, split: bool) -> list[tuple[int, int]]:
    """The parts of names that vary: how many tokens stand before and behind each."""
    length = min(map(len, slot))
    varies = [_varies(slot, place, stays) for place in range(length)]
    if split:
        edges = [place for place in range(length + 1) if [False, *varies][place] != [*varies, False][place]]
        return [(start, length - end) for start, end in zip(edges[::2], edges[1::2])]
    before = [*varies, True].index(True)
    turned = [name[::-1] for name in slot]
    behind = [*(_varies(turned, place, stays) for place in range(length - before)), True].index(True)
    return [(before, behind)] if any(len(name) > before + behind for name in slot) else []


def _word_before(name: Name, place: int) -> str:
    words = [token for token in name[:place] if isinstance(token, str) and token.isalpha()]
    # A number at the end counts layers; one before that, what they are in.
    return words[-1].lower() if words and place < len(name) - 1 else ""


def _beginnings(slots: Sequence[Sequence[Name | None]], stays: Stays) -> Solution | None:
    """Names that begin with the same in each repetition, and go on with the same in all; `None` where they do not."""
    beginnings = [_same([name for name in names if name is not None]) for names in zip(*slots)]
    while all(map(_ends_between, beginnings)):
        beginnings = [one[:-1] for one in beginnings]
    texts = []
    for slot in slots:
        rests = [name[len(beginning) :] for name, beginning in zip(slot, beginnings) if name is not None]
        if any(rest != rests[0] for rest in rests) or any(_must_go(token, stays) for token in rests[0]):
            return None
        texts.append(joined([Variable("?0"), *rests[0]]))
    if not all(beginnings):
        return None
    return texts, [Column(tuple(map(joined, beginnings)), "name")]


def _varies(names: Sequence[Name], place: int, stays: Stays) -> bool:
    token = names[0][place]
    return any(name[place] != token or _must_go(name[place], stays) for name in names)


def _must_go(token: Token, stays: Stays) -> bool:
    return isinstance(token, Variable) and not stays(token.name)
