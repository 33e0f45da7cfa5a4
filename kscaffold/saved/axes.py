"""Axes that are the last: layers work along them by themselves, so nobody writes `axis=3` for images."""

from collections.abc import Sequence
from dataclasses import replace

from kscaffold.keras_data import catalogue
from kscaffold.probe.names import ALONG_AN_AXIS
from kscaffold.program.tree import Listing, Object, Plain, Ref, Tree
from kscaffold.saved.value import Call, SavedLayer, SavedModel

RANKS = {"1D": 3, "2D": 4, "3D": 5}  # of what layers give whose names end so
OPERATORS = ("+", "-", "*", "/", "**")


def without_last_axes(model: SavedModel) -> SavedModel:
    """A model whose layers do not name the last axis, where it is known how many axes their inputs have."""
    taken: dict[int, set[int]] = {}
    for call, (given, _) in zip(model.calls, _ranks(model)):
        taken.setdefault(call.layer, set()).add(given)
    layers = tuple(_without_axis(layer, taken.get(number, set())) for number, layer in enumerate(model.layers))
    return replace(model, layers=layers)


def _ranks(model: SavedModel) -> list[tuple[int, int]]:
    """How many axes each call takes and gives; 0 where that is not known."""
    inner = [
        _output_rank(layer.model) if layer.model else 0 for layer in model.layers
    ]  # once, however often it is called
    ranks: list[tuple[int, int]] = []
    for call in model.calls:
        taken = max((_rank(model, ranks, tree) for tree in call.args), default=0)
        layer = model.layer_of(call)
        ranks.append((taken, inner[call.layer] if layer and layer.model else _given_rank(layer, call, taken)))
    return ranks


def _output_rank(model: SavedModel) -> int:
    """How many axes the output of a model has; 0 if that is not known, or there are several."""
    return _rank(model, _ranks(model), model.output_tree)


def _rank(model: SavedModel, ranks: Sequence[tuple[int, int]], tree: Tree) -> int:
    """How many axes a value has; of a list, what all in it have; 0 if that is not known."""
    if isinstance(tree, Ref) and tree.source < 0:
        place = -1 - tree.source
        return len(model.inputs[place].shape) if place < len(model.inputs) else 0
    if isinstance(tree, Ref):
        return 0 if tree.path else ranks[tree.source][1]
    if isinstance(tree, Listing):
        found = {_rank(model, ranks, item) for item in tree.items}
        return found.pop() if len(found) == 1 else 0
    return 0


def _given_rank(layer: SavedLayer | None, call: Call, taken: int) -> int:
    """How many axes a call gives that takes so many; 0 if that is not known."""
    if layer is None:
        return taken if call.function in OPERATORS else 0
    name = layer.made.class_name
    if not layer.made.target.startswith("layers.") or name.startswith("Global"):
        return 0
    if name[-2:] in RANKS:
        return RANKS[name[-2:]]
    signature = catalogue.find_class(name)
    is_kept = signature.keeps_shape or signature.merges or name in ("Dense", "Concatenate")
    return taken if is_kept and name != "Dot" else 2 if name == "Flatten" else 0


def _without_axis(layer: SavedLayer, taken: set[int]) -> SavedLayer:
    given = dict(layer.made.keywords)
    is_last = len(taken) == 1 and given.get("axis") == Plain(max(taken) - 1) and max(taken) > 1
    if not is_last or layer.made.class_name not in ALONG_AN_AXIS or not layer.made.target.startswith("layers."):
        return layer
    keywords = tuple(pair for pair in layer.made.keywords if pair[0] != "axis")
    made: Object = replace(layer.made, keywords=keywords, positional=0)
    return replace(layer, made=made)
