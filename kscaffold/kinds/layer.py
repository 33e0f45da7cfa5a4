"""A custom layer and its test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.keras_data import catalogue
from kscaffold.kinds.destination import Destination, Request, find_destination
from kscaffold.kinds.pipeline import Outcome, Resolve, SummaryRow, generate
from kscaffold.library.templates import BODY, Catalogue, Template, shown
from kscaffold.source.formatting import Formatter
from kscaffold.source.layer import expressions as source
from kscaffold.spec.layer.manifest import LayerManifest, read_manifest
from kscaffold.spec.layer.value import LayerFlags, LayerSpec, describe_layer

if TYPE_CHECKING:
    from kscaffold.check import Job, Verdict
    from kscaffold.disk import writer

LAYER_TEST = "test/layer.py.jinja"


def generate_layer(
    request: Request,
    flags: LayerFlags,
    formatter: Formatter,
    resolve: Resolve = lambda plan: {},
    on_check: Callable[[], None] = lambda: None,
) -> Outcome:
    """Generates a custom layer and its test; see `kscaffold.kinds.pipeline.generate`.

    Args:
        request: What every generating command is asked.
        flags: What describes the layer.
        formatter: Formats what is rendered.
        resolve: Asked what becomes of conflicts.
        on_check: Called before the wait for the check.

    Raises:
        RequestError: The request cannot be carried out; nothing is written.
    """
    return generate(request, lambda: _describe(request, flags), formatter, resolve, on_check)


def _describe(request: Request, flags: LayerFlags) -> LayerScaffold:
    destination = find_destination(request)
    template = choose_template(destination.catalogue, request.template, destination.name.module, flags)
    manifest = read_layer_manifest(template)
    spec = describe_layer(destination.name, destination.settings.package, manifest, flags)
    return LayerScaffold(destination, spec, template)


def choose_template(catalogue: Catalogue, asked: str | None, module: str, flags: LayerFlags) -> Template:
    """The layer template to start from: the one asked for, `blank` for a described layer, one of that name, `dense`.

    Raises:
        RequestError: There is no such template.
    """
    if flags.describe_a_layer:
        return catalogue.choose("layer", asked, "blank", "blank")
    return catalogue.choose("layer", asked, module, "dense")


def read_layer_manifest(template: Template) -> LayerManifest:
    """The manifest of a layer template.

    Raises:
        RequestError: It is broken.
    """
    try:
        return read_manifest(template.read())
    except RequestError as error:
        raise error if error.exit_code is ExitCode.REFUSED else template.broken(error) from error


@dataclass(frozen=True)
class LayerScaffold:
    """A layer that is described, and where it goes; see `kscaffold.kinds.pipeline.Scaffold`."""

    destination: Destination
    spec: LayerSpec
    source_template: Template

    @property
    def template(self) -> str:
        """The template that the layer is made from."""
        return self.source_template.full_name

    @property
    def exports(self) -> tuple[str, ...]:
        """The class."""
        return (self.spec.name.class_name,)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Whether the name is easy to take for one of Keras."""
        return name_warnings(self.spec.name.class_name)

    def render(self, formatter: Formatter, with_test: bool) -> list[writer.File]:
        """The formatted module, held against what was asked for, and its test."""
        from kscaffold.library import render

        text = render.render_layer(self.spec, self.source_template.body, self.source_template.roots)
        black = self.destination.settings.black
        body = shown(self.source_template.path / BODY)
        formatter.send(text, black, body)
        if with_test:
            place = self.destination
            roots = place.catalogue.roots_of(LAYER_TEST)
            test = render.render_layer_test(self.spec, LAYER_TEST, roots, place.import_from, place.path_to_module)
            formatter.send(test, black, render.shown_name(LAYER_TEST, roots))

        from kscaffold.disk import writer  # while black is at work

        files = [writer.File(self.destination.module, formatter.receive())]
        render.demand_names(files[0].text, {self.spec.name.class_name}, body)
        return [*files, writer.File(self.destination.test, formatter.receive())] if with_test else files

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked."""
        from kscaffold.check import Feed, Job, Subject

        feeds = tuple(Feed(item.shape) for item in self.spec.inputs)
        subject = Subject(self.spec.name.class_name, source.construct(self.spec), feeds, str(self.spec.call))
        return Job(staged, shown, self.destination.search, (subject,))

    def explain(self, verdicts: tuple[Verdict, ...], interpreter: str, text: str) -> tuple[Verdict, ...]:
        """The verdicts as they are: they speak of the class that the user asked for."""
        return verdicts

    def summary(self, verdicts: tuple[Verdict, ...]) -> tuple[SummaryRow, ...]:
        """A layer has none."""
        return ()


def name_warnings(class_name: str) -> tuple[str, ...]:
    """A warning where Keras has a layer of that name."""
    if catalogue.is_layer(class_name) or class_name in catalogue.BASE_CLASSES:
        return (
            f"Keras has a layer {class_name} of its own; it is easy to import the wrong one."
            f" For example: My{class_name}.",
        )
    return ()
