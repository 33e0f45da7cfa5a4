"""What a generating command is asked, and where its files go."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.base.naming import ModuleName, parse_module_name
from kscaffold.base.project import DEFAULT, SECTION, Project, Settings, check_package, find_project
from kscaffold.library.templates import Catalogue

if TYPE_CHECKING:
    from kscaffold.disk.plan import Status


@dataclass(frozen=True)
class Request:
    """What every generating command is asked.

    Attributes:
        command: The command, as typed after `kscaffold`: "layer".
        folder: The setting that names the folder for the module: "layers", "models", "losses".
        output_dir: Where the module goes; `None` for where the project's settings say, else the current folder.
        on_conflict: What becomes of all conflicts, if that is asked for.
        timeout: The seconds that the check of a class may take, if that is said.
    """

    command: str
    name: str
    folder: str
    template: str | None = None
    output_dir: str | Path | None = None
    package: str | None = None
    test: bool = True
    check: bool = True
    dry_run: bool = False
    on_conflict: Status | None = None
    python: str | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class Destination:
    """Where a module and its test go: `settings` are what the project and the flags say."""

    name: ModuleName
    output_dir: Path
    project: Project
    settings: Settings

    @property
    def module(self) -> Path:
        """The file of the module."""
        return self.output_dir / f"{self.name.module}.py"

    @property
    def test(self) -> Path:
        """The test goes where the settings say, else to the nearest `tests/` of the project, else beside the module."""
        name = f"test_{self.name.module}.py"
        if self.settings.tests is not None:
            return self.project.root / self.settings.tests / name
        for folder in (self.output_dir, *self.output_dir.parents):
            if (folder / "tests").is_dir():
                return folder / "tests" / name
            if folder == self.project.root:
                break
        return self.output_dir / name

    @cached_property
    def catalogue(self) -> Catalogue:
        """The templates that can be used there."""
        return Catalogue(self.project)

    @property
    def init(self) -> Path | None:
        """The `__init__.py` that is to export what is generated, which may not be there yet; `None` for none.

        A folder that is made for the module becomes a package where it is inside of one.
        """
        init = self.output_dir / "__init__.py"
        becomes_one = not self.output_dir.exists() and (self.output_dir.parent / "__init__.py").is_file()
        return init if self.project.is_configured and (init.is_file() or becomes_one) else None

    @property
    def import_root(self) -> Path:
        """The folder from which the module is imported: above all packages that it is in."""
        return package_root(self.output_dir if self.init is None else self.output_dir.parent)

    @property
    def dotted_folder(self) -> str:
        """The package that the module is in; empty for none."""
        return ".".join(self.output_dir.relative_to(self.import_root).parts)

    @property
    def import_from(self) -> str:
        """The module as its test imports it."""
        return ".".join(part for part in (self.dotted_folder, self.name.module) if part)

    def first_party(self, modules: Iterable[str]) -> list[str]:
        """The modules of the project's own package, whose imports linters want in a block of their own."""
        package, dot, _ = self.import_from.partition(".")
        return [module for module in modules if dot and module.partition(".")[0] == package]

    @property
    def importing(self) -> dict[str, str | None]:
        """What the template of a test is told: the module, and its folder where Python would not find it by itself."""
        root, tests = self.import_root, self.test.parent
        found = root == tests or root in self.project.test_paths
        if root != self.output_dir:
            found = found or self.project.is_installed or tests == self.output_dir
        path = None if found else os.path.relpath(root, tests).replace(os.sep, "/")
        return {"import_from": self.import_from, "path_to_module": path}

    @property
    def search(self) -> tuple[Path, ...]:
        """The folders in which the module's own imports are found."""
        return tuple(dict.fromkeys((self.output_dir, self.import_root, Path.cwd(), *self.project.test_paths)))


def package_root(folder: Path) -> Path:
    """The folder from which the modules of a folder are imported: above all packages that it is in."""
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        folder = folder.parent
    return folder


def refuse_namesake(request: Request, destination: Destination, names: tuple[str, ...]) -> None:
    """Refuses a class, one of the names of a module, of which the project has a namesake.

    Keras could not tell them apart in a saved model.

    Raises:
        RequestError: A module of that name in another folder of the settings defines a class of that name.
    """
    class_name, settings, root = destination.name.class_name, destination.settings, destination.project.root
    if request.package is not None or class_name not in names:
        return
    for folder in filter(None, (settings.layers, settings.models, settings.pipelines)):
        path = root / folder / destination.module.name
        if path.parent == destination.output_dir or not path.is_file():
            continue
        if re.search(rf"^class {class_name}\b", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE):
            raise RequestError(
                f"{path.relative_to(root).as_posix()} has a class {class_name}, and Keras could not tell the two apart"
                " in a saved model.",
                hint=f"Give another name, for example My{class_name}, or another --package.",
                where="NAME",
            )


def find_destination(request: Request) -> Destination:
    """Where the files of a request go; refuses a bad name, a file in the place of the folder, a broken pyproject."""
    name = parse_module_name(request.name)
    given = output_folder(request.output_dir)
    project = find_project(given)
    settings = DEFAULT.apply(project.settings).apply({"package": request.package})
    check_package(settings.package)
    configured = settings.folder(request.folder) if request.output_dir is None else None
    output_dir = given if configured is None else output_folder(project.root / configured, str(project.pyproject))
    hidden = output_dir.with_name(f"{output_dir.name}.py")
    if configured is not None and hidden.is_file():
        shown = hidden.relative_to(project.root) if hidden.is_relative_to(project.root) else hidden
        raise RequestError(
            f"The folder {output_dir.name}/ would hide the module {shown} beside it.",
            hint=f'Name another one with -o, or in [{SECTION}]: {request.folder} = "…".',
            where=str(project.pyproject),
            exit_code=ExitCode.REFUSED,
        )
    return Destination(name, output_dir, project, settings)


def output_folder(folder: str | Path | None, where: str = "--output-dir") -> Path:
    """A folder that files are to go to, which may have to be made, with symbolic links resolved; else the current one.

    Raises:
        RequestError: It is not a folder, is below something that is not a folder, or cannot be made under that name.
    """
    text = "." if folder is None else str(folder)
    if not text.strip():  # Python takes it for the current folder
        raise RequestError("The folder is empty.", hint="Give a folder, or leave it out.", where=where)
    resolved = Path(os.path.realpath(text))
    existing = next(place for place in (resolved, *resolved.parents) if os.path.lexists(place))
    reason = "it goes round in a circle of symbolic links" if existing.is_symlink() else None
    if not reason and not existing.is_dir():
        raise RequestError(f"{existing} is not a folder.", where=where, exit_code=ExitCode.REFUSED)
    for place in (resolved, *(existing / name for name in resolved.relative_to(existing).parts)):
        try:
            place.lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            reason = reason or error.strerror
    if reason:
        shown = text if len(text) <= 80 else f"{text[:80]}…"
        raise RequestError(f"{shown} cannot be a folder: {reason}.", where=where, exit_code=ExitCode.REFUSED)
    return resolved
