"""Masks, and `training`, that Keras passes on by itself: they stand in a config, and in no source."""

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence

from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Plain, Ref, Tree, refs
from kscaffold.saved.entries import Entry, is_operation

Node = tuple[int, int]  # the number of a layer, and which of its calls
Arguments = tuple[list[Tree], dict[str, Tree]]


def node_of(ref: Ref) -> Node:
    """The call that gives a value."""
    return ref.source, int(ref.path[0])


def needed(trees: Iterable[Tree]) -> list[Node]:
    """The calls that give the values in trees, in order."""
    return [node_of(ref) for tree in trees for ref in refs(tree) if ref.source >= 0]


def nobody_wrote(kind: str, args: list[Tree], kwargs: Mapping[str, Tree]) -> bool:
    """Whether what was recorded with a call of a layer of Keras is all that Keras passes on by itself.

    Keras records that with a call that names no argument, and then all of it: a mask without `training`, or
    `training` without a mask where the layer takes one, was written.
    """
    usual = catalogue.usual_training(kind)
    if usual is None or len(args) != 1 or kwargs.get("training") != Plain(usual):
        return False
    return kwargs.keys() == {"training", "mask"} & {*catalogue.find_class(kind).call}


def without_masks(nodes: MutableMapping[Node, Arguments], entries: Sequence[Entry], written: Collection[Node]) -> None:
    """Takes the masks out that come from an embedding or a masking layer.

    Those that the user computes stay, and those in calls that somebody has `written` with a mask.
    """
    masked = _behind(nodes, {number for number, entry in enumerate(entries) if _makes_masks(entry)})
    passed = {node for node in nodes if node[0] in masked and node not in written}
    users: dict[Node, set[tuple[Node, bool]]] = {}
    for node, (args, kwargs) in nodes.items():
        for key, tree in (*(("", arg) for arg in args), *kwargs.items()):
            for other in needed([tree]):
                users.setdefault(other, set()).add((node, key == "mask"))
    # Operations that serve for masks alone: their users take them as `mask`, or are such operations themselves.
    computed = {node for node in users if is_operation(entries[node[0]])}
    only: set[Node] = set()
    while found := {
        node for node in computed - only if all((mask and user in passed) or user in only for user, mask in users[node])
    }:
        only |= found
    for node in passed:
        made = needed([nodes[node][1].get("mask", Plain(None))])
        if made and only.issuperset(made):
            del nodes[node][1]["mask"]


def _makes_masks(entry: Entry) -> bool:
    config, name = entry.get("config"), entry.get("class_name")
    if not isinstance(config, dict):
        return False
    if name in catalogue.MODEL_CLASSES:
        return any(map(_makes_masks, config.get("layers", ())))
    return name == "Masking" or (name == "Embedding" and bool(config.get("mask_zero")))


def _behind(nodes: Mapping[Node, Arguments], sources: set[int]) -> set[int]:
    """The layers that take, over any number of calls, what comes out of some of the layers."""
    takes = {(node[0], other) for node, (args, kw) in nodes.items() for other, _ in needed([*args, *kw.values()])}
    behind = set(sources)
    while found := {number for number, other in takes if other in behind} - behind:
        behind |= found
    return behind
