"""Files against the disk: a plan that can be looked at, and a commit that writes all of it or nothing.

`kscaffold.disk.journal` does the writing, and puts everything back if it is stopped.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.disk import journal
from kscaffold.disk.transaction import missing_folders


class Status(StrEnum):
    """What becomes of a file."""

    CREATE = "create"
    UPDATE = "update"
    IDENTICAL = "identical"
    CONFLICT = "conflict"
    FORCE = "force"
    SKIP = "skip"


WRITTEN = (Status.CREATE, Status.UPDATE, Status.FORCE)


@dataclass(frozen=True)
class File:
    """A file that is to be on the disk.

    Attributes:
        path: Where it goes.
        text: Its text.
        replaces: For a text that was made from what is on the disk, that content: it is no conflict, and the ends of
            its lines are kept.
        data: Its contents, if it is no text.
    """

    path: Path
    text: str
    replaces: bytes | None = None
    data: bytes | None = None


@dataclass(frozen=True)
class Change:
    """A file against the disk.

    Attributes:
        path: Where it goes, with symbolic links resolved.
        shown: How messages name it.
        status: What becomes of it.
        text: Its text.
        previous: What is there now, `None` if nothing is.
        data: Its contents, if it is no text.
    """

    path: Path
    shown: str
    status: Status
    text: str
    previous: bytes | None
    data: bytes | None = None

    @property
    def content(self) -> bytes:
        """What is written."""
        return self.text.encode() if self.data is None else self.data


@dataclass(frozen=True)
class Plan:
    """All files of a request against the disk.

    Attributes:
        root: The folder that nothing is written outside of.
        changes: The files in the order in which they were given.
    """

    root: Path
    changes: tuple[Change, ...]

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """The files that exist with other content, and nothing is decided."""
        return tuple(change for change in self.changes if change.status is Status.CONFLICT)

    @property
    def written(self) -> tuple[Change, ...]:
        """The files that a commit writes."""
        return tuple(change for change in self.changes if change.status in WRITTEN)

    def without(self, paths: Iterable[Path]) -> Plan:
        """The plan without some files."""
        left_out = {Path(os.path.realpath(path)) for path in paths}
        return replace(self, changes=tuple(change for change in self.changes if change.path not in left_out))

    def extended(self, files: Iterable[File], base: Path) -> Plan:
        """The plan with further files, held against the disk as it is now; see `make_plan`."""
        return replace(self, changes=(*self.changes, *make_plan(files, self.root, base).changes))

    def resolve(self, decisions: Mapping[Path, Status]) -> Plan:
        """The plan with `Status.FORCE` or `Status.SKIP` for the conflicts named in `decisions`."""
        changes = tuple(
            (
                replace(change, status=decisions[change.path])
                if change.status is Status.CONFLICT and change.path in decisions
                else change
            )
            for change in self.changes
        )
        return replace(self, changes=changes)

    def settle(self, on_conflict: Status | None, resolve: Callable[[Plan], Mapping[Path, Status]]) -> Plan:
        """The plan with its conflicts decided, as far as somebody decides them.

        Args:
            on_conflict: What becomes of all conflicts, if that is asked for.
            resolve: Asked else, if there are any.
        """
        if on_conflict is not None:
            return self.resolve({change.path: on_conflict for change in self.conflicts})
        return self.resolve(resolve(self)) if self.conflicts else self


def make_plan(files: Iterable[File], root: Path, base: Path) -> Plan:
    """Compares files with the disk.

    Args:
        files: What is to be there; relative paths are below `root`.
        root: The folder that nothing is written outside of.
        base: The folder that messages name files from.

    Raises:
        RequestError: A path leaves the folder, or cannot be a file, or cannot be read.
    """
    root = Path(os.path.realpath(root))
    changes = []
    for file in files:
        path = _safe_target(root / file.path, root)
        previous = _read(path)
        text = file.text if file.replaces is not None else file.text.replace("\r\n", "\n")
        status = Status.CREATE
        if file.replaces is not None:
            if previous != file.replaces:
                raise journal.changed_meanwhile(shown_path(path, base))
            status = Status.UPDATE
        elif previous is not None:
            same = previous.replace(b"\r\n", b"\n") == text.encode() if file.data is None else previous == file.data
            status = Status.IDENTICAL if same else Status.CONFLICT
        changes.append(Change(path, shown_path(path, base), status, text, previous, file.data))
    if len({change.path for change in changes}) < len(changes):
        raise ValueError("two files of a plan have the same path")
    return Plan(root, tuple(changes))


def diff(change: Change) -> str:
    """A unified diff from what is on the disk to the file; empty if they are the same."""
    import difflib

    if change.status is Status.IDENTICAL:
        return ""
    if change.data is not None:
        return f"Binary file {change.shown} differs\n"
    before = (change.previous or b"").decode("utf-8", "backslashreplace")
    name = change.shown.replace(os.sep, "/").lstrip("/")
    lines = difflib.unified_diff(
        _lines(before), _lines(change.text), "/dev/null" if change.previous is None else f"a/{name}", f"b/{name}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def commit(plan: Plan) -> tuple[Path, ...]:
    """Writes the files of a plan: all of them or none.

    Returns:
        The folders that were made for them, outermost first.

    Raises:
        RequestError: The disk is no longer as the plan saw it, or a file cannot be written; nothing is changed.
        ValueError: A conflict is left.
    """
    if plan.conflicts:
        raise ValueError("a conflict is left undecided")
    if not plan.written:
        return ()
    for change in plan.written:
        if _safe_target(change.path, plan.root) != change.path or _read(change.path) != change.previous:
            raise journal.changed_meanwhile(change.shown)
    made = {folder for change in plan.written for folder in missing_folders(change.path.parent)}
    journal.put_all(
        plan.root,
        [journal.Placement(item.path, item.shown, item.content, item.previous) for item in plan.written],
    )
    return tuple(sorted(made))


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)  # str.splitlines would also split at a form feed


def _safe_target(path: Path, root: Path) -> Path:
    """The path with symbolic links resolved, if a file can be written there."""
    try:
        return _resolve(path, root)
    except OSError as error:
        raise _refused(path, f"cannot be written: {error.strerror}") from error


def _resolve(path: Path, root: Path) -> Path:
    resolved = Path(os.path.realpath(path))
    if not resolved.is_relative_to(root):
        raise _refused(path, f"is outside {root}" + (", behind a symbolic link" if path.parent.exists() else ""))
    if path.is_symlink() and not path.exists():
        raise _refused(path, "is a symbolic link to nothing")
    if resolved.exists() and not stat.S_ISREG(resolved.stat().st_mode):
        raise _refused(path, "is a folder" if resolved.is_dir() else "is no ordinary file")
    for parent in resolved.parents:
        if parent.exists():
            if not parent.is_dir():
                raise _refused(path, f"cannot be written, because {parent} is no folder")
            break
    return resolved


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from error


def _refused(path: Path, reason: str) -> RequestError:
    return RequestError(
        f"{path} {reason}; nothing was written.", hint="Give another folder with -o.", exit_code=ExitCode.REFUSED
    )


def shown_path(path: Path, base: Path = Path()) -> str:
    """How messages name a file: from a folder, the current one by default, unless it is far away."""
    base = Path(os.path.realpath(base))
    if path.is_relative_to(base):
        return path.relative_to(base).as_posix()
    relative = os.path.relpath(path, base).replace(os.sep, "/")
    return relative if not relative.startswith("../../..") else path.as_posix()
