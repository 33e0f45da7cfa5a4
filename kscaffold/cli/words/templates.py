"""What `kscaffold list` and `kscaffold show` print."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from kscaffold.base.errors import JSON_VERSION
from kscaffold.kinds.describe import PresetDescription, TemplateArgument, TemplateDescription, TemplateSummary


def template_list_lines(summaries: Iterable[TemplateSummary]) -> list[str]:
    """`layer/dense  built-in  Densely-connected layer: …` for each template."""
    listed = list(summaries)
    origins = [", hides ".join((item.source, *item.overrides)) for item in listed]
    width = max((len(summary.name) for summary in listed), default=0)
    second = max(map(len, origins), default=0)
    lines = []
    for item, origin in zip(listed, origins, strict=True):
        name = click.style(f"{item.name:<{width}}", fg="red" if item.broken else "green")
        lines.append(f"{name}  {origin:<{second}}  {item.summary}")
    return lines


def argument_lines(title: str, arguments: Iterable[TemplateArgument]) -> list[str]:
    """A table of arguments below a title; nothing without arguments."""
    rows = [
        (f"{item.name}:{item.kind}" + (f"={item.default}" if item.default is not None else ""), item.description)
        for item in arguments
    ]
    width = max((len(left) for left, _ in rows), default=0)
    return ["", title, *(f"  {left:<{width}}  {right}" for left, right in rows)] if rows else []


def preset_lines(preset: PresetDescription) -> list[str]:
    """What `kscaffold show` prints of a preset."""
    lines = [f"{click.style(preset.name, fg='green')}  {preset.summary}"]
    lines += argument_lines("Parameters, for --set", preset.arguments)
    for title, texts in (("Inputs", preset.inputs), ("Outputs", preset.outputs)):
        lines += ["", title, *(f"  {text}" for text in texts)]
    lines += ["", f"Styles: {', '.join(preset.styles)}", "", "Spec"]
    lines += [f"  {line}".rstrip() for line in preset.spec.splitlines()]
    return [*lines, "", "Example", f"  {preset.command}"]


def template_lines(template: TemplateDescription | PresetDescription) -> list[str]:
    """What `kscaffold show` prints."""
    if isinstance(template, PresetDescription):
        return preset_lines(template)
    lines = [f"{click.style(template.name, fg='green')}  {template.summary}"]
    lines += argument_lines("Arguments", template.arguments)
    for title, texts in (("Weights", template.weights), ("Sublayers", template.sublayers)):
        if texts:
            lines += ["", title, *(f"  {text}" for text in texts)]
    lines += ["", "Shapes", f"  input   {template.inputs}", f"  output  {template.output}"]
    lines.append(f"  checked with {' and '.join(template.example_shapes)}; change it by --input-shape")
    if template.takes:
        lines += ["", f"call takes {' and '.join(template.takes)}."]
    return [*lines, "", "Example", f"  {template.command}"]


def templates_json(summaries: Iterable[TemplateSummary]) -> dict[str, Any]:
    """The JSON document of `kscaffold list`."""
    return {
        "version": JSON_VERSION,
        "command": "list",
        "ok": True,
        "templates": [dict(vars(summary)) for summary in summaries],
    }


def template_json(template: TemplateDescription | PresetDescription) -> dict[str, Any]:
    """The JSON document of `kscaffold show`."""
    fields = dict(vars(template))
    fields["arguments"] = [dict(vars(argument)) for argument in template.arguments]
    return {"version": JSON_VERSION, "command": "show", "ok": True, "template": fields}
