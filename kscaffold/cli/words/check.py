"""What `kscaffold check` prints of a check."""

from typing import Any

import click

from kscaffold.base.errors import RequestError
from kscaffold.check import FileVerdict, Severity
from kscaffold.check.conformance import Conformance, Run
from kscaffold.cli._output import Output
from kscaffold.cli.words import Report, status_line, warning_lines
from kscaffold.cli.words.verdict import finding_json, finding_lines, verdict_json, verdict_lines


def report(found: Conformance, output: Output) -> Report:
    """A last line with counts and time; what is said of each file was printed before."""
    document = {
        "strict": found.strict,
        "errors": found.count(Severity.ERROR),
        "warnings": found.count(Severity.WARNING),
        "not_checked": found.unchecked,
        "ignored": found.ignored,
        "seconds": round(found.seconds, 3),
        "runs": [_run_json(run) for run in found.runs],
    }
    notes = warning_lines(f"--arg {name}: no class here takes it" for name in found.unused)
    failure = None
    if found.unfinished:
        failure = RequestError(f"Stopped: {plural(found.unfinished, 'file')} more would have been checked.")
    return Report(document, [] if output.quiet else [_summary(found)], notes, failure, found.exit_code)


def file_lines(file: FileVerdict, quiet: bool) -> list[str]:
    """A line for each class with what is wrong with it, and the findings of the file itself."""
    lines = [status_line("note", f"{file.shown}: {file.note}", "yellow")] if file.note and not quiet else []
    for verdict in file.verdicts:
        if quiet and not verdict.findings:
            continue
        place = f"{file.shown}:{verdict.lines[0]}" if verdict.lines else file.shown
        if verdict.unchecked:
            lines.append(status_line("skip", f"{place}  {verdict.subject.name}: {verdict.unchecked}"))
            lines += finding_lines(verdict.findings)
        else:
            lines += verdict_lines(verdict, place)
    if file.findings:
        lines.append(status_line("check", f"{file.shown}  failed", "red"))
        lines += finding_lines(file.findings)
    return lines


def _summary(found: Conformance) -> str:
    """`5 classes in 2 files: 1 error, 2 warnings, 1 not checked, 1 ignored, in 4.2 s`."""
    files = len({file.shown for run in found.runs for file in run.files})
    static = found.runs[0].backend == ""
    counted = [] if static else [plural(len(found.verdicts), "class", "classes")]
    where = " in ".join([*counted, plural(files, "file")])
    counts = [plural(found.count(severity), severity) for severity in Severity if found.count(severity)]
    counts += [f"{found.unchecked} not checked"] if found.unchecked else []
    counts += [f"{found.ignored} ignored"] if found.ignored else []
    text = f"{where}: {', '.join(counts) or 'nothing found'}, in {found.seconds:.1f} s"
    colour = "red" if found.exit_code else "yellow" if found.count(Severity.WARNING) or found.unchecked else "green"
    return click.style(text, fg=colour)


def plural(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _run_json(run: Run) -> dict[str, Any]:
    return {
        "backend": run.backend or None,
        "files": [
            {
                "path": file.shown,
                "megabytes": file.megabytes,
                "note": file.note or None,
                "findings": [finding_json(finding) for finding in file.findings],
                "classes": [verdict_json(verdict) for verdict in file.verdicts],
            }
            for file in run.files
        ],
    }
