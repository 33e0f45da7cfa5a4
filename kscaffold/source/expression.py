"""Source of the trees of a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kscaffold.program.text import BINDING, COMPARISONS, binding, index_source, plain_source, show, written_call
from kscaffold.program.tree import Object, Plain, Ref, Tree

Named = Callable[[Ref], str]


def no_value(ref: Ref) -> str:
    """Gives no source: for trees in which no value can stand."""
    raise AssertionError(f"{ref} stands where no value can")


def source(tree: Tree, value: Named) -> str:
    """Source of a tree; `value` gives the source of what a call gave."""

    def written(part: Tree) -> str:
        return source(part, value)

    return show(tree, call=lambda made: object_source(made, written), plain=plain_source, ref=value)


def object_source(made: Object, written: Callable[[Tree], str]) -> str:
    """Source that makes an object, a range, or a size that follows from another one."""
    given = dict(made.keywords)
    match made.target:
        case "range":
            return _range(given, written)
        case "either":
            condition = f"{written(given['value'])} > {written(given['than'])}"
            return f"{written(given['large'])} if {condition} else {written(given['small'])}"
        case "channels":
            factor, channels = written(given["factor"]), f"{written(given['of'])}.shape[-1]"
            if factor == "1":
                return channels
            return f"{channels} // {factor}" if given["divides"] == Plain(True) else f"{factor} * {channels}"
    return written_call(made, made.target.rpartition(":")[2], written)


def _range(given: Mapping[str, Tree], written: Callable[[Tree], str]) -> str:
    """Source of a range: so many, or from a first to a last number."""
    if "count" in given:
        return f"range({written(given['count'])})"
    first, last, step = written(given["first"]), given["last"], written(given.get("step", Plain(1)))
    beyond = -1 if step.startswith("-") else 1
    if isinstance(last, Plain) and isinstance(last.value, int):
        end = str(last.value + beyond)
    else:
        end = f"{written(last)} {'+' if beyond > 0 else '-'} 1"
    if step == "1":
        return f"range({end})" if first == "0" else f"range({first}, {end})"
    return f"range({first}, {end}, {step})"


def operator_source(symbol: str, args: tuple[Tree, ...], value: Named, bindings: Mapping[Ref, int]) -> tuple[str, int]:
    """Source of an operator with its operands, and how tightly it binds.

    `bindings` says how tightly the operators in values bind that are written in place.
    """

    def operand(tree: Tree, least: int) -> str:
        text = source(tree, value)
        binds = bindings[tree] if isinstance(tree, Ref) and tree in bindings else binding(tree, text)
        return f"({text})" if binds < least else text

    if symbol == "[]":
        return f"{operand(args[0], 9)}[{index_source(args[1], lambda part: source(part, value))}]", 9
    if len(args) == 1:
        return f"-{operand(args[0], BINDING['-1'])}", BINDING["-1"]
    binds = BINDING[symbol]
    if symbol == "**":
        return f"{operand(args[0], binds + 1)} ** {operand(args[1], BINDING['-1'])}", binds
    left = binds + (symbol in COMPARISONS)  # they must not become chains
    return f"{operand(args[0], left)} {symbol} {operand(args[1], binds + 1)}", binds
