"""What is wrong with the user's code, as a value, and which of it follows from what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Finding:
    """A defect of the user's code.

    Attributes:
        rule: The id of the rule that found it.
        name: The name of the rule.
        severity: "error" or "warning".
        message: What is wrong.
        file: The file as messages name it.
        line: The line in it, where one is known.
        code: That line.
        place: Where the spec says so, if the code comes from a spec.
        fix: What to do about it.
        causes: The ids of the rules whose findings follow from this one.
        consequences: The findings that follow from it.
    """

    rule: str
    name: str
    severity: str
    message: str
    file: str
    line: int | None = None
    code: str = ""
    place: str = ""
    fix: str = ""
    causes: tuple[str, ...] = ()
    consequences: tuple[Finding, ...] = ()


def fold(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that are causes, each with those that follow from it as its consequences.

    A finding that several causes explain is given to the first of them that is itself no consequence.
    """
    ordered = sorted(findings, key=lambda finding: finding.rule)
    explained = {index: _causes_of(finding, ordered) for index, finding in enumerate(ordered)}
    roots = [index for index, causes in explained.items() if not causes]
    consequences: dict[int, list[Finding]] = {root: [] for root in roots}
    for index, finding in enumerate(ordered):
        if index not in consequences:
            consequences[_root_of(index, explained)].append(finding)
    return tuple(replace(ordered[root], consequences=tuple(consequences[root])) for root in roots)


def unfold(findings: Iterable[Finding]) -> list[Finding]:
    """All findings, causes and consequences, none with consequences of its own."""
    flat = []
    for finding in findings:
        flat += [replace(finding, consequences=()), *unfold(finding.consequences)]
    return flat


def _causes_of(finding: Finding, findings: list[Finding]) -> list[int]:
    return [index for index, other in enumerate(findings) if finding.rule in other.causes and other is not finding]


def _root_of(index: int, explained: dict[int, list[int]]) -> int:
    """The first cause of a finding that is itself no consequence; causes never go round in circles."""
    while explained[index]:
        index = next((cause for cause in explained[index] if not explained[cause]), explained[index][0])
    return index
