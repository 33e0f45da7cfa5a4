"""What `kscaffold undo` prints."""

from __future__ import annotations

from typing import Any

from kscaffold.base.errors import JSON_VERSION, error_fields
from kscaffold.cli.words import status_line, style_diff
from kscaffold.disk import writer
from kscaffold.disk.history import Written
from kscaffold.disk.undo import Undone


def undo_lines(undone: Undone) -> list[str]:
    """A line for each file that is removed or restored, or a diff of each that was edited since it was generated."""
    lines = [f"note: {path} is again as it was before a run that was interrupted" for path in undone.recovered]
    if undone.edited:
        diffs = [writer.diff(file.edits).splitlines() for file in undone.edited]
        return lines + [style_diff(line) for diff in diffs for line in diff]
    pairs = zip(undone.generation.files, undone.shown, strict=True)
    return lines + [status_line(_word(file), shown) for file, shown in pairs]


def _word(file: Written) -> str:
    return "remove" if file.before is None else "restore"


def undo_failure(undone: Undone) -> str | None:
    """The one message for an undo that was not carried out; `None` for one that was."""
    if not undone.edited:
        return None
    shown = ", ".join(writer.shown_path(file.path) for file in undone.edited)
    gone = [file for file in undone.edited if file.now is None]
    if len(gone) == len(undone.edited):
        done, advice = "removed", "Put back what was there, and try again."
    elif any(file.before is not None for file in undone.edited):
        done, advice = "edited", "Take the edits back, and try again."
    else:
        done, advice = "edited", "Take the edits back, or remove the file, and try again."
    return f"{shown}: {done} since 'kscaffold {undone.generation.command}'; nothing was taken back. {advice}"


def undo_json(undone: Undone, dry_run: bool) -> dict[str, Any]:
    """The JSON document of an undo."""
    document: dict[str, Any] = {
        "version": JSON_VERSION,
        "command": "undo",
        "ok": not undone.edited,
        "exit_code": int(undone.exit_code),
        "undone": undone.generation.command,
        "dry_run": dry_run,
        "written": undone.written,
        "files": [
            (
                {"path": shown, "status": "edited", "diff": writer.diff(file.edits)}
                if file in undone.edited
                else {"path": shown, "status": _word(file)}
            )
            for file, shown in zip(undone.generation.files, undone.shown, strict=True)
        ],
        "recovered": list(undone.recovered),
    }
    message = undo_failure(undone)
    return document | ({"error": error_fields(message)} if message else {})
