"""How the values of `protocol` go from one process to another: what is said, and its form as JSON.

kscaffold -- Request, on standard input --> check process -- Job, by fork --> a child for each file
kscaffold <-- Answer, in a file of its own -- check process <-- Messages, by a pipe -- child
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any, TypeVar

from .protocol import FileVerdict, Finding, Job, Limits, Verdict

Value = TypeVar("Value")


@dataclass(frozen=True)
class Request:
    """What the check process is asked: files, and what each may use."""

    limits: Limits
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Answer:
    """What the check process says.

    Attributes:
        files: What is said of each file, in the order of the jobs.
        no_keras: Why Keras cannot be imported; empty if it can.
        broken: The traceback of a failure of the check process itself; empty without one.
    """

    files: tuple[FileVerdict, ...] = ()
    no_keras: str = ""
    broken: str = ""


@dataclass(frozen=True)
class Message:
    """What a child says of its file: one of these.

    Attributes:
        stage: What it does next, in case it is the last thing that it does.
        begun: A class that it begins with, without anything said of it yet.
        verdict: What is said of a class that it is done with.
        failed: Why the file cannot be imported.
        broken: The traceback of a failure of the child itself.
        ended: Whether it is done with its file.
    """

    stage: str = ""
    begun: Verdict | None = None
    verdict: Verdict | None = None
    failed: Finding | None = None
    broken: str = ""
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


def from_json(kind: type[Value], data: Any) -> Value:
    """The value that `to_json` was given.

    Args:
        kind: Its class, one of the protocol or of this module.
        data: What JSON held of it.

    Raises:
        KeyError, TypeError, ValueError: The data is not of such a value.
    """
    value: Value = _read(kind, data)
    return value


def _read(kind: Any, data: Any) -> Any:
    if hasattr(kind, "__dataclass_fields__"):
        hints = _hints(kind)
        return kind(**{name: _read(hints[name], item) for name, item in data.items()})
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:  # with None alone
        return None if data is None else _read(inside[0], data)
    if origin is tuple:
        kinds = repeat(inside[0]) if inside[1:] == (...,) else inside
        return tuple(_read(one, item) for one, item in zip(kinds, data))
    if origin is Mapping:
        return {key: _read(inside[1], item) for key, item in data.items()}
    return kind(data) if issubclass(kind, Path | Enum) else data


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)
