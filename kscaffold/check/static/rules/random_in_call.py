"""Random numbers in `call` come from Keras, with a seed that goes on.

NumPy and Python draw once, while the model is traced: every batch then gets the same numbers, though a call outside of
`fit` seems to work. A literal seed gives the same numbers at each call, too.

Bad:

    def call(self, inputs):
        return inputs + np.random.normal(size=inputs.shape[1:])

Good:

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs):
        return inputs + keras.random.normal(ops.shape(inputs), seed=self.seed_generator)
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import keyword
from kscaffold.check.static.source import Source

ID = "KS111"
SEVERITY = "error"
FIX = "Use keras.random with seed=self.seed_generator, a keras.random.SeedGenerator made in __init__()."
CAUSES = ("KS209", "KS210", "KS301", "KS401", "KS402", "KS503", "KS504", "KS505", "KS506")


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Looks at the calls in `call` and in the methods that it calls."""
    for _, node in source.calls_in_call(source.by_mode):
        name, written = source.name(node.func) or "", ast.unparse(node.func)
        if name.startswith(("numpy.random.", "random.")):
            yield node.lineno, f"{written}() draws once, when the model is traced, and never again"
        elif name.startswith(("keras.random.", "tensorflow.random.")) and is_whole(keyword(node, "seed")):
            yield node.lineno, f"{written}() has a fixed seed: it draws the same numbers at each call"


def is_whole(node: ast.expr | None) -> bool:
    """Whether an expression is a literal whole number."""
    return isinstance(node, ast.Constant) and type(node.value) is int
