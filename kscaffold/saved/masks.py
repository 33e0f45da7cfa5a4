"""Masks, and `training`, that Keras passes on by itself: they stand in a config, and in no source."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping
from typing import Any

from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Plain, Tree, refs

Node = tuple[int, int]
Arguments = tuple[list[Tree], dict[str, Tree]]


def nobody_wrote(kind: str, args: list[Tree], kwargs: Mapping[str, Tree]) -> frozenset[str]:
    """The arguments of a call of a layer of Keras that were recorded though the call was written without them.

    Keras records what it passes on by itself with a call that names no argument, and then all of it: a mask without
    `training`, or `training` without a mask where the layer takes one, was written.

    Args:
        kind: The class of the layer.
        args: What was recorded by place.
        kwargs: What was recorded by name.
    """
    usual = catalogue.usual_training(kind)
    if usual is None or len(args) != 1 or kwargs.get("training") != Plain(usual):
        return frozenset()
    taken = frozenset({"training", "mask"} & {*catalogue.find_class(kind).call})
    return taken if kwargs.keys() == taken else frozenset()


def without_masks(
    nodes: MutableMapping[Node, Arguments], entries: Mapping[int, Mapping[str, Any]], written: Collection[Node]
) -> None:
    """Takes the masks out that come from an embedding or a masking layer; those that the user computes stay.

    Args:
        nodes: The arguments of each call, by the number of the layer and of its call.
        entries: The config of each layer by its number.
        written: The calls that somebody wrote with a mask.
    """
    sources = {number for number, entry in entries.items() if _makes_masks(entry)}
    if not sources:
        return
    masked = _behind(nodes, sources)
    computed = {node for node in nodes if ".ops." in str(entries[node[0]].get("module"))}
    users: dict[Node, set[tuple[Node, str]]] = {}
    for node, (args, kwargs) in nodes.items():
        for key, tree in (*(("", arg) for arg in args), *kwargs.items()):
            for ref in refs(tree):
                if ref.source >= 0:
                    users.setdefault((ref.source, int(ref.path[0])), set()).add((node, key))
    # Calls that serve for masks alone: their users take them as `mask`, or are such calls themselves.
    only: set[Node] = set()
    growing = True
    while growing:
        found = {
            node
            for node in computed - only
            if node in users
            and all(
                (key == "mask" and user[0] in masked and user not in written) or user in only
                for user, key in users[node]
            )
        }
        only |= found
        growing = bool(found)
    for node, (_, kwargs) in nodes.items():
        mask = kwargs.get("mask")
        if mask is not None and node[0] in masked and node not in written:
            made = [(ref.source, int(ref.path[0])) for ref in refs(mask) if ref.source >= 0]
            if made and all(one in only for one in made):
                del kwargs["mask"]


def _makes_masks(entry: Mapping[str, Any]) -> bool:
    config = entry.get("config")
    if not isinstance(config, dict):
        return False
    name = entry.get("class_name")
    if name in catalogue.MODEL_CLASSES:
        return any(_makes_masks(layer) for layer in config.get("layers", ()))
    return name == "Masking" or (name == "Embedding" and bool(config.get("mask_zero")))


def _behind(nodes: Mapping[Node, Arguments], sources: set[int]) -> set[int]:
    """The layers that take, over any number of calls, what comes out of some of the layers."""
    behind = set(sources)
    growing = True
    while growing:
        before = len(behind)
        for (number, _), (args, kwargs) in nodes.items():
            if any(ref.source in behind for tree in (*args, *kwargs.values()) for ref in refs(tree)):
                behind.add(number)
        growing = len(behind) > before
    return behind
