"""What the source of a file shows of its layers and models, without Keras: the rules KS1xx."""

from dataclasses import replace

from kscaffold.check.static import rules
from kscaffold.check.static.rules import parses
from kscaffold.check.static.source import parse
from kscaffold.probe.protocol import Finding, Severity
from kscaffold.probe.rule import find_rules


def find_problems(text: str, shown: str = "") -> list[Finding]:
    """The findings in a file, by lines; in one that is not Python, that alone."""
    lines = text.splitlines()

    def code(line: int) -> str:
        return lines[line - 1].strip() if 0 < line <= len(lines) else ""

    try:
        source = parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        rule = next(rule for rule in find_rules(rules.__name__) if rule.id == parses.ID)
        line = getattr(error, "lineno", None) or 1
        return [rule.finding(parses.describe(error), shown, line, code(line))]
    found: dict[tuple[int, str, str], Finding] = {}
    for rule in find_rules(rules.__name__):
        for line, message, *more in rule.check(source):
            finding = rule.finding(message, shown, line, code(line), *more[:1])
            severity = Severity(more[1]) if more[1:] else finding.severity
            found[line, rule.id, message] = replace(finding, severity=severity)
    return [found[place] for place in sorted(found)]
