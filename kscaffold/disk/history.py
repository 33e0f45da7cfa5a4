"""What was generated in a project, kept in the user's folder for such things, so that it can be taken back."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.disk import journal, writer
from kscaffold.disk.writer import Change, Plan, Status, shown_path

LONGEST = 50  # commands of a project
MOST_PROJECTS = 200


@dataclass(frozen=True)
class Written:
    """A file that was written.

    Attributes:
        path: Its path, below the project.
        before: What was there, `None` for nothing.
        after: What was written.
    """

    path: Path
    before: bytes | None
    after: bytes

    @property
    def now(self) -> bytes | None:
        """What is there now, `None` for nothing.

        Raises:
            RequestError: It cannot be read.
        """
        if not os.path.lexists(self.path):
            return None
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise RequestError(
                f"It cannot be read: {error.strerror}.", where=str(self.path), exit_code=ExitCode.REFUSED
            ) from error

    @property
    def is_as_written(self) -> bool:
        """Whether it is as it was written; one that the user has removed since needs no more."""
        now = self.now
        return now == self.after or (now is None and self.before is None)

    @property
    def edits(self) -> Change:
        """What was done to it since."""
        now = self.now
        return Change(
            self.path, shown_path(self.path), Status.CONFLICT, (now or b"").decode("utf-8", "replace"), self.after
        )


@dataclass(frozen=True)
class Generation:
    """What one command wrote.

    Attributes:
        command: The command: "layer MyDense".
        files: The files.
        folders: The folders that were made for them, below the project.
    """

    command: str
    files: tuple[Written, ...]
    folders: tuple[Path, ...]

    @property
    def edited(self) -> tuple[Written, ...]:
        """The files that are no longer as they were written."""
        return tuple(file for file in self.files if not file.is_as_written)


def commit(plan: Plan, command: str) -> tuple[str, ...]:
    """Writes the files of a plan, all of them or none, and keeps what it wrote; in a turn of the project's folder.

    Args:
        plan: The plan.
        command: The command.

    Returns:
        Why it could not be kept, though it is written; nothing if it was.

    Raises:
        RequestError: A file cannot be written; nothing is changed.
    """
    folders = writer.commit(plan)
    try:
        if plan.written:
            _record(plan, command, folders)
    except RequestError as error:
        return (str(error),)
    return ()


def _record(plan: Plan, command: str, folders: tuple[Path, ...]) -> None:
    files = [
        {
            "path": change.path.relative_to(plan.root).as_posix(),
            "before": None if change.previous is None else base64.b64encode(change.previous).decode(),
            "after": base64.b64encode(change.content).decode(),
        }
        for change in plan.written
    ]
    made = [folder.relative_to(plan.root).as_posix() for folder in folders if folder.is_relative_to(plan.root)]
    entries = _read(plan.root)
    _write(plan.root, [*entries, {"command": command, "files": files, "folders": made}][-LONGEST:])


def last(root: Path) -> Generation | None:
    """What was written last in a project, `None` if nothing is known.

    Raises:
        RequestError: What is kept of it is not understood.
    """
    root = Path(os.path.realpath(root))
    entries = _read(root)
    if not entries:
        return None
    try:
        return _generation(root, entries[-1])
    except (KeyError, TypeError, ValueError) as error:
        raise _not_understood(_file_of(root)) from error


def take_back(root: Path, generation: Generation) -> None:
    """Makes the files of the last generation what they were before it, all or none, and forgets it.

    In a turn of the project's folder that began before that generation was asked for.

    Raises:
        RequestError: A file was edited since, or cannot be written; nothing is changed.
    """
    root = Path(os.path.realpath(root))
    placements = [
        journal.Placement(file.path, shown_path(file.path), file.before, file.after)
        for file in generation.files
        if file.now is not None
    ]
    if placements:
        journal.put_all(root, placements)
    here = Path.cwd()
    for folder in sorted(set(generation.folders) - {root, here, *here.parents}, reverse=True):
        with contextlib.suppress(OSError):  # somebody has put a file there since
            folder.rmdir()
    _write(root, _read(root)[:-1])


def _generation(root: Path, entry: dict[str, Any]) -> Generation:
    return Generation(
        str(entry["command"]),
        tuple(
            Written(
                _below(root, item["path"]),
                None if item["before"] is None else base64.b64decode(item["before"]),
                base64.b64decode(item["after"]),
            )
            for item in entry["files"]
        ),
        tuple(_below(root, folder) for folder in entry["folders"]),
    )


def _below(root: Path, text: str) -> Path:
    """A path of the history: where it was, unless what is there now leads out of the project."""
    path = root / text
    if not Path(os.path.realpath(path)).is_relative_to(root) or ".." in Path(text).parts:
        raise ValueError(f"{text!r} is not below the project")
    return path


def _file_of(root: Path) -> Path:
    from platformdirs import user_state_path

    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:24]
    return user_state_path("kscaffold", appauthor=False) / "history" / f"{digest}.json"


def _read(root: Path) -> list[dict[str, Any]]:
    path = _file_of(root)
    try:
        entries = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise _not_understood(path) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _not_understood(path)
    return entries


def _write(root: Path, entries: list[dict[str, Any]]) -> None:
    path = _file_of(root)
    new = path.with_suffix(f".{os.getpid()}.new")
    try:
        if not entries:
            path.unlink(missing_ok=True)
            return
        _forget_the_oldest(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new.write_text(json.dumps(entries), encoding="utf-8")
        os.replace(new, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        raise RequestError(
            f"What was written cannot be kept for 'kscaffold undo': {error.strerror}.", where=str(path)
        ) from error


def _forget_the_oldest(folder: Path) -> None:
    known = list(folder.glob("*.json"))
    if len(known) < MOST_PROJECTS:
        return
    with contextlib.suppress(OSError):  # another process does the same
        for path in sorted(known, key=lambda path: path.stat().st_mtime)[: len(known) - MOST_PROJECTS + 1]:
            path.unlink()


def _not_understood(path: Path) -> RequestError:
    return RequestError(
        "What is kept for 'kscaffold undo' is not understood.",
        hint="Delete that file.",
        where=str(path),
        exit_code=ExitCode.REFUSED,
    )
