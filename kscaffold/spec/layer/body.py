"""What `call` does, one step after the other, for a layer that is described by its weights and sublayers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.tree import Object, Part, Plain, Tree, names
from kscaffold.spec.layer.parts import INPUT_DIM, INPUT_SHAPE, Sublayer, Weight

ADDED_NAMES = ("bias", "beta", "shift", "offset")
MULTIPLIED_NAMES = ("gamma", "scale", "alpha", "gain", "slope", "factor", "temperature")
OF_ATTENTION = ("query_mask", "value_mask")  # the masks that attention takes instead of one


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
    """One line of `call`."""

    kind: StepKind
    name: str  # of the attribute that it uses
    features: Tree | None  # the size of the last axis after it, `None` if only Keras knows
    keeps_shape: bool = True
    keeps_steps: bool = True  # all axes but the last stay as they were
    optional: bool = False  # whether the attribute may be `None`
    sublayer: Sublayer | None = None
    # The arguments of `call` that the sublayer takes too, `training` and `mask`, behind what it calls them.
    passes: tuple[tuple[str, str], ...] = ()

    @property
    def merges(self) -> bool:
        """Whether it takes the list of the layer's inputs."""
        return self.sublayer is not None and self.sublayer.signature.merges

    @property
    def repeated(self) -> bool:
        """Whether the attribute holds a list of sublayers."""
        return self.sublayer is not None and self.sublayer.repeated


def plan_steps(
    weights: Iterable[Weight],
    sublayers: Sequence[Sublayer],
    arguments: Sequence[Argument],
    features: Tree | None,
    sizes: int,
    passed: frozenset[str],
) -> tuple[Step, ...]:
    """The steps of `call`: the weights as their shapes suggest, then the sublayers, then an unused activation.

    Args:
        arguments: The constructor arguments; layers among them are called last.
        features: The size of the last axis of what the steps start from.
        sizes: How many sizes an example has, the batch axis left out.
        passed: Of `training` and `mask`, what sublayers may be passed.
    """
    given = [Sublayer(item.name, None, optional=item.optional) for item in arguments if item.kind is Kind.LAYER]
    steps: list[Step] = []
    for weight in weights:
        steps.append(_use_weight(weight, features, sizes))
        features = steps[-1].features
    for sublayer in (*sublayers, *given):
        steps.append(_use_sublayer(sublayer, features, passed))
        features = steps[-1].features
        if not steps[-1].keeps_steps:
            passed -= {"mask"}
    taken = {name for sublayer in sublayers if sublayer.call for name in names(sublayer.call)}
    for argument in arguments:
        if argument.kind is Kind.ACTIVATION and argument.name not in taken:
            steps.append(Step(StepKind.ACTIVATION, argument.name, features))
    return tuple(steps)


def _use_weight(weight: Weight, features: Tree | None, sizes: int) -> Step:
    step = Step(StepKind.UNUSED, weight.name, features)
    if not weight.trainable:
        return step
    if weight.shape in ((), (features,)) or _is_position(weight.shape, features, sizes):
        kind = StepKind.ADD if _is_added(weight) else StepKind.MULTIPLY
        return replace(step, kind=kind, optional=weight.condition is not None)
    if len(weight.shape) == 2 and _same_size(weight.shape[0], features) and not weight.condition:
        return replace(step, kind=StepKind.MATMUL, features=weight.shape[1], keeps_shape=False)
    return step


def _same_size(size: Tree, features: Tree | None) -> bool:
    return size == features or (features == INPUT_DIM and size == Part(INPUT_SHAPE, Plain(-1)))


def _is_position(shape: tuple[Tree, ...], features: Tree | None, sizes: int) -> bool:
    """Whether a weight covers all axes of an example: `input_shape[1], input_dim`."""
    leading = tuple(Part(INPUT_SHAPE, Plain(axis)) for axis in range(1, sizes))
    return features == INPUT_DIM and shape[:-1] == leading and len(shape) > 1 and _same_size(shape[-1], features)


def _is_added(weight: Weight) -> bool:
    """Whether a weight is added: its name says so, or it is zero at first, where a factor would let nothing through."""
    if weight.name.endswith(ADDED_NAMES + MULTIPLIED_NAMES):
        return weight.name.endswith(ADDED_NAMES)
    match weight.initializer:
        case Plain(value=word):
            starts_at = str(word).lower()
        case Object(target=target):
            starts_at = target.rpartition(".")[2].lower()
        case _:
            starts_at = ""
    return len(weight.shape) > 1 or starts_at not in ("ones", "constant")


def _passed_to(signature: Signature, passed: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The arguments of `call` that a sublayer takes, each with the name that they have there."""
    yield from ((name, name) for name in ("training", "mask") if name in passed and name in signature.call)
    if "mask" in passed and set(OF_ATTENTION) <= set(signature.passed):
        yield from ((name, "mask") for name in OF_ATTENTION)


def _use_sublayer(sublayer: Sublayer, features: Tree | None, passed: frozenset[str]) -> Step:
    signature = sublayer.signature
    given = dict(sublayer.call.keywords) if sublayer.call else {}
    if signature.name == "Dense":
        keeps, features = False, given.get("units")
    else:
        keeps = signature.keeps_shape and not signature.merges and "output_shape" not in given
        features = features if keeps else None
    sequences = given.get("return_sequences") == Plain(True) and given.get("return_state") != Plain(True)
    return Step(
        StepKind.SUBLAYER,
        sublayer.name,
        features,
        keeps_shape=keeps,
        keeps_steps=keeps or signature.keeps_steps or sequences,
        optional=sublayer.optional,
        sublayer=sublayer,
        passes=tuple(_passed_to(signature, passed)),
    )
