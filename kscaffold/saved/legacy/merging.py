"""`Merge` of Keras 1: a layer for each of its modes, and a graph where it merged whole models."""

import copy
from collections.abc import Mapping
from typing import Any

from kscaffold.base.naming import unique
from kscaffold.saved.legacy.frames import is_model
from kscaffold.saved.names import own_name

MODES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "concat": "Concatenate", "max": "Maximum"}
DOTS = ("dot", "cos")
OF_INPUTS = ("batch_input_shape", "input_dtype")


def without_merged_branches(entry: dict[str, Any]) -> dict[str, Any]:
    """A model in which a chain that begins with a `Merge` of whole models is a graph."""
    config = entry["config"]
    if isinstance(config, list):
        config = {"name": entry.get("name") or "sequential", "layers": config}
    layers = config.get("layers")
    if not isinstance(layers, list):
        return entry
    layers = [without_merged_branches(layer) if _is_model(layer) else layer for layer in layers]
    first = config["layers"][0] if config["layers"] else {}
    inner = first.get("config") if isinstance(first, dict) and first.get("class_name") == "Merge" else None
    branches = inner.get("layers") if isinstance(inner, dict) else None
    if entry.get("class_name") != "Sequential" or not isinstance(branches, list):
        return {**entry, "config": {**config, "layers": layers}}
    return _graph(config, layers, [without_merged_branches(branch) for branch in branches])


def merged(entry: dict[str, Any]) -> dict[str, Any]:
    """The layer that a `Merge` is by its mode; one whose mode is a function stays as it is, and becomes a stub."""
    config = entry["config"]
    mode, given = config.get("mode"), {key: config[key] for key in ("name", "trainable") if key in config}
    if mode in MODES:
        axis = {"axis": config.get("concat_axis", -1)} if mode == "concat" else {}
        return {**entry, "class_name": MODES[mode], "config": {**given, **axis}}
    if mode in DOTS:
        axes = config.get("dot_axes", -1)
        axes = axes[0] if isinstance(axes, list) and len(axes) == 1 else axes
        return {**entry, "class_name": "Dot", "config": {**given, "axes": axes, "normalize": mode == "cos"}}
    return entry


def _is_model(entry: Any) -> bool:
    if not isinstance(entry, dict) or entry.get("class_name") == "Merge":
        return False
    return isinstance(entry.get("config"), list) or is_model(entry)


def _graph(config: Mapping[str, Any], layers: list[dict[str, Any]], branches: list[dict[str, Any]]) -> dict[str, Any]:
    """A functional model for a chain whose first layer merges the ends of other models."""
    entries: list[dict[str, Any]] = []
    taken: set[str] = set()

    def added(entry: Mapping[str, Any], *sources: str) -> str:
        given = copy.deepcopy(dict(entry))
        name = unique(own_name(given), taken)
        taken.add(name)
        given["config"] = {**given["config"], "name": name} if isinstance(given["config"], dict) else given["config"]
        nodes = [[[source, 0, 0, {}] for source in sources]] if sources else []
        entries.append({**given, "name": name, "inbound_nodes": nodes})
        return name

    inputs, ends = [], []
    for number, branch in enumerate(branches, 1):
        chain = branch["config"]["layers"] if isinstance(branch["config"], dict) else branch["config"]
        first = chain[0]["config"]
        shape, dtype = first.get("batch_input_shape"), first.get("input_dtype") or first.get("dtype") or "float32"
        given = {"name": f"input_{number}", "batch_input_shape": shape, "dtype": dtype}
        source = added({"class_name": "InputLayer", "config": given})
        inputs.append([source, 0, 0])
        for layer in chain:
            inner = {key: value for key, value in layer["config"].items() if key not in OF_INPUTS}
            source = added({**layer, "config": inner}, source)
        ends.append(source)
    end = ends
    for layer in layers:
        end = [added(layer, *end)]
    name, outputs = config.get("name", "model"), [[end[0], 0, 0]]
    made = {"name": name, "layers": entries, "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Model", "config": made}
