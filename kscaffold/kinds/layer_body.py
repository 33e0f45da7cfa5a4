"""A layer whose body is a graph of expressions: from typed text to what the template of a layer asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kscaffold.base.choices import Style
from kscaffold.base.errors import RequestError
from kscaffold.base.naming import ModuleName
from kscaffold.base.place import Place, Text
from kscaffold.kinds.layer_text import WrittenLayer
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.tree import Plain, Tree, names
from kscaffold.source.layer.methods import example_text, shown_sizes
from kscaffold.source.layer.slices import with_open_types
from kscaffold.source.members import layer_lines
from kscaffold.source.module import Written
from kscaffold.source.parts import Line
from kscaffold.spec.graph.document import GraphText, InputText
from kscaffold.spec.graph.family import FLAGS, Body
from kscaffold.spec.graph.lower import lower
from kscaffold.spec.graph.resolve import resolve_body
from kscaffold.spec.graph.shapes import ShapeFacts, infer_shapes
from kscaffold.spec.graph.value import Form, Graph
from kscaffold.spec.layer.describe import (
    LayerFlags,
    demand_sizes,
    merge_arguments,
    parse_parts,
    refuse_clashes,
    refuse_shared_initializers,
    sizes_of_layers,
    used_as_sizes,
)
from kscaffold.spec.layer.manifest import CallStyle, Input, LayerManifest
from kscaffold.spec.layer.parts import INPUT_DIM, INPUT_SHAPE, Weight
from kscaffold.spec.layer.spec import LayerBody, LayerSpec
from kscaffold.spec.shapes.rules import Inferred
from kscaffold.spec.shapes.shape import Shape, evaluate, evaluate_size, parse_pattern

# The example inputs that are tried where nobody says which: the first that fits is taken.
SHAPES: tuple[Shape, ...] = ((16,), (8, 16), (8, 8, 16), (4, 8, 8, 16))
OTHERS = {16: 24, 8: 10, 4: 5}  # other sizes, which tell what depends on them
AXES = {0: "", 1: "", 2: "steps, ", 3: "height, width, ", 4: "depth, height, width, "}
KERAS_LAYERS = re.compile(r"(?<![\w.])layers\.")


@dataclass(frozen=True)
class _Made:
    graph: Graph
    shapes: tuple[Shape, ...]
    output: Shape | None  # of the one output, if that is known
    parameters: int | None  # how many numbers the weights of its layers have, if that is known


def describe_body(name: ModuleName, package: str, written: WrittenLayer) -> LayerSpec:
    """The layer that is written; without inputs, there is one that is called `inputs`.

    Raises:
        RequestError: What is not understood, names that clash, a call that Keras would refuse.
    """
    manifest, flags, document = written.manifest, written.flags, written.document
    if refused := sorted(flags.features & {"loss", "seed"}):
        problem = f"A layer with a body of its own says itself what --{refused[0]} would add."
        hint = "Write a layer that does it, such as Dropout(0.1) or ActivityRegularization(l2=0.01), into the body."
        raise Place(f"--{refused[0]}").error(problem, hint)
    arguments = merge_arguments(manifest.arguments, flags)
    weights = [
        *parse_parts(replace(manifest, sublayers=()), arguments, "")[0],
        *parse_parts(replace(flags, sublayers=()), arguments, "--")[0],
    ]
    sublayers = tuple(map(_named_layer, (*manifest.sublayers, *flags.sublayers)))
    refuse_clashes(arguments, weights, ())
    refuse_shared_initializers(weights)
    demand_sizes(arguments, used_as_sizes(arguments, weights, ()))
    describer = _Describer(name, arguments, weights, replace(document, shared=(*document.shared, *sublayers)))
    made = describer.fitting(flags.input_shapes)
    demand_sizes(arguments, sizes_of_layers(made.graph.layers) & {*arguments})
    return _layer_spec(name, package, manifest, flags, describer, made)


def _named_layer(text: str) -> tuple[Text, Text]:
    """`NAME = LAYER` as a name and a layer."""
    name, equals, _ = text.partition("=")
    where = Place(f"--sublayer {text!r}", None, 1)
    if not equals or "(" in name:
        raise where.error(f"{text!r} is not a sublayer.", "Write 'hidden = Dense(8, relu)'.")
    whole = Text(text, where)
    return whole.part(0, len(name)), whole.part(len(name) + 1, len(text))


class _Describer:
    """The parts of a layer, and the graph that they make for inputs of some shapes."""

    def __init__(
        self, name: ModuleName, arguments: dict[str, Argument], weights: list[Weight], document: GraphText
    ) -> None:
        self.name, self.arguments, self.weights = name, arguments, weights
        self.document = document if document.inputs else replace(document, inputs=(_INPUT,))

    def fitting(self, texts: tuple[str, ...]) -> _Made:
        """The graph for the shapes that are given, or else for the first usual ones that fit."""
        given = [item.shape for item in self.document.inputs]
        if texts:
            if len(texts) != len(given):
                raise Place("--input-shape").error(f"The layer has {len(given)} inputs, {len(texts)} shapes are given.")
            return self.made([Text(text, Place(f"--input-shape {text!r}")) for text in texts])
        if all(given):
            return self.made([shape for shape in given if shape])
        first: RequestError | None = None
        open_ended: _Made | None = None
        for shape in SHAPES:
            text = Text(",".join(map(str, shape)), self.document.place)
            try:
                made = self.made([one or text for one in given])
            except RequestError as error:
                first = first or error
                continue
            if made.output is not None or len(made.graph.outputs) > 1:
                return made
            open_ended = open_ended or made
        if open_ended is None:
            assert first is not None
            raise first
        return open_ended

    def made(self, shapes: list[Text]) -> _Made:
        """The graph for inputs of some shapes."""
        inputs = tuple(replace(item, shape=shape) for item, shape in zip(self.document.inputs, shapes))
        sizes = [_sizes(shape) for shape in shapes]
        values = self.values(sizes)
        graph = resolve_body(replace(self.document, inputs=inputs), self.name.module, self.body(values))
        facts = _facts(graph).of(graph)
        output = facts.values[graph.outputs[0].value] if len(graph.outputs) == 1 else None
        return _Made(graph, tuple(sizes), output, facts.parameters)

    def keeps_shape(self, made: _Made) -> bool:
        """Whether the output has the shape of the one input, also where that is of other sizes."""
        if len(made.shapes) != 1 or made.output != made.shapes[0]:
            return False
        others = tuple(OTHERS.get(size or 0, (size or 0) + 3) for size in made.shapes[0])
        try:
            return self.made([Text(",".join(map(str, others)), self.document.place)]).output == others
        except RequestError:
            return False

    def values(self, shapes: list[Shape]) -> dict[str, object]:
        """What names in sizes stand for in the examples."""
        values: dict[str, object] = {key: evaluate(item.example_value, {}) for key, item in self.arguments.items()}
        values[INPUT_SHAPE.name] = (None, *shapes[0]) if len(shapes) == 1 else tuple((None, *one) for one in shapes)
        values[INPUT_DIM.name] = shapes[0][-1] if shapes[0] else None
        return values

    def body(self, values: Mapping[str, object]) -> Body:
        """What the graph may use."""
        arguments = {
            key: item if item.default is not None else replace(item, default=item.example_value)
            for key, item in self.arguments.items()
        }
        size = values[INPUT_DIM.name]
        if isinstance(size, int):
            arguments.setdefault(INPUT_DIM.name, Argument(INPUT_DIM.name, Kind.INT, Plain(size)))
        weights: dict[str, Shape | None] = {}
        for weight in self.weights:
            sizes = [evaluate_size(size, values) for size in weight.shape]
            weights[weight.name] = None if None in sizes else tuple(sizes)
        free = (name for name in FLAGS if name not in arguments and name not in weights)
        return Body(arguments, {**dict.fromkeys(free), **weights})


def _facts(graph: Graph) -> ShapeFacts:
    """The shapes of the values of a graph; those of custom layers are not known."""
    return infer_shapes(graph, lambda made, shapes: Inferred(None, None))


_INPUT = InputText(Text("inputs", Place("--input")), None)


def _sizes(shape: Text) -> Shape:
    words = [word.strip() for word in shape.value.strip("()[] ").split(",") if word.strip()]
    return tuple(int(word) if word.isdigit() else None for word in words)


def _layer_spec(
    name: ModuleName,
    package: str,
    manifest: LayerManifest,
    flags: LayerFlags,
    describer: _Describer,
    made: _Made,
) -> LayerSpec:
    graph = made.graph
    program = lower(graph, _facts(graph), Style.SUBCLASSED, typed=True)
    lines = layer_lines(program, name.class_name)
    used = {value for node in graph.nodes for value in node.needs}
    takes = ({"training"} if lines.part.takes_training else set()) | (used | flags.features) & set(FLAGS)
    from_inputs = any(INPUT_DIM.name in _words(line) for line in lines.part.constructor)
    layers = bool(lines.part.constructor)
    same = describer.keeps_shape(made)
    single = graph.input_form is Form.ONE
    if not single and "mask" in takes:
        problem = "A layer with several inputs has a mask for each, and the body names one."
        raise Place("--mask").error(problem, "Attention takes the masks of its inputs by itself.")
    build = lines.part.build if layers else ()
    activations = {key for key, item in describer.arguments.items() if item.kind is Kind.ACTIVATION}
    output_shape = (Line("return input_shape"),) if same else lines.part.output_shape
    if not same and (describer.weights or from_inputs) and any("self.call(" in line.text for line in output_shape):
        output_shape = (Line("if not self.built:"), Line("    self.build(input_shape)"), *output_shape)
    body = LayerBody(
        constructor=() if from_inputs else _texts(lines.part.constructor),
        late=_texts(lines.late) if from_inputs else (),
        build=_texts(build),
        call=with_open_types(_masking(_texts(_with_size(lines.part.call, graph, single))), activations),
        output_shape=_texts(output_shape),
        input_text=_input_text(graph, made.shapes),
        output_text=f"`{_pattern(made.shapes[0])}`" if same else _output_text(made),
        passes_mask=lines.passes_mask and len(graph.outputs) == 1,
        imported=Written(program, ()).imported,
        example_output=made.output,
        parameters=made.parameters,
        outputs=len(graph.outputs),
    )
    inputs = tuple(
        Input(item.name if not single else "inputs", parse_pattern(_pattern_text(shape)), shape, dtype=item.dtype)
        for item, shape in zip(graph.inputs, made.shapes)
    )
    return LayerSpec(
        name=name,
        package=package,
        manifest=manifest,
        call=CallStyle.SINGLE if single else CallStyle(graph.input_form),
        features=frozenset(),
        takes=frozenset(takes),
        arguments=tuple(describer.arguments.values()),
        weights=tuple(describer.weights),
        sublayers=(),
        steps=(),
        inputs=inputs,
        body=body,
        unused=tuple(_unused(describer, graph, used)),
    )


def _words(line: Line) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", line.text))


def _texts(lines: Iterable[Line]) -> tuple[str, ...]:
    """Lines in which Keras' layers are named in full."""
    return tuple(KERAS_LAYERS.sub("keras.layers.", line.text) for line in lines)


