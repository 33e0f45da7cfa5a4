"""Calls of Keras' classes as they are typed, with every argument named as Keras names it, and every word understood."""

import itertools
import re
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, replace

from kscaffold.base.errors import RequestError, did_you_mean, with_article
from kscaffold.base.naming import BASE_ARGUMENTS
from kscaffold.keras_data import catalogue
from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.argument import Check
from kscaffold.program.tree import Arithmetic, Object, Part, Plain, Tree, Variable, names, transform

# Names of arguments that have one meaning in Keras: sizes, and numbers of which something is demanded.
SIZE_NAMES = frozenset(
    (
        "units filters features channels depth dim heads input_dim output_dim hidden_dim hidden_units key_dim"
        " value_dim embed_dim num_heads num_classes num_layers pool_size steps vocabulary_size"
    ).split()
)
NUMBER_CHECKS = {
    **dict.fromkeys(("rate", "dropout", "dropout_rate", "drop_rate", "momentum"), Check.FRACTION),
    **dict.fromkeys(("epsilon", "temperature"), Check.POSITIVE),
    "stddev": Check.NOT_NEGATIVE,
}
SAMPLES = {"rate": "0.5", "kernel_size": "3", "layer": "Dense(8)", "activation": "relu", "stddev": "0.1"}


@dataclass(frozen=True)
class Owner:
    """What the names in a call are, for messages, and how one adds one, with `{name}` and `{example}` in it."""

    noun: str
    adding: str

    def unknown(self, name: str, example: str, but: str = "") -> RequestError:
        """The error of a name that is not known there."""
        hint = f"To add it: {self.adding.format(name=name, example=example)}."
        return RequestError(f"{name!r} is not {with_article(self.noun)}{but}.", hint=hint)


LAYER_OWNER = Owner("argument of this layer", "--arg {name}:{example}")


def group_of(name: str) -> str | None:
    """The group of Keras that an argument's values are from, by the end of its name: `kernel_initializer`."""
    group = f"{name.rpartition('_')[2]}s"
    return group if group in catalogue.SINGULAR else None


def class_group(name: str) -> str:
    """The group of Keras that the objects in an argument, or of a kind, are looked for in first."""
    group = group_of(name)
    return group if group in catalogue.GROUPS else "layers"


def resolve_call(call: Object, known: Container[str], prefer: str = "layers", owner: Owner = LAYER_OWNER) -> Object:
    """The same object with every argument named as Keras names it, and every bare word an argument or a string.

    Arguments that Keras requires stay positional where they were given so.

    Args:
        known: The arguments that bare words may stand for.
        prefer: The group to look in first, for a name that two groups have.

    Raises:
        RequestError: What Keras would refuse: unknown, missing, doubled or too many arguments, an unknown name.
    """
    if call.own is not None:
        arguments = tuple(_resolve_value(value, "", (None,), known, owner) for value in call.arguments)
        keywords = tuple((key, _resolve_value(value, key, (None,), known, owner)) for key, value in call.keywords)
        return replace(call, arguments=arguments, keywords=keywords)
    signature = catalogue.find_class(call.target, prefer)
    parameters = signature.parameters
    required = [key for key, default in parameters.items() if not default]
    example = f"For example: {signature.name}({', '.join(SAMPLES.get(key, '8') for key in required)})."
    further = BASE_ARGUMENTS if signature.group == "layers" else ()
    bound = bind(call.target, call, parameters, signature.variadic, further, example)
    defaults = {key: parameters.get(key, (None,)) for key in bound}
    given = {key: _resolve_value(value, key, defaults[key], known, owner) for key, value in bound.items()}
    given = {key: _by_name(value) if _is_word(defaults[key]) else value for key, value in given.items()}
    # What a class requires is written without its name where it was typed so.
    listed = itertools.takewhile(lambda key: not parameters[key], list(parameters)[: len(call.arguments)])
    first = {key: given.pop(key) for key in listed}
    full_name = f"{'' if signature.group == 'layers' else 'keras.'}{signature.group}.{signature.name}"
    return Object(full_name, (*first.items(), *given.items()), len(first), repeat=call.repeat)


def _is_word(default: Collection[object]) -> bool:
    """Whether Keras names what it uses by default, so that type checkers take names alone for the argument."""
    return any(isinstance(word, str) for word in default)


def _by_name(value: Tree) -> Tree:
    """An initializer that is made without arguments by its name, which says the same: `Zeros()` as `"zeros"`."""
    match value:
        case Object(target=target, keywords=(), arguments=(), own=None) if target.startswith("keras.initializers."):
            name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", target.rpartition(".")[2]).lower()
            return Plain(name) if catalogue.has_name("initializers", name) else value
    return value


def find_layer(name: str) -> Signature:
    """The signature of a layer of Keras; a `RequestError` says what else Keras has under that name."""
    signature = catalogue.find_class(name)
    if signature.group != "layers":
        raise RequestError(f"{name} is {with_article(signature.kind)}, not a layer.")
    return signature


def bind(
    name: str,
    call: Object,
    parameters: Mapping[str, Collection[object]],
    variadic: bool = False,
    further: Container[str] = (),
    example: str | None = None,
) -> dict[str, Tree]:
    """The arguments of a call by their names; a `RequestError` if one is unknown, doubled, missing or too many.

    Args:
        parameters: What it takes, in order; each with its default, or with nothing where it is required.
        variadic: Whether it takes any number of arguments without names.
        further: What else it takes by name.
        example: A hint for a call that leaves something out.
    """
    if len(call.arguments) > len(parameters) and not variadic:
        takes = f"{len(parameters)} argument{'' if len(parameters) == 1 else 's'}"
        raise RequestError(f"{name} takes {takes}, {len(call.arguments)} are given.")
    given: dict[str, Tree] = {}
    for key, value in [*zip(parameters, call.arguments), *call.keywords]:
        if key in given:
            raise RequestError(f"{name} is given {key!r} twice.")
        if key not in parameters and key not in further:
            hint = did_you_mean(key, parameters) or f"It takes {', '.join(parameters) or 'none'}."
            raise RequestError(f"{name} has no argument {key!r}.", hint=hint)
        given[key] = value
    missing = [key for key, default in parameters.items() if not default and key not in given]
    if missing:
        raise RequestError(f"{name} needs {missing[0]!r}.", hint=example)
    return given


def _resolve_value(value: Tree, key: str, default: tuple[object, ...], known: Container[str], owner: Owner) -> Tree:
    """The value of an argument, its bare words arguments or strings, its objects resolved."""
    group = group_of(key)
    counts = key in SIZE_NAMES or key in NUMBER_CHECKS or key in ("kernel_size", "factor")
    number = isinstance(default[0], (bool, int, float, tuple, list)) if default else counts

    def resolve(part: Tree) -> Tree | None:
        match part:
            case Variable(name=word) if word in known:
                return part
            case Variable(name=word) | Plain(value=str() as word):
                if number:
                    example = "float=0.5" if key in NUMBER_CHECKS else "int=8"
                    raise owner.unknown(word, example, f", and {key!r} takes no word")
                if group and group != "layers":
                    catalogue.check_name(group, word)
                return Plain(word)
            case Object(target="len", arguments=(Variable(name=word),), keywords=()) if word in known:
                return part
            case Object():
                return resolve_call(part, known, class_group(key), owner)
            case Arithmetic() | Part():
                unknown = sorted(name for name in names(part) if name not in known)
                if unknown:
                    raise owner.unknown(unknown[0], "int=8")
                return part
        return None

    return transform(value, resolve)
