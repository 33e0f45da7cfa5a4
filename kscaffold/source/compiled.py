"""Source of the function that compiles a model as a saved one was compiled."""

from kscaffold.program.tree import Tree
from kscaffold.saved.value import Compiled
from kscaffold.source.expression import no_value, source


def compile_source(compiled: Compiled, name: str) -> str:
    """Source of the function, before formatting.

    Args:
        compiled: What it hands to `compile`.
        name: Its own name.
    """

    def written(tree: Tree) -> str:
        return source(tree, no_value)

    arguments = "".join(f"        {key}={written(tree)},\n" for key, tree in compiled.keywords)
    docstring = '"""Compiles a model as the saved one was compiled."""'
    return f"def {name}(model):\n    {docstring}\n    model.compile(\n{arguments}    )\n"
