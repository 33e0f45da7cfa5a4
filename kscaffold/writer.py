"""Files against the disk: a plan that can be looked at, and a commit that writes all of it or nothing.

A commit first writes every text beside its target under a hidden name, notes in a journal what it is about to do, and
then puts the files in their places. Whatever stops it, the folder is put back as it was: at once for an error or a
signal, by the next run (`recover`) for a process that was killed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Any

from kscaffold.errors import ExitCode, RequestError

JOURNAL = ".kscaffold-journal"
FINISHED = ".kscaffold-journal-finished"


class Status(StrEnum):
    """What becomes of a file."""

    CREATE = "create"
    IDENTICAL = "identical"
    CONFLICT = "conflict"
    FORCE = "force"
    SKIP = "skip"


@dataclass(frozen=True)
class File:
    """A file that is to be on the disk."""

    path: Path
    text: str


@dataclass(frozen=True)
class Change:
    """A file against the disk.

    Attributes:
        path: Where it goes, with symbolic links resolved.
        shown: How messages name it.
        status: What becomes of it.
        text: Its text.
        previous: What is there now, `None` if nothing is.
    """

    path: Path
    shown: str
    status: Status
    text: str
    previous: bytes | None


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
        return tuple(change for change in self.changes if change.status in (Status.CREATE, Status.FORCE))

    def resolve(self, decisions: Mapping[Path, Status]) -> Plan:
        """The plan with `Status.FORCE` or `Status.SKIP` for the conflicts named in `decisions`."""
        changes = tuple(
            replace(change, status=decisions[change.path])
            if change.status is Status.CONFLICT and change.path in decisions
            else change
            for change in self.changes
        )
        return replace(self, changes=changes)


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
        status = Status.CREATE
        if previous is not None:
            same = previous.replace(b"\r\n", b"\n") == file.text.encode()
            status = Status.IDENTICAL if same else Status.CONFLICT
        changes.append(Change(path, _shown(path, base), status, file.text, previous))
    if len({change.path for change in changes}) < len(changes):
        raise ValueError("two files of a plan have the same path")
    return Plan(root, tuple(changes))


def diff(change: Change) -> str:
    """A unified diff from what is on the disk to the file; empty if they are the same."""
    import difflib

    if change.status is Status.IDENTICAL:
        return ""
    before = (change.previous or b"").decode("utf-8", "replace").splitlines(keepends=True)
    after = change.text.splitlines(keepends=True)
    name = change.shown.replace(os.sep, "/")
    lines = difflib.unified_diff(before, after, "/dev/null" if change.previous is None else f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def commit(plan: Plan) -> None:
    """Writes the files of a plan: all of them or none.

    Raises:
        RequestError: The disk is no longer as the plan saw it, or a file cannot be written; nothing is changed.
        ValueError: A conflict is left.
    """
    if plan.conflicts:
        raise ValueError("a conflict is left undecided")
    if not plan.written:
        return
    for change in plan.written:
        if _safe_target(change.path, plan.root) != change.path or _read(change.path) != change.previous:
            raise RequestError(
                f"{change.shown} has changed meanwhile; nothing was written.",
                hint="Run the command again.",
                exit_code=ExitCode.CONFLICT,
            )
    with _signals_as_exceptions():
        try:
            _Transaction.begin(plan).carry_out()
        except OSError as error:
            shown = {str(change.path): change.shown for change in plan.written}
            name = shown.get(str(error.filename), "the files")
            raise RequestError(
                f"Cannot write {name}: {error.strerror or error}; nothing was written.",
                hint="Make room or give another folder with -o.",
                exit_code=ExitCode.REFUSED,
            ) from error


def recover(root: Path) -> tuple[str, ...]:
    """Puts back what a killed process left half done in a folder.

    Returns:
        The files that are again as they were before that process, named from `root`.

    Raises:
        RequestError: Another process is writing there now, or the journal is not one of ours.
    """
    root = Path(os.path.realpath(root))
    with contextlib.suppress(FileNotFoundError):
        transaction = _Transaction.read(root, root / FINISHED)
        transaction.clean_up()
    try:
        transaction = _Transaction.read(root, root / JOURNAL)
    except FileNotFoundError:
        return ()
    return transaction.roll_back()


@dataclass(frozen=True)
class _Entry:
    """One file of a transaction: its target, and whether something was there before."""

    target: Path
    existed: bool
    digest: str
    text: str = ""


@dataclass(frozen=True)
class _Transaction:
    """What a journal says: enough to undo everything with nothing else at hand."""

    root: Path
    token: str
    folders: tuple[Path, ...]
    entries: tuple[_Entry, ...]

    @classmethod
    def begin(cls, plan: Plan) -> _Transaction:
        missing = {
            folder
            for change in plan.written
            for folder in (change.path.parent, *change.path.parent.parents)
            if not folder.exists()
        }
        entries = tuple(
            _Entry(change.path, change.previous is not None, _digest(change.text.encode()), change.text)
            for change in plan.written
        )
        return cls(plan.root, secrets.token_hex(4), tuple(sorted(missing)), entries)

    @classmethod
    def read(cls, root: Path, path: Path) -> _Transaction:
        with path.open("rb") as journal:
            if not _lock(journal.fileno()):
                raise RequestError("Another kscaffold is writing here.", where=str(root), exit_code=ExitCode.REFUSED)
            content = journal.read()
        try:
            table = json.loads(content)
            if not re.fullmatch(r"[0-9a-f]{8}", table["token"]):
                raise ValueError("the token is not one")
            return cls(
                root,
                table["token"],
                tuple(_inside(root, folder) for folder in table["folders"]),
                tuple(
                    _Entry(_inside(root, item["target"]), bool(item["existed"]), str(item["digest"]))
                    for item in table["files"]
                ),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise RequestError(
                f"It should say what an interrupted run was about to write, but is not understood: {error}.",
                hint="Look at the folder, then delete that file.",
                where=str(path),
                exit_code=ExitCode.REFUSED,
            ) from error

    def carry_out(self) -> None:
        new_root = next((folder for folder in self.folders if self.root.is_relative_to(folder)), None)
        if new_root is not None:
            self.root.mkdir(parents=True)
        descriptor = None
        try:
            descriptor = os.open(self.root / JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            _lock(descriptor)
            _write_all(descriptor, self._as_json())
            for folder in self.folders:
                folder.mkdir(exist_ok=True)
            for entry in self.entries:
                self._stage(entry)
            for entry in self.entries:
                os.replace(self._beside(entry, "new"), entry.target)
            os.replace(self.root / JOURNAL, self.root / FINISHED)
        except BaseException:
            self.roll_back()
            raise
        finally:
            if descriptor is not None:
                os.close(descriptor)
        self.clean_up()

    def _stage(self, entry: _Entry) -> None:
        """The text beside its target, and the old file under a second name."""
        new = self._beside(entry, "new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            try:
                _write_all(descriptor, entry.text.encode())
            finally:
                os.close(descriptor)
            if entry.existed:
                shutil.copymode(entry.target, new)
                _second_name(entry.target, self._beside(entry, "old"))
        except OSError as error:
            error.filename = str(entry.target)
            raise

    def roll_back(self) -> tuple[str, ...]:
        """Undoes whatever was done; in any order, any number of times."""
        undone = []
        for entry in self.entries:
            old = self._beside(entry, "old")
            if old.exists():
                os.replace(old, entry.target)
                undone.append(entry)
            elif not entry.existed and entry.target.is_file() and _digest(entry.target.read_bytes()) == entry.digest:
                entry.target.unlink()
                undone.append(entry)
            self._beside(entry, "new").unlink(missing_ok=True)
        (self.root / JOURNAL).unlink(missing_ok=True)
        for folder in sorted(self.folders, reverse=True):
            with contextlib.suppress(OSError):  # not made yet, or somebody has put a file there since
                folder.rmdir()
        return tuple(entry.target.relative_to(self.root).as_posix() for entry in undone)

    def clean_up(self) -> None:
        """Removes what is left after all files are in their places."""
        for entry in self.entries:
            self._beside(entry, "old").unlink(missing_ok=True)
        (self.root / FINISHED).unlink(missing_ok=True)

    def _beside(self, entry: _Entry, ending: str) -> Path:
        return entry.target.with_name(f".{entry.target.name}.{self.token}.{ending}")

    def _as_json(self) -> bytes:
        table: dict[str, Any] = {
            "token": self.token,
            "folders": [folder.relative_to(self.root).as_posix() for folder in self.folders if folder != self.root and folder.is_relative_to(self.root)],
            "files": [
                {"target": item.target.relative_to(self.root).as_posix(), "existed": item.existed, "digest": item.digest}
                for item in self.entries
            ],
        }
        return json.dumps(table).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
    os.fsync(descriptor)


def _second_name(path: Path, second: Path) -> None:
    """Keeps a file under a second name: a hard link, or a copy where the file system has no links."""
    try:
        os.link(path, second)
    except OSError:
        shutil.copy2(path, second)


def _lock(descriptor: int) -> bool:
    """Locks an open file for as long as this process has it open; without `fcntl` a journal counts as abandoned."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _inside(root: Path, text: str) -> Path:
    """A path of a journal, which may have been made by anybody: it must stay in the folder, links or not."""
    pure = PurePosixPath(text)
    path = root / pure
    if pure.is_absolute() or ".." in pure.parts or Path(os.path.realpath(path.parent)) != path.parent:
        raise ValueError(f"{text!r} is not a path below the folder")
    return path


def _safe_target(path: Path, root: Path) -> Path:
    """The path with symbolic links resolved, if a file can be written there."""
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


def _shown(path: Path, base: Path) -> str:
    base = Path(os.path.realpath(base))
    if path.is_relative_to(base):
        return path.relative_to(base).as_posix()
    relative = os.path.relpath(path, base).replace(os.sep, "/")
    return relative if not relative.startswith("../../..") else path.as_posix()


class _Stopped(BaseException):
    """A signal that would have ended the process in the middle of a commit."""


@contextlib.contextmanager
def _signals_as_exceptions() -> Iterator[None]:
    """Lets a commit roll back before the process ends by a signal."""
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        received.append(number)
        raise _Stopped

    watched = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    in_main_thread = threading.current_thread() is threading.main_thread()
    previous = {number: signal.signal(number, stop) for number in watched} if in_main_thread else {}
    try:
        yield
    except _Stopped:
        for number, handler in previous.items():
            signal.signal(number, handler)
        os.kill(os.getpid(), received[0])
        raise
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
