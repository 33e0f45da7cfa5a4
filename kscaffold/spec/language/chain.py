"""The one-line syntax of chains: `(a, b) -> Concatenate -> Dense(64, relu) x3`, split into its parts with their places.

A chain may begin with an operation of named values, `ops.subtract(1, x) -> Dense(8)`, or with a slice, `x[:, 0]`.

What a part means is decided later, when all names of the graph are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place, Text
from kscaffold.program.tree import Applied, Object, Part, Tree, Variable
from kscaffold.spec.language.syntax import parse_expression

ARROW = "->"
BRACKETS = {"(": ")", "[": "]", "{": "}"}
OPERATIONS = "ops."
REFERENCE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+))?")
REPEATED_BY_NAME = re.compile(r"\)\s*x\s+([A-Za-z_][A-Za-z0-9_]*)\s*$")
REPEATED_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)(\s+x(?:\s*[0-9]+|\s+[A-Za-z_][A-Za-z0-9_]*))$")


@dataclass(frozen=True)
class Link:
    """What a chain calls, as written.

    Attributes:
        call: The class or name with its arguments.
        bare: Whether it is a name without brackets.
        repeat: How often it is repeated: a number, or the name of a parameter.
        place: Where it stands.
        passed: The arguments in its second brackets, if it has any.
    """

    call: Object
    bare: bool
    repeat: int | str
    place: Place
    passed: Object | None = None

    @property
    def is_operation(self) -> bool:
        """Whether it is a function of `keras.ops`."""
        return self.call.target.startswith(OPERATIONS)


@dataclass(frozen=True)
class Chain:
    """A chain as written.

    Attributes:
        head: What stands before the first arrow.
        start: The values that it begins with, if it is made of names.
        links: What is called, in order.
    """

    head: Text
    start: tuple[Text, ...]
    links: tuple[Link, ...]


def parse_chain(text: Text) -> Chain:
    """Parses `start -> layer -> layer`.

    Raises:
        RequestError: It is no chain; names the place.
    """
    parts = list(split_outside(text, ARROW))
    for part in parts:
        if not part.value:
            raise RequestError(
                "A chain has nothing here." if len(parts) > 1 else "The chain is empty.",
                hint="Write it as start -> Dense(64, relu) -> Dense(10).",
                where=str(part.place),
            )
    return Chain(parts[0], tuple(_references(parts[0])), tuple(parse_link(part) for part in parts[1:]))


def parse_head(text: Text) -> Object | Part | None:
    """Parses the operation or the slice that a chain begins with; `None` for anything else.

    Raises:
        RequestError: It is no expression; names the place.
    """
    try:
        parsed = parse_expression(text.value, graph=True)
    except RequestError as error:
        raise error.at(str(text.place)) from None
    if isinstance(parsed, Part) or (isinstance(parsed, Object) and parsed.target.startswith(OPERATIONS)):
        return parsed
    return None


def begins_with_operation(text: Text) -> bool:
    """Whether what stands before the first arrow is an operation or a slice, so that it makes a value of its own."""
    head = next(split_outside(text, ARROW)).value
    return head.startswith(OPERATIONS) or (head[:1].isalpha() and head.endswith("]"))


def parse_link(text: Text) -> Link:
    """Parses what a chain calls: `Dense(64, relu) x3`, or a name.

    Raises:
        RequestError: It is no call; names the place.
    """
    source, repeat, bare = text.value, None, False
    if repeated := REPEATED_NAME.fullmatch(source):
        source, bare = f"{repeated.group(1)}(){repeated.group(2)}", True
    if by_name := REPEATED_BY_NAME.search(source):
        source, repeat = source[: by_name.start() + 1], by_name.group(1)
    try:
        parsed: Tree = parse_expression(source, graph=True)
        passed = parsed.passed if isinstance(parsed, Applied) else None
        parsed = parsed.made if isinstance(parsed, Applied) else parsed
        if isinstance(parsed, Variable):
            return Link(Object(parsed.name), True, 1, text.place)
        if not isinstance(parsed, Object):
            raise RequestError(
                f"{source!r} is no layer.",
                hint=f"Write a name with its arguments: Dense(8, relu). Values stand before the first {ARROW}.",
            )
        return Link(parsed, bare, repeat or parsed.repeat, text.place, passed)
    except RequestError as error:
        raise error.at(str(text.place)) from None


def split_outside(text: Text, separator: str) -> Iterator[Text]:
    """Splits where the separator stands outside strings and brackets.

    Raises:
        RequestError: A bracket or a string is not closed.
    """
    source, start, position = text.value, 0, 0
    opened: list[int] = []
    while position < len(source):
        character = source[position]
        if character in "'\"":
            end = _end_of_string(source, position)
            if end is None:
                raise _unclosed(text, position)
            position = end
        elif character in BRACKETS:
            opened.append(position)
        elif character in BRACKETS.values():
            if not opened or BRACKETS[source[opened.pop()]] != character:
                raise RequestError(f"{character!r} closes nothing.", where=str(text.place.moved(position)))
        elif not opened and source.startswith(separator, position):
            yield text.part(start, position)
            position += len(separator)
            start = position
            continue
        position += 1
    if opened:
        raise _unclosed(text, opened[-1])
    yield text.part(start, len(source))


def _end_of_string(source: str, start: int) -> int | None:
    """Where the string that begins at `start` ends."""
    position = start + 1
    while position < len(source):
        if source[position] == "\\":
            position += 1
        elif source[position] == source[start]:
            return position
        position += 1
    return None


def _unclosed(text: Text, position: int) -> RequestError:
    return RequestError(f"{text.value[position]!r} is not closed.", where=str(text.place.moved(position)))


def _references(head: Text) -> Iterator[Text]:
    """The names in `a` or `(a, b)`; nothing if it is something else, such as a shape."""
    value = head.value
    inside = Text(value[1:-1], head.place.moved(1)) if value[:1] == "(" and value[-1:] == ")" else head
    if "(" in inside.value or ")" in inside.value:
        return
    parts = [part for part in split_outside(inside, ",") if part.value]
    if all(REFERENCE.fullmatch(part.value) for part in parts):
        yield from parts
