"""`kscaffold show TEMPLATE`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from kscaffold.cli._output import JSON, Output, flag, offers, tell, with_output
from kscaffold.cli.words import Report

if TYPE_CHECKING:
    from kscaffold.kinds.describe import Description, LayerDescription, PresetDescription


@click.command("show", short_help="What a template takes and gives.")
@click.argument("template", shell_complete=offers("templates"))
@flag("--source", "Print its files: what 'kscaffold eject' would copy.")
@with_output(JSON)
def command(template: str, source: bool, output: Output) -> int:
    """Print what TEMPLATE (dense, or layer/dense) makes, its arguments, its shapes, and a command that uses it."""
    from kscaffold.kinds.describe import (
        ExtensionDescription,
        LayerDescription,
        PresetDescription,
        describe_template,
        source_files,
    )

    if source:
        files = source_files(template)
        lines: list[str] = []
        for name, text in files.items():
            lines += [*([""] if lines else []), click.style(name, fg="green"), *map(_harmless, text.splitlines())]
        return tell(Report({"files": files}, lines), output)
    found = describe_template(template)
    fields = vars(found) | {"arguments": [dict(vars(argument)) for argument in found.arguments]}
    lines = [f"{click.style(found.name, fg='green')}  {found.summary}"]
    match found:
        case PresetDescription():
            lines += _preset_lines(found)
        case LayerDescription():
            lines += _layer_lines(found)
        case ExtensionDescription():
            lines += _other_names(found.aliases)
            lines += [*_arguments("Arguments", found), *_section("Base class", [found.base])]
    lines += ["", "Example", f"  {found.command}"]
    return tell(Report({"template": fields}, lines), output)


def _harmless(line: str) -> str:
    """A line of anybody's file without what steers a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\t" else ascii(letter)[1:-1] for letter in line)


def _section(title: str, texts: Iterable[str]) -> list[str]:
    return ["", title, *(f"  {text}".rstrip() for text in texts)]


def _other_names(aliases: Iterable[str]) -> list[str]:
    return ["", f"Other names: {', '.join(aliases)}"] if aliases else []


def _arguments(title: str, found: Description) -> list[str]:
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
    lines = [*_other_names(layer.aliases), *_arguments("Arguments", layer)]
    for title, texts in (("Weights", layer.weights), ("Sublayers", layer.sublayers)):
        lines += _section(title, texts) if texts else []
    lines += _section("Shapes", (f"input   {layer.inputs}", f"output  {layer.output}"))
    lines.append(f"  checked with {' and '.join(layer.example_shapes)}; change it by --input-shape")
    return [*lines, "", f"call takes {' and '.join(layer.takes)}."] if layer.takes else lines
