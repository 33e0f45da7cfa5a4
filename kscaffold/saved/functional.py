"""A functional model: from its config to its calls, in an order in which a person would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kscaffold.keras_data import catalogue
from kscaffold.program.tree import Listing, Plain, Ref, Table, Tree, refs, transform
from kscaffold.saved.calls import layer_outputs, operation_call, with_path, with_paths
from kscaffold.saved.entries import asset_paths, counted, own_name, read_input, read_layer
from kscaffold.saved.masks import nobody_wrote, without_masks
from kscaffold.saved.names import Malformed
from kscaffold.saved.objects import Objects
from kscaffold.saved.value import Call, CallKind, SavedLayer, SavedModel

Node = tuple[int, int]  # the number of a layer, and which of its calls


def read_functional(objects: Objects, config: Mapping[str, Any]) -> SavedModel:
    """The model that a config with layers and their calls describes.

    Args:
        objects: Reads what layers are made with.
        config: The config.

    Raises:
        Malformed: It is none of Keras'.
    """
    return _Graph(objects, config).read()


class _Graph:
    """Reads one functional model."""

    def __init__(self, objects: Objects, config: Mapping[str, Any]) -> None:
        self.objects = objects
        self.config = config
        self.entries: dict[str, Mapping[str, Any]] = {}
        for entry in config["layers"]:
            name = str(entry.get("name") or own_name(entry))
            if name in self.entries:
                raise Malformed(f"two layers are called {name[:60]!r}")
            self.entries[name] = self._with_module(entry)
        self.numbers = {name: number for number, name in enumerate(self.entries)}
        self.paths = [f"{self.objects.prefix}{path}" for path in asset_paths(config["layers"])]
        self.inputs: list[str] = []
        self.made: dict[int, SavedLayer] = {}
        self.nodes: dict[Node, tuple[list[Tree], dict[str, Tree]]] = {}
        self.masked_by_hand: set[Node] = set()

    def _with_module(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """A layer's config, for an operation with the module that a `.h5` file leaves out."""
        name, config = str(entry["class_name"]), entry["config"]
        nodes = entry.get("inbound_nodes")
        of_keras_3 = isinstance(nodes, list) and nodes and isinstance(nodes[0], dict)
        # Some layers have a namesake among the operations: Multiply. Only layers say whether they are trained.
        if "module" in entry or not of_keras_3 or name in self.objects.customs or "trainable" in config:
            return entry
        module = catalogue.operation_module(name)
        return {**entry, "module": module} if module else entry

    def read(self) -> SavedModel:
        """The model."""
        input_tree = self.ends(self.config["input_layers"])
        output_tree = self.ends(self.config["output_layers"])
        for name, number in self.numbers.items():
            if self.is_input(name):
                continue
            nodes = self.entries[name].get("inbound_nodes", [])
            if not isinstance(nodes, list):
                raise Malformed(f"the calls of {name[:60]!r} are not a list")
            for index, node in enumerate(nodes):
                self.nodes[number, index] = self.arguments(name, index, node)
        entries = {number: self.entries[name] for name, number in self.numbers.items()}
        without_masks(self.nodes, entries, self.masked_by_hand)
        order = self.order(output_tree)
        places = {node: place for place, node in enumerate(order)}

        def placed(tree: Tree) -> Tree:
            return transform(tree, lambda part: self.place(part, places) if isinstance(part, Ref) else None)

        numbers: dict[int, int] = {}
        layers: list[SavedLayer] = []
        calls: list[Call] = []
        for node in order:
            number = node[0]
            entry = self.entries[list(self.numbers)[number]] if number not in self.made else None
            args, kwargs = self.nodes[node]
            operation = self.operation(number)
            if operation is not None:
                calls.append(
                    operation_call(operation, [placed(arg) for arg in args], {k: placed(v) for k, v in kwargs.items()})
                )
                continue
            if number not in numbers:
                assert entry is not None
                self.objects.query_rank = _query_rank(entry)
                self.made[number] = read_layer(self.objects, entry, self.paths[number])
                numbers[number] = len(layers)
                layers.append(self.made[number])
            layer = self.made[number]
            calls.append(
                Call(
                    CallKind.MODEL if layer.model else CallKind.LAYER,
                    numbers[number],
                    "",
                    tuple(placed(arg) for arg in args),
                    tuple((key, placed(value)) for key, value in kwargs.items()),
                    layer_outputs(layer, kwargs),
                )
            )
        calls = [with_paths(call, calls) for call in calls]
        name = str(self.config.get("name", "functional"))
        return SavedModel(
            name,
            catalogue.is_made_up(name, "Functional"),
            False,
            tuple(read_input(self.entries[item]) for item in self.inputs),
            tuple(counted(layers, calls)),
            tuple(calls),
            placed(input_tree),
            with_path(placed(output_tree), calls),
            frozen=self.config.get("trainable") is False,
        )

    def is_input(self, name: str) -> bool:
        """Whether a layer is an input."""
        return self.entries[name].get("class_name") == "InputLayer"

    def ends(self, value: Any) -> Tree:
        """The inputs or outputs: `[name, node, tensor]`, or a list or dictionary of them."""
        if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
            return self.tensor(value, end=True)
        if isinstance(value, list):
            return Listing("[]", tuple(self.ends(item) for item in value))
        if isinstance(value, dict) and value.get("class_name") == "__tuple__":
            return Listing("()", tuple(self.ends(item) for item in value["items"]))
        if isinstance(value, dict):
            return Table(tuple((str(key), self.ends(item)) for key, item in value.items()))
        raise Malformed(f"{str(value)[:60]} is not an input or an output")

    def tensor(self, history: Any, end: bool = False) -> Ref:
        """The value that a layer's name, its call and the number of its output stand for; its path is not known yet."""
        name, index, tensor = history[0], int(history[1]), int(history[2])
        if name not in self.numbers:
            raise Malformed(f"there is no layer {str(name)[:60]!r}")
        if self.is_input(name):
            if name not in self.inputs:
                self.inputs.append(name)
            return Ref(-1 - self.inputs.index(name))
        count = len(self.entries[name].get("inbound_nodes", []))
        kind = self.entries[name].get("class_name")
        if kind in catalogue.MODEL_CLASSES and (index >= count or (end and kind != "Sequential")):
            index -= 1  # functional models have one call more, which made them
        if not 0 <= index < count or tensor < 0:
            raise Malformed(f"the layer {name[:60]!r} has no call {index}")
        return Ref(self.numbers[name], (index, tensor))

    def is_keras_own(self, name: str) -> bool:
        """Whether a layer is one of Keras': a `.h5` file does not say which module its class is in."""
        entry = self.entries[name]
        kind = str(entry["class_name"])
        if "module" in entry:
            return "keras" in str(entry["module"])
        return kind not in self.objects.customs and catalogue.is_layer(kind)

    def arguments(self, name: str, index: int, node: Any) -> tuple[list[Tree], dict[str, Tree]]:
        """The arguments of one call."""
        if isinstance(node, dict):
            args = [self.argument(item) for item in node["args"]]
            kwargs = {str(key): self.argument(item) for key, item in node["kwargs"].items()}
            if self.is_keras_own(name):
                kind = str(self.entries[name]["class_name"])
                if nobody_wrote(kind, args, kwargs):
                    kwargs.pop("training")
                elif catalogue.usual_training(kind) is not None and "mask" in kwargs:
                    self.masked_by_hand.add((self.numbers[name], index))
            kwargs = {key: item for key, item in kwargs.items() if not _is_nothing(item)}
            return args, kwargs
        tensors = [self.tensor(item[:3]) for item in node]
        given: dict[str, Any] = {}
        for item in node:
            given.update(item[3] if len(item) > 3 and isinstance(item[3], dict) else {})
        legacy = {key: self.legacy_argument(item) for key, item in given.items() if item is not None}
        return [tensors[0] if len(tensors) == 1 else Listing("[]", tuple(tensors))], legacy

    def legacy_argument(self, value: Any) -> Tree:
        """An argument as Keras 2 saved it: a list of a name and two numbers is a value."""
        if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and value[0] in self.numbers:
            return self.tensor(value)
        if isinstance(value, list):
            return Listing("[]", tuple(self.legacy_argument(item) for item in value))
        return self.objects.value(value)

    def argument(self, value: Any) -> Tree:
        """An argument of a call, with values of other calls in it."""
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            return self.tensor(value["config"]["keras_history"])
        if isinstance(value, list):
            items = tuple(self.argument(item) for item in value)
            inside = any(True for item in items for _ in refs(item))
            return Listing("[]" if inside else "()", items)
        if isinstance(value, dict) and value.get("class_name") == "__tuple__":
            return Listing("()", tuple(self.argument(item) for item in (value.get("config") or value["items"])))
        if isinstance(value, dict) and "class_name" not in value:
            return Table(tuple((str(key), self.argument(item)) for key, item in value.items()))
        return self.objects.value(value)

    def operation(self, number: int) -> tuple[str, Mapping[str, Any]] | None:
        """Module and class of an operation, and its config; `None` for a layer."""
        entry = self.entries[list(self.numbers)[number]]
        module = str(entry.get("module"))
        if ".ops." not in module:
            return None
        return f"{module}:{entry['class_name']}", entry["config"]

    def order(self, output_tree: Tree) -> list[Node]:
        """The calls, each behind those that it needs; what a call needs first comes first, as one would write it."""
        done: dict[Node, None] = {}
        entered: set[Node] = set()
        waiting: list[tuple[Node, bool]] = [
            (_node(ref), False) for ref in reversed(list(refs(output_tree))) if ref.source >= 0
        ]
        while waiting:
            node, ready = waiting.pop()
            if node in done:
                continue
            if ready:
                done[node] = None
                continue
            if node in entered:
                raise Malformed("calls need each other in a circle")
            entered.add(node)
            waiting.append((node, True))
            args, kwargs = self.nodes[node]
            needed = [_node(ref) for tree in (*args, *kwargs.values()) for ref in refs(tree) if ref.source >= 0]
            if node[1] > 0:
                needed.insert(0, (node[0], node[1] - 1))  # the calls of one layer keep their order
            for other in reversed(needed):
                if other not in done:
                    if other in entered:
                        raise Malformed("calls need each other in a circle")
                    waiting.append((other, False))
        return list(done)

    def place(self, ref: Ref, places: Mapping[Node, int]) -> Ref:
        """A value by the place of its call in the order."""
        return ref if ref.source < 0 else Ref(places[_node(ref)], (ref.path[1],))


def _is_nothing(tree: Tree) -> bool:
    """Whether a tree is `None`, or a list or dictionary of it: the masks of values that have none."""
    if isinstance(tree, Table):
        return bool(tree.items) and all(_is_nothing(item) for _, item in tree.items)
    if isinstance(tree, Listing):
        return bool(tree.items) and all(_is_nothing(item) for item in tree.items)
    return tree == Plain(None)


def _node(ref: Ref) -> Node:
    index = ref.path[0]
    assert isinstance(index, int)
    return ref.source, index


def _query_rank(entry: Mapping[str, Any]) -> int:
    """How many axes the query of an attention layer has; 0 if that is not known."""
    built = entry.get("build_config")
    shapes = built.get("shapes_dict", built) if isinstance(built, dict) else {}
    query = shapes.get("query_shape") if isinstance(shapes, dict) else None
    return len(query) if isinstance(query, list) else 0
