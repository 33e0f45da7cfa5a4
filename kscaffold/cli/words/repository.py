"""What `kscaffold new` prints."""

from __future__ import annotations

import shlex
from typing import Any

from kscaffold.cli.words import outcome_json, outcome_lines, status_line
from kscaffold.kinds.new_folder import NewOutcome


def repository_lines(result: NewOutcome, with_diff: bool = False) -> list[str]:
    """Files, checks, what was done about git, and what to type next."""
    lines = outcome_lines(result.outcome, with_diff)
    if result.git:
        lines.append(status_line("git", result.git, "green"))
    if result.outcome.written and result.commands:
        lines += ["", "Next:", f"    cd {shlex.quote(result.folder)}", *(f"    {line}" for line in result.commands)]
    return lines


def repository_json(result: NewOutcome, dry_run: bool, with_diff: bool) -> dict[str, Any]:
    """The JSON document of a new repository."""
    document = outcome_json("new", result.outcome, dry_run, with_diff)
    return document | {
        "folder": result.folder,
        "git": result.git or None,
        "notes": list(result.notes),
        "next": list(result.commands),
    }
