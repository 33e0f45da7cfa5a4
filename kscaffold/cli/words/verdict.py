"""What is said of a class that was checked, and of what is wrong with it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

import click

from kscaffold.check import Finding, Verdict
from kscaffold.cli.words import status_line

DID_NOT_PASS = "did not pass"


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
