"""What a layer is made of, as it is typed: weights, `kernel: input_dim, units`, and sublayers, `hidden = Dense(8)`."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from kscaffold.base.errors import RequestError, did_you_mean, nearest
from kscaffold.base.naming import check_attribute_name
from kscaffold.keras_data import catalogue
from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.text import show
from kscaffold.program.tree import Arithmetic, Object, Part, Plain, Tree, Variable, children, names
from kscaffold.spec.language.syntax import parse_call, split_list
from kscaffold.spec.layer.call import find_layer, resolve_call

INPUT_DIM = Variable("input_dim")
INPUT_SHAPE = Variable("input_shape")
STARTS_AT_ONE = ("gamma", "scale", "variance")
NOTHING_KNOWN = Signature("layers", "", {})  # of a custom layer


@dataclass(frozen=True)
class Weight:
    """A variable that `build` creates with `add_weight`.

    Attributes:
        shape: Its sizes, in terms of arguments, `input_dim` and `input_shape[i]`.
        initializer: The name of an initializer, an object, or the name of an argument.
        regularizer: The argument that holds its regularizer, if there is one; `constraint` likewise.
        condition: The argument that says whether there is such a weight, if there is one.
    """

    name: str
    shape: tuple[Tree, ...]
    initializer: Tree
    trainable: bool = True
    regularizer: str | None = None
    constraint: str | None = None
    condition: str | None = None

    @property
    def uses(self) -> set[str]:
        """The names that it needs: of its sizes, its initializer, and the arguments that belong to it."""
        belonging = {name for name in (self.regularizer, self.constraint, self.condition) if name}
        return belonging.union(names(self.initializer), *map(names, self.shape))


def parse_weight(text: str, arguments: Mapping[str, Argument], trainable: bool) -> Weight:
    """Parses `NAME: SHAPE [, initializer]`; a `RequestError` names what cannot be used, or is not known."""
    name, colon, rest = text.partition(":")
    name = name.strip()
    check_attribute_name(name, "weight" if trainable else "state", catalogue.reserved_attributes())
    if not colon:
        raise RequestError(f"{text!r} has no shape.", hint=f"Write {name}: input_dim, or '{name}:' for one number.")
    parts = split_list(rest)
    initializer = _read_initializer(parts[-1], arguments) if parts else None
    if initializer is not None:
        parts.pop()
    elif f"{name}_initializer" in arguments:
        initializer = Variable(f"{name}_initializer")
    elif name.endswith(STARTS_AT_ONE):
        initializer = Plain("ones")
    else:
        initializer = Plain("glorot_uniform" if len(parts) > 1 else "zeros")
    for part in parts:
        _check_size(part, name, arguments)
        if isinstance(part, Plain) and isinstance(part.value, int) and part.value <= 0:
            raise RequestError(f"{part.value} is not a size of {name!r}.", hint="A size is positive.")

    named = (f"{name}_regularizer", f"{name}_constraint", f"use_{name}")
    return Weight(name, tuple(parts), initializer, trainable, *(word if word in arguments else None for word in named))


def _read_initializer(part: Tree, arguments: Mapping[str, Argument]) -> Tree | None:
    """The initializer that the last part is, `None` if it is a size; an argument's name stays a name."""
    match part:
        case Variable(name=word) if word in arguments:
            return part if arguments[word].kind is Kind.INITIALIZER else None
        case Variable(name=word):
            return Plain(word) if catalogue.has_name("initializers", word) else None
        case Plain(value=str() as word):
            catalogue.check_name("initializers", word)
            return part
        case Object(target="len"):
            return None
        case Object(own=own, target=target):
            if own is None and catalogue.find_class(target, "initializers").group != "initializers":
                hint = "Write a name or an object: 'Constant(0.5)'."
                raise RequestError(f"{target} is not an initializer.", hint=hint)
            return resolve_call(part, arguments, "initializers")
    return None


def size_names(size: Tree) -> Iterator[str]:
    """The names in a size that stand for whole numbers; those of what is indexed do not."""
    if isinstance(size, Variable):
        yield size.name
    elif not isinstance(size, Part | Object):
        for part in children(size):
            yield from size_names(part)


