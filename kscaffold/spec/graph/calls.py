"""What the chains of a graph call: each layer, model, block and operation is looked up, with its arguments."""

from collections.abc import Mapping
from dataclasses import replace

from kscaffold.base.errors import RequestError, did_you_mean, with_article
from kscaffold.base.naming import check_value_name, snake_case, unique
from kscaffold.base.place import Place, located
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
    transform,
    values,
    walk,
)
from kscaffold.spec.graph.expressions import as_call, demand_size, hint_for, is_size, number_of
from kscaffold.spec.graph.family import Family
from kscaffold.spec.graph.rounds import round_variables
from kscaffold.spec.graph.value import NOTHING, Graph, Node, SharedLayer, Step, Target, signature_of
from kscaffold.spec.language.chain import OF_LAYER, OPERATIONS, Link
from kscaffold.spec.language.syntax import Rounds
from kscaffold.spec.layer.call import bind, find_layer, resolve_call

OF_MODELS = ("training", "mask")  # the arguments of a call of a model
WORDS = ("name", "dtype", "activation")  # the arguments of layers that never hold a model


class Calls:
    """Looks up what the chains of one graph call.

    Args:
        scope: The parameters that it may use.
        taken: What each name of the graph is: "input", "node", …

    Attributes:
        parts: The models and blocks that were called so far.
        hidden: The nodes that parts of expressions become.
    """

    def __init__(self, family: Family, scope: Mapping[str, Argument], taken: Mapping[str, str]) -> None:
        self.family = family
        self.scope = scope
        self.taken = taken
        self.shared: dict[str, SharedLayer] = {}
        self.parts: dict[str, Graph] = {}
        self.hidden: list[Node] = []
        self.told = 0  # how many of them were asked for
        self.computed: dict[Tree, str] = {}  # what gives the same each time, by its expression

    @property
    def functions(self) -> list[str]:
        """The arguments of a layer that are called: activations."""
        return [name for name in self.family.body.arguments if self.scope[name].kind is Kind.ACTIVATION]

    def is_value(self, word: str) -> bool:
        """Whether a word names a value of the graph, or one of several."""
        return "." in word or self.taken.get(word) in ("input", "node", "output", "weight")

    def part(self, word: str, place: Place) -> Graph:
        """A model or block, which is called from now on."""
        self.parts[word] = self.family.part(word, place)
        return self.parts[word]

    def layer(self, call: Object, place: Place) -> Object:
        """A layer with its arguments as Keras names them."""
        made = self.made_of(call, place)
        assert isinstance(made, Object)
        own = [item.name for item in self.family.own_classes]
        if made.target in own:
            made = replace(made, target=f":{made.target}")
        with located(place):
            if made.own is None:
                if made.target not in ("Input", "InputLayer") and not catalogue.is_layer(made.target):
                    if near := did_you_mean(made.target, [*self.taken, *own]):
                        raise RequestError(f"There is no layer {made.target!r}.", hint=near, missing=made.target)
                find_layer(made.target)
            return resolve_call(replace(made, repeat=1), self.scope, owner=self.family.owner)

    def made_of(self, tree: Tree, place: Place, key: str = "") -> Tree:
        """What makes a layer: a bare word in it may be a model, but there are no values of the graph."""

        def no_place(what: str) -> RequestError:
            hint = "Values go into calls: (a, b) -> Concatenate, or LSTM(8)(initial_state=[h, c])."
            return place.error(f"{what} has no place in what makes a layer.", hint)

        def change(part: Tree) -> Tree | None:
            match part:
                case Variable(name=word) if "." in word:
                    raise no_place(repr(word))
                case Variable(name=word) if word in self.family.parts and key not in WORDS:
                    if self.family.parts[word].is_block:
                        problem = f"{word!r} is a block, and a layer takes a model."
                        raise place.error(problem, "Make it one of the models, with shapes of its inputs.")
                    return Value(self.part(word, place).name)
                case Object(target=target) if target.startswith(OPERATIONS):
                    raise no_place(f"The operation {target}")
                case Object(arguments=arguments, keywords=keywords):
                    named = tuple((name, self.made_of(value, place, name)) for name, value in keywords)
                    return replace(part, arguments=tuple(transform(item, change) for item in arguments), keywords=named)
                case Part(index=Plain(value=int())):
                    return None
                case Arithmetic() if is_size(part):
                    demand_size(part, place)
                    return None
                case Part() | Applied() | Arithmetic():
                    raise no_place(repr(show(part)))
            return None

        return transform(tree, change)

    def step(self, link: Link) -> Step:
        """A call with what it calls."""
        if isinstance(link.repeat, str):
            if link.repeat not in self.scope or self.scope[link.repeat].kind is not Kind.INT:
                raise self.family.no_parameter(link.repeat, link.place, " that counts")
        outside, self.scope = self.scope, {**self.scope, **self.variables(link)}
        try:
            return self.call(link)
        finally:
            self.scope = outside

    def variables(self, link: Link) -> dict[str, Argument]:
        """What a repetition names in each round."""
        if not isinstance(link.repeat, Rounds):
            return {}
        self.demand_parameters(link.repeat.over, link.place)
        for name in link.repeat.variables:
            with located(link.place):
                check_value_name(name, "variable")
            known = "parameter" if name in self.scope else self.taken.get(name)
            if known:
                raise link.place.error(f"{name!r} is {with_article(known)} already.")
            given = names(link.call).union(*map(names, () if link.passed is None else (link.passed,)))
            if name not in given:
                hint = "To repeat it so many times, write x 3, or x and the name of a parameter."
                raise link.place.error(f"The variable {name!r} is not used.", hint)
        return round_variables(link.repeat, self.scope, link.place)

    def call(self, link: Link) -> Step:
        """The same, with what each round names among the parameters."""
        word, place = link.call.target, link.place
        if link.is_operation:
            return self.operation(link)
        if word in self.functions:
            passed = self.given(replace(link.call, keywords=()), word, place)
            return Step(Target.OPERATION, f"{OF_LAYER}{word}", place, repeat=link.repeat, passed=passed)
        part = self.family.parts.get(word)
        if part and part.is_block:
            if link.passed is not None:
                raise place.error(f"{word!r} is a block, whose calls take no arguments.", "Give it parameters.")
            passed = self.block_arguments(self.part(word, place), link)
            return Step(Target.BLOCK, word, place, repeat=link.repeat, passed=passed)
        if part or word in self.shared:
            return self.call_of_one(link)
        if link.bare and self.is_value(word.partition(".")[0]):
            hint = f"To merge values: (…, {word}) -> Concatenate."
            raise place.error(f"{word!r} is a value, and a chain calls layers.", hint)
        layer = self.layer(link.call, place)
        passed = self.passed(link.passed or NOTHING, layer.class_name, layer, place)
        return Step(Target.LAYER, layer.class_name, place, layer, repeat=link.repeat, passed=passed)

    def call_of_one(self, link: Link) -> Step:
        """A call of a shared layer or a model, in whose brackets stand the arguments of the call."""
        word, place = link.call.target, link.place
        if link.repeat != 1:
            problem = f"A repetition would call one and the same {word!r} again."
            raise place.error(problem, f"Write {word} -> {word} if that is meant.")
        layer = self.shared[word].layer if word in self.shared else None
        if layer is None:
            self.part(word, place)
        passed = self.passed(link.call, word, layer, place)
        unnamed = any(not list(values(item)) for item in passed.arguments) or (passed.arguments and not layer)
        if link.passed is not None or unnamed or not (link.bare or passed.arguments or passed.keywords):
            problem = f"{word!r} is a {'shared layer' if layer else 'model'} that is there already."
            raise place.error(problem, f"Write {word}, or with arguments of the call: {word}(training=False).")
        return Step(Target.SHARED if layer else Target.MODEL, word, place, passed=passed)

    def passed(self, given: Object, name: str, layer: Object | None, place: Place) -> Object:
        """The arguments of a call of a layer or model, with the values that they name."""
        signature = signature_of(layer) if layer else None
        known = (*signature.passed[1:], "training") if signature else OF_MODELS
        for key, _ in given.keywords if signature or not layer else ():
            if key not in known:
                hint = did_you_mean(key, known) or f"It takes {', '.join(dict.fromkeys(known))}."
                raise place.error(f"{name} is called with no argument {key!r}.", hint)
        return self.given(given, name, place)

    def operation(self, link: Link) -> Step:
        """A function of `keras.ops`; the values before it are its first arguments."""
        name, place = link.call.target, link.place
        if link.passed is not None:
            raise place.error(f"{name} has second brackets.", "Leave them out.")
        with located(place):
            catalogue.find_operation(name.removeprefix(OPERATIONS))
        passed = self.given(link.call, name, place)
        if "mask" in self.family.body.weights and "mask" in values(passed):
            hint = "Give it to a layer that takes one: attend(x, x, attention_mask=mask), lstm(x, mask=mask)."
            raise place.error(f"{name} takes no mask, which is None where nothing is masked.", hint)
        return Step(Target.OPERATION, name, place, repeat=link.repeat, passed=passed)

    def begin(self, tree: Tree, place: Place) -> tuple[tuple[str, ...], tuple[Step, ...]] | None:
        """The values that an expression begins with and the call that makes it; `None` for what is no expression."""
        match tree:
            case Variable(name=word) if word not in self.scope:
                return (word,), ()  # whether there is one of that name is looked at when all are known
            case Listing(items=items):
                return tuple(self.value(item, place) for item in items), ()
            case Part(of=of, index=index):
                self.demand_parameters(index, place)
                part = Part(Value(self.value(of, place)), index)
                return (), (Step(Target.OPERATION, "[]", place, passed=Object("", arguments=(part,))),)
        called = as_call(tree, {*self.shared, *self.family.parts, *self.functions}, place)
        if called is None:
            return None
        given, link = called
        # A chain of layers in brackets stays one; what an operation takes may be written inside of it.
        is_chain = len(given) == 1 and number_of(given[0]) is None and link.call.target not in self.functions
        before = self.begin(given[0], place) if is_chain else None
        start, steps = before or (tuple(self.value(item, place) for item in given), ())
        return start, (*steps, self.step(link))

    def value(self, tree: Tree, place: Place) -> str:
        """The name of what an expression gives: of a value that is there, or of one that is made for it."""
        if isinstance(tree, Part) and (number := number_of(tree)) is not None:
            return f"{self.value(tree.of, place)}.{number}"
        if (known := self.computed.get(tree)) is not None:
            return known
        begun = self.begin(tree, place)
        if begun is None:
            raise place.error(f"{show(tree)!r} does not name a value.", hint_for(tree))
        start, steps = begun
        if len(start) == 1 and not steps:
            return start[0]
        if not steps:
            raise place.error(f"{show(tree)} is several values.", "Merge them: (a, b) -> Concatenate.")
        last = steps[-1]
        stem = snake_case(last.name.removeprefix(OPERATIONS).replace("[]", "part"))
        stem += "_output" if last.target in (Target.SHARED, Target.MODEL, Target.BLOCK) else ""
        name = unique(stem, (*self.taken, *self.scope, *(node.name for node in self.hidden)))
        self.hidden.append(Node(name, start, steps, place, place, hidden=True))
        if not any(isinstance(part, Applied) for part in walk(tree)) and not self.draws(tree):
            self.computed[tree] = name
        return name

    def draws(self, tree: Tree) -> bool:
        """Whether an expression calls a layer that may give something else at each call, as Dropout does."""
        named = {part.target for part in walk(tree) if isinstance(part, Object)}
        layers = (item.layer for name, item in self.shared.items() if name in named)
        known = all((signature := signature_of(layer)) and not signature.trains for layer in layers)
        return not known or bool(named & {*self.family.parts})

    def taken_apart(self) -> list[Node]:
        """The nodes that expressions became since the last time: layers first, so that operations stay in one line."""
        made = sorted(self.hidden[self.told :], key=lambda node: node.steps[-1].target is Target.OPERATION)
        self.told = len(self.hidden)
        return made

    def given(self, call: Object, name: str, place: Place) -> Object:
        """The arguments of an operation or of a call: a bare word is a value or a parameter, else a string."""

        def change(part: Tree) -> Tree | None:
            match part:
                case Variable(name=word) if word.startswith(OPERATIONS):
                    hint = "Write it as a call: ops.tanh(x)."
                    raise place.error(f"{word} stands inside of {name} as it is.", hint)
                case Variable(name=word) if self.is_value(word):
                    return Value(word)
                case Variable(name=word):
                    return part if word in self.scope else Plain(word)
                case Arithmetic() if is_size(part) and not any(map(self.is_value, names(part))):
                    self.demand_parameters(part, place)
                    demand_size(part, place)
                    return part
                case Plain() | Listing() | Table():
                    return None
            return Value(self.value(part, place))

        keywords = tuple((key, transform(item, change)) for key, item in call.keywords)
        return Object("", keywords, arguments=tuple(transform(item, change) for item in call.arguments))

    def demand_parameters(self, tree: Tree, place: Place) -> None:
        """Raises unless all bare names in a tree are parameters."""
        if unknown := sorted(names(tree) - set(self.scope)):
            raise self.family.no_parameter(unknown[0], place)

    def block_arguments(self, block: Graph, link: Link) -> Object:
        """What a call gives to the parameters of a block, all of them by name."""
        by_name = {argument.name: argument for argument in block.parameters}
        own = [by_name[item.name] for item in self.family.parts[block.name].parameters]
        with located(link.place):
            bound = bind(block.name, link.call, {item.name: () if item.required else (item,) for item in own})
        given = {}
        for key, typed in bound.items():
            value = self.made_of(typed, link.place, "name")
            number = by_name[key].kind in (Kind.INT, Kind.FLOAT, Kind.BOOL)
            if isinstance(value, Variable) and value.name not in self.scope and not number:
                value = Plain(value.name)
            self.demand_parameters(value, link.place)
            given[key] = value
        return Object("", tuple(given.items()))
