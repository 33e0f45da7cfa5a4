"""What a template takes and gives, for `kscaffold list` and `kscaffold show`."""

import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kscaffold.base.choices import Style
from kscaffold.base.errors import RequestError
from kscaffold.base.kinds import find_kinds
from kscaffold.base.naming import parse_module_name, to_class_name
from kscaffold.base.project import find_project
from kscaffold.kinds import layer as layers
from kscaffold.kinds.extension import read_template_manifest
from kscaffold.kinds.layer import read_layer_manifest, read_layer_spec
from kscaffold.kinds.model_spec import read_preset
from kscaffold.kinds.own_layers import OwnLayers
from kscaffold.kinds.training_model import read_training_model
from kscaffold.library.templates import Catalogue, Template, shown
from kscaffold.program.argument import Argument
from kscaffold.source.layer.arguments import signature_default
from kscaffold.source.layer.methods import input_text, output_text
from kscaffold.spec.extension import describe_extension
from kscaffold.spec.graph.lower import lower
from kscaffold.spec.graph.resolve import resolve_graph
from kscaffold.spec.graph.shapes import ShapeFacts, described, infer_shapes
from kscaffold.spec.graph.value import Graph
from kscaffold.spec.layer.describe import LayerFlags


@dataclass(frozen=True)
class TemplateSummary:
    """A line of `kscaffold list`.

    Attributes:
        name: Kind and name: `layer/dense`.
        summary: What it makes, or why it cannot be read.
        source: Where it comes from: "repository", "user", the name of a package, "built-in".
        overrides: Where templates of that name come from that it hides.
    """

    name: str
    summary: str
    source: str
    overrides: tuple[str, ...] = ()
    broken: bool = False


@dataclass(frozen=True)
class TemplateArgument:
    """A constructor argument, or a parameter; `default` is source, `None` if it is required."""

    name: str
    kind: str
    default: str | None
    description: str


@dataclass(frozen=True)
class Description:
    """What `kscaffold show` prints of a template: what it makes, and a command that uses it."""

    name: str
    summary: str
    arguments: tuple[TemplateArgument, ...]
    command: str


@dataclass(frozen=True)
class LayerDescription(Description):
    """What `kscaffold show` prints of a template of a layer.

    Attributes:
        aliases: Other names of the template.
        takes: What `call` takes besides the inputs: `training`, `mask`.
        example_shapes: The shapes that checks and tests use, as after `--input-shape`.
    """

    aliases: tuple[str, ...]
    weights: tuple[str, ...]
    sublayers: tuple[str, ...]
    takes: tuple[str, ...]
    inputs: str
    output: str
    example_shapes: tuple[str, ...]


