"""From the config of a model to its calls, in an order in which a person would write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kscaffold.errors import RequestError
from kscaffold.saved import facts
from kscaffold.saved.archive import read_config, read_words
from kscaffold.saved.masks import nobody_wrote, without_masks
from kscaffold.saved.objects import Malformed, Objects, asset_paths, own_name
from kscaffold.saved.tree import Listing, Object, Plain, Ref, Table, Tree, refs, transform
from kscaffold.saved.value import Call, CallKind, SavedFile, SavedInput, SavedLayer, SavedModel
from kscaffold.spec import catalogue

OPERATORS = {
    "Add": "+", "Subtract": "-", "Multiply": "*", "TrueDivide": "/", "FloorDivide": "//", "Power": "**", "Matmul": "@",
    "Mod": "%", "Greater": ">", "GreaterEqual": ">=", "Less": "<", "LessEqual": "<=", "Negative": "-", "GetItem": "[]",
}  # fmt: skip
PAIRS = ("ops.top_k", "ops.moments", "ops.qr", "ops.eig", "ops.eigh")
LOOKUPS = ("StringLookup", "TextVectorization")
DEEPEST = 50  # models inside each other
STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1, "ConvLSTM1D": 2, "ConvLSTM2D": 2, "ConvLSTM3D": 2}
Node = tuple[int, int]  # the number of a layer, and which of its calls


def read_model(path: Path, shown: str, customs: Mapping[str, str] | None = None) -> SavedFile:
    """The model that a file describes. Nothing in the file is executed or imported.

    Args:
        path: The file, or the folder.
        shown: How messages name it.
        customs: The classes of one's own by name, each with its module.

    Raises:
        RequestError: The file is no saved model, is damaged, or describes a model that has no graph.
    """
    kind, config = read_config(path, shown)
    reader = _Reader(customs or {}, shown)
    reader.objects.words = read_words(path, kind)
    try:
        model = reader.top(config)
    except Malformed as error:
        raise RequestError(f"The config is malformed: {error}.", where=shown) from error
    except RecursionError as error:
        raise RequestError("The config is nested too deep.", where=shown) from error
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A config that somebody made up may have anything anywhere.
        raise RequestError(
            f"The config is malformed: {type(error).__name__}: {str(error)[:200]}.", where=shown
        ) from error
    objects = reader.objects
    return SavedFile(
        model, kind, tuple(objects.stubs.values()), tuple((m, n) for n, m in objects.used.items()), tuple(objects.notes)
    )


class _Reader:
    """Reads the models of one file."""

    def __init__(self, customs: Mapping[str, str], shown: str) -> None:
        self.shown = shown
        self.objects = Objects(customs, self.inner_model)
        self.depth = 0

    def top(self, entry: Mapping[str, Any]) -> SavedModel:
        """The model of the whole file."""
        name, config = str(entry["class_name"]), entry["config"]
        if isinstance(config, list):  # Keras 2.2 and before saved the layers of a Sequential alone
            entry = {**entry, "config": {"name": "sequential", "layers": config}}
        elif "layers" not in config:
            raise RequestError(
                f"{name[:80]!r} is a subclassed model: its file holds its name and no graph.",
                hint="Only models made of layers (functional, Sequential) describe themselves.",
                where=self.shown,
            )
        return self.model(entry)

    def inner_model(self, entry: Mapping[str, Any]) -> Object:
        """What makes a model that is an argument of a layer."""
        return Object("model", (("model", self.model(entry)),))  # type: ignore[arg-type]

    def model(self, entry: Mapping[str, Any]) -> SavedModel:
        """A model."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Malformed(f"more than {DEEPEST} models are inside each other")
        config = entry["config"]
        sequential = "input_layers" not in config
        read = _sequential(self.objects, config) if sequential else _Graph(self, config).read()
        self.depth -= 1
        return read


