"""`kscaffold undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kscaffold.base.errors import RequestError
from kscaffold.cli._output import DRY_RUN, JSON, QUIET, Output, tell, with_output
from kscaffold.cli.words import Report, diff_lines, file_lines, files_json, recovered_lines, status_line

if TYPE_CHECKING:
    from kscaffold.disk.undo import Undone


@click.command("undo", short_help="Take back what was generated last.")
@with_output(DRY_RUN, JSON, QUIET)
def command(output: Output) -> int:
    """Remove the files that your last command generated, in whatever folder, and put back what it changed.

    Each further call takes back the one before. A folder that is not in this project is named. If a file is no
    longer as it was generated, the difference is printed, and nothing is taken back.
    """
    from kscaffold.disk.undo import undo_last

    undone = undo_last(output.dry_run)
    edits = [line for change in undone.edited for line in diff_lines(change)]
    document = {
        "undone": undone.entry.command,
        "folder": str(undone.entry.root),
        "dry_run": output.dry_run,
        "written": undone.written,
        "files": files_json(undone.plan, undone.edited),
        "recovered": list(undone.recovered),
    }
    folder = [status_line("in", str(undone.entry.root))] if undone.is_elsewhere else []
    lines = [*recovered_lines(undone.recovered), *folder, *(edits or file_lines(undone.plan, with_diff=False))]
    failure = _failure(undone) if undone.edited else None
    return tell(Report(document, () if output.quiet else lines, (), failure, undone.exit_code), output)


def _failure(undone: Undone) -> RequestError:
    from kscaffold.disk.plan import Status

    shown = ", ".join(change.shown for change in undone.edited)
    pairs = zip(undone.entry.changes, undone.plan.changes, strict=True)
    if all(change.content is None for change in undone.edited):
        done, advice = "removed", "Put back what was there, and try again."
    elif any(taken.previous is not None for taken, change in pairs if change.status is Status.EDITED):
        done, advice = "edited", "Take the edits back, and try again."
    else:
        done, advice = "edited", "Take the edits back, or remove the file, and try again."
    return RequestError(f"{shown}: {done} since 'kscaffold {undone.entry.command}'; nothing was taken back. {advice}")
