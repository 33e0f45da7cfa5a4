"""Weights and sublayers of a layer: `kernel: input_dim, units, glorot_uniform` and `hidden = Dense(units, relu)`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kscaffold.base.errors import RequestError, did_you_mean, nearest
from kscaffold.base.naming import BASE_ARGUMENTS, check_attribute_name
from kscaffold.keras_data import catalogue
from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.text import show
from kscaffold.program.tree import Arithmetic, Listing, Object, Part, Plain, Table, Tree, Variable, names, walk
from kscaffold.spec.language.syntax import parse_call, split_list
from kscaffold.spec.layer.argument import NUMBER_CHECKS, SIZE_NAMES

INPUT_DIM = Variable("input_dim")
INPUT_SHAPE = Variable("input_shape")
STARTS_AT_ONE = ("gamma", "scale", "variance")


@dataclass(frozen=True)
class Owner:
    """What the arguments of an expression belong to, for messages.

    Attributes:
        noun: What it is.
        adding: How one adds an argument, with `{name}` and `{example}` in it.
    """

    noun: str
    adding: str


LAYER_OWNER = Owner("argument of this layer", "--arg {name}:{example}")


@dataclass(frozen=True)
class Weight:
    """A variable that `build` creates with `add_weight`.

    Attributes:
        name: Its name, and the attribute that keeps it.
        shape: Its sizes, in terms of arguments, `input_dim` and `input_shape[i]`.
        initializer: The name of an initializer, an object, or the name of an argument.
        trainable: Whether an optimizer changes it.
        regularizer: The argument that holds its regularizer, if there is one.
        constraint: The argument that holds its constraint, if there is one.
    """

    name: str
    shape: tuple[Tree, ...]
    initializer: Tree
    trainable: bool = True
    regularizer: str | None = None
    constraint: str | None = None


@dataclass(frozen=True)
class Sublayer:
    """A layer that the constructor makes and `call` uses.

    Attributes:
        name: The attribute that keeps it; a list of layers where `call.repeat` is more than 1.
        call: What is made, its arguments resolved (see `resolve_call`).
        signature: What Keras says of it, `None` for a layer of one's own.
        argument: Whether it is a constructor argument instead.
        optional: Whether it may be `None`.
    """

    name: str
    call: Object
    signature: Signature | None
    argument: bool = False
    optional: bool = False

    @property
    def ranks(self) -> tuple[int, ...]:
        """How many axes its inputs may have, the batch axis included; empty if that is not known."""
        return self.signature.ranks if self.signature else ()

    @property
    def repeated(self) -> bool:
        """Whether the attribute holds a list of layers."""
        return self.call.repeat > 1


def parse_weight(text: str, arguments: Mapping[str, Argument], trainable: bool) -> Weight:
    """Parses `NAME: SHAPE [, initializer]`.

    Args:
        text: What the user typed.
        arguments: The constructor arguments by name.
        trainable: Whether an optimizer is to change it.

    Raises:
        RequestError: A name that cannot be used, an unknown name in the shape, an unknown initializer.
    """
    name, colon, rest = text.partition(":")
    name = name.strip()
    what = "weight" if trainable else "state"
    check_attribute_name(name, what, catalogue.reserved_attributes())
    if not colon:
        raise RequestError(f"{text!r} has no shape.", hint=f"Write {name}: input_dim, or '{name}:' for one number.")
    parts = split_list(rest)
    initializer: Tree | None = None
    if parts and _is_initializer(parts[-1], arguments):
        initializer = _resolve_initializer(parts.pop(), arguments)
    elif f"{name}_initializer" in arguments:
        initializer = Variable(f"{name}_initializer")
    for part in parts:
        _check_size(part, name, arguments)
    wired = {kind: f"{name}_{kind}" for kind in (Kind.REGULARIZER, Kind.CONSTRAINT) if f"{name}_{kind}" in arguments}
    return Weight(
        name,
        tuple(parts),
        initializer or _default_initializer(name, len(parts)),
        trainable,
        wired.get(Kind.REGULARIZER),
        wired.get(Kind.CONSTRAINT),
    )


def _is_initializer(part: Tree, arguments: Mapping[str, Argument]) -> bool:
    if isinstance(part, Variable):
        argument = arguments.get(part.name)
        return argument.kind is Kind.INITIALIZER if argument else catalogue.has_name("initializers", part.name)
    return isinstance(part, Object) or (isinstance(part, Plain) and isinstance(part.value, str))


def _resolve_initializer(part: Tree, arguments: Mapping[str, Argument]) -> Tree:
    """A name as a string, a class of Keras checked; an argument's name stays a name."""
    if isinstance(part, Object):
        if part.own is None and catalogue.find_class(part.target, "initializers").group != "initializers":
            raise RequestError(f"{part.target} is no initializer.", hint="Write a name or an object: 'Constant(0.5)'.")
        return resolve_call(part, arguments, "initializers")
    if isinstance(part, Plain):
        catalogue.check_name("initializers", str(part.value))
        return part
    assert isinstance(part, Variable)
    return Plain(part.name) if catalogue.has_name("initializers", part.name) else part


