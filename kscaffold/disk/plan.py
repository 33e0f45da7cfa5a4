"""A plan: files against the disk, to be looked at before any of it is written (`kscaffold.disk.log.commit`)."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from kscaffold.base.errors import ExitCode, RequestError


class Status(StrEnum):
    """What becomes of a file."""

    CREATE = "create"
    UPDATE = "update"
    IDENTICAL = "identical"
    CONFLICT = "conflict"
    FORCE = "force"
    SKIP = "skip"
    REMOVE = "remove"
    RESTORE = "restore"
    EDITED = "edited"


WRITTEN = (Status.CREATE, Status.UPDATE, Status.FORCE, Status.REMOVE, Status.RESTORE)


@dataclass(frozen=True)
class File:
    """A file that is to be on the disk."""

    path: Path
    text: str
    # What is on the disk, for a text that was made from it: that is no conflict, and the ends of its lines are kept.
    replaces: bytes | None = None
    data: bytes | None = None  # its contents, if it is not a text
    executable: bool = False


@dataclass(frozen=True)
class Change:
    """A file against the disk."""

    path: Path  # with symbolic links resolved
    shown: str  # how messages name it
    status: Status
    content: bytes | None  # what is to be there, `None` for nothing
    previous: bytes | None  # what is there now, `None` for nothing
    is_text: bool = True
    executable: bool = False
    # The hashes of what was there and of what is to be there, where a log keeps no more of them: of large files.
    hashes: tuple[str, str] = ("", "")

    def was(self, now: bytes | None) -> bool:
        """Whether that is in the file as it was before."""
        return _is(now, self.previous, self.hashes[0])

    def becomes(self, now: bytes | None) -> bool:
        """Whether that is in the file as it is to be."""
        return _is(now, self.content, self.hashes[1])


def _is(now: bytes | None, known: bytes | None, hashed: str) -> bool:
    return now is not None and hash_of(now) == hashed if hashed else now == known


def hash_of(content: bytes) -> str:
    """What tells the content of a file from all others."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Plan:
    """All files of a request against the disk."""

    root: Path  # the folder that nothing is written outside of, with symbolic links resolved
    changes: tuple[Change, ...]

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """The files that exist with other content, and nothing is decided."""
        return self.of(Status.CONFLICT)

    @property
    def written(self) -> tuple[Change, ...]:
        """The files that a commit writes or removes."""
        return self.of(*WRITTEN)

    def of(self, *statuses: Status) -> tuple[Change, ...]:
        """The files with one of these statuses."""
        return tuple(change for change in self.changes if change.status in statuses)

    def without(self, paths: Iterable[Path]) -> Plan:
        """The plan without some files."""
        left_out = {Path(os.path.realpath(path)) for path in paths}
        return replace(self, changes=tuple(change for change in self.changes if change.path not in left_out))

    def extended(self, files: Iterable[File], base: Path) -> Plan:
        """The plan with further files, held against the disk as it is now; see `make_plan`."""
        return replace(self, changes=(*self.changes, *make_plan(files, self.root, base).changes))

    def resolve(self, decisions: Mapping[Path, Status]) -> Plan:
        """The plan with `Status.FORCE` or `Status.SKIP` for the conflicts named in `decisions`."""
        decided = {change: decisions[change.path] for change in self.conflicts if change.path in decisions}
        changes = (replace(change, status=decided.get(change, change.status)) for change in self.changes)
        return replace(self, changes=tuple(changes))

    def settle(self, on_conflict: Status | None, resolve: Callable[[Plan], Mapping[Path, Status]]) -> Plan:
        """The plan with its conflicts decided: all of them in one way, else, if there are any, as `resolve` says."""
        if on_conflict is not None:
            return self.resolve({change.path: on_conflict for change in self.conflicts})
        return self.resolve(resolve(self)) if self.conflicts else self


