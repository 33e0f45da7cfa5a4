"""Weights out of the checkpoint in a SavedModel folder, by the graph of objects that it holds; no operation is run."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from .stored import Array, Misfit, Stored

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


@contextlib.contextmanager
def open_stored(folder: Path, names: list[str]) -> Iterator[Stored]:
    """The arrays of a SavedModel folder; `names` are those of its layers in the order in which it counts them."""
    try:
        tensorflow = importlib.import_module("tensorflow")
        messages = importlib.import_module("tensorflow.core.protobuf.trackable_object_graph_pb2")
    except ImportError as error:
        raise Misfit("only TensorFlow, which is not installed, reads the weights of a SavedModel") from error
    try:
        reader = tensorflow.train.load_checkpoint(str(folder / "variables" / "variables"))
        graph = messages.TrackableObjectGraph.FromString(reader.get_tensor(OBJECT_GRAPH))
        shapes = reader.get_variable_to_shape_map()
    except Exception as error:  # protobuf and TensorFlow have no common class for what is damaged
        raise Misfit(f"the folder has no weights that can be read: {str(error).splitlines()[0]}") from error

    def array(node: Any) -> Array | None:
        for one in node.attributes:
            if one.name == "VARIABLE_VALUE" and one.checkpoint_key in shapes:
                key = one.checkpoint_key
                return Array(one.full_name, tuple(shapes[key]), partial(reader.get_tensor, key))
        return None

    yield Stored(dict(_layers(graph.nodes, names, array)))


def _layers(nodes: Any, names: list[str], array: Any) -> Iterator[tuple[str, tuple[Array, ...]]]:
    def children(number: int) -> Mapping[str, int]:
        return {child.local_name: child.node_id for child in nodes[number].children}

    root = children(0)
    for index, name in enumerate(names):
        place = root.get(f"layer-{index}")
        own = children(place) if place is not None else {}
        listed = children(own["variables"]) if "variables" in own else {}
        found = [array(nodes[listed[key]]) for key in sorted(listed, key=int)]
        yield name, tuple(one for one in found if one is not None)
