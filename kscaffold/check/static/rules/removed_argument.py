"""Arguments that Keras 3 does not take are not given.

Code written for Keras 2 gives them still; a layer or an optimizer raises for each.

Bad:

    keras.optimizers.Adam(lr=0.001)

Good:

    keras.optimizers.Adam(learning_rate=0.001)
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import is_text, method_called
from kscaffold.check.static.source import Source

ID = "KS102"
SEVERITY = "error"
FIX = "Give what Keras 3 takes instead."
CAUSES = ("KS200", "KS201", "KS202", "KS203", "KS204")
# Tried on Keras 3.15: each of these raises.
OF_LAYERS = {
    "batch_input_shape": "Begin the model with keras.Input(batch_shape=…).",
    "dynamic": "Remove it.",
    "weights": "Build the layer and call its set_weights().",
    "time_major": "Transpose the inputs.",
    "fused": "Remove it.",
    "virtual_batch_size": "Remove it.",
    "border_mode": "Use padding=….",
    "nb_filter": "Use filters=….",
    "subsample": "Use strides=….",
    "init": "Use kernel_initializer=….",
    "W_regularizer": "Use kernel_regularizer=….",
    "b_regularizer": "Use bias_regularizer=….",
}
TAKEN = {"Embedding": {"weights"}}
OF_OPTIMIZERS = {"lr": "Use learning_rate=….", "schedule_decay": "Use a schedule of keras.optimizers.schedules."}
OF_INPUT = {"batch_input_shape": "Use batch_shape=….", "input_shape": "Use shape=…."}


# How many arguments add_weight takes by position, and those it is given by name.
OF_WEIGHTS = {"layer": ("shape", "initializer", "dtype"), "metric": ("shape", "initializer", "dtype", "name")}
WEIGHTS = ("add_weight", "add_variable")


def check(source: Source) -> Iterator[tuple[int, str, str]]:
    """Looks at the arguments of calls of Keras' own classes, and of `self.add_weight`."""
    yield from of_weights(source)
    for call, name in source.calls:
        kind = name.rpartition(".")[2]
        if name in ("keras.Input", "keras.layers.Input"):
            known = OF_INPUT
        elif name.startswith("keras.layers.") and name.count(".") == 2 and kind[:1].isupper():
            known = {key: fix for key, fix in OF_LAYERS.items() if key not in TAKEN.get(kind, ())}
        elif name.startswith("keras.optimizers.") and kind[:1].isupper() and "legacy" not in name:
            known = OF_OPTIMIZERS
        else:
            continue
        yield from refused(source, call, known, kind)


def of_weights(source: Source) -> Iterator[tuple[int, str, str]]:
    """The weights whose name comes first, as in Keras 2, where Keras 3 takes the shape."""
    classes = [(cls.node, OF_WEIGHTS["layer"]) for cls in source.classes if cls.certain]
    classes += [(node, OF_WEIGHTS["metric"]) for node in source.classes_below("keras.metrics.")]
    for cls, taken in classes:
        if source.is_of_keras or any(getattr(item, "name", "") in WEIGHTS for item in cls.body):
            continue
        for node in ast.walk(cls):
            if isinstance(node, ast.Call) and method_called(node) in WEIGHTS:
                if node.args and id(node) not in source.by_version:
                    yield from misplaced(node, taken)


def misplaced(call: ast.Call, taken: tuple[str, ...]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with the positional arguments of a call that makes a weight."""
    first, written = call.args[0], ast.unparse(call.func)
    named = {word.arg for word in call.keywords}
    if isinstance(first, ast.Starred):
        return
    if is_a_name(first, "shape" in named):
        message = f"{written}() takes the shape first in Keras 3, not the name"
        yield call.lineno, message, f"Write {written}(name={ast.unparse(first)}, shape=…, …)."
        return
    for name, _ in zip(taken, call.args, strict=False):
        if name in named:
            yield call.lineno, f"{written}() is given {name} twice: by position and by name", f"Leave out {name}=."
            return
    if len(call.args) > len(taken) and not any(isinstance(one, ast.Starred) for one in call.args):
        message = f"{written}() takes no more than {len(taken)} arguments by position: {', '.join(taken)}"
        yield call.lineno, message, "Give the others by name."


def is_a_name(node: ast.expr, shape_is_given: bool) -> bool:
    """Whether the first argument of a call that makes a weight is its name: a text, or a variable that says so."""
    if isinstance(node, ast.BinOp):
        return is_a_name(node.left, shape_is_given) or (isinstance(node.op, ast.Add) and is_a_name(node.right, False))
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    word = node.id if isinstance(node, ast.Name) else ""
    return is_text(node) or word == "name" or word.endswith("_name") or (bool(word) and shape_is_given)


def refused(source: Source, call: ast.Call, known: dict[str, str], kind: str) -> Iterator[tuple[int, str, str]]:
    """The arguments of a call that are not taken."""
    for item in call.keywords:
        if item.arg in known and id(call) not in source.by_version:
            yield item.value.lineno, f"{kind} does not take {item.arg}= in Keras 3", known[item.arg]
