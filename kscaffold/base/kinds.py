"""The kinds of modules that are folders of templates with a manifest: losses, metrics, callbacks and the like.

A kind is a folder of the built-in templates with a `kind.toml`: the command, the setting for its folder, what `list`
and the tab key offer come from it. Layers and models are in Python, see `kscaffold.kinds`.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

KIND = "kind.toml"


class Kind(NamedTuple):
    """What a `kind.toml` says.

    Attributes:
        name: That of the folder: `loss`, which is the command, too.
        summary: The command in a line; `description` is what its help says below.
        base: The class of Keras' that one of this kind derives from: `keras.losses.Loss`.
        folder: The setting that names the folder for its modules.
        default: The template that is used where none has the name of the class.
        examples: Commands, for the help.
        base_arguments: What the docstring says of `**kwargs`; empty where the base takes none.
        arguments: Those of the base that a constructor names, as tables: see `spec` and `doc` of a template's.
        saved: Whether Keras saves it by its config.
    """

    name: str
    summary: str
    description: str
    base: str
    folder: str
    default: str
    examples: tuple[str, ...] = ()
    base_arguments: str = ""
    arguments: tuple[dict[str, Any], ...] = ()
    saved: bool = True


def templates_root() -> Path:
    """The folder with the built-in templates: inside the package when installed, beside it in the repository."""
    from pathlib import Path  # like all that `--help` can do without

    return Path(_templates_root())


def _templates_root() -> str:
    package = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    inside = os.path.join(package, "templates")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(package), "templates")


@cache
def find_kinds() -> dict[str, Kind]:
    """All kinds that are folders, by their names."""
    import tomllib

    found = {}
    root = _templates_root()
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name, KIND)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                said = tomllib.load(file)
            lists = {key: tuple(value) for key, value in said.items() if isinstance(value, list)}
            found[name] = Kind(name, **{**said, **lists})
    return found
