"""Constructor arguments as they are typed: `NAME[:TYPE][=DEFAULT]`."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

from kscaffold.base.errors import RequestError, did_you_mean
from kscaffold.base.naming import check_attribute_name
from kscaffold.keras_data import catalogue
from kscaffold.program.argument import FOUND_BY_NAME, Argument, Check, Kind, check_number
from kscaffold.program.tree import Listing, Object, Plain, Table, Tree, Variable, walk
from kscaffold.spec.language.syntax import parse_call, parse_expression

# Names with one meaning in Keras: the kind where none was given, and what is demanded of a value.
SIZE_NAMES = frozenset(
    (
        "units filters features channels depth dim heads input_dim output_dim hidden_dim hidden_units key_dim"
        " value_dim embed_dim num_heads num_classes num_layers pool_size steps vocabulary_size"
    ).split()
)
NUMBER_CHECKS = {
    "rate": Check.FRACTION,
    "dropout": Check.FRACTION,
    "dropout_rate": Check.FRACTION,
    "drop_rate": Check.FRACTION,
    "momentum": Check.FRACTION,
    "epsilon": Check.POSITIVE,
    "stddev": Check.NOT_NEGATIVE,
    "temperature": Check.POSITIVE,
}


def parse_argument(text: str, known_kind: Kind | None = None) -> Argument:
    """Parses `NAME[:TYPE][=DEFAULT]`; the type comes from the name or the default where it is left out.

    Args:
        text: What the user typed.
        known_kind: The type where it is left out, if that is known already.

    Raises:
        RequestError: A name that cannot be used, an unknown type, or a default that is not of the type.
    """
    head, equals, default_text = text.partition("=")
    name, colon, kind_text = (part.strip() for part in head.partition(":"))
    check_attribute_name(name, "argument", catalogue.reserved_attributes())
    if colon and kind_text not in list(Kind):
        raise RequestError(
            f"{name!r} has the unknown type {kind_text!r}.",
            hint=did_you_mean(kind_text, list(Kind)) or f"Types: {', '.join(Kind)}.",
        )
    if equals and not default_text.strip() and kind_text != Kind.STR:
        raise RequestError(f"{name!r} has an empty default.", hint=f"Write {head.strip()} for a required argument.")
    kind = Kind(kind_text) if colon else known_kind or _kind_from_name(name)
    default = None
    if equals:
        default = _literal_text(default_text) if kind is Kind.STR else parse_expression(default_text)
        default = _words_as_strings(default)
        kind = kind or _kind_from_default(default)
        default = _as_kind(name, kind, default)
    argument = Argument(name, kind or Kind.ANY, default)
    if argument.kind is Kind.INT and name in SIZE_NAMES:
        return argument.must_be_positive()
    if argument.kind is Kind.FLOAT and name in NUMBER_CHECKS:
        argument = replace(argument, check=NUMBER_CHECKS[name])
        check_number(argument)
    return argument


def _literal_text(text: str) -> Tree:
    """A string that need not be quoted, and is taken as it stands where its quotes are not Python's."""
    if text.strip() == "None":
        return Plain(None)
    if re.match(r"\s*['\"]", text):
        with contextlib.suppress(RequestError):
            parsed = parse_expression(text)
            if isinstance(parsed, Plain):
                return parsed
    return Plain(text.strip())


def _words_as_strings(value: Tree) -> Tree:
    """Inside tuples, lists and dictionaries a bare word is a string."""

    def convert(part: Tree) -> Tree:
        return Plain(part.name) if isinstance(part, Variable) else _words_as_strings(part)

    match value:
        case Listing(brackets=brackets, items=items):
            return Listing(brackets, tuple(convert(item) for item in items))
        case Table(items=pairs):
            return Table(tuple((key, convert(item)) for key, item in pairs))
    return value


def _kind_from_name(name: str) -> Kind | None:
    last = name.rsplit("_", 1)[-1]
    if last in ("activation", "initializer", "regularizer", "constraint", "layer"):
        return Kind(last)
    if name in SIZE_NAMES:
        return Kind.INT
    if name in NUMBER_CHECKS:
        return Kind.FLOAT
    return Kind.BOOL if name.startswith("use_") else None


