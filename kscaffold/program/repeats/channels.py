"""How many channels values have, as far as a program tells without Keras."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kscaffold.program.repeats.instances import holds, with_arguments
from kscaffold.program.tree import Listing, Object, Plain, Ref, Tree, refs
from kscaffold.program.value import Routine, Step, StepKind

# Layers that leave the last axis as it is, by how their names end.
SAME = (
    "Activation", "ReLU", "PReLU", "ELU", "Softmax", "Dropout", "Dropout1D", "Dropout2D", "Dropout3D", "Noise",
    "Normalization", "Padding1D", "Padding2D", "Padding3D", "Cropping1D", "Cropping2D", "Cropping3D", "Pooling1D",
    "Pooling2D", "Pooling3D", "UpSampling1D", "UpSampling2D", "UpSampling3D", "Rescaling",
)  # fmt: skip
MERGING = ("Add", "Multiply", "Subtract", "Average", "Maximum", "Minimum", "+", "*", "-", "/")
Sizes: TypeAlias = dict[Ref, int]  # of the last axis; 0 if it is not known


@dataclass(frozen=True)
class Called:
    """A call while the program runs: by which step, and the channels of what it takes first and gives; 0 if unknown."""

    site: int
    arguments: Mapping[str, Tree]
    given: int
    result: int


def every_call(routines: Sequence[Routine]) -> dict[str, list[Called]]:
    """The calls of each function, as often as the program makes them."""
    run = _Run(routines)
    for routine in routines:
        if routine.model is not None:
            sizes = (item.sizes[-1] if item.sizes else None for item in routine.model.inputs)
            run.steps(routine.steps, {Ref(-1 - number): _number(size) for number, size in enumerate(sizes)})
    return run.calls


class _Run:
    """Goes through a program as it would run, with the number of channels for each value."""

    def __init__(self, routines: Sequence[Routine]) -> None:
        self.functions = {routine.name: routine for routine in routines}
        self.calls: dict[str, list[Called]] = {name: [] for name in self.functions}

    def steps(self, steps: Iterable[Step], sizes: Sizes) -> Sizes:
        for step in steps:
            found = self.step(step, sizes)
            sizes |= {Ref(step.uid, path): found for path in step.outputs or ((),)}
        return sizes

    def step(self, step: Step, sizes: Sizes) -> int:
        given = [sizes.get(ref, 0) for tree in step.trees for ref in refs(tree)]
        match step.kind:
            case StepKind.INVOKE:
                return self.invoke(step, given)
            case StepKind.IF:
                return self.steps(step.body, dict(sizes))[step.result or Ref(0)] if holds(step.callee, {}) else given[0]
            case StepKind.OPERATION if step.class_name in MERGING and all(given):
                return max(given, default=0)
            case StepKind.LAYER if isinstance(step.callee, Object):
                plain = all(isinstance(arg, (Ref, Listing)) for arg in step.args)
                return _layer(step.callee, given) if plain else 0
        return 0

    def invoke(self, step: Step, given: Sequence[int]) -> int:
        routine, arguments = self.functions[step.class_name], dict(step.kwargs)
        inner = {Ref(-1 - number): size for number, size in enumerate(given)}
        self.steps(with_arguments(routine.steps, arguments), inner)
        result = inner.get(routine.result, 0) if isinstance(routine.result, Ref) else 0
        self.calls[step.class_name].append(Called(step.uid, arguments, given[0], result))
        return result


def _number(size: Tree | None) -> int:
    return size.value if isinstance(size, Plain) and isinstance(size.value, int) else 0


def _layer(made: Object, given: Sequence[int]) -> int:
    name, keywords = made.class_name, dict(made.keywords)
    if not made.target.startswith("layers.") or "data_format" in keywords or not given:
        return 0
    if name == "Dense" or ("Conv" in name and not name.startswith("Depthwise")):
        return _number(keywords.get("units" if name == "Dense" else "filters"))
    if not all(given):
        return 0
    if name == "Concatenate":
        return sum(given) if "axis" not in keywords else 0
    if name.startswith("Depthwise"):
        return given[0] if "depth_multiplier" not in keywords else 0
    return max(given) if name in MERGING else given[0] if name.endswith(SAME) else 0
