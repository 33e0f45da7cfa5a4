"""What a shell is offered when the user presses the tab key; it is told by click."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable

import click

from kscaffold.base.errors import RequestError

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def _offered(function: Complete) -> Complete:
    """Offers nothing where the project is broken: a command says why, a tab key cannot."""

    @functools.wraps(function)
    def offered(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
        try:
            return function(context, parameter, typed)
        except RequestError:
            return []

    return offered


def _beginning(words: Iterable[str], typed: str) -> list[str]:
    return [word for word in words if word.startswith(typed)]


@_offered
def complete_template(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """The templates that the command takes: presets for a model, templates of layers for a layer, all for others."""
    from pathlib import Path

    from kscaffold.base.project import find_project
    from kscaffold.library.templates import Catalogue

    kind = {"layer": "layer", "model": "model", "pipeline": "model", "new": "model"}.get(context.info_name or "")
    templates = Catalogue(find_project(Path.cwd())).of_kind(kind)
    names = [template.name for template in templates]
    return _beginning([*names, *(template.full_name for template in templates if "/" in typed or not kind)], typed)


@_offered
def complete_part(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """What can be ejected."""
    from kscaffold.library.templates import Catalogue

    return _beginning(Catalogue().parts(), typed)


@_offered
def complete_layers(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """A chain or a sublayer with its last word completed to a layer of Keras: `hidden = De` gives `hidden = Dense`.

    In a chain it may be an operation, too: `x -> ops.me` gives `x -> ops.mean`.
    """
    from kscaffold.keras_data import catalogue

    begun = re.fullmatch(r"(?P<before>.*?(?:->|[=(:,])\s*)(?P<word>[A-Za-z][\w.]*)", typed, re.DOTALL)
    if begun is None:
        return []
    names = catalogue.layer_names()
    if context.info_name == "pipeline":
        names += [f"ops.{name}" for name in catalogue.operation_names()]
    return [begun["before"] + name for name in _beginning(names, begun["word"])]


@_offered
def complete_rule(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """The rules of `kscaffold check`, by id or by name."""
    from kscaffold.check import rulebook

    rules = rulebook.read_rulebook()
    return _beginning([rule.id for rule in rules] + [rule.name for rule in rules], typed)
