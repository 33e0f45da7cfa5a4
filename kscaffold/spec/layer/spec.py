"""A custom layer that is to be generated, as one checked, frozen value."""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from kscaffold.base.naming import ModuleName
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.tree import Listing, Object, Plain, walk
from kscaffold.spec.layer.body import Step
from kscaffold.spec.layer.manifest import CallStyle, Input, LayerManifest
from kscaffold.spec.layer.parts import INPUT_DIM, INPUT_SHAPE, Sublayer, Weight
from kscaffold.spec.shapes.shape import Shape, ShapePattern, evaluate, evaluate_size, fill_pattern, match_shape


@dataclass(frozen=True)
class LayerBody:
    """What a layer does that is described by expressions, as lines of source.

    Attributes:
        constructor: What makes its sublayers; `late` where their sizes come from the inputs, in `build`.
        build: What builds them.
        call: The statements of `call`.
        output_shape: Those of `compute_output_shape`.
        input_text: The shapes of the inputs, in words; `output_text` likewise.
        imported: Module and name of each custom class that it uses.
        example_output: The shape of its one output for the example inputs, if that is known.
        parameters: How many numbers the weights of its sublayers have for these, if that is known.
        outputs: How many values it gives.
    """

    constructor: tuple[str, ...]
    late: tuple[str, ...]
    build: tuple[str, ...]
    call: tuple[str, ...]
    output_shape: tuple[str, ...]
    input_text: str
    output_text: str
    passes_mask: bool
    imported: tuple[tuple[str, str], ...] = ()
    example_output: Shape | None = None
    parameters: int | None = None
    outputs: int = 1


@dataclass(frozen=True)
class LayerSpec:
    """A layer that is to be generated."""

    name: ModuleName
    package: str  # that the class is registered under for saving
    manifest: LayerManifest
    call: CallStyle
    features: frozenset[str]  # of training, mask, loss and seed, what the base template adds to the body
    takes: frozenset[str]  # of training and mask, what `call` takes
    arguments: tuple[Argument, ...]  # required ones first
    weights: tuple[Weight, ...]
    sublayers: tuple[Sublayer, ...]
    steps: tuple[Step, ...]  # what `call` does after the template's own body
    inputs: tuple[Input, ...]
    body: LayerBody | None = None  # where expressions describe it: there are no steps then
    unused: tuple[str, ...] = ()  # the arguments and weights that the user adds and nothing uses
    followed: Shape | None = None  # of the outputs for the example inputs, as far as it follows from the sublayers

    @property
    def keeps_steps(self) -> bool:
        """Whether the steps that follow the template's body keep all axes but the last."""
        return all(step.keeps_steps for step in self.steps)

    @property
    def merges(self) -> bool:
        """Whether the first step takes the list of the inputs."""
        return bool(self.steps) and self.steps[0].merges

    @property
    def joins(self) -> bool:
        """Whether the first step takes all inputs, as a list or concatenated."""
        return self.body is None and self.call is CallStyle.LIST and not self.manifest.own_body

    @property
    def concatenates(self) -> bool:
        """Whether the body starts with the concatenated inputs."""
        return self.joins and not self.merges

    @property
    def masks_outputs(self) -> bool:
        """Whether the base template masks the outputs: there are steps left, and no sublayer takes the mask."""
        passed = any("mask" in dict(step.passes).values() for step in self.steps)
        return "mask" in self.features and self.keeps_steps and not passed

    @property
    def own_classes(self) -> tuple[tuple[str, str], ...]:
        """The modules and names of the custom classes that the generated code imports, in order."""
        calls = [item.call for item in self.sublayers] + [item.default for item in self.arguments]
        parts = (part for call in calls if call for part in walk(call))
        named = {part.own for part in parts if isinstance(part, Object) and part.own}
        return tuple(sorted(named.union(self.body.imported if self.body else ())))

    @functools.cached_property
    def values(self) -> Mapping[str, object]:
        """What the names in shapes stand for in examples, tests and checks."""
        values: dict[str, object] = {}
        for item in reversed(self.inputs):
            values |= match_shape(item.pattern, self.call.own_shape(item.shape))
        shapes: list[tuple[int | None, ...]] = [(None, *item.shape) for item in self.inputs]
        values[INPUT_SHAPE.name] = tuple(shapes) if len(shapes) > 1 else shapes[0]
        sizes = [item.shape[-1] for item in self.inputs if item.shape and item.shape[-1] is not None]
        values[INPUT_DIM.name] = sum(sizes) if self.joins else (sizes[0] if sizes else None)
        for argument in self.arguments:
            if isinstance(argument.example_value, (Plain, Listing)):
                values[argument.name] = evaluate(argument.example_value, {})
        return values

    @property
    def output(self) -> ShapePattern | None:
        """The shape of the outputs, `None` if only Keras knows."""
        if self.merges:
            return None
        pattern = self.manifest.output or self.inputs[0].pattern
        if all(step.keeps_shape for step in self.steps):
            return pattern
        features = self.steps[-1].features
        if features is None or not self.keeps_steps or not pattern.axes:
            return None
        return ShapePattern((*pattern.axes[:-1], features))

    @property
    def output_shape(self) -> Shape | None:
        """The shape of an output for the example inputs, without the batch axis; `None` if only Keras knows."""
        if self.body:
            return self.body.example_output
        return fill_pattern(self.output, self.values) if self.output else self.followed

    @property
    def parameter_count(self) -> int | None:
        """How many numbers its weights have for the example inputs; `None` if only Keras knows."""
        own = self.weight_shapes if self.body else self.expected_weights
        inside = self.body.parameters if self.body else 0
        return None if own is None or inside is None else sum(map(math.prod, own)) + inside

    @property
    def expected_weights(self) -> tuple[tuple[int, ...], ...] | None:
        """The shapes of the weights for the example inputs, as Keras lists them; `None` if only Keras knows."""
        given = any(argument.kind is Kind.LAYER for argument in self.arguments)
        if self.sublayers or self.manifest.owns_build or given or (self.body and self.body.build):
            return None
        return self.weight_shapes

    @property
    def weight_shapes(self) -> tuple[tuple[int, ...], ...] | None:
        """The shapes of the weights that it has besides those of sublayers, as Keras lists them."""
        weights = sorted(self.weights, key=lambda weight: not weight.trainable)
        made = [weight for weight in weights if not (weight.condition and self.values.get(weight.condition) is False)]
        sizes = [[evaluate_size(size, self.values) for size in weight.shape] for weight in made]
        known = tuple(tuple(size for size in shape if size is not None) for shape in sizes)
        return known if [*map(len, known)] == [*map(len, sizes)] else None
