"""Arguments of constructors and functions as values: the kind decides how each is stored and checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from kscaffold.base.errors import RequestError
from kscaffold.program.tree import Listing, Object, Plain, Table, Tree


class Kind(StrEnum):
    """What an argument holds, which decides its validation, its docstring and its place in the config."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    STR = "str"
    TUPLE = "tuple"
    LIST = "list"
    ACTIVATION = "activation"
    INITIALIZER = "initializer"
    REGULARIZER = "regularizer"
    CONSTRAINT = "constraint"
    LAYER = "layer"
    ANY = "any"


# Kinds whose values Keras finds by name with `keras.<group>.get`.
FOUND_BY_NAME = {
    Kind.ACTIVATION: "activations",
    Kind.INITIALIZER: "initializers",
    Kind.REGULARIZER: "regularizers",
    Kind.CONSTRAINT: "constraints",
}


class Check(StrEnum):
    """What the constructor demands of a value."""

    POSITIVE = "positive"
    NOT_NEGATIVE = "not_negative"
    FRACTION = "fraction"
    NONE = ""


@dataclass(frozen=True)
class Argument:
    """One argument of a layer's constructor.

    Attributes:
        name: Its name, and the name of the attribute that keeps it.
        default: Its default, `None` if it is required.
        description: Its line in the docstring, without the name; empty for the line of its kind.
        example: A value for examples and checks; the default where there is one.
    """

    name: str
    kind: Kind
    default: Tree | None = None
    check: Check = Check.NONE
    description: str = ""
    example: Tree | None = None

    @property
    def required(self) -> bool:
        """Whether the constructor must be given it."""
        return self.default is None

    @property
    def optional(self) -> bool:
        """Whether it may be `None`, which then stays `None`."""
        return self.default == Plain(None)

    @property
    def nested(self) -> bool:
        """Whether a tuple or list holds tuples or lists."""
        return isinstance(self.default, Listing) and any(isinstance(item, Listing) for item in self.default.items)

    @property
    def replaced_default(self) -> bool:
        """Whether the signature says `None` and the constructor makes the default, a new one for each layer."""
        match self.default:
            case Object():
                return self.kind in (Kind.LAYER, Kind.INITIALIZER, Kind.ANY)
            case Listing(brackets="[]") | Table():
                return self.kind is Kind.ANY
        return False

    @property
    def constant_default(self) -> bool:
        """Whether the default is an object that all layers may share, kept under a name of its own."""
        return isinstance(self.default, Object) and self.kind in (Kind.REGULARIZER, Kind.CONSTRAINT)

    @property
    def example_value(self) -> Tree:
        """The value that examples, tests and checks give it."""
        return self.example or self.default or EXAMPLES[self.kind]

    def with_default(self, other: Argument) -> Argument:
        """The same argument with the default of another; raises `RequestError` if that is none for this one."""
        if other.kind is not self.kind:
            raise RequestError(f"{self.name!r} is of type {self.kind} in this template, not {other.kind}.")
        argument = replace(self, default=other.default)
        check_number(argument)
        return argument

    def must_be_positive(self) -> Argument:
        """The same argument, used as a size; raises `RequestError` if it cannot be one."""
        if self.kind is not Kind.INT:
            raise RequestError(
                f"{self.name!r} is used as a size, but it is of type {self.kind}.",
                hint=f"Give it the type int: --arg {self.name}:int=8.",
            )
        argument = self if self.check else replace(self, check=Check.POSITIVE)
        check_number(argument)
        return argument


EXAMPLES: dict[Kind, Tree] = {
    Kind.INT: Plain(8),
    Kind.FLOAT: Plain(0.5),
    Kind.BOOL: Plain(True),
    Kind.STR: Plain("text"),
    Kind.TUPLE: Listing("()", (Plain(2), Plain(2))),
    Kind.LIST: Listing("[]", (Plain(2), Plain(2))),
    Kind.ACTIVATION: Plain("relu"),
    Kind.INITIALIZER: Plain("glorot_uniform"),
    Kind.REGULARIZER: Plain("l2"),
    Kind.CONSTRAINT: Plain("non_neg"),
    Kind.LAYER: Object("layers.Dense", (("units", Plain(8)),), 1),
    Kind.ANY: Plain(1),
}


def check_number(argument: Argument) -> None:
    """Raises `RequestError` unless the default of an argument is what its constructor demands."""
    value = argument.default.value if isinstance(argument.default, Plain) else None
    if argument.check is Check.NONE or not isinstance(value, (int, float)):
        return
    fits, demand = {
        Check.POSITIVE: (value > 0, "must be positive"),
        Check.NOT_NEGATIVE: (value >= 0, "must not be negative"),
        Check.FRACTION: (0 <= value < 1, "must be at least 0 and less than 1"),
    }[argument.check]
    if not fits:
        raise RequestError(f"The default {value} of {argument.name!r} {demand}.")
