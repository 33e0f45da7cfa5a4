"""A call creates no variables.

A layer or variable that is made in `call` is new, and untrained, at each call; in a compiled model it fails.

Bad:

    def call(self, inputs):
        return make_projection(self.units)(inputs)  # a new Dense each time

Good:

    def build(self, input_shape):
        self.projection = make_projection(self.units)
        self.projection.build(input_shape)
"""

from ..creation import created_variables
from ..subject import Defects, Subject
from .tracks_state import name_of

ID = "KS208"
OF_SAVED = "classes"
DOING = "is called a second time"
REQUIRES = ("KS201", "KS204")
CAUSES = (
    "KS202", "KS203", "KS205", "KS207", "KS209", "KS210", "KS301", "KS401", "KS501", "KS503", "KS504", "KS505",
    "KS506", "KS507",
)  # fmt: skip
FIX = "Make layers and variables in __init__() or build(), and only use them in call()."


def check(subject: Subject) -> Defects:
    """Counts what a second call creates."""
    with subject.kept() as layer, created_variables() as created:
        layer(*subject.arrange(subject.arrays(2)))
    if created:
        yield f"each call creates {len(created)} variables: {', '.join(name_of(variable) for variable in created)}"
