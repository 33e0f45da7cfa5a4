"""Finds the templates there are: a folder with a `template.toml` below `templates/<kind>/`, or a YAML file there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kscaffold.errors import ExitCode, RequestError, did_you_mean

MANIFEST = "template.toml"
BODY = "module.py.jinja"


@dataclass(frozen=True)
class Template:
    """A template, not yet read.

    Attributes:
        kind: What it makes: "layer" or "model".
        name: Its name, which is that of its folder or file.
        path: The folder or file.
    """

    kind: str
    name: str
    path: Path

    @property
    def full_name(self) -> str:
        """Kind and name: `layer/dense`."""
        return f"{self.kind}/{self.name}"

    @property
    def body(self) -> str:
        """The file to render, below the folder with all templates."""
        return f"{self.full_name}/{BODY}"

    def read(self) -> Mapping[str, Any]:
        """The contents of the manifest.

        Raises:
            RequestError: It cannot be read or is no TOML.
        """
        try:
            return tomllib.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise self.broken(RequestError(f"{error}.")) from error

    def broken(self, error: RequestError) -> RequestError:
        """An error in the manifest as the user reads it: the template is to blame."""
        return RequestError(
            f"The template is broken: {error.message}",
            hint=error.hint,
            where=f"{self.full_name}/{MANIFEST}",
            exit_code=ExitCode.REFUSED,
        )


def templates_root() -> Path:
    """The folder with all templates: inside the package when installed, beside it in the repository."""
    package = Path(__file__).resolve().parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def find_templates(kind: str | None = None) -> list[Template]:
    """All templates, or those of one kind, sorted by kind and name."""
    root = templates_root()
    found = [Template(path.parent.parent.name, path.parent.name, path.parent) for path in root.glob(f"*/*/{MANIFEST}")]
    found += [Template(path.parent.name, path.stem, path) for path in root.glob("*/*.yaml")]
    return sorted(
        (template for template in found if kind in (None, template.kind)),
        key=lambda template: (template.kind, template.name),
    )


def find_template(name: str, kind: str | None = None, where: str | None = None) -> Template:
    """The template of a name: `dense`, or `layer/dense`.

    Args:
        name: What the user typed.
        kind: What the template must make.
        where: The flag or argument that it was typed for.

    Raises:
        RequestError: There is none; the nearest name is offered.
    """
    templates = find_templates(kind)
    matching = [template for template in templates if name in (template.name, template.full_name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        names = ", ".join(template.full_name for template in matching)
        raise RequestError(f"Several templates are called {name!r}.", hint=f"Say which: {names}.", where=where)
    known = [template.name for template in templates]
    raise RequestError(
        f"There is no template {name!r}{f' for a {kind}' if kind else ''}.",
        hint=did_you_mean(name.rpartition("/")[2], known) or f"There are: {', '.join(known)}.",
        where=where,
    )
