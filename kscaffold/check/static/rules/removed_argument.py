"""Arguments that Keras 3 does not take are not given.

Code written for Keras 2 gives them still; a layer or an optimizer raises for each.

Bad:

    keras.optimizers.Adam(lr=0.001)

Good:

    keras.optimizers.Adam(learning_rate=0.001)
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.source import Source

ID = "KS102"
SEVERITY = "error"
FIX = "Give what Keras 3 takes instead."
CAUSES = ("KS200", "KS201", "KS203", "KS204")
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


def check(source: Source) -> Iterator[tuple[int, str, str]]:
    """Looks at the keyword arguments of calls of Keras' own classes."""
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


def refused(source: Source, call: ast.Call, known: dict[str, str], kind: str) -> Iterator[tuple[int, str, str]]:
    """The arguments of a call that are not taken."""
    for item in call.keywords:
        if item.arg in known and id(call) not in source.by_version:
            yield item.value.lineno, f"{kind} does not take {item.arg}= in Keras 3", known[item.arg]
