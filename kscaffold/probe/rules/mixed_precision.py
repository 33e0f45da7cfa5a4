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

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from ..arrays import numbers
from ..masking import can_be_masked, masked_inputs
from ..protocol import Severity
from ..rule import CannotBeTried, Problem
from ..subject import Defects, Subject, global_policy

ID = "KS507"
DOING = "is called in mixed precision"
REQUIRES = ("KS201", "KS203", "KS204", "KS302")
AT = ("call", "__init__")
FIX = "Give sublayers dtype=self.dtype_policy, cast constants to self.compute_dtype, and mask with ops.where."
FIX_SUBLAYERS = "Give sublayers dtype=self.dtype_policy, so that dtype= is for them too."
NO_KERNEL = ("NotFoundError", "UnimplementedError")  # what TensorFlow raises where an operation has no such dtype
POLICIES = ("mixed_float16", "mixed_bfloat16")


def applies(subject: Subject) -> bool | str:
    """Where the policy can be given."""
    return subject.is_model or subject.unchangeable or True


def check(subject: Subject) -> Defects:
    """Looks at the dtype and the numbers of the outputs, with a policy of its own and with one for all layers."""
    subject.called  # is made before the policy changes  # noqa: B018
    for policy in POLICIES:
        try:
            problem = try_with(subject, policy, for_all=subject.is_model)
        except CannotBeTried:
            raise
        except Exception as error:
            if subject.is_model or not is_sound_with(subject, policy):
                raise
            problem = Problem(f"with dtype={policy!r} a call fails: {type(error).__name__}")
        if problem is None:
            continue
        if not subject.is_model and is_sound_with(subject, policy):
            message = f"{problem.message}; under keras.config.set_dtype_policy({policy!r}) all is right"
            problem = replace(problem, message=message, fix=FIX_SUBLAYERS, severity=Severity.WARNING)
        yield problem
        return


def is_sound_with(subject: Subject, policy: str) -> bool:
    """Whether all is right where the policy is one for all layers."""
    with contextlib.suppress(Exception):
        return try_with(subject, policy, for_all=True) is None
    return False


def try_with(subject: Subject, policy: str, for_all: bool) -> Problem | None:
    """What is wrong with the outputs of a layer under a policy.

    Raises:
        CannotBeTried: The class refuses the policy, or the backend cannot compute in it.
    """
    with global_policy(policy if for_all else None):
        try:
            layer = subject.make() if for_all else subject.make(dtype=policy)
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
            wrong = wrong_types(outputs, layer.compute_dtype) if has_a_precision(subject, layer) else []
            if wrong:
                at = ("call", "__init__") if not layer._layers else ("__init__", "call")
                message = f"under {policy} it gives {', '.join(wrong)} instead of {layer.compute_dtype}"
                # What has no weights may be there to change the type, or to make features of numbers that need theirs.
                return Problem(message, at=at, severity=None if layer.weights else Severity.WARNING)
            if not finite(outputs) and finite_in_full(subject):
                return Problem(f"under {policy} its outputs are not finite, in float32 they are", at=("call",))
    return None


def has_a_precision(subject: Subject, layer: Any) -> bool:
    """Whether the type of its outputs is to be that of its policy.

    A model often ends in float32 on purpose, and what makes numbers out of texts or of whole numbers, with no weights,
    says which.
    """
    computes = any(feed.dtype.startswith("float") for feed in subject.feeds) or bool(layer.trainable_weights)
    return computes and not subject.is_model and "float" in str(layer.compute_dtype)


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
