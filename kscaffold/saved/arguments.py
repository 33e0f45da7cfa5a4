"""The arguments of a layer of Keras as a person writes them: what is as usual, or follows from others, is left out."""

import re
from collections.abc import Mapping
from typing import Any

from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Plain, Tree
from kscaffold.program.usual import Read, uniform, written
from kscaffold.saved.names import BASE_KEYS, LEFT_OUT, unknown_argument

# Arguments that are written without their names though they have a default.
PLACED = ("pool_size", "target_shape", "padding", "size", "l2", "l1", "value")


def unusual(name: str, config: Mapping[str, Any], read: Read, query_rank: int) -> tuple[tuple[str, Tree], ...]:
    """The arguments of a layer of Keras that are not as usual; `query_rank` is 0 where that is not known."""
    parameters, defaults = catalogue.find_class(name).parameters, catalogue.default_config(name) or {}
    found: dict[str, Tree] = {}
    for key in dict.fromkeys((*parameters, *config)):
        if key not in config or key in BASE_KEYS or key in LEFT_OUT:
            continue
        if key not in parameters and key not in defaults and key != "activity_regularizer":
            if config[key] is None:
                continue
            raise unknown_argument(str(config.get("name", name)), key, config[key], name)
        usual = (defaults[key],) if key in defaults else parameters.get(key, (None,))
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
    if name == "MultiHeadAttention" and key == "value_dim":
        return bool(config["value_dim"] == config.get("key_dim"))
    if name == "MultiHeadAttention" and key == "attention_axes":
        # All between the first and the last, as attention does by itself.
        known = ([1], [1, 2], [1, 2, 3]) if query_rank == 0 else ([*range(1, query_rank - 1)],)
        return config[key] in known
    if name == "Discretization" and key == "num_bins":
        return config.get("bin_boundaries") is not None  # what adapt() found with it
    if name == "Bidirectional" and key == "backward_layer":
        return _is_mirrored(config["layer"], config["backward_layer"])
    return False


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
