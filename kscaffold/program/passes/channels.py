"""How many channels values have, as far as a program tells without Keras."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kscaffold.program.passes.instances import substituted
from kscaffold.program.passes.texts import CannotUnify
from kscaffold.program.tree import Listing, Object, Plain, Ref, Tree, refs
from kscaffold.program.value import Routine, Step, StepKind, every_step

# Layers that leave the last axis as it is, by how their names end or begin.
SAME = (
    "Activation", "ReLU", "PReLU", "ELU", "Softmax", "Dropout", "Dropout1D", "Dropout2D", "Dropout3D", "Noise",
    "Normalization", "Padding1D", "Padding2D", "Padding3D", "Cropping1D", "Cropping2D", "Cropping3D", "Pooling1D",
    "Pooling2D", "Pooling3D", "UpSampling1D", "UpSampling2D", "UpSampling3D", "Rescaling",
)  # fmt: skip
MERGING = ("Add", "Multiply", "Subtract", "Average", "Maximum", "Minimum", "+", "*", "-", "/")


@dataclass(frozen=True)
class Shape:
    """What is known of the shape of a value: how many axes it has, and the size of the last one."""

    rank: int
    size: int


@dataclass(frozen=True)
class Called:
    """A call of a function while the program runs.

    Attributes:
        site: The number of the step that calls it.
        arguments: Its arguments.
        given: The channels of the first value that it takes; `None` if they are not known.
        result: The channels of what it gives.
    """

    site: int
    arguments: Mapping[str, Tree]
    given: int | None
    result: int | None


def every_call(routines: Sequence[Routine]) -> dict[str, list[Called]]:
    """The calls of each function, as often as the program makes them."""
    run = _Run({routine.name: routine for routine in routines if routine.model is None})
    for routine in routines:
        if routine.model is not None:
            values = {Ref(-1 - number): _shape(item.sizes) for number, item in enumerate(routine.model.inputs)}
            run.steps(routine.steps, values)
    return run.calls


def _shape(sizes: Sequence[Tree | None]) -> Shape | None:
    last = sizes[-1] if sizes else None
    return Shape(1 + len(sizes), last.value) if isinstance(last, Plain) and isinstance(last.value, int) else None


class _Run:
    """Goes through a program as it would run, with shapes for values."""

    def __init__(self, functions: Mapping[str, Routine]) -> None:
        self.functions = functions
        self.calls: dict[str, list[Called]] = {}

    def steps(self, steps: Iterable[Step], values: dict[Ref, Shape | None]) -> None:
        """Finds the shapes of what steps give."""
        for step in steps:
            found = self.step(step, values)
            for path in step.outputs or ((),):
                values[Ref(step.uid, path)] = found

    def step(self, step: Step, values: dict[Ref, Shape | None]) -> Shape | None:
        """The shape of what a step gives."""
        if step.kind is StepKind.INVOKE:
            return self.invoke(step, values)
        if step.kind is StepKind.IF:
            return self.condition(step, values)
        if step.kind is StepKind.LOOP:
            self.unknown(step.body)
            return None
        given = [values.get(ref) for tree in step.trees for ref in refs(tree)]
        if step.kind is StepKind.OPERATION:
            return _common(given) if step.class_name in MERGING else None
        if step.kind is StepKind.LAYER and isinstance(step.callee, Object) and given:
            return _layer(step.callee, given, all(isinstance(arg, (Ref, Listing)) for arg in step.args))
        return None

    def invoke(self, step: Step, values: dict[Ref, Shape | None]) -> Shape | None:
        """Runs a function."""
        routine, arguments = self.functions.get(step.class_name), dict(step.kwargs)
        given = [values.get(arg) if isinstance(arg, Ref) else None for arg in step.args]
        if routine is None:
            return None
        inner: dict[Ref, Shape | None] = {Ref(-1 - number): shape for number, shape in enumerate(given)}
        for one in routine.steps:
            try:
                self.steps([substituted(one, arguments)], inner)
            except CannotUnify:
                self.unknown([one])
        result = inner.get(routine.result) if isinstance(routine.result, Ref) else None
        first = given[0].size if given and given[0] else None
        found = Called(step.uid, arguments, first, result.size if result else None)
        self.calls.setdefault(step.class_name, []).append(found)
        return result

    def condition(self, step: Step, values: dict[Ref, Shape | None]) -> Shape | None:
        """Runs the steps of an `if`, if it holds."""
        holds = _holds(step.callee)
        if holds is None:
            self.unknown(step.body)
            return None
        if not holds:
            return values.get(step.args[0]) if isinstance(step.args[0], Ref) else None
        inner = dict(values)
        self.steps(step.body, inner)
        return inner.get(step.result) if step.result else None

    def unknown(self, steps: Iterable[Step]) -> None:
        """Notes calls whose values are not known."""
        for step in every_step(steps):
            if step.kind is StepKind.INVOKE:
                self.calls.setdefault(step.class_name, []).append(Called(step.uid, {}, None, None))


def _holds(condition: Tree) -> bool | None:
    if isinstance(condition, Plain) and isinstance(condition.value, bool):
        return condition.value
    if isinstance(condition, Object) and condition.target == "more":
        value, than = (dict(condition.keywords)[key] for key in ("value", "than"))
        if isinstance(value, Plain) and isinstance(than, Plain) and isinstance(value.value, (int, float)):
            return value.value > than.value  # type: ignore[operator]
    return None


def _common(given: Sequence[Shape | None]) -> Shape | None:
    """The shape of values that are added, or the like."""
    known = [shape for shape in given if shape]
    if len(known) < len(given) or not known:
        return None
    return Shape(max(shape.rank for shape in known), max(shape.size for shape in known))


def _layer(made: Object, given: Sequence[Shape | None], plain: bool) -> Shape | None:
    """The shape of what a layer gives."""
    name, keywords, first = made.class_name, dict(made.keywords), given[0]
    if first is None or not plain or not made.target.startswith("layers.") or "data_format" in keywords:
        return None
    if name in MERGING:
        return _common(given)
    if name == "Concatenate":
        axis = keywords.get("axis", Plain(-1))
        if axis not in (Plain(-1), Plain(first.rank - 1)) or not all(given):
            return None
        return Shape(first.rank, sum(shape.size for shape in given if shape))
    if name == "Reshape":
        shape = keywords.get("target_shape")
        last = shape.items[-1] if isinstance(shape, Listing) and shape.items else None
        known = isinstance(last, Plain) and isinstance(last.value, int) and last.value > 0
        return Shape(len(shape.items) + 1, last.value) if known else None  # type: ignore
    if name.startswith("Global"):
        return Shape(first.rank if keywords.get("keepdims") == Plain(True) else 2, first.size)
    if name.startswith("Depthwise"):
        times = keywords.get("depth_multiplier", Plain(1))
        return Shape(first.rank, first.size * times.value) if isinstance(times, Plain) else None  # type: ignore
    size = keywords.get("units" if name == "Dense" else "filters") if "Conv" in name or name == "Dense" else None
    if isinstance(size, Plain) and isinstance(size.value, int):
        return Shape(first.rank, size.value)
    return first if name.endswith(SAME) else None
