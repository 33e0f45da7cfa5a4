"""The class can be constructed.

Everything else needs an object: a layer that raises for reasonable arguments cannot be used at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..subject import Subject

ID = "KS201"
SEVERITY = "error"
DOING = "is constructed"
FAILURE = "cannot be constructed"
REQUIRES: tuple[str, ...] = ()


def check(subject: Subject) -> Iterator[str]:
    """Makes one layer."""
    subject.make()
    return iter(())
