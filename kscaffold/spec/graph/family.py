"""The sub-models and blocks of a spec, each resolved once, and the parameters of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import check_attribute_name
from kscaffold.base.place import Place, Text, located
from kscaffold.keras_data import catalogue
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.tree import Object, Plain, walk
from kscaffold.spec.graph.document import GraphText, ParameterText
from kscaffold.spec.graph.value import Graph, OwnClass
from kscaffold.spec.layer.argument import parse_argument
from kscaffold.spec.layer.call import LAYER_OWNER, Owner


def read_parameters(written: Iterable[ParameterText], settings: Mapping[str, str]) -> dict[str, Argument]:
    """The parameters by name, with the values that `--set` gives them; a `RequestError` names a place."""
    arguments: dict[str, Argument] = {}
    for text in written:
        with located(text.argument.place):
            arguments[text.name] = _parameter(text)
    for name, value in settings.items():
        where = Place(f"--set {name}={value}")
        if not arguments:
            raise where.error(f"There is no parameter {name!r}.", "This spec has no parameters.")
        if name not in arguments:
            raise where.unknown(f"There is no parameter {name!r}.", name, arguments)
        known = arguments[name]
        with located(where):
            arguments[name] = known.with_default(parse_argument(f"{name}={value}", known.kind))
    return arguments


def _parameter(text: ParameterText) -> Argument:
    argument = parse_argument(text.argument.value)
    if any(isinstance(part, Object) for part in walk(argument.default or Plain(None))):
        hint = "Write the object where it is used, with a number as the parameter: L2(penalty)."
        raise RequestError(f"The parameter {argument.name!r} is an object.", hint=hint)
    counts = argument.kind is Kind.INT and isinstance(argument.default, Plain) and not argument.optional
    if counts and not argument.check and not argument.name.endswith(("axis", "seed")):
        argument = argument.must_be_positive()
    return replace(argument, description=text.description) if text.description else argument


FLAGS = ("training", "mask")  # what the `call` of a layer may be told besides its inputs


@dataclass(frozen=True)
class Body:
    """What the graph that is the body of a layer may use, besides its inputs.

    Attributes:
        arguments: Those of the constructor, by name, and the sizes that `build` knows.
        weights: The shape of each weight, as far as it is known; `training` and `mask` where `call` takes them.
    """

    arguments: Mapping[str, Argument]
    weights: Mapping[str, tuple[int | None, ...] | None]


class Family:
    """A graph and its sub-models and blocks, resolved when they are first called.

    Attributes:
        arguments: The parameters of the whole spec.
        own_classes: The layer classes that the module defines itself.
        parts: The sub-models and blocks as written, by their names.
    """

    def __init__(
        self,
        document: GraphText,
        settings: Mapping[str, str],
        resolve: Callable[[Family, str, GraphText], Graph],
        body: Body | None = None,
    ) -> None:
        flags = document.place.line is None
        adding = "--set {name}={example}" if flags else "a line '{name}: {example}' below parameters"
        self.document = document
        self.owner = Owner("parameter of this graph", adding)
        self.arguments = read_parameters(document.parameters, {} if flags else settings)
        self.body = body or Body({}, {})
        if body:
            self.owner = LAYER_OWNER
            self.arguments |= body.arguments
        self.own_classes = tuple(_own_class(name, template) for name, template in document.layers)
        self.resolve = resolve
        self.parts: dict[str, GraphText] = {}
        self.resolved: dict[str, Graph] = {}
        self.resolving: list[str] = []
        for name, text in document.parts:
            if name.value in self.parts:
                raise name.place.error(f"{name.value!r} is a model already.")
            check_callable_name(name, "model")
            if not text.is_cut:
                self.parts[name.value] = text

    def part(self, name: str, place: Place) -> Graph:
        """A sub-model or block by its name."""
        if name in self.resolving:
            circle = " calls ".join([*self.resolving[self.resolving.index(name) :], name])
            raise place.error(f"{circle}: that never ends.")
        if name not in self.resolved:
            text = self.parts[name]
            if text.parameters and not text.is_block:
                problem = "A sub-model takes the parameters of the whole spec."
                hint = "Move them to the top, or make it one of the blocks."
                raise text.parameters[0].argument.place.error(problem, hint)
            self.resolving.append(name)
            self.resolved[name] = self.resolve(self, name, text)
            self.resolving.pop()
        return self.resolved[name]

    def no_parameter(self, word: str, place: Place, kind: str = "") -> RequestError:
        """The error of a word that should be a parameter."""
        return self.owner.unknown(word, "8", kind).at(str(place))


def check_callable_name(name: Text, what: str) -> None:
    """Refuses what cannot be the name of something that is called; names the place."""
    with located(name.place):
        check_attribute_name(name.value, what, catalogue.reserved_attributes())


def _own_class(name: Text, template: Text) -> OwnClass:
    if not name.value.isidentifier() or not name.value[0].isupper():
        raise name.place.error(f"{name.value!r} cannot be the name of a class.", "For example: Sampling.")
    if catalogue.is_layer(name.value):
        raise name.place.error(f"Keras has a layer {name.value} already.", f"For example: My{name.value}.")
    return OwnClass(name.value, template.value, template.place)