def _check_size(size: Tree, weight: str, arguments: Mapping[str, Argument]) -> None:
    """Raises unless a size can be computed from arguments and the shape of the inputs."""
    match size:
        case Plain(value=value) if type(value) is int:
            return
        case Arithmetic(left=left, right=right):
            _check_size(left, weight, arguments)
            _check_size(right, weight, arguments)
        case Part(of=of, index=index):
            if (of, index) == (INPUT_SHAPE, Plain(0)):
                problem = f"input_shape[0] in the shape of {weight!r} is the batch size, which a layer does not know."
                raise RequestError(problem, hint="The first size of an example is input_shape[1].")
            while isinstance(of, Part):
                of = of.of
            argument = arguments.get(of.name) if isinstance(of, Variable) else None
            if of != INPUT_SHAPE and not (argument and argument.kind in (Kind.TUPLE, Kind.LIST)):
                raise RequestError(f"'{show(of)}' in the shape of {weight!r} has no entries to index.")
        case Object(target="len", arguments=(Variable(name=word),), keywords=()) if word in arguments:
            return
        case Variable(name=word) if word in arguments:
            if arguments[word].kind is not Kind.ANY:
                arguments[word].must_be_positive()
        case Variable(name=word):
            if size == INPUT_SHAPE:
                problem = f"input_shape in the shape of {weight!r} is not a size."
                raise RequestError(problem, hint="Write input_shape[-1] for the last.")
            if size != INPUT_DIM:
                raise _unknown_size(word, weight, arguments)
        case _:
            hint = "Give the sizes one after the other: input_dim, units."
            raise RequestError(f"{show(size)} is not a size of {weight!r}.", hint=hint)


def _unknown_size(word: str, weight: str, arguments: Mapping[str, Argument]) -> RequestError:
    sizes = ["input_dim", "input_shape", *(name for name, known in arguments.items() if known.kind is Kind.INT)]
    hint = did_you_mean(word, sizes)
    if not hint and (initializer := nearest(word, catalogue.known_names("initializers"))):
        hint = f"Did you mean the initializer {initializer}?"
    known = ", ".join(sizes).replace("input_shape", "input_shape[i]")
    problem = f"{word!r} in the shape of {weight!r} is not an argument of this layer."
    return RequestError(problem, hint=hint or f"Known: {known}. To add it: --arg {word}:int=8.")


@dataclass(frozen=True)
class Sublayer:
    """A layer that `call` uses."""

    name: str  # the attribute that keeps it; a list of layers where it is repeated
    call: Object | None  # what the constructor makes, resolved (see `resolve_call`); `None` for one that it is given
    signature: Signature = NOTHING_KNOWN
    optional: bool = False  # whether it may be `None`

    @property
    def given(self) -> bool:
        """Whether it is an argument of the constructor, and may be built already."""
        return self.call is None

    @property
    def ranks(self) -> tuple[int, ...]:
        """How many axes its inputs may have, the batch axis included; empty if that is not known."""
        # Attention needs steps, though Keras builds it without any.
        return tuple(rank for rank in self.signature.ranks if rank > 2 or self.inputs == 1)

    @property
    def inputs(self) -> int:
        """How many times it takes a value: self-attention takes it as query and as value."""
        return max(self.signature.inputs, 1)

    @property
    def repeated(self) -> bool:
        """Whether the attribute holds a list of layers."""
        return self.call is not None and self.call.repeat > 1


def parse_sublayer(text: str, known: Container[str]) -> Sublayer:
    """Parses `NAME = LAYER`, where bare words that are not known arguments are strings; see `parse_weight`."""
    name, equals, rest = text.partition("=")
    name = name.strip()
    check_attribute_name(name, "sublayer", catalogue.reserved_attributes())
    if not equals or not rest.strip():
        raise RequestError(f"{text!r} is not a sublayer.", hint=f"Write '{name} = Dense(8, relu)'.")
    call = parse_call(rest)
    signature = find_layer(call.target) if call.own is None else NOTHING_KNOWN
    return Sublayer(name, resolve_call(call, known), signature)
