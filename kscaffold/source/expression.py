"""Source of the trees of a program."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from kscaffold.program.tree import Code, Listing, Object, Plain, Ref, Scaled, Slice, Table, Text, Tree, Variable
from kscaffold.spec.language.expr import literal

LONG = 15  # characters of a number that nobody typed
LARGEST_NUMERATOR = 9
LARGEST_DENOMINATOR = 999
Named = Callable[[Ref], str]
# How tightly operators bind, for brackets; what is not here is an atom.
BINDING = {"**": 6, "-1": 5, "*": 4, "/": 4, "//": 4, "%": 4, "@": 4, "+": 3, "-": 3, ">": 2, ">=": 2, "<": 2, "<=": 2}


def no_value(ref: Ref) -> str:
    """Gives no source: for trees in which no value can stand."""
    raise AssertionError(f"{ref} stands where no value can")


def plain_source(value: object) -> str:
    """Source of a plain value; numbers that have no literal are made."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return fraction_source(value) if isinstance(value, float) else literal(value)


def fraction_source(value: float) -> str:
    """Source of a number, as a fraction if its digits are that of one: 0.00392156862745098 is 1 / 255."""
    fraction = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    one, two = fraction.numerator, fraction.denominator
    if len(repr(value)) > LONG and 0 < one <= LARGEST_NUMERATOR and one / two == value:
        return f"{one} / {two}"
    return literal(value)


def source(tree: Tree, value: Named) -> str:
    """Source of a tree.

    Args:
        tree: What to write.
        value: Gives the source of what a call gave.
    """

    def written(part: Tree) -> str:
        return source(part, value)

    match tree:
        case Plain(value=plain):
            return plain_source(plain)
        case Code(text=text):
            return text
        case Variable(name=name):
            return name
        case Scaled(factor=factor, variable=variable, divides=divides):
            return f"{variable.name} // {factor}" if divides else f"{factor} * {variable.name}"
        case Text():
            return text_source(tree)
        case Ref():
            return value(tree)
        case Listing(brackets=brackets, items=items):
            comma = "," if brackets == "()" and len(items) == 1 else ""
            return f"{brackets[0]}{', '.join(map(written, items))}{comma}{brackets[1]}"
        case Table(items=pairs):
            return "{" + ", ".join(f"{literal(key)}: {written(item)}" for key, item in pairs) + "}"
        case Slice():
            parts = ("None" if part == Plain(None) else written(part) for part in (tree.start, tree.stop, tree.step))
            return f"slice({', '.join(parts)})"
        case Object():
            return object_source(tree, written)


def object_source(made: Object, written: Callable[[Tree], str]) -> str:
    """Source that makes an object."""
    if made.target == "range":
        return range_source(made, written)
    if made.target == "either":
        given = dict(made.keywords)
        condition = f"{written(given['value'])} > {written(given['than'])}"
        return f"{written(given['large'])} if {condition} else {written(given['small'])}"
    if made.target == "given":
        return f"{written(dict(made.keywords)['value'])} is not None"
    if made.target == "share":
        largest, number, blocks = (written(item) for _, item in made.keywords)
        return f"{largest} * {number} / {blocks}"
    if made.target == "channels":
        return width_source(made, written)
    if made.target == "more":
        given = dict(made.keywords)
        return f"{written(given['value'])} > {written(given['than'])}"
    listed = [
        written(item) if index < made.positional else f"{key}={written(item)}"
        for index, (key, item) in enumerate(made.keywords)
    ]
    return f"{made.target.rpartition(':')[2]}({', '.join(listed)})"


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


def width_source(made: Object, written: Callable[[Tree], str]) -> str:
    """Source of a size that follows from the channels of what a function takes."""
    given = dict(made.keywords)
    factor, channels = written(given["factor"]), f"{written(given['of'])}.shape[-1]"
    if given["factor"] == Plain(1):
        return channels
    return f"{channels} // {factor}" if given["divides"] == Plain(True) else f"{factor} * {channels}"


def text_source(tree: Text) -> str:
    """Source of a name that is put together."""
    if all(isinstance(part, str) for part in tree.parts):
        return literal("".join(str(part) for part in tree.parts))
    if len(tree.parts) == 1 and isinstance(tree.parts[0], Variable):
        return tree.parts[0].name
    inside = "".join(
        f"{{{part.name}}}" if isinstance(part, Variable) else literal(part)[1:-1].replace("{", "{{").replace("}", "}}")
        for part in tree.parts
    )
    return f'f"{inside}"' if '"' not in inside else f"f'{inside}'"


def index_source(index: Tree, value: Named) -> str:
    """Source of what stands in square brackets: slices are written with colons."""

    def part_source(part: Tree) -> str:
        if isinstance(part, Slice):
            start, stop, step = (
                "" if item == Plain(None) else source(item, value) for item in (part.start, part.stop, part.step)
            )
            return f"{start}:{stop}" + (f":{step}" if step else "")
        return source(part, value)

    if isinstance(index, Listing) and index.items:
        return ", ".join(part_source(part) for part in index.items) + ("," if len(index.items) == 1 else "")
    return part_source(index)


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
        return f"{operand(args[0], 9)}[{index_source(args[1], value)}]", 9
    if len(args) == 1:
        return f"-{operand(args[0], BINDING['-1'])}", BINDING["-1"]
    binds = BINDING[symbol]
    if symbol == "**":
        return f"{operand(args[0], binds + 1)} ** {operand(args[1], BINDING['-1'])}", binds
    compared = binds == BINDING[">"]
    return f"{operand(args[0], binds + compared)} {symbol} {operand(args[1], binds + 1)}", binds
