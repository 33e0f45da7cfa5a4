"""The text of a tree: Python source, and what users typed, with as few brackets as the operators need."""

import math
from collections.abc import Callable
from fractions import Fraction

from kscaffold.program.tree import (
    NONE,
    Applied,
    Arithmetic,
    Channels,
    Code,
    Either,
    Listing,
    Object,
    Part,
    Plain,
    Popped,
    Ref,
    Slice,
    Table,
    Text,
    Tree,
    Value,
    Variable,
)

LONG = 15  # characters of a number that nobody typed
LARGEST_NUMERATOR = 9
LARGEST_DENOMINATOR = 999
ATOM = 9
COMPARISONS = (">", ">=", "<", "<=", "is not")
# How tightly operators bind; what is not here is an atom.
BINDING = {"**": 6, "-1": 5, "*": 4, "/": 4, "//": 4, "%": 4, "@": 4, "+": 3, "-": 3, **dict.fromkeys(COMPARISONS, 2)}


def literal(value: object) -> str:
    """A plain value as Python writes it, strings in double quotes where that needs no backslash."""
    source = repr(value)
    plain = isinstance(value, str) and source[0] == "'" and not {'"', "\\"} & set(source)
    return f'"{source[1:-1]}"' if plain else source


def plain_source(value: object) -> str:
    """Source of a plain value: numbers that have no literal are made, those with the digits of a fraction are one."""
    if not isinstance(value, float):
        return literal(value)
    if not math.isfinite(value):
        return f'float("{value}")'
    fraction = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    one, two = fraction.numerator, fraction.denominator
    if len(repr(value)) > LONG and 0 < one <= LARGEST_NUMERATOR and one / two == value:
        return f"{one} / {two}"  # 0.00392156862745098 is 1 / 255
    return literal(value)


def show(
    tree: Tree,
    name: Callable[[str], str] = str,
    call: Callable[[Object], str] | None = None,
    value: Callable[[str], str] = str,
    plain: Callable[[object], str] = literal,
    ref: Callable[[Ref], str] | None = None,
) -> str:
    """The text of a tree; functions give that of its parts.

    Without `call`, objects are written as users write them; without `ref`, there can be no values by their numbers.
    """

    def written(part: Tree) -> str:
        return show(part, name, call, value, plain, ref)

    match tree:
        case Plain(value=known):
            return plain(known)
        case Variable(name=word):
            return name(word)
        case Value(name=known):
            return value(known)
        case Ref():
            assert ref is not None, f"{tree} stands where no value can"
            return ref(tree)
        case Code(text=text):
            return text
        case Text():
            return text_source(tree)
        case Listing(brackets=brackets, items=items):
            comma = "," if brackets == "()" and len(items) == 1 else ""
            return f"{brackets[0]}{', '.join(map(written, items))}{comma}{brackets[1]}"
        case Table(items=pairs):
            return "{" + ", ".join(f"{literal(key)}: {written(item)}" for key, item in pairs) + "}"
        case Arithmetic():
            return arithmetic_source(tree, written)
        case Part(of=of, index=index):
            return f"{in_brackets(of, ATOM, written)}[{index_source(index, written)}]"
        case Slice():
            return f"slice({', '.join(map(written, (tree.start, tree.stop, tree.step)))})"
        case Either(condition=condition, then=then, other=other):
            return f"{written(then)} if {written(condition)} else {written(other)}"
        case Channels(of=of):
            return f"{written(of)}.shape[-1]"
        case Popped(of=of):
            return f"{written(of)}.pop()"
        case Applied(made=made, passed=passed):
            return f"{written(made)}{written_call(passed, '', written)}"
        case Object():
            return call(tree) if call else written_call(tree, tree.target, written)


def written_call(made: Object, target: str, written: Callable[[Tree], str]) -> str:
    """The text of a call of `target` with the arguments of an object, each as `written` gives it."""
    listed = [written(item) for item in made.arguments]
    listed += [
        written(item) if place < made.positional else f"{key}={written(item)}"
        for place, (key, item) in enumerate(made.keywords)
    ]
    return f"{target}({', '.join(listed)})"


def binding(tree: Tree, text: str) -> int:
    """How tightly the outermost operator of a tree binds that is written as `text`."""
    match tree:
        case Arithmetic(operator=operator):
            return BINDING[operator]
        case Plain(value=float()) if " / " in text:
            return BINDING["/"]
        case Plain() if text.startswith("-"):
            return BINDING["-1"]
        case Either():
            return 0
    return ATOM


def in_brackets(tree: Tree, least: int, written: Callable[[Tree], str]) -> str:
    """The text of an operand, in brackets if it binds less tightly than it must."""
    text = written(tree)
    return f"({text})" if binding(tree, text) < least else text


def arithmetic_source(tree: Arithmetic, written: Callable[[Tree], str]) -> str:
    """The text of an operator between its operands."""
    binds = BINDING[tree.operator]
    # Every operator here is left-associative, but for the power; comparisons must not become chains.
    left, right = binds + (tree.operator in COMPARISONS), binds + 1
    if tree.operator == "**":
        left, right = binds + 1, BINDING["-1"]
    return f"{in_brackets(tree.left, left, written)} {tree.operator} {in_brackets(tree.right, right, written)}"


def index_source(index: Tree, written: Callable[[Tree], str]) -> str:
    """The text of what stands in square brackets: slices are written with colons."""

    def axis(part: Tree) -> str:
        if not isinstance(part, Slice):
            return written(part)
        start, stop, step = ("" if bound == NONE else written(bound) for bound in (part.start, part.stop, part.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")

    if isinstance(index, Listing) and index.items:
        return ", ".join(map(axis, index.items)) + ("," if len(index.items) == 1 else "")
    return axis(index)


def text_source(tree: Text) -> str:
    """The text of a name that is put together: a string, a variable, or an f-string."""
    if all(isinstance(part, str) for part in tree.parts):
        return literal("".join(str(part) for part in tree.parts))
    if len(tree.parts) == 1 and isinstance(tree.parts[0], Variable):
        return tree.parts[0].name
    inside = "".join(
        f"{{{part.name}}}" if isinstance(part, Variable) else literal(part)[1:-1].replace("{", "{{").replace("}", "}}")
        for part in tree.parts
    )
    return f'f"{inside}"' if '"' not in inside else f"f'{inside}'"
