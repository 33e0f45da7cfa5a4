"""From flags and a template's manifest to the layer that they describe."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from kscaffold.base.errors import RequestError, unknown, with_article
from kscaffold.base.naming import ModuleName
from kscaffold.base.place import Place, located
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.text import show
from kscaffold.program.tree import Object, Tree, Variable, names, walk
from kscaffold.spec.layer.argument import parse_argument
from kscaffold.spec.layer.body import Step, plan_steps
from kscaffold.spec.layer.call import SIZE_NAMES
from kscaffold.spec.layer.manifest import CallStyle, Input, LayerManifest
from kscaffold.spec.layer.parts import INPUT_DIM, Sublayer, Weight, parse_sublayer, parse_weight, size_names
from kscaffold.spec.layer.spec import LayerSpec
from kscaffold.spec.shapes.shape import Shape, evaluate_size, match_shape, parse_shape, show_shape

Parsed = TypeVar("Parsed")
FLAG = Place("--input-shape")
# The example input for a layer whose sublayers take inputs of that rank only.
SHAPES_OF_RANK: dict[int, Shape] = {2: (16,), 3: (8, 16), 4: (16, 16, 3), 5: (8, 16, 16, 3)}
ADDED_ARGUMENTS = {"seed": "seed:int=None", "loss": "loss_weight:float=0.01"}


@dataclass(frozen=True)
class LayerFlags:
    """What the user asked for, as typed."""

    arguments: tuple[str, ...] = ()  # --arg: NAME[:TYPE][=DEFAULT]
    weights: tuple[str, ...] = ()  # --weight: NAME: SHAPE [, initializer]
    states: tuple[str, ...] = ()  # --state, of the same form
    sublayers: tuple[str, ...] = ()  # --sublayer: NAME = LAYER
    docs: tuple[str, ...] = ()  # --doc: NAME: what an argument is
    input_shapes: tuple[str, ...] = ()  # --input-shape: 16 or 8,8,3
    features: frozenset[str] = frozenset()  # those asked for of training, mask, loss and seed

    @property
    def describe_a_layer(self) -> bool:
        """Whether they say what the layer is made of, so that it starts from nothing else."""
        return bool(self.arguments or self.weights or self.states or self.sublayers)


def parse_each(texts: Iterable[str], flag: str, parse: Callable[[str], Parsed]) -> list[Parsed]:
    """What several texts say, as `parse` reads each; a `RequestError` names the flag and the text."""
    parsed = []
    for text in texts:
        with located(Place(f"{flag} {text!r}")):
            parsed.append(parse(text))
    return parsed


_Parts = tuple[list[Weight], list[Sublayer]]


def parse_parts(said: LayerManifest | LayerFlags, arguments: Mapping[str, Argument], flag: str) -> _Parts:
    """What a layer is made of; `flag` is what stands before `weight`, `state` and `sublayer` in messages."""
    weights = parse_each(said.weights, f"{flag}weight", lambda text: parse_weight(text, arguments, trainable=True))
    states = parse_each(said.states, f"{flag}state", lambda text: parse_weight(text, arguments, trainable=False))
    return weights + states, parse_each(said.sublayers, f"{flag}sublayer", lambda text: parse_sublayer(text, arguments))


def describe_layer(name: ModuleName, package: str, manifest: LayerManifest, flags: LayerFlags) -> LayerSpec:
    """Puts a template's manifest and the user's flags together, for a package that the class is registered under.

    Raises:
        RequestError: A flag that is not understood, names that clash, shapes that do not fit.
    """
    features = flags.features - manifest.handles
    if "seed" in features:
        features |= {"training"} - manifest.handles
    arguments = merge_arguments(manifest.arguments, flags, features)
    own, added = parse_parts(manifest, arguments, ""), parse_parts(flags, arguments, "--")
    if manifest.own_body:  # which does without a weight only where the template says so
        brought = {argument.name for argument in manifest.arguments}
        own = [replace(item, condition=item.condition if item.condition in brought else None) for item in own[0]], own[
            1
        ]
    weights, sublayers = own[0] + added[0], own[1] + added[1]
    refuse_clashes(arguments, weights, sublayers)
    refuse_shared_initializers(weights)
    demand_sizes(arguments, used_as_sizes(arguments, weights, sublayers))
    inputs = _choose_inputs(manifest, flags.input_shapes, "mask" in flags.features, sublayers)
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
    spec = replace(spec, unused=tuple(_unused(spec)))
    _refuse_misfits(spec)
    if all(step.sublayer is None for step in spec.steps):
        return spec
    from kscaffold.spec.layer.follow import follow_steps  # most layers have no sublayers

    return replace(spec, followed=follow_steps(spec))


def demand_sizes(arguments: dict[str, Argument], used: Iterable[str]) -> None:
    """Makes the arguments that are used as sizes positive whole numbers; raises `RequestError` where one cannot be."""
    for name in used:
        argument = arguments[name]
        if argument.kind is Kind.ANY and (argument.required or argument.optional):
            argument = replace(argument, kind=Kind.INT)
        if argument.kind in (Kind.INT, Kind.ANY):
            arguments[name] = argument.must_be_positive()


def merge_arguments(
    brought: Iterable[Argument], flags: LayerFlags, features: Container[str] = ()
) -> dict[str, Argument]:
    """The template's arguments, changed by the user's of the same name, then the user's; the required ones first."""
    merged = {argument.name: argument for argument in brought}
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

    def explain(text: str) -> None:
        name, colon, words = (part.strip() for part in text.partition(":"))
        if not colon or not words:
            raise RequestError(f"{text!r} explains nothing.", hint="Write 'units: Positive integer, size of …'.")
        if name not in merged:
            raise unknown(f"There is no argument {name!r}.", name, merged, "--doc")
        merged[name] = replace(merged[name], description=words)

    parse_each(flags.docs, "--doc", explain)
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
        steps = plan_steps(*own, templates, features, sizes, spec.takes)
        features = steps[-1].features if steps else features
    else:
        features = manifest.output.axes[-1] if manifest.output.axes else None
    # Behind a body that takes the mask for itself, there is none that fits what comes out.
    passed = spec.takes if manifest.passes_mask else spec.takes - (manifest.handles & {"mask"})
    return steps + plan_steps(*added, users, features, sizes, passed)


