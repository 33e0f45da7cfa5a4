"""A graph or a saved model as a drawing: a box for each call, and each sub-model and block drawn once, beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from kscaffold.base.naming import unique
from kscaffold.program.text import literal, show, written_call
from kscaffold.program.tree import Object, Plain, Tree, refs
from kscaffold.source.diagram.drawing import Box, Drawing

if TYPE_CHECKING:
    from kscaffold.saved.value import SavedModel
    from kscaffold.spec.graph.shapes import ShapeFacts
    from kscaffold.spec.graph.value import Graph, Step

POSITIONAL = ("units", "filters", "activation", "kernel_size")
# Of the arguments of a saved layer, whose config says far more than one would type.
TELLING = {*POSITIONAL, "rate", "strides", "pool_size", "axis", "input_dim", "output_dim"}


class _Sketch:
    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.arrows: list[tuple[str, str]] = []

    def box(self, group: str, name: str, title: str, detail: str, kind: str, before: Iterable[str] = ()) -> str:
        """Draws a box and the arrows to it, and gives its name."""
        self.boxes.append(Box(f"{group}/{name}", title, detail, kind, group))
        self.arrows += [(one, f"{group}/{name}") for one in before]
        return f"{group}/{name}"

    def drawing(self, title: str) -> Drawing:
        return Drawing(title, tuple(self.boxes), tuple(self.arrows))


def graph_picture(graph: Graph, facts: ShapeFacts, title: str) -> Drawing:
    """The drawing of a graph, with what is known of the shapes of its values."""
    from kscaffold.spec.graph.value import every_graph

    sketch = _Sketch()
    for part in (graph, *(item for item in every_graph(graph) if item is not graph)):
        group = "" if part is graph else part.name
        shapes = facts.of(part)
        following = iter(shapes.steps)
        ends: dict[str, str] = {}
        for item in part.inputs:
            detail = _shape(shapes.values.get(item.name), item.dtype)
            ends[item.name] = sketch.box(group, item.name, item.name, detail, "input")
        for node in part.nodes:
            before = [ends[value] for value in node.start]
            for index, step in enumerate(node.steps):
                known = next(following, None)
                kind = "model" if part.part_of(step) else "layer"
                before += [ends[value] for value in step.reads]
                detail = _shape(known.shape if known else None)
                before = [sketch.box(group, f"{node.name}/{index}", step_title(part, step), detail, kind, before)]
            ends |= dict.fromkeys(part.values_of(node), before[0])
        for output in part.outputs:
            detail = _shape(shapes.values.get(output.value))
            sketch.box(group, f"-> {output.name}", output.name, detail, "output", [ends[output.value]])
    return sketch.drawing(title)


def saved_picture(model: SavedModel, title: str) -> Drawing:
    """The drawing of a saved model; nothing is known of shapes inside of it."""
    from kscaffold.saved.value import every_model

    sketch, groups = _Sketch(), [""]
    *inner, _ = every_model(model)
    for part in (model, *inner):
        group = "" if part is model else unique(part.name or "model", groups)
        groups.append(group)
        ends: dict[int, str] = {}
        for index, item in enumerate(part.inputs):
            ends[-1 - index] = sketch.box(group, f"in{index}", item.name, _shape(item.shape[1:], item.dtype), "input")
        for index, call in enumerate(part.calls):
            before = [ends[ref.source] for tree in (*call.args, *dict(call.kwargs).values()) for ref in refs(tree)]
            layer = part.layer_of(call)
            kind = "model" if layer and layer.model else "layer"
            detail = layer.name if layer and not layer.generated else ""
            if layer is None or layer.model:
                label = layer.name if layer else call.function
            else:
                telling = tuple(pair for pair in layer.made.keywords if pair[0] in TELLING)
                label = layer_title(replace(layer.made, keywords=telling, positional=0)).removesuffix("()")
            ends[index] = sketch.box(group, f"{index}", label, detail, kind, before)
        for index, ref in enumerate(refs(part.output_tree)):
            sketch.box(group, f"out{index}", "output", "", "output", [ends[ref.source]])
    return sketch.drawing(title)


def step_title(graph: Graph, step: Step) -> str:
    """A call as one writes it: `Dense(64, relu) x3`."""
    layer = graph.layer_of(step)
    if step.part:
        title = show(step.part)
    else:
        title = layer_title(layer) if layer else step.name
        if step.passed.arguments or step.passed.keywords:
            title = written_call(step.passed, title, show)
        if layer and layer is not step.layer:
            title = f"{step.name}: {title}"
    if isinstance(step.repeat, int | str):
        return f"{title} x{'' if isinstance(step.repeat, int) else ' '}{step.repeat}" if step.repeated else title
    return f"{title} {step.repeat}"


def layer_title(made: Object) -> str:
    """A layer in a few words: the usual arguments without their names, strings without quotes."""
    first = dict(made.keywords[: made.positional])
    plain = [pair for pair in made.keywords if pair[0] in (*first, *POSITIONAL)]
    named = [pair for pair in made.keywords if pair not in plain]
    return written_call(Object("", (*plain, *named), len(plain), made.arguments), made.class_name, _word)


def _word(part: Tree) -> str:
    if isinstance(part, Plain):
        return part.value if isinstance(part.value, str) else literal(part.value)
    return written_call(part, part.class_name, _word) if isinstance(part, Object) else show(part, call=_word)


def _shape(shape: tuple[int | None, ...] | None, dtype: str = "float32") -> str:
    """A shape for people, with the type where that is not float32."""
    words = "" if shape is None else str((None, *shape))
    return words if dtype == "float32" else f"{words} {dtype}".strip()
