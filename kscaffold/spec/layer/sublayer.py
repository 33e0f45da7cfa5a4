"""The sublayers of a layer as they are typed: `hidden = Dense(units, relu)`."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from kscaffold.base.errors import RequestError, with_article
from kscaffold.base.naming import check_attribute_name
from kscaffold.keras_data import catalogue
from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.tree import Object
from kscaffold.spec.language.syntax import parse_call
from kscaffold.spec.layer.call import resolve_call

NOTHING_KNOWN = Signature("layers", "", {})  # of a custom layer


@dataclass(frozen=True)
class Sublayer:
    """A layer that `call` uses.

    Attributes:
        name: The attribute that keeps it; a list of layers where it is repeated.
        call: What the constructor makes, resolved (see `resolve_call`); `None` for one that it is given.
        signature: What Keras says of it.
        optional: Whether it may be `None`.
    """

    name: str
    call: Object | None
    signature: Signature = NOTHING_KNOWN
    optional: bool = False

    @property
    def given(self) -> bool:
        """Whether it is an argument of the constructor, and may be built already."""
        return self.call is None

    @property
    def inputs(self) -> int:
        """How many times it takes a value: self-attention takes it as query and as value."""
        return max(self.signature.inputs, 1)

    @property
    def repeated(self) -> bool:
        """Whether the attribute holds a list of layers."""
        return self.call is not None and self.call.repeat > 1


def parse_sublayer(text: str, known: Container[str]) -> Sublayer:
    """Parses `NAME = LAYER`.

    Args:
        text: What the user typed.
        known: The constructor arguments; others of its bare words are strings.

    Raises:
        RequestError: A name that cannot be used, an unknown layer or argument, too many or too few arguments.
    """
    name, equals, rest = text.partition("=")
    name = name.strip()
    check_attribute_name(name, "sublayer", catalogue.reserved_attributes())
    if not equals or not rest.strip():
        raise RequestError(f"{text!r} is not a sublayer.", hint=f"Write '{name} = Dense(8, relu)'.")
    call = parse_call(rest)
    signature = NOTHING_KNOWN
    if call.own is None:
        signature = catalogue.find_class(call.target)
        if signature.group != "layers":
            raise RequestError(f"{call.target} is {with_article(signature.kind)}, not a layer.")
    return Sublayer(name, resolve_call(call, known), signature)
