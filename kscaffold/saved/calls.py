"""What calls stand for in code: operators and functions of `keras.ops`, and where in what they give a value is."""

from collections.abc import Iterable, Mapping
from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Listing, Object, Plain, Ref, Table, Tree
from kscaffold.saved.entries import Entry
from kscaffold.saved.names import Malformed
from kscaffold.saved.objects import Objects
from kscaffold.saved.value import Call, Paths, SavedLayer

OPERATORS = {
    "Add": "+", "Subtract": "-", "Multiply": "*", "TrueDivide": "/", "FloorDivide": "//", "Power": "**", "Matmul": "@",
    "Mod": "%", "Greater": ">", "GreaterEqual": ">=", "Less": "<", "LessEqual": "<=", "Negative": "-", "GetItem": "[]",
}  # fmt: skip
# Functions that save the data format that they found, where nobody said one.
SETTLED = (
    "ops.average_pool", "ops.max_pool", "ops.conv", "ops.conv_transpose", "ops.depthwise_conv", "ops.separable_conv",
)  # fmt: skip
PAIRS = ("ops.top_k", "ops.moments", "ops.qr", "ops.eig", "ops.eigh")


def operation_call(objects: Objects, entry: Entry, args: tuple[Tree, ...], kwargs: dict[str, Tree]) -> Call:
    """A call of a function of `keras.ops`, or an operator."""
    module, name = str(entry["module"]), str(entry["class_name"])
    known = catalogue.operation_of_class(module, name)
    if known is None:
        raise RequestError(f"Keras has no public function that makes the operation {name[:60]!r} of {module[:60]}.")
    given = {key: _init_value(objects, value) for key, value in entry["config"].items() if key in known.init}
    usual = {key: _init_value(objects, default[0]) for key, default in known.init.items() if default}
    if known.function in SETTLED:
        usual["data_format"] = Plain("channels_last")
    given = {key: value for key, value in given.items() if value != usual.get(key)}
    symbol = OPERATORS.get(name)
    if symbol and not kwargs and not given and len(args) == (1 if name == "Negative" else 2):
        if name != "GetItem" or isinstance(args[0], Ref):
            return Call(-1, args, function=symbol)
    outputs: Paths = ((),)
    if known.function in PAIRS:
        outputs = ((0,), (1,))
    elif known.function in ("ops.split", "ops.unstack", "ops.meshgrid", "ops.svd", "ops.array_split"):
        sections = given.get("indices_or_sections")
        count = sections.value if isinstance(sections, Plain) and isinstance(sections.value, int) else 0
        outputs = tuple((index,) for index in range(count)) if count <= 4 else ()
    if known.order:
        args, kwargs = _in_order(known, args, kwargs, given)
    elif len(args) == len(known.call) and not kwargs:
        # What a function requires stands behind its values: `ops.split(x, 2)`.
        while given and not known.init[key := next(iter(given))]:
            args = (*args, given.pop(key))
    return Call(-1, args, (*kwargs.items(), *given.items()), outputs, known.function)


def _in_order(
    known: catalogue.Operation, args: tuple[Tree, ...], kwargs: dict[str, Tree], given: dict[str, Tree]
) -> tuple[tuple[Tree, ...], dict[str, Tree]]:
    """The arguments of a function that takes them in another order than its operation; takes them out of `given`."""
    if any(name.startswith("*") for name in known.order):
        first = known.order[: next(index for index, name in enumerate(known.order) if name.startswith("*"))]
        return (*(given.pop(name) for name in first if name in given), *args), kwargs
    values = dict(zip(known.call, args))
    placed: list[Tree] = []
    for name in known.order:
        if name in values:
            placed.append(values.pop(name))
        elif name in given and not known.init[name]:
            placed.append(given.pop(name))
        else:
            break
    return tuple(placed), {**values, **kwargs}


def _init_value(objects: Objects, value: Any) -> Tree:
    if isinstance(value, (list, tuple)):
        return Listing("()", tuple(_init_value(objects, item) for item in value))
    if isinstance(value, dict):
        return objects.value(value)
    return Plain(value)


def layer_outputs(layer: SavedLayer, kwargs: Mapping[str, Tree]) -> Paths:
    """Where the values are in what a layer gives, in the order in which Keras counts them."""
    if layer.model:
        return tuple(_paths(layer.model.output_tree))
    made, name = layer.made, layer.made.class_name
    if kwargs.get("return_attention_scores") == Plain(True):
        return ((0,), (1,))
    if _gives_states(made) and (states := catalogue.states_of(name)):
        return tuple((index,) for index in range(1 + states))
    if name == "Bidirectional" and isinstance(inner := dict(made.keywords).get("layer"), Object):
        if _gives_states(inner) and (states := catalogue.states_of(inner.class_name)):
            return tuple((index,) for index in range(1 + 2 * states))
    return () if name == "RNN" and _gives_states(made) else ((),)


def _gives_states(made: Object) -> bool:
    return dict(made.keywords).get("return_state") == Plain(True)


def _paths(tree: Tree, before: tuple[int | str, ...] = ()) -> Iterable[tuple[int | str, ...]]:
    """The places of values in a structure, in the order in which Keras flattens it: keys are sorted."""
    if not isinstance(tree, Listing | Table):
        yield before
        return
    pairs = sorted(tree.items) if isinstance(tree, Table) else enumerate(tree.items)
    for key, item in pairs:
        yield from _paths(item, (*before, key))


def path_of(number: int, outputs: Paths) -> tuple[int | str, ...]:
    """Where a value is in what a call gives, whose values Keras has counted."""
    if number < len(outputs):
        return outputs[number]
    if outputs and outputs != ((),):
        raise Malformed(f"a call has no output {number}")
    return (number,)  # of a layer that gives more than is known
