"""The project that generated files go into, and the settings that it brings: defaults, then pyproject, then flags."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from kscaffold.base.choices import Backend, Style
from kscaffold.base.errors import RequestError, unknown
from kscaffold.base.kinds import find_kinds

PYPROJECT = "pyproject.toml"
SECTION = "tool.kscaffold"
OWN_TEMPLATES = ".kscaffold/templates"


@dataclass(frozen=True)
class Settings:
    """What decides where and how files are written."""

    package: str = "custom"  # under which classes are registered for saving
    layers: str | None = None  # the folder for them, below the project's; `None` for the current one
    models: str | None = None
    pipelines: str | None = None
    others: Mapping[str, str] = field(default_factory=dict)  # those of other kinds, by their keys: "losses"
    tests: str | None = None  # `None` for the nearest `tests/`
    style: Style | None = None  # of `kscaffold model` where the preset names none; `None` for that of the command
    backend: Backend = Backend.TENSORFLOW  # that checks run on
    python: str | None = None  # that checks run in; `None` for that of the active virtual environment
    warm: bool = False  # whether checks leave a process that further ones need not wait for
    templates: str = OWN_TEMPLATES
    black: Mapping[str, Any] = field(default_factory=dict)  # `[tool.black]`

    def folder(self, key: str) -> str | None:
        """The folder for modules that a key names; what is neither said nor a layer's goes beside the layers."""
        if key in FOLDERS:
            folder: str | None = getattr(self, key)
            return folder
        return self.others.get(key) or (f"{PurePosixPath(self.layers).parent / key}" if self.layers else None)

    def apply(self, values: Mapping[str, Any]) -> Settings:
        """The same settings with those of `values` that are not `None`."""
        return replace(self, **{key: value for key, value in values.items() if value is not None})


DEFAULT = Settings()
PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*([.-][A-Za-z0-9_]+)*")
FOLDERS = ("layers", "models", "pipelines", "tests", "templates")
CHOICES: Mapping[str, type[StrEnum]] = {"style": Style, "backend": Backend}
KEYS = ("package", *FOLDERS, *CHOICES, "python", "warm")
TABLES = ("check",)
LONGEST_NAME, LONGEST_PATH = 255, 1000  # bytes that file systems take, and letters that leave room for the project's


@dataclass(frozen=True)
class Project:
    """The folder with the nearest `pyproject.toml` and what is in that, or a folder without one."""

    root: Path
    table: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that the project brings, for `Settings.apply`; refuses unknown keys, and values of no use."""
        name = self.section("project").get("name")
        package = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") if isinstance(name, str) else ""
        own = {key: self._read(key, value) for key, value in self.own_table.items() if key not in TABLES}
        others = {key: own.pop(key) for key in [*own] if key not in KEYS}
        return {
            "package": package if PACKAGE.fullmatch(package) else None,
            "black": self.section("tool", "black") or None,
            "others": others or None,
        } | own

    @property
    def own_table(self) -> Mapping[str, Any]:
        """`[tool.kscaffold]`; refuses what is not a table."""
        table = self.section("tool").get("kscaffold", {})
        if not isinstance(table, Mapping):
            raise RequestError(f"{SECTION} has to be a table, not {table!r}.", where=str(self.pyproject))
        return table

    @property
    def is_configured(self) -> bool:
        """Whether it says where and how kscaffold writes files."""
        return not set(self.own_table) <= {*TABLES, "warm"}

    @property
    def pyproject(self) -> Path:
        """Its `pyproject.toml`, which may not be there."""
        return self.root / PYPROJECT

    def _read(self, key: str, value: Any) -> str | bool:
        where = str(self.pyproject)
        others = [kind.folder for kind in find_kinds().values()] if key not in KEYS else []
        if key not in (*KEYS, *others):
            raise unknown(f"[{SECTION}] has no key {key!r}.", key, (*KEYS, *others, *TABLES), where)
        place = f"{key} in [{SECTION}]"
        if key == "warm":
            if not isinstance(value, bool):
                raise RequestError(f"{place} has to be true or false, not {value!r}.", where=where)
            return value
        if not isinstance(value, str) or not value.strip():
            raise RequestError(f"{place} has to be a string, not {value!r}.", where=where)
        if key in CHOICES:
            if value not in list(CHOICES[key]):
                raise unknown(f"{place} cannot be {value!r}.", value, CHOICES[key], where)
            return CHOICES[key](value)
        if key in FOLDERS or key in others:
            folder = PurePosixPath(value)
            too_long = any(len(part.encode()) > LONGEST_NAME for part in folder.parts) or len(value) > LONGEST_PATH
            if folder.is_absolute() or ".." in folder.parts or "\\" in value or "\0" in value or too_long:
                hint = f"Name it as seen from there: {key} = \"{'src/my_package/' if key != 'tests' else ''}{key}\"."
                raise RequestError(f"{place} has to be a folder of the project, not {value!r}.", hint=hint, where=where)
        if key == "package":
            check_package(value, where)
        if key == "python" and "/" in value:
            return str(self.root / os.path.expanduser(value))
        return value

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
    """The project of a folder: that of the nearest `pyproject.toml`, which has to be TOML, else the folder itself."""
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
    except (ValueError, RecursionError) as error:  # a number of too many digits, or what is nested too deeply
        hint = "Mend it, or generate elsewhere with -o."
        raise RequestError(f"It is not valid TOML: {error}.", hint=hint, where=str(path)) from error


def check_package(text: str, where: str = "--package") -> str:
    """The name of a serialization package; refuses what is not a dotted name."""
    if not PACKAGE.fullmatch(text) or len(text) > 100:
        raise RequestError(f"{text!r} is not a name for a package.", hint="For example: my_package.", where=where)
    return text
