"""The file is Python.

Nothing else can be said of a file that Python cannot read.

Bad:

    def call(self, inputs)
        return inputs

Good:

    def call(self, inputs):
        return inputs
"""

from collections.abc import Iterator

from kscaffold.check.static.source import Source

ID = "KS100"
SEVERITY = "error"
FIX = "Mend the line that is named, or the one before it."
CAUSES = ("KS200",)


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Nothing: what was parsed is Python."""
    return iter(())


def describe(error: BaseException) -> str:
    """What keeps a file from being parsed."""
    return f"this is not Python: {getattr(error, 'msg', None) or error or type(error).__name__}"
