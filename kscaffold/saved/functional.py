"""A functional model: from its config to its calls, in an order in which a person would write them."""

from collections.abc import Mapping
from typing import Any

from kscaffold.keras_data import catalogue
from kscaffold.program.tree import NONE, Listing, Ref, Table, Tree, children, refs, transform
from kscaffold.saved.calls import layer_outputs, operation_call, path_of
from kscaffold.saved.entries import Entry, asset_paths, counted, is_operation, read_input, read_layer
from kscaffold.saved.masks import Arguments, Node, needed, nobody_wrote, node_of, without_masks
from kscaffold.saved.names import Malformed, own_name
from kscaffold.saved.objects import Objects
from kscaffold.saved.value import Call, SavedLayer, SavedModel


def read_functional(objects: Objects, config: Mapping[str, Any]) -> SavedModel:
    """The model that a config with layers and their calls describes; raises `Malformed` if it is none of Keras'."""
    return _Graph(objects, config).read()


class _Graph:
    def __init__(self, objects: Objects, config: Mapping[str, Any]) -> None:
        self.objects = objects
        self.config = config
        self.entries: dict[str, Entry] = {}
        for entry in config["layers"]:
            name = str(entry.get("name") or own_name(entry))
            if name in self.entries:
                raise Malformed(f"two layers are called {name[:60]!r}")
            self.entries[name] = self.with_module(entry)
        self.numbers = {name: number for number, name in enumerate(self.entries)}
        self.inputs: list[str] = []
        self.nodes: dict[Node, Arguments] = {}
        self.masked_by_hand: set[Node] = set()

    def with_module(self, entry: Entry) -> Entry:
        """A layer's config, for an operation with the module that a `.h5` file leaves out."""
        name, nodes = str(entry["class_name"]), entry.get("inbound_nodes")
        of_keras_3 = isinstance(nodes, list) and nodes and isinstance(nodes[0], dict)
        # Some layers have a namesake among the operations: Multiply. Only layers say whether they are trained.
        if "module" in entry or not of_keras_3 or name in self.objects.customs or "trainable" in entry["config"]:
            return entry
        module = catalogue.operation_module(name)
        return {**entry, "module": module} if module else entry

    def read(self) -> SavedModel:
        input_tree = self.ends(self.config["input_layers"])
        output_tree = self.ends(self.config["output_layers"])
        for name, number in self.numbers.items():
            nodes = [] if self.is_input(name) else self.entries[name].get("inbound_nodes", [])
            if not isinstance(nodes, list):
                raise Malformed(f"the calls of {name[:60]!r} are not a list")
            for index, node in enumerate(nodes):
                self.nodes[number, index] = self.arguments(name, index, node)
        entries = list(self.entries.values())
        without_masks(self.nodes, entries, self.masked_by_hand)
        paths = [f"{self.objects.prefix}{path}" for path in asset_paths(self.config["layers"])]
        places: dict[Node, int] = {}
        numbers: dict[int, int] = {}
        layers: list[SavedLayer] = []
        calls: list[Call] = []

        def placed(tree: Tree) -> Tree:
            def change(part: Tree) -> Tree | None:
                if not isinstance(part, Ref) or part.source < 0:
                    return None
                place, (_, tensor) = places[node_of(part)], part.path
                return Ref(place, path_of(int(tensor), calls[place].outputs))

            return transform(tree, change)

        for node in self.order(output_tree):
            number, entry = node[0], entries[node[0]]
            args = tuple(map(placed, self.nodes[node][0]))
            kwargs = {key: placed(value) for key, value in self.nodes[node][1].items()}
            places[node] = len(calls)
            if is_operation(entry):
                calls.append(operation_call(self.objects, entry, args, kwargs))
                continue
            if number not in numbers:
                self.objects.query_rank = _query_rank(entry)
                numbers[number] = len(layers)
                layers.append(read_layer(self.objects, entry, paths[number]))
            outputs = layer_outputs(layers[numbers[number]], kwargs)
            calls.append(Call(numbers[number], args, tuple(kwargs.items()), outputs))
        name = str(self.config.get("name", "functional"))
        generated = catalogue.is_made_up(name, "Functional")
        inputs = tuple(read_input(self.entries[item]) for item in self.inputs)
        ends = placed(input_tree), placed(output_tree)
        frozen = self.config.get("trainable") is False
        return SavedModel(name, generated, False, inputs, counted(layers, calls), tuple(calls), *ends, frozen)

    def is_input(self, name: str) -> bool:
        return self.entries[name].get("class_name") == "InputLayer"

    def ends(self, value: Any) -> Tree:
        """The inputs or outputs: `[name, node, tensor]`, or a list or dictionary of them."""
        if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
            return self.tensor(value, end=True)
        if isinstance(value, list):
            return Listing("[]", tuple(map(self.ends, value)))
        if isinstance(value, dict) and value.get("class_name") == "__tuple__":
            return Listing("()", tuple(map(self.ends, value["items"])))
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

    def arguments(self, name: str, index: int, node: Any) -> Arguments:
        if isinstance(node, dict):
            args = [self.argument(item) for item in node["args"]]
            kwargs = {str(key): self.argument(item) for key, item in node["kwargs"].items()}
            if self.is_keras_own(name):
                kind = str(self.entries[name]["class_name"])
                if nobody_wrote(kind, args, kwargs):
                    kwargs.pop("training")
                elif catalogue.usual_training(kind) is not None and "mask" in kwargs:
                    self.masked_by_hand.add((self.numbers[name], index))
            return args, {key: item for key, item in kwargs.items() if not _is_nothing(item)}
        tensors = [self.tensor(item[:3]) for item in node]
        given: dict[str, Any] = {}
        for item in node:
            given |= item[3] if len(item) > 3 and isinstance(item[3], dict) else {}
        legacy = {key: self.legacy_argument(item) for key, item in given.items() if item is not None}
        return [tensors[0] if len(tensors) == 1 else Listing("[]", tuple(tensors))], legacy

    def legacy_argument(self, value: Any) -> Tree:
        """An argument as Keras 2 saved it: a list of a name and two numbers is a value."""
        if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and value[0] in self.numbers:
            return self.tensor(value)
        if isinstance(value, list):
            return Listing("[]", tuple(map(self.legacy_argument, value)))
        return self.objects.value(value)

    def argument(self, value: Any) -> Tree:
        """An argument of a call, with values of other calls in it."""
        if isinstance(value, list):
            items = tuple(map(self.argument, value))
            inside = any(True for item in items for _ in refs(item))
            return Listing("[]" if inside else "()", items)
        match value.get("class_name", "") if isinstance(value, dict) else None:
            case "__keras_tensor__":
                return self.tensor(value["config"]["keras_history"])
            case "__tuple__":
                return Listing("()", tuple(map(self.argument, value.get("config") or value["items"])))
            case "":
                return Table(tuple((str(key), self.argument(item)) for key, item in value.items()))
        return self.objects.value(value)

    def order(self, output_tree: Tree) -> list[Node]:
        """The calls, each behind those that it needs; what a call needs first comes first, as one would write it."""
        done: dict[Node, None] = {}
        entered: set[Node] = set()
        waiting = needed([output_tree])[::-1]
        while waiting:
            node = waiting[-1]
            args, kwargs = self.nodes[node]
            before = [(node[0], node[1] - 1)] if node[1] else []  # the calls of one layer keep their order
            missing = [one for one in (*before, *needed([*args, *kwargs.values()])) if one not in done]
            if node in done or not missing:
                done[waiting.pop()] = None
            elif node in entered:
                raise Malformed("calls need each other in a circle")
            else:
                entered.add(node)
                waiting += missing[::-1]
        return list(done)


def _is_nothing(tree: Tree) -> bool:
    """Whether a tree is `None`, or a list or dictionary of it: the masks of values that have none."""
    if isinstance(tree, Listing | Table) and tree.items:
        return all(map(_is_nothing, children(tree)))
    return tree == NONE


def _query_rank(entry: Entry) -> int:
    """How many axes the query of an attention layer has; 0 if that is not known."""
    built = entry.get("build_config")
    shapes = built.get("shapes_dict", built) if isinstance(built, dict) else {}
    query = shapes.get("query_shape") if isinstance(shapes, dict) else None
    return len(query) if isinstance(query, list) else 0
