"""An entry of the log: what a command is about to do and what was there before, and the steps of doing and undoing it.

Beside each target stand, until the entry is finished, two files under names of our own:

- `staged`: the new content, to be moved onto the target (empty, if the target is to be removed).
- `backup`: what the target was, by a second name of the same file (empty, if there was none).

The staged file is the first to come and the last to go. So a change was applied where the backup stands alone, and only
there anything is put back: neither a log that somebody else has made nor work that the user has done since can cost a
file. Putting back renames and removes, which can be done on a full disk.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kscaffold.disk.plan import Change, Status, changed_meanwhile, hash_of

LARGE = 1024 * 1024  # bytes; of what has more, such as the weights of a model, a log keeps no more than its hash
HASH = "sha256:"


class Edited(Exception):
    """Somebody has worked on a file after it was written, so that putting it back would cost that work."""


@dataclass(frozen=True)
class Entry:
    """What one command does to the files of a project."""

    root: Path  # with symbolic links resolved
    token: str  # what tells the files beside its targets from those of other entries
    command: str  # "layer MyDense"; empty for one that cannot be taken back
    changes: tuple[Change, ...]
    folders: tuple[Path, ...]  # those that are made for the targets, outermost first

    @classmethod
    def begin(cls, root: Path, command: str, changes: tuple[Change, ...]) -> Entry:
        """An entry for changes of files below the folder, as the disk is now."""
        folders = {folder for change in changes for folder in missing_folders(change.path.parent)}
        return cls(root, os.urandom(4).hex(), command, changes, tuple(sorted(folders)))

    @classmethod
    def read(cls, root: Path, line: bytes) -> Entry:
        """The entry that a line of a log holds, which anybody may have made; a `ValueError` if it is none of ours."""
        try:
            table = json.loads(line)
            token, command = table["token"], table["command"]
            if not re.fullmatch("[0-9a-f]{8}", token) or not isinstance(command, str):
                raise ValueError("the token or the command is not one")
            changes = tuple(
                Change(
                    _below(root, path),
                    path,
                    Status.UPDATE,
                    _decoded(content),
                    _decoded(previous),
                    hashes=(_hash_in(previous), _hash_in(content)),
                )
                for path, previous, content in table["files"]
            )
            folders = tuple(_below(root, path) for path in table["folders"])
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error
        if not {*folders} <= {folder for change in changes for folder in change.path.parents}:
            raise ValueError("a folder is above none of the files")
        return cls(root, token, command, changes, folders)

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """What `read` takes, without the end of the line: a piece for each target."""
        table = {"token": self.token, "command": self.command, "folders": [*map(self.shown, self.folders)]}
        parts = [(self.shown(each.path), _encoded(each.previous), _encoded(each.content)) for each in self.changes]
        first, *rest = (json.dumps(part) for part in parts)
        pieces = [f'{json.dumps(table)[:-1]}, "files": [{first}', *(f", {part}" for part in rest)]
        return (*(piece.encode() for piece in pieces[:-1]), f"{pieces[-1]}]}}".encode())

    @property
    def is_restorable(self) -> bool:
        """Whether the log has all that is needed to put files back as they were."""
        return all(change.previous is None or len(change.previous) <= LARGE for change in self.changes)

    @property
    def line(self) -> bytes:
        """What `read` takes, without the end of the line."""
        return b"".join(self.pieces)

    def shown(self, path: Path) -> str:
        """A path as seen from the project."""
        return path.relative_to(self.root).as_posix()

    def staged(self, change: Change) -> Path:
        """The new content of a target, until it is moved onto it."""
        return self._beside(change.path, "staged")

    def backup(self, change: Change) -> Path:
        """What a target was."""
        return self._beside(change.path, "backup")

    def _beside(self, path: Path, suffix: str) -> Path:
        # With the name of the target in it, what stands there for one target cannot be taken for that of another.
        digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]
        return path.with_name(f".kscaffold-{self.token}-{digest}.{suffix}")

    def stage(self, change: Change) -> None:
        """Writes the files beside a target, in a folder that is made if need be."""
        staged, backup = self.staged(change), self.backup(change)
        staged.parent.mkdir(parents=True, exist_ok=True)
        with writing(staged, os.O_EXCL) as write:
            write(change.content or b"")
        if change.previous is None:
            backup.touch(exist_ok=False)
        else:
            shutil.copymode(change.path, staged)
            try:
                os.link(change.path, backup)
            except OSError:  # a file system without links
                shutil.copy2(change.path, backup)
        if change.executable:
            staged.chmod(staged.stat().st_mode | 0o111)

    def apply(self, change: Change) -> None:
        """Makes a target what it is to be; refuses one that is no longer what it was."""
        if (change.path.read_bytes() if change.path.exists() else None) != change.previous:
            raise changed_meanwhile(change.shown)
        if change.content is None:
            self.staged(change).unlink()  # first, so that it counts as applied, and is put back after a kill
            change.path.unlink()
        else:
            os.replace(self.staged(change), change.path)

    def roll_back(self) -> tuple[str, ...]:
        """Puts everything back, any number of times, and gives the files that it put back; none if one is `Edited`."""
        applied = [
            change
            for change in self.changes
            if is_file(self.backup(change)) and not os.path.lexists(self.staged(change))
        ]
        for change in applied:
            if _is_edited(change):
                was = f"what it was is in {self.backup(change)}"
                kept = "it was not there before" if change.previous is None else was
                raise Edited(f"{self.shown(change.path)} was edited after a run had written it; {kept}")
        for change in applied:
            if change.previous is None:
                change.path.unlink(missing_ok=True)
            else:
                os.replace(self.backup(change), change.path)
        self.clean()
        self.remove_folders()
        return tuple(self.shown(change.path) for change in applied)

    def clean(self) -> None:
        """Removes the files beside the targets."""
        for change in self.changes:
            for path in (self.backup(change), self.staged(change)):
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:
                    if error.errno != errno.ENAMETOOLONG:  # under such a name nothing can be
                        raise

    def remove_folders(self, stay: Iterable[Path] = ()) -> None:
        """Removes the folders that were made, but for some, and those in which there is something."""
        for folder in sorted({*self.folders} - {*stay}, reverse=True):
            with contextlib.suppress(OSError):  # not made yet, or somebody has put a file there since
                folder.rmdir()


def _is_edited(change: Change) -> bool:
    """Whether a file is neither what it was to be nor what it was."""
    if not os.path.lexists(change.path):
        return False
    if not is_file(change.path):
        return True
    now = change.path.read_bytes()
    return not (change.was(now) or change.becomes(now))


@contextlib.contextmanager
def writing(path: Path, flags: int = 0) -> Iterator[Callable[[bytes], None]]:
    """Opens a file, and gives what writes at its end, without a buffer; all is on the disk when it is closed."""
    # Nothing is done in Windows to the ends of lines.
    flags |= os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)

    def write(content: bytes) -> None:
        while content:
            content = content[os.write(descriptor, content) :]

    try:
        yield write
        os.fsync(descriptor)  # 0.2 ms on an ext4 disk
    finally:
        os.close(descriptor)


def missing_folders(folder: Path) -> list[Path]:
    """The folders to be made for a folder to exist, outermost first."""
    return sorted(place for place in (folder, *folder.parents) if not place.exists())


def is_file(path: Path) -> bool:
    """Whether a regular file is there, and not a symbolic link to one."""
    return os.path.lexists(path) and stat.S_ISREG(os.lstat(path).st_mode)


def _encoded(content: bytes | None) -> str | None:
    if content is not None and len(content) > LARGE:
        return f"{HASH}{hash_of(content)}"
    return None if content is None else base64.b64encode(content).decode()


def _decoded(text: str | None) -> bytes | None:
    return None if text is None else b"" if _hash_in(text) else base64.b64decode(text)


def _hash_in(text: str | None) -> str:
    return text.removeprefix(HASH) if text is not None and text.startswith(HASH) else ""


def _below(root: Path, text: str) -> Path:
    """A path of a log: where it was, unless what is there now leads out of the project."""
    path = root / text
    if root not in path.parents or ".." in path.parts or not Path(os.path.realpath(path)).is_relative_to(root):
        raise ValueError(f"{text!r} is not a path below the folder")
    return path
