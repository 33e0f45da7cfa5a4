"""A saved model as a graph spec: chains of layers and operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import identifier
from kscaffold.keras_data import catalogue
from kscaffold.program.tree import NONE, Listing, Object, Plain, Ref, Table, Tree, refs
from kscaffold.saved.value import (
    Call,
    SavedInput,
    SavedLayer,
    SavedModel,
    every_model,
    form_of,
    items_of,
    keys_of,
    uses_of,
)
from kscaffold.source.spec_text import SLICE, Words, operation_name

RESERVED = {"model", "keras", "layers", "ops", "training"}


def spec_document(model: SavedModel, shown: str) -> dict[str, Any]:
    """The document of a spec: what stands in its YAML file.

    Args:
        model: The model.
        shown: How messages name its file.

    Raises:
        RequestError: There is something in the model that no spec can say; names it.
    """
    writer = _Spec(model, shown)
    document = writer.document(model)
    if writer.models:
        document = {**document, "models": writer.models}
    return document


class _Spec:
    def __init__(self, model: SavedModel, shown: str) -> None:
        self.shown = shown
        self.models: dict[str, dict[str, Any]] = {}
        every = list(every_model(model))
        self.keys = {key for part in every for tree in (part.input_tree, part.output_tree) for key in keys_of(tree)}
        # What Keras calls layers and operations that have no name is not a name for anything else.
        self.made_up = {stem for part in every for stem in _stems(part)}
        self.known: list[tuple[SavedModel, str]] = []
        taken = RESERVED | self.keys
        for part in every[:-1]:
            wanted = "part" if part.generated else identifier(part.name, "part")
            self.known.append((part, self.free(wanted, taken, "model")))
        # Names of models and of what is inside them never clash.
        self.taken = RESERVED | {name for _, name in self.known}

    def document(self, model: SavedModel) -> dict[str, Any]:
        """The spec of one model."""
        return _One(self, model).document()

    def refuse(self, what: str) -> RequestError:
        """The error for something that no spec can say."""
        return RequestError(
            f"A spec cannot say {what}.",
            hint="Leave out --to-spec, or --style, for functional Python.",
            where=self.shown,
        )

    def free(self, wanted: str, taken: set[str], what: str) -> str:
        """A name that is not taken, and none that Keras may give by itself; taken from then on."""
        stem = wanted if wanted[:1].islower() else f"x_{wanted}"
        stem = f"{stem}_{what}" if re.sub(r"_[0-9]+$", "", stem) in self.made_up else stem
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(name)
        return name

    def model_name(self, model: SavedModel) -> str:
        """The name of a model that is called, whose spec is written when it is first needed."""
        name = next(name for known, name in self.known if known is model)
        if name not in self.models:
            self.models[name] = {}  # its place, before those that it needs itself
            self.models[name] = self.document(model)
        return name


class _One:
    """The spec of one model."""

    def __init__(self, spec: _Spec, model: SavedModel) -> None:
        self.spec = spec
        self.model = model
        self.words = Words(spec.refuse, self.value, spec.model_name)
        self.taken = {*spec.taken, *keys_of(model.input_tree), *keys_of(model.output_tree)}
        self.values: dict[Ref, str] = {}
        self.shared: dict[int, str] = {}
        self.nodes: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.pending: dict[Ref, str] = {}
        self.uses = uses_of(model)

    def document(self) -> dict[str, Any]:
        """The document."""
        model = self.model
        for layer in model.layers:
            if layer.words:
                raise self.spec.refuse(f"the words that {layer.name!r} learned")
        inputs = self.inputs()
        shared = {}
        for number, layer in enumerate(model.layers):
            if layer.calls > 1 and layer.model is None:
                self.shared[number] = self.name(identifier(layer.name, "layer"), "layer")
                shared[self.shared[number]] = self.words.layer(self.made(layer))
        self.chains()
        document: dict[str, Any] = {"inputs": inputs}
        document |= {"shared": shared} if shared else {}
        document |= {"nodes": self.nodes} if self.nodes else {}
        document["outputs"] = self.outputs
        trees = {"inputs": model.input_tree, "outputs": model.output_tree}
        structure = {key: form for key, tree in trees.items() if (form := form_of(tree))}
        document |= {"structure": structure} if structure else {}
        return document | ({"trainable": False} if model.frozen else {})

    def name(self, wanted: str, what: str) -> str:
        """A name that is not taken."""
        return self.spec.free(wanted, self.taken, what)

    def inputs(self) -> dict[str, Any]:
        """The section of the inputs."""
        model = self.model
        listed = model.inputs
        if not listed and model.build_shape:
            listed = (SavedInput("inputs", model.build_shape, "float32", True),)
        if not listed:
            raise self.spec.refuse(f"the shape of the inputs of {model.name!r}, which the file does not say")
        places = [Ref(-1 - index) for index in range(len(listed))]
        if not model.sequential and list(items_of(model.input_tree)) != places:
            raise self.spec.refuse("inputs that are nested, or given twice")
        keys = keys_of(model.input_tree) or [""] * len(listed)
        inputs = {}
        for item, place, key in zip(listed, places, keys, strict=True):
            if item.options:
                raise self.spec.refuse(f"that the input {item.name!r} is {' and '.join(item.options)}")
            plain = "inputs" if item.generated and len(listed) == 1 else identifier(item.name, "input")
            name = self.key(key) if key else self.name(plain, "input")
            self.values[place] = name
            said: dict[str, Any] = {"shape": list(item.shape[1:])}
            said |= {"dtype": item.dtype} if item.dtype != "float32" else {}
            said |= {"batch_size": item.shape[0]} if item.shape and item.shape[0] is not None else {}
            inputs[name] = said
        return inputs

    def key(self, key: str) -> str:
        """The key of a dictionary, which is a name in the spec."""
        if identifier(key, "key") != key or key in self.spec.taken:
            raise self.spec.refuse(f"the key {key!r} of a dictionary")
        return key

    def chains(self) -> None:
        """The nodes and outputs."""
        ends = self.ends()
        for index, call in enumerate(self.model.calls):
            chain = self.chain(call)
            whole = self.single(index, call)
            once = whole is not None and self.uses.get(whole) == 1
            if whole is not None and once and self.goes_on(whole):
                self.pending[whole] = chain
                continue
            if whole is not None and once and whole in ends:
                name = ends[whole][0] or self.name(self.label(call, "output"), "output")
                self.outputs[name] = chain
                self.values[whole] = name
                continue
            name = self.name(self.label(call, "value"), "value")
            self.nodes[name] = chain
            if whole is not None:
                self.values[whole] = name
            else:
                self.several(index, call, name)
        for ref, keys in ends.items():
            for key in keys:
                if self.value(ref) not in self.outputs:
                    self.outputs[key or self.name("output", "output")] = self.value(ref)
        order = [self.values[ref] for ref in self.end_values()]
        found = self.outputs.items()
        ordered = sorted(found, key=lambda pair: order.index(pair[0] if pair[0] in order else pair[1]))
        keys = keys_of(self.model.output_tree)
        self.outputs = {key: self.outputs[key] for key in keys} if keys else dict(ordered)

    def single(self, index: int, call: Call) -> Ref | None:
        """The one value of a call; `None` if it gives several."""
        paths = {ref.path for ref in self.uses if ref.source == index}
        inner = self.model.layer_of(call)
        if inner and inner.model:
            outputs = list(items_of(inner.model.output_tree))
            return Ref(index, call.outputs[0]) if len(outputs) == 1 else None
        return Ref(index) if call.outputs == ((),) and paths <= {()} else None

    def several(self, index: int, call: Call, name: str) -> None:
        """Names for the values of a call that gives several."""
        inner = self.model.layer_of(call)
        labels = list(self.spec.models[self.spec.model_name(inner.model)]["outputs"]) if inner and inner.model else []
        for ref in self.uses:
            if ref.source != index:
                continue
            part = ref.path[0] if ref.path else 0
            if len(ref.path) > 1:
                raise self.spec.refuse(f"a part of a part of what {self.what(call)} gives")
            self.values[ref] = f"{name}.{labels[part] if labels and isinstance(part, int) else part}"

    def ends(self) -> dict[Ref, list[str]]:
        """The values that are outputs, each with the keys that it has; an empty one outside of a dictionary."""
        keys = keys_of(self.model.output_tree)
        ends: dict[Ref, list[str]] = {}
        for position, ref in enumerate(self.end_values()):
            ends.setdefault(ref, []).append(self.key(keys[position]) if keys else "")
        return ends

    def end_values(self) -> Iterator[Ref]:
        """The values that are outputs, in order."""
        for item in items_of(self.model.output_tree):
            if not isinstance(item, Ref) or item.source < 0:
                raise self.spec.refuse("outputs that are nested, or are inputs")
            yield item

    def value(self, ref: Ref) -> str:
        """The name of a value."""
        return self.values[ref]

    def label(self, call: Call, fallback: str) -> str:
        """A name for what a call gives."""
        layer = self.model.layer_of(call)
        if layer is None:
            return fallback
        return identifier(layer.name, fallback) if not layer.generated else fallback

    def what(self, call: Call) -> str:
        """A call, in words."""
        layer = self.model.layer_of(call)
        return repr(layer.name) if layer else call.function

    def goes_on(self, value: Ref) -> bool:
        """Whether the call that takes a value goes on with it in its chain."""
        for call in self.model.calls:
            taken = [ref for tree in (*call.args, *(item for _, item in call.kwargs)) for ref in refs(tree)]
            if value in taken:
                alone = not call.function or (taken == [value] and call.function != SLICE)
                layer = self.model.layer_of(call)
                own = layer is not None and layer.model is None and self.signature(call) is None
                return call.args[:1] == (value,) and alone and (len(call.args) == 1 or not layer or own)
        return False  # an output

    def signature(self, call: Call) -> catalogue.Signature | None:
        """What Keras says of a layer that is called; `None` for one of the user's own."""
        layer = self.model.layer_of(call)
        known = layer is not None and layer.made.target.startswith("layers.")
        return catalogue.find_class(layer.made.class_name) if layer and known else None

    def start(self, value: Ref) -> str:
        """What a chain begins with that goes on with a value."""
        return self.pending.pop(value, None) or self.value(value)

    def chain(self, call: Call) -> str:
        """A chain that ends with a call."""
        if call.function:
            return self.operation(call)
        values, further = self.given(call)
        passed = [*map(self.words.tree, further), *(f"{key}={self.words.tree(item)}" for key, item in call.kwargs)]
        start = self.start(values[0]) if len(values) == 1 else f"({', '.join(map(self.value, values))})"
        brackets = f"({', '.join(passed)})" if passed else ""
        return f"{start} -> {self.called(call, bool(passed))}{brackets}"

    def given(self, call: Call) -> tuple[list[Ref], tuple[Tree, ...]]:
        """The values before the arrow, and what stands in the brackets of the call."""
        layer, signature = self.model.layer_of(call), self.signature(call)
        assert layer is not None
        first = call.args[0] if call.args else NONE
        values: list[Tree] = [first]
        if isinstance(first, Listing):
            as_list = layer.model is not None and isinstance(layer.model.input_tree, Listing)
            values = list(first.items)
            if len(values) == 1 and not as_list:
                raise self.spec.refuse(f"that {layer.name!r} is called with a list of one value")
        elif isinstance(first, Table) and layer.model and isinstance(layer.model.input_tree, Table):
            table = dict(first.items)
            values = [table.get(key, NONE) for key in keys_of(layer.model.input_tree)]
        further = call.args[1:]
        if signature and signature.inputs > 1 and all(isinstance(arg, Ref) for arg in call.args):
            values, further = list(call.args), ()
        listed = [value for value in values if isinstance(value, Ref)]
        if not listed or len(listed) < len(values) or (layer.model and further):
            raise self.spec.refuse(f"what {layer.name!r} is called with")
        return listed, further

    def operation(self, call: Call) -> str:
        """A chain that ends with an operation, or begins with it."""
        taken = [ref for tree in (*call.args, *(item for _, item in call.kwargs)) for ref in refs(tree)]
        if call.function == SLICE:
            assert isinstance(call.args[0], Ref)
            return f"{self.value(call.args[0])}[{self.words.index(call.args[1])}]"
        args = call.args
        function = operation_name(call.function, len(args))
        goes_on = taken == [args[0]] if args else False
        listed = [self.words.tree(item) for item in args[1 if goes_on else 0 :]]
        listed += [f"{key}={self.words.tree(item)}" for key, item in call.kwargs]
        brackets = f"({', '.join(listed)})" if listed else ""
        if goes_on:
            assert isinstance(args[0], Ref)
            return f"{self.start(args[0])} -> {function}{brackets}"
        return f"{function}{brackets}"

    def called(self, call: Call, passed: bool) -> str:
        """What a chain calls."""
        layer = self.model.layer_of(call)
        assert layer is not None
        if layer.model:
            return self.spec.model_name(layer.model)
        if call.layer in self.shared:
            return self.shared[call.layer]
        made = self.made(layer)
        if not layer.generated:
            made = Object(made.target, (*made.keywords, ("name", Plain(layer.name))), made.positional)
        return self.words.layer(made, brackets=passed)

    def made(self, layer: SavedLayer) -> Object:
        """What makes a layer; that it is not trained is said of a frozen model as a whole."""
        if not self.model.frozen:
            return layer.made
        kept = tuple(pair for pair in layer.made.keywords if pair != ("trainable", Plain(False)))
        return Object(layer.made.target, kept, layer.made.positional)


def _stems(model: SavedModel) -> Iterator[str]:
    """What Keras calls those layers and operations of a model that have no name."""
    for layer in model.layers:
        if layer.generated and layer.model is None:
            yield catalogue.made_up_stem(layer.made.class_name)
    for call in model.calls:
        if call.function:
            function = operation_name(call.function, len(call.args))
            yield "get_item" if call.function == SLICE else function.rpartition(".")[2]


def plain_chain(model: SavedModel) -> str | None:
    """Why a model is not a chain of layers; `None` if it is one."""
    if len(model.inputs) > 1:
        return f"it has {len(model.inputs)} inputs"
    if not isinstance(model.output_tree, Ref):
        return "its outputs are not one value"
    for index, call in enumerate(model.calls):
        before = Ref(index - 1) if index else Ref(-1)
        if call.function:
            return f"it has the operation {call.function}"
        name = model.layers[call.layer].name
        if call.args != (before,) or call.outputs != ((),):
            return f"{name!r} does not take the one value before it"
        if call.kwargs:
            return f"{name!r} is called with {call.kwargs[0][0]}"
        if model.layers[call.layer].calls > 1:
            return f"{name!r} is called more than once"
    return None
