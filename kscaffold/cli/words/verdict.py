"""What is said of a class that was checked, and of what is wrong with it."""

import re
import shlex
from collections.abc import Iterable
from typing import Any

import click

from kscaffold.base.errors import printable
from kscaffold.check import Finding, SavedKind, Verdict
from kscaffold.check.findings import not_compared
from kscaffold.cli.words import status_line

DID_NOT_PASS = "did not pass"
FOLLOWS = "from this follows "


def quoted(value: str) -> str:
    """A value as a shell takes it for one word: in double quotes where those in it are single."""
    return f'"{value}"' if "'" in value and not re.search(r'["$`\\!]', value) else shlex.quote(value)


def verdict_lines(verdict: Verdict, place: str = "") -> list[str]:
    """`check   MyDense(units=32)  (None, 16) -> (None, 32)  544 params  ok`, and the findings below it."""
    parts = [place, verdict.subject.construct] if place else [verdict.subject.construct]
    if verdict.output_shapes:
        taken, given = (", ".join(map(str, shapes)) for shapes in (verdict.input_shapes, verdict.output_shapes))
        parts.append(f"{taken} -> {given}")
    if verdict.parameters is not None:
        parts.append(f"{verdict.parameters:,} params")
    doubt = not_compared(verdict)
    parts.append(f"not verified: {doubt}" if doubt else "ok" if verdict.ok else "failed")
    if verdict.ok and verdict.subject.saved and verdict.subject.saved.kind is SavedKind.JSON:
        parts.append("(without weights: the file has none)")
    lines = [status_line("check", "  ".join(parts), "yellow" if doubt else None if verdict.ok else "red")]
    if verdict.assumed:
        pairs = (flag.partition(" ") for flag in verdict.assumed)
        lines.append(f"        assumed {' '.join(f'{option} {quoted(value)}' for option, _, value in pairs)}")
    lines += finding_lines(verdict.findings)
    reasons: dict[str, list[str]] = {}
    for rule, reason in verdict.skipped:
        if reason != doubt:
            reasons.setdefault(reason, []).append(rule)
    after = sum(len(rules) for reason, rules in reasons.items() if reason.endswith(DID_NOT_PASS))
    if after:
        lines.append(f"        {after} more rule{'s were' if after > 1 else ' was'} skipped: others did not pass")
    for reason, rules in reasons.items():
        if not reason.endswith(DID_NOT_PASS):
            lines.append(f"        {', '.join(rules)} skipped: {reason}")
    return lines


def finding_lines(findings: Iterable[Finding]) -> list[str]:
    """For each finding where, what, the line of code, what to do, and what follows from it."""
    lines = []
    for finding in findings:
        place = printable(f"{finding.file}:{finding.line}" if finding.line else finding.file)
        rule = click.style(f"{finding.severity} {finding.rule}", fg="red" if finding.severity == "error" else "yellow")
        lines.append(f"        {place}: {rule} {printable(finding.message)}")
        said = [("", finding.code), ("from ", finding.place), ("fix: ", finding.fix)]
        said += [(FOLLOWS, f"{item.rule} {item.name}: {item.message}") for item in finding.consequences]
        for lead, text in said:
            lines += [f"            {lead}{printable(text)}"] if text else []
    return lines


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON."""
    return {
        "name": verdict.subject.name,
        "lines": list(verdict.lines) if verdict.lines else None,
        "construct": verdict.subject.construct,
        "ok": verdict.ok,
        "input_shapes": [list(shape) for shape in verdict.input_shapes],
        "output_shapes": [list(shape) for shape in verdict.output_shapes],
        "parameters": verdict.parameters,
        "trainable": verdict.trainable,
        "passed": list(verdict.passed),
        "skipped": [{"rule": rule, "because": reason} for rule, reason in verdict.skipped],
        "assumed": list(verdict.assumed),
        "unchecked": verdict.unchecked or None,
        "findings": [finding_json(finding) for finding in verdict.findings],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    fields = {key: value for key, value in vars(finding).items() if key != "causes"}
    return fields | {"consequences": [finding_json(one) for one in finding.consequences]}
