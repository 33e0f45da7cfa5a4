"""The spec that a model is made from: a preset, a file, a chain or flags, and the values of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.kinds.destination import Destination
from kscaffold.library.templates import Template, shown
from kscaffold.spec.graph.document import GraphText, read_document
from kscaffold.spec.graph.flags import GraphFlags, document_from_flags

DEFAULT_PRESET = "mlp"


def read_settings(texts: tuple[str, ...], may_be_empty: bool = False) -> dict[str, str]:
    """`NAME=VALUE` after `--set`, by name.

    Args:
        texts: What is typed.
        may_be_empty: Whether a value may.

    Raises:
        RequestError: One without a value, or a name that is given twice.
    """
    settings: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not (equals and name and (may_be_empty or value.strip())):
            hint = "Write NAME=VALUE." if may_be_empty else "Write NAME=VALUE: units=64."
            raise RequestError(f"{text!r} sets nothing.", hint=hint, where="--set")
        if name in settings:
            raise RequestError(f"{name!r} is set twice.", where="--set")
        settings[name] = value.strip()
    return settings


def read_preset(template: Template) -> GraphText:
    """The spec of a preset.

    Raises:
        RequestError: It is broken.
    """
    try:
        return read_document(template.demand_inside(), shown(template.path))
    except RequestError as error:
        raise broken_preset(error) from None


def broken_preset(error: RequestError) -> RequestError:
    """The error of a preset that is broken, which is not what the user typed."""
    return RequestError(error.message, hint=error.hint, where=error.where, exit_code=ExitCode.REFUSED)


def choose_document(
    template: str | None,
    spec: str | None,
    graph: GraphFlags,
    destination: Destination,
    settings: Mapping[str, str],
) -> tuple[str, GraphText, bool]:
    """The one spec that is asked for.

    Args:
        template: The preset asked for, if any.
        spec: A YAML file, or a chain.
        graph: `--input`, `--node` and `--output`.
        destination: Where the module goes.
        settings: `--set`, by name.

    Returns:
        What the spec is called in reports, the spec, and whether it is a preset.

    Raises:
        RequestError: There is none, it cannot be read, or two are asked for.
    """
    described = spec is not None or graph.describe_a_graph
    if described and template is not None:
        raise RequestError("A template is a spec of its own.", hint="Give one or the other.", where="--template")
    if not described:
        chosen = destination.catalogue.choose("model", template, destination.name.module, DEFAULT_PRESET)
        return chosen.full_name, read_preset(chosen), True
    if spec is None:
        return "flags", document_from_flags(graph, settings), False
    path = Path(spec)
    if path.suffix in (".yaml", ".yml") or (len(spec) < 255 and path.is_file()):
        if graph.describe_a_graph:
            raise RequestError("A spec is a whole model.", hint="Leave out --input, --node and --output.", where="SPEC")
        if not path.is_file():
            raise RequestError(f"There is no file {spec}.", where="SPEC")
        return spec, read_document(path, spec), False
    return "chain", document_from_flags(replace(graph, chain=spec), settings), False
