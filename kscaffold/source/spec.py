"""A saved model as a graph spec: chains of layers and operations."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count, repeat
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
NOT_TRAINED = ("trainable", Plain(False))


class Inline(dict[str, object]):
    """A dictionary that is written on one line."""


def spec_document(model: SavedModel, shown: str) -> dict[str, object]:
    """The document of a spec: what stands in its YAML file. Messages name the file of the model as `shown`.

    Raises:
        RequestError: There is something in the model that no spec can say; names it.
    """
    writer = _Spec(model, shown)
    document = _One(writer, model).document()
    return document | ({"models": writer.models} if writer.models else {})


class _Spec:
    def __init__(self, model: SavedModel, shown: str) -> None:
        self.shown = shown
        self.models: dict[str, dict[str, Any]] = {}
        *inner, _ = every = list(every_model(model))
        # What Keras calls layers and operations that have no name is not a name for anything else.
        self.made_up = {stem for part in every for stem in _stems(part)}
        keys = {key for part in every for tree in (part.input_tree, part.output_tree) for key in keys_of(tree)}
        taken = RESERVED | keys
        wanted = ((part, "part" if part.generated else identifier(part.name, "part")) for part in inner)
        self.known = [(part, self.free(name, taken, "model")) for part, name in wanted]
        # Names of models and of what is inside them never clash.
        self.taken = RESERVED | {name for _, name in self.known}

    def refuse(self, what: str) -> RequestError:
        hint = "Leave out --to-spec, or --style, for functional Python."
        return RequestError(f"A spec cannot say {what}.", hint=hint, where=self.shown)

    def free(self, wanted: str, taken: set[str], what: str) -> str:
        """A name that is not taken, and none that Keras may give by itself; taken from then on."""
        stem = wanted if wanted[:1].islower() else f"x_{wanted}"
        stem = f"{stem}_{what}" if re.sub(r"_[0-9]+$", "", stem) in self.made_up else stem
        name = next(name for number in count(1) if (name := f"{stem}_{number}" if number > 1 else stem) not in taken)
        taken.add(name)
        return name

    def model_name(self, model: SavedModel) -> str:
        """The name of a model that is called, whose spec is written when it is first needed."""
        name = next(name for known, name in self.known if known is model)
        if name not in self.models:
            self.models[name] = {}  # its place, before those that it needs itself
            self.models[name] = _One(self, model).document()
        return name


class _One:
    """The spec of one model."""

    def __init__(self, spec: _Spec, model: SavedModel) -> None:
        self.spec = spec
        self.model = model
        self.values: dict[Ref, str] = {}
        self.words = Words(spec.refuse, self.values.__getitem__, spec.model_name)
        self.taken = {*spec.taken, *keys_of(model.input_tree), *keys_of(model.output_tree)}
        self.shared: dict[int, str] = {}
        self.nodes: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.pending: dict[Ref, str] = {}
        self.uses = uses_of(model)
        self.taker = {ref: call for call in reversed(model.calls) for ref in _reads(call)}

    def document(self) -> dict[str, Any]:
        model = self.model
        for layer in model.layers:
            if layer.words:
                raise self.spec.refuse(f"the words that {layer.name!r} learned")
        document: dict[str, Any] = {"inputs": self.inputs()}
        shared = {}
        for number, layer in enumerate(model.layers):
            if layer.calls > 1 and layer.model is None:
                self.shared[number] = self.name(identifier(layer.name, "layer"), "layer")
                shared[self.shared[number]] = self.words.layer(self.made(layer))
        self.chains()
        trees = {"inputs": model.input_tree, "outputs": model.output_tree}
        structure = Inline({key: form for key, tree in trees.items() if (form := form_of(tree))})
        document |= {"shared": shared} if shared else {}
        document |= {"nodes": self.nodes} if self.nodes else {}
        document |= {"outputs": self.outputs}
        document |= {"structure": structure} if structure else {}
        return document | ({"trainable": False} if model.frozen else {})

    def name(self, wanted: str, what: str) -> str:
        return self.spec.free(wanted, self.taken, what)

    def inputs(self) -> dict[str, object]:
        model = self.model
        listed = model.inputs
        if not listed and model.build_shape:
            listed = (SavedInput("inputs", model.build_shape, "float32", True),)
        if not listed:
            raise self.spec.refuse(f"the shape of the inputs of {model.name!r}, which the file does not say")
        places = [Ref(-1 - index) for index in range(len(listed))]
        if not model.sequential and list(items_of(model.input_tree)) != places:
            raise self.spec.refuse("inputs that are nested, or given twice")
        inputs: dict[str, object] = {}
        for item, place, key in zip(listed, places, keys_of(model.input_tree) or repeat("")):
            if item.options:
                raise self.spec.refuse(f"that the input {item.name!r} is {' and '.join(item.options)}")
            plain = "inputs" if item.generated and len(listed) == 1 else identifier(item.name, "input")
            name = self.values[place] = self.key(key) if key else self.name(plain, "input")
            shape = list(item.shape[1:])
            said = Inline({"shape": shape} | ({"dtype": item.dtype} if item.dtype != "float32" else {}))
            said |= {"batch_size": item.shape[0]} if item.shape and item.shape[0] is not None else {}
            short = shape[0] if len(shape) == 1 and shape[0] is not None else shape
            inputs[name] = said if len(said) > 1 else short
        return inputs

    def key(self, key: str) -> str:
        """The key of a dictionary, which is a name in the spec."""
        if identifier(key, "key") != key or key in self.spec.taken:
            raise self.spec.refuse(f"the key {key!r} of a dictionary")
        return key

    def chains(self) -> None:
        """The nodes and outputs."""
        ends = list(self.ends())
        keys = dict(ends)
        last: dict[Ref, tuple[str, str]] = {}
        for index, call in enumerate(self.model.calls):
            chain, whole = self.chain(call), self.single(index, call)
            once = whole if whole and self.uses.get(whole) == 1 else None
            if once and once in self.taker and self.goes_on(once, self.taker[once]):
                self.pending[once] = chain
            elif once and once in keys:
                last[once] = (keys[once] or self.name(self.label(call, "output"), "output"), chain)
            else:
                name = self.name(self.label(call, "value"), "value")
                self.nodes[name] = chain
                self.values |= {whole: name} if whole else self.several(index, call, name)
        for ref, key in ends:
            name, chain = last.get(ref) or (key or self.name("output", "output"), self.values[ref])
            self.outputs[name] = chain

    def single(self, index: int, call: Call) -> Ref | None:
        """The one value of a call; `None` if it gives several."""
        inner = self.model.layer_of(call)
        if inner and inner.model:
            return Ref(index, call.outputs[0]) if len(list(items_of(inner.model.output_tree))) == 1 else None
        whole = all(not ref.path for ref in self.uses if ref.source == index)
        return Ref(index) if whole and call.outputs == ((),) else None

    def several(self, index: int, call: Call, name: str) -> dict[Ref, str]:
        """Names for the values of a call that gives several."""
        layer = self.model.layer_of(call)
        labels = list(self.spec.models[self.spec.model_name(layer.model)]["outputs"]) if layer and layer.model else []
        found = {}
        for ref in self.uses:
            if ref.source == index:
                part = ref.path[0] if ref.path else 0
                if len(ref.path) > 1:
                    what = repr(layer.name) if layer else call.function
                    raise self.spec.refuse(f"a part of a part of what {what} gives")
                found[ref] = f"{name}.{labels[part] if labels and isinstance(part, int) else part}"
        return found

    def ends(self) -> Iterator[tuple[Ref, str]]:
        """The values that are outputs, in order, each with its key; an empty one outside of a dictionary."""
        tree = self.model.output_tree
        for item, key in zip(items_of(tree), keys_of(tree) or repeat("")):
            if not isinstance(item, Ref) or item.source < 0:
                raise self.spec.refuse("outputs that are nested, or are inputs")
            yield item, self.key(key) if key else ""

    def label(self, call: Call, fallback: str) -> str:
        """A name for what a call gives."""
        layer = self.model.layer_of(call)
        return identifier(layer.name, fallback) if layer and not layer.generated else fallback

    def goes_on(self, value: Ref, call: Call) -> bool:
        """Whether a call that takes a value goes on with it in its chain."""
        if call.function and (_reads(call) != [value] or call.function == SLICE):
            return False
        layer = self.model.layer_of(call)
        own = layer is not None and layer.model is None and self.signature(layer) is None
        return call.args[:1] == (value,) and (len(call.args) == 1 or layer is None or own)

    def signature(self, layer: SavedLayer) -> catalogue.Signature | None:
        """What Keras says of a layer; `None` for one of the user's own."""
        made = layer.made
        return catalogue.find_class(made.class_name) if made.target.startswith("layers.") else None

    def start(self, value: Ref) -> str:
        """What a chain begins with that goes on with a value."""
        return self.pending.pop(value, None) or self.values[value]

    def chain(self, call: Call) -> str:
        """A chain that ends with a call."""
        layer = self.model.layer_of(call)
        if layer is None:
            return self.operation(call)
        values, further = self.given(call, layer)
        passed = self.passed(further, call)
        start = self.start(values[0]) if len(values) == 1 else f"({', '.join(map(self.values.__getitem__, values))})"
        return f"{start} -> {self.called(call, layer, bool(passed))}{passed}"

    def passed(self, args: Iterable[Tree], call: Call) -> str:
        """What a call passes in brackets, if there is any."""
        listed = [*map(self.words.tree, args), *(f"{key}={self.words.tree(item)}" for key, item in call.kwargs)]
        return f"({', '.join(listed)})" if listed else ""

    def given(self, call: Call, layer: SavedLayer) -> tuple[list[Ref], tuple[Tree, ...]]:
        """The values before the arrow, and what stands in the brackets of the call."""
        signature, takes = self.signature(layer), layer.model.input_tree if layer.model else None
        first = call.args[0] if call.args else NONE
        values: tuple[Tree, ...] = (first,)
        further = call.args[1:]
        if isinstance(first, Listing):
            values = first.items
            if len(values) == 1 and not isinstance(takes, Listing):
                raise self.spec.refuse(f"that {layer.name!r} is called with a list of one value")
        elif isinstance(first, Table) and isinstance(takes, Table):
            values = tuple(dict(first.items).get(key, NONE) for key in keys_of(takes))
        elif signature and signature.inputs > 1 and all(isinstance(arg, Ref) for arg in call.args):
            values, further = call.args, ()
        listed = [value for value in values if isinstance(value, Ref)]
        if not listed or len(listed) < len(values) or (layer.model and further):
            raise self.spec.refuse(f"what {layer.name!r} is called with")
        return listed, further

    def operation(self, call: Call) -> str:
        """A chain that ends with an operation, or begins with it."""
        reads = _reads(call)
        if call.function == SLICE:
            return f"{self.values[reads[0]]}[{self.words.index(call.args[1])}]"
        function = operation_name(call.function, len(call.args))
        if reads and list(call.args[:1]) == reads:
            passed = self.passed(call.args[1:], call)
            return f"{self.start(reads[0])} -> {function}{passed}"
        return f"{function}{self.passed(call.args, call)}"

    def called(self, call: Call, layer: SavedLayer, passed: bool) -> str:
        if layer.model:
            return self.spec.model_name(layer.model)
        if call.layer in self.shared:
            return self.shared[call.layer]
        made = self.made(layer)
        if not layer.generated:
            made = replace(made, keywords=(*made.keywords, ("name", Plain(layer.name))))
        return self.words.layer(made, brackets=passed)

    def made(self, layer: SavedLayer) -> Object:
        """What makes a layer; that it is not trained is said of a frozen model as a whole."""
        if not self.model.frozen:
            return layer.made
        return replace(layer.made, keywords=tuple(pair for pair in layer.made.keywords if pair != NOT_TRAINED))


def _reads(call: Call) -> list[Ref]:
    """The values that a call takes, in order."""
    return [ref for tree in (*call.args, *dict(call.kwargs).values()) for ref in refs(tree)]


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
        layer = model.layer_of(call)
        if layer is None:
            return f"it has the operation {call.function}"
        if call.args != (Ref(index - 1),) or call.outputs != ((),):
            return f"{layer.name!r} does not take the one value before it"
        if call.kwargs:
            return f"{layer.name!r} is called with {call.kwargs[0][0]}"
        if layer.calls > 1:
            return f"{layer.name!r} is called more than once"
    return None
