"""The layer computes in the precision that its dtype policy says, and stays finite in it.

Under `mixed_float16` or `mixed_bfloat16` a layer gets half-precision inputs and gives half-precision outputs. Constants
in float32 and sublayers without the policy of the layer turn everything after them back into float32, without a word;
−1e9 in a mask is infinite in float16, and its softmax is not a number.

Bad:

    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(units)

Good:

    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(units, dtype=self.dtype_policy)
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from ..arrays import numbers
from ..masking import can_be_masked, masked_inputs
from ..rule import CannotBeTried, Problem
from ..subject import Defects, Subject, global_policy

ID = "KS507"
DOING = "is called in mixed precision"
REQUIRES = ("KS201", "KS203", "KS204", "KS302")
AT = ("call", "__init__")
FIX = "Give sublayers dtype=self.dtype_policy, cast constants to self.compute_dtype, and mask with ops.where."
NO_KERNEL = ("NotFoundError", "UnimplementedError")  # what TensorFlow raises where an operation has no such dtype
POLICIES = ("mixed_float16", "mixed_bfloat16")


def applies(subject: Subject) -> bool | str:
    """Where the policy can be given."""
    return subject.is_model or subject.unchangeable or True


def check(subject: Subject) -> Defects:
    """Looks at the dtype and the numbers of the outputs."""
    for policy in POLICIES:
        try:
            layer = make_with(subject, policy)
        except ValueError as error:
            raise CannotBeTried(f"it refuses {policy}: {error}") from error
        around = subject.callable(layer)
        for arrays in inputs_of(subject, layer):
            try:
                outputs = keras.tree.flatten(around(*arrays, training=False))
            except Exception as error:
                if type(error).__name__ in NO_KERNEL or "list of allowed values" in str(error):
                    raise CannotBeTried(f"this backend has no operation for it in {policy}") from error
                raise
            # A model often ends in float32 on purpose.
            checked = not subject.is_model and "float" in str(layer.compute_dtype)
            wrong = wrong_types(outputs, layer.compute_dtype) if checked else []
            if wrong:
                at = ("call", "__init__") if not layer._layers else ("__init__", "call")
                yield Problem(f"under {policy} it gives {', '.join(wrong)} instead of {layer.compute_dtype}", at=at)
                return
            if not finite(outputs) and finite_in_full(subject):
                yield Problem(f"under {policy} its outputs are not finite, in float32 they are", at=("call",))
                return


def make_with(subject: Subject, policy: str) -> Any:
    """A layer with a policy of its own, or a model made while the policy is everyone's."""
    if not subject.is_model:
        return subject.make(dtype=policy)
    with global_policy(policy):
        model = subject.make()
        subject.call(model, subject.arrays(2))
    return model


def inputs_of(subject: Subject, layer: Any) -> Iterator[tuple[Any, ...]]:
    """Random inputs, and inputs with masks if the layer takes them."""
    yield subject.arrange(subject.arrays(2))
    if layer._call_has_mask_arg and can_be_masked(subject):
        yield subject.arrange(masked_inputs(subject, hide_all=True))


def wrong_types(outputs: list[Any], wanted: str) -> list[str]:
    """The floating-point types of outputs that are not the one wanted."""
    types = [keras.backend.standardize_dtype(output.dtype) for output in outputs]
    return sorted({kind for kind in types if "float" in kind and kind != wanted})


def finite(outputs: list[Any]) -> bool:
    """Whether all numbers are."""
    floats = [output for output in outputs if "float" in keras.backend.standardize_dtype(output.dtype)]
    return all(bool(np.isfinite(array).all()) for array in numbers([keras.ops.cast(x, "float32") for x in floats]))


def finite_in_full(subject: Subject) -> bool:
    """Whether the outputs are finite in float32."""
    layer = subject.called
    return all(finite(keras.tree.flatten(layer(*given, training=False))) for given in inputs_of(subject, layer))
