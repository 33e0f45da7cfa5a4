"""What is drawn, and what every picture does with its texts."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

KINDS = ("input", "layer", "model", "output")
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Box:
    """One box of a drawing.

    Args:
        name: What arrows call it; unique in its drawing, and not shown.
        title: The text in it: `Dense(64, relu)`. Any text will do.
        detail: A second, lighter line, for the output's shape; may be empty.
        kind: `input`, `layer`, `model` (a sub-model that is called like a layer) or `output`. Any other is drawn
            like a layer.
        group: The sub-model that the box is inside of; empty for the main graph.
    """

    name: str
    title: str
    detail: str = ""
    kind: str = "layer"
    group: str = ""


@dataclass(frozen=True)
class Drawing:
    """Boxes and the arrows between them.

    Args:
        title: The heading.
        boxes: All boxes. Where nothing else decides, they are drawn in this order.
        arrows: From box name to box name, both of the same group. One that is given twice is drawn once.

    Raises:
        ValueError: If two boxes have one name, or an arrow's end is unknown or in another group.
    """

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        groups: dict[str, str] = {}
        for box in self.boxes:
            if box.name in groups:
                raise ValueError(f"two boxes are named {box.name!r}")
            groups[box.name] = box.group
        for source, target in self.arrows:
            for end in (source, target):
                if end not in groups:
                    raise ValueError(f"the arrow {source!r} -> {target!r} has an unknown end: {end!r}")
            if groups[source] != groups[target]:
                raise ValueError(f"the arrow {source!r} -> {target!r} goes from one group to another")

    def groups(self) -> tuple[tuple[str, tuple[Box, ...], tuple[tuple[str, str], ...]], ...]:
        """The drawing cut into its groups, each with its boxes and its arrows: the main graph, then the others."""
        boxes: dict[str, list[Box]] = {"": []}
        arrows: dict[str, dict[tuple[str, str], None]] = {"": {}}
        group_of = {}
        for box in self.boxes:
            boxes.setdefault(box.group, []).append(box)
            group_of[box.name] = box.group
        for arrow in self.arrows:
            arrows.setdefault(group_of[arrow[0]], {})[arrow] = None
        return tuple((group, tuple(held), tuple(arrows.get(group, ()))) for group, held in boxes.items() if held)


def clean(text: str) -> str:
    """The text on one line, without the characters that XML forbids even when they are escaped."""
    return " ".join(FORBIDDEN.sub("", text).split())


def shorten(text: str, longest: int) -> str:
    """The text, cut to so many characters; an ellipsis says that it was."""
    if len(text) <= longest:
        return text
    cut = longest - 1
    # A letter keeps its accents, an emoji what it is joined to.
    while cut > 1 and (unicodedata.combining(text[cut]) or "\u200d" in text[cut - 1 : cut + 1]):
        cut -= 1
    return text[:cut].rstrip() + "…"
