"""A saved model as a graph spec: chains of layers, as far as the syntax of specs can say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kscaffold.errors import RequestError
from kscaffold.naming import identifier
from kscaffold.saved.tree import Listing, Object, Plain, Ref, Table, Tree
from kscaffold.saved.value import Call, CallKind, SavedModel, uses_of
from kscaffold.spec.expr import literal


def spec_document(model: SavedModel, shown: str) -> dict[str, Any]:
    """The document of a spec: what stands in its YAML file.

    Args:
        model: The model.
        shown: How messages name its file.

    Raises:
        RequestError: There is something in the model that no spec can say; names it.
    """
    writer = _Spec(shown)
    document = writer.document(model)
    if writer.models:
        document = {**document, "models": writer.models}
    return document


class _Spec:
    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.models: dict[str, dict[str, Any]] = {}
        self.known: list[tuple[SavedModel, str]] = []
        # Names of models and of what is inside them never clash: specs have one space for both.
        self.taken: set[str] = {"model", "keras", "layers", "ops"}

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

    def name(self, wanted: str) -> str:
        """A name that is not taken."""
        stem = wanted if wanted[:1].islower() else f"x_{wanted}"
        name, number = stem, 2
        while name in self.taken:
            name, number = f"{stem}_{number}", number + 1
        self.taken.add(name)
        return name

    def model_name(self, model: SavedModel) -> str:
        """The name of a model that is called, whose spec is written when it is first needed."""
        for known, name in self.known:
            if known is model:
                return name
        name = self.name(identifier(model.name, "part") if not model.generated else "part")
        self.known.append((model, name))
        self.models[name] = self.document(model)
        return name


class _One:
    """The spec of one model."""

    def __init__(self, spec: _Spec, model: SavedModel) -> None:
        self.spec = spec
        self.model = model
        self.values: dict[Ref, str] = {}
        self.shared: dict[int, str] = {}
        self.nodes: dict[str, str] = {}
        self.outputs: dict[str, str] = {}

    def document(self) -> dict[str, Any]:
        """The document."""
        model = self.model
        if isinstance(model.input_tree, Table) or isinstance(model.output_tree, Table):
            raise self.spec.refuse("inputs or outputs that come as a dictionary")
        if not model.inputs:
            raise self.spec.refuse("a model without a shape of its inputs")
        if model.frozen:
            raise self.spec.refuse(f"that the whole model {model.name!r} is not trained")
        inputs = {}
        for index, item in enumerate(model.inputs):
            if item.options or (item.shape and item.shape[0] is not None):
                raise self.spec.refuse(
                    f"that the input {item.name!r} has a batch size, or is {', '.join(item.options) or 'such'}"
                )
            name = self.spec.name(
                "inputs" if item.generated and len(model.inputs) == 1 else identifier(item.name, "input")
            )
            self.values[Ref(-1 - index)] = name
            shape = list(item.shape[1:])
            inputs[name] = {"shape": shape, "dtype": item.dtype} if item.dtype != "float32" else {"shape": shape}
        shared = {}
        for number, layer in enumerate(model.layers):
            if layer.calls > 1 and layer.model is None:
                self.shared[number] = self.spec.name(identifier(layer.name, "layer"))
                shared[self.shared[number]] = self.layer(layer.made)
        self.chains()
        document: dict[str, Any] = {"inputs": inputs}
        document |= {"shared": shared} if shared else {}
        document |= {"nodes": self.nodes} if self.nodes else {}
        return document | {"outputs": self.outputs}

    def chains(self) -> None:
        """The nodes and outputs."""
        uses = uses_of(self.model)
        ends = list(self.ends())
        pending: dict[Ref, str] = {}
        for index, call in enumerate(self.model.calls):
            start = self.start(call, pending)
            chain = f"{start} -> {self.called(call)}"
            whole = Ref(index)
            single = call.outputs == ((),)
            following = self.user(whole) if single and uses.get(whole) == 1 else None
            if following is not None and self.takes_one(following):
                pending[whole] = chain
                continue
            if single and ends.count(whole) == 1 and uses.get(whole) == 1:
                name = self.spec.name(self.label(call, "output"))
                self.outputs[name] = chain
                self.values[whole] = name
                continue
            name = self.spec.name(self.label(call, "value"))
            self.nodes[name] = chain
            self.values[whole] = name
            inner = self.model.layer_of(call)
            if not single and inner and inner.model:
                labels = list(self.spec.models[self.spec.model_name(inner.model)]["outputs"])
                for path, label in zip(call.outputs, labels, strict=True):
                    self.values[Ref(index, path)] = f"{name}.{label}" if len(labels) > 1 else name
            elif not single:
                raise self.spec.refuse(f"that {self.what(call)} gives several values")
        for ref in ends:
            if self.values[ref] not in self.outputs:
                self.outputs[self.spec.name("output")] = self.values[ref]
        order = [self.values[ref] for ref in ends]
        self.outputs = dict(
            sorted(self.outputs.items(), key=lambda pair: order.index(pair[0] if pair[0] in order else pair[1]))
        )

    def ends(self) -> Iterator[Ref]:
        """The values that are outputs."""
        tree = self.model.output_tree
        items = tree.items if isinstance(tree, Listing) else (tree,)
        for item in items:
            if not isinstance(item, Ref) or item.source < 0:
                raise self.spec.refuse("outputs that are nested, or are inputs")
            yield item

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

    def start(self, call: Call, pending: dict[Ref, str]) -> str:
        """What a chain begins with."""
        if call.kind is CallKind.OPERATION:
            raise self.spec.refuse(f"the operation {call.function}")
        if call.kwargs:
            raise self.spec.refuse(f"the argument {call.kwargs[0][0]!r} of a call of {self.what(call)}")
        given: list[Tree] = []
        for arg in call.args:
            given += arg.items if isinstance(arg, Listing) else [arg]
        names = []
        for ref in given:
            if not isinstance(ref, Ref):
                raise self.spec.refuse(f"what {self.what(call)} is called with")
            if ref in pending:
                return pending.pop(ref)
            names.append(self.values[ref])
        return names[0] if len(names) == 1 else f"({', '.join(names)})"

    def user(self, value: Ref) -> Call | None:
        """The one call that takes a value; `None` for an output."""
        from kscaffold.saved.tree import refs

        return next((call for call in self.model.calls if any(value in list(refs(arg)) for arg in call.args)), None)

    def takes_one(self, call: Call) -> bool:
        """Whether a call takes a single value."""
        return (
            call.kind is not CallKind.OPERATION
            and not call.kwargs
            and len(call.args) == 1
            and isinstance(call.args[0], Ref)
        )

    def called(self, call: Call) -> str:
        """What a chain calls."""
        layer = self.model.layer_of(call)
        assert layer is not None
        if layer.model:
            return self.spec.model_name(layer.model)
        if call.layer in self.shared:
            return self.shared[call.layer]
        made = layer.made
        if not layer.generated:
            made = Object(made.target, (*made.keywords, ("name", Plain(layer.name))), made.positional)
        return self.layer(made)

    def layer(self, made: Tree, inside: bool = False) -> str:
        """A layer as specs write it; one without arguments has no brackets, unless it is inside another."""
        match made:
            case Plain(value=value):
                return literal(value)
            case Listing(brackets=brackets, items=items):
                comma = "," if brackets == "()" and len(items) == 1 else ""
                return f"{brackets[0]}{', '.join(self.layer(item, True) for item in items)}{comma}{brackets[1]}"
            case Table(items=pairs):
                return "{" + ", ".join(f"{literal(key)}: {self.layer(value, True)}" for key, value in pairs) + "}"
            case Object(target=target, keywords=keywords, positional=positional):
                if target == "model" or target.startswith((":", "keras.dtype", "keras.random", "np.", "ops.")):
                    raise self.spec.refuse(
                        "a model or an object inside of a layer" if target == "model" else target.lstrip(":")
                    )
                name = target if ":" in target else target.rpartition(".")[2]
                listed = [
                    self.layer(value, True) if index < positional else f"{key}={self.layer(value, True)}"
                    for index, (key, value) in enumerate(keywords)
                ]
                return f"{name}({', '.join(listed)})" if listed or inside else name
        raise self.spec.refuse(f"{made}")


def plain_chain(model: SavedModel) -> str | None:
    """Why a model is no chain of layers; `None` if it is one."""
    if len(model.inputs) > 1:
        return f"it has {len(model.inputs)} inputs"
    if not isinstance(model.output_tree, Ref):
        return "its outputs are not one value"
    for index, call in enumerate(model.calls):
        before = Ref(index - 1) if index else Ref(-1)
        if call.kind is CallKind.OPERATION:
            return f"it has the operation {call.function}"
        name = model.layers[call.layer].name
        if call.args != (before,) or call.outputs != ((),):
            return f"{name!r} does not take the one value before it"
        if call.kwargs:
            return f"{name!r} is called with {call.kwargs[0][0]}"
        if model.layers[call.layer].calls > 1:
            return f"{name!r} is called more than once"
    return None
