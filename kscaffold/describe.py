"""What a template takes and gives, for `kscaffold list` and `kscaffold show`."""

from __future__ import annotations

from dataclasses import dataclass

from kscaffold.errors import RequestError
from kscaffold.generate.layer import read_layer_manifest
from kscaffold.naming import parse_module_name
from kscaffold.spec import source
from kscaffold.spec.layer import LayerFlags, describe_layer
from kscaffold.templates import find_template, find_templates


@dataclass(frozen=True)
class TemplateSummary:
    """A line of `kscaffold list`.

    Attributes:
        name: Kind and name: `layer/dense`.
        summary: What it makes, or why it cannot be read.
        broken: Whether it cannot be read.
    """

    name: str
    summary: str
    broken: bool = False


@dataclass(frozen=True)
class TemplateArgument:
    """A constructor argument of what a template makes.

    Attributes:
        name: Its name.
        kind: Its type, as after `--arg NAME:`.
        default: Source of its default, `None` if it is required.
        description: What it is.
    """

    name: str
    kind: str
    default: str | None
    description: str


@dataclass(frozen=True)
class TemplateDescription:
    """What `kscaffold show` prints.

    Attributes:
        name: Kind and name: `layer/dense`.
        summary: What it makes.
        arguments: The constructor arguments.
        weights: The weights that `build` creates, as after `--weight`.
        sublayers: The sublayers, as after `--sublayer`.
        takes: What `call` takes besides the inputs: `training`, `mask`.
        inputs: The shapes of the inputs, in words.
        output: The shape of the output, in words.
        example_shapes: The shapes that checks and tests use, as after `--input-shape`.
        command: A command that uses it.
    """

    name: str
    summary: str
    arguments: tuple[TemplateArgument, ...]
    weights: tuple[str, ...]
    sublayers: tuple[str, ...]
    takes: tuple[str, ...]
    inputs: str
    output: str
    example_shapes: tuple[str, ...]
    command: str


def summarize_templates() -> list[TemplateSummary]:
    """All templates; one that cannot be read says why and hides no other."""
    summaries = []
    for template in find_templates():
        try:
            summaries.append(TemplateSummary(template.full_name, read_layer_manifest(template).summary))
        except RequestError as error:
            summaries.append(TemplateSummary(template.full_name, str(error), broken=True))
    return summaries


def describe_template(name: str) -> TemplateDescription:
    """What a template takes and gives.

    Args:
        name: `dense` or `layer/dense`.

    Raises:
        RequestError: There is no such template, or it is broken.
    """
    template = find_template(name, where="TEMPLATE")
    manifest = read_layer_manifest(template)
    class_name = "My" + parse_module_name(f"my_{template.name}").class_name.removeprefix("My")
    spec = describe_layer(parse_module_name(class_name), "custom", manifest, LayerFlags())
    arguments = tuple(
        TemplateArgument(
            argument.name,
            argument.kind.value,
            None if argument.required else source.signature_default(argument),
            argument.description,
        )
        for argument in spec.arguments
    )
    return TemplateDescription(
        name=template.full_name,
        summary=manifest.summary,
        arguments=arguments,
        weights=manifest.weights + manifest.states,
        sublayers=manifest.sublayers,
        takes=tuple(sorted(spec.takes)),
        inputs=source.input_text(spec),
        output=source.output_text(spec),
        example_shapes=tuple(",".join(str(size) for size in item.shape) for item in manifest.inputs),
        command=f"kscaffold layer {class_name} -t {template.name}",
    )
