"""What a rule says of a defect."""

from __future__ import annotations

from dataclasses import dataclass


class CannotBeTried(Exception):
    """A rule finds out, while it is tried, that it cannot be: the reason why it is skipped."""


@dataclass(frozen=True)
class Problem:
    """A defect, with more than its text.

    Attributes:
        message: What is wrong.
        at: The names of the methods that it may be in, the likeliest first; without any, those of the rule.
        fix: What to do about it; without one, what the rule says.
    """

    message: str
    at: tuple[str, ...] = ()
    fix: str = ""
