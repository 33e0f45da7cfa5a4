"""A graph as a drawing: a box for each call, and each sub-model and block drawn once, beside it."""

from __future__ import annotations

from kscaffold.program.text import literal, show, written_call
from kscaffold.program.tree import Object, Plain
from kscaffold.source.diagram.drawing import Box, Drawing
from kscaffold.spec.graph.shapes import GraphShapes, ShapeFacts
from kscaffold.spec.graph.value import Graph, Step, Target, every_graph
from kscaffold.spec.shapes.shape import Shape

POSITIONAL = ("units", "filters", "activation", "kernel_size")


def picture(graph: Graph, facts: ShapeFacts, title: str) -> Drawing:
    """The drawing of a graph.

    Args:
        graph: The graph.
        facts: What is known of the shapes of its values.
        title: What stands above it.
    """
    boxes: list[Box] = []
    arrows: list[tuple[str, str]] = []
    for part in (graph, *(item for item in every_graph(graph) if item is not graph)):
        _draw(part, facts.of(part), "" if part is graph else part.name, boxes, arrows)
    return Drawing(title, tuple(boxes), tuple(arrows))


def _draw(graph: Graph, shapes: GraphShapes, group: str, boxes: list[Box], arrows: list[tuple[str, str]]) -> None:
    ends: dict[str, str] = {}
    for item in graph.inputs:
        dtype = "" if item.dtype == "float32" else f" {item.dtype}"
        detail = f"{_shape(shapes.values.get(item.name))}{dtype}"
        boxes.append(Box(f"{group}/{item.name}", item.name, detail.strip(), "input", group))
        ends[item.name] = f"{group}/{item.name}"
    following = iter(shapes.steps)
    for node in graph.nodes:
        before = [ends[value] for value in node.start]
        for index, step in enumerate(node.steps):
            known = next(following, None)
            name = f"{group}/{node.name}/{index}"
            kind = "model" if graph.part_of(step) else "layer"
            boxes.append(Box(name, step_title(graph, step), _shape(known.shape if known else None), kind, group))
            before += [ends[value] for value in step.reads]
            arrows += [(one, name) for one in dict.fromkeys(before)]
            before = [name]
        ends |= dict.fromkeys(graph.values_of(node), before[0])
    for output in graph.outputs:
        name = f"{group}/-> {output.name}"
        boxes.append(Box(name, output.name, _shape(shapes.values.get(output.value)), "output", group))
        arrows.append((ends[output.value], name))


def step_title(graph: Graph, step: Step) -> str:
    """A call as one writes it: `Dense(64, relu) x3`."""
    layer = graph.layer_of(step)
    if step.part:
        title = show(step.part)
    elif layer is None:
        title = f"{step.name}{_arguments(step)}"
    else:
        title = f"{layer_title(layer)}{_arguments(step)}"
        if step.target is Target.SHARED:
            title = f"{step.name}: {title}"
    return (
        f"{title} x{step.repeat}"
        if isinstance(step.repeat, int) and step.repeated
        else (f"{title} x {step.repeat}" if step.repeated else title)
    )


def _arguments(step: Step) -> str:
    """The arguments of a call in brackets, if it has any."""
    passed = step.passed
    return written_call(passed, "", show) if passed.arguments or passed.keywords else ""


def layer_title(layer: Object) -> str:
    """A layer in a few words: the usual arguments without their names, strings without quotes."""

    def word(part: object) -> str:
        if isinstance(part, Plain):
            return part.value if isinstance(part.value, str) else literal(part.value)
        if isinstance(part, Object):
            return written_call(part, part.class_name, word)
        return show(part, call=word)  # type: ignore[arg-type]

    first = dict(layer.keywords[: layer.positional])
    plain = [pair for pair in layer.keywords if pair[0] in (*first, *POSITIONAL)]
    named = [pair for pair in layer.keywords if pair not in plain]
    return written_call(Object("", (*plain, *named), len(plain), layer.arguments), layer.class_name, word)


def _shape(shape: Shape | None) -> str:
    return "" if shape is None else str((None, *shape))
