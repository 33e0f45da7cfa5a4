"""A rule: a module in a folder of rules, found by looking there.

The rules that need Keras are in `probe/rules`, those that read the source alone in `kscaffold/check/static/rules`; both
folders say what a module there defines.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import ModuleType
from typing import Any

from .protocol import Finding, Severity


class OfSaved(StrEnum):
    """Which models that are made from saved ones a rule is tried on; what the saved one does is right."""

    NONE = "none"
    CLASSES = "classes"  # those whose class is written for it
    ALL = "all"


class CannotBeTried(Exception):
    """A rule finds out, while it is tried, that it cannot be: the reason why it is skipped."""


@dataclass(frozen=True)
class Problem:
    """A defect, with more than its text.

    Attributes:
        message: What is wrong.
        at: The names of the methods that it may be in, the likeliest first; without any, those of the rule.
        fix: What to do about it; without one, what the rule says.
    """

    message: str
    at: tuple[str, ...] = ()
    fix: str = ""


@dataclass(frozen=True)
class Rule:
    """A rule as its module defines it, each attribute by a name in capitals but for the functions.

    Attributes:
        id: Its id, `KS301`.
        name: Its name, that of its module.
        severity: Whether what it finds is wrong, or may be meant.
        fix: What to do about a finding.
        check: Gives what is wrong.
        causes: The ids of the rules whose findings follow from a finding of this one.
        requires: The ids of the rules that must have passed.
        doing: What a layer does meanwhile, after "while it".
        failure: What is said when the user's code raises an exception.
        at: The names of methods that its findings are about, the likeliest first.
        of_saved: Which models made from saved ones it is tried on.
        applies: Whether it has something to say of a subject; a text says why it is skipped.
    """

    id: str
    name: str
    severity: Severity
    fix: str
    check: Callable[[Any], Iterable[Any]]
    causes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    doing: str = ""
    failure: str = ""
    at: tuple[str, ...] = ()
    of_saved: OfSaved = OfSaved.NONE
    applies: Callable[[Any], bool | str] = lambda subject: True

    def finding(self, message: str, file: str, line: int | None, code: str, fix: str = "") -> Finding:
        """What it finds at a place."""
        return Finding(
            self.id, self.name, self.severity, message, file, line, code, fix=fix or self.fix, causes=self.causes
        )


@cache
def find_rules(package: str) -> tuple[Rule, ...]:
    """The rules in a folder, in the order of their ids.

    Args:
        package: The name of the package that the folder is.
    """
    folder = importlib.import_module(package).__path__
    modules = [importlib.import_module(f"{package}.{found.name}") for found in pkgutil.iter_modules(folder)]
    return tuple(sorted(map(_read_rule, modules), key=lambda rule: rule.id))


def _read_rule(module: ModuleType) -> Rule:
    optional = ("causes", "requires", "doing", "failure", "at", "applies")
    defined = {name: getattr(module, name.upper(), getattr(module, name, None)) for name in optional}
    return Rule(
        module.ID,
        module.__name__.rpartition(".")[2].replace("_", "-"),
        Severity(module.SEVERITY),
        module.FIX,
        module.check,
        of_saved=OfSaved(getattr(module, "OF_SAVED", "none")),
        **{name: value for name, value in defined.items() if value is not None},
    )
