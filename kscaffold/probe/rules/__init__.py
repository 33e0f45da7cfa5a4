"""The rules, one file each: found by looking into this folder.

A rule is a module. Its docstring is its title, then why it matters, then code that it flags (`Bad:`) and the same code
as it should be (`Good:`). It defines

- `ID`;
- `SEVERITY`: "error" where the layer is wrong and "warning" where it may be meant;
- `DOING`: what the layer does meanwhile, after "while it";
- `FAILURE`: what is said when the user's code raises an exception;
- `REQUIRES`: the ids of rules that must have passed;
- `CAUSES`: the ids of rules whose findings follow from a finding of this one;
- `AT`: the names of methods that its findings are about, the likeliest first;
- `FIX`: what to do;
- `check(subject)`, which gives a text or a `Problem` for each defect;
- where it has nothing to say of some subjects, `applies(subject)`: true, false, or a text that says why it is skipped.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ..problem import Problem


@dataclass(frozen=True)
class Rule:
    """A rule as its module defines it."""

    id: str
    name: str
    title: str
    severity: str
    doing: str
    failure: str
    requires: tuple[str, ...]
    causes: tuple[str, ...]
    at: tuple[str, ...]
    fix: str
    check: Callable[[Any], Iterable[str | Problem]]
    applies: Callable[[Any], bool | str]


def find_rules() -> list[Rule]:
    """All rules, in the order of their ids."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return sorted((read_rule(module) for module in modules), key=lambda rule: rule.id)


def read_rule(module: ModuleType) -> Rule:
    """The rule that a module defines."""
    title, _, _ = inspect.getdoc(module).partition("\n")  # type: ignore[union-attr]
    return Rule(
        id=module.ID,
        name=module.__name__.rpartition(".")[2].replace("_", "-"),
        title=title.rstrip("."),
        severity=module.SEVERITY,
        doing=module.DOING,
        failure=module.FAILURE,
        requires=module.REQUIRES,
        causes=module.CAUSES,
        at=module.AT,
        fix=module.FIX,
        check=module.check,
        applies=getattr(module, "applies", lambda subject: True),
    )
