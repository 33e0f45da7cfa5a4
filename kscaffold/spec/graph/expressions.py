"""Expressions of values, `ops.tanh(gate(x)) * y`, as the calls of a chain that they are.

a * b                ->  ops.multiply(a, b)
Dense(8)(x)          ->  x -> Dense(8)
attend(x, y, mask=m) ->  x -> attend(y, mask=m), for a shared layer
"""

from collections.abc import Container
from dataclasses import replace

from kscaffold.base.place import Place
from kscaffold.keras_data import catalogue
from kscaffold.program.operators import FUNCTIONS
from kscaffold.program.text import show
from kscaffold.program.tree import Applied, Arithmetic, Listing, Object, Part, Plain, Tree, walk
from kscaffold.spec.graph.arity import SEVERAL
from kscaffold.spec.language.chain import OPERATIONS, Link
from kscaffold.spec.language.syntax import OPERATORS

Called = tuple[tuple[Tree, ...], Link]


def as_call(tree: Tree, named: Container[str], place: Place) -> Called | None:
    """What stands before the arrow and what behind it; `None` for what is no call.

    Args:
        named: The layers, models and blocks that are there already.
    """
    match tree:
        case Arithmetic(left=left, operator=operator, right=right):
            for operand in (left, right):
                if isinstance(operand, Listing):
                    problem = f"{show(operand)} is several values, and {operator!r} takes one on each side."
                    raise place.error(problem, "Merge them: ops.concatenate([a, b]).")
            return (), Link(Object(FUNCTIONS[operator], arguments=(left, right)), False, 1, place)
        case Object(target=target) if target.startswith(OPERATIONS):
            return (), Link(tree, False, 1, place)
        case Object(target=target, arguments=(first, *others)) if target in named:
            return _items(first), _link(replace(tree, arguments=tuple(others)), place)
        case Applied(made=made, passed=passed) if made.target.startswith(OPERATIONS):
            both = (*passed.arguments, *made.arguments)
            return (), Link(replace(made, arguments=both, repeat=1), False, made.repeat, place)
        case Applied(made=made, passed=Object(arguments=(first, *others)) as passed):
            rest = replace(passed, arguments=tuple(others))
            if made.target in named:
                keywords = (*made.keywords, *rest.keywords)
                call = replace(made, arguments=(*made.arguments, *others), keywords=keywords)
                return _items(first), _link(call, place)
            given = rest if rest.arguments or rest.keywords else None
            return _items(first), Link(replace(made, repeat=1), False, made.repeat, place, given)
    return None


def _items(tree: Tree) -> tuple[Tree, ...]:
    """The values that a call is given: one, or those in brackets."""
    return tree.items if isinstance(tree, Listing) else (tree,)


def _link(call: Object, place: Place) -> Link:
    return Link(replace(call, repeat=1), not (call.arguments or call.keywords), call.repeat, place)


def gives_several(tree: Tree) -> bool:
    """Whether an expression calls an operation that gives several values."""
    made = tree.made if isinstance(tree, Applied) else tree
    return isinstance(made, Object) and made.target.removeprefix(OPERATIONS) in SEVERAL


def is_size(tree: Tree) -> bool:
    """Whether an expression is computed from names and numbers alone, so that no value of a graph need be in it."""
    return not any(isinstance(part, (Object, Applied)) for part in walk(tree))


def demand_size(tree: Tree, place: Place) -> None:
    """Raises unless all that is computed in an expression of parameters is a size."""
    for part in walk(tree):
        if isinstance(part, Arithmetic) and part.operator not in OPERATORS.values():
            known = " ".join(OPERATORS.values())
            raise place.error(f"{show(tree)!r} has no value of the graph.", f"Sizes are computed with {known} alone.")


def number_of(tree: Tree) -> int | None:
    """Which of several values a part is; `None` for any other part, and for what is none."""
    is_number = isinstance(tree, Part) and isinstance(tree.index, Plain) and type(tree.index.value) is int
    return tree.index.value if is_number and gives_several(tree.of) else None  # type: ignore[union-attr, return-value]


def hint_for(tree: Tree) -> str:
    """What to write instead of what is no expression."""
    if isinstance(tree, Object) and tree.arguments:
        if tree.target in catalogue.operation_names():
            return f"Write {OPERATIONS}{show(tree)}."
        if catalogue.is_layer(tree.target):
            return f"{tree.target} is a layer, which is made before it is called: {tree.target}(…)(x)."
    return "Expressions are made of values, numbers, operators, ops.… and calls of layers: ops.tanh(x) * y."
