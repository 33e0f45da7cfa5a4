"""A model with the layer can be trained for a step.

An operation without a gradient, or a loss that is not finite, shows only here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..subject import Subject

ID = "KS501"
SEVERITY = "error"
DOING = "is trained for a step"
FAILURE = "cannot be trained"
REQUIRES = ("KS203", "KS204")


def check(subject: Subject) -> Iterator[str]:
    """Trains for one step towards random targets."""
    loss, unmoved = subject.train_one_step()
    subject.facts["unmoved"] = unmoved
    if not math.isfinite(loss):
        yield f"the loss of the first step is {loss}"
