"""The constructor calls that of Keras.

`Layer.__init__` sets up what every other method needs. Without it the layer is made, and fails at its first call.

Bad:

    def __init__(self, units, **kwargs):
        self.units = units

Good:

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import is_init
from kscaffold.check.static.source import Source

ID = "KS108"
SEVERITY = "error"
FIX = "Begin it with super().__init__(**kwargs)."
CAUSES = ("KS201", "KS202", "KS203", "KS204", "KS301", "KS302", "KS304")


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Looks for a call of any `__init__` of a base."""
    for cls in source.classes:
        function = cls.methods.get("__init__")
        if function is None or not cls.certain:
            continue
        if not any(map(is_init, ast.walk(function))):
            yield function.lineno, f"{cls.node.name}.__init__ does not call super().__init__()"
