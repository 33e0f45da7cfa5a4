"""The `__init__.py` of the folder that a module goes into: it exports what the module defines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.errors import RequestError
from kscaffold.kinds.destination import ByHand, Destination
from kscaffold.source.formatting import Formatter

if TYPE_CHECKING:
    from kscaffold.disk.plan import File


@dataclass(frozen=True)
class PackageFiles:
    """What becomes of the package that a module goes into.

    Attributes:
        files: Its `__init__.py`, if there is something to add to it.
        by_hand: What could not be added to it safely.
        warnings: What the user should know, though nothing is wrong.
    """

    files: tuple[File, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_outdated(self) -> bool:
        """Whether a file is no longer what it was made from."""
        return any(_content(file.path) != file.replaces for file in self.files)


def add_to_package(destination: Destination, names: tuple[str, ...], formatter: Formatter) -> PackageFiles:
    """Adds names of a module to what its package exports.

    Args:
        destination: Where the module goes.
        names: What it defines.
        formatter: Formats the file, if it was as black leaves files.
    """
    init = destination.init
    if init is None or not names:
        return PackageFiles(warnings=_no_package(destination) if names else ())
    from kscaffold.disk.plan import File, shown_path
    from kscaffold.source.exports import add_export

    shown = shown_path(init)
    content = _content(init)
    try:
        text = f'"""{_title(destination)}."""\n' if content is None else content.decode()
    except UnicodeDecodeError:
        text = "\0"  # no Python, so that nothing is added
    export = add_export(text, destination.name.module, names, destination.dotted_folder)
    if export.text is None:
        return PackageFiles(by_hand=(ByHand(shown, export.by_hand, export.reason),))
    if content is not None and export.text == text:
        return PackageFiles()
    black = destination.settings.black
    formatter.send(text, black, shown)
    formatter.send(export.text, black, shown)
    before, after = _received(formatter), _received(formatter)
    formatted = after if before == text else None
    return PackageFiles((File(init, formatted or export.text, replaces=content),))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _received(formatter: Formatter) -> str | None:
    """The next formatted text; `None` for one that black cannot read."""
    try:
        return formatter.receive()
    except RequestError:
        return None


def _no_package(destination: Destination) -> tuple[str, ...]:
    """A warning where the settings name a folder that should be in a package, and there is none."""
    folder, package = destination.output_dir, destination.settings.package
    inside = (
        folder.relative_to(destination.project.root).parts if folder.is_relative_to(destination.project.root) else ()
    )
    if not destination.project.is_configured or package not in inside[:-1] or (folder / "__init__.py").exists():
        return ()
    place = "/".join((*inside[: inside.index(package) + 1], "__init__.py"))
    return (f"{'/'.join(inside)} is in no package, so that nothing exports the new names; {place} would make it one.",)


def _title(destination: Destination) -> str:
    """`Layers of my_project`."""
    folder = destination.output_dir
    return f"{re.sub('_+', ' ', folder.name).capitalize()} of {folder.parent.name}"
