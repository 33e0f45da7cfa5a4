"""What `kscaffold eject` prints."""

from __future__ import annotations

from kscaffold.cli._output import Output
from kscaffold.cli.words import Report, conflict, file_lines, files_json, warning_lines
from kscaffold.library.eject import Ejection

# How a template is used, by its kind; those of the other kinds are used by every command.
USES = {"layer": "kscaffold layer NAME -t {}", "model": "kscaffold model NAME -t {}"}


def report(ejection: Ejection, output: Output) -> Report:
    """A line for each file, and how the template is used."""
    kind, _, name = ejection.name.partition("/")
    lines = file_lines(ejection.plan, output.diff)
    if ejection.written and kind in USES and name != "base":
        lines.append(f"        used by: {USES[kind].format(name)}")
    return Report(
        {
            "template": ejection.name,
            "dry_run": output.dry_run,
            "written": ejection.written,
            "files": files_json(ejection.plan, output.diff),
            "warnings": list(ejection.warnings),
        },
        () if output.quiet else lines,
        () if output.as_json else warning_lines(ejection.warnings),
        conflict(ejection.plan),
        ejection.exit_code,
    )