def _default_initializer(name: str, rank: int) -> Plain:
    if any(name.endswith(word) for word in STARTS_AT_ONE):
        return Plain("ones")
    return Plain("glorot_uniform" if rank > 1 else "zeros")


def _check_size(size: Tree, weight: str, arguments: Mapping[str, Argument]) -> None:
    indexed = {id(part.of) for part in walk(size) if isinstance(part, Part)}
    indexed |= {id(part.of.of) for part in walk(size) if isinstance(part, Part) and isinstance(part.of, Part)}
    for part in walk(size):
        if isinstance(part, Part):
            _check_index(part, weight)
        if isinstance(part, (Object, Listing, Table)) or (isinstance(part, Plain) and type(part.value) is not int):
            raise RequestError(
                f"{show(part)} is no size of {weight!r}.",
                hint="Give the sizes one after the other: input_dim, units.",
            )
        if isinstance(part, Plain) and part is size and isinstance(part.value, int) and part.value <= 0:
            raise RequestError(f"{part.value} is no size of {weight!r}.", hint="A size is positive.")
        if not isinstance(part, Variable) or part == INPUT_DIM:
            continue
        if id(part) in indexed:
            indexable = arguments.get(part.name)
            if part == INPUT_SHAPE or (indexable and indexable.kind in (Kind.TUPLE, Kind.LIST)):
                continue
            raise RequestError(f"{part.name!r} in the shape of {weight!r} has no entries to index.")
        if part == INPUT_SHAPE:
            raise RequestError(
                f"input_shape in the shape of {weight!r} is no size.", hint="Write input_shape[-1] for the last."
            )
        if part.name not in arguments:
            raise _unknown_size(part.name, weight, arguments)
        elif arguments[part.name].kind is not Kind.INT and arguments[part.name].kind is not Kind.ANY:
            arguments[part.name].must_be_positive()


def _unknown_size(word: str, weight: str, arguments: Mapping[str, Argument]) -> RequestError:
    sizes = ["input_dim", "input_shape", *(name for name, known in arguments.items() if known.kind is Kind.INT)]
    hint = did_you_mean(word, sizes)
    initializer = nearest(word, catalogue.known_names("initializers"))
    if not hint and initializer:
        hint = f"Did you mean the initializer {initializer}?"
    return RequestError(
        f"{word!r} in the shape of {weight!r} is no argument of this layer.",
        hint=hint
        or f"Known: {', '.join(sizes).replace('input_shape', 'input_shape[i]')}. To add it: --arg {word}:int=8.",
    )


def _check_index(part: Part, weight: str) -> None:
    if part.of == INPUT_SHAPE and part.index == Plain(0):
        raise RequestError(
            f"input_shape[0] in the shape of {weight!r} is the batch size, which a layer does not know.",
            hint="The first size of an example is input_shape[1].",
        )


def used_as_size(weights: Iterable[Weight], sublayers: Iterable[Sublayer]) -> set[str]:
    """The names of the arguments that are sizes of weights, or that Keras takes for sizes of sublayers."""
    found = {
        name
        for weight in weights
        for size in weight.shape
        for name in names(size)
        - {part.of.name for part in walk(size) if isinstance(part, Part) and isinstance(part.of, Variable)}
    }
    calls = [part for sublayer in sublayers for part in walk(sublayer.call) if isinstance(part, Object)]
    for call in (call for call in calls if call.own is None):
        found |= {value.name for key, value in call.keywords if key in SIZE_NAMES and isinstance(value, Variable)}
    return found - {INPUT_DIM.name, INPUT_SHAPE.name}


def parse_sublayer(text: str, arguments: Mapping[str, Argument]) -> Sublayer:
    """Parses `NAME = LAYER`.

    Args:
        text: What the user typed.
        arguments: The constructor arguments by name; others of its bare words are strings.

    Raises:
        RequestError: A name that cannot be used, an unknown layer or argument, too many or too few arguments.
    """
    name, equals, rest = text.partition("=")
    name = name.strip()
    check_attribute_name(name, "sublayer", catalogue.reserved_attributes())
    if not equals or not rest.strip():
        raise RequestError(f"{text!r} is no sublayer.", hint=f"Write '{name} = Dense(8, relu)'.")
    call = parse_call(rest)
    signature = None
    if call.own is None:
        signature = catalogue.find_class(call.target)
        if signature.group != "layers":
            raise RequestError(f"{call.target} is a {signature.kind}, no layer.")
    return Sublayer(name, resolve_call(call, arguments), signature)


