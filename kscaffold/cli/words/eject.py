"""What `kscaffold eject` prints."""

from __future__ import annotations

from typing import Any

from kscaffold.base.errors import JSON_VERSION, ExitCode, error_fields
from kscaffold.cli import words as report
from kscaffold.library.eject import Ejection

# How a template is used, by its kind; those of the other kinds are used by every command.
USES = {"layer": "kscaffold layer NAME -t {}", "model": "kscaffold model NAME -t {}"}


def ejection_lines(ejection: Ejection, with_diff: bool) -> list[str]:
    """A line for each file, and how the template is used."""
    lines = report.file_lines(ejection.plan, with_diff)
    kind, _, name = ejection.name.partition("/")
    if ejection.written and kind in USES and name != "base":
        lines.append(f"        used by: {USES[kind].format(name)}")
    return lines


def ejection_json(ejection: Ejection, dry_run: bool, with_diff: bool) -> dict[str, Any]:
    """The JSON document of an ejection."""
    document: dict[str, Any] = {
        "version": JSON_VERSION,
        "command": "eject",
        "ok": ejection.exit_code is ExitCode.DONE,
        "exit_code": int(ejection.exit_code),
        "template": ejection.name,
        "dry_run": dry_run,
        "written": ejection.written,
        "files": report.files_json(ejection.plan, with_diff),
        "warnings": list(ejection.warnings),
    }
    message = report.conflict_message(ejection.plan)
    return document | ({"error": error_fields(message)} if message else {})
