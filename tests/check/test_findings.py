"""Which findings are shown under which: what follows from a defect, and nothing that could be missed there."""

from __future__ import annotations

import click

from kscaffold.check.findings import fold
from kscaffold.cli.words.verdict import finding_lines
from kscaffold.probe.protocol import Finding, Severity


def finding(rule: str, severity: Severity = Severity.ERROR, causes: tuple[str, ...] = ()) -> Finding:
    return Finding(rule, rule.lower(), severity, f"the message of {rule}", "a.py", 3, causes=causes)


def test_what_follows_from_a_defect_is_named_below_it_with_its_message() -> None:
    root = finding("KS110", causes=("KS203", "KS204"))
    (folded,) = fold([finding("KS204"), root, finding("KS203")])
    assert [one.rule for one in folded.consequences] == ["KS203", "KS204"]
    assert list(map(click.unstyle, finding_lines([folded]))) == [
        "        a.py:3: error KS110 the message of KS110",
        "            from this follows KS203 ks203: the message of KS203",
        "            from this follows KS204 ks204: the message of KS204",
    ]


def test_a_warning_hides_no_error_and_an_error_no_warning() -> None:
    warning = finding("KS209", Severity.WARNING, causes=("KS507", "KS511"))
    found = fold([warning, finding("KS507"), finding("KS511", Severity.WARNING)])
    assert [(one.rule, [inner.rule for inner in one.consequences]) for one in found] == [
        ("KS209", ["KS511"]),
        ("KS507", []),
    ]
    error = finding("KS110", causes=("KS511",))
    assert [one.rule for one in fold([error, finding("KS511", Severity.WARNING)])] == ["KS110", "KS511"]


def test_a_chain_of_causes_is_folded_into_its_first() -> None:
    first, second = finding("KS101", causes=("KS201",)), finding("KS201", causes=("KS301",))
    (folded,) = fold([finding("KS301"), second, first])
    assert [one.rule for one in folded.consequences] == ["KS201", "KS301"]
