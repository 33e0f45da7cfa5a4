"""A layer or model that kscaffold generated: it says how the class is made and called."""

from __future__ import annotations

from types import ModuleType

from .. import protocol
from ..subject import Subject


def take(module: ModuleType, wanted: protocol.Subject, path: str) -> Subject | None:
    """The subject, unless it was made from a saved model."""
    return Subject(module, wanted, path) if wanted.saved is None else None
