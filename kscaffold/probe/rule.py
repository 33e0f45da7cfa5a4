"""A rule: a module in a folder of rules, found by looking there.

The rules that need Keras are in `probe/rules`, those that read the source alone in `kscaffold/check/static/rules`; both
folders say what a module there defines.
"""

import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Any

from .protocol import Finding, Severity

EXAMPLE = re.compile(r"^(Bad|Good):\n\n?((?:    .*\n|\n)+)", re.MULTILINE)


class OfSaved(StrEnum):
    """Which models that are made from saved ones a rule is tried on; what the saved one does is right."""

    NONE = "none"
    CLASSES = "classes"  # those whose class is written for it
    ALL = "all"


class CannotBeTried(Exception):
    """A rule finds out, while it is tried, that it cannot be: the reason why it is skipped."""


@dataclass(frozen=True)
class Problem:
    """A defect that differs from others of its rule.

    Attributes:
        at: The methods that it may be in, the likeliest first; none for those of the rule.
        fix: What to do; empty for what the rule says.
        severity: How bad it is; `None` for what the rule says.
    """

    message: str
    at: tuple[str, ...] = ()
    fix: str = ""
    severity: Severity | None = None


@dataclass(frozen=True)
class Rule:
    """A rule as its module defines it, see `probe/rules`, and as people read of it.

    Attributes:
        name: `config-round-trip`: that of its module.
        title: What holds for code that passes: the first sentence of the docstring. What follows is `why`.
        bad: Code that it flags. The same code as it should be is `good`.
        kinds: The words for what it is about, of which a subject has one: see `Subject.kinds`.
        check: Gives what is wrong; nothing in a rule whose module was read and not imported.
    """

    id: str
    name: str
    severity: Severity
    title: str
    why: str
    bad: str
    good: str
    fix: str
    causes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    doing: str = ""
    failure: str = ""
    at: tuple[str, ...] = ("call",)
    of_saved: OfSaved = OfSaved.NONE
    kinds: tuple[str, ...] = ("layer",)
    check: Callable[[Any], Iterable[Any]] = lambda subject: ()
    applies: Callable[[Any], bool | str] = lambda subject: True

    @property
    def static(self) -> bool:
        """Whether it reads the source alone, without Keras."""
        return not self.doing

    def finding(self, message: str, file: str, line: int | None, code: str, fix: str = "") -> Finding:
        """What it finds at a place."""
        return Finding(
            self.id, self.name, self.severity, message, file, line, code, fix=fix or self.fix, causes=self.causes
        )


def is_defined(name: str) -> bool:
    """Whether a rule's module says something of the rule by a name: a constant or a function."""
    return name in ("check", "applies") or (name.isupper() and name.lower() in {one.name for one in fields(Rule)})


def read_rule(module: str, document: str, defined: Mapping[str, Any]) -> Rule:
    """The rule of a module with that name and docstring; of what it defines, only `is_defined` matters."""
    document = inspect.cleandoc(document) + "\n"
    examples = {match[1]: textwrap.dedent(match[2]).strip() for match in EXAMPLE.finditer(document)}
    title, _, why = EXAMPLE.sub("", document).partition("\n")
    given = {name.lower(): value for name, value in defined.items() if is_defined(name)}
    given |= {"severity": Severity(given.get("severity", "error")), "of_saved": OfSaved(given.get("of_saved", "none"))}
    given.setdefault("failure", f"cannot be {given.get('doing', '').removeprefix('is ')}")
    return Rule(
        name=module.replace("_", "-"),
        title=title.strip().rstrip("."),
        why=" ".join(why.split()),
        bad=examples.get("Bad", ""),
        good=examples.get("Good", ""),
        **given,
    )


@cache
def find_rules(package: str) -> tuple[Rule, ...]:
    """The rules in a package, in the order of their ids."""
    names = [one.name for one in pkgutil.iter_modules(importlib.import_module(package).__path__)]
    modules = {name: importlib.import_module(f"{package}.{name}") for name in names}
    found = (read_rule(name, module.__doc__ or "", vars(module)) for name, module in modules.items())
    return tuple(sorted(found, key=lambda rule: rule.id))
