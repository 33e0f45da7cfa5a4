"""From flags and a template's manifest to the layer that they describe."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from kscaffold.base.errors import RequestError, with_article
from kscaffold.base.naming import ModuleName
from kscaffold.base.place import Place, located
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.text import show
from kscaffold.program.tree import Object, Tree, Variable, walk
from kscaffold.spec.layer.argument import parse_argument
from kscaffold.spec.layer.body import Step, plan_steps
from kscaffold.spec.layer.call import SIZE_NAMES
from kscaffold.spec.layer.inputs import choose_inputs, parse_each
from kscaffold.spec.layer.manifest import CallStyle, LayerManifest
from kscaffold.spec.layer.parts import INPUT_DIM, Sublayer, Weight, parse_sublayer, parse_weight, size_names
from kscaffold.spec.layer.spec import LayerSpec
from kscaffold.spec.shapes.shape import evaluate_size

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
class _Parts:
    """What a layer is made of, as a manifest or flags say it."""

    weights: list[Weight]
    sublayers: list[Sublayer]

    @classmethod
    def parse(cls, said: LayerManifest | LayerFlags, arguments: Mapping[str, Argument], flag: str) -> _Parts:
        """The parts; `flag` is what stands before `weight`, `state` and `sublayer` in messages."""
        weights = parse_each(said.weights, f"{flag}weight", lambda text: parse_weight(text, arguments, trainable=True))
        states = parse_each(said.states, f"{flag}state", lambda text: parse_weight(text, arguments, trainable=False))
        sublayers = parse_each(said.sublayers, f"{flag}sublayer", lambda text: parse_sublayer(text, arguments))
        return cls(weights + states, sublayers)


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
    features = flags.features - manifest.handles
    if "seed" in features:
        features |= {"training"} - manifest.handles
    arguments = _merge_arguments(manifest, flags, features)
    own, added = _Parts.parse(manifest, arguments, ""), _Parts.parse(flags, arguments, "--")
    weights, sublayers = own.weights + added.weights, own.sublayers + added.sublayers
    _refuse_clashes(arguments, weights, sublayers)
    _refuse_shared_initializers(weights)
    for used in _used_as_sizes(arguments, weights, sublayers):
        argument = arguments[used]
        if argument.kind is Kind.ANY and (argument.required or argument.optional):
            argument = replace(argument, kind=Kind.INT)
        if argument.kind in (Kind.INT, Kind.ANY):
            arguments[used] = argument.must_be_positive()
    inputs = choose_inputs(manifest, flags.input_shapes, "mask" in flags.features, sublayers)
    spec = LayerSpec(
        name=name,
        package=package,
        manifest=manifest,
        call=CallStyle.LIST if manifest.call is CallStyle.SINGLE and len(inputs) > 1 else manifest.call,
        features=features,
        takes=frozenset({"training", "mask"} & (features | manifest.handles)),
        arguments=tuple(arguments.values()),
        weights=tuple(weights),
        sublayers=tuple(sublayers),
        steps=(),
        inputs=inputs,
    )
    spec = replace(spec, steps=_plan_body(spec, own, added))
    _refuse_misfits(spec)
    return spec


def _merge_arguments(manifest: LayerManifest, flags: LayerFlags, features: Container[str]) -> dict[str, Argument]:
    """The template's arguments, changed by the user's of the same name, then the user's; the required ones first."""
    merged = {argument.name: argument for argument in manifest.arguments}
    given: set[str] = set()

    def parse(text: str) -> None:
        known = merged.get(text.partition("=")[0].partition(":")[0].strip())
        argument = parse_argument(text, known.kind if known else None)
        if argument.name in given:
            raise RequestError(f"{argument.name!r} is given twice.")
        given.add(argument.name)
        merged[argument.name] = known.with_default(argument) if known else argument

    parse_each(flags.arguments, "--arg", parse)
    for feature in sorted(ADDED_ARGUMENTS):
        if feature in features:
            argument = parse_argument(ADDED_ARGUMENTS[feature])
            merged.setdefault(argument.name, argument)
    return {argument.name: argument for argument in sorted(merged.values(), key=lambda item: not item.required)}


def _plan_body(spec: LayerSpec, own: _Parts, added: _Parts) -> tuple[Step, ...]:
    """What `call` does: first what the template brings, unless it has a body of its own, then what the user adds."""
    manifest = spec.manifest
    brought = {argument.name for argument in manifest.arguments}
    templates = [argument for argument in spec.arguments if argument.name in brought]
    users = [argument for argument in spec.arguments if argument.name not in brought]
    sizes = len(spec.call.own_shape(spec.inputs[0].shape))
    features: Tree | None = INPUT_DIM
    steps: tuple[Step, ...] = ()
    if manifest.output is None:
        steps = plan_steps(own.weights, own.sublayers, templates, features, sizes, spec.takes)
        features = steps[-1].features if steps else features
    else:
        features = manifest.output.axes[-1] if manifest.output.axes else None
    # Behind a body that takes the mask for itself, there is none that fits what comes out.
    passed = spec.takes if manifest.passes_mask else spec.takes - (manifest.handles & {"mask"})
    return steps + plan_steps(added.weights, added.sublayers, users, features, sizes, passed)


def _used_as_sizes(arguments: Container[str], weights: Iterable[Weight], sublayers: Iterable[Sublayer]) -> set[str]:
    """The arguments that are sizes of weights, or that Keras takes for sizes of sublayers."""
    found = {name for weight in weights for size in weight.shape for name in size_names(size) if name in arguments}
    parts = (part for sublayer in sublayers if sublayer.call for part in walk(sublayer.call))
    for call in (part for part in parts if isinstance(part, Object) and part.own is None):
        found |= {value.name for key, value in call.keywords if key in SIZE_NAMES and isinstance(value, Variable)}
    return found


def _refuse_clashes(arguments: Iterable[str], weights: Iterable[Weight], sublayers: Iterable[Sublayer]) -> None:
    seen: dict[str, str] = {}
    attributes = [(name, "argument") for name in arguments]
    attributes += [(item.name, "weight") for item in weights] + [(item.name, "sublayer") for item in sublayers]
    for name, what in attributes:
        if name in seen:
            raise RequestError(
                f"{name!r} is the name of {with_article(seen[name])} already;"
                f" the {what} needs another, because both are attributes of the layer."
            )
        seen[name] = what


def _refuse_shared_initializers(weights: Iterable[Weight]) -> None:
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


def _refuse_misfits(spec: LayerSpec) -> None:
    """What Keras would only find later: sizes that the example inputs do not have, inputs that cannot be joined."""
    for weight in spec.weights:
        for size in weight.shape:
            with located(Place(f"the shape of {weight.name!r}")):
                value = evaluate_size(size, spec.values)
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
    takes_list = spec.call is CallStyle.LIST and not spec.manifest.own_body
    for step in spec.steps[1 if takes_list else 0 :]:
        if step.merges:
            raise RequestError(
                f"The sublayer {step.name!r} merges several inputs, but is given one.",
                hint="Make it the first sublayer and give --input-shape for each input.",
                where="--sublayer",
            )
