"""`kscaffold undo`: the last generation in a project against the disk, then taken back."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.base.project import find_project
from kscaffold.disk import history, journal, turns
from kscaffold.disk.history import Generation
from kscaffold.disk.writer import shown_path


@dataclass(frozen=True)
class Undone:
    """What came of an undo.

    Attributes:
        generation: What was to be taken back.
        shown: How messages name its files.
        edited: The files that are no longer as they were generated; with any of them, nothing is taken back.
        recovered: Files that an interrupted run had left half done, and that are again as they were before it.
        written: Whether it was taken back.
    """

    generation: Generation
    shown: tuple[str, ...]
    edited: tuple[history.Written, ...]
    recovered: tuple[str, ...] = ()
    written: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        return ExitCode.CONFLICT if self.edited else ExitCode.DONE


def undo_last(dry_run: bool = False) -> Undone:
    """Takes back what was generated last in the project of the current folder.

    Args:
        dry_run: Whether nothing is changed.

    Raises:
        RequestError: Nothing is known to have been generated there, or a file cannot be written.
    """
    root = find_project(Path.cwd()).root
    with nullcontext() if dry_run else turns.turn(root):
        return _undo_last(root, dry_run)


def _undo_last(root: Path, dry_run: bool) -> Undone:
    recovered = () if dry_run else journal.recover(root)
    generation = history.last(root)
    if generation is None:
        raise RequestError(
            f"Nothing is known to have been generated in {root}.",
            hint="Go to the project, or remove the files by hand.",
        )
    shown = tuple(shown_path(file.path) for file in generation.files)
    edited = generation.edited
    if edited or dry_run:
        return Undone(generation, shown, edited, recovered)
    history.take_back(root, generation)
    return Undone(generation, shown, (), recovered, written=True)
