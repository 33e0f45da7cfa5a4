"""What is said of the rules themselves: all of them, or one with an example."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import click

from kscaffold.check.rulebook import RuleDescription
from kscaffold.cli.words import Report


def listing(rules: Sequence[RuleDescription]) -> Report:
    """`KS301 config-round-trip  error  A layer rebuilt …` for each rule."""
    width = max(len(rule.name) for rule in rules)
    lines = [
        f"{rule.id}  {rule.name:<{width}}  "
        + click.style(f"{rule.severity:<7}", fg="red" if rule.severity == "error" else "yellow")
        + f"  {rule.title}"
        for rule in rules
    ]
    return Report({"rules": [dict(vars(rule)) for rule in rules]}, lines)


def explanation(rule: RuleDescription) -> Report:
    """What `--explain` prints."""
    lines = [f"{click.style(f'{rule.id} {rule.name}', bold=True)}  {rule.severity}", "", f"{rule.title}.", ""]
    lines += textwrap.wrap(rule.why, 100)
    for title, code in (("Bad", rule.bad), ("Good", rule.good)):
        lines += ["", f"{title}:", *(f"    {line}".rstrip() for line in code.splitlines())]
    lines += ["", f"What to do: {rule.fix}"] if rule.fix else []
    lines += ["", f"Known from the source alone: {'yes' if rule.static else 'no, Keras is needed'}."]
    if rule.causes:
        lines.append(f"What follows from it is folded: {', '.join(rule.causes)}.")
    return Report({"rules": [dict(vars(rule))]}, lines)
