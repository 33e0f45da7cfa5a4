"""What `call` does, one step after the other, for a layer that is described by its weights and sublayers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from kscaffold.program.argument import Argument, Kind
from kscaffold.program.tree import Part, Plain, Tree, names
from kscaffold.spec.layer.weight import INPUT_DIM, INPUT_SHAPE, Sublayer, Weight

ADDED_NAMES = ("bias", "beta", "shift", "offset")


class StepKind(StrEnum):
    """How a step makes the next value from the one before."""

    MATMUL = "matmul"
    ADD = "add"
    MULTIPLY = "multiply"
    SUBLAYER = "sublayer"
    ACTIVATION = "activation"
    UNUSED = "unused"


@dataclass(frozen=True)
class Step:
    """One line of `call`.

    Attributes:
        kind: What it does.
        name: The attribute that it uses.
        features: The size of the last axis after it, `None` if only Keras knows.
        keeps_shape: Whether the shape stays as it was.
        keeps_steps: Whether all axes but the last stay as they were.
        passes: The arguments of `call` that a sublayer takes too: `training`, `mask`.
        inputs: How many times a sublayer takes the value: self-attention takes it as query and as value.
        repeated: Whether the attribute is a list of sublayers.
        optional: Whether the attribute may be `None`.
        merges: Whether a sublayer takes the list of the layer's inputs.
        given: Whether a sublayer comes from outside, and may be built already.
    """

    kind: StepKind
    name: str
    features: Tree | None
    keeps_shape: bool = True
    keeps_steps: bool = True
    passes: tuple[str, ...] = ()
    inputs: int = 1
    repeated: bool = False
    optional: bool = False
    merges: bool = False
    given: bool = False


def plan_steps(
    weights: Iterable[Weight],
    sublayers: Iterable[Sublayer],
    arguments: Iterable[Argument],
    features: Tree | None,
    flags: frozenset[str],
) -> tuple[Step, ...]:
    """The steps of `call`: the weights as their shapes suggest, then the sublayers, then an unused activation.

    Args:
        weights: The weights, in order.
        sublayers: The sublayers, in order.
        arguments: The constructor arguments.
        features: The size of the last axis of what the steps start from.
        flags: Of `training` and `mask`, what `call` takes.
    """
    by_name = {argument.name: argument for argument in arguments}
    steps: list[Step] = []
    for weight in weights:
        step = _use_weight(weight, features, by_name)
        features = step.features
        steps.append(step)
    keeps_steps = True
    for sublayer in sublayers:
        step = _use_sublayer(sublayer, features, flags)
        if not keeps_steps:
            step = replace(step, passes=tuple(name for name in step.passes if name != "mask"))
        keeps_steps = keeps_steps and step.keeps_steps
        features = step.features
        steps.append(step)
    taken = {name for sublayer in sublayers for name in names(sublayer.call)}
    for argument in by_name.values():
        if argument.kind is Kind.ACTIVATION and argument.name not in taken:
            steps.append(Step(StepKind.ACTIVATION, argument.name, features))
    return tuple(steps)


def _use_weight(weight: Weight, features: Tree | None, arguments: Mapping[str, Argument]) -> Step:
    optional = f"use_{weight.name}" in arguments
    shape = weight.shape
    if not weight.trainable:
        return Step(StepKind.UNUSED, weight.name, features)
    if _is_position(shape, features) or shape in ((), (features,)):
        kind = StepKind.ADD if _is_added(weight, shape) else StepKind.MULTIPLY
        return Step(kind, weight.name, features, optional=optional)
    if len(shape) == 2 and _same_size(shape[0], features) and not optional:
        return Step(StepKind.MATMUL, weight.name, shape[1], keeps_shape=False)
    return Step(StepKind.UNUSED, weight.name, features)


def _same_size(size: Tree, features: Tree | None) -> bool:
    last = Part(INPUT_SHAPE, Plain(-1))
    return size == features or (features == INPUT_DIM and size == last)


def _is_position(shape: tuple[Tree, ...], features: Tree | None) -> bool:
    """Whether a weight covers the last axes of an example: `input_shape[1], input_dim`."""
    leading = [part.index for part in shape[:-1] if isinstance(part, Part) and part.of == INPUT_SHAPE]
    return (
        len(shape) > 1
        and leading == [Plain(axis) for axis in range(1, len(shape))]
        and _same_size(shape[-1], features)
        and features == INPUT_DIM
    )


def _is_added(weight: Weight, shape: tuple[Tree, ...]) -> bool:
    ones = isinstance(weight.initializer, Plain) and str(weight.initializer.value).lower() == "ones"
    return weight.name.endswith(ADDED_NAMES) or len(shape) > 1 or not ones


def _use_sublayer(sublayer: Sublayer, features: Tree | None, flags: frozenset[str]) -> Step:
    signature = sublayer.signature
    step = Step(
        StepKind.SUBLAYER,
        sublayer.name,
        None,
        keeps_shape=False,
        keeps_steps=False,
        repeated=sublayer.repeated,
        optional=sublayer.optional,
        given=sublayer.argument,
    )
    if signature is None:
        return step
    given = dict(sublayer.call.keywords)
    if signature.name == "Dense":
        units = given.get("units")
        keeps, features = False, units
    else:
        keeps = signature.keeps_shape and not signature.merges and "output_shape" not in given
        features = features if keeps else None
    sequences = given.get("return_sequences") == Plain(True) and given.get("return_state") != Plain(True)
    return replace(
        step,
        features=features,
        keeps_shape=keeps,
        keeps_steps=keeps or signature.keeps_steps or sequences,
        passes=tuple(name for name in ("training", "mask") if name in flags and name in signature.call),
        inputs=max(signature.inputs, 1),
        merges=signature.merges,
    )
