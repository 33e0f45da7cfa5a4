"""A custom layer that is to be generated: from flags and a template's manifest to one checked, frozen value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import ModuleName
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.text import show
from kscaffold.program.tree import Listing, Object, Plain, Tree, Variable, walk
from kscaffold.spec.language.sizes import evaluate_size
from kscaffold.spec.layer.argument import parse_argument
from kscaffold.spec.layer.body import Step, plan_steps
from kscaffold.spec.layer.manifest import CallStyle, Input, LayerManifest
from kscaffold.spec.layer.weight import (
    INPUT_DIM,
    INPUT_SHAPE,
    Sublayer,
    Weight,
    parse_sublayer,
    parse_weight,
    resolve_call,
    used_as_size,
)
from kscaffold.spec.shapes.shape import Shape, ShapePattern, fill_pattern, match_shape, parse_shape, show_shape

Parsed = TypeVar("Parsed")
# The example input for a layer whose sublayers take inputs of that rank only.
SHAPES_OF_RANK: dict[int, Shape] = {2: (16,), 3: (8, 16), 4: (16, 16, 3), 5: (8, 16, 16, 3)}
ADDED_ARGUMENTS = {"seed": "seed:int=None", "loss": "loss_weight:float=0.01"}


@dataclass(frozen=True)
class LayerFlags:
    """What the user asked for, as typed.

    Attributes:
        arguments: `--arg`: `NAME[:TYPE][=DEFAULT]`.
        weights: `--weight`: `NAME: SHAPE [, initializer]`.
        states: `--state`, of the same form.
        sublayers: `--sublayer`: `NAME = LAYER`.
        input_shapes: `--input-shape`: `16` or `8,8,3`.
        features: Of `training`, `mask`, `loss` and `seed`, those asked for.
    """

    arguments: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    sublayers: tuple[str, ...] = ()
    input_shapes: tuple[str, ...] = ()
    features: frozenset[str] = frozenset()

    @property
    def describe_a_layer(self) -> bool:
        """Whether they say what the layer is made of, so that it starts from nothing else."""
        return bool(self.arguments or self.weights or self.states or self.sublayers)


@dataclass(frozen=True)
class LayerSpec:
    """A layer that is to be generated. See `LayerManifest` for what is not explained here.

    Attributes:
        name: Names of the class and the module.
        package: The package that the class is registered under for saving.
        features: Of `training`, `mask`, `loss` and `seed`, what the base template adds to the body.
        takes: Of `training` and `mask`, what `call` takes.
        steps: What `call` does after the template's own body.
        keeps_steps: Whether outputs have the steps of the inputs, so that a mask stays valid.
        concatenates: Whether the body starts with the concatenated inputs.
        values: Example values of names in shapes.
    """

    name: ModuleName
    package: str
    summary: str
    call: CallStyle
    features: frozenset[str]
    takes: frozenset[str]
    arguments: tuple[Argument, ...]
    weights: tuple[Weight, ...]
    sublayers: tuple[Sublayer, ...]
    steps: tuple[Step, ...]
    inputs: tuple[Input, ...]
    output: ShapePattern | None
    own_body: bool
    concatenates: bool
    passes_mask: bool
    owns_build: bool
    values: Mapping[str, object]

    @property
    def keeps_steps(self) -> bool:
        """Whether the steps that follow the template's body keep all axes but the last."""
        return all(step.keeps_steps for step in self.steps)

    @property
    def shown_arguments(self) -> tuple[Argument, ...]:
        """The arguments that come before `*`: those required and the first of all."""
        return tuple(argument for index, argument in enumerate(self.arguments) if argument.required or index == 0)

    @property
    def output_shape(self) -> Shape | None:
        """The shape of an output for the example inputs, without the batch axis; `None` if only Keras knows."""
        return fill_pattern(self.output, self.values) if self.output else None

    @property
    def expected_weights(self) -> tuple[tuple[int, ...], ...] | None:
        """The shapes of the weights for the example inputs, as Keras lists them; `None` if only Keras knows."""
        given = any(argument.kind is Kind.LAYER for argument in self.arguments)
        if self.sublayers or self.owns_build or given:
            return None
        shapes = []
        for weight in sorted(self.weights, key=lambda weight: not weight.trainable):
            condition = next((item for item in self.arguments if item.name == f"use_{weight.name}"), None)
            if condition and condition.example_value == Plain(False):
                continue
            sizes = [evaluate_size(size, self.values) for size in weight.shape]
            if None in sizes:
                return None
            shapes.append(tuple(size for size in sizes if size is not None))
        return tuple(shapes)


