"""The one exception for a request that cannot be carried out, and the exit codes.

What is wrong with the user's *code* is a finding, a value (see `kscaffold.check`). What is wrong with the
*request* (an argument, a name, a path, a template) is a `RequestError`, which only `kscaffold.cli` prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum

LONG_WORD = re.compile(r"\S{400,}")  # paths are shorter


class ExitCode(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    CHECK_FAILED = 1
    USAGE = 2
    CONFLICT = 3
    REFUSED = 4
    NO_KERAS = 5


class RequestError(Exception):
    """A request that cannot be carried out.

    Args:
        message: What is wrong, in one sentence that names the offending text.
        hint: What to do about it.
        where: Where it was found: a flag, or a file with line and column.
        missing: The class that was asked for and that Keras does not have.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        where: str | None = None,
        exit_code: ExitCode = ExitCode.USAGE,
        missing: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = printable(message)
        self.hint = printable(hint) if hint else hint
        self.where = printable(where) if where else where
        self.exit_code = exit_code
        self.missing = missing

    def __str__(self) -> str:
        location = f"{self.where}: " if self.where else ""
        advice = f" {self.hint}" if self.hint else ""
        return f"{location}{self.message}{advice}"

    def at(self, where: str) -> RequestError:
        """The same error with a place, unless it names one already."""
        return self.changed(where=self.where or where)

    def changed(self, hint: str | None = None, where: str | None = None) -> RequestError:
        """The same error with another hint or place."""
        given = {**vars(self), "hint": hint or self.hint, "where": where or self.where}
        return RequestError(given.pop("message"), **given)


def printable(text: str) -> str:
    """A text as a message shows it, whoever wrote it: on one line, without what steers a terminal, no word too long."""
    escaped = (letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text)
    return LONG_WORD.sub(lambda word: f"{word[0][:100]}…{word[0][-20:]}", "".join(escaped))


def broken_template(template: str, line: int | None, reason: str, hint: str | None = None) -> RequestError:
    """The error of a template that cannot be rendered, or whose result cannot be used."""
    where = f"{template}:{line}" if line else template
    return RequestError(f"The template is broken: {reason}.", hint=hint, where=where, exit_code=ExitCode.REFUSED)


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that is most like `word`, whatever its case, or `None` if none is as close as `cutoff` demands."""
    import difflib  # costs more than all else that `kscaffold --help` needs of this module

    by_lower = {name.lower(): name for name in known}
    matches = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[matches[0]] if matches else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that offers the nearest known word, or `None` if none is close."""
    match = nearest(word, known)
    return f"Did you mean {match}?" if match else None


def with_article(noun: str) -> str:
    """A noun as messages name one of its kind: `an argument`, `a weight`."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def unknown(message: str, word: str, known: Iterable[str], where: str | None = None) -> RequestError:
    """The error of a word that is not one of those that are known, with a hint: the nearest, else all."""
    words = tuple(known)
    return RequestError(message, hint=did_you_mean(word, words) or f"There are: {', '.join(words)}.", where=where)
