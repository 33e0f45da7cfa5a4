"""What `kscaffold undo` prints."""

from __future__ import annotations

from typing import Any

from kscaffold.base.errors import RequestError
from kscaffold.cli._output import Output
from kscaffold.cli.words import Report, diff_lines, recovered_lines, status_line
from kscaffold.disk import writer
from kscaffold.disk.history import Written
from kscaffold.disk.undo import Undone


def report(undone: Undone, output: Output) -> Report:
    """A line for each file that is removed or restored, or a diff of each that was edited since it was generated."""
    files = list(zip(undone.generation.files, undone.shown, strict=True))
    if undone.edited:
        lines = [line for file in undone.edited for line in diff_lines(file.edits)]
    else:
        lines = [status_line(_word(file), shown) for file, shown in files]
    return Report(
        {
            "undone": undone.generation.command,
            "dry_run": output.dry_run,
            "written": undone.written,
            "files": [_file_json(file, shown, file in undone.edited) for file, shown in files],
            "recovered": list(undone.recovered),
        },
        () if output.quiet else [*recovered_lines(undone.recovered), *lines],
        failure=_failure(undone) if undone.edited else None,
        exit_code=undone.exit_code,
    )


def _word(file: Written) -> str:
    return "remove" if file.before is None else "restore"


def _file_json(file: Written, shown: str, edited: bool) -> dict[str, Any]:
    return {"path": shown} | (
        {"status": "edited", "diff": writer.diff(file.edits)} if edited else {"status": _word(file)}
    )


def _failure(undone: Undone) -> RequestError:
    shown = ", ".join(writer.shown_path(file.path) for file in undone.edited)
    gone = [file for file in undone.edited if file.now is None]
    if len(gone) == len(undone.edited):
        done, advice = "removed", "Put back what was there, and try again."
    elif any(file.before is not None for file in undone.edited):
        done, advice = "edited", "Take the edits back, and try again."
    else:
        done, advice = "edited", "Take the edits back, or remove the file, and try again."
    return RequestError(
        f"{shown}: {done} since 'kscaffold {undone.generation.command}'; nothing was taken back. {advice}"
    )
