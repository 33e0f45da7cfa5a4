"""Constructor arguments as they are typed: `NAME[:TYPE][=DEFAULT]`."""

import contextlib
import re
from collections.abc import Container
from dataclasses import replace

from kscaffold.base.errors import RequestError, did_you_mean
from kscaffold.base.naming import check_attribute_name
from kscaffold.keras_data import catalogue
from kscaffold.program.argument import FOUND_BY_NAME, Argument, Kind, check_number
from kscaffold.program.tree import NONE, Listing, Object, Plain, Table, Tree, Variable, transform, walk
from kscaffold.spec.language.syntax import parse_expression
from kscaffold.spec.layer.call import NUMBER_CHECKS, SIZE_NAMES, class_group, group_of, resolve_call

KIND_OF_TYPE = {int: Kind.INT, float: Kind.FLOAT, bool: Kind.BOOL, str: Kind.STR}
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


def parse_argument(text: str, known_kind: Kind | None = None) -> Argument:
    """Parses `NAME[:TYPE][=DEFAULT]`; a type that is left out is the known one, or comes from the name or the default.

    Raises:
        RequestError: A name that cannot be used, an unknown type, or a default that is not of the type.
    """
    head, equals, default_text = text.partition("=")
    name, colon, kind_text = (part.strip() for part in head.partition(":"))
    check_attribute_name(name, "argument", catalogue.reserved_attributes())
    if colon and kind_text not in list(Kind):
        hint = did_you_mean(kind_text, Kind) or f"Types: {', '.join(Kind)}."
        raise RequestError(f"{name!r} has the unknown type {kind_text!r}.", hint=hint)
    if equals and not default_text.strip() and kind_text != Kind.STR:
        raise RequestError(f"{name!r} has an empty default.", hint=f"Write {head.strip()} for a required argument.")
    kind = Kind(kind_text) if colon else known_kind or _kind_from_name(name)
    default = None
    if equals:
        default = _read_default(default_text, kind)
        kind = kind or _kind_from_default(default)
        default = _as_kind(name, kind, default)
    argument = Argument(name, kind or Kind.ANY, default)
    if argument.kind is Kind.INT and name in SIZE_NAMES:
        return argument.must_be_positive()
    if argument.kind is Kind.FLOAT and name in NUMBER_CHECKS:
        argument = replace(argument, check=NUMBER_CHECKS[name])
        check_number(argument)
    return argument


def with_example(argument: Argument, text: str, known: Container[str]) -> Argument:
    """An argument with an example of its value, which may name known sizes."""
    example = parse_expression(text)
    if isinstance(example, Object):
        example = resolve_call(example, known, class_group(argument.kind))
    return replace(argument, example=example)


def _read_default(text: str, kind: Kind | None) -> Tree:
    """A default as typed; outside objects, a bare word is a string."""
    if kind is Kind.STR:
        # A string need not be quoted, and is taken as it stands where its quotes are not Python's.
        if re.match(r"\s*['\"]", text) or text.strip() == "None":
            with contextlib.suppress(RequestError):
                if isinstance(parsed := parse_expression(text), Plain):
                    return parsed
        return Plain(text.strip())

    def string(part: Tree) -> Tree | None:
        return Plain(part.name) if isinstance(part, Variable) else part if isinstance(part, Object) else None

    return transform(parse_expression(text), string)


def _kind_from_name(name: str) -> Kind | None:
    if group := group_of(name):
        return Kind(catalogue.SINGULAR[group])
    if name in SIZE_NAMES:
        return Kind.INT
    if name in NUMBER_CHECKS:
        return Kind.FLOAT
    return Kind.BOOL if name.startswith("use_") else None


def _kind_from_default(default: Tree) -> Kind:
    match default:
        case Plain(value=value):
            return KIND_OF_TYPE.get(type(value), Kind.ANY)
        case Listing(brackets=brackets):
            return Kind.TUPLE if brackets == "()" else Kind.LIST
        case Object(own=None, target=target):
            return Kind(catalogue.find_class(target).kind)
        case Object():
            return Kind.LAYER
    return Kind.ANY


def _as_kind(name: str, kind: Kind, default: Tree) -> Tree:
    """The default as a value of its kind; a `RequestError` where it is none."""
    if default == NONE:
        return default
    match kind, default:
        case Kind.FLOAT, Plain(value=int() | float() as value) if not isinstance(value, bool):
            return Plain(float(value))
        case (Kind.INT | Kind.BOOL | Kind.STR), Plain() if _kind_from_default(default) is kind:
            return default
        case (Kind.TUPLE, Listing(brackets="()", items=items)) | (Kind.LIST, Listing(items=items)) if _is_even(items):
            return Listing("()" if kind is Kind.TUPLE else "[]", items)
        case Kind.ANY, _ if all(isinstance(part, (Plain, Listing, Table)) for part in walk(default)):
            if any(isinstance(part, Listing) and part.brackets == "()" for part in walk(default)):
                problem = f"The default of {name!r} holds a tuple, which comes back from a saved config as a list."
                raise RequestError(problem, hint="Write a list, or give the argument the type tuple.")
            return default
        case (Kind.LAYER | Kind.INITIALIZER | Kind.REGULARIZER | Kind.CONSTRAINT), Object(repeat=1):
            if default.own or catalogue.find_class(default.target, class_group(kind)).kind == kind:
                return resolve_call(default, (), class_group(kind))
        case Kind.LAYER, Plain(value=str() as word) if catalogue.is_layer(word):
            return resolve_call(Object(word), ())
        case _, Plain(value=str() as word) if kind in FOUND_BY_NAME:
            catalogue.check_name(FOUND_BY_NAME[kind], word)
            return default
    raise RequestError(f"The default of {name!r} is not of type {kind}.", hint=DEFAULT_HINTS[kind])


def _is_even(items: tuple[Tree, ...]) -> bool:
    """Whether items are plain values, or containers of plain values, but not both side by side."""
    nested = [item for item in items if isinstance(item, Listing)]
    values = tuple(value for item in nested for value in item.items) if len(nested) == len(items) else items
    return all(isinstance(value, Plain) for value in values)
