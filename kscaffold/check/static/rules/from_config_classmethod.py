"""`from_config` is a class method.

Keras calls it on the class. Without `@classmethod` the config takes the place of `self`, and loading fails.

Bad:

    def from_config(cls, config):
        return cls(**config)

Good:

    @classmethod
    def from_config(cls, config):
        return cls(**config)
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.source import Source

ID = "KS107"
SEVERITY = "error"
FIX = "Put @classmethod above it."
CAUSES = ("KS301", "KS302", "KS303", "KS306", "KS401")


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Looks at the decorators."""
    for cls in source.classes:
        function = cls.methods.get("from_config")
        if function is None:
            continue
        words = [ast.unparse(decorator).rpartition(".")[2] for decorator in function.decorator_list]
        if not {"classmethod", "staticmethod"} & set(words):
            yield function.lineno, "from_config is not a class method: Keras calls it on the class"
