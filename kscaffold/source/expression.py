"""Source of the trees of a program."""

from collections.abc import Callable, Mapping

from kscaffold.program.text import BINDING, index_source, plain_source, show, written_call
from kscaffold.program.tree import Object, Plain, Ref, Tree

Named = Callable[[Ref], str]


def no_value(ref: Ref) -> str:
    """Gives no source: for trees in which no value can stand."""
    raise AssertionError(f"{ref} stands where no value can")


def source(tree: Tree, value: Named) -> str:
    """Source of a tree.

    Args:
        tree: What to write.
        value: Gives the source of what a call gave.
    """

    def written(part: Tree) -> str:
        return source(part, value)

    return show(tree, call=lambda made: object_source(made, written), plain=plain_source, ref=value)


def object_source(made: Object, written: Callable[[Tree], str]) -> str:
    """Source that makes an object."""
    if made.target == "range" and not made.arguments:
        return range_source(made, written)
    return written_call(made, made.target.rpartition(":")[2], written)


def range_source(made: Object, written: Callable[[Tree], str]) -> str:
    """Source of a range: so many, or from a first to a last number."""
    given = dict(made.keywords)
    if "count" in given:
        return f"range({written(given['count'])})"
    first, last, step = given["first"], given["last"], given.get("step", Plain(1))
    beyond = -1 if isinstance(step, Plain) and isinstance(step.value, int) and step.value < 0 else 1
    if isinstance(last, Plain) and isinstance(last.value, int):
        end = str(last.value + beyond)
    else:
        end = f"{written(last)} {'+' if beyond > 0 else '-'} 1"
    if step == Plain(1):
        return f"range({end})" if first == Plain(0) else f"range({written(first)}, {end})"
    return f"range({written(first)}, {end}, {written(step)})"


def operator_source(symbol: str, args: tuple[Tree, ...], value: Named, bindings: Mapping[Ref, int]) -> tuple[str, int]:
    """Source of an operator with its operands, and how tightly it binds.

    Args:
        symbol: The operator.
        args: Its operands.
        value: Gives the source of a value.
        bindings: How tightly the operators in values bind that are written in place.
    """

    def operand(tree: Tree, least: int) -> str:
        text = source(tree, value)
        binds = bindings.get(tree, 9) if isinstance(tree, Ref) else 9
        if isinstance(tree, Plain) and text.startswith("-"):
            binds = BINDING["-1"]
        elif isinstance(tree, Plain) and " / " in text and isinstance(tree.value, float):
            binds = BINDING["/"]
        return f"({text})" if binds < least else text

    if symbol == "[]":
        return f"{operand(args[0], 9)}[{index_source(args[1], lambda part: source(part, value))}]", 9
    if len(args) == 1:
        return f"-{operand(args[0], BINDING['-1'])}", BINDING["-1"]
    binds = BINDING[symbol]
    if symbol == "**":
        return f"{operand(args[0], binds + 1)} ** {operand(args[1], BINDING['-1'])}", binds
    compared = binds == BINDING[">"]
    return f"{operand(args[0], binds + compared)} {symbol} {operand(args[1], binds + 1)}", binds
