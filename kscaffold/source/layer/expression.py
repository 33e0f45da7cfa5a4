"""Source of the expressions in a layer's module, which names Keras' classes in full: `keras.layers.Dense(8)`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kscaffold.program.text import show, written_call
from kscaffold.program.tree import Code, Object, Tree

LINE_LENGTH = 88
POLICY = ("dtype", Code("self.dtype_policy"))


def expression(tree: Tree, name: Callable[[str], str] = str, policy: bool = False) -> str:
    """Source of an expression.

    Args:
        tree: What to write, its objects resolved.
        name: Gives the source of a name.
        policy: Whether layers are given the dtype policy of the layer that makes them.
    """

    def made(call: Object) -> str:
        sublayer = call.own is not None or call.target.startswith("layers.")
        if policy and sublayer and "dtype" not in dict(call.keywords):
            call = replace(call, keywords=(*call.keywords, POLICY))
        target = call.class_name if call.own else f"keras.{call.target.removeprefix('keras.')}"
        return written_call(call, target, written)

    def written(part: Tree) -> str:
        return show(part, name, made)

    return written(tree)


def in_init(tree: Tree) -> str:
    """Source of an expression in the constructor of a layer, whose dtype policy its sublayers get."""
    return expression(tree, policy=True)


def laid_out(before: str, items: list[str], after: str, indent: int) -> str:
    """Source with items in brackets, on one line if they fit.

    That is how black lays it out, which formats a text twice, but once only if the first time changes nothing.

    Args:
        before: What stands before the items, with the opening bracket.
        items: The items.
        after: What stands behind them.
        indent: How far the line is indented.
    """
    space = " " * indent
    line = f"{space}{before}{', '.join(items)}{after}"
    if len(line) <= LINE_LENGTH:
        return f"{line}\n"
    return f"{space}{before}\n" + "".join(f"{space}    {item},\n" for item in items) + f"{space}{after}\n"