def _unused(spec: LayerSpec) -> Iterator[str]:
    """The arguments that the user adds and that neither weights, nor sublayers, nor the body use."""
    brought = {argument.name for argument in spec.manifest.arguments}
    brought |= {parse_argument(text).name for text in ADDED_ARGUMENTS.values()}
    used = {step.name for step in spec.steps}.union(*(weight.uses for weight in spec.weights))
    used |= set().union(*(names(sublayer.call) for sublayer in spec.sublayers if sublayer.call))
    yield from (item.name for item in spec.arguments if item.name not in brought | used)


def _choose_inputs(
    manifest: LayerManifest, texts: Iterable[str], masked: bool, sublayers: Iterable[Sublayer]
) -> tuple[Input, ...]:
    """The inputs of a layer, each with a shape as an example.

    Args:
        texts: The shapes that the user gives, as after `--input-shape`.
        masked: Whether the layer is to take a mask, which a sequence has.

    Raises:
        RequestError: Shapes that do not fit the template or the sublayers, or too few or too many.
    """
    shapes = parse_each(texts, "--input-shape", parse_shape)
    # Of a template with a body of its own, sublayers get what the body makes.
    any_rank = manifest.output is None or None in manifest.output.axes
    picky = _first_with_ranks(sublayers) if any_rank else None
    ranks = picky.ranks if picky else ()
    if not shapes:
        return _usual_inputs(manifest, ranks, masked)
    for shape in shapes:
        if picky and 1 + len(shape) not in ranks:
            given, example = (",".join(map(str, sizes)) for sizes in (shape, SHAPES_OF_RANK.get(ranks[0], ())))
            problem = f"The sublayer {picky.name!r} takes inputs with {ranks[0] - 1} sizes"
            raise FLAG.error(f"{problem}, but {given} has {len(shape)}.", f"For example: --input-shape {example}.")
    _refuse_number(manifest, len(shapes))
    chosen = []
    known: dict[str, object] = {}
    for index, shape in enumerate(shapes):
        template = manifest.inputs[min(index, len(manifest.inputs) - 1)]
        with located(FLAG):
            found = match_shape(template.pattern, manifest.call.own_shape(shape))
        # The inputs of a template without a body are concatenated, so their sizes may differ.
        if manifest.call is CallStyle.LIST and any(known.get(name, size) != size for name, size in found.items()):
            listed = " and ".join(show_shape(item) for item in shapes)
            raise FLAG.error(f"The inputs of the layer have one shape, not {listed}.")
        known |= found
        chosen.append(replace(template, shape=shape))
    return tuple(chosen)


def _usual_inputs(manifest: LayerManifest, ranks: tuple[int, ...], masked: bool) -> tuple[Input, ...]:
    """The inputs of the template, a single one with as many axes as a mask or the sublayers need."""
    first, *others = manifest.inputs
    open_ended = all(None in item.pattern.axes for item in manifest.inputs)
    if manifest.call is CallStyle.LIST and open_ended and ranks and 1 + len(first.shape) not in ranks:
        shape = SHAPES_OF_RANK.get(ranks[0], first.shape)
        return tuple(replace(item, shape=shape) for item in manifest.inputs)
    if others or len(first.shape) != 1 or manifest.call is not CallStyle.SINGLE:
        return manifest.inputs
    rank = 3 if masked else 2
    rank = ranks[0] if ranks and rank not in ranks else rank
    return (replace(first, shape=SHAPES_OF_RANK.get(rank, first.shape)),)


