"""The import and each class stay within the limits of time and memory.

A class that takes minutes on a batch of two has a loop that does not end, waits for something that does not come, or
makes far more than its arguments ask for. What was found before is reported all the same.

Bad:

    while not self.converged:
        self.step(inputs)

Good:

    for _ in range(self.max_steps):
        inputs = self.step(inputs)
"""

from collections.abc import Iterator

from ..subject import Subject

ID = "KS212"
SEVERITY = "error"
DOING = "is measured"
FIX = "Allow more with --timeout or --memory, or give arguments that make a smaller one."


def applies(subject: Subject) -> bool:
    """Never: whoever keeps the limits finds it, from outside."""
    return False


def check(subject: Subject) -> Iterator[str]:
    """Nothing."""
    return iter(())
