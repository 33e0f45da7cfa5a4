"""What a class is constructed with and called on where nobody said it: tried until a call works."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from . import protocol
from .arguments import guesses
from .inputs import input_guesses
from .protocol import Feed, Known
from .subject import Subject

TRIED_BATCH = 5  # a size that no argument is likely to have
SECONDS = 20.0  # for all trials of one class


@dataclass(frozen=True)
class Way:
    """How something can be made and called.

    Attributes:
        subject: The same as a subject.
        assumed_arguments: The arguments that were chosen and not given, as flags would say it.
        assumed_inputs: The inputs that were.
    """

    subject: Subject
    assumed_arguments: tuple[str, ...]
    assumed_inputs: tuple[str, ...]


def find_way(
    module: ModuleType,
    name: str,
    item: Any,
    known: Known,
    path: str,
    line: int,
    demand: Callable[[Any], None] = lambda made: None,
) -> Way | BaseException:
    """How a class or function can be made and called; what its likeliest arguments raise if it cannot be made at all.

    Args:
        module: The user's module.
        name: What the class or function is called there.
        item: The class or function.
        known: What the user said of it.
        path: The user's file.
        line: The line there that it begins in.
        demand: Raises an exception for something made that is not a subject.

    Raises:
        Exception: What `demand` raises.
    """
    deadline = time.monotonic() + SECONDS
    given = dict(known.args)
    best, most = None, -1
    failure: BaseException | None = None
    for arguments in guesses(item, given):
        construct = f"{name}({', '.join(f'{key}={source}' for key, source in arguments.items())})"
        try:
            made = Subject(module, protocol.Subject(name, construct), path).make()
        except (Exception, SystemExit) as error:
            failure = error if failure is None or isinstance(failure, SystemExit) else failure
            continue
        demand(made)
        for feeds, call in input_guesses(made, known.feeds):
            subject = Subject(module, protocol.Subject(name, construct, feeds, call), path, line)
            ways = ways_to_call(subject)
            if ways > most:
                flags = (f"--arg {key}={source}" for key, source in arguments.items() if key not in given)
                shapes = (f"--input-shape {show_input(feed)}" for feed in feeds if not known.feeds)
                best, most = Way(subject, tuple(flags), tuple(shapes)), ways
            if most == 2 or time.monotonic() > deadline:
                break
        if most == 2 or time.monotonic() > deadline:
            break
    found = best or failure
    assert found is not None, "there is always a first guess"
    return found


def ways_to_call(subject: Subject) -> int:
    """In how many of two ways a new layer takes these inputs: as data, and as symbolic tensors."""
    ways = 0
    for symbolic in (False, True):
        with contextlib.suppress(Exception, SystemExit):
            values = subject.symbolic_inputs() if symbolic else subject.arrays(TRIED_BATCH)
            subject.call(subject.make(), values)
            ways += 1
    return ways


def show_input(feed: Feed) -> str:
    """An input as after `--input-shape`."""
    shape = ",".join("" if size is None else str(size) for size in feed.shape) or "()"
    name = f"{feed.name}=" if feed.name else ""
    return f"{name}{shape}" + ("" if feed.dtype == "float32" else f":{feed.dtype}")
