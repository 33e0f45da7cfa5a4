"""No sublayer is called with `training=True` whatever the caller says.

Dropout stays on and batch statistics are used, and moved, in predictions. In Monte Carlo dropout that is meant; say so
with a comment.

Bad:

    def call(self, inputs):
        return self.dropout(inputs, training=True)

Good:

    def call(self, inputs, training=None):
        return self.dropout(inputs, training=training)
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import is_constant, is_self, keyword
from kscaffold.check.static.source import Source

ID = "KS112"
SEVERITY = "warning"
FIX = "Take training=None in call() and hand it on, or leave it out: Keras hands it on by itself."
CAUSES = ("KS503", "KS504", "KS506", "KS510", "KS401")


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Looks at the calls of sublayers in `call` and in the methods that it calls."""
    # What gives nothing is not a layer.
    statements = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
    for _, node in source.calls_in_call():
        if is_constant(keyword(node, "training"), True) and is_sublayer(node.func) and id(node) not in statements:
            yield node.lineno, f"{ast.unparse(node.func)} is called with training=True, at inference too"


def is_sublayer(node: ast.expr) -> bool:
    """Whether what is called may be a sublayer: `self.dropout`, `self.layers_[0]`, `block`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        if is_self(node.value):
            return True
        node = node.value
    return isinstance(node, ast.Name)