def resolve_call(
    call: Object, arguments: Mapping[str, Argument], prefer: str = "layers", owner: Owner = LAYER_OWNER
) -> Object:
    """The same object with every argument named as Keras names it, and every bare word an argument or a string.

    Arguments that Keras requires stay positional where they were given so.

    Args:
        call: What is made.
        arguments: The arguments that bare words may stand for.
        prefer: The group to look in first, for a name that two groups have.
        owner: What the arguments belong to.

    Raises:
        RequestError: What Keras would refuse: unknown, missing, doubled or too many arguments, an unknown name.
    """
    if call.own is not None:
        return replace(
            call,
            arguments=tuple(_resolve_value(value, "", arguments, owner=owner) for value in call.arguments),
            keywords=tuple((key, _resolve_value(value, key, arguments, owner=owner)) for key, value in call.keywords),
        )
    signature = catalogue.find_class(call.target, prefer)
    parameters = signature.parameters
    if len(call.arguments) > len(parameters) and not signature.variadic:
        raise RequestError(f"{call.target} takes {len(parameters)} arguments, {len(call.arguments)} were given.")
    given: dict[str, Tree] = {}
    for key, value in [*zip(parameters, call.arguments), *call.keywords]:
        if key in given:
            raise RequestError(f"{call.target} is given {key!r} twice.")
        if key not in parameters and not (key in BASE_ARGUMENTS and signature.group == "layers"):
            hint = did_you_mean(key, parameters) or f"It takes {', '.join(parameters) or 'none'}."
            raise RequestError(f"{call.target} has no argument {key!r}.", hint=hint)
        given[key] = _resolve_value(value, key, arguments, parameters.get(key, (None,)), owner)
    missing = [key for key, default in parameters.items() if not default and key not in given]
    if missing:
        raise RequestError(f"{call.target} needs {missing[0]!r}.", hint=f"For example: {_example(signature)}.")
    # What a class requires is written without its name where it was typed so.
    listed = itertools.takewhile(lambda key: not parameters[key], list(parameters)[: len(call.arguments)])
    first = {key: given.pop(key) for key in listed}
    module = "layers" if signature.group == "layers" else f"keras.{signature.group}"
    return Object(f"{module}.{signature.name}", (*first.items(), *given.items()), len(first), repeat=call.repeat)


def _example(signature: Signature) -> str:
    samples = {"rate": "0.5", "kernel_size": "3", "layer": "Dense(8)", "activation": "relu", "stddev": "0.1"}
    required = [key for key, default in signature.parameters.items() if not default]
    return f"{signature.name}({', '.join(samples.get(key, '8') for key in required)})"


def _resolve_value(
    value: Tree,
    key: str,
    arguments: Mapping[str, Argument],
    default: tuple[object, ...] = (None,),
    owner: Owner = LAYER_OWNER,
) -> Tree:
    def resolve(part: Tree) -> Tree:
        return _resolve_value(part, key, arguments, default, owner)

    match value:
        case Variable(name=word) if word in arguments:
            return value
        case Variable(name=word):
            return _resolve_word(word, key, default, owner)
        case Plain(value=str() as word):
            return _resolve_word(word, key, default, owner)
        case Object():
            last = key.rsplit("_", 1)[-1]
            prefer = f"{last}s" if f"{last}s" in catalogue.GROUPS else "layers"
            return resolve_call(value, arguments, prefer, owner)
        case Listing(brackets=brackets, items=items):
            return Listing(brackets, tuple(resolve(item) for item in items))
        case Table(items=pairs):
            return Table(tuple((name, resolve(item)) for name, item in pairs))
        case Arithmetic():
            unknown = sorted(names(value) - set(arguments))
            if unknown:
                adding = owner.adding.format(name=unknown[0], example="int=8")
                raise RequestError(f"{unknown[0]!r} is no {owner.noun}.", hint=f"To add it: {adding}.")
    return value


def _resolve_word(word: str, key: str, default: tuple[object, ...], owner: Owner) -> Plain:
    """A bare word as a string, where Keras can take one."""
    last = key.rsplit("_", 1)[-1]
    number = bool(default) and isinstance(default[0], (bool, int, float, tuple, list))
    if number or (not default and (key in SIZE_NAMES or key in ("kernel_size", "factor", *NUMBER_CHECKS))):
        adding = owner.adding.format(name=word, example="float=0.5" if key in NUMBER_CHECKS else "int=8")
        raise RequestError(f"{word!r} is no {owner.noun}, and {key!r} takes no word.", hint=f"To add it: {adding}.")
    if last in ("activation", "initializer", "regularizer", "constraint"):
        catalogue.check_name(f"{last}s", word)
    return Plain(word)
