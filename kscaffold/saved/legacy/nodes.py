"""Calls of TensorFlow in the graph of a Keras 2 model, which become operations of Keras 3, and calls that it saved in
another form than Keras 3 does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import to_class_name
from kscaffold.keras_data import catalogue
from kscaffold.saved.legacy.call_arguments import holds_tensors, in_call, in_words, is_nothing, is_plain
from kscaffold.saved.legacy.expressions import bound, translated
from kscaffold.saved.legacy.graph_operations import node_arguments
from kscaffold.saved.legacy.operations import (
    Entries,
    NoEquivalent,
    Place,
    Sizes,
    Tensor,
    find_operation,
)
from kscaffold.saved.names import NO_EQUIVALENT, Malformed, class_name, own_name, text

CONSTANT = "_CONSTANT_VALUE"
CALLED = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty", "TensorFlowOpLayer")

RECURRENT = (
    "RNN", "SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional", "CuDNNLSTM",
    "CuDNNGRU",
)  # fmt: skip


def with_operations(value: Any) -> Any:
    """A config in which all graphs are as Keras 3 knows them; what Keras 3 saved itself stays as it is.

    Raises:
        Malformed: A graph is none of Keras'.
    """
    if isinstance(value, list):
        return [with_operations(item) for item in value]
    if not isinstance(value, dict):
        return value
    inside = {name: with_operations(item) for name, item in value.items()}
    layers = inside.get("layers")
    if "input_layers" in inside and isinstance(layers, list) and all(isinstance(item, dict) for item in layers):
        return _Graph(inside).rewritten()
    return inside


class _Graph:
    """The graph of one model."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.layers = {own_name(entry): entry for entry in config["layers"]}
        self.entries = Entries([*self.layers])
        self.values: dict[tuple[str, int], Any] = {}
        self.known = {name: _input(name, entry) for name, entry in self.layers.items() if _is_input(entry)}
        self.stubs: dict[str, list[dict[str, Any]]] = {}

    def rewritten(self) -> dict[str, Any]:
        """The config with its operations and calls rewritten."""
        called = [name for name, entry in self.layers.items() if entry.get("class_name") in CALLED]
        made: dict[str, list[dict[str, Any]]] = {}
        for name in self.ordered(called):
            before = len(self.entries.made)
            for index, node in enumerate(_nodes(self.layers[name])):
                self.values[name, index] = self.operation(name, index, node)
            made[name] = self.entries.made[before:]
        for stubs in self.stubs.values():
            arguments = dict.fromkeys(key for entry in stubs for key in entry["config"])
            for entry in stubs:
                entry["config"] = {**arguments, **entry["config"]}
        layers: list[dict[str, Any]] = []
        for name, entry in self.layers.items():
            layers += made[name] if name in made else [self.layer(name, entry)]
        ends = {key: self.ends(self.config[key]) for key in ("input_layers", "output_layers") if key in self.config}
        config = {**self.config, "layers": layers, **ends}
        return {**config, "layers": self.used(config)} if made else config

    def ordered(self, called: list[str]) -> list[str]:
        """Operations, each behind those that it takes values of."""
        waits = {name: [other for other in self.takes(name) if other in called] for name in called}
        done: dict[str, None] = {}
        for start in called:
            waiting, entered = [start], set()
            while waiting:
                name = waiting[-1]
                missing = [other for other in waits[name] if other not in done]
                if not missing or name in done:
                    done[waiting.pop()] = None
                elif name in entered:
                    raise Malformed("calls need each other in a circle")
                else:
                    entered.add(name)
                    waiting += missing
        return [*done]

    def takes(self, name: str) -> Iterator[str]:
        """The layers whose values an operation takes."""

        def visit(value: Any) -> Iterator[str]:
            if isinstance(value, list) and self.is_place(value):
                yield value[0]
            for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
                yield from visit(item)

        return visit(_nodes(self.layers[name]))

    def is_place(self, value: Any) -> bool:
        """Whether a list is a value: the name of a layer, its call, its output, and perhaps arguments."""
        return (
            isinstance(value, list)
            and len(value) in (3, 4)
            and isinstance(value[0], str)
            and type(value[1]) is int
            and type(value[2]) is int
            and value[0] in self.layers
            and (len(value) == 3 or isinstance(value[3], dict))
        )

    def is_leaf(self, value: Any) -> bool:
        """Whether a part of a call is one value or constant, with the arguments of the call."""
        constant = isinstance(value, list) and len(value) in (3, 4) and value[:2] == [CONSTANT, -1]
        return constant or self.is_place(value)

    def value(self, place: Place) -> Any:
        """What is at a place of the old graph."""
        name, index, output = place
        if name in self.known:
            return self.known[name]
        if self.layers[name].get("class_name") not in CALLED:
            return Tensor(place)
        if (name, index) not in self.values:
            raise Malformed(f"the layer {name[:60]!r} has no call {index}")
        found = self.values[name, index]
        if isinstance(found, Tensor):
            return found.output(output) if output else found
        if isinstance(found, Sizes):
            return found.of.size(output)
        if isinstance(found, (list, tuple)) and 0 <= output < len(found):
            return found[output] if isinstance(found, tuple) or output else found
        return found

    def structure(self, node: Any) -> Any:
        """The first argument of a call, and the values in it."""
        if self.is_leaf(node):
            return node[2] if node[0] == CONSTANT else self.value(tuple(node[:3]))
        if isinstance(node, dict):
            return {str(name): self.structure(item) for name, item in node.items()}
        if isinstance(node, list):
            return [self.structure(item) for item in node]
        raise Malformed(f"{str(node)[:60]} is not a call")

    def argument(self, value: Any) -> Any:
        """An argument with a name, and the values in it."""
        if self.is_place(value):
            return self.value(tuple(value[:3]))
        if isinstance(value, list):
            return [self.argument(item) for item in value]
        if isinstance(value, dict) and "class_name" not in value:
            return {name: self.argument(item) for name, item in value.items()}
        return value

    def keywords(self, node: Any) -> dict[str, Any]:
        """The arguments with names of a call, as saved: they stand with each value of its first argument."""
        found: dict[str, Any] = {}
        parts = [node]
        while parts:
            part = parts.pop()
            if self.is_leaf(part):
                found |= part[3] if len(part) == 4 else {}
            elif isinstance(part, (list, dict)):
                parts += part if isinstance(part, list) else part.values()
        return found

    def operation(self, name: str, index: int, node: Any) -> Any:
        """What a call of TensorFlow becomes."""
        entry = self.layers[name]
        config = entry["config"]
        if isinstance(node, dict) and {*node} == {"args", "kwargs"}:
            raise RequestError(f"The layer {name[:60]!r} is one of Keras 2 in a graph of Keras 3.")
        kwargs = {str(name): self.argument(value) for name, value in self.keywords(node).items()}
        if entry["class_name"] == "TensorFlowOpLayer":
            first = self.structure(node)
            values = first if isinstance(first, list) else [first]
            function, args, kwargs = node_arguments(config, values)
            table, shown = "nodes", function
        else:
            function, table = _function(entry), "functions"
            args, shown = [self.structure(node)], f"tf.{function}"
        row = find_operation(function, table)
        try:
            if row is None:
                raise NoEquivalent("Keras has no operation for it")
            found = translated(row, bound(row, args, kwargs), self.entries)
        except NoEquivalent as error:
            return self.stub(name, index, shown, str(error), args, kwargs)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return self.stub(name, index, shown, "its arguments are none that TensorFlow takes", args, kwargs)
        return found

    def stub(self, name: str, index: int, shown: str, why: str, args: list[Any], kwargs: dict[str, Any]) -> Tensor:
        """A stand-in for an operation without its like in Keras: a layer that somebody has to write."""
        called = to_class_name(class_name(shown.replace(".", "_")))
        own = name if index == 0 else self.entries.name(called)
        tensors = {key: value for key, value in kwargs.items() if holds_tensors(value)}
        config = {key: in_words(value) for key, value in kwargs.items() if key not in tensors and key != "name"}
        node = {
            "args": [in_call(value) if holds_tensors(value) else in_words(value) for value in args],
            "kwargs": {key: in_call(in_words(value)) for key, value in tensors.items()},
        }
        entry = {
            "module": NO_EQUIVALENT,
            "class_name": called,
            "config": {"name": own, **config},
            "registered_name": f"{NO_EQUIVALENT}>{called}",
            "operation": f"the operation {shown[:60]} of the layer {name[:60]!r}",
            "why": why,
            "name": own,
            "inbound_nodes": [node],
        }
        self.stubs.setdefault(called, []).append(entry)
        self.entries.made.append(entry)
        return Tensor((own, 0, 0))

    def layer(self, name: str, entry: dict[str, Any]) -> dict[str, Any]:
        """A layer with its calls as Keras 3 knows them."""
        nodes = entry.get("inbound_nodes")
        if not isinstance(nodes, list) or name in self.known:
            return entry
        calls = [self.call(entry, node) for node in nodes]
        config = entry["config"]
        if any(isinstance(call, dict) for call in calls) and entry.get("class_name") not in catalogue.MODEL_CLASSES:
            if not any(isinstance(node, dict) and "args" in node for node in nodes) and isinstance(config, dict):
                # Keras 3 tells layers from operations of the same name by it.
                config = {"trainable": True, **config}
        return {**entry, "config": config, "inbound_nodes": calls}

    def call(self, entry: Mapping[str, Any], node: Any) -> Any:
        """A call of a layer: in the old form where that says it all."""
        if isinstance(node, dict) and {*node} >= {"args", "kwargs"}:
            return node
        given = {name: value for name, value in self.keywords(node).items() if not is_nothing(value)}
        first = self.structure(node)
        if isinstance(node, list) and not self.is_leaf(node) and isinstance(first, list) and len(first) == 1:
            first = first[0]
        kwargs = {name: self.argument(value) for name, value in given.items()}
        kind = str(entry.get("class_name"))
        args: list[Any] = [first]
        if kind in RECURRENT and isinstance(first, list):
            config = entry["config"]
            if config.get("num_constants") or config.get("_num_constants"):
                raise RequestError(
                    f"The layer {own_name(entry)[:60]!r} is called with constants, which Keras 3 has not."
                )
            args, states = first[:1], first[1:]
            kwargs = {"initial_state": states if len(states) > 1 or kind == "Bidirectional" else states[0], **kwargs}
        if kind == "MultiHeadAttention" and "value" in kwargs:
            args.append(kwargs.pop("value"))
        listed = first if isinstance(first, list) else [first]
        plain = all(isinstance(item, Tensor) for item in listed) and all(map(is_plain, kwargs.values()))
        if plain and len(args) == 1 and kind not in CALLED and not (kind in RECURRENT and len(listed) > 1):
            return [[*item.place, kwargs] for item in listed]
        try:
            return {
                "args": [in_call(value) for value in args],
                "kwargs": {name: in_call(value) for name, value in kwargs.items()},
            }
        except NoEquivalent as error:
            raise RequestError(
                f"The layer {own_name(entry)[:60]!r} cannot be called so in Keras 3: {error}."
            ) from error

    def ends(self, value: Any) -> Any:
        """The inputs or outputs of the model."""
        if self.is_place(value):
            found = self.value(tuple(value[:3]))
            if not isinstance(found, Tensor):
                raise RequestError(f"The output of {value[0][:60]!r} is a shape, which is no value in Keras 3.")
            return [*found.place]
        if isinstance(value, list):
            return [self.ends(item) for item in value]
        return {name: self.ends(item) for name, item in value.items()} if isinstance(value, dict) else value

    def used(self, config: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The layers and operations of a config, without operations whose values nobody takes."""
        layers = {own_name(entry): entry for entry in config["layers"]}
        kept = {name for name in layers if name in self.layers}
        waiting = [layers[name] for name in kept] + [{"inbound_nodes": config.get("output_layers")}]
        while waiting:
            for name in _mentioned(waiting.pop().get("inbound_nodes")):
                if name in layers and name not in kept:
                    kept.add(name)
                    waiting.append(layers[name])
        return [entry for name, entry in layers.items() if name in kept]


def _mentioned(value: Any) -> Iterator[str]:
    """All words in calls, of which some are the names of layers."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, (list, dict)):
            waiting += part if isinstance(part, list) else part.values()


def _is_input(entry: Mapping[str, Any]) -> bool:
    return entry.get("class_name") == "InputLayer"


def _input(name: str, entry: Mapping[str, Any]) -> Tensor:
    """The value of an input, with its type and shape."""
    config = entry.get("config")
    config = config if isinstance(config, dict) else {}
    shape, dtype = config.get("batch_shape") or config.get("batch_input_shape"), config.get("dtype")
    sizes = tuple(shape) if isinstance(shape, list) else None
    return Tensor((name, 0, 0), dtype if isinstance(dtype, str) else None, sizes)


def _nodes(entry: Mapping[str, Any]) -> list[Any]:
    nodes = entry.get("inbound_nodes")
    if not isinstance(nodes, list):
        raise Malformed(f"the calls of {own_name(entry)[:60]!r} are not a list")
    return nodes


def _function(entry: Mapping[str, Any]) -> str:
    """What a layer of `tf.keras` calls, as the table names it."""
    config = entry["config"]
    kind = entry["class_name"]
    if kind == "ClassMethod":
        return f"{text(config['cls_symbol'])}.{text(config['method_name'])}"
    if kind in ("InstanceMethod", "InstanceProperty"):
        return f"Tensor.{text(config['attr_name'])}"
    return text(config["function"]).removeprefix("tf.")
