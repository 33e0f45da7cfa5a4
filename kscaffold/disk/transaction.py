"""What a commit puts on the disk to be undone by, whatever stops it: nothing else is needed.

Beside each target stand, under names of our own:

- `staged`: the new content, to be moved onto the target. When it is gone, it has been moved. For a target that is to be
  removed it is the old content, and goes before the target does.
- `proof`: the same content once more. A target is replaced or removed only while it equals its proof, so that neither
  a journal made by somebody else nor work that the user has done since can cost a file.
- `backup`: what the target was, if it existed.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


class Edited(Exception):
    """Somebody has worked on a file after it was written, so that putting it back would cost that work."""


@dataclass(frozen=True)
class Entry:
    """A target, and the beginning of the names of the files beside it."""

    target: Path
    existed: bool
    prefix: str

    @property
    def staged(self) -> Path:
        """The new content, until it is moved onto the target."""
        return self.target.with_name(f"{self.prefix}.staged")

    @property
    def proof(self) -> Path:
        """The new content once more."""
        return self.target.with_name(f"{self.prefix}.proof")

    @property
    def backup(self) -> Path:
        """What the target was."""
        return self.target.with_name(f"{self.prefix}.backup")

    @property
    def is_moved(self) -> bool:
        """Whether the new content is in its place."""
        return is_file(self.proof) and not os.path.lexists(self.staged)

    @property
    def is_edited(self) -> bool:
        """Whether the target is neither what was moved there nor, after an undo that was cut short, what it was."""
        if not os.path.lexists(self.target) or (self.existed and not is_file(self.backup)):
            return False
        return not is_file(self.target) or self.target.read_bytes() != self.proof.read_bytes()

    def stage(self, content: bytes) -> None:
        """Writes the files beside the target, in a folder that is made if need be."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        _write(self.staged, content)
        _write(self.proof, content)
        if self.existed:
            shutil.copymode(self.target, self.staged)
            try:
                os.link(self.target, self.backup)
            except OSError:  # a file system without links
                shutil.copy2(self.target, self.backup)

    def take_away(self) -> None:
        """Removes the target, of which the files beside it hold the content."""
        self.staged.unlink()  # first: from here on it counts as moved, so that it is put back if the process is killed
        self.target.unlink()

    def put_back(self) -> None:
        """Makes the target what it was."""
        if not self.existed:
            self.target.unlink(missing_ok=True)
        elif is_file(self.backup):
            os.replace(self.backup, self.target)

    def clean(self) -> None:
        """Removes the files beside the target."""
        # The proof first: without it nothing counts as moved, should the process be killed in between.
        for path in (self.proof, self.staged, self.backup):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:  # under such a name nothing can be
                    raise


@dataclass(frozen=True)
class Run:
    """What a journal says: enough to undo everything with nothing else at hand."""

    root: Path
    token: str
    entries: tuple[Entry, ...]
    folders: tuple[Path, ...]

    @classmethod
    def begin(cls, root: Path, targets: Iterable[Path]) -> Run:
        """A run that will put something in each of these places, which are below the folder."""
        token = secrets.token_hex(4)
        entries = tuple(Entry(path, path.exists(), _prefix(token, index)) for index, path in enumerate(targets))
        folders = {folder for entry in entries for folder in missing_folders(entry.target.parent)}
        return cls(root, token, entries, tuple(sorted(folders)))

    @classmethod
    def read(cls, root: Path, line: bytes) -> Run:
        """The run that a line tells of, which may have been made by anybody.

        Raises:
            ValueError: It is not one of ours.
        """
        try:
            table = json.loads(line)
            token = table["token"]
            if not re.fullmatch("[0-9a-f]{8}", token):
                raise ValueError("the token is not one")
            entries = tuple(
                Entry(_inside(root, item["target"]), item["existed"] is True, _prefix(token, index))
                for index, item in enumerate(table["files"])
            )
            folders = tuple(_inside(root, folder) for folder in table["folders"])
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error
        if not {*folders} <= {folder for entry in entries for folder in entry.target.parents}:
            raise ValueError("a folder is above none of the files")
        return cls(root, token, entries, folders)

    def as_line(self) -> bytes:
        """What `read` takes."""
        files = [{"target": self._relative(entry.target), "existed": entry.existed} for entry in self.entries]
        folders = [self._relative(folder) for folder in self.folders]
        return json.dumps({"token": self.token, "files": files, "folders": folders}).encode() + b"\n"

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def undo(self) -> list[Path]:
        """Puts everything back, any number of times, and gives the targets that it put back.

        Raises:
            Edited: Somebody has worked on a target since; nothing is put back.
        """
        moved = [entry for entry in self.entries if entry.is_moved]
        for entry in moved:
            if entry.is_edited:
                kept = f"what it was is in {entry.backup}" if entry.existed else "it was not there before"
                raise Edited(f"{self._relative(entry.target)} was edited after a run had written it; {kept}")
        for entry in moved:
            entry.put_back()
        self.clean()
        for folder in sorted(self.folders, reverse=True):
            with contextlib.suppress(OSError):  # not made yet, or somebody has put a file there since
                folder.rmdir()
        return [entry.target for entry in moved]

    def clean(self) -> None:
        """Removes the files beside the targets."""
        for entry in self.entries:
            entry.clean()


def missing_folders(folder: Path) -> list[Path]:
    """The folders to be made for a folder to exist, outermost first."""
    return sorted(place for place in (folder, *folder.parents) if not place.exists())


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())  # 0.2 ms on an ext4 disk


def _prefix(token: str, index: int) -> str:
    return f".kscaffold-{token}-{index}"


def is_file(path: Path) -> bool:
    """Whether a regular file is there; a symbolic link to one is none."""
    return os.path.lexists(path) and stat.S_ISREG(os.lstat(path).st_mode)


def _inside(root: Path, text: str) -> Path:
    """A path of a journal, which may have been made by anybody: below the folder, and no link on the way or at it."""
    path = root / text
    if root not in path.parents or Path(os.path.realpath(path)) != path:
        raise ValueError(f"{text!r} is not a path below the folder")
    return path