def make_plan(files: Iterable[File], root: Path, base: Path) -> Plan:
    """Compares files with the disk; refuses paths that leave the root, cannot be files, or cannot be read.

    Args:
        files: What is to be there; relative paths are below `root`.
        root: The folder that nothing is written outside of.
        base: The folder that messages name files from.
    """
    root = Path(os.path.realpath(root))
    changes = []
    for file in files:
        path = resolve_target(root / file.path, root)
        previous = read_target(path)
        text = file.text if file.replaces is not None else file.text.replace("\r\n", "\n")
        content = text.encode() if file.data is None else file.data
        shown = shown_path(path, base)
        status = Status.CREATE
        if file.replaces is not None:
            if previous != file.replaces:
                raise changed_meanwhile(shown)
            status = Status.UPDATE
        elif previous is not None:
            there = previous.replace(b"\r\n", b"\n") if file.data is None else previous
            status = Status.IDENTICAL if there == content else Status.CONFLICT
        changes.append(Change(path, shown, status, content, previous, file.data is None, file.executable))
    if len({change.path for change in changes}) < len(changes):
        raise ValueError("two files of a plan have the same path")
    return Plan(root, tuple(changes))


def diff(change: Change) -> str:
    """A unified diff from what is on the disk to the file; empty if they are the same."""
    import difflib

    if change.status is Status.IDENTICAL:
        return ""
    if not change.is_text:
        return f"Binary file {change.shown} differs\n"
    name = change.shown.replace(os.sep, "/").lstrip("/")
    before = "/dev/null" if change.previous is None else f"a/{name}"
    lines = difflib.unified_diff(_lines(change.previous), _lines(change.content), before, f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(content: bytes | None) -> list[str]:
    text = (content or b"").decode("utf-8", "backslashreplace")
    return re.findall(r"[^\n]*\n|[^\n]+", text)  # str.splitlines would also split at a form feed


def resolve_target(path: Path, root: Path) -> Path:
    """The path with symbolic links resolved; refused outside of `root`, which is resolved, and where no file can be."""
    try:
        return _resolve(path, root)
    except OSError as error:
        raise _refused(path, f"cannot be written: {error.strerror}") from error


def _resolve(path: Path, root: Path) -> Path:
    resolved = Path(os.path.realpath(path))
    if not resolved.is_relative_to(root):
        raise _refused(path, f"is outside {root}" + (", behind a symbolic link" if path.parent.exists() else ""))
    if any(map(is_of_git, resolved.relative_to(root).parts)):
        raise _refused(path, "is where git keeps what it runs")
    if path.is_symlink() and not path.exists():
        raise _refused(path, "is a symbolic link to nothing")
    if resolved.exists() and not stat.S_ISREG(resolved.stat().st_mode):
        raise _refused(path, "is a folder" if resolved.is_dir() else "is not an ordinary file")
    nearest = next(parent for parent in resolved.parents if parent.exists())
    if not nearest.is_dir():
        raise _refused(path, f"cannot be written, because {nearest} is not a folder")
    return resolved


def is_of_git(name: str) -> bool:
    """Whether a file system may take a name for `.git`: in any case, with what Windows and macOS leave out of names."""
    seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return seen.partition(":")[0].rstrip(". ").casefold() in (".git", "git~1")


def read_target(path: Path) -> bytes | None:
    """What is in a file, `None` for one that is not there; refuses one that cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from error


def _refused(path: Path, reason: str) -> RequestError:
    return refused(f"{path} {reason}; nothing was written.", "Give another folder with -o.")


def refused(message: str, hint: str | None = None, where: Path | None = None) -> RequestError:
    """The error for what the disk does not allow; `where` is the file or folder, if the message does not name it."""
    return RequestError(message, hint=hint, where=None if where is None else str(where), exit_code=ExitCode.REFUSED)


def changed_meanwhile(shown: str) -> RequestError:
    """The error for a file that is no longer what the plan saw."""
    message = f"{shown} has changed meanwhile; nothing was written."
    return RequestError(message, hint="Run the command again.", exit_code=ExitCode.CONFLICT)


def shown_path(path: Path, base: Path = Path()) -> str:
    """How messages name a file: from a folder, the current one by default, unless it is far away."""
    base = Path(os.path.realpath(base))
    if path.is_relative_to(base):
        return path.relative_to(base).as_posix()
    relative = os.path.relpath(path, base).replace(os.sep, "/")
    return relative if not relative.startswith("../../..") else path.as_posix()
