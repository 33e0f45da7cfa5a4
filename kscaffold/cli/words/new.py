"""What `kscaffold new` prints."""

from __future__ import annotations

import shlex

from kscaffold.cli._output import Output
from kscaffold.cli.words import Report, outcome, status_line
from kscaffold.kinds.new_folder import NewOutcome


def report(result: NewOutcome, output: Output) -> Report:
    """Files, checks, what was done about git, and what to type next."""
    said = outcome.report(result.outcome, output)
    lines = [status_line("git", result.git, "green")] if result.git else []
    if result.outcome.written and result.commands:
        lines += ["", "Next:", f"    cd {shlex.quote(result.folder)}", *(f"    {line}" for line in result.commands)]
    fields = {
        "folder": result.folder,
        "git": result.git or None,
        "notes": list(result.notes),
        "next": list(result.commands),
    }
    return said._replace(
        document={**said.document, **fields},
        lines=[*said.lines, *(lines if not output.quiet else [])],
        notes=[*said.notes, *(f"note: {note}" for note in result.notes if not output.as_json)],
    )
