"""A reader of Python's marshal format for bytes that nobody vouches for: `marshal.loads` may crash on them, and knows
the code objects of its own version of Python alone.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Any

MOST_BYTES = 100_000
MOST_ITEMS = 10_000
DEEPEST = 20
REFERENCE = 0x80  # the bit of a type whose object later bytes may refer to


class Layout(Enum):
    """How code objects are laid out."""

    PYTHON_2 = "2"
    PYTHON_3 = "3.0"
    POSITIONAL_ONLY = "3.8"  # with arguments that have no names for callers
    LOCALS_PLUS = "3.11"  # all variables in one


class Unreadable(ValueError):
    """Bytes that are no marshalled code, or not of that layout."""


@dataclass(frozen=True)
class CodeObject:
    """What of a code object tells what it computes.

    Attributes:
        variables: Names of arguments and local variables; from Python 3.11 on with those of closures behind them.
        cells: Names of the variables that are shared with functions inside, or outside.
        free: Names of variables of the function that it is in.
    """

    arguments: int
    keyword_only: int
    flags: int
    code: bytes
    constants: tuple[Any, ...]
    names: tuple[str, ...]
    variables: tuple[str, ...]
    cells: tuple[str, ...]
    free: tuple[str, ...]


def read_code(content: bytes, layout: Layout) -> CodeObject:
    """The code object in marshalled bytes; raises `Unreadable` where there is none of that layout."""
    if len(content) > MOST_BYTES:
        raise Unreadable("there are too many bytes")
    reader = _Reader(content, layout)
    try:
        found = reader.value(0)
    except (IndexError, OverflowError, UnicodeDecodeError, ValueError, struct.error) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(found, CodeObject) or reader.place != len(content):
        raise Unreadable("there is something else than one code object")
    return found


class _Reader:
    def __init__(self, content: bytes, layout: Layout) -> None:
        self.content = content
        self.layout = layout
        self.place = 0
        self.items = 0
        self.references: list[Any] = []
        self.words: list[Any] = []

    def taken(self, count: int) -> bytes:
        if count < 0 or self.place + count > len(self.content):
            raise Unreadable("it ends too early")
        self.place += count
        return self.content[self.place - count : self.place]

    def number(self) -> int:
        return int.from_bytes(self.taken(4), "little", signed=True)

    def byte(self) -> int:
        return self.taken(1)[0]

    def value(self, depth: int) -> Any:
        """The next object."""
        self.items += 1
        if depth > DEEPEST or self.items > MOST_ITEMS:
            raise Unreadable("it is nested too deep, or too long")
        kind = self.byte()
        place = len(self.references)
        is_kept = bool(kind & REFERENCE)
        if is_kept:
            self.references.append(None)
        found = self.of_kind(chr(kind & ~REFERENCE), depth)
        if is_kept:
            self.references[place] = found
        return found

    def of_kind(self, kind: str, depth: int) -> Any:
        """The object behind a type."""
        if kind in PLAIN:
            return PLAIN[kind]
        match kind:
            case "i":
                return self.number()
            case "I":
                return int.from_bytes(self.taken(8), "little", signed=True)
            case "l":
                return self.long()
            case "g":
                return struct.unpack("<d", self.taken(8))[0]
            case "f":
                return float(self.taken(self.byte()))
            case "y":
                return complex(*struct.unpack("<dd", self.taken(16)))
            case "s":
                return self.taken(self.number())
            case "t" if self.layout is Layout.PYTHON_2:
                self.words.append(self.taken(self.number()))
                return self.words[-1]
            case "R":
                return self.words[self.number()]
            case "u" | "t":
                return self.taken(self.number()).decode("utf-8", "surrogatepass")
            case "a" | "A":
                return self.taken(self.number()).decode("latin-1")
            case "z" | "Z":
                return self.taken(self.byte()).decode("latin-1")
            case ")":
                return tuple(self.value(depth + 1) for _ in range(self.byte()))
            case "(" | "[" | "<" | ">":
                count = self.number()
                if not 0 <= count <= MOST_ITEMS:
                    raise Unreadable("it has too many items")
                return tuple(self.value(depth + 1) for _ in range(count))
            case "r":
                return self.references[self.number()]
            case "c":
                return self.code(depth + 1)
        raise Unreadable(f"there is no type {kind!r}")

    def long(self) -> int:
        count = self.number()
        if abs(count) > 100:
            raise Unreadable("a number has too many digits")
        digits = [int.from_bytes(self.taken(2), "little") for _ in range(abs(count))]
        found = sum(digit << (15 * place) for place, digit in enumerate(digits))
        return -found if count < 0 else found

    def code(self, depth: int) -> CodeObject:
        arguments = self.number()
        if self.layout in (Layout.POSITIONAL_ONLY, Layout.LOCALS_PLUS):
            self.number()
        keyword_only = 0 if self.layout is Layout.PYTHON_2 else self.number()
        if self.layout is not Layout.LOCALS_PLUS:
            self.number()  # of local variables
        self.number()  # the size of the stack
        flags = self.number()
        code, constants = self.value(depth), self.value(depth)
        names, variables = self.texts(depth), self.texts(depth)
        if self.layout is Layout.LOCALS_PLUS:
            kinds = self.value(depth)
            if not isinstance(kinds, bytes) or len(kinds) != len(variables):
                raise Unreadable("variables and their kinds are not as many")
            cells = tuple(name for name, kind in zip(variables, kinds) if kind & 0x40)
            free = tuple(name for name, kind in zip(variables, kinds) if kind & 0x80)
            rest = "ttt"
        else:
            free, cells = self.texts(depth), self.texts(depth)
            rest = "tt"
        for _ in rest:  # the file, and names
            self.value(depth)
        self.number()  # the line
        self.value(depth)
        if self.layout is Layout.LOCALS_PLUS:
            self.value(depth)
        is_whole = isinstance(code, bytes) and isinstance(constants, tuple)
        if not is_whole or not 0 <= arguments + keyword_only <= len(variables):
            raise Unreadable("it is no code object")
        return CodeObject(arguments, keyword_only, flags, code, constants, names, variables, cells, free)

    def texts(self, depth: int) -> tuple[str, ...]:
        """A tuple of names."""
        found = self.value(depth)
        if not isinstance(found, tuple):
            raise Unreadable("names are no tuple")
        listed = tuple(one.decode("latin-1") if isinstance(one, bytes) else one for one in found)
        if not all(isinstance(one, str) for one in listed):
            raise Unreadable("a name is none")
        return listed


PLAIN = {"N": None, "T": True, "F": False, ".": Ellipsis}
