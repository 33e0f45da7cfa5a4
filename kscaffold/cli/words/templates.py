"""What `kscaffold list` and `kscaffold show` print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from kscaffold.cli.words import Report
from kscaffold.kinds.describe import LayerDescription, PresetDescription, TemplateArgument, TemplateSummary


def listing(summaries: Sequence[TemplateSummary]) -> Report:
    """`layer/dense  built-in  Densely-connected layer: …` for each template."""
    origins = [", hides ".join((item.source, *item.overrides)) for item in summaries]
    width = max((len(summary.name) for summary in summaries), default=0)
    second = max(map(len, origins), default=0)
    lines = []
    for item, origin in zip(summaries, origins, strict=True):
        name = click.style(f"{item.name:<{width}}", fg="red" if item.broken else "green")
        lines.append(f"{name}  {origin:<{second}}  {item.summary}")
    return Report({"templates": [dict(vars(summary)) for summary in summaries]}, lines)


def description(template: LayerDescription | PresetDescription) -> Report:
    """What `kscaffold show` prints."""
    fields = vars(template) | {"arguments": [dict(vars(argument)) for argument in template.arguments]}
    if isinstance(template, PresetDescription):
        title, sections = "Parameters, for --set", _preset_lines(template)
    else:
        title, sections = "Arguments", _layer_lines(template)
    lines = [f"{click.style(template.name, fg='green')}  {template.summary}"]
    lines += [*_argument_lines(title, template.arguments), *sections, "", "Example", f"  {template.command}"]
    return Report({"template": fields}, lines)


def _argument_lines(title: str, arguments: Iterable[TemplateArgument]) -> list[str]:
    """A table of arguments below a title; nothing without arguments."""
    rows = [
        (f"{item.name}:{item.kind}" + (f"={item.default}" if item.default is not None else ""), item.description)
        for item in arguments
    ]
    width = max((len(left) for left, _ in rows), default=0)
    return ["", title, *(f"  {left:<{width}}  {right}" for left, right in rows)] if rows else []


def _section(title: str, texts: Iterable[str]) -> list[str]:
    return ["", title, *(f"  {text}".rstrip() for text in texts)]


def _preset_lines(preset: PresetDescription) -> list[str]:
    return [
        *_section("Inputs", preset.inputs),
        *_section("Outputs", preset.outputs),
        *("", f"Styles: {', '.join(preset.styles)}"),
        *_section("Spec", preset.spec.splitlines()),
    ]


def _layer_lines(template: LayerDescription) -> list[str]:
    lines = []
    for title, texts in (("Weights", template.weights), ("Sublayers", template.sublayers)):
        lines += _section(title, texts) if texts else []
    lines += _section("Shapes", (f"input   {template.inputs}", f"output  {template.output}"))
    lines.append(f"  checked with {' and '.join(template.example_shapes)}; change it by --input-shape")
    return [*lines, "", f"call takes {' and '.join(template.takes)}."] if template.takes else lines
