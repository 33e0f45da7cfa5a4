"""The finished entries of a project's log, for `kscaffold undo`, in the user's folder for program states."""

import contextlib
import hashlib
import os
from pathlib import Path

from kscaffold.base.errors import RequestError
from kscaffold.disk.entry import Entry, writing
from kscaffold.disk.plan import refused

MOST_ENTRIES = 50  # of a project
MOST_PROJECTS = 200


def last(root: Path) -> Entry | None:
    """What was written last in a project, `None` if nothing is known.

    Refuses what is not understood, and what could not be forgotten once it is taken back.
    """
    root = Path(os.path.realpath(root))
    lines, path = _read(root), _file_of(root)
    if lines is None:
        return None
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise refused("What is kept for 'kscaffold undo' cannot be changed.", "See to the rights there.", path.parent)
    try:
        return Entry.read(root, lines[-1])
    except (IndexError, ValueError) as error:
        raise _not_understood(path) from error


def keep(entry: Entry) -> tuple[str, ...]:
    """Makes an entry the last one of its project; gives the reason if it cannot be kept.

    Then the others go: with the last one unknown, `kscaffold undo` would take back one that something was built upon.
    """
    try:
        _write(entry.root, [*(_read(entry.root) or ()), entry.line])
    except RequestError as error:
        with contextlib.suppress(OSError):  # a folder that nothing can be removed from is refused by `last`
            _file_of(entry.root).unlink()
        return (str(error),)
    return ()


def forget(entry: Entry) -> None:
    """Takes an entry away if it is the last one of its project."""
    lines = _read(entry.root) or []
    if lines[-1:] == [entry.line]:
        _write(entry.root, lines[:-1])


def _file_of(root: Path) -> Path:
    from platformdirs import user_state_path

    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:24]
    return user_state_path("kscaffold", appauthor=False) / "log" / f"{digest}.jsonl"


def _read(root: Path) -> list[bytes] | None:
    path = _file_of(root)
    try:
        return path.read_bytes().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _not_understood(path) from error


def _write(root: Path, lines: list[bytes]) -> None:
    path = _file_of(root)
    new = path.with_suffix(".new")
    try:
        if not lines:
            path.unlink(missing_ok=True)
            return
        _forget_the_oldest(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with writing(new, os.O_TRUNC) as write:
            write(b"".join(line + b"\n" for line in lines[-MOST_ENTRIES:]))
        os.replace(new, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        problem = f"What was written cannot be kept for 'kscaffold undo': {error.strerror}."
        raise RequestError(problem, where=str(path)) from error


def _forget_the_oldest(folder: Path) -> None:
    known = list(folder.glob("*.jsonl"))
    if len(known) < MOST_PROJECTS:
        return
    with contextlib.suppress(OSError):  # another process does the same
        for path in sorted(known, key=lambda path: path.stat().st_mtime)[: len(known) - MOST_PROJECTS + 1]:
            path.unlink()


def _not_understood(path: Path) -> RequestError:
    return refused("What is kept for 'kscaffold undo' is not understood.", "Delete that file.", path)
