"""A model with a training objective of its own, from a template with a page of its own, and its test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.choices import Style
from kscaffold.base.errors import RequestError, unknown
from kscaffold.base.naming import ModuleName
from kscaffold.base.place import Place, located
from kscaffold.kinds.destination import Destination
from kscaffold.kinds.layer import FILTERS, read_layer_manifest
from kscaffold.kinds.model_spec import ModelFlags
from kscaffold.kinds.scaffold import Scaffold, SummaryRow, called_row
from kscaffold.library.templates import Template
from kscaffold.source.layer import methods
from kscaffold.spec.layer.argument import parse_argument
from kscaffold.spec.layer.describe import LayerFlags, describe_layer
from kscaffold.spec.layer.manifest import LayerManifest
from kscaffold.spec.layer.spec import LayerSpec
from kscaffold.spec.shapes.shape import evaluate

if TYPE_CHECKING:
    from kscaffold.check import Job, Verdict
    from kscaffold.library.render import Draft

TRAINING_TEST = "test/training_model.py.jinja"
SHAPE = "image_shape"  # the argument that says what the shape of the inputs is, where a template has it


def describe_training_model(
    destination: Destination, template: Template, flags: ModelFlags, settings: Mapping[str, str]
) -> TrainingModelScaffold:
    """The model that a template and `--set` describe; refuses what only a graph can be."""
    refuse_what_needs_a_graph(template, flags)
    package = destination.settings.package
    spec = read_training_model(template, destination.name, package, settings)
    return TrainingModelScaffold(destination, template.full_name, spec, template)


def refuse_what_needs_a_graph(template: Template, flags: ModelFlags) -> None:
    """Refuses a style, and options, that are for a model made of a graph alone."""
    written = flags.style or (flags.default_style if flags.default_style is not Style.SUBCLASSED else None)
    reason = f"{template.full_name} says itself how it is trained, in a method"
    if written not in (None, Style.SUBCLASSED):
        hint = "Leave out --style." if flags.style else f"Write kscaffold model NAME -t {template.name}."
        where = "--style" if flags.style else "--template"
        raise RequestError(f"{reason}: only a subclassed model can, not a {written} one.", hint=hint, where=where)
    for flag, given in (("--defer", flags.deferred), ("--diagram", flags.diagram)):
        if given:
            raise RequestError(f"{reason}, and is no graph.", hint=f"Leave out {flag}.", where=flag)


def read_training_model(template: Template, name: ModuleName, package: str, settings: Mapping[str, str]) -> LayerSpec:
    """What a template describes, with other defaults for the arguments that `--set` names."""
    manifest = read_layer_manifest(template)
    if not manifest.own_body:
        raise template.broken("the key 'output' is missing")
    arguments = {argument.name: argument for argument in manifest.arguments}
    for key, value in settings.items():
        if key not in arguments:
            raise unknown(f"{template.full_name} has no argument {key!r}.", key, arguments, "--set")
        with located(Place(f"--set {key}={value}")):
            known = arguments[key]
            arguments[key] = known.with_default(parse_argument(f"{key}={value}", known.kind))
    manifest = replace(manifest, arguments=tuple(arguments.values()))
    return describe_layer(name, package, manifest, LayerFlags(input_shapes=input_shapes(manifest)))


def input_shapes(manifest: LayerManifest) -> tuple[str, ...]:
    """The shape that an argument says the inputs have, as after `--input-shape`; none for those of the manifest."""
    for argument in manifest.arguments:
        if argument.name == SHAPE and argument.default is not None:
            sizes = evaluate(argument.default, {})
            pattern = manifest.inputs[0].pattern
            if not isinstance(sizes, tuple) or len(sizes) != len(pattern.axes) or not all(map(is_size, sizes)):
                raise RequestError(
                    f"{SHAPE} has to be {len(pattern.axes)} positive whole numbers, as in {pattern}.", where="--set"
                )
            return (",".join(map(str, sizes)),)
    return ()


def is_size(value: object) -> bool:
    """Whether a value is a positive whole number."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


@dataclass(frozen=True)
class TrainingModelScaffold(Scaffold):
    """A model that is described, and where it goes."""

    spec: LayerSpec
    source: Template

    @property
    def exports(self) -> tuple[str, ...]:
        """The class."""
        return (self.spec.name.class_name,)

    def module(self) -> tuple[Draft, Mapping[int, Place]]:
        """The module, before formatting; it comes from no spec."""
        from kscaffold.library.render import render

        return render(self.source.page, {"model": self.spec}, FILTERS), {}

    def test(self) -> Draft:
        """The test, before formatting: that of the template, if it has one."""
        from kscaffold.library.render import render

        own = self.source.test_page
        page = own or self.destination.catalogue.page(TRAINING_TEST)
        return render(page, {"model": self.spec, **self.destination.importing}, FILTERS)

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked."""
        from kscaffold.check import CallStyle, Feed, Job, Subject

        feeds = tuple(Feed(item.shape, item.dtype) for item in self.spec.inputs)
        subject = Subject(self.exports[0], methods.construct(self.spec), feeds, CallStyle(self.spec.call))
        return Job(staged, shown, self.destination.search, (subject,))

    def summary(self, verdicts: tuple[Verdict, ...]) -> tuple[SummaryRow, ...]:
        """The layers as Keras called them."""
        return tuple(called_row(layer) for verdict in verdicts for layer in verdict.layers)
