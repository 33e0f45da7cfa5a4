"""The log: a command's entry is written before anything else, so that it can be taken back, whatever stops it.

An entry that is under way stands in the folder of the project. There it is rolled back: at once for an error or a
signal, by the next run (`recover`) for a process that was killed. A finished one is history, which `kscaffold undo`
takes back (`kscaffold.disk.history`).
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from kscaffold.base.errors import RequestError
from kscaffold.disk import history, lock
from kscaffold.disk.entry import Edited, Entry, is_file, missing_folders, writing
from kscaffold.disk.plan import Change, Plan, changed_meanwhile, read_target, refused, resolve_target

JOURNAL = ".kscaffold-journal"
BEGINNING = b'{"token": "'
DONE = b"done\n"
SECONDS_IN_USE = 60  # a commit takes milliseconds


def commit(plan: Plan, command: str = "") -> tuple[str, ...]:
    """Writes the files of a plan: all of them or none; gives why `kscaffold undo` cannot take them back, if it cannot.

    The command, "layer MyDense", is empty where nobody can. A `RequestError`, with nothing changed, if the disk is no
    longer as the plan saw it, a file cannot be written, or another process goes on writing there.
    """
    if plan.conflicts:
        raise ValueError("a conflict is left undecided")
    changes = tuple(change for change in plan.written if change.content != change.previous)

    def write() -> tuple[str, ...]:
        with lock.signals_held_back() as held:
            problems = _commit(plan.root, changes, command, held)
            # Passed on now, Ctrl-C would be reported as a stop that left nothing written, and it is too late for that.
            held.discard(signal.SIGINT)
            return problems

    return lock.patiently(write) if changes else ()


def recover(root: Path) -> tuple[str, ...]:
    """Rolls back what a killed process left half done in a folder. If it had to make that folder, it stays, empty.

    Gives the files that are again as they were before that process, named from `root`. A `RequestError` if another one
    goes on writing there, the journal is not one of ours, or a file was edited since.
    """
    root = Path(os.path.realpath(root))
    return lock.patiently(lambda: _recover(root)) if os.path.lexists(root / JOURNAL) else ()


def _commit(root: Path, changes: tuple[Change, ...], command: str, held: set[int]) -> tuple[str, ...]:
    journal = root / JOURNAL
    with _writing(f"in {root}"), _made(root), lock.locked(root):
        for change in changes:
            if resolve_target(change.path, root) != change.path or read_target(change.path) != change.previous:
                raise changed_meanwhile(change.shown)
        entry = Entry.begin(root, command, changes)
        try:
            journal.touch(0o600, exist_ok=False)  # it holds what is in the files, which may be for nobody else
        except (FileExistsError, FileNotFoundError):  # where nothing can be locked, or the folder was just removed
            raise lock.InUse(root) from None
        try:
            _announce(entry, journal)
            _apply(entry, held)
            problems = history.keep(entry) if command else ()
            with writing(journal) as write:
                write(DONE)  # from here on nothing is rolled back
        except BaseException as error:
            _take_back(entry, journal, error)
            journal.unlink()
            raise
        with contextlib.suppress(OSError):  # whatever cannot be tidied now is tidied by the next run
            entry.clean()
            journal.unlink()
        return problems


def _announce(entry: Entry, journal: Path) -> None:
    with writing(journal) as write:
        for change, piece in zip(entry.changes, entry.pieces):
            with _writing(change.shown):
                write(piece)
        write(b"\n")


def _apply(entry: Entry, held: set[int]) -> None:
    for step in (entry.stage, entry.apply):
        for change in entry.changes:
            _stop_if_asked(held)
            with _writing(change.shown):
                step(change)
    _stop_if_asked(held)


def _take_back(entry: Entry, journal: Path, error: BaseException) -> None:
    try:
        os.truncate(journal, min(journal.stat().st_size, len(entry.line) + 1))  # it may say already that all is done
        _roll_back(entry)
    except (OSError, Edited) as failure:
        raise refused(
            f"Writing failed ({error.__cause__ or error}), and what was written could not be taken back: {failure}.",
            "Run kscaffold there again: it takes back the rest.",
        ) from error


def _roll_back(entry: Entry) -> tuple[str, ...]:
    files = entry.roll_back()
    with contextlib.suppress(RequestError):  # a history that cannot be written does not know of it
        history.forget(entry)
    return files


def _recover(root: Path) -> tuple[str, ...]:
    journal = root / JOURNAL
    trouble = _explained("undo what an interrupted run wrote", "", f"See to that, or delete {journal}.")
    with lock.signals_held_back(), trouble, lock.locked(root) as is_alone:
        if not os.path.lexists(journal):  # its process was done just now
            return ()
        if not is_file(journal):
            raise _not_ours(journal, "it is not a file")
        if not is_alone and time.time() - journal.stat().st_mtime < SECONDS_IN_USE:
            raise lock.InUse(root)
        content = journal.read_bytes()
        line, _, rest = content.partition(b"\n")
        files: tuple[str, ...] = ()
        try:
            entry = Entry.read(root, line)
            if rest == DONE:
                entry.clean()
            else:
                files = _roll_back(entry)
        except ValueError as error:
            if not _is_cut_short(content, error):
                raise _not_ours(journal, str(error)) from error
        except Edited as error:
            raise refused(f"{error}.", f"Keep what you need, then delete {journal}.") from error
        journal.unlink()
        return files


def _is_cut_short(content: bytes, error: ValueError) -> bool:
    """Whether a run was stopped before it had said what it was about to do, and so before it did anything."""
    if b"\0" in content:  # what file systems put in the place of what was not on the disk when the power failed
        return True
    is_ours = content[: len(BEGINNING)] == BEGINNING[: len(content)]
    return isinstance(error, json.JSONDecodeError) and is_ours and b"\n" not in content


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Makes a folder; one in which nothing is in the end is removed again."""
    missing = missing_folders(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for place in reversed(missing):
            with contextlib.suppress(OSError):
                place.rmdir()


def _stop_if_asked(held: set[int]) -> None:
    if held:
        names = ", ".join(signal.Signals(number).name for number in sorted(held))
        raise refused(f"Stopped by {names}; nothing was written.")


@contextlib.contextmanager
def _explained(action: str, outcome: str, hint: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise refused(f"Cannot {action}: {error.strerror or error}{outcome}.", hint) from error


def _writing(what: str) -> contextlib.AbstractContextManager[None]:
    return _explained(f"write {what}", "; nothing was written", "Make room or give another folder with -o.")


def _not_ours(journal: Path, reason: str) -> RequestError:
    reason = f"It should say what an interrupted run was about to write, but is not understood: {reason}."
    return refused(reason, "Look at the folder, then delete that file.", journal)
