"""The `__init__.py` of the folder that a module goes into: it exports what the module defines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kscaffold.errors import RequestError
from kscaffold.exports import add_export
from kscaffold.formatting import Formatter

if TYPE_CHECKING:
    from kscaffold.generate.destination import Destination
    from kscaffold.writer import File


@dataclass(frozen=True)
class PackageFiles:
    """What becomes of the package that a module goes into.

    Attributes:
        files: Its `__init__.py`, if there is something to add to it.
        by_hand: What could not be added to it safely, as its name and the lines.
    """

    files: tuple[File, ...] = ()
    by_hand: tuple[tuple[str, tuple[str, ...]], ...] = ()


def add_to_package(destination: Destination, names: tuple[str, ...], formatter: Formatter) -> PackageFiles:
    """Adds names of a module to what its package exports.

    Args:
        destination: Where the module goes.
        names: What it defines.
        formatter: Formats the file, if it was as black leaves files.
    """
    init = destination.init
    if init is None or not names:
        return PackageFiles()
    from kscaffold import writer

    shown = writer.shown_path(init)
    content = init.read_bytes() if init.is_file() else None
    try:
        text = f'"""{_title(destination)}."""\n' if content is None else content.decode()
    except UnicodeDecodeError:
        text = "\0"  # no Python, so that nothing is added
    export = add_export(text, destination.name.module, names, destination.dotted_folder)
    if export.text is None:
        return PackageFiles(by_hand=((shown, export.by_hand),))
    if content is not None and export.text == text:
        return PackageFiles()
    black = destination.settings.black
    formatter.send(text, black, shown)
    formatter.send(export.text, black, shown)
    before, after = _received(formatter), _received(formatter)
    formatted = after if before == text else None
    return PackageFiles((writer.File(init, formatted or export.text, replaces=content),))


def _received(formatter: Formatter) -> str | None:
    """The next formatted text; `None` for one that black cannot read."""
    try:
        return formatter.receive()
    except RequestError:
        return None


def _title(destination: Destination) -> str:
    """`Layers of my_project`."""
    folder = destination.output_dir
    return f"{re.sub('_+', ' ', folder.name).capitalize()} of {folder.parent.name}"
