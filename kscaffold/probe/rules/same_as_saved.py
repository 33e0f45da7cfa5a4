"""A model made from a saved one has its config, takes its weights, and gives the same outputs.

Source that builds another model than the file holds is worse than none: it trains, and is wrong.

Bad:

    x = keras.layers.Conv2D(64, 3)(inputs)  # where the saved layer has strides=2

Good:

    x = keras.layers.Conv2D(64, 3, strides=2)(inputs)
"""

from ..comparison import compare
from ..subject import Defects, Subject

ID = "KS601"
OF_SAVED = "all"
DOING = "is held against the saved model"
REQUIRES = ("KS201",)
AT = ("__init__",)
FIX = "Write it with --force or --no-check and correct it by hand, and please report it."


def applies(subject: Subject) -> bool:
    """Only what is made from a saved model can be held against it."""
    return subject.wanted.saved is not None


def check(subject: Subject) -> Defects:
    """Compares the configs, copies the weights, compares the outputs."""
    assert subject.wanted.saved is not None
    if different := compare(subject, subject.wanted.saved):
        yield different