def describe_layer(name: ModuleName, package: str, manifest: LayerManifest, flags: LayerFlags) -> LayerSpec:
    """Puts a template's manifest and the user's flags together.

    Args:
        name: Names of the class and the module.
        package: The package that the class is registered under for saving.
        manifest: The template's.
        flags: The user's.

    Raises:
        RequestError: A flag that is not understood, names that clash, shapes that do not fit.
    """
    features = set(flags.features) - manifest.handles
    if "seed" in features:
        features |= {"training"} - manifest.handles
    arguments = _merge_arguments(manifest, flags, features)
    by_name = {argument.name: argument for argument in arguments}
    sublayers = [parse_sublayer(text, by_name) for text in manifest.sublayers]
    inner = _parse_each(flags.sublayers, "--sublayer", lambda text: parse_sublayer(text, by_name))
    any_rank = manifest.output is None or None in manifest.output.axes
    inputs = _choose_inputs(manifest, flags, sublayers + inner if any_rank else [])
    call = manifest.call
    if call is CallStyle.SINGLE and len(inputs) > 1:
        call = CallStyle.LIST

    weights = [parse_weight(text, by_name, trainable=True) for text in manifest.weights]
    weights += [parse_weight(text, by_name, trainable=False) for text in manifest.states]
    added = _parse_each(flags.weights, "--weight", lambda text: parse_weight(text, by_name, trainable=True))
    added += _parse_each(flags.states, "--state", lambda text: parse_weight(text, by_name, trainable=False))
    _refuse_clashes(arguments, weights + added, sublayers + inner)
    for used in used_as_size(weights + added, sublayers + inner):
        argument = by_name[used]
        if argument.kind is Kind.ANY and (argument.required or argument.optional):
            argument = replace(argument, kind=Kind.INT)
        if argument.kind in (Kind.INT, Kind.ANY):
            by_name[used] = argument.must_be_positive()
    arguments = tuple(by_name.values())

    takes = frozenset({"training", "mask"} & (features | manifest.handles))
    start: Tree | None = INPUT_DIM
    steps: tuple[Step, ...] = ()
    if manifest.output:
        start = manifest.output.axes[-1] if manifest.output.axes else None
    else:
        steps = plan_steps(weights, sublayers, _own(arguments, manifest), start, takes)
        start = steps[-1].features if steps else start
    users = [item for item in arguments if item not in _own(arguments, manifest)]
    called = inner + [
        Sublayer(item.name, Object(""), None, argument=True, optional=item.optional)
        for item in users
        if item.kind is Kind.LAYER
    ]
    # Behind a body that takes the mask for itself, there is none that fits what comes out.
    passed = takes - (set() if manifest.passes_mask else manifest.handles & {"mask"})
    steps += plan_steps(added, called, users, start, passed)
    weights, sublayers = weights + added, sublayers + inner
    merges = bool(steps) and steps[0].merges
    spec = LayerSpec(
        name=name,
        package=package,
        summary=manifest.summary,
        call=call,
        features=frozenset(features),
        takes=takes,
        arguments=arguments,
        weights=tuple(weights),
        sublayers=tuple(sublayers),
        steps=steps,
        inputs=inputs,
        output=None,
        own_body=manifest.output is not None,
        passes_mask=manifest.passes_mask,
        owns_build=manifest.owns_build,
        concatenates=call is CallStyle.LIST and manifest.output is None and not merges,
        values=_example_values(inputs, arguments, call, manifest.output is None),
    )
    _refuse_misfits(spec, merges)
    return replace(spec, output=_output_pattern(spec, manifest, merges))


def _parse_each(texts: Iterable[str], flag: str, parse: Callable[[str], Parsed]) -> list[Parsed]:
    parsed = []
    for text in texts:
        try:
            parsed.append(parse(text))
        except RequestError as error:
            raise error.at(f"{flag} {text!r}") from None
    return parsed


def _merge_arguments(manifest: LayerManifest, flags: LayerFlags, features: set[str]) -> tuple[Argument, ...]:
    """The template's arguments, changed by the user's of the same name, then the user's; the required ones first."""
    own = {argument.name: argument for argument in manifest.arguments}
    merged = dict(own)
    given: set[str] = set()

    def parse(text: str) -> Argument:
        template = own.get(text.partition("=")[0].partition(":")[0].strip())
        argument = parse_argument(text, template.kind if template else None)
        if argument.name in given:
            raise RequestError(f"{argument.name!r} is given twice.")
        given.add(argument.name)
        return template.with_default(argument) if template else argument

    for argument in _parse_each(flags.arguments, "--arg", parse):
        merged[argument.name] = argument
    for feature in sorted(features & set(ADDED_ARGUMENTS)):
        argument = parse_argument(ADDED_ARGUMENTS[feature])
        merged.setdefault(argument.name, argument)
    return tuple(sorted(merged.values(), key=lambda argument: not argument.required))


