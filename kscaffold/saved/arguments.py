"""The arguments of a layer of Keras as a person writes them: what is as usual, or follows from others, is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Plain, Tree
from kscaffold.program.usual import Read, uniform, written
from kscaffold.saved.names import BASE_KEYS, LEFT_OUT

# Arguments that are written without their names though they have a default.
PLACED = ("pool_size", "target_shape", "padding", "size", "l2", "l1", "value")


def unusual(name: str, config: Mapping[str, Any], read: Read, query_rank: int) -> tuple[tuple[str, Tree], ...]:
    """The arguments of a layer of Keras that are not as usual.

    Args:
        name: The class of the layer.
        config: Its config.
        read: What a value of a config is in code.
        query_rank: For attention, how many axes the query has; 0 if that is not known.
    """
    signature = catalogue.find_class(name)
    defaults = catalogue.default_config(name)
    found: dict[str, Tree] = {}
    for key in (*signature.parameters, *(key for key in config if key not in signature.parameters)):
        if key not in config or key in BASE_KEYS or key in LEFT_OUT:
            continue
        if key not in signature.parameters and key not in (defaults or {}) and key != "activity_regularizer":
            continue  # Keras 2 saved it; Keras 3 does not take it
        usual = signature.parameters.get(key, (None,))
        if defaults is not None and key in defaults:
            usual = (defaults[key],)
        tree = written(key, config[key], read, required=not usual)
        pooled = key == "strides" and "pool_size" in config  # as large as the pool, unless somebody says otherwise
        if pooled or not usual or tree != written(key, usual[0], read):
            found[key] = tree
    return tuple((key, tree) for key, tree in found.items() if not _follows(name, key, tree, config, query_rank))


def positional(keywords: Any, signature: catalogue.Signature) -> int:
    """How many arguments are clear without their names."""
    count = 0
    for (key, _), parameter in zip(keywords, signature.parameters):
        required = not signature.parameters[parameter] or (key in PLACED and count == 0)
        if key != parameter or not required or count == 2 or key in ("num_heads", "key_dim", "equation"):
            break
        count += 1
    return count


def _follows(name: str, key: str, tree: Tree, config: Mapping[str, Any], query_rank: int) -> bool:
    """Whether Keras gives an argument that value by itself, because of the others."""
    if key == "strides" and "pool_size" in config:
        return bool(uniform(config["pool_size"]) == uniform(config["strides"]))
    if key == "data_format":
        return tree == Plain("channels_last")
    if name == "MultiHeadAttention":
        if key == "value_dim":
            return bool(config["value_dim"] == config.get("key_dim"))
        return (
            key == "attention_axes" and config[key] in ([1], [1, 2], [1, 2, 3]) and _all_axes(config[key], query_rank)
        )
    if name == "Discretization" and key == "num_bins":
        return config.get("bin_boundaries") is not None  # what adapt() found with it
    if name == "Bidirectional" and key == "backward_layer":
        return _is_mirrored(config["layer"], config["backward_layer"])
    return False


def _all_axes(axes: list[int], query_rank: int) -> bool:
    """Whether attention goes over all axes between the first and the last, as it does by itself."""
    return query_rank == 0 or axes == list(range(1, query_rank - 1))


def _is_mirrored(forward: Any, backward: Any) -> bool:
    """Whether a layer is what Bidirectional makes of the other one by itself."""
    if not isinstance(forward, dict) or not isinstance(backward, dict):
        return False
    one, other = _unshared(forward["config"]), _unshared(backward["config"])
    names = [re.sub("^(forward|backward)_", "", str(config.pop("name", ""))) for config in (one, other)]
    turned = one.pop("go_backwards", False) is not other.pop("go_backwards", False)
    return turned and names[0] == names[1] and forward["class_name"] == backward["class_name"] and one == other


def _unshared(value: Any) -> Any:
    """A config without the numbers by which files tell whether two objects are one."""
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in value.items() if key != "shared_object_id"}
    return [_unshared(item) for item in value] if isinstance(value, list) else value