def _sequential(objects: Objects, config: Mapping[str, Any]) -> SavedModel:
    """A `Sequential`."""
    inputs: tuple[SavedInput, ...] = ()
    layers: list[SavedLayer] = []
    calls: list[Call] = []
    value = Ref(-1)
    kept = [entry for entry in config["layers"] if entry["class_name"] != "InputLayer"]
    paths = iter(asset_paths(kept))
    prefix = objects.prefix
    for entry in config["layers"]:
        name = str(entry["class_name"])
        if name == "InputLayer":
            inputs = (_input(entry),)
            continue
        inner = entry["config"]
        shape = inner.get("batch_input_shape") if isinstance(inner, dict) else None
        if shape and not layers and not inputs:  # Keras 2 kept it with the first layer
            inputs = (SavedInput("input_layer", _shape(shape), str(inner.get("dtype") or "float32"), True),)
        layer = _layer(objects, entry, f"{prefix}{next(paths)}")
        layers.append(layer)
        kind = CallKind.MODEL if layer.model else CallKind.LAYER
        calls.append(Call(kind, len(layers) - 1, "", (value,)))
        value = Ref(len(calls) - 1)
    name = str(config.get("name", "sequential"))
    built = config.get("build_input_shape")
    return SavedModel(
        name,
        facts.is_made_up(name, "Sequential"),
        True,
        inputs,
        tuple(_counted(layers, calls)),
        tuple(calls),
        Ref(-1),
        value,
        frozen=config.get("trainable") is False and bool(layers),
        build_shape=_shape(built) if built and not inputs else None,
    )


def _layer(objects: Objects, entry: Mapping[str, Any], path: str) -> SavedLayer:
    name = own_name(entry)
    before, objects.prefix = objects.prefix, f"{path}/"
    made = objects.layer(entry)
    objects.prefix = before
    generated = facts.is_made_up(name, str(entry["class_name"]))
    given = dict(made.keywords)
    if made.target == "model":
        return SavedLayer(name, Object("model"), generated, model=given["model"])  # type: ignore[arg-type]
    given = dict(made.keywords)
    learns = made.class_name in LOOKUPS and given.get("output_mode") != Plain("tf_idf")
    words = objects.words.get(path, ()) if learns else ()
    if made.class_name in (*LOOKUPS, "IntegerLookup") and "vocabulary" not in given and not words:
        objects.notes.append(f"{name[:60]!r} learned words that the source does not have: adapt() it again.")
    return SavedLayer(name, made, generated, words=words)


def _counted(layers: list[SavedLayer], calls: Iterable[Call]) -> Iterable[SavedLayer]:
    from dataclasses import replace

    counts = [0] * len(layers)
    for call in calls:
        if call.layer >= 0:
            counts[call.layer] += 1
    return (replace(layer, calls=count) for layer, count in zip(layers, counts))


def _shape(value: Any) -> tuple[int | None, ...]:
    if not isinstance(value, (list, tuple)) or not all(size is None or type(size) is int for size in value):
        raise Malformed(f"{str(value)[:60]} is no shape")
    return tuple(value)


def _input(entry: Mapping[str, Any]) -> SavedInput:
    config = entry["config"]
    name = own_name(entry)
    shape = _shape(config.get("batch_shape") or config.get("batch_input_shape"))
    dtype = config.get("dtype") or "float32"
    if isinstance(dtype, dict):
        dtype = dtype["config"]["name"]
    options = tuple(key for key in ("sparse", "ragged", "optional") if config.get(key))
    return SavedInput(name, shape, str(dtype), facts.is_made_up(name, "InputLayer"), options)


