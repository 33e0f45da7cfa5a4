"""A saved model as a value: its layers, and its calls in an order in which each has what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from kscaffold.program.tree import Object, Ref, Tree, refs


class CallKind(StrEnum):
    """What is called."""

    LAYER = "layer"
    OPERATION = "operation"
    MODEL = "model"


@dataclass(frozen=True)
class SavedInput:
    """An input of a model.

    Attributes:
        name: Its name as saved.
        shape: Its shape with the batch axis.
        dtype: The type of its numbers.
        generated: Whether Keras made up the name.
        options: Further arguments: sparse, ragged, optional.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    generated: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedLayer:
    """A layer, or a model that is called like one.

    Attributes:
        name: Its name as saved.
        made: What makes it; for a model, what its function is given.
        generated: Whether Keras made up the name, so that nobody depends on it.
        model: The model, if it is one.
        calls: How often it is called.
        words: For a layer that learned words or whole numbers, those; empty if they are not known, or too many.
    """

    name: str
    made: Object
    generated: bool
    model: SavedModel | None = None
    calls: int = 0
    words: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Call:
    """A call of a layer, a model or an operation.

    Attributes:
        kind: What is called.
        layer: The number of the layer or model; -1 for an operation.
        function: For an operation, its function: `ops.mean`, or an operator: `+`, `[]`.
        args: Its positional arguments.
        kwargs: Its keyword arguments.
        outputs: Where its values are in what it gives; `((),)` for a single one, none where that is not known.
        name: For an operation, its name where somebody chose it.
    """

    kind: CallKind
    layer: int
    function: str
    args: tuple[Tree, ...]
    kwargs: tuple[tuple[str, Tree], ...] = ()
    outputs: tuple[tuple[int | str, ...], ...] = ((),)


@dataclass(frozen=True)
class Stub:
    """A class or function that the file names but does not hold.

    Attributes:
        name: Its name in the generated code.
        kind: `layer`, `function` or the kind of object that it is.
        origin: What the file calls it.
        arguments: The arguments that it is given, by name.
        config: Its config as saved, shortened where it holds code.
        why: What is missing, in words.
    """

    name: str
    kind: str
    origin: str
    arguments: tuple[str, ...]
    config: str
    why: str


@dataclass(frozen=True)
class SavedModel:
    """A model as its file describes it.

    Attributes:
        name: Its name as saved.
        generated: Whether Keras made up the name.
        sequential: Whether it is a `Sequential`.
        inputs: Its inputs.
        layers: Its layers and models.
        calls: What is called, each behind those that it needs.
        input_tree: How inputs are given: one, a list, a dictionary.
        output_tree: How outputs are given.
        frozen: Whether the model itself says that nothing in it is trained.
        build_shape: For a `Sequential` without an input, the shape that it is built for.
    """

    name: str
    generated: bool
    sequential: bool
    inputs: tuple[SavedInput, ...]
    layers: tuple[SavedLayer, ...]
    calls: tuple[Call, ...]
    input_tree: Tree
    output_tree: Tree
    frozen: bool = False
    build_shape: tuple[int | None, ...] | None = None

    def layer_of(self, call: Call) -> SavedLayer | None:
        """The layer or model that a call calls, `None` for an operation."""
        return self.layers[call.layer] if call.layer >= 0 else None


@dataclass(frozen=True)
class SavedFile:
    """What a file says.

    Attributes:
        model: The model.
        stubs: What the file names but does not hold.
        customs: The custom classes that it uses: module and name.
        kind: `keras`, `folder`, `h5` or `json`.
        notes: What the user should know.
    """

    model: SavedModel
    kind: str
    stubs: tuple[Stub, ...] = ()
    customs: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())


def as_functional(model: SavedModel) -> SavedModel:
    """A model that is no `Sequential`: its input is said, as far as the file tells its shape."""
    inputs = model.inputs or (SavedInput("input_layer", model.build_shape or (), "float32", True),)
    return replace(model, sequential=False, inputs=inputs, build_shape=None)


def every_model(model: SavedModel) -> Iterator[SavedModel]:
    """The models inside a model, each behind those that it needs, then the model itself."""
    for layer in model.layers:
        if layer.model:
            yield from every_model(layer.model)
    yield model


def uses_of(model: SavedModel) -> dict[Ref, int]:
    """How often each value is used."""
    uses: dict[Ref, int] = {}
    for call in model.calls:
        for tree in (*call.args, *(value for _, value in call.kwargs)):
            for ref in refs(tree):
                uses[ref] = uses.get(ref, 0) + 1
    for ref in refs(model.output_tree):
        uses[ref] = uses.get(ref, 0) + 1
    return uses


def layer_order(model: SavedModel, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The layers in the order in which source calls them first, each by the names of the models that it is in."""
    done: set[int] = set()
    for call in model.calls:
        if call.kind is CallKind.OPERATION or call.layer in done:
            continue
        done.add(call.layer)
        layer = model.layers[call.layer]
        if layer.model:
            yield from layer_order(layer.model, (*before, layer.name))
        else:
            yield (*before, layer.name)
