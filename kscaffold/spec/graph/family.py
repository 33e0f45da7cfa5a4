"""The sub-models and blocks of a spec, each resolved once, and the parameters of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from kscaffold.base.errors import RequestError, did_you_mean
from kscaffold.base.naming import check_attribute_name
from kscaffold.base.place import Place, Text, located
from kscaffold.keras_data import catalogue
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.tree import Object, Plain, walk
from kscaffold.spec.graph.document import GraphText, ParameterText
from kscaffold.spec.graph.value import Graph, OwnClass
from kscaffold.spec.layer.argument import parse_argument
from kscaffold.spec.layer.call import Owner


def read_parameters(written: Iterable[ParameterText], settings: Mapping[str, str]) -> dict[str, Argument]:
    """The parameters by name, with the values that `--set` gives them."""
    arguments: dict[str, Argument] = {}
    for text in written:
        with located(text.argument.place):
            arguments[text.name.value] = _parameter(text)
    for name, value in settings.items():
        where = f"--set {name}={value}"
        if name not in arguments:
            hint = did_you_mean(name, arguments) or (
                f"There are: {', '.join(arguments)}." if arguments else "This spec has no parameters."
            )
            raise RequestError(f"There is no parameter {name!r}.", hint=hint, where=where)
        known = arguments[name]
        try:
            arguments[name] = known.with_default(parse_argument(f"{name}={value}", known.kind))
        except RequestError as error:
            raise error.at(where) from None
    return arguments


def _parameter(text: ParameterText) -> Argument:
    argument = parse_argument(text.argument.value)
    if any(isinstance(part, Object) for part in walk(argument.default or Plain(None))):
        raise RequestError(
            f"The parameter {argument.name!r} is an object.",
            hint="Write the object where it is used, with a number as the parameter: L2(penalty).",
        )
    counts = argument.kind is Kind.INT and isinstance(argument.default, Plain) and not argument.optional
    if counts and not argument.check and not argument.name.endswith(("axis", "seed")):
        argument = argument.must_be_positive()
    return replace(argument, description=text.description) if text.description else argument


class Family:
    """A graph and its sub-models and blocks, resolved when they are first called.

    Args:
        document: The spec as written.
        owner: What the parameters belong to, for messages.
        arguments: The parameters of the whole spec.
        own_classes: The layer classes that the module defines itself.
        resolve: Resolves a sub-model or block, given its text, its name and its own parameters.
    """

    def __init__(
        self,
        document: GraphText,
        owner: Owner,
        arguments: Mapping[str, Argument],
        own_classes: tuple[OwnClass, ...],
        resolve: Callable[[Family, GraphText, str, dict[str, Argument]], Graph],
    ) -> None:
        self.document = document
        self.owner = owner
        self.arguments = arguments
        self.own_classes = own_classes
        self.resolve = resolve
        self.models = {name.value: (name, text) for name, text in document.models if not text.is_cut}
        self.cuts = [(name, text) for name, text in document.models if text.is_cut]
        self.blocks = {name.value: (name, text) for name, text in document.blocks}
        self.resolved: dict[str, Graph] = {}
        self.resolving: list[str] = []
        twice = [name for name in self.blocks if name in self.models]
        if twice:
            raise RequestError(f"{twice[0]!r} is a model already.", where=str(self.blocks[twice[0]][0].place))
        for name, _ in (*document.models, *document.blocks):
            check_callable_name(name, "model")

    def part(self, name: str, place: Place) -> Graph:
        """A sub-model or block by its name."""
        if name in self.resolving:
            circle = " calls ".join([*self.resolving[self.resolving.index(name) :], name])
            raise RequestError(f"{circle}: that never ends.", where=str(place))
        if name not in self.resolved:
            is_block = name in self.blocks
            given, text = (self.blocks if is_block else self.models)[name]
            self.resolving.append(name)
            own = read_parameters(text.parameters, {})
            if own and not is_block:
                raise RequestError(
                    "A sub-model takes the parameters of the whole spec.",
                    hint="Move them to the top, or make it one of the blocks.",
                    where=str(text.parameters[0].argument.place),
                )
            self.resolved[name] = self.resolve(self, text, given.value, own)
            self.resolving.pop()
        return self.resolved[name]


def check_callable_name(name: Text, what: str) -> None:
    """Refuses what cannot be the name of something that is called; names the place."""
    with located(name.place):
        check_attribute_name(name.value, what, catalogue.reserved_attributes())