class _Graph:
    """Reads one functional model."""

    def __init__(self, reader: _Reader, config: Mapping[str, Any]) -> None:
        self.objects = reader.objects
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
        module = facts.operation_module(name)
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
                raise Malformed(f"the calls of {name[:60]!r} are no list")
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
                    _operation_call(operation, [placed(arg) for arg in args], {k: placed(v) for k, v in kwargs.items()})
                )
                continue
            if number not in numbers:
                assert entry is not None
                self.objects.query_rank = _query_rank(entry)
                self.made[number] = _layer(self.objects, entry, self.paths[number])
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
                    _outputs(layer, kwargs),
                )
            )
        calls = [_with_paths(call, calls) for call in calls]
        name = str(self.config.get("name", "functional"))
        return SavedModel(
            name,
            facts.is_made_up(name, "Functional"),
            False,
            tuple(_input(self.entries[item]) for item in self.inputs),
            tuple(_counted(layers, calls)),
            tuple(calls),
            placed(input_tree),
            _with_path(placed(output_tree), calls),
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
        raise Malformed(f"{str(value)[:60]} is no input or output")

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
        if kind in facts.MODEL_CLASSES and (index >= count or (end and kind != "Sequential")):
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
                elif facts.trains_by_default(kind) and "mask" in kwargs:
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
    """Whether a tree is `None`, or a list of it: the masks of values that have none."""
    if isinstance(tree, Listing):
        return bool(tree.items) and all(_is_nothing(item) for item in tree.items)
    return tree == Plain(None)


def _node(ref: Ref) -> Node:
    index = ref.path[0]
    assert isinstance(index, int)
    return ref.source, index


def _operation_call(operation: tuple[str, Mapping[str, Any]], args: list[Tree], kwargs: dict[str, Tree]) -> Call:
    """A call of a function of `keras.ops`, or an operator."""
    target, config = operation
    module, _, name = target.partition(":")
    known = facts.find_operation(module, name)
    if known is None:
        raise RequestError(f"Keras has no public function that makes the operation {name[:60]!r} of {module[:60]}.")
    init = {key: _init_value(value) for key, value in config.items() if key in known.init}
    given = {
        key: value
        for key, value in init.items()
        if not (known.init[key] and value == _init_value(_listed(known.init[key][0])))
    }
    symbol = OPERATORS.get(name)
    if symbol and not kwargs and not given and len(args) == (1 if name == "Negative" else 2):
        if name != "GetItem" or isinstance(args[0], Ref):
            return Call(CallKind.OPERATION, -1, symbol, tuple(args), (), ((),))
    outputs: tuple[tuple[int | str, ...], ...] = ((),)
    if known.function in PAIRS:
        outputs = ((0,), (1,))
    elif known.function in ("ops.split", "ops.unstack", "ops.meshgrid", "ops.svd", "ops.array_split"):
        sections = given.get("indices_or_sections")
        count = sections.value if isinstance(sections, Plain) and isinstance(sections.value, int) else 0
        outputs = tuple((index,) for index in range(count)) if count <= 4 else ()
    # What a function requires stands behind its values: `ops.split(x, 2)`.
    if len(args) == len(known.call) and not kwargs:
        while given and not known.init[key := next(iter(given))]:
            args = [*args, given.pop(key)]
    return Call(CallKind.OPERATION, -1, known.function, tuple(args), (*kwargs.items(), *given.items()), outputs)


def _init_value(value: Any) -> Tree:
    if isinstance(value, (list, tuple)):
        return Listing("()", tuple(_init_value(item) for item in value))
    if isinstance(value, dict):
        return Objects({}, lambda entry: Object("model")).value(value)
    return Plain(value)


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, (list, tuple)) else value


def _query_rank(entry: Mapping[str, Any]) -> int:
    """How many axes the query of an attention layer has; 0 if that is not known."""
    built = entry.get("build_config")
    shapes = built.get("shapes_dict", built) if isinstance(built, dict) else {}
    query = shapes.get("query_shape") if isinstance(shapes, dict) else None
    return len(query) if isinstance(query, list) else 0


def _outputs(layer: SavedLayer, kwargs: Mapping[str, Tree]) -> tuple[tuple[int | str, ...], ...]:
    """Where the values are in what a layer gives, in the order in which Keras counts them."""
    if layer.model:
        return tuple(_paths(layer.model.output_tree))
    given = dict(layer.made.keywords)
    name = layer.made.class_name
    if name in STATES and given.get("return_state") == Plain(True):
        return tuple((index,) for index in range(1 + STATES[name]))
    if name == "Bidirectional" and isinstance(inner := given.get("layer"), Object):
        states = STATES.get(inner.class_name)
        if states and dict(inner.keywords).get("return_state") == Plain(True):
            return tuple((index,) for index in range(1 + 2 * states))
    if kwargs.get("return_attention_scores") == Plain(True):
        return ((0,), (1,))
    if name == "RNN" and given.get("return_state") == Plain(True):
        return ()
    return ((),)


def _paths(tree: Tree, before: tuple[int | str, ...] = ()) -> Iterable[tuple[int | str, ...]]:
    """The places of values in a structure, in the order in which Keras flattens it: keys are sorted."""
    if isinstance(tree, Listing):
        for index, item in enumerate(tree.items):
            yield from _paths(item, (*before, index))
    elif isinstance(tree, Table):
        for key, value in sorted(tree.items):
            yield from _paths(value, (*before, key))
    else:
        yield before


def _with_path(tree: Tree, calls: list[Call]) -> Tree:
    """A tree in which values are found by their place in what a call gives, and no longer by their number."""

    def found(part: Tree) -> Tree | None:
        if not isinstance(part, Ref) or part.source < 0:
            return None
        (number,) = part.path
        assert isinstance(number, int)
        outputs = calls[part.source].outputs
        if not outputs:
            return Ref(part.source, (number,))
        if number < len(outputs):
            return Ref(part.source, outputs[number])
        if outputs == ((),):  # a layer that gives more than was known
            return Ref(part.source, (number,))
        raise Malformed(f"a call has no output {number}")

    return transform(tree, found)


def _with_paths(call: Call, calls: list[Call]) -> Call:
    from dataclasses import replace

    return replace(
        call,
        args=tuple(_with_path(arg, calls) for arg in call.args),
        kwargs=tuple((key, _with_path(value, calls)) for key, value in call.kwargs),
    )
