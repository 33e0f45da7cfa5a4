"""How the values of `protocol` go from one process to another: what is said, and its form as JSON, one line each.

kscaffold -- Order: a job, a socket and a file --> server: it has imported Keras, and forks a child for each file
kscaffold <-- Notice: Keras is there, a child begins or has ended -- server
kscaffold <-- Message: what is found in a file -- child
kscaffold -- Greeting: its environment --> warm process: it forks a server for this check (see `warm`)
"""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any, TypeVar

from .protocol import Finding, Job, Verdict

Value = TypeVar("Value")
CUT_OFF = 213  # the exit status of a child that can no longer say anything


@dataclass(frozen=True)
class Greeting:
    """What is said first to a process that was there before the check: what it did not begin with."""

    environment: Mapping[str, str]


@dataclass(frozen=True)
class Order:
    """What the server is asked: to have a file looked at."""

    job: Job
    start: int  # how many of its classes are left out, because something is said of them already
    folder: Path  # one that the child is alone in


@dataclass(frozen=True)
class Notice:
    """What the server says: that it is ready, that a child begins, or that one has ended."""

    no_keras: str = ""  # why it cannot be imported; empty if it can
    pid: int = 0  # of the child; 0 before there is one
    status: int | None = None  # as `os.waitpid` gives it; `None` as the child begins
    private: int = 0  # the bytes of memory that the child begins with
    server: int = 0  # its own number: as it is ready, and once more when nothing is left of a warm check


@dataclass(frozen=True)
class Message:
    """What a child says of its file: one of these."""

    stage: str = ""  # what it does next, in case it is the last thing that it does
    begun: Verdict | None = None  # what is said so far of the class that it is at
    verdict: Verdict | None = None  # what is said of a class that it is done with
    failed: Finding | None = None  # why the file cannot be imported
    broken: str = ""  # what was raised in the check itself, and where
    ended: bool = False


def to_json(value: Any) -> Any:
    """What JSON can hold of a value of the protocol; fields that are as they are by default are left out."""
    if dataclasses.is_dataclass(value):
        return {
            one.name: to_json(getattr(value, one.name))
            for one in dataclasses.fields(value)
            if getattr(value, one.name) != one.default
        }
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def to_line(value: Any) -> bytes:
    """A value as a line of JSON."""
    return json.dumps(to_json(value)).encode() + b"\n"


def from_json(kind: type[Value], data: Any) -> Value:
    """The value of that class that `to_json` was given; a `TypeError` or `ValueError` if the data is of none."""
    value: Value = _read(kind, data)
    return value


def _read(kind: Any, data: Any) -> Any:
    if hasattr(kind, "__dataclass_fields__"):
        hints = _hints(kind)
        if unknown := _checked(dict, data).keys() - hints.keys():
            raise TypeError(f"{kind.__name__} has no {sorted(unknown)}")
        return kind(**{name: _read(hints[name], item) for name, item in data.items()})
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:  # with None alone
        return None if data is None else _read(inside[0], data)
    if origin is tuple:
        several = inside[1:] == (...,)
        kinds = repeat(inside[0], len(data)) if several else inside
        return tuple(_read(one, item) for one, item in zip(kinds, _checked(list, data), strict=True))
    if origin is Mapping:
        return {key: _read(inside[1], item) for key, item in _checked(dict, data).items()}
    if issubclass(kind, Path | Enum):
        return kind(_checked(str, data))
    if kind is str:  # as terminals and files can hold it
        return _checked(str, data).encode("utf-8", "replace").decode()
    return _checked((int, float) if kind is float else kind, data)


def _checked(kind: Any, data: Any) -> Any:
    """What JSON gave, which may be anything where a child that is checked has written it."""
    if not isinstance(data, kind):
        raise TypeError(f"{data!r:.40} is not of {kind}")
    return data


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
