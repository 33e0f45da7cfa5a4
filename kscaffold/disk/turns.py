"""One process at a time writes in a folder; the others wait a while for their turn."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from kscaffold.base.errors import ExitCode, RequestError

SECONDS_OF_PATIENCE = 10  # a commit takes milliseconds, and `make -j` starts many

Result = TypeVar("Result")


class InUse(RequestError):
    """Another process is writing in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            "Another kscaffold is writing here; nothing was written.",
            hint="Wait until it is done.",
            where=str(folder),
            exit_code=ExitCode.REFUSED,
        )


def patiently(action: Callable[[], Result]) -> Result:
    """Does something that another process may stand in the way of, as soon as it does so no longer.

    Args:
        action: What to do; raises `InUse`, with nothing done, as long as it cannot be.

    Raises:
        InUse: It is still so after some seconds.
    """
    end = time.monotonic() + SECONDS_OF_PATIENCE
    while True:
        try:
            return action()
        except InUse:
            if time.monotonic() >= end:
                raise
        pause()


def pause() -> None:
    """Waits until it is worth another try."""
    time.sleep(0.02)


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Makes everything inside one step for all who take turns in a folder.

    Where folders cannot be locked (Windows, some network folders), and in a folder that is yet to be made, all are let
    in: what they write is still held against what they saw.

    Raises:
        InUse: Another process has had its turn for some seconds.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        yield
        return

    def demand() -> None:
        if lock(descriptor) is False:
            raise InUse(folder)

    try:
        patiently(demand)
        yield
    finally:
        os.close(descriptor)


def lock(descriptor: int) -> bool | None:
    """Whether the file is locked for us; `None` where there are no locks."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return None
    return True
