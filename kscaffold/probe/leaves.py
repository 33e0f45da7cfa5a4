"""The layers inside a subclassed model against those of the saved model that it was made from, one by one."""

import tempfile
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import keras

from .configs import first_difference, is_model_config, renamed, saved_config, scope_names
from .subject import Subject


def own_leaves(layer: Any, module: ModuleType) -> Iterator[Any]:
    """The layers inside a model that no class of the user's module holds, in the order in which they were made."""
    seen: set[int] = set()

    def visit(part: Any) -> Iterator[Any]:
        for inner in part._layers:
            if id(inner) in seen:
                continue
            seen.add(id(inner))
            if type(inner).__module__ == module.__name__:
                yield from visit(inner)
            else:
                yield inner

    return visit(layer)


def saved_leaves(reference: Any, order: tuple[tuple[str, ...], ...]) -> Iterator[Any]:
    """The layers of a saved model in the order in which source calls them, each by the models that it is in."""
    for path in order:
        layer = reference
        for name in path:
            layer = layer.get_layer(name)
        yield layer


def give_state(own: list[Any], saved: list[Any]) -> str | None:
    """Gives layers the weights and vocabularies of saved ones; what is wrong if they do not fit."""
    for layer, other in zip(own, saved, strict=True):
        shapes, wanted = ([tuple(one.shape) for one in part.variables] for part in (layer, other))
        if shapes != wanted:
            return f"the weights of the {type(other).__name__} {other.name!r} have the shapes {shapes}, saved {wanted}"
        for one, two in zip(layer.variables, other.variables, strict=True):
            one.assign(two)
        pair = ([one for one in part._flatten_layers() if hasattr(one, "finalize_state")] for part in (layer, other))
        for one, two in zip(*pair, strict=True):
            give_words(one, two)
            one.finalize_state()
    return None


def give_words(layer: Any, other: Any) -> None:
    """Gives a lookup layer the words that another one learned, unless the source has them."""
    if not hasattr(layer, "load_assets") or getattr(layer, "input_vocabulary", None) is not None:
        return
    if layer.vocabulary_size() != other.vocabulary_size():
        with tempfile.TemporaryDirectory() as folder:
            other.save_assets(folder)
            layer.load_assets(folder)


def input_shapes(reference: Any) -> Any:
    """The shapes of the inputs of a saved model, in the form in which it takes them."""
    structure = getattr(reference, "_inputs_struct", None)
    tensors = reference.inputs if structure is None else structure
    if structure is None and len(tensors) == 1:
        (tensors,) = tensors
    return keras.tree.map_structure(lambda tensor: tuple(tensor.shape), tensors)


def leaf_config(layer: Any, module: ModuleType, name: str) -> Any:
    """The config of a layer under another name; models in it, which classes of the module stand for, are left out."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            is_model = is_model_config(value.get("config")) or value.get("module") == module.__name__
            return "a model" if is_model else {key: plain(part) for key, part in value.items()}
        return [plain(part) for part in value] if isinstance(value, list) else value

    config = plain(saved_config(layer))
    config = renamed(config, scope_names([config], True), True)
    config["config"]["name"] = name
    return config


def match_leaves(subject: Subject, model: Any, reference: Any, order: tuple[tuple[str, ...], ...]) -> str | None:
    """How the layers in a model differ from those of the saved one, in words; gives them the saved weights if not."""
    own, leaves = list(own_leaves(model, subject.module)), list(saved_leaves(reference, order))
    if len(own) != len(leaves):
        return f"it has {len(own)} layers, the saved model {len(leaves)}"

    def different() -> Iterator[str]:
        for layer, other in zip(own, leaves, strict=True):
            configs = (leaf_config(one, subject.module, other.name) for one in (other, layer))
            if found := first_difference(*configs):
                yield found

    try:
        if reference.built and not model.built:
            model.build(input_shapes(reference))
    except Exception:
        if found := next(different(), None):
            return found
        raise
    return next(different(), None) or (give_state(own, leaves) if reference.built else None)
