"""What is said of the rules themselves: all of them, or one with an example."""

import textwrap
from collections.abc import Sequence
from typing import Any

import click

from kscaffold.cli.words import Report
from kscaffold.probe.rule import Rule

# What programs are told of a rule.
FIELDS = ("id", "name", "severity", "title", "why", "bad", "good", "fix", "causes", "requires", "static")


def listing(rules: Sequence[Rule]) -> Report:
    """`KS301 config-round-trip  error  A layer rebuilt …` for each rule."""
    width = max(len(rule.name) for rule in rules)
    lines = [
        f"{rule.id}  {rule.name:<{width}}  "
        + click.style(f"{rule.severity:<7}", fg="red" if rule.severity == "error" else "yellow")
        + f"  {rule.title}"
        for rule in rules
    ]
    return Report({"rules": [_rule_json(rule) for rule in rules]}, lines)


def explanation(rule: Rule) -> Report:
    """What `--explain` prints."""
    lines = [f"{click.style(f'{rule.id} {rule.name}', bold=True)}  {rule.severity}", "", f"{rule.title}.", ""]
    lines += textwrap.wrap(rule.why, 100)
    for title, code in (("Bad", rule.bad), ("Good", rule.good)):
        lines += ["", f"{title}:", *(f"    {line}".rstrip() for line in code.splitlines())]
    lines += ["", f"What to do: {rule.fix}"] if rule.fix else []
    lines += ["", f"Known from the source alone: {'yes' if rule.static else 'no, Keras is needed'}."]
    if rule.causes:
        lines.append(f"What follows from it is folded: {', '.join(rule.causes)}.")
    return Report({"rules": [_rule_json(rule)]}, lines)


def _rule_json(rule: Rule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in FIELDS}
