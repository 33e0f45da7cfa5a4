"""What was found in a module that nobody described."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class NotASubject(Exception):
    """What was found is something else than it looks like, or cannot be tried with what is known of it.

    `is_open` is whether it could be tried if more were known.
    """

    def __init__(self, reason: str, is_open: bool = True) -> None:
        super().__init__(reason)
        self.is_open = is_open


@dataclass(frozen=True)
class Found:
    """A class or a function that nobody described.

    Attributes:
        name: What it is called inside its module: `Outer.Inner` for a class in a class.
        skip: Why it is not checked; empty if it is.
        lines: The first and the last line of its definition.
        try_out: What finds out how it is made and called, if that is not `trying.try_out`.
    """

    name: str
    item: Any
    skip: str = ""
    lines: tuple[int, int] = (1, 1)
    try_out: Callable[..., Any] | None = None
