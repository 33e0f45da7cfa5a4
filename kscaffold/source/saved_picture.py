"""A saved model as a drawing: a box for each call, and each model inside it drawn once, beside it."""

from __future__ import annotations

from kscaffold.program.text import literal
from kscaffold.program.tree import Object, Plain, Ref, Tree, refs
from kscaffold.saved.value import Call, SavedModel
from kscaffold.source.diagram.drawing import Box, Drawing

SHOWN = (
    "units",
    "filters",
    "kernel_size",
    "activation",
    "rate",
    "strides",
    "pool_size",
    "axis",
    "input_dim",
    "output_dim",
)


def picture(model: SavedModel, title: str) -> Drawing:
    """The drawing of a model.

    Args:
        model: The model.
        title: What stands above it.
    """
    boxes: list[Box] = []
    arrows: list[tuple[str, str]] = []
    drawn: list[SavedModel] = []

    def draw(part: SavedModel, group: str) -> None:
        drawn.append(part)
        ends: dict[int, str] = {}
        for index, item in enumerate(part.inputs):
            dtype = "" if item.dtype == "float32" else f" {item.dtype}"
            boxes.append(Box(f"{group}/in{index}", item.name, f"{item.shape}{dtype}", "input", group))
            ends[-1 - index] = f"{group}/in{index}"
        for index, call in enumerate(part.calls):
            name = f"{group}/{index}"
            layer = part.layer_of(call)
            kind = "model" if layer and layer.model else "layer"
            boxes.append(
                Box(name, call_title(part, call), layer.name if layer and not layer.generated else "", kind, group)
            )
            for tree in (*call.args, *(value for _, value in call.kwargs)):
                arrows.extend((ends[ref.source], name) for ref in refs(tree) if ref.source in ends)
            ends[index] = name
        for index, ref in enumerate(refs(part.output_tree)):
            boxes.append(Box(f"{group}/out{index}", "output", "", "output", group))
            arrows.append((ends[ref.source], f"{group}/out{index}"))
        for layer in part.layers:
            if layer.model and layer.model not in drawn:
                draw(layer.model, layer.name or f"part{len(drawn)}")

    draw(model, "")
    return Drawing(title, tuple(boxes), tuple(dict.fromkeys(arrows)))


def call_title(model: SavedModel, call: Call) -> str:
    """A call in a few words: `Dense(64, relu)`."""
    layer = model.layer_of(call)
    if layer is None:
        return call.function
    if layer.model:
        return layer.name
    given = [_word(value) for key, value in layer.made.keywords if key in SHOWN]
    return f"{layer.made.class_name}({', '.join(given)})" if given else layer.made.class_name


def _word(tree: Tree) -> str:
    if isinstance(tree, Plain):
        return tree.value if isinstance(tree.value, str) else literal(tree.value)
    if isinstance(tree, Object):
        return tree.class_name
    items = getattr(tree, "items", ())
    return f"({', '.join(_word(item) for item in items)})" if not isinstance(tree, Ref) else ""
