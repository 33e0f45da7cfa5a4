"""Puts files in their places, all or none: a journal says what is about to be done, so that it can be undone.

Whatever stops a transaction, the folder is put back as it was: at once for an error or a signal, by the next run
(`recover`) for a process that was killed.
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
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Any

from kscaffold.errors import ExitCode, RequestError

JOURNAL = ".kscaffold-journal"
FINISHED = ".kscaffold-journal-finished"


def recover(root: Path) -> tuple[str, ...]:
    """Puts back what a killed process left half done in a folder.

    Returns:
        The files that are again as they were before that process, named from `root`.

    Raises:
        RequestError: Another process is writing there now, or the journal is not one of ours.
    """
    root = Path(os.path.realpath(root))
    with contextlib.suppress(FileNotFoundError):
        transaction = Transaction.read(root, root / FINISHED)
        transaction.clean_up()
    try:
        transaction = Transaction.read(root, root / JOURNAL)
    except FileNotFoundError:
        return ()
    return transaction.roll_back()


@dataclass(frozen=True)
class Entry:
    """One file of a transaction.

    Attributes:
        target: Where it goes, with symbolic links resolved.
        existed: Whether something was there before.
        digest: SHA-256 of the new content.
        content: The new content; empty in a transaction that is read back from its journal.
    """

    target: Path
    existed: bool
    digest: str
    content: bytes = b""


@dataclass(frozen=True)
class Transaction:
    """What a journal says: enough to undo everything with nothing else at hand."""

    root: Path
    token: str
    folders: tuple[Path, ...]
    entries: tuple[Entry, ...]

    @classmethod
    def begin(cls, root: Path, contents: Iterable[tuple[Path, bytes]]) -> Transaction:
        """A transaction that will put each content in its place.

        Args:
            root: The folder with the journal; all places are below it.
            contents: Each place, with symbolic links resolved, and what is to be there.
        """
        entries = tuple(Entry(path, path.exists(), _digest(content), content) for path, content in contents)
        parents = {folder for entry in entries for folder in entry.target.parents}
        return cls(root, secrets.token_hex(4), tuple(sorted(path for path in parents if not path.exists())), entries)

    @classmethod
    def read(cls, root: Path, path: Path) -> Transaction:
        """The transaction that a journal tells of.

        Raises:
            FileNotFoundError: There is no journal.
            RequestError: A running process is at it, or it is not one of ours.
        """
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
                    Entry(_inside(root, item["target"]), bool(item["existed"]), str(item["digest"]))
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
        """Puts all files in their places, or leaves everything as it was.

        Raises:
            OSError: A file cannot be written; `filename` is its place.
        """
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

    def _stage(self, entry: Entry) -> None:
        """The text beside its target, and the old file under a second name."""
        new = self._beside(entry, "new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            try:
                _write_all(descriptor, entry.content)
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
                old.unlink(missing_ok=True)  # two names of one file: replacing one by the other does nothing
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

    def _beside(self, entry: Entry, ending: str) -> Path:
        return entry.target.with_name(f".{entry.target.name}.{self.token}.{ending}")

    def _as_json(self) -> bytes:
        table: dict[str, Any] = {
            "token": self.token,
            "folders": [
                folder.relative_to(self.root).as_posix()
                for folder in self.folders
                if folder != self.root and folder.is_relative_to(self.root)
            ],
            "files": [
                {
                    "target": item.target.relative_to(self.root).as_posix(),
                    "existed": item.existed,
                    "digest": item.digest,
                }
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


class _Stopped(BaseException):
    """A signal that would have ended the process in the middle of a commit."""


@contextlib.contextmanager
def signals_as_exceptions() -> Iterator[None]:
    """Lets a transaction roll back before the process ends by a signal."""
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
