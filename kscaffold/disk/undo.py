"""`kscaffold undo`: the last entry of the user's history against the disk, then taken back."""

import os
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.base.project import find_project
from kscaffold.disk import history, lock, log
from kscaffold.disk.entry import Entry
from kscaffold.disk.plan import Change, Plan, Status, read_target, resolve_target, shown_path


@dataclass(frozen=True)
class Undone:
    """What came of an undo."""

    entry: Entry
    plan: Plan  # its files against the disk; with any that was edited since, nothing is taken back
    recovered: tuple[str, ...] = ()  # what an interrupted run had left half done, and is again as it was before it
    written: bool = False

    @property
    def edited(self) -> tuple[Change, ...]:
        """The files that are no longer as they were generated."""
        return self.plan.of(Status.EDITED)

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was not in the project of the current folder."""
        return not os.path.samefile(self.entry.root, find_project(Path.cwd()).root)

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        return ExitCode.CONFLICT if self.edited else ExitCode.DONE


def undo_last(dry_run: bool = False) -> Undone:
    """Takes back what the user's last command generated, wherever that was; refuses if nothing is known to be."""
    here = find_project(Path.cwd()).root
    recovered = () if dry_run else log.recover(here)
    root = history.last_project()
    if root is None:
        raise RequestError("Nothing is known to have been generated.", hint="Remove the files by hand.")
    with nullcontext() if dry_run else lock.turn(root):
        if not dry_run and not os.path.samefile(root, here):
            recovered += log.recover(root)
        entry = history.last(root)
        if entry is None:
            raise RequestError("Another kscaffold takes back the same.", hint="Wait until it is done.")
        undone = Undone(entry, _plan(entry), recovered)
        if undone.edited or dry_run:
            return undone
        # Stopped between these steps, it is done again by the next undo, for which nothing is left to change.
        log.commit(undone.plan)
        entry.remove_folders(stay=(Path.cwd(), *Path.cwd().parents))
        history.forget(entry)
        return replace(undone, written=True)


def _plan(entry: Entry) -> Plan:
    try:
        return Plan(entry.root, tuple(_taken_back(change, entry.root) for change in entry.changes))
    except RequestError as error:
        hint = "Put back what was there, and try again."
        raise RequestError(error.message, hint=hint, exit_code=error.exit_code) from error


def _taken_back(done: Change, root: Path) -> Change:
    path = resolve_target(done.path, root)
    now = read_target(path)
    if not (done.was(now) or done.becomes(now)):
        is_text = not any(b"\0" in (content or b"") for content in (now, done.content)) and not any(done.hashes)
        return Change(path, shown_path(path), Status.EDITED, now, done.content, is_text)
    status = Status.REMOVE if done.previous is None else Status.RESTORE
    return Change(path, shown_path(path), status, done.previous, now)
