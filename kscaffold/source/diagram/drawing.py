"""What is drawn, and what every picture does with its texts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Box:
    """One box of a drawing.

    Attributes:
        name: What arrows call it; unique in its drawing, and not shown.
        title: The text in it: `Dense(64, relu)`. Any text will do.
        detail: A second, lighter line, for the output's shape; may be empty.
        kind: `input`, `layer`, `output`, or `model` for a sub-model that is called like a layer.
        group: The sub-model that the box is inside of; empty for the main graph.
    """

    name: str
    title: str
    detail: str = ""
    kind: str = "layer"
    group: str = ""


@dataclass(frozen=True)
class Drawing:
    """Boxes, which are drawn in this order where nothing else decides, and the arrows between them.

    An arrow goes from box name to box name, both of the same group, in no circle; given twice, it is drawn once.
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[tuple[str, str], ...]

    def groups(self) -> Iterator[tuple[str, tuple[Box, ...], tuple[tuple[str, str], ...]]]:
        """The drawing cut into its groups, each with its boxes and its arrows: the main graph, then the others."""
        boxes: dict[str, list[Box]] = {"": []}
        for box in self.boxes:
            boxes.setdefault(box.group, []).append(box)
        for group, held in boxes.items():
            names = {box.name for box in held}
            if held:
                yield group, tuple(held), tuple(dict.fromkeys(arrow for arrow in self.arrows if arrow[0] in names))


def clean(text: str) -> str:
    """The text on one line, without the characters that XML forbids even when they are escaped."""
    return " ".join(FORBIDDEN.sub("", text).split())


def shorten(text: str, longest: int) -> str:
    """The text, cut to so many characters; an ellipsis says that it was."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