def _refuse_number(manifest: LayerManifest, count: int) -> None:
    names = [item.name for item in manifest.inputs]
    open_ended = manifest.inputs[-1].repeats or (manifest.call is CallStyle.SINGLE and not manifest.own_body)
    if count == len(names) or (count > len(names) and open_ended):
        return
    given = "One input shape is" if count == 1 else f"{count} input shapes are"
    has = f"{'one input' if len(names) == 1 else f'{len(names)} inputs'}{' or more' if open_ended else ''}"
    listed = f": {', '.join(names)}" if len(set(names)) > 1 else ""
    raise FLAG.error(f"{given} given, but the layer has {has}.", f"Give one for each{listed}.")


def _first_with_ranks(sublayers: Iterable[Sublayer]) -> Sublayer | None:
    """The first sublayer that takes inputs of some ranks only, if those before it leave the rank as it is."""
    for sublayer in sublayers:
        if sublayer.ranks and len(sublayer.ranks) < len(SHAPES_OF_RANK):
            return sublayer
        if not sublayer.signature.keeps_shape and sublayer.signature.name != "Dense":
            return None
    return None


def used_as_sizes(arguments: Container[str], weights: Iterable[Weight], sublayers: Iterable[Sublayer]) -> set[str]:
    """The arguments that are sizes of weights, or that Keras takes for sizes of sublayers."""
    found = {name for weight in weights for size in weight.shape for name in size_names(size) if name in arguments}
    return found | sizes_of_layers(sublayer.call for sublayer in sublayers if sublayer.call)


def sizes_of_layers(layers: Iterable[Object]) -> set[str]:
    """The names in what makes layers that Keras takes for sizes."""
    parts = (part for layer in layers for part in walk(layer))
    given = (pair for part in parts if isinstance(part, Object) and part.own is None for pair in part.keywords)
    return {value.name for key, value in given if key in SIZE_NAMES and isinstance(value, Variable)}


def refuse_clashes(arguments: Iterable[str], weights: Iterable[Weight], sublayers: Iterable[Sublayer]) -> None:
    """Raises `RequestError` where an argument, a weight and a sublayer have one name: all are attributes of a layer."""
    seen: dict[str, str] = {}
    attributes = [(name, "argument") for name in arguments]
    attributes += [(item.name, "weight") for item in weights] + [(item.name, "sublayer") for item in sublayers]
    for name, what in attributes:
        if name in seen:
            problem = f"{name!r} is the name of {with_article(seen[name])} already"
            raise RequestError(f"{problem}; the {what} needs another, because both are attributes of the layer.")
        seen[name] = what


def refuse_shared_initializers(weights: Iterable[Weight]) -> None:
    """Raises `RequestError` where two weights get one initializer, which gives both the same values."""
    used: dict[str, str] = {}
    for weight in weights:
        if isinstance(weight.initializer, Variable):
            shared = weight.initializer.name
            first = used.setdefault(shared, weight.name)
            if first != weight.name:
                problem = f"{weight.name!r} and {first!r} share the initializer {shared!r}"
                hint = f"Give each its own: --arg {weight.name}_initializer=glorot_uniform."
                raise RequestError(f"{problem}, which gives both the same values.", hint=hint)


def _refuse_misfits(spec: LayerSpec) -> None:
    """What Keras would only find later: sizes that the example inputs do not have, inputs that cannot be joined."""
    for weight in spec.weights:
        for size in weight.shape:
            with located(Place(f"the shape of {weight.name!r}")):
                value = evaluate_size(size, spec.values)
            if value is not None and value <= 0:
                shapes = ", ".join(str(item.shape) for item in spec.inputs)
                problem = f"The size {show(size)} of {weight.name!r} is {value} for the input shape {shapes}."
                raise RequestError(problem, hint="A size is positive.")
    leading = {item.shape[:-1] for item in spec.inputs}
    if spec.concatenates and len(leading) > 1:
        problem = "The inputs differ in more than their last size, so they cannot be concatenated."
        hint = "Give shapes that differ in the last size only, or start from -t merge or -t attention."
        raise Place("--input-shape").error(problem, hint)
    if spec.call is CallStyle.LIST and "mask" in spec.features:
        problem = "A layer with several inputs has a mask for each, and no rule says how they become one."
        raise Place("--mask").error(problem, "Start from -t merge, which combines them.")
    if spec.call is CallStyle.CELL and "loss" in spec.features:
        problem = "A cell is called once for each step inside a loop, where add_loss has no effect outside."
        raise Place("--loss").error(problem, "Add the loss in a layer behind the RNN.")
    if spec.call is CallStyle.CELL and "mask" in spec.features:
        raise Place("--mask").error("A cell gets no mask: the RNN around it skips masked steps.")
    for step in spec.steps[spec.joins :]:
        if step.merges:
            problem = f"The sublayer {step.name!r} merges several inputs, but is given one."
            hint = "Make it the first sublayer and give --input-shape for each input."
            raise Place("--sublayer").error(problem, hint)