def _with_size(lines: Iterable[Line], graph: Graph, single: bool) -> Iterator[Line]:
    """Lines of `call`, where the size of the inputs is theirs."""
    first = "inputs" if single else graph.inputs[0].name
    for line in lines:
        yield Line(line.text.replace(f"self.{INPUT_DIM.name}", f"{first}.shape[-1]"), line.place)


def _masking(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines of `call` in which attention gets a mask with an axis for the steps of the query."""
    given = "attention_mask=mask"
    if not any(given in line for line in lines):
        return lines
    before = (
        "attention_mask = mask",
        "if mask is not None:",
        "    # The same mask for all steps of the query.",
        "    attention_mask = ops.expand_dims(mask, 1)",
    )
    return (*before, *(line.replace(given, "attention_mask=attention_mask") for line in lines))


def _pattern_text(shape: Shape) -> str:
    """A shape whose sizes have names."""
    axes = AXES.get(len(shape), "..., ")
    return f"batch_size, {axes}{INPUT_DIM.name}" if shape else "batch_size,"


def _pattern(shape: Shape) -> str:
    return str(parse_pattern(_pattern_text(shape)))


def _input_text(graph: Graph, shapes: tuple[Shape, ...]) -> str:
    """The shapes of the inputs, those of numbers by names."""
    if graph.input_form is Form.ONE and graph.inputs[0].dtype == "float32":
        return f"`{_pattern(shapes[0])}`"
    texts = [
        f"`{shown_sizes(shape)}`{'' if item.dtype == 'float32' else f', {item.dtype}'}"
        for item, shape in zip(graph.inputs, shapes)
    ]
    if graph.input_form is Form.ONE:
        return texts[0]
    listed = "; ".join(f"{item.name}, {text}" for item, text in zip(graph.inputs, texts))
    return f"A {'dictionary' if graph.input_form is Form.DICT else 'list'}: {listed}"


def _output_text(made: _Made) -> str:
    if len(made.graph.outputs) > 1:
        return f"{', '.join(f'`{output.name}`' for output in made.graph.outputs)}, as `call` gives them."
    if made.output is None:
        return "The shape of what `call` gives."
    return example_text(made.output, made.shapes)


def _unused(describer: _Describer, graph: Graph, used: set[str]) -> Iterator[str]:
    """The arguments and weights that nothing uses."""
    trees: list[Tree] = [*graph.layers, *(step.passed for step in graph.steps)]
    named = set().union(*map(names, trees))
    named |= {step.name.removeprefix("self.") for step in graph.steps}
    named = named.union(*(names(tree) for step in graph.steps for tree in step.counts))
    named = named.union(*(weight.uses for weight in describer.weights))
    yield from (weight.name for weight in describer.weights if weight.name not in used)
    yield from (key for key in describer.arguments if key not in named)
