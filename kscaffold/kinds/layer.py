"""A custom layer and its test."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.base.naming import ModuleName
from kscaffold.base.place import Place
from kscaffold.kinds.destination import Request, find_destination
from kscaffold.kinds.scaffold import Scaffold
from kscaffold.library.templates import Catalogue, Template, shown
from kscaffold.source.layer import arguments, methods
from kscaffold.spec.layer.describe import LayerFlags, describe_layer
from kscaffold.spec.layer.manifest import LayerManifest, read_manifest
from kscaffold.spec.layer.spec import LayerSpec

if TYPE_CHECKING:
    from kscaffold.check import Job
    from kscaffold.kinds.layer_text import WrittenLayer
    from kscaffold.library.render import Draft
    from kscaffold.spec.graph.flags import GraphFlags

LAYER_TEST = "test/layer.py.jinja"
# What the templates of layers, and of the tests beside them, call.
FILTERS = (
    arguments.description,
    arguments.in_config,
    arguments.in_docstring,
    arguments.stored,
    arguments.validation,
    methods.build_arguments,
    methods.construct,
    methods.example_inputs,
    methods.input_text,
    methods.output_text,
    arguments.in_init,
    methods.build_statements,
    methods.call_body,
    methods.call_parameters,
    methods.signature,
    methods.output_shape_statements,
    methods.weight_statements,
)


def scaffold_layer(
    request: Request, flags: LayerFlags, spec: str | None = None, graph: GraphFlags | None = None
) -> LayerScaffold:
    """The layer that is asked for, and where it goes; refuses a name, template or description that cannot be used.

    Args:
        flags: What it is made of.
        spec: A YAML file, or the output as an expression of `inputs`.
        graph: `--input`, `--node` and `--output`.
    """
    destination = find_destination(request)
    catalogue, name, package = destination.catalogue, destination.name, destination.settings.package
    if spec is not None or (graph and graph.describe_a_graph):
        if request.template is not None:
            raise RequestError("A template has a body of its own.", hint="Give one or the other.", where="--template")
        from kscaffold.kinds.layer_body import describe_body
        from kscaffold.kinds.layer_text import read_layer_text

        blank = catalogue.find("blank", "layer")
        written = read_layer_text(spec, graph, flags, read_layer_manifest(blank))
        return LayerScaffold(destination, written.shown, describe_body(name, package, written), blank)
    template = choose_template(catalogue, request.template, name.module, flags)
    layer, page = describe_template(template, name, package, flags, catalogue)
    return LayerScaffold(destination, template.full_name, layer, page)


def describe_template(
    template: Template, name: ModuleName, package: str, flags: LayerFlags, catalogue: Catalogue
) -> tuple[LayerSpec, Template]:
    """The layer that a template and flags describe, and the template that its module is rendered from."""
    if not template.is_spec:
        return describe_layer(name, package, read_layer_manifest(template), flags), template
    from kscaffold.kinds.layer_body import describe_body

    blank = catalogue.find("blank", "layer")
    return describe_body(name, package, read_layer_spec(template, blank, flags)), blank


def read_layer_spec(template: Template, blank: Template, flags: LayerFlags) -> WrittenLayer:
    """The spec of a layer template, and what flags change of it; refuses a broken one."""
    from kscaffold.kinds.layer_text import read_layer_file

    try:
        return read_layer_file(template.demand_inside(), shown(template.path), read_layer_manifest(blank), flags)
    except RequestError as error:
        raise RequestError(error.message, hint=error.hint, where=error.where, exit_code=ExitCode.REFUSED) from None


def choose_template(catalogue: Catalogue, asked: str | None, module: str, flags: LayerFlags) -> Template:
    """The layer template to start from: the one asked for, `blank` for a described layer, one of that name, `dense`.

    A layer is not described where flags give nothing but other defaults to arguments of the template of that name.
    """
    described = flags.describe_a_layer and asked is None and not _sets_defaults(catalogue, module, flags)
    name, default = ("blank", "blank") if described else (module, "dense")
    return catalogue.choose("layer", asked, name, default)


def _sets_defaults(catalogue: Catalogue, module: str, flags: LayerFlags) -> bool:
    names, aliases = catalogue.names("layer")
    if flags.weights or flags.states or flags.sublayers or module not in names | aliases:
        return False
    template, blank = catalogue.find((names | aliases)[module], "layer"), catalogue.find("blank", "layer")
    manifest = (
        read_layer_spec(template, blank, LayerFlags()).manifest if template.is_spec else read_layer_manifest(template)
    )
    known = {argument.name for argument in manifest.arguments}
    return all(re.split("[:=]", text)[0].strip() in known for text in flags.arguments)


def read_layer_manifest(template: Template) -> LayerManifest:
    """The manifest of a layer template; refuses a broken one."""
    try:
        return read_manifest(template.read())
    except RequestError as error:
        raise error if error.exit_code is ExitCode.REFUSED else template.broken(error.message, error.hint) from error


def render_layer(spec: LayerSpec, template: Template) -> Draft:
    """The module of a layer, before formatting; refuses a broken template."""
    from kscaffold.library.render import render

    return render(template.page, {"layer": spec}, FILTERS)


@dataclass(frozen=True)
class LayerScaffold(Scaffold):
    """A layer that is described, and where it goes."""

    spec: LayerSpec
    source: Template

    @property
    def warnings(self) -> tuple[str, ...]:
        """What nothing uses, besides what is said of every module."""
        told = (f"The body does not use {name!r}: a comment in call() says so." for name in self.spec.unused)
        return (*super().warnings, *told)

    @property
    def exports(self) -> tuple[str, ...]:
        """The class."""
        return (self.spec.name.class_name,)

    def module(self) -> tuple[Draft, Mapping[int, Place]]:
        """The module, before formatting; a layer has no spec."""
        return render_layer(self.spec, self.source), {}

    def test(self) -> Draft:
        """The test, before formatting."""
        from kscaffold.library.render import render

        page = self.destination.catalogue.page(LAYER_TEST)
        return render(page, {"layer": self.spec, **self.destination.importing}, FILTERS)

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked."""
        from kscaffold.check import FEW, CallStyle, Feed, Job, Subject

        named = self.spec.call.value == CallStyle.DICT.value
        feeds = tuple(
            Feed(item.shape, item.dtype, FEW if "int" in item.dtype else None, item.name if named else "")
            for item in self.spec.inputs
        )
        subject = Subject(self.spec.name.class_name, methods.construct(self.spec), feeds, CallStyle(self.spec.call))
        return Job(staged, shown, self.destination.search, (subject,))