def _choose_inputs(manifest: LayerManifest, flags: LayerFlags, sublayers: list[Sublayer]) -> tuple[Input, ...]:
    shapes = _parse_each(flags.input_shapes, "--input-shape", parse_shape)
    default = manifest.inputs
    picky = _first_with_ranks(sublayers)
    if not shapes:
        rank = 3 if "mask" in flags.features else 2
        if picky and rank not in picky.ranks:
            rank = picky.ranks[0]
        if len(default) == 1 and len(default[0].shape) == 1 and manifest.call is CallStyle.SINGLE:
            return (replace(default[0], shape=SHAPES_OF_RANK.get(rank, default[0].shape)),)
        return default
    for shape in shapes:
        if picky and 1 + len(shape) not in picky.ranks:
            example = SHAPES_OF_RANK.get(picky.ranks[0], ())
            raise RequestError(
                f"The sublayer {picky.name!r} takes inputs with {picky.ranks[0] - 1} sizes,"
                f" but {','.join(map(str, shape))} has {len(shape)}.",
                hint=f"For example: --input-shape {','.join(map(str, example))}.",
                where="--input-shape",
            )
    open_ended = default[-1].repeats or (manifest.call is CallStyle.SINGLE and manifest.output is None)
    if len(shapes) < len(default) or (len(shapes) > len(default) and not open_ended):
        names = [item.name for item in default]
        given = "One input shape is" if len(shapes) == 1 else f"{len(shapes)} input shapes are"
        has = "one input" if len(default) == 1 else f"{len(default)} inputs"
        raise RequestError(
            f"{given} given, but the layer has {has}{' or more' if open_ended else ''}.",
            hint="Give one for each" + (f": {', '.join(names)}." if len(set(names)) > 1 else "."),
            where="--input-shape",
        )
    chosen = []
    known: dict[str, object] = {}
    for index, shape in enumerate(shapes):
        template = default[min(index, len(default) - 1)]
        try:
            found = match_shape(template.pattern, manifest.call.own_shape(shape))
        except RequestError as error:
            raise error.at("--input-shape") from None
        # The inputs of a template without a body are concatenated, so their sizes may differ.
        if manifest.call is CallStyle.LIST and any(known.get(name, size) != size for name, size in found.items()):
            listed = " and ".join(show_shape(item) for item in shapes)
            raise RequestError(f"The inputs of the layer have one shape, not {listed}.", where="--input-shape")
        known |= found
        chosen.append(replace(template, shape=shape))
    return tuple(chosen)


def _own(arguments: Iterable[Argument], manifest: LayerManifest) -> list[Argument]:
    """The arguments that a template brings."""
    names_there = {item.name for item in manifest.arguments}
    return [argument for argument in arguments if argument.name in names_there]


def _first_with_ranks(sublayers: list[Sublayer]) -> Sublayer | None:
    """The first sublayer that takes inputs of some ranks only, if those before it leave the rank as it is."""
    for sublayer in sublayers:
        if sublayer.ranks and len(sublayer.ranks) < len(SHAPES_OF_RANK):
            return sublayer
        signature = sublayer.signature
        if signature is None or not (signature.keeps_shape or signature.name == "Dense"):
            return None
    return None


def _refuse_clashes(arguments: Iterable[Argument], weights: Iterable[Weight], sublayers: Iterable[Sublayer]) -> None:
    seen: dict[str, str] = {}
    attributes = [(item.name, "argument") for item in arguments]
    attributes += [(item.name, "weight") for item in weights] + [(item.name, "sublayer") for item in sublayers]
    for name, what in attributes:
        if name in seen:
            raise RequestError(
                f"{name!r} is the name of {'an' if seen[name][0] == 'a' else 'a'} {seen[name]} already;"
                f" the {what} needs another, because both are attributes of the layer."
            )
        seen[name] = what
    used: dict[str, str] = {}
    for weight in weights:
        if isinstance(weight.initializer, Variable):
            first = used.setdefault(weight.initializer.name, weight.name)
            if first != weight.name:
                raise RequestError(
                    f"{weight.name!r} and {first!r} share the initializer {weight.initializer.name!r},"
                    " which gives both the same values.",
                    hint=f"Give each its own: --arg {weight.name}_initializer=glorot_uniform.",
                )


