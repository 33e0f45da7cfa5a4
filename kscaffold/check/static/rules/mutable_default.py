"""No default is a list or a dictionary.

A default is made once: all layers share it, and what one appends to it the others have too.

Bad:

    def __init__(self, sizes=[8, 8], **kwargs): ...

Good:

    def __init__(self, sizes=(8, 8), **kwargs): ...
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import FUNCTIONS, parameters
from kscaffold.check.static.source import Source

ID = "KS106"
SEVERITY = "warning"
FIX = "Use a tuple, or None and make the list in the body."


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Looks at the defaults of methods and of functions that build models."""
    functions = [function for cls in source.classes for function in cls.methods.values()]
    if source.imports_keras:
        builders = (node for node in source.tree.body if isinstance(node, FUNCTIONS))
        functions += (function for function in builders if function.name.startswith("build_"))
    for function in functions:
        for name, default in parameters(function):
            if default is not None and is_mutable(default):
                yield default.lineno, f"the default of {name!r} is {ast.unparse(default)}, which all calls share"


def is_mutable(node: ast.expr) -> bool:
    """Whether an expression makes a list, a dictionary or a set."""
    if isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "dict", "set")
