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
    """The picture that is asked for, of what `draw` gives; `None` if none is.

    Raises:
        RequestError: It is neither `.svg` nor `.md`, or is not in the folder of the module.
    """
    if asked is None:
        return None
    path = Path(asked)
    problem = hint = ""
    if path.suffix.lower() not in (".svg", ".md"):
        problem, hint = "is not a picture that can be drawn", "Name it .svg or .md."
    elif path.is_absolute() or ".." in path.parts:
        problem, hint = "is outside of the output folder", "Name a file in that folder; -o names another one."
    if problem:
        raise RequestError(f"{asked!r} {problem}.", hint=hint, where="--diagram")
    from kscaffold.disk.plan import File
    from kscaffold.source.diagram.mermaid import to_mermaid
    from kscaffold.source.diagram.svg import to_svg

    text = to_svg if path.suffix.lower() == ".svg" else to_mermaid
    return File(folder / path, text(draw()))
