"""What `kscaffold check` prints for other programs: annotations for GitHub, and SARIF."""

import json
from typing import Any

from kscaffold import __version__
from kscaffold.check import Finding
from kscaffold.check.conformance import Conformance
from kscaffold.check.rulebook import read_rulebook
from kscaffold.probe.rule import Rule


def github_lines(found: Conformance) -> list[str]:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    return [
        f"::{finding.severity} file={_escaped(finding.file, ',:')},line={finding.line or 1},"
        f"title={_escaped(f'{finding.rule} {finding.name}', ',:')}::{_escaped(_with_fix(finding))}"
        for finding in found.findings
    ]


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _with_fix(finding: Finding) -> str:
    return f"{finding.message}. {finding.fix}" if finding.fix else finding.message


def sarif_lines(found: Conformance) -> list[str]:
    """A log in the Static Analysis Results Interchange Format, version 2.1.0."""
    rules = read_rulebook()
    index = {rule.id: number for number, rule in enumerate(rules)}
    driver = {"name": "kscaffold", "version": __version__, "rules": [_sarif_rule(rule) for rule in rules]}
    results = [_sarif_result(finding, index[finding.rule]) for finding in found.findings]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(log, indent=2).splitlines()


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": rule.severity},
    }


def _sarif_result(finding: Finding, index: int) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": finding.file}, "region": {"startLine": finding.line or 1}}
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": _with_fix(finding)},
        "locations": [{"physicalLocation": place}],
    }
