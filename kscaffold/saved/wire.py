"""Messages of Protocol Buffers, as far as a SavedModel needs: fields one after the other, without their definitions."""

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED = {FIXED64: 8, FIXED32: 4}
LONGEST_VARINT = 10  # bytes


def fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """The number of each field of a message and its value: bytes, or a whole number.

    Raises:
        ValueError: The message is cut off, or is none.
    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        if number == 0 or kind not in (VARINT, BYTES, *FIXED):
            raise ValueError("a field is of no known kind")
        if kind == VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        length, place = (FIXED[kind], place) if kind in FIXED else _varint(message, place)
        if place + length > len(message):
            raise ValueError("a field is cut off")
        yield number, message[place : place + length]
        place += length


def inside(message: memoryview, number: int) -> Iterator[memoryview]:
    """The values of a field that holds bytes, texts or messages."""
    for found, value in fields(message):
        if found == number and isinstance(value, memoryview):
            yield value


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for count in range(LONGEST_VARINT):
        if place >= len(message):
            raise ValueError("a number is cut off")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, place
    raise ValueError("a number is too long")