@dataclass(frozen=True)
class ExtensionDescription(Description):
    """What `kscaffold show` prints of a template of another kind.

    Attributes:
        base: The class of Keras' that one derives from.
        aliases: Other names of the template.
    """

    base: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class PresetDescription(Description):
    """What `kscaffold show` prints of a model's preset: inputs and outputs with shapes, the styles that can hold it.

    There is no spec where a template has a page of its own.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    styles: tuple[Style, ...]
    spec: str


def summarize_templates() -> list[TemplateSummary]:
    """All templates; one that cannot be read, or a package that has none, says why and hides no other."""
    catalogue = Catalogue(find_project(Path.cwd()))
    summaries = []
    for template in catalogue.templates:
        try:
            text, broken = _summary(template, catalogue), False
        except RequestError as error:
            text, broken = str(error), True
        summaries.append(TemplateSummary(template.full_name, text, template.source.title, template.overrides, broken))
    problems = [(f"The package {place.problem}.", place.title) for place in catalogue.sources if place.problem]
    return summaries + [TemplateSummary("*", text, title, broken=True) for text, title in problems]


def _summary(template: Template, catalogue: Catalogue) -> str:
    """What a template makes, in a sentence."""
    if template.kind == "model" and template.is_spec:
        return read_preset(template).summary
    if template.kind in find_kinds():
        return read_template_manifest(template).summary
    if template.is_spec:
        return read_layer_spec(template, catalogue.find("blank", "layer"), LayerFlags()).manifest.summary
    return read_layer_manifest(template).summary


def describe_template(name: str) -> Description:
    """What a template takes and gives; it is called `dense` or `layer/dense`. Refuses one that is broken."""
    catalogue = Catalogue(find_project(Path.cwd()))
    template = catalogue.find(name, where="TEMPLATE")
    if template.kind in find_kinds():
        return _describe_extension(template)
    if template.kind == "layer":
        return _describe_layer_template(template, catalogue)
    return _describe_preset(template, catalogue) if template.is_spec else _describe_training_model(template)


def _describe_extension(template: Template) -> ExtensionDescription:
    kind, manifest = find_kinds()[template.kind], read_template_manifest(template)
    class_name = to_class_name(f"my_{template.name}")
    item = describe_extension(parse_module_name(class_name), "custom", kind, manifest, LayerFlags())
    return ExtensionDescription(
        template.full_name,
        manifest.summary,
        _described(item.arguments),
        f"kscaffold {kind.name} {class_name} -t {template.name}",
        base=kind.base,
        aliases=template.aliases,
    )


def _describe_training_model(template: Template) -> PresetDescription:
    class_name = to_class_name("my_" + template.name)
    spec = read_training_model(template, parse_module_name(class_name), "custom", {})
    return PresetDescription(
        template.full_name,
        spec.manifest.summary,
        _described(spec.arguments),
        f"kscaffold model {class_name} -t {template.name}",
        inputs=tuple(f"{item.name}: {item.pattern}" for item in spec.inputs),
        outputs=(f"outputs: {spec.output}",),
        styles=(Style.SUBCLASSED,),
        spec="",
    )


def source_files(name: str) -> dict[str, str]:
    """The files of a template, by their paths; a broken one is shown, too."""
    template = Catalogue(find_project(Path.cwd())).find(name, where="TEMPLATE")
    main = template.demand_inside()
    files = [main] if template.is_spec or template.kind == "model" else sorted(main.parent.iterdir(), reverse=True)
    texts = {}
    for file in files:
        if file.is_file() and template.source.root in Path(os.path.realpath(file)).parents:
            texts[shown(file)] = file.read_text(encoding="utf-8", errors="backslashreplace")
    return texts


def _describe_preset(template: Template, catalogue: Catalogue) -> PresetDescription:
    graph = resolve_graph(read_preset(template), template.name, {})
    facts = infer_shapes(graph, OwnLayers(graph.own_classes, "custom", catalogue).infer)
    arguments = _described(graph.parameters)
    example = next((f" --set {shlex.quote(f'{item.name}={item.default}')}" for item in arguments), "")
    inputs, outputs = (
        tuple(f"{name}: {text.replace('`', '')}" for name, text in listed)
        for listed in described(graph, facts.of(graph))
    )
    return PresetDescription(
        template.full_name,
        graph.summary,
        arguments,
        f"kscaffold model {to_class_name('my_' + template.name)} -t {template.name}{example}",
        inputs=inputs,
        outputs=outputs,
        styles=tuple(style for style in Style if _holds(style, graph, facts)),
        spec=template.path.read_text(encoding="utf-8"),
    )


def _holds(style: Style, graph: Graph, facts: ShapeFacts) -> bool:
    try:
        lower(graph, facts, style)
    except RequestError:
        return False
    return True


def _describe_layer_template(template: Template, catalogue: Catalogue) -> LayerDescription:
    class_name = "My" + parse_module_name(f"my_{template.name}").class_name.removeprefix("My")
    spec, _ = layers.describe_template(template, parse_module_name(class_name), "custom", LayerFlags(), catalogue)
    manifest = spec.manifest
    return LayerDescription(
        template.full_name,
        manifest.summary,
        _described(spec.arguments),
        f"kscaffold layer {class_name} -t {template.name}",
        aliases=template.aliases,
        weights=manifest.weights + manifest.states,
        sublayers=manifest.sublayers,
        takes=tuple(sorted(spec.takes)),
        inputs=input_text(spec),
        output=output_text(spec),
        example_shapes=tuple(",".join(str(size) for size in item.shape) for item in spec.inputs),
    )


def _described(arguments: Iterable[Argument]) -> tuple[TemplateArgument, ...]:
    defaults = [(item, None if item.required else signature_default(item)) for item in arguments]
    return tuple(TemplateArgument(item.name, item.kind.value, default, item.description) for item, default in defaults)
