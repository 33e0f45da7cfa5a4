"""Where a text stands in what the user wrote, for messages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from kscaffold.base.errors import RequestError, unknown


@dataclass(frozen=True)
class Place:
    """A line and a column, counted from 1, of a file as the user named it, or a column of a flag."""

    source: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        if self.line is None:
            return self.source if self.column is None else f"{self.source} column {self.column}"
        return f"{self.source}:{self.line}" + ("" if self.column is None else f":{self.column}")

    def moved(self, characters: int) -> Place:
        """The place that many characters to the right."""
        return self if self.column is None else replace(self, column=self.column + characters)

    def error(self, message: str, hint: str | None = None) -> RequestError:
        """The error of what is wrong here, and what to do about it."""
        return RequestError(message, hint=hint, where=str(self))

    def unknown(self, message: str, word: str, known: Iterable[str]) -> RequestError:
        """The error of a word that is not one of those that are known; see `kscaffold.base.errors.unknown`."""
        return unknown(message, word, known, str(self))


@dataclass(frozen=True)
class Text:
    """A text and where it stands."""

    value: str
    place: Place

    def part(self, start: int, end: int) -> Text:
        """A part of the text without the space around it."""
        inside = self.value[start:end]
        lead = len(inside) - len(inside.lstrip())
        return Text(inside.strip(), self.place.moved(start + lead))


@contextlib.contextmanager
def located(place: Place) -> Iterator[None]:
    """Gives a place to a `RequestError` that has none."""
    try:
        yield
    except RequestError as error:
        raise error.at(str(place)) from None
