"""Which findings follow from which, and what could not be found out."""

from collections.abc import Iterable
from dataclasses import replace

from kscaffold.probe.protocol import Finding, Verdict

SAME_AS_SAVED = "KS601"  # the rule that holds a model against the saved one


def fold(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that are causes, each with those that follow from it as its consequences.

    A warning explains no error, nor an error a warning: whoever mends what is named first has to see the other as well.
    A finding that several causes explain is given to the first of them that is itself no consequence.
    """
    ordered = sorted(findings, key=lambda finding: finding.rule)
    explained = {index: _causes_of(finding, ordered) for index, finding in enumerate(ordered)}
    consequences: dict[int, list[Finding]] = {index: [] for index, causes in explained.items() if not causes}
    for index, finding in enumerate(ordered):
        if index not in consequences:
            consequences[_root_of(index, explained)].append(finding)
    return tuple(replace(ordered[root], consequences=tuple(inside)) for root, inside in consequences.items())


def _causes_of(finding: Finding, findings: list[Finding]) -> list[int]:
    return [
        index
        for index, other in enumerate(findings)
        if finding.rule in other.causes and other is not finding and other.severity is finding.severity
    ]


def _root_of(index: int, explained: dict[int, list[int]]) -> int:
    """The first cause of a finding that is itself no consequence; causes never go round in circles."""
    while explained[index]:
        index = next((cause for cause in explained[index] if not explained[cause]), explained[index][0])
    return index


def not_compared(verdict: Verdict) -> str:
    """Why a model that was made from a saved one could not be held against all of it; empty if it could, or differs."""
    return dict(verdict.skipped).get(SAME_AS_SAVED, "") if verdict.ok and verdict.subject.saved else ""
