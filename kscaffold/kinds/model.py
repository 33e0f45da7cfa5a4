"""A model from a graph, in one of three styles, and its test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.choices import Style
from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place
from kscaffold.kinds.destination import Request, find_destination
from kscaffold.kinds.drawing import picture_file
from kscaffold.kinds.model_spec import (
    ModelFlags,
    broken_preset,
    choose_document,
    find_training_template,
    read_settings,
)
from kscaffold.kinds.model_text import model_module, part_package
from kscaffold.kinds.own_layers import OwnLayers
from kscaffold.kinds.scaffold import Scaffold, SummaryRow, called_row
from kscaffold.source.module import Written, write
from kscaffold.source.test import batch_shapes, random_inputs
from kscaffold.spec.graph.counts import draws_at_inference, gives_no_floats, largest_number, layer_counts
from kscaffold.spec.graph.cuts import end_cuts
from kscaffold.spec.graph.lower import builder_name, lower
from kscaffold.spec.graph.resolve import resolve_graph
from kscaffold.spec.graph.shapes import ShapeFacts, infer_shapes
from kscaffold.spec.graph.value import Form, Graph
from kscaffold.spec.shapes.shape import Shape, show_shape

if TYPE_CHECKING:
    from kscaffold.check import Job, Verdict
    from kscaffold.disk.plan import File
    from kscaffold.library.render import Draft

MODEL_TEST = "test/model.py.jinja"
TEST_FILTERS = (batch_shapes, random_inputs)  # what its template calls


def scaffold_model(request: Request, flags: ModelFlags) -> Scaffold:
    """The model that is asked for, of a graph or with an objective of its own; see `describe_model`."""
    destination = find_destination(request)
    if template := find_training_template(request.template, flags, destination):
        from kscaffold.kinds.training_model import describe_training_model

        return describe_training_model(destination, template, flags, read_settings(flags.settings))
    return describe_model(request, flags)


def describe_model(request: Request, flags: ModelFlags) -> ModelScaffold:
    """The model that is asked for, and where it goes; refuses a name, spec, parameter or style that cannot be used."""
    destination = find_destination(request)
    settings = read_settings(flags.settings)
    template, document, is_preset = choose_document(request.template, flags, destination, settings)
    try:
        graph = resolve_graph(document, destination.name.module, settings)
    except RequestError as error:
        raise broken_preset(error) if is_preset and not settings else error from None
    if flags.style is None and document.style and document.style.value not in list(Style):
        word = document.style.value
        raise document.style.place.unknown(f"There is no style {word!r}.", word, Style)
    # A pipeline is functional by its nature; the project says how its models are written.
    of_project = destination.settings.style if request.folder == "models" else None
    named = document.style.value if document.style else of_project
    written = flags.style or named or flags.default_style
    style = Style.SEQUENTIAL if flags.deferred and flags.style is None else Style(written)
    if flags.deferred and style is not Style.SEQUENTIAL:
        raise RequestError("Only a sequential model can be built later.", hint="Leave out --defer.", where="--defer")
    scaffold = ModelScaffold(destination, template, graph, style, flags.deferred, flags.diagram)
    # Whatever the style cannot hold is said before anything is started.
    assert scaffold.written
    return scaffold


@dataclass(frozen=True)
class ModelScaffold(Scaffold):
    """A model that is described, and where it goes; one that is deferred is left to be built by its first call."""

    described: Graph
    style: Style
    deferred: bool = False
    diagram: str | None = None

    @cached_property
    def graph(self) -> Graph:
        """What it computes, in its style."""
        return end_cuts(self.described) if self.style is Style.FUNCTIONAL else self.described

    @cached_property
    def own(self) -> OwnLayers:
        """The layer classes that its module defines itself."""
        return OwnLayers(self.described.own_classes, part_package(self.destination), self.destination.catalogue)

    @cached_property
    def facts(self) -> ShapeFacts:
        """The shapes of its values; a call that Keras would refuse is refused with its place."""
        return infer_shapes(self.graph, self.own.infer)

    @property
    def made(self) -> str:
        """The class, or the function that builds the model."""
        return self.destination.name.class_name if self.style is Style.SUBCLASSED else builder_name(self.graph)

    @cached_property
    def written(self) -> Written:
        """The functions and classes of the module; refuses a graph that the style cannot hold."""
        program = lower(self.graph, self.facts, self.style, self.deferred)
        return write(program, self.style, self.destination.name.class_name)

    @property
    def inputs(self) -> tuple[tuple[Shape, str, int | None], ...]:
        """Shape and dtype of each input; for whole numbers, what they must be below."""
        shapes = self.facts.of(self.graph).values
        return tuple(
            (shapes[item.name] or (), item.dtype, largest_number(self.graph, item.name)) for item in self.graph.inputs
        )

    @property
    def batch_size(self) -> int | None:
        """The number of examples in a batch, where an input fixes it."""
        return next((item.batch_size for item in self.graph.inputs if item.batch_size), None)

    @property
    def exports(self) -> tuple[str, ...]:
        """The class, or the functions that build the model and what is cut out of it."""
        return (self.made, *(part.name for part in self.written.cuts))

    def picture_file(self) -> File | None:
        """The picture that is asked for; see `kscaffold.kinds.drawing.picture_file`."""
        from kscaffold.source.picture import graph_picture

        name = self.destination.name.class_name
        return picture_file(
            self.diagram, lambda: graph_picture(self.graph, self.facts, name), self.destination.output_dir
        )

    @property
    def defined(self) -> set[str]:
        """The functions and classes of the module."""
        return self.written.names | {item.name for item in self.own.items}

    def module(self) -> tuple[Draft, Mapping[int, Place]]:
        """The module, before formatting, and the places that its statements come from."""
        title = f"{self.destination.name.class_name}: a {self.style} Keras model."
        return model_module(self.destination, self.style, title, self.written, self.own.sources())

    def test(self) -> Draft:
        """The test, before formatting."""
        from kscaffold.library.render import render

        shapes = self.facts.of(self.graph)
        listed = list(self.graph.outputs)
        if self.graph.output_form is Form.DICT:
            listed.sort(key=lambda output: output.name)  # the order in which Keras flattens a dictionary
        outputs = [shapes.values.get(output.value) for output in listed]
        known = [shape for shape in outputs if shape is not None and None not in shape]
        context = {
            "made": self.made,
            "imports": sorted(self.exports),
            "construct": f"{self.made}()",
            "inputs": self.inputs,
            "names": [item.name for item in self.graph.inputs],
            "form": self.graph.input_form,
            "output_form": self.graph.output_form,
            "batch_size": self.batch_size,
            "random": draws_at_inference(self.graph),
            "trains": not any(gives_no_floats(self.graph, output.value) for output in listed),
            "outputs": known if len(known) == len(outputs) else None,
            "parameters": shapes.parameters,
            "cuts": [name.removeprefix("build_") for name in self.exports[1:]],
            "builds": self.style is Style.SUBCLASSED or self.deferred,
            "name": self.destination.name.class_name,
            **self.destination.importing,
        }
        return render(self.destination.catalogue.page(MODEL_TEST), context, TEST_FILTERS)

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked."""
        from kscaffold.check import CallStyle, Feed, Job, Subject

        names = [item.name for item in self.graph.inputs]
        feeds = tuple(Feed(*item, name) for item, name in zip(self.inputs, names, strict=True))
        own = {item.name: self.own.has_layers(item) for item in self.own.items}
        subject = Subject(
            self.made,
            f"{self.made}()",
            feeds,
            CallStyle.SINGLE if self.graph.input_form is Form.ONE else CallStyle(self.graph.input_form),
            layer_counts(self.graph, self.facts.of(self.graph), own),
            tuple(f"{part.name}(model)" for part in self.written.cuts),
        )
        return Job(staged, shown, self.destination.search, (subject,))

    def explain(self, verdicts: tuple[Verdict, ...], interpreter: str, text: str) -> tuple[Verdict, ...]:
        """The verdicts with the place in the spec that an error comes from.

        Only the functional style has a statement for each call, so another style that fails is tried in that one.
        """
        if all(verdict.ok for verdict in verdicts):
            return verdicts
        from kscaffold.kinds.blame import blame

        plain = None if self.style is Style.FUNCTIONAL else replace(self, style=Style.FUNCTIONAL)
        return blame(verdicts, text, self.module()[1], plain, interpreter)

    def summary(self, verdicts: tuple[Verdict, ...]) -> tuple[SummaryRow, ...]:
        """The layers as Keras called them, else the calls of the graph as far as they are known."""
        called = tuple(called_row(layer) for verdict in verdicts for layer in verdict.layers)
        if called:
            return called
        from kscaffold.source.picture import step_title

        return tuple(
            SummaryRow(
                step_title(self.graph, item.step), "" if item.shape is None else show_shape(item.shape), item.parameters
            )
            for item in self.facts.of(self.graph).steps
        )
