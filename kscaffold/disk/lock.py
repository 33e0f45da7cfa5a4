"""Who writes in a folder is alone there: other processes wait for their turn, signals until nothing is half done."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import TypeVar

from kscaffold.base.errors import ExitCode, RequestError

SECONDS_OF_PATIENCE = 10  # a commit takes milliseconds, and `make -j` starts many

Result = TypeVar("Result")
_held: ContextVar[frozenset[Path]] = ContextVar("folders that are locked", default=frozenset())


class InUse(RequestError):
    """Another process is writing in a folder."""

    def __init__(self, folder: Path) -> None:
        message, hint = "Another kscaffold is writing here; nothing was written.", "Wait until it is done."
        super().__init__(message, hint=hint, where=str(folder), exit_code=ExitCode.REFUSED)


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Makes everything inside one step for all who take turns in a folder, `commit` and `recover` included.

    In a folder that is yet to be made, all are let in: what they write is still held against what they saw. `InUse` if
    another process has had its turn for some seconds.
    """
    with contextlib.ExitStack() as stack:
        patiently(lambda: stack.enter_context(locked(folder)))
        yield


def patiently(action: Callable[[], Result]) -> Result:
    """Does something that raises `InUse`, with nothing done, as long as another process stands in its way.

    It is still raised after some seconds.
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
def locked(folder: Path) -> Iterator[bool]:
    """Locks a folder for this process; does nothing inside of another lock of it. `InUse` if another process has it.

    Yields:
        Whether no other process writes there for certain: not where folders cannot be locked (Windows, some network
        folders), nor in one that is yet to be made.
    """
    folder = Path(os.path.realpath(folder))
    if folder in _held.get():
        yield True
        return
    with contextlib.ExitStack() as stack:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except (FileNotFoundError, PermissionError):
            yield False
            return
        stack.callback(os.close, descriptor)
        is_locked = _lock(descriptor, folder)
        if is_locked:
            stack.callback(_held.reset, _held.set(_held.get() | {folder}))
        yield is_locked


def _lock(descriptor: int, folder: Path) -> bool:
    """Locks an open folder; false where there are no locks."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), os.stat(folder)):
            raise InUse(folder)
    except (BlockingIOError, FileNotFoundError):
        raise InUse(folder) from None  # as for one that was made anew: it was removed before we had the lock
    except (ImportError, OSError):
        return False
    return True


@contextlib.contextmanager
def signals_held_back() -> Iterator[set[int]]:
    """Holds back the signals that ask to stop, so that undoing is never cut short, and passes them on at the end.

    Yields:
        Those that came, as they come; one that is taken out is not passed on.
    """
    held: set[int] = set()

    def hold(number: int, frame: FrameType | None) -> None:
        held.add(number)

    previous = {}
    with contextlib.suppress(ValueError):  # signals go to the main thread, and this is another
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) not in (None, signal.SIG_IGN):
                previous[number] = signal.signal(number, hold)
    try:
        yield held
    finally:
        for number, handler in reversed(previous.items()):
            signal.signal(number, handler)
        for number in sorted(held):
            signal.raise_signal(number)