def _example_values(
    inputs: tuple[Input, ...], arguments: Iterable[Argument], call: CallStyle, own_names: bool
) -> dict[str, object]:
    """What the names in shapes stand for in examples, tests and checks."""
    values: dict[str, object] = {}
    for item in reversed(inputs):
        values |= match_shape(item.pattern, call.own_shape(item.shape))
    shapes: list[tuple[int | None, ...]] = [(None, *item.shape) for item in inputs]
    values[INPUT_SHAPE.name] = tuple(shapes) if len(shapes) > 1 else shapes[0]
    sizes = [item.shape[-1] for item in inputs if item.shape and item.shape[-1] is not None]
    joined = call is CallStyle.LIST and own_names
    values[INPUT_DIM.name] = sum(sizes) if joined else (sizes[0] if sizes else None)
    for argument in arguments:
        example = argument.example_value
        if isinstance(example, Plain):
            values[argument.name] = example.value
        elif isinstance(example, Listing):
            values[argument.name] = tuple(item.value for item in example.items if isinstance(item, Plain))
    return values


def _refuse_misfits(spec: LayerSpec, merges: bool) -> None:
    """What Keras would only find later: sizes that the example inputs do not have, inputs that cannot be joined."""
    for weight in spec.weights:
        for size in weight.shape:
            try:
                value = evaluate_size(size, spec.values)
            except RequestError as error:
                raise error.at(f"the shape of {weight.name!r}") from None
            if value is not None and value <= 0:
                raise RequestError(
                    f"The size {show(size)} of {weight.name!r} is {value} for the input shape"
                    f" {', '.join(str(item.shape) for item in spec.inputs)}.",
                    hint="A size is positive.",
                )
    leading = {item.shape[:-1] for item in spec.inputs}
    if spec.concatenates and len(leading) > 1:
        raise RequestError(
            "The inputs differ in more than their last size, so they cannot be concatenated.",
            hint="Give shapes that differ in the last size only, or start from -t merge or -t attention.",
            where="--input-shape",
        )
    if spec.call is CallStyle.LIST and "mask" in spec.features:
        raise RequestError(
            "A layer with several inputs has a mask for each, and no rule says how they become one.",
            hint="Start from -t merge, which combines them.",
            where="--mask",
        )
    if spec.call is CallStyle.CELL and "loss" in spec.features:
        raise RequestError(
            "A cell is called once for each step inside a loop, where add_loss has no effect outside.",
            hint="Add the loss in a layer behind the RNN.",
            where="--loss",
        )
    if spec.call is CallStyle.CELL and "mask" in spec.features:
        raise RequestError("A cell gets no mask: the RNN around it skips masked steps.", where="--mask")
    later = [step.name for step in spec.steps[1:] if step.merges]
    if later or (merges and spec.call is not CallStyle.LIST):
        name = later[0] if later else spec.steps[0].name
        raise RequestError(
            f"The sublayer {name!r} merges several inputs, but is given one.",
            hint="Make it the first sublayer and give --input-shape for each input.",
            where="--sublayer",
        )


def _output_pattern(spec: LayerSpec, manifest: LayerManifest, merges: bool) -> ShapePattern | None:
    pattern = manifest.output or (None if merges else spec.inputs[0].pattern)
    if pattern is None or not spec.steps:
        return pattern
    if all(step.keeps_shape for step in spec.steps):
        return pattern
    features = spec.steps[-1].features
    if features is None or not spec.keeps_steps or not pattern.axes:
        return None
    return ShapePattern((*pattern.axes[:-1], features))


def needed_modules(spec: LayerSpec) -> tuple[tuple[str, str], ...]:
    """The modules and classes of layers of one's own that the generated code imports, in order of their names."""
    calls: list[Tree] = [item.call for item in spec.sublayers]
    calls += [item.default for item in spec.arguments if item.default]
    found = {part.own for call in calls for part in walk(call) if isinstance(part, Object) and part.own}
    return tuple(sorted(found))


def resolve_default(argument: Argument) -> Tree | None:
    """An argument's default with the objects in it as Keras names their arguments."""
    return (
        resolve_call(argument.default, {}, f"{argument.kind}s")
        if isinstance(argument.default, Object)
        else argument.default
    )
