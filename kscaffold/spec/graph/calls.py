"""What the chains of a graph call: each layer, model, block and operation is looked up, with its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kscaffold.base.errors import RequestError, did_you_mean
from kscaffold.base.place import Place
from kscaffold.keras_data import catalogue
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.text import show
from kscaffold.program.tree import (
    Applied,
    Arithmetic,
    Listing,
    Object,
    Part,
    Plain,
    Table,
    Tree,
    Value,
    Variable,
    names,
    values,
)
from kscaffold.spec.graph.family import Family
from kscaffold.spec.graph.value import NOTHING, Graph, Layer, SharedLayer, Step, Target
from kscaffold.spec.language.chain import OPERATIONS, Link
from kscaffold.spec.layer.call import resolve_call

OF_MODELS = ("training", "mask")  # the arguments of a call of a model
WORDS = ("name", "dtype", "activation")  # the arguments of layers that never hold a model


class Calls:
    """Looks up what the chains of one graph call.

    Args:
        family: The graph with its models and blocks.
        scope: The parameters that it may use.
        taken: What each name of the graph is: "input", "node", …

    Attributes:
        shared: The shared layers by name.
        models: The models that were called so far.
        blocks: The blocks that were called so far.
        used: The parameters that were used so far.
        values: The names of all values of the graph.
    """

    def __init__(self, family: Family, scope: Mapping[str, Argument], taken: Mapping[str, str]) -> None:
        self.family = family
        self.scope = scope
        self.taken = taken
        self.shared: dict[str, SharedLayer] = {}
        self.models: dict[str, Graph] = {}
        self.blocks: dict[str, Graph] = {}
        self.used: set[str] = set()
        self.values: set[str] = set()

    def layer(self, call: Object, place: Place) -> Layer:
        """A layer with its arguments as Keras names them."""
        made = self.made_of(call, "", place)
        assert isinstance(made, Object)
        call = made
        own = {item.name for item in self.family.own_classes}
        if call.target in own:
            call = replace(call, target=f":{call.target}")
        signature = None
        try:
            if call.own is None:
                known = [*self.taken, *own]
                if call.target not in ("Input", "InputLayer") and not catalogue.is_layer(call.target):
                    near = did_you_mean(call.target, known)
                    if near:
                        raise RequestError(f"There is no layer {call.target!r}.", hint=near)
                signature = catalogue.find_class(call.target)
                if signature.group != "layers":
                    raise RequestError(f"{call.target} is a {signature.kind}, no layer.")
            resolved = resolve_call(replace(call, repeat=1), self.scope, owner=self.family.owner)
        except RequestError as error:
            raise error.at(str(place)) from None
        self.used |= names(resolved) & set(self.scope)
        return Layer(resolved, signature)

    def made_of(self, part: Tree, key: str, place: Place) -> Tree:
        """What makes a layer: a bare word in it may be a model, but there are no values of the graph."""

        def read(item: Tree, name: str = key) -> Tree:
            return self.made_of(item, name, place)

        match part:
            case Variable(name=word) if "." in word:
                raise self.no_place(repr(word), place)
            case Variable(name=word) if word in self.family.models and key not in WORDS:
                self.models[word] = self.family.part(word, place)
                return Value(word)
            case Variable(name=word) if word in self.family.blocks and key not in WORDS:
                raise RequestError(
                    f"{word!r} is a block, and a layer takes a model.",
                    hint="Make it one of the models, with shapes of its inputs.",
                    where=str(place),
                )
            case Part(of=of, index=Plain(value=int()) as index):
                return Part(read(of), index)
            case Object(target=target) if target.startswith(OPERATIONS):
                raise self.no_place(f"The operation {target}", place)
            case Object(arguments=arguments, keywords=keywords):
                named = tuple((name, read(value, name)) for name, value in keywords)
                return replace(part, arguments=tuple(read(item) for item in arguments), keywords=named)
            case Listing(brackets=brackets, items=items):
                return Listing(brackets, tuple(read(item) for item in items))
            case Table(items=pairs):
                return Table(tuple((name, read(value, name)) for name, value in pairs))
            case Arithmetic(left=left, operator=operator, right=right):
                return Arithmetic(read(left), operator, read(right))
            case Part() | Applied():
                raise self.no_place(repr(show(part)), place)
        return part

    def no_place(self, what: str, place: Place) -> RequestError:
        """Something that is no argument of a layer."""
        return RequestError(
            f"{what} has no place in what makes a layer.",
            hint="Values go into calls: (a, b) -> Concatenate, or LSTM(8)(initial_state=[h, c]).",
            where=str(place),
        )

    def step(self, link: Link) -> Step:
        """A call with what it calls."""
        word, place = link.call.target, link.place
        if isinstance(link.repeat, str):
            self.demand_count(link.repeat, place)
        if link.is_operation:
            return self.operation(link)
        if word in self.shared or word in self.family.models:
            return self.call_of_one(link)
        if word in self.family.blocks:
            if link.passed is not None:
                raise RequestError(
                    f"{word!r} is a block, whose calls take no arguments.",
                    hint="Give it parameters.",
                    where=str(place),
                )
            block = self.blocks[word] = self.family.part(word, place)
            return Step(Target.BLOCK, word, place, arguments=self.block_arguments(block, link), repeat=link.repeat)
        if link.bare and self.taken.get(word.partition(".")[0]) in ("input", "node"):
            raise RequestError(
                f"{word!r} is a value, and a chain calls layers.",
                hint=f"To merge values: (…, {word}) -> Concatenate.",
                where=str(place),
            )
        layer = self.layer(link.call, place)
        passed = self.passed(link.passed or NOTHING, layer.class_name, layer, place)
        return Step(Target.LAYER, layer.class_name, place, layer, repeat=link.repeat, passed=passed)

    def call_of_one(self, link: Link) -> Step:
        """A call of a shared layer or a model, in whose brackets stand the arguments of the call."""
        word, place = link.call.target, link.place
        target = Target.SHARED if word in self.shared else Target.MODEL
        if link.repeat != 1:
            raise RequestError(
                f"'{word} x{link.repeat}' would call one and the same {word!r} again.",
                hint=f"Write {word} -> {word} if that is meant.",
                where=str(place),
            )
        if target is Target.MODEL:
            self.models[word] = self.family.part(word, place)
        layer = self.shared[word].layer if target is Target.SHARED else None
        passed = self.passed(link.call, word, layer, place)
        unnamed = any(not list(values(item)) for item in passed.arguments) or (passed.arguments and not layer)
        if link.passed is not None or unnamed or not (link.bare or passed.arguments or passed.keywords):
            what = "a model" if layer is None else "a shared layer"
            raise RequestError(
                f"{word!r} is {what} that is there already.",
                hint=f"Write {word}, or with arguments of the call: {word}(training=False).",
                where=str(place),
            )
        return Step(target, word, place, passed=passed)

    def passed(self, given: Object, name: str, layer: Layer | None, place: Place) -> Object:
        """The arguments of a call of a layer or model, with the values that they name."""
        known = (
            [*OF_MODELS] if layer is None else [*layer.signature.passed[1:], "training"] if layer.signature else None
        )
        for key, _ in given.keywords:
            if known is not None and key not in known:
                hint = did_you_mean(key, known) or f"It takes {', '.join(dict.fromkeys(known))}."
                raise RequestError(f"{name} is called with no argument {key!r}.", hint=hint, where=str(place))
        return self.given(given, name, place)

    def given(self, call: Object, name: str, place: Place) -> Object:
        """The arguments of a call, each looked up."""
        return Object(
            "",
            arguments=tuple(self.argument(item, name, place) for item in call.arguments),
            keywords=tuple((key, self.argument(item, name, place)) for key, item in call.keywords),
        )

    def operation(self, link: Link) -> Step:
        """A function of `keras.ops`; the values before it are its first arguments."""
        name = link.call.target
        if link.passed is not None:
            raise RequestError(f"{name} has second brackets.", hint="Leave them out.", where=str(link.place))
        try:
            catalogue.find_operation(name.removeprefix(OPERATIONS))
        except RequestError as error:
            raise error.at(str(link.place)) from None
        passed = self.given(link.call, name, link.place)
        return Step(Target.OPERATION, name, link.place, repeat=link.repeat, passed=passed)

    def head(self, head: Object | Part, place: Place) -> Step:
        """The operation or slice that a chain begins with."""
        if isinstance(head, Object):
            return self.operation(Link(head, False, 1, place))
        if not isinstance(head.of, Variable):
            raise RequestError(
                f"{show(head)!r} is a part of what has no name.", hint="Give that a name: a node.", where=str(place)
            )
        inside = names(head.index)
        if unknown := sorted(inside - set(self.scope)):
            raise self.no_parameter(unknown[0], place)
        self.used |= inside
        return Step(Target.OPERATION, "[]", place, part=Part(Value(head.of.name), head.index))

    def argument(self, part: Tree, name: str, place: Place) -> Tree:
        """An argument of an operation or of a call: a bare word is a value or a parameter, else a string."""

        def read(item: Tree) -> Tree:
            return self.argument(item, name, place)

        match part:
            case Variable(name=word) if word.startswith(OPERATIONS):
                raise self.inside(word, name, place)
            case Variable(name=word) if "." in word or word in self.values:
                return Value(word)
            case Variable(name=word) if word in self.scope:
                self.used.add(word)
                return part
            case Variable(name=word):
                return Plain(word)
            case Listing(brackets=brackets, items=items):
                return Listing(brackets, tuple(map(read, items)))
            case Table(items=pairs):
                return Table(tuple((key, read(item)) for key, item in pairs))
            case Arithmetic():
                words = names(part)
                if named := sorted(word for word in words if "." in word or word in self.values):
                    raise RequestError(
                        f"{show(part)!r} computes with the value {named[0]!r}.",
                        hint="Write an operation: ops.add(a, b), ops.multiply(a, 2).",
                        where=str(place),
                    )
                if unknown := sorted(words - set(self.scope)):
                    raise self.no_parameter(unknown[0], place)
                self.used |= words
                return part
            case Plain():
                return part
        raise self.inside(show(part), name, place)

    def inside(self, what: str, name: str, place: Place) -> RequestError:
        """Something that is computed inside of the arguments of a call."""
        return RequestError(
            f"{what} stands inside of {name}.",
            hint="Arguments are values with names, numbers, words and lists of them: make it a node, and name that.",
            where=str(place),
        )

    def no_parameter(self, word: str, place: Place) -> RequestError:
        """A word that should be a parameter."""
        owner = self.family.owner
        return RequestError(
            f"{word!r} is no {owner.noun}.", hint=f"To add it: {owner.adding.format(name=word)}.", where=str(place)
        )

    def demand_count(self, name: str, place: Place) -> None:
        """A parameter says how often something is repeated."""
        if name not in self.scope or self.scope[name].kind is not Kind.INT:
            adding = self.family.owner.adding.format(name=name)
            raise RequestError(
                f"{name!r} is no {self.family.owner.noun} that counts.", hint=f"To add it: {adding}.", where=str(place)
            )
        self.used.add(name)

    def block_arguments(self, block: Graph, link: Link) -> tuple[tuple[str, Tree], ...]:
        """What a call gives to the parameters of a block, all of them by name."""
        text = self.family.blocks[block.name][1]
        own = [item.name.value for item in text.parameters]
        by_name = {argument.name: argument for argument in block.parameters}
        given: dict[str, Tree] = {}
        place = str(link.place)
        if len(link.call.arguments) > len(own):
            raise RequestError(
                f"{block.name} takes {len(own)} arguments, {len(link.call.arguments)} were given.", where=place
            )
        for key, value in [*zip(own, link.call.arguments), *link.call.keywords]:
            if key not in own:
                hint = did_you_mean(key, own) or f"It takes {', '.join(own) or 'none'}."
                raise RequestError(f"{block.name} has no argument {key!r}.", hint=hint, where=place)
            if key in given:
                raise RequestError(f"{block.name} is given {key!r} twice.", where=place)
            given[key] = self.block_argument(by_name[key], self.made_of(value, "name", link.place), place)
        missing = [name for name in own if by_name[name].required and name not in given]
        if missing:
            raise RequestError(f"{block.name} needs {missing[0]!r}.", where=place)
        return tuple(given.items())

    def block_argument(self, argument: Argument, value: Tree, place: str) -> Tree:
        """A value for a parameter of a block."""
        inside = names(value) & set(self.scope)
        self.used |= inside
        if inside == names(value):
            return value
        if isinstance(value, Variable) and argument.kind not in (Kind.INT, Kind.FLOAT, Kind.BOOL):
            return Plain(value.name)
        word = sorted(names(value) - inside)[0]
        adding = self.family.owner.adding.format(name=word)
        raise RequestError(f"{word!r} is no {self.family.owner.noun}.", hint=f"To add it: {adding}.", where=place)
