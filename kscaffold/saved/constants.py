"""The numbers of constants as a person writes them: 0.1, which a file holds as 0.10000000149011612."""

import contextlib
import struct
from typing import Any

# How numbers of each type are packed; those of bfloat16 are all numbers of float32.
FORMS = {"float32": "f", "float16": "e", "bfloat16": "f"}
DIGITS = 9  # enough to tell any two numbers of float32 apart


def shortened(value: Any, dtype: str) -> Any:
    """Lists of numbers in which each has as few digits as make the same number of that type."""
    if isinstance(value, list):
        return [shortened(item, dtype) for item in value]
    return _shortest(value, FORMS[dtype]) if dtype in FORMS and isinstance(value, float) else value


def _shortest(number: float, form: str) -> float:
    with contextlib.suppress(OverflowError):  # it is not a number of that type
        packed = struct.pack(form, number)
        for digits in range(1, DIGITS + 1):
            short = float(f"{number:.{digits}g}")
            with contextlib.suppress(OverflowError):  # the largest numbers become too large
                if struct.pack(form, short) == packed:
                    return short
    return number


def count(value: Any) -> int:
    """How many numbers are in lists of lists."""
    return sum(map(count, value)) if isinstance(value, list) else 1


def shape(value: Any) -> tuple[int, ...]:
    """The sizes of lists of lists."""
    return (len(value), *(shape(value[0]) if value else ())) if isinstance(value, list) else ()
