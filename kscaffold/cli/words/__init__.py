"""Every word that a user reads about files and checks: lines for people, one JSON document for programs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from kscaffold.base.errors import JSON_VERSION, ExitCode, error_fields
from kscaffold.disk import writer

if TYPE_CHECKING:  # a command that checks nothing has no use for verdicts
    from kscaffold.check.findings import Finding
    from kscaffold.check.verdict import Verdict
    from kscaffold.kinds import Outcome, SummaryRow

DID_NOT_PASS = "did not pass"
COLOURS = {
    "create": "green",
    "update": "green",
    "remove": "yellow",
    "restore": "yellow",
    "add": "yellow",
    "force": "yellow",
    "conflict": "red",
    "skip": "yellow",
    "identical": "blue",
    "check": "green",
    "failed": "red",
}


def status_line(word: str, text: str, colour: str | None = None) -> str:
    """A line that begins with a status word: `create  my_dense.py`."""
    return f"{click.style(f'{word:<7}', fg=colour or COLOURS.get(word))} {text}"


def outcome_lines(outcome: Outcome, with_diff: bool = False) -> list[str]:
    """What is printed of an outcome: a line for each file, unified diffs if asked for, the checks.

    Files that a failed check keeps from being written have no line.
    """
    failed = outcome.exit_code is ExitCode.CHECK_FAILED and not outcome.written
    lines = [] if failed else file_lines(outcome.plan, with_diff)
    if not failed:
        lines += by_hand_lines(outcome)
    for verdict in outcome.verdicts:
        lines += verdict_lines(verdict)
    if outcome.unchecked:
        lines.append(status_line("check", f"not checked: {outcome.unchecked}", "yellow"))
    return lines + summary_lines(outcome.summary)


def by_hand_lines(outcome: Outcome) -> list[str]:
    """What is left for the user to add to a file."""
    lines = []
    for left in outcome.by_hand:
        lines.append(status_line("add", f"to {left.shown} by hand, because {left.reason}:"))
        lines += [f"            {line}" for line in left.lines]
    return lines


def file_lines(plan: writer.Plan, with_diff: bool = False) -> list[str]:
    """A line for each file of a plan, below it a unified diff if asked for."""
    lines = []
    for change in plan.changes:
        lines.append(status_line(change.status.value, change.shown))
        if with_diff:
            lines += [style_diff(line) for line in writer.diff(change).splitlines()]
    return lines


def summary_lines(rows: Iterable[SummaryRow]) -> list[str]:
    """A table of layers, output shapes and numbers of parameters; nothing without rows."""
    cells = [(row.layer, row.shape or "?", "?" if row.parameters is None else f"{row.parameters:,}") for row in rows]
    if not cells:
        return []
    table = [("layer", "output", "params"), *cells]
    first, second, third = (max(len(row[column]) for row in table) for column in range(3))
    lines = [f"        {row[0]:<{first}}  {row[1]:<{second}}  {row[2]:>{third}}" for row in table]
    return [click.style(lines[0], bold=True), *lines[1:]]


def style_diff(line: str) -> str:
    """A line of a unified diff in the colours that are usual for it."""
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    return click.style(line, fg=colour) if colour and not line.startswith(("+++", "---")) else line


def verdict_lines(verdict: Verdict, place: str = "") -> list[str]:
    """`check   MyDense(units=32)  (None, 16) -> (None, 32)  544 params  ok`, and the findings below it."""
    parts = [place, verdict.subject.construct] if place else [verdict.subject.construct]
    if verdict.output_shapes:
        parts.append(f"{_shapes(verdict.input_shapes)} -> {_shapes(verdict.output_shapes)}")
    if verdict.parameters is not None:
        parts.append(f"{verdict.parameters:,} params")
    parts.append("ok" if verdict.ok else "failed")
    lines = [status_line("check", "  ".join(parts), None if verdict.ok else "red")]
    if verdict.assumed:
        lines.append(f"        assumed {' '.join(_quoted(flag) for flag in verdict.assumed)}")
    for finding in verdict.findings:
        lines += finding_lines(finding)
    reasons: dict[str, list[str]] = {}
    for rule, reason in verdict.skipped:
        reasons.setdefault(reason, []).append(rule)
    after = sum(len(rules) for reason, rules in reasons.items() if reason.endswith(DID_NOT_PASS))
    if after:
        lines.append(f"        {after} more rule{'s were' if after > 1 else ' was'} skipped: others did not pass")
    for reason, rules in reasons.items():
        if not reason.endswith(DID_NOT_PASS):
            lines.append(f"        {', '.join(rules)} skipped: {reason}")
    return lines


def _quoted(flag: str) -> str:
    option, _, value = flag.partition(" ")
    return f"{option} {shlex.quote(value)}"


def finding_lines(finding: Finding) -> list[str]:
    """Where, what, the line of code, what to do, and what follows from it."""
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    colour = "red" if finding.severity == "error" else "yellow"
    lines = [f"        {place}: {click.style(f'{finding.severity} {finding.rule}', fg=colour)} {finding.message}"]
    if finding.code:
        lines.append(f"            {finding.code}")
    if finding.place:
        lines.append(f"            from {finding.place}")
    if finding.fix:
        lines.append(f"            fix: {finding.fix}")
    if finding.consequences:
        rules = dict.fromkeys(f"{item.rule} {item.name}" for item in finding.consequences)
        lines.append(f"            from this follows: {', '.join(rules)}")
    return lines


def _shapes(shapes: Iterable[tuple[int | None, ...]]) -> str:
    return ", ".join(str(shape) for shape in shapes)


def failure_message(outcome: Outcome) -> str | None:
    """The one message for an outcome that is not what was asked for; `None` if it is."""
    if outcome.exit_code is ExitCode.CHECK_FAILED and outcome.written:
        return "The check failed; the files were written all the same, because of --force."
    if outcome.exit_code is ExitCode.CHECK_FAILED:
        return "The check failed; nothing was written. --no-check writes without checking."
    return conflict_message(outcome.plan)


def conflict_message(plan: writer.Plan) -> str | None:
    """The message for the conflicts that a plan has left; `None` without any."""
    if not plan.conflicts:
        return None
    shown = ", ".join(change.shown for change in plan.conflicts)
    return (
        f"{shown}: exists with other content; nothing was written."
        " Use --force to overwrite, --skip to keep, --diff to compare."
    )


def outcome_json(command: str, outcome: Outcome, dry_run: bool, with_diff: bool) -> dict[str, Any]:
    """The JSON document of an outcome."""
    document: dict[str, Any] = {
        "version": JSON_VERSION,
        "command": command,
        "ok": outcome.exit_code is ExitCode.DONE,
        "exit_code": int(outcome.exit_code),
        "template": outcome.template,
        "dry_run": dry_run,
        "written": outcome.written,
        "files": files_json(outcome.plan, with_diff),
        "check": {
            "skipped": outcome.unchecked or None,
            "subjects": [verdict_json(verdict) for verdict in outcome.verdicts],
        },
        "summary": [dict(vars(row)) for row in outcome.summary],
        "warnings": list(outcome.warnings),
        "recovered": list(outcome.recovered),
        "add_by_hand": [
            {"path": left.shown, "lines": list(left.lines), "because": left.reason} for left in outcome.by_hand
        ],
    }
    message = failure_message(outcome)
    return document | ({"error": error_fields(message)} if message else {})


def files_json(plan: writer.Plan, with_diff: bool) -> list[dict[str, Any]]:
    """The files of a plan as JSON."""
    return [
        {"path": change.shown, "status": change.status.value} | ({"diff": writer.diff(change)} if with_diff else {})
        for change in plan.changes
    ]


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON."""
    return {
        "construct": verdict.subject.construct,
        "ok": verdict.ok,
        "input_shapes": [list(shape) for shape in verdict.input_shapes],
        "output_shapes": [list(shape) for shape in verdict.output_shapes],
        "parameters": verdict.parameters,
        "trainable": verdict.trainable,
        "passed": list(verdict.passed),
        "skipped": [{"rule": rule, "because": reason} for rule, reason in verdict.skipped],
        "findings": [finding_json(finding) for finding in verdict.findings],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    fields = {key: value for key, value in vars(finding).items() if key != "causes"}
    return fields | {"consequences": [finding_json(one) for one in finding.consequences]}


def dump(document: Mapping[str, Any]) -> str:
    """JSON as it is printed."""
    return json.dumps(document, indent=2)
