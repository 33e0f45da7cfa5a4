"""`kscaffold show TEMPLATE`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from kscaffold.cli._output import JSON, Output, offers, tell, with_output
from kscaffold.cli.words import Report

if TYPE_CHECKING:
    from kscaffold.kinds.describe import LayerDescription, PresetDescription


@click.command("show", short_help="What a template takes and gives.")
@click.argument("template", shell_complete=offers("templates"))
@with_output(JSON)
def command(template: str, output: Output) -> int:
    """Print what TEMPLATE (dense, or layer/dense) makes, its arguments, its shapes, and a command that uses it."""
    from kscaffold.kinds.describe import PresetDescription, describe_template

    found = describe_template(template)
    fields = vars(found) | {"arguments": [dict(vars(argument)) for argument in found.arguments]}
    lines = [f"{click.style(found.name, fg='green')}  {found.summary}"]
    lines += _preset_lines(found) if isinstance(found, PresetDescription) else _layer_lines(found)
    lines += ["", "Example", f"  {found.command}"]
    return tell(Report({"template": fields}, lines), output)


def _section(title: str, texts: Iterable[str]) -> list[str]:
    return ["", title, *(f"  {text}".rstrip() for text in texts)]


def _arguments(title: str, found: LayerDescription | PresetDescription) -> list[str]:
    """A table of arguments below a title; nothing without arguments."""
    names = [
        f"{item.name}:{item.kind}" + (f"={item.default}" if item.default is not None else "")
        for item in found.arguments
    ]
    width = max(map(len, names), default=0)
    rows = (f"{name:<{width}}  {item.description}" for name, item in zip(names, found.arguments, strict=True))
    return _section(title, rows) if names else []


def _preset_lines(preset: PresetDescription) -> list[str]:
    return [
        *_arguments("Parameters, for --set", preset),
        *_section("Inputs", preset.inputs),
        *_section("Outputs", preset.outputs),
        *("", f"Styles: {', '.join(preset.styles)}"),
        *(_section("Spec", preset.spec.splitlines()) if preset.spec else ()),
    ]


def _layer_lines(layer: LayerDescription) -> list[str]:
    lines = _arguments("Arguments", layer)
    for title, texts in (("Weights", layer.weights), ("Sublayers", layer.sublayers)):
        lines += _section(title, texts) if texts else []
    lines += _section("Shapes", (f"input   {layer.inputs}", f"output  {layer.output}"))
    lines.append(f"  checked with {' and '.join(layer.example_shapes)}; change it by --input-shape")
    return [*lines, "", f"call takes {' and '.join(layer.takes)}."] if layer.takes else lines
