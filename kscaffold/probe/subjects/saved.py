"""A model that was made from a saved one: whatever that one does is right, so few rules are tried on it."""

from __future__ import annotations

from types import ModuleType

from .. import protocol
from ..rule import OfSaved, Rule
from ..subject import Subject


class SavedSubject(Subject):
    """A model made from a saved one."""

    def is_tried_on(self, rule: Rule) -> bool:
        """Where inputs can be made for a class, also what Keras asks of every class: building, config, saving."""
        return rule.of_saved is OfSaved.ALL or (rule.of_saved is OfSaved.CLASSES and bool(self.feeds))


def take(module: ModuleType, wanted: protocol.Subject, path: str) -> Subject | None:
    """The subject, if it was made from a saved model."""
    return None if wanted.saved is None else SavedSubject(module, wanted, path)
