"""The project that generated files go into, and the settings that it brings: defaults, then pyproject, then flags."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kscaffold.errors import RequestError

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True)
class Settings:
    """What decides where and how files are written.

    Attributes:
        package: The package that classes are registered under for saving.
        black: The project's `[tool.black]` table.
    """

    package: str = "custom"
    black: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, values: Mapping[str, Any]) -> Settings:
        """The same settings with those of `values` that are not `None`."""
        return replace(self, **{key: value for key, value in values.items() if value is not None})


DEFAULT = Settings()


@dataclass(frozen=True)
class Project:
    """The folder with the nearest `pyproject.toml`, or a folder without one.

    Attributes:
        root: The folder.
        table: The contents of its `pyproject.toml`, empty without one.
    """

    root: Path
    table: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that the project brings, for `Settings.apply`."""
        name = self.section("project").get("name")
        package = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") if isinstance(name, str) else ""
        return {"package": package or None, "black": self.section("tool", "black") or None}

    @property
    def is_installed(self) -> bool:
        """Whether its packages are meant to be imported without help: it declares a project of its own."""
        return bool(self.section("project"))

    @property
    def test_paths(self) -> tuple[Path, ...]:
        """The folders that pytest puts on Python's path in this project."""
        paths = self.section("tool", "pytest", "ini_options").get("pythonpath", [])
        listed = paths.split() if isinstance(paths, str) else paths if isinstance(paths, list) else []
        return tuple((self.root / path).resolve() for path in listed if isinstance(path, str))

    def section(self, *keys: str) -> Mapping[str, Any]:
        """A table of the file, empty where there is none."""
        table: Any = self.table
        for key in keys:
            table = table.get(key, {}) if isinstance(table, Mapping) else {}
        return table if isinstance(table, Mapping) else {}


def find_project(folder: Path) -> Project:
    """The project that a folder belongs to: that of the nearest `pyproject.toml`, else the folder itself.

    Raises:
        RequestError: The file cannot be read or is no TOML.
    """
    for candidate in (folder, *folder.parents):
        path = candidate / PYPROJECT
        if path.is_file():
            return Project(candidate, _read(path))
    return Project(folder)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RequestError(f"It cannot be read: {error.strerror}.", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestError(
            f"It is no valid TOML: {error}.", hint="Mend it, or generate elsewhere with -o.", where=str(path)
        ) from error


def check_package(text: str) -> str:
    """The name of a serialization package.

    Raises:
        RequestError: It is no dotted name.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*([.-][A-Za-z0-9_]+)*", text) or len(text) > 100:
        raise RequestError(f"{text!r} is no name of a package.", hint="For example: my_package.", where="--package")
    return text
