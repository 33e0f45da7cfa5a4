"""What a shell is offered when the user presses the tab key; it is told by click."""

import re
from collections.abc import Iterable

import click

from kscaffold.base.kinds import find_kinds

KINDS = {"layer": "layer", "model": "model", "pipeline": "model", "new": "model"}


def templates(context: click.Context, typed: str) -> list[str]:
    """The templates that the command takes: presets for a model, templates of layers for a layer, all for others."""
    from pathlib import Path

    from kscaffold.base.project import find_project
    from kscaffold.library.templates import Catalogue

    command = context.info_name or ""
    kind = command if command in find_kinds() else KINDS.get(command)
    found = Catalogue(find_project(Path.cwd())).of_kind(kind)
    if context.info_name in ("pipeline", "new"):  # which make models of graphs alone
        found = tuple(template for template in found if template.is_spec)
    full_names = [template.full_name for template in found if "/" in typed or not kind]
    return [template.name for template in found] + full_names


def parts(context: click.Context, typed: str) -> Iterable[str]:
    """What can be ejected."""
    from kscaffold.kinds.eject import built_in_parts

    return built_in_parts()


def layers(context: click.Context, typed: str) -> list[str]:
    """A chain or a sublayer with its last word completed to a layer of Keras: `hidden = De` gives `hidden = Dense`.

    In a chain it may be an operation, too: `x -> ops.me` gives `x -> ops.mean`.
    """
    from kscaffold.keras_data import catalogue

    begun = re.fullmatch(r"(?P<before>.*?(?:->|[=(:,])\s*)[A-Za-z][\w.]*", typed, re.DOTALL)
    if begun is None:
        return []
    names = catalogue.layer_names()
    if context.info_name == "pipeline":
        names += [f"ops.{name}" for name in catalogue.operation_names()]
    return [begun["before"] + name for name in names]


def rules(context: click.Context, typed: str) -> list[str]:
    """The rules of `kscaffold check`, by id or by name."""
    from kscaffold.check import rulebook

    known = rulebook.read_rulebook()
    return [rule.id for rule in known] + [rule.name for rule in known]
