"""Puts files in their places, all or none: a journal says what is about to be done, so that it can be undone.

Whatever stops it, the folder is put back as it was: at once for an error or a signal, by the next run (`recover`) for
a process that was killed. The journal is written before anything else; its last line, `done`, is the moment from which
on nothing is undone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.disk.transaction import Edited, Run, is_file, missing_folders
from kscaffold.disk.turns import InUse, lock, patiently

JOURNAL = ".kscaffold-journal"
DONE = b"done\n"
LONGEST_JOURNAL = 1_000_000
SECONDS_IN_USE = 60


@dataclass(frozen=True)
class Placement:
    """A file that is to be put in its place.

    Attributes:
        target: The place, with symbolic links resolved.
        shown: How messages name it.
        content: What is to be there, `None` for nothing.
        previous: What must be there until then, `None` for nothing.
    """

    target: Path
    shown: str
    content: bytes | None
    previous: bytes | None


def put_all(root: Path, placements: Iterable[Placement]) -> None:
    """Puts all files in their places, or leaves everything as it was.

    Args:
        root: The folder with the journal, with symbolic links resolved; all places are below it.
        placements: What goes where.

    Raises:
        RequestError: A file cannot be written, or is no longer what it was; or another process goes on writing there.
    """
    wanted = tuple(placements)

    def put() -> None:
        with _signals_held_back() as held:
            _put_all(root, wanted, held)
            # Passed on now, Ctrl-C would be reported as a stop that left nothing written, and it is too late for that.
            held.discard(signal.SIGINT)

    patiently(put)


def recover(root: Path) -> tuple[str, ...]:
    """Puts back what a killed process left half done in a folder. If it had to make that folder, it stays, empty.

    Returns:
        The files that are again as they were before that process, named from `root`.

    Raises:
        RequestError: Another process goes on writing there, the journal is not one of ours, or a file was edited since.
    """
    root = Path(os.path.realpath(root))
    return patiently(lambda: _put_back(root, root / JOURNAL))


def _put_back(root: Path, path: Path) -> tuple[str, ...]:
    if not os.path.lexists(path):
        return ()
    if not is_file(path):
        raise _not_ours(path, "it is no file")
    with _signals_held_back(), _explained("undo what an interrupted run wrote", "", f"See to that, or delete {path}."):
        try:
            journal = _Journal(path, os.O_RDWR)
        except FileNotFoundError:
            return ()
        with journal:
            return _recover(root, journal) if journal.demand() else ()


def _put_all(root: Path, placements: tuple[Placement, ...], held: set[int]) -> None:
    with _writing(f"in {root}"), _made(missing_folders(root)):
        try:
            journal = _Journal(root / JOURNAL, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            raise InUse(root) from None
        with journal:
            if not journal.demand():
                raise InUse(root)
            run = Run.begin(root, [placement.target for placement in placements])
            try:
                journal.append(run.as_line())
                _put(run, placements, held)
                journal.append(DONE)
            except BaseException as error:
                _take_back(run, error)
                journal.remove()
                raise
            # All is in its place. Whatever cannot be tidied now is tidied by the next run.
            with contextlib.suppress(OSError):
                run.clean()
                journal.remove()


def _put(run: Run, placements: tuple[Placement, ...], held: set[int]) -> None:
    pairs = list(zip(run.entries, placements))
    for entry, placement in pairs:
        _stop_if_asked(held)
        with _writing(placement.shown):
            entry.stage(placement.previous or b"" if placement.content is None else placement.content)
    for entry, placement in pairs:
        _stop_if_asked(held)
        with _writing(placement.shown):
            if (entry.target.read_bytes() if entry.target.exists() else None) != placement.previous:
                raise changed_meanwhile(placement.shown)
            if placement.content is None:
                entry.take_away()
            else:
                os.replace(entry.staged, entry.target)
    _stop_if_asked(held)


def _take_back(run: Run, error: BaseException) -> None:
    try:
        run.undo()
    except (OSError, Edited) as failure:
        raise _refused(
            f"Writing failed ({error.__cause__ or error}), and what was written could not be taken back: {failure}.",
            "Run kscaffold there again: it takes back the rest.",
        ) from error


def _recover(root: Path, journal: _Journal) -> tuple[str, ...]:
    content = journal.read()
    if not content:  # killed before it said anything, and so before it did anything
        journal.remove()
        return ()
    line, _, rest = content.partition(b"\n")
    undone: list[Path] = []
    try:
        run = Run.read(root, line)
        if rest == DONE:
            run.clean()
        else:
            undone = run.undo()
    except ValueError as error:
        raise _not_ours(journal.path, str(error)) from error
    except Edited as error:
        raise _refused(f"{error}.", f"Keep what you need, then delete {journal.path}.") from error
    journal.remove()
    return tuple(path.relative_to(root).as_posix() for path in undone)


class _Journal:
    """The open journal of a run, locked as long as the process lives that opened it.

    Where there are no locks (Windows, some network folders) it counts as in use for a minute after it was written: a
    commit takes milliseconds.
    """

    def __init__(self, path: Path, flags: int) -> None:
        self.path = path
        self._is_new = bool(flags & os.O_CREAT)
        self._descriptor = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0), 0o666)
        self._is_open = True

    def __enter__(self) -> _Journal:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_open:
            os.close(self._descriptor)
            self._is_open = False

    def demand(self) -> bool:
        """Takes the journal for this process; false if it has been removed between our opening and locking it.

        Raises:
            RequestError: Another process has it.
        """
        locked = lock(self._descriptor)
        here = os.fstat(self._descriptor)
        if locked is False or (locked is None and not self._is_new and time.time() - here.st_mtime < SECONDS_IN_USE):
            raise InUse(self.path.parent)
        try:
            return os.path.samestat(here, os.lstat(self.path))
        except FileNotFoundError:
            return False

    def append(self, content: bytes) -> None:
        while content:
            content = content[os.write(self._descriptor, content) :]
        os.fsync(self._descriptor)

    def read(self) -> bytes:
        return os.read(self._descriptor, LONGEST_JOURNAL)

    def remove(self) -> None:
        # While it is locked, if it can be: after that, the name may be that of another process' journal.
        if os.name == "nt":
            self.__exit__()
        self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def _signals_held_back() -> Iterator[set[int]]:
    """Holds back the signals that ask to stop, so that undoing is never cut short, and passes them on at the end."""
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


def _stop_if_asked(held: set[int]) -> None:
    if held:
        names = ", ".join(signal.Signals(number).name for number in sorted(held))
        raise RequestError(f"Stopped by {names}; nothing was written.", exit_code=ExitCode.REFUSED)


@contextlib.contextmanager
def _made(folders: list[Path]) -> Iterator[None]:
    """Makes folders, and removes them again if what is done with them fails."""
    made: list[Path] = []
    try:
        for folder in folders:
            folder.mkdir()
            made.append(folder)
        yield
    except BaseException:
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def changed_meanwhile(shown: str) -> RequestError:
    """The error for a file that is no longer what the plan saw."""
    return RequestError(
        f"{shown} has changed meanwhile; nothing was written.",
        hint="Run the command again.",
        exit_code=ExitCode.CONFLICT,
    )


def _refused(message: str, hint: str) -> RequestError:
    return RequestError(message, hint=hint, exit_code=ExitCode.REFUSED)


def _not_ours(path: Path, reason: str) -> RequestError:
    return RequestError(
        f"It should say what an interrupted run was about to write, but is not understood: {reason}.",
        hint="Look at the folder, then delete that file.",
        where=str(path),
        exit_code=ExitCode.REFUSED,
    )


@contextlib.contextmanager
def _explained(action: str, outcome: str, hint: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _refused(f"Cannot {action}: {error.strerror or error}{outcome}.", hint) from error


def _writing(what: str) -> contextlib.AbstractContextManager[None]:
    return _explained(f"write {what}", "; nothing was written", "Make room or give another folder with -o.")
