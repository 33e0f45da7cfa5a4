"""`call` makes no weights and no layers that have some.

They would be new at each call, and untrained; a compiled model refuses them. Layers without weights (Add, Flatten)
may be made anywhere.

Bad:

    def call(self, inputs):
        return keras.layers.Dense(self.units)(inputs)

Good:

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(units, dtype=self.dtype_policy)

    def call(self, inputs):
        return self.dense(inputs)
"""

import ast
from collections.abc import Iterator

from kscaffold.check.static.nodes import method_called
from kscaffold.check.static.source import Source

ID = "KS109"
SEVERITY = "error"
FIX = "Make it in __init__() or build(), and only use it in call()."
CAUSES = (
    "KS202", "KS203", "KS204", "KS205", "KS207", "KS208", "KS209", "KS210", "KS301", "KS401", "KS402", "KS501",
    "KS503", "KS504", "KS505", "KS506", "KS507",
)  # fmt: skip
STATELESS = {
    "Activation", "ActivityRegularization", "Add", "Average", "AveragePooling1D", "AveragePooling2D",
    "AveragePooling3D", "AvgPool1D", "AvgPool2D", "AvgPool3D", "CategoryEncoding", "CenterCrop", "Concatenate",
    "Cropping1D", "Cropping2D", "Cropping3D", "Dot", "ELU", "Flatten", "GlobalAveragePooling1D",
    "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "GlobalMaxPooling3D", "Identity", "Input", "Lambda", "LeakyReLU", "Masking", "MaxPool1D", "MaxPool2D",
    "MaxPool3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Maximum", "Minimum", "Multiply", "Permute",
    "ReLU", "RepeatVector", "Rescaling", "Reshape", "Resizing", "Softmax", "Subtract", "UnitNormalization",
    "UpSampling1D", "UpSampling2D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
}  # fmt: skip
VARIABLES = {"keras.Variable", "tensorflow.Variable", "keras.random.SeedGenerator", "keras.backend.variable"}


def check(source: Source) -> Iterator[tuple[int, str]]:
    """Looks at the calls in `call` and in the methods that it calls."""
    for function, node in source.calls_in_call():
        if made := what_it_makes(source, node):
            yield node.lineno, f"{function.name}() makes {made}, a new one at each call"


def what_it_makes(source: Source, node: ast.Call) -> str:
    """What a call makes that has state, in words; empty if nothing."""
    if method_called(node) in ("add_weight", "add_variable"):
        return "a weight"
    name = source.name(node.func)
    if name is None:
        return ""
    kind = name.rpartition(".")[2]
    if name in VARIABLES:
        return f"a {kind}"
    of_layers = name.startswith("keras.layers.") and name.count(".") == 2 and kind[:1].isupper()
    return f"a layer {kind}" if of_layers and kind not in STATELESS else ""
