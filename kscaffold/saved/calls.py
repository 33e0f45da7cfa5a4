"""What calls stand for in code: operators and functions of `keras.ops`, and where in what they give a value is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Listing, Object, Plain, Ref, Table, Tree, transform
from kscaffold.saved.names import Malformed
from kscaffold.saved.objects import Objects
from kscaffold.saved.value import Call, CallKind, SavedLayer

OPERATORS = {
    "Add": "+", "Subtract": "-", "Multiply": "*", "TrueDivide": "/", "FloorDivide": "//", "Power": "**", "Matmul": "@",
    "Mod": "%", "Greater": ">", "GreaterEqual": ">=", "Less": "<", "LessEqual": "<=", "Negative": "-", "GetItem": "[]",
}  # fmt: skip
PAIRS = ("ops.top_k", "ops.moments", "ops.qr", "ops.eig", "ops.eigh")


def operation_call(operation: tuple[str, Mapping[str, Any]], args: list[Tree], kwargs: dict[str, Tree]) -> Call:
    """A call of a function of `keras.ops`, or an operator."""
    target, config = operation
    module, _, name = target.partition(":")
    known = catalogue.operation_of_class(module, name)
    if known is None:
        raise RequestError(f"Keras has no public function that makes the operation {name[:60]!r} of {module[:60]}.")
    init = {key: _init_value(value) for key, value in config.items() if key in known.init}
    given = {
        key: value
        for key, value in init.items()
        if not (known.init[key] and value == _init_value(_listed(known.init[key][0])))
    }
    symbol = OPERATORS.get(name)
    if symbol and not kwargs and not given and len(args) == (1 if name == "Negative" else 2):
        if name != "GetItem" or isinstance(args[0], Ref):
            return Call(CallKind.OPERATION, -1, symbol, tuple(args), (), ((),))
    outputs: tuple[tuple[int | str, ...], ...] = ((),)
    if known.function in PAIRS:
        outputs = ((0,), (1,))
    elif known.function in ("ops.split", "ops.unstack", "ops.meshgrid", "ops.svd", "ops.array_split"):
        sections = given.get("indices_or_sections")
        count = sections.value if isinstance(sections, Plain) and isinstance(sections.value, int) else 0
        outputs = tuple((index,) for index in range(count)) if count <= 4 else ()
    if known.order:
        args, kwargs = _in_order(known, args, kwargs, given)
        return Call(CallKind.OPERATION, -1, known.function, tuple(args), (*kwargs.items(), *given.items()), outputs)
    # What a function requires stands behind its values: `ops.split(x, 2)`.
    if len(args) == len(known.call) and not kwargs:
        while given and not known.init[key := next(iter(given))]:
            args = [*args, given.pop(key)]
    return Call(CallKind.OPERATION, -1, known.function, tuple(args), (*kwargs.items(), *given.items()), outputs)


def _in_order(
    known: catalogue.Operation, args: list[Tree], kwargs: dict[str, Tree], given: dict[str, Tree]
) -> tuple[list[Tree], dict[str, Tree]]:
    """The arguments of a function that takes them in another order than its operation; takes them out of `given`."""
    if any(name.startswith("*") for name in known.order):
        first = known.order[: next(index for index, name in enumerate(known.order) if name.startswith("*"))]
        return [*(given.pop(name) for name in first if name in given), *args], kwargs
    values = dict(zip(known.call, args))
    placed: list[Tree] = []
    for name in known.order:
        if name in values:
            placed.append(values.pop(name))
        elif name in given and not known.init[name]:
            placed.append(given.pop(name))
        else:
            break
    return placed, {**values, **kwargs}


def _init_value(value: Any) -> Tree:
    if isinstance(value, (list, tuple)):
        return Listing("()", tuple(_init_value(item) for item in value))
    if isinstance(value, dict):
        return Objects({}, lambda entry: Object("model")).value(value)
    return Plain(value)


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, (list, tuple)) else value


def layer_outputs(layer: SavedLayer, kwargs: Mapping[str, Tree]) -> tuple[tuple[int | str, ...], ...]:
    """Where the values are in what a layer gives, in the order in which Keras counts them."""
    if layer.model:
        return tuple(_paths(layer.model.output_tree))
    given = dict(layer.made.keywords)
    name = layer.made.class_name
    if (states := catalogue.states_of(name)) and given.get("return_state") == Plain(True):
        return tuple((index,) for index in range(1 + states))
    if name == "Bidirectional" and isinstance(inner := given.get("layer"), Object):
        states = catalogue.states_of(inner.class_name)
        if states and dict(inner.keywords).get("return_state") == Plain(True):
            return tuple((index,) for index in range(1 + 2 * states))
    if kwargs.get("return_attention_scores") == Plain(True):
        return ((0,), (1,))
    if name == "RNN" and given.get("return_state") == Plain(True):
        return ()
    return ((),)


def _paths(tree: Tree, before: tuple[int | str, ...] = ()) -> Iterable[tuple[int | str, ...]]:
    """The places of values in a structure, in the order in which Keras flattens it: keys are sorted."""
    if isinstance(tree, Listing):
        for index, item in enumerate(tree.items):
            yield from _paths(item, (*before, index))
    elif isinstance(tree, Table):
        for key, value in sorted(tree.items):
            yield from _paths(value, (*before, key))
    else:
        yield before


def with_path(tree: Tree, calls: list[Call]) -> Tree:
    """A tree in which values are found by their place in what a call gives, and no longer by their number."""

    def found(part: Tree) -> Tree | None:
        if not isinstance(part, Ref) or part.source < 0:
            return None
        (number,) = part.path
        assert isinstance(number, int)
        outputs = calls[part.source].outputs
        if not outputs:
            return Ref(part.source, (number,))
        if number < len(outputs):
            return Ref(part.source, outputs[number])
        if outputs == ((),):  # a layer that gives more than was known
            return Ref(part.source, (number,))
        raise Malformed(f"a call has no output {number}")

    return transform(tree, found)


def with_paths(call: Call, calls: list[Call]) -> Call:
    """A call whose arguments are found by their place; see `with_path`."""
    return replace(
        call,
        args=tuple(with_path(arg, calls) for arg in call.args),
        kwargs=tuple((key, with_path(value, calls)) for key, value in call.kwargs),
    )
