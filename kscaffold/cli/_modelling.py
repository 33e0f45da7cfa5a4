"""What the commands that make a model from a graph share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kscaffold.cli._generating import carry_out, read_request

if TYPE_CHECKING:
    from kscaffold.source.formatting import Formatter

STYLES = ("subclassed", "functional", "sequential")


def model_options(default_style: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of commands that make a model.

    Args:
        default_style: The style without `--style`.
    """
    options = (
        click.option(
            "--style",
            type=click.Choice(STYLES),
            help=f"How the model is written.  [default: what the spec names, else {default_style}]",
        ),
        click.option("--defer", is_flag=True, help="A sequential model without its input, built by its first call."),
        click.option(
            "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Value of a parameter. Repeatable."
        ),
        click.option("--diagram", metavar="FILE", help="Draw the graph, as .svg or as .md, into the output folder."),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def generate_from_graph(
    command: str,
    name: str,
    formatter: Formatter,
    shared: dict[str, Any],
    spec: str | None = None,
    graph: tuple[tuple[str, ...], ...] = ((), (), ()),
) -> int:
    """Generates a model, prints, and gives the exit code.

    Args:
        command: The name of the command.
        name: NAME as typed.
        formatter: Formats what is rendered.
        shared: The options of this and of all generating commands.
        spec: A file or a chain.
        graph: `--input`, `--node` and `--output`.
    """
    from kscaffold.kinds.model import ModelFlags, generate_model
    from kscaffold.program.value import Style
    from kscaffold.spec.graph.flags import GraphFlags

    flags = ModelFlags(
        spec=spec,
        graph=GraphFlags(None, *graph),
        settings=shared.pop("settings"),
        style=shared.pop("style"),
        default_style=Style.SUBCLASSED if command == "model" else Style.FUNCTIONAL,
        deferred=shared.pop("defer"),
        diagram=shared.pop("diagram"),
    )
    generate = functools.partial(generate_model, read_request(command, name, shared), flags, formatter)
    return carry_out(command, generate, shared)
