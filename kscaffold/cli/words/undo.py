"""What `kscaffold undo` prints."""

from __future__ import annotations

from kscaffold.base.errors import RequestError
from kscaffold.cli._output import Output
from kscaffold.cli.words import Report, diff_lines, file_lines, recovered_lines
from kscaffold.disk.plan import Status, diff
from kscaffold.disk.undo import Undone


def report(undone: Undone, output: Output) -> Report:
    """A line for each file that is removed or restored, or a diff of each that was edited since it was generated."""
    edits = [line for change in undone.edited for line in diff_lines(change)]
    lines = edits if undone.edited else file_lines(undone.plan, with_diff=False)
    return Report(
        {
            "undone": undone.entry.command,
            "dry_run": output.dry_run,
            "written": undone.written,
            "files": [
                {"path": change.shown, "status": change.status.value}
                | ({"diff": diff(change)} if change.status is Status.EDITED else {})
                for change in undone.plan.changes
            ],
            "recovered": list(undone.recovered),
        },
        () if output.quiet else [*recovered_lines(undone.recovered), *lines],
        failure=_failure(undone) if undone.edited else None,
        exit_code=undone.exit_code,
    )


def _failure(undone: Undone) -> RequestError:
    shown = ", ".join(change.shown for change in undone.edited)
    pairs = zip(undone.entry.changes, undone.plan.changes, strict=True)
    if all(change.content is None for change in undone.edited):
        done, advice = "removed", "Put back what was there, and try again."
    elif any(taken.previous is not None for taken, change in pairs if change.status is Status.EDITED):
        done, advice = "edited", "Take the edits back, and try again."
    else:
        done, advice = "edited", "Take the edits back, or remove the file, and try again."
    return RequestError(f"{shown}: {done} since 'kscaffold {undone.entry.command}'; nothing was taken back. {advice}")
