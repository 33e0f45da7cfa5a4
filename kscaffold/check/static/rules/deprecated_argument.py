"""Arguments that Keras 3 only warns about, or ignores, are not given.

They are taken for now, with a warning that nobody reads, and some without effect: an optimizer's `decay` does nothing.

Bad:

    keras.layers.Dense(64, input_shape=(16,))

Good:

    keras.Sequential([keras.Input((16,)), keras.layers.Dense(64)])
"""

from collections.abc import Iterator

from kscaffold.check.static.rules.removed_argument import refused
from kscaffold.check.static.source import Source

ID = "KS103"
SEVERITY = "warning"
FIX = "Leave it out, or give what Keras 3 takes instead."

# Tried on Keras 3.15: each of these warns.
OF_LAYERS = {
    "input_shape": "Begin the model with keras.Input(…).",
    "input_dim": "Begin the model with keras.Input((…,)).",
}
OF_ONE = {
    "Embedding": {"input_length": "Leave it out.", "input_shape": "Begin the model with keras.Input(…)."},
    "ReversibleEmbedding": {"input_shape": "Begin the model with keras.Input(…)."},
    "LeakyReLU": {**OF_LAYERS, "alpha": "Use negative_slope=…."},
}
OF_OPTIMIZERS = {"decay": "Use a schedule of keras.optimizers.schedules, or weight_decay."}


def check(source: Source) -> Iterator[tuple[int, str, str]]:
    """Looks at the keyword arguments of calls of Keras' own classes."""
    for call, name in source.calls:
        kind = name.rpartition(".")[2]
        if name in ("keras.Input", "keras.layers.Input", "keras.layers.InputLayer") or not kind[:1].isupper():
            continue
        if name.startswith("keras.layers.") and name.count(".") == 2:
            found = refused(source, call, OF_ONE.get(kind, OF_LAYERS), kind)
        elif name.startswith("keras.optimizers.") and "legacy" not in name and "schedules" not in name:
            found = refused(source, call, OF_OPTIMIZERS, kind)
        else:
            continue
        for line, message, fix in found:
            yield line, message.replace("does not take", "should not be given"), fix
