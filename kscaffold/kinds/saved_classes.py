"""Source for a saved model in the subclassed style."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.errors import RequestError
from kscaffold.kinds.destination import Destination
from kscaffold.kinds.made_inputs import call_style, keyed_inputs
from kscaffold.kinds.model import part_package
from kscaffold.kinds.saved import SavedFlags, SavedScaffold
from kscaffold.program.model import (
    SavedFile,
    SavedInput,
    SavedLayer,
    SavedModel,
    as_functional,
    every_model,
    layer_order,
)
from kscaffold.program.passes.lift import can_be_lifted
from kscaffold.program.passes.search import factor
from kscaffold.program.value import Program, flat_program
from kscaffold.source.classes import Module
from kscaffold.source.members import class_parts
from kscaffold.source.parts import Function
from kscaffold.source.subclassed import ClassPart

if TYPE_CHECKING:
    from kscaffold.check import Feed, Job

CLASSES = "style/subclassed.py.jinja"


def describe_classes(destination: Destination, file: SavedFile, flags: SavedFlags) -> ClassScaffold:
    """Source in the subclassed style.

    Raises:
        RequestError: The model has something that a class cannot hold.
    """
    for model in every_model(file.model):
        for call in model.calls:
            layer = model.layer_of(call)
            if layer and layer.model and "mask" in dict(call.kwargs):
                raise RequestError(
                    f"A class is given no mask, which the model {layer.name!r} is called with.",
                    hint="Leave out --style subclassed.",
                    where=flags.file,
                )
    scaffold = ClassScaffold(destination, replace(file, model=without_sequential(file.model)), flags)
    assert scaffold.classes
    return scaffold


def without_sequential(model: SavedModel) -> SavedModel:
    """A model in which every `Sequential` says by its calls what it does."""
    layers = tuple(with_functional(layer) for layer in model.layers)
    return replace(as_functional(model), layers=layers)


def with_functional(layer: SavedLayer) -> SavedLayer:
    """A layer, which if it is a model is no `Sequential`."""
    return replace(layer, model=without_sequential(layer.model)) if layer.model else layer


def can_be_fed(item: SavedInput) -> bool:
    """Whether rules know what an input takes: numbers, of any batch size, and images of a size that is fixed."""
    plain = bool(item.shape) and item.shape[0] is None and not item.options and item.dtype != "string"
    return plain and (len(item.shape) < 4 or None not in item.shape[1:])


@dataclass(frozen=True)
class ClassScaffold(SavedScaffold):
    """A module with classes for a saved model; see `kscaffold.kinds.pipeline.Scaffold`."""

    @property
    def made(self) -> str:
        """The class of the model."""
        return self.destination.name.class_name

    @cached_property
    def program(self) -> Program:
        """The functions that become classes."""
        flat = flat_program(self.file, self.destination.name.module)
        if self.flags.flat:
            return flat
        # Layers are made before there is a value that could tell sizes.
        factored = factor(flat, reads_shapes=False)
        return factored if can_be_lifted(factored) else flat

    @cached_property
    def classes(self) -> tuple[tuple[Function, ...], tuple[ClassPart, ...]]:
        """The functions and the classes of the module."""
        return class_parts(Module(self.program, self.made))

    @property
    def builds(self) -> bool:
        """A class has its weights once it is called."""
        return True

    @property
    def template_file(self) -> str:
        """The template that the module is rendered from."""
        return CLASSES

    @property
    def names(self) -> set[str]:
        """The classes and functions that the module defines."""
        functions, classes = self.classes
        return {function.name for function in functions} | {part.name for part in classes}

    def text(self) -> str:
        """The text of the module, before formatting."""
        from kscaffold.library import render

        functions, classes = self.classes
        imports = self.imports()
        context = {
            **imports,
            "uses_layers": "layers" in imports["modules"] or any(part.base == "layers.Layer" for part in classes),
            "title": f"{self.made}: a subclassed Keras model.",
            "own_classes": self.stubs,
            "functions": functions,
            "parts": classes,
            "package": self.destination.settings.package,
            "part_package": part_package(self.destination),
        }
        return render.render_graph(CLASSES, self.destination.catalogue.roots_of(CLASSES), context)[0]

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked."""
        job = super().job(staged, shown)
        if not job.subjects or job.subjects[0].saved is None:
            return job
        saved = replace(job.subjects[0].saved, config="leaves", order=tuple(layer_order(self.file.model)))
        feeds, call = self.feeds
        return replace(job, subjects=(replace(job.subjects[0], saved=saved, feeds=feeds, call=call),))

    @property
    def feeds(self) -> tuple[tuple[Feed, ...], str]:
        """What the rules for classes feed to the model, and how; nothing where they cannot make such inputs."""
        from kscaffold.check import Feed

        model = self.file.model
        items = keyed_inputs(model)
        if len(items) != len(model.inputs) or not all(map(can_be_fed, model.inputs)):
            return (), "single"
        feeds = tuple(Feed(shape, dtype, below, key) for key, (shape, dtype, below) in items)
        return feeds, call_style(model)
