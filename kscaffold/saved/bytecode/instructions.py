"""Instructions of the bytecode of Python 2.7 and 3.5 to 3.13 by their names."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kscaffold.saved.bytecode.unmarshal import Layout, Unreadable

LAST_WITHOUT_ARGUMENT = 90  # before Python 3.6, instructions below this number have no argument
LAYOUTS = {
    Layout.PYTHON_2: ("2.7",), Layout.PYTHON_3: ("3.7", "3.6", "3.5"), Layout.POSITIONAL_ONLY: ("3.10", "3.9", "3.8"),
    Layout.LOCALS_PLUS: ("3.13", "3.12", "3.11"),
}  # fmt: skip


@dataclass(frozen=True)
class Version:
    """A version of Python.

    Attributes:
        opcodes: The instructions that a simple expression may have, by their numbers.
        caches: How many units of two bytes are kept free behind an instruction.
        binary: Operators by their numbers, from Python 3.11 on.
        compare: Comparisons by their numbers.
    """

    number: tuple[int, int]
    opcodes: Mapping[int, str]
    caches: Mapping[str, int]
    binary: tuple[str, ...]
    compare: tuple[str, ...]


@functools.cache
def _data() -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = json.loads(
        Path(__file__).with_name("opcodes.json").read_text(encoding="utf-8")
    )
    return found


def find_version(name: str) -> Version:
    """A version by its name: `3.11`."""
    data = _data()[name]
    major, _, minor = name.partition(".")
    opcodes = {number: one for one, number in data["opcodes"].items()}
    binary, compare = tuple(data.get("binary", ())), tuple(data["compare"])
    return Version((int(major), int(minor)), opcodes, data.get("caches", {}), binary, compare)


def instructions(code: bytes, version: Version) -> Iterator[tuple[str, int]]:
    """The instructions with their arguments; raises `Unreadable` for one that no simple expression has."""
    place, extended = 0, 0
    while place < len(code):
        number = code[place]
        name = version.opcodes.get(number)
        if name is None:
            raise Unreadable(f"the instruction {number} is not known")
        if version.number >= (3, 6):
            argument, width = code[place + 1 : place + 2], 2
        else:
            width = 3 if number >= LAST_WITHOUT_ARGUMENT else 1
            argument = code[place + 1 : place + width]
        if len(argument) != (1 if width == 2 else width - 1):
            raise Unreadable("it ends within an instruction")
        place += width
        value = int.from_bytes(argument, "little") | extended
        if name == "EXTENDED_ARG":
            if value > 0xFFFF:
                raise Unreadable("an argument is too large")
            extended = value << (8 if width == 2 else 16)
            continue
        extended = 0
        free = 2 * version.caches.get(name, 0)
        if code[place : place + free] != bytes(free):
            raise Unreadable("it is not of this version")
        place += free
        yield name, value
