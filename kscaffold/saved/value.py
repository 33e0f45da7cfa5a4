"""A saved model as a value: its layers, and its calls in an order in which each has what it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from kscaffold.program.tree import Listing, Object, Ref, Table, Tree, refs, walk
from kscaffold.saved.legacy import Modern

Paths: TypeAlias = tuple[tuple[int | str, ...], ...]


@dataclass(frozen=True)
class SavedInput:
    """An input of a model, its shape with the batch axis.

    Attributes:
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
        made: What makes it; for a model, what its function is given.
        generated: Whether Keras made up the name, so that nobody depends on it.
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
        layer: The number of the layer or model; -1 for an operation.
        outputs: Where its values are in what it gives; `((),)` for a single one, none where that is not known.
        function: For an operation, its function: `ops.mean`, or an operator: `+`, `[]`.
    """

    layer: int
    args: tuple[Tree, ...]
    kwargs: tuple[tuple[str, Tree], ...] = ()
    outputs: Paths = ((),)
    function: str = ""


@dataclass(frozen=True)
class Stub:
    """A class or function that the file names but does not hold.

    Attributes:
        kind: `layer`, `function`, `objective` (a loss or a metric) or the kind of object that it is.
        origin: What the file calls it.
        config: Its config as saved, shortened where it holds code.
        why: What is missing, in words.
        source: Where the file says that it comes from, as `package.module:Name`; empty where it does not.
        told: What it computes, as far as its bytecode tells: source to be read, which nothing executes.
    """

    name: str
    kind: str
    origin: str
    arguments: tuple[str, ...]
    config: str
    why: str
    told: str = ""
    source: str = ""


@dataclass(frozen=True)
class SavedModel:
    """A model as its file describes it.

    Attributes:
        generated: Whether Keras made up the name.
        calls: What is called, each behind those that it needs.
        input_tree: How inputs are given: one, a list, a dictionary.
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
class Compiled:
    """What a model was compiled with.

    Attributes:
        keywords: The arguments of `compile`.
        config: The same as Keras 3 saves it.
        stubs: What the file names in them but does not hold.
        customs: The custom classes and functions in them: name and module.
        notes: What could not be kept.
    """

    keywords: tuple[tuple[str, Tree], ...]
    config: Mapping[str, Any]
    stubs: tuple[Stub, ...] = ()
    customs: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedFile:
    """What a file says.

    Attributes:
        kind: `keras`, `folder`, `h5` or `json`.
        customs: The custom classes that it uses: module and name.
        notes: What the user should know.
        compiled: What it was compiled with, if the file says that.
        modern: The config that it was read from, where an older Keras wrote the file.
    """

    model: SavedModel
    kind: str
    stubs: tuple[Stub, ...] = ()
    customs: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    modern: Modern | None = None
    compiled: Compiled | None = None


def as_functional(model: SavedModel) -> SavedModel:
    """A model that is no `Sequential`: its input is said, as far as the file tells its shape."""
    inputs = model.inputs or (SavedInput("input_layer", model.build_shape or (), "float32", True),)
    return replace(model, sequential=False, inputs=inputs, build_shape=None)


def embedded(tree: Tree) -> Iterator[SavedModel]:
    """The models in what makes a layer, such as the one that a `TimeDistributed` is given."""
    found: list[Any] = [part for made in walk(tree) if isinstance(made, Object) for _, part in made.keywords]
    return (part for part in found if isinstance(part, SavedModel))


def every_model(model: SavedModel) -> Iterator[SavedModel]:
    """The models inside a model and its layers, each once and behind those that it needs, then the model itself."""
    seen: set[int] = set()

    def visit(part: SavedModel) -> Iterator[SavedModel]:
        if id(part) not in seen:
            seen.add(id(part))
            for layer in part.layers:
                for inner in (layer.model, *embedded(layer.made)):
                    yield from visit(inner) if inner else ()
            yield part

    return visit(model)


def uses_of(model: SavedModel) -> Counter[Ref]:
    """How often each value is used."""
    trees = [tree for call in model.calls for tree in (*call.args, *(value for _, value in call.kwargs))]
    return Counter(ref for tree in (*trees, model.output_tree) for ref in refs(tree))


def layer_order(model: SavedModel, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The layers in the order in which source calls them first, each by the names of the models that it is in."""
    for number in dict.fromkeys(call.layer for call in model.calls if call.layer >= 0):
        layer = model.layers[number]
        path = (*before, layer.name)
        yield from layer_order(layer.model, path) if layer.model else [path]


def items_of(tree: Tree) -> Iterator[Tree]:
    """The parts of inputs or outputs."""
    if isinstance(tree, Table):
        return (item for _, item in tree.items)
    return iter(tree.items if isinstance(tree, Listing) else [tree])


def keys_of(tree: Tree) -> list[str]:
    """The keys of a dictionary; none of anything else."""
    return [key for key, _ in tree.items] if isinstance(tree, Table) else []


def form_of(tree: Tree) -> str | None:
    """How inputs or outputs come, where their number does not say it."""
    if isinstance(tree, Table):
        return "dict"
    return "list" if isinstance(tree, Listing) and len(tree.items) == 1 else None
