"""What the source of a file shows of its layers and models, without Keras: the rules KS1xx."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from kscaffold.check.static import rules
from kscaffold.check.static.source import Source, parse

PARSES = "KS100"


@dataclass(frozen=True)
class Problem:
    """A defect that the source shows.

    Attributes:
        rule: The id of the rule.
        line: The line that it is in.
        message: What is wrong.
        fix: What to do about it.
    """

    rule: str
    line: int
    message: str
    fix: str


def find_problems(text: str) -> list[Problem]:
    """The problems of a file, by lines; of one that is no Python, that alone."""
    rules_by_id = {rule.ID: rule for rule in find_rules()}
    try:
        source = parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        rule = rules_by_id[PARSES]
        return [Problem(PARSES, getattr(error, "lineno", None) or 1, rule.describe(error), rule.FIX)]
    found = [problem for rule in rules_by_id.values() for problem in _ask(rule, source)]
    return sorted(set(found), key=lambda problem: (problem.line, problem.rule, problem.message))


@cache
def find_rules() -> tuple[ModuleType, ...]:
    """The rules: the modules in their folder."""
    names = sorted(found.name for found in pkgutil.iter_modules(rules.__path__))
    return tuple(importlib.import_module(f"{rules.__name__}.{name}") for name in names)


def _ask(rule: ModuleType, source: Source) -> Iterator[Problem]:
    check: Callable[[Source], Iterator[tuple[int, str] | tuple[int, str, str]]] = rule.check
    for line, message, *fix in check(source):
        yield Problem(rule.ID, line, message, fix[0] if fix else rule.FIX)
