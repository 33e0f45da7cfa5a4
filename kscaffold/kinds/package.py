"""The `__init__.py` of the folder that a module goes into: it exports what the module defines."""

import re
from dataclasses import dataclass
from pathlib import Path

from kscaffold.base.errors import RequestError
from kscaffold.disk.plan import File, shown_path
from kscaffold.kinds.destination import Destination
from kscaffold.kinds.scaffold import ByHand
from kscaffold.source.formatting import Formatter


@dataclass(frozen=True)
class PackageFiles:
    """What becomes of the package that a module goes into: of its `__init__.py`, if there is something to add to it."""

    files: tuple[File, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_outdated(self) -> bool:
        """Whether a file is no longer what it was made from."""
        return any(_content(file.path) != file.replaces for file in self.files)


def add_to_package(destination: Destination, names: tuple[str, ...], formatter: Formatter) -> PackageFiles:
    """Adds names that a module defines to what its package exports; the file is formatted if it was before."""
    init = destination.init
    if init is None or not names:
        return PackageFiles(warnings=_no_package(destination) if names else ())
    from kscaffold.source.exports import add_export

    shown = shown_path(init)
    content = _content(init)
    title = re.sub("_+", " ", init.parent.name).capitalize()
    try:
        text = f'"""{title} of {init.parent.parent.name}."""\n' if content is None else content.decode()
    except UnicodeDecodeError:
        text = "\0"  # no Python, so that nothing is added
    export = add_export(text, destination.name.module, names, destination.dotted_folder)
    if export.text is None:
        return PackageFiles(by_hand=(ByHand(shown, export.by_hand, export.reason),))
    if content is not None and export.text == text:
        return PackageFiles()
    formatted = [_formatted(one, destination, formatter) for one in (text, export.text)]
    after = formatted[1] if formatted[0] == text else None
    return PackageFiles((File(init, after or export.text, replaces=content),))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _formatted(text: str, destination: Destination, formatter: Formatter) -> str | None:
    """The formatted text; `None` for one that black cannot read."""
    formatter.send(text, destination.settings.black, "__init__.py")
    try:
        return formatter.receive()
    except RequestError:
        return None


def _no_package(destination: Destination) -> tuple[str, ...]:
    """A warning where the settings name a folder that should be in a package, and there is none."""
    folder, project, package = destination.output_dir, destination.project, destination.settings.package
    inside = folder.relative_to(project.root).parts if folder.is_relative_to(project.root) else ()
    if not project.is_configured or package not in inside[:-1] or (folder / "__init__.py").exists():
        return ()
    place = "/".join((*inside[: inside.index(package) + 1], "__init__.py"))
    return (f"{'/'.join(inside)} is in no package, so that nothing exports the new names; {place} would make it one.",)
