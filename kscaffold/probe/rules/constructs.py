"""The class can be constructed.

Everything else needs an object: a layer that raises for reasonable arguments cannot be used at all. Where an argument
has no default, its annotation or its name says what is tried; name a value yourself where that fails.

Bad:

    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.half = self.unit // 2  # no such attribute

Good:

    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.half = units // 2
"""

from ..subject import Defects, Subject

ID = "KS201"
OF_SAVED = "all"
KINDS = ("any",)
DOING = "is constructed"
AT = ("__init__",)
FIX = "If the class is right, say how it is made: --arg NAME=VALUE, or args in [tool.kscaffold.check]."


def check(subject: Subject) -> Defects:
    """Makes one layer."""
    subject.make()
    return iter(())