def _kind_from_default(default: Tree) -> Kind:
    match default:
        case Plain(value=bool()):
            return Kind.BOOL
        case Plain(value=int()):
            return Kind.INT
        case Plain(value=float()):
            return Kind.FLOAT
        case Plain(value=str()) | Variable():
            return Kind.STR
        case Listing(brackets="()"):
            return Kind.TUPLE
        case Listing():
            return Kind.LIST
        case Object(own=None, target=target):
            return Kind(catalogue.find_class(target).kind)
        case Object():
            return Kind.LAYER
    return Kind.ANY


def _as_kind(name: str, kind: Kind, default: Tree) -> Tree:
    """The default as a value of its kind, or a refusal."""
    if default == Plain(None):
        return default
    wrong = RequestError(f"The default of {name!r} is not of type {kind}.", hint=DEFAULT_HINTS[kind])
    match kind, default:
        case Kind.INT, Plain(value=int()) if not isinstance(default.value, bool):
            return default
        case Kind.FLOAT, Plain(value=int() | float() as value) if not isinstance(value, bool):
            return Plain(float(value))
        case Kind.BOOL, Plain(value=bool()):
            return default
        case Kind.STR, Plain(value=str()):
            return default
        case Kind.STR, Variable(name=word):
            return Plain(word)
        case (Kind.TUPLE, Listing(brackets="()", items=items)) | (Kind.LIST, Listing(items=items)):
            _demand_even(items, wrong)
            return Listing("()" if kind is Kind.TUPLE else "[]", items)
        case Kind.ANY, Plain() | Listing(brackets="[]") | Table():
            _demand_plain(default, wrong)
            if any(isinstance(part, Listing) and part.brackets == "()" for part in walk(default)):
                raise RequestError(
                    f"The default of {name!r} holds a tuple, which comes back from a saved config as a list.",
                    hint="Write a list, or give the argument the type tuple.",
                )
            return default
        case Kind.ANY, Variable(name=word):
            return Plain(word)
        case (Kind.LAYER | Kind.INITIALIZER | Kind.REGULARIZER | Kind.CONSTRAINT), Object():
            if default.repeat != 1 or (default.own is None and _kind_from_default(default) is not kind):
                raise wrong
            return default
        case Kind.LAYER, Variable(name=word) if catalogue.is_layer(word):
            return parse_call(word)
    if kind in FOUND_BY_NAME:
        named = default.name if isinstance(default, Variable) else default.value if isinstance(default, Plain) else None
        if isinstance(named, str):
            catalogue.check_name(FOUND_BY_NAME[kind], named)
            return Plain(named)
    raise wrong


DEFAULT_HINTS = {
    Kind.INT: "Write a whole number: 8.",
    Kind.FLOAT: "Write a number: 0.5.",
    Kind.BOOL: "Write True or False.",
    Kind.STR: "Write a word or a quoted string.",
    Kind.TUPLE: "Write numbers, strings, or tuples of them: '(2, 2)'.",
    Kind.LIST: "Write numbers, strings, or lists of them: '[2, 2]'.",
    Kind.ACTIVATION: "Write the name of one: relu.",
    Kind.INITIALIZER: "Write a name or an object: zeros, 'RandomNormal(stddev=0.02)'.",
    Kind.REGULARIZER: "Write a name or an object: l2, 'L2(1e-4)'.",
    Kind.CONSTRAINT: "Write a name or an object: non_neg, 'MaxNorm(2)'.",
    Kind.LAYER: "Write a layer: 'Dense(8, relu)'.",
    Kind.ANY: "Write a number, a string, True, False, None, a list or a dictionary.",
}


def _demand_plain(default: Tree, wrong: RequestError) -> None:
    """Only numbers, strings, truth values and None, and containers of them."""
    if not all(isinstance(part, (Plain, Listing, Table)) for part in walk(default)):
        raise wrong


def _demand_even(items: tuple[Tree, ...], wrong: RequestError) -> None:
    """Plain values, or containers of plain values, but not both side by side."""
    nested = [item for item in items if isinstance(item, Listing)]
    values = [value for item in nested for value in item.items] if nested else list(items)
    if (nested and len(nested) != len(items)) or not all(isinstance(value, Plain) for value in values):
        raise wrong
