"""What is inside of a saved model: the values that it takes and gives, and other models."""

from __future__ import annotations

from collections.abc import Iterator

from kscaffold.program.tree import Listing, Object, Table, Tree, walk
from kscaffold.saved.value import SavedModel


def items_of(tree: Tree) -> Iterator[Tree]:
    """The parts of inputs or outputs."""
    if isinstance(tree, Listing):
        yield from tree.items
    elif isinstance(tree, Table):
        yield from (item for _, item in tree.items)
    else:
        yield tree


def keys_of(tree: Tree) -> list[str]:
    """The keys of a dictionary; none of anything else."""
    return [key for key, _ in tree.items] if isinstance(tree, Table) else []


def form_of(tree: Tree) -> str | None:
    """How inputs or outputs come, where their number does not say it."""
    if isinstance(tree, Table):
        return "dict"
    return "list" if isinstance(tree, Listing) and len(tree.items) == 1 else None


def inner_models(model: SavedModel) -> Iterator[SavedModel]:
    """The models inside a model and inside its layers, each once and behind those that it needs, then itself."""
    seen: list[SavedModel] = []

    def visit(part: SavedModel) -> Iterator[SavedModel]:
        if any(part is other for other in seen):
            return
        seen.append(part)
        for layer in part.layers:
            inside = [dict(item.keywords).get("model") for item in walk(layer.made) if isinstance(item, Object)]
            for inner in (layer.model, *inside):
                if isinstance(inner, SavedModel):
                    yield from visit(inner)
        yield part

    return visit(model)
