"""What `kscaffold check` prints: lines for people, annotations for GitHub, SARIF and JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from kscaffold import __version__
from kscaffold.base.errors import JSON_VERSION, ExitCode
from kscaffold.check.conformance import Conformance, Run
from kscaffold.check.findings import Finding
from kscaffold.check.rulebook import RuleDescription, read_rulebook
from kscaffold.check.verdict import FileVerdict, Verdict
from kscaffold.cli.words import finding_json, finding_lines, status_line, verdict_json, verdict_lines


def conformance_lines(report: Conformance, quiet: bool = False) -> list[str]:
    """What people read: each class with what is wrong with it, and a last line with counts and time."""
    lines = []
    for run in report.runs:
        if len(report.runs) > 1:
            lines.append(click.style(f"backend {run.backend}", bold=True))
        for file in run.files:
            lines += file_lines(file, quiet)
    return lines if quiet else [*lines, summary_line(report)]


def file_lines(file: FileVerdict, quiet: bool) -> list[str]:
    """A line for each class, and the findings of the file itself."""
    lines = []
    for verdict in file.verdicts:
        if quiet and not verdict.findings:
            continue
        if verdict.unchecked:
            lines.append(status_line("skip", f"{place_of(file, verdict)}  {verdict.subject.name}: {verdict.unchecked}"))
            lines += [line for finding in verdict.findings for line in finding_lines(finding)]
            continue
        lines += verdict_lines(verdict, place_of(file, verdict))
    if file.findings:
        lines.append(status_line("check", f"{file.shown}  failed", "red"))
        lines += [line for finding in file.findings for line in finding_lines(finding)]
    return lines


def place_of(file: FileVerdict, verdict: Verdict) -> str:
    """`layers.py:12`."""
    return f"{file.shown}:{verdict.lines[0]}" if verdict.lines else file.shown


def summary_line(report: Conformance) -> str:
    """`5 classes in 2 files: 1 error, 2 warnings, 1 ignored, in 4.2 s`."""
    files = len({file.shown for run in report.runs for file in run.files})
    static = report.runs[0].backend == ""
    counted = [] if static else [plural(len(report.verdicts), "class", "classes")]
    where = " in ".join([*counted, plural(files, "file")])
    found = [plural(report.count(severity), severity) for severity in ("error", "warning") if report.count(severity)]
    found += [f"{report.ignored} ignored"] if report.ignored else []
    text = f"{where}: {', '.join(found) or 'nothing found'}, in {report.seconds:.1f} s"
    colour = "red" if report.exit_code else "yellow" if report.count("warning") else "green"
    return click.style(text, fg=colour)


def plural(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def conformance_json(report: Conformance) -> dict[str, Any]:
    """The JSON document of a check."""
    return {
        "version": JSON_VERSION,
        "command": "check",
        "ok": report.exit_code is ExitCode.DONE,
        "exit_code": int(report.exit_code),
        "strict": report.strict,
        "errors": report.count("error"),
        "warnings": report.count("warning"),
        "ignored": report.ignored,
        "seconds": round(report.seconds, 3),
        "runs": [_run_json(run) for run in report.runs],
    }


def _run_json(run: Run) -> dict[str, Any]:
    return {
        "backend": run.backend or None,
        "files": [
            {
                "path": file.shown,
                "megabytes": file.megabytes,
                "findings": [finding_json(finding) for finding in file.findings],
                "classes": [_class_json(verdict) for verdict in file.verdicts],
            }
            for file in run.files
        ],
    }


def _class_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.subject.name,
        "lines": list(verdict.lines) if verdict.lines else None,
        **verdict_json(verdict),
        "assumed": list(verdict.assumed),
        "unchecked": verdict.unchecked or None,
        "findings": [finding_json(finding) for finding in verdict.findings],
    }


def github_lines(report: Conformance) -> list[str]:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    return [
        f"::{finding.severity} file={_escaped(finding.file, ',:')},line={finding.line or 1},"
        f"title={_escaped(f'{finding.rule} {finding.name}', ',:')}::{_escaped(_with_fix(finding))}"
        for finding in report.findings
    ]


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _with_fix(finding: Finding) -> str:
    return f"{finding.message}. {finding.fix}" if finding.fix else finding.message


def sarif(report: Conformance) -> dict[str, Any]:
    """A log in the Static Analysis Results Interchange Format, version 2.1.0."""
    rules = read_rulebook()
    index = {rule.id: number for number, rule in enumerate(rules)}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "kscaffold",
                        "version": __version__,
                        "rules": [_sarif_rule(rule) for rule in rules],
                    }
                },
                "results": [
                    {
                        "ruleId": finding.rule,
                        "ruleIndex": index[finding.rule],
                        "level": finding.severity,
                        "message": {"text": _with_fix(finding)},
                        "locations": [
                            {
                                "physicalLocation": {
                                    "artifactLocation": {"uri": finding.file},
                                    "region": {"startLine": finding.line or 1},
                                }
                            }
                        ],
                    }
                    for finding in report.findings
                ],
            }
        ],
    }


def _sarif_rule(rule: RuleDescription) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": rule.severity},
    }


def rule_list_lines(rules: Iterable[RuleDescription]) -> list[str]:
    """`KS301 config-round-trip  error  A layer rebuilt …` for each rule."""
    listed = list(rules)
    width = max(len(rule.name) for rule in listed)
    return [
        f"{rule.id}  {rule.name:<{width}}  "
        + click.style(f"{rule.severity:<7}", fg="red" if rule.severity == "error" else "yellow")
        + f"  {rule.title}"
        for rule in listed
    ]


def rule_lines(rule: RuleDescription) -> list[str]:
    """What `--explain` prints."""
    lines = [f"{click.style(f'{rule.id} {rule.name}', bold=True)}  {rule.severity}", "", f"{rule.title}.", ""]
    lines += _wrapped(rule.why)
    for title, code in (("Bad", rule.bad), ("Good", rule.good)):
        lines += ["", f"{title}:", *(f"    {line}".rstrip() for line in code.splitlines())]
    lines += ["", f"What to do: {rule.fix}"] if rule.fix else []
    lines += ["", f"Known from the source alone: {'yes' if rule.static else 'no, Keras is needed'}."]
    if rule.causes:
        lines.append(f"What follows from it is folded: {', '.join(rule.causes)}.")
    return lines


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 100)


def rule_table(rules: Iterable[RuleDescription]) -> str:
    """The rules as a Markdown table, as it stands in the README."""
    rows = [f"| {rule.id} | {rule.name} | {rule.severity} | {rule.title} |" for rule in rules]
    return "\n".join(["| id | name | severity | what holds for code that passes |", "| --- | --- | --- | --- |", *rows])


def rules_json(rules: Iterable[RuleDescription]) -> dict[str, Any]:
    """The JSON document of rules."""
    return {"version": JSON_VERSION, "command": "check", "ok": True, "rules": [dict(vars(rule)) for rule in rules]}
