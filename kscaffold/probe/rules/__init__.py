"""The rules, one file each: found by looking into this folder.

A rule is a module. Its docstring is its title and its explanation. It defines `ID`; `SEVERITY`, "error"
where the layer is wrong and "warning" where it may be meant; `DOING`, what the layer does
meanwhile, after "while it"; `FAILURE`, what is said when the user's code raises an exception; `REQUIRES`, the ids of
rules that must have passed; `check(subject)`, which gives a text for each defect; and, where it has nothing to say
of some subjects, `applies(subject)`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Rule:
    """A rule as its module defines it."""

    id: str
    name: str
    title: str
    explanation: str
    severity: str
    doing: str
    failure: str
    requires: tuple[str, ...]
    check: Callable[[Any], Iterable[str]]
    applies: Callable[[Any], bool]


def find_rules() -> list[Rule]:
    """All rules, in the order of their ids."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return sorted((read_rule(module) for module in modules), key=lambda rule: rule.id)


def read_rule(module: ModuleType) -> Rule:
    """The rule that a module defines."""
    title, _, explanation = inspect.getdoc(module).partition("\n")  # type: ignore[union-attr]
    return Rule(
        id=module.ID,
        name=module.__name__.rpartition(".")[2].replace("_", "-"),
        title=title.rstrip("."),
        explanation=explanation.strip(),
        severity=module.SEVERITY,
        doing=module.DOING,
        failure=module.FAILURE,
        requires=module.REQUIRES,
        check=module.check,
        applies=getattr(module, "applies", lambda subject: True),
    )
