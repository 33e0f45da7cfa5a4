"""The finished entries of each project's log, for `kscaffold undo`, in the user's folder for program states.

Nothing of it is in a project, so that nobody can bring a history along with files. Each project has a file, whose lines
are its entries, with its folder and the time of each. The time of the last one is that of the file, too: so the last
command of all is found without reading what may be megabytes, and commands of several projects need no common list.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from kscaffold.base.errors import RequestError
from kscaffold.disk.entry import Entry, writing
from kscaffold.disk.plan import refused

MOST_ENTRIES = 50  # of a project
MOST_PROJECTS = 200


def last_project() -> Path | None:
    """The folder in which the user's last command wrote that is known; `None` if nothing is.

    Folders that are gone, and so all that was written there, are passed over. Refuses what is not understood.
    """
    for path in _newest_first():
        lines = _lines_of(path)
        if lines is None:  # another process has just taken it away
            continue
        try:
            table = json.loads(lines[-1])
            if "token" in table and "root" not in table:  # kept by an older version
                continue
            root = Path(table["root"])
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise _not_understood(path) from error
        if _file_of(root) != path:
            raise _not_understood(path)
        if root.is_dir() and os.path.realpath(root) == str(root):
            return root
    return None


def last(root: Path) -> Entry | None:
    """What was written last in a project, `None` if nothing is known.

    Refuses what is not understood, and what could not be forgotten once it is taken back.
    """
    root = Path(os.path.realpath(root))
    path = _file_of(root)
    lines = _lines_of(path)
    if lines is None:
        return None
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise refused("What is kept for 'kscaffold undo' cannot be changed.", "See to the rights there.", path.parent)
    try:
        return Entry.read(root, lines[-1])
    except (IndexError, ValueError) as error:
        raise _not_understood(path) from error


def keep(entry: Entry) -> tuple[str, ...]:
    """Makes an entry the last one of its project, and of all; gives the reason if it cannot be kept.

    Then the others of its project go: with the last one unknown, `kscaffold undo` would take back one that something
    was built upon.
    """
    if not entry.is_restorable:
        _forget_all(entry.root)
        return ("'kscaffold undo' cannot take this back: a file that was replaced is too large to be kept.",)
    head = json.dumps({"root": str(entry.root), "time": time.time_ns()})
    line = f"{head[:-1]}, ".encode() + entry.line[1:]
    try:
        _write(entry.root, [*(_lines_of(_file_of(entry.root)) or ()), line])
    except RequestError as error:
        _forget_all(entry.root)
        return (str(error),)
    return ()


def _forget_all(root: Path) -> None:
    with contextlib.suppress(OSError):  # a folder that nothing can be removed from is refused by `last`
        _file_of(root).unlink()


def forget(entry: Entry) -> None:
    """Takes an entry away if it is the last one of its project."""
    lines = _lines_of(_file_of(entry.root)) or []
    if lines and lines[-1].endswith(entry.line[1:]):
        _write(entry.root, lines[:-1])


def _folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("kscaffold", appauthor=False) / "log"


def _newest_first() -> Iterator[Path]:
    """The files that are there, the one with the last command first."""
    times: dict[Path, int] = {}
    for path in _folder().glob("*.jsonl"):
        with contextlib.suppress(OSError):  # another process has just taken it away
            times[path] = path.stat().st_mtime_ns
    yield from sorted(times, key=lambda path: times[path], reverse=True)


def _file_of(root: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:24]
    return _folder() / f"{digest}.jsonl"


def _lines_of(path: Path) -> list[bytes] | None:
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
        _forget_the_oldest()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with writing(new, os.O_TRUNC) as write:
            write(b"".join(line + b"\n" for line in lines[-MOST_ENTRIES:]))
        written = _time_of(lines[-1])
        os.utime(new, ns=(written, written))
        os.replace(new, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        problem = f"What was written cannot be kept for 'kscaffold undo': {error.strerror}."
        raise RequestError(problem, where=str(path)) from error


def _time_of(line: bytes) -> int:
    """When a command was kept; long ago, if an older version did it or nobody knows what it is."""
    try:
        return int(json.loads(line)["time"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return 0


def _forget_the_oldest() -> None:
    with contextlib.suppress(OSError):  # another process does the same
        for path in list(_newest_first())[MOST_PROJECTS - 1 :]:
            path.unlink()


def _not_understood(path: Path) -> RequestError:
    return refused("What is kept for 'kscaffold undo' is not understood.", "Delete that file.", path)
