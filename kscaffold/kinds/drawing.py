"""The picture of a graph that is asked for beside a module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.errors import RequestError

if TYPE_CHECKING:
    from kscaffold.disk.plan import File
    from kscaffold.source.diagram.drawing import Drawing


def picture_file(asked: str | None, draw: Callable[[], Drawing], folder: Path) -> File | None:
    """The picture that is asked for; `None` if none is.

    Args:
        asked: A file in the folder: `.svg` or `.md`.
        draw: Makes the drawing.
        folder: The folder of the module.

    Raises:
        RequestError: It is of no kind that can be drawn, or is not in the folder.
    """
    if asked is None:
        return None
    suffix = Path(asked).suffix.lower()
    if suffix not in (".svg", ".md"):
        raise RequestError(
            f"{asked!r} is not a picture that can be drawn.", hint="Name it .svg or .md.", where="--diagram"
        )
    if Path(asked).is_absolute() or ".." in Path(asked).parts:
        raise RequestError(
            f"{asked!r} is outside of the output folder.",
            hint="Name a file in that folder; -o names another one.",
            where="--diagram",
        )
    from kscaffold.disk.plan import File
    from kscaffold.source.diagram.mermaid import to_mermaid
    from kscaffold.source.diagram.svg import to_svg

    drawing = draw()
    text = to_svg(drawing) if suffix == ".svg" else to_mermaid(drawing)
    return File(folder / asked, text)
