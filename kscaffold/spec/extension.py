"""A class of a kind that is a folder of templates, from a template's manifest and the user's flags: a checked value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kscaffold.base.kinds import Kind
from kscaffold.base.naming import ModuleName
from kscaffold.program.argument import Argument
from kscaffold.spec.layer.describe import LayerFlags, merge_arguments
from kscaffold.spec.layer.manifest import Form, demand_keys, read_arguments
from kscaffold.spec.shapes.shape import Shape, parse_shape

MANIFEST_KEYS = {"summary": Form.TEXT, "argument": Form.TABLES, "input": Form.TABLES, "aliases": Form.TEXTS}
INPUT_KEYS = dict.fromkeys(("name", "example", "dtype"), Form.TEXT)


@dataclass(frozen=True)
class CallInput:
    """One of the values that it is called on in examples, tests and checks: `y_true`."""

    name: str
    shape: Shape  # of one example
    dtype: str = "float32"


@dataclass(frozen=True)
class ExtensionManifest:
    """The `template.toml` of such a template: the first line of the docstring, arguments, and what it is called on."""

    summary: str
    arguments: tuple[Argument, ...]
    inputs: tuple[CallInput, ...]


@dataclass(frozen=True)
class Extension:
    """A class that is to be generated.

    Attributes:
        package: The one that it is registered under for saving.
        arguments: Those that it keeps, and those that its base keeps, in the order of the constructor.
        of_base: The names of those that its base keeps.
        unused: The names of arguments that the user adds, and nothing uses yet.
    """

    name: ModuleName
    package: str
    kind: Kind
    summary: str
    arguments: tuple[Argument, ...]
    of_base: frozenset[str]
    inputs: tuple[CallInput, ...]
    unused: tuple[str, ...]

    @property
    def own(self) -> tuple[Argument, ...]:
        """The arguments that it keeps itself."""
        return tuple(argument for argument in self.arguments if argument.name not in self.of_base)


def read_extension_manifest(data: Mapping[str, Any]) -> ExtensionManifest:
    """The manifest in a `template.toml`; a `RequestError` names an unknown, missing or wrong key."""
    demand_keys(data, MANIFEST_KEYS, required=("summary",))
    for row in data.get("input", ()):
        demand_keys(row, INPUT_KEYS, required=("name", "example"), table="input")
    inputs = (
        CallInput(row["name"], parse_shape(row["example"]), row.get("dtype", "float32"))
        for row in data.get("input", ())
    )
    return ExtensionManifest(data["summary"], read_arguments(data.get("argument", ())), tuple(inputs))


def describe_extension(
    name: ModuleName, package: str, kind: Kind, manifest: ExtensionManifest, flags: LayerFlags
) -> Extension:
    """Puts a manifest and the user's flags together; a `RequestError` names a flag that is not understood."""
    of_base = read_arguments(kind.arguments)
    brought = {argument.name for argument in (*of_base, *manifest.arguments)}
    arguments = merge_arguments((*of_base, *manifest.arguments), flags)
    return Extension(
        name,
        package,
        kind,
        manifest.summary,
        tuple(arguments.values()),
        frozenset(argument.name for argument in of_base),
        manifest.inputs,
        tuple(argument for argument in arguments if argument not in brought),
    )
