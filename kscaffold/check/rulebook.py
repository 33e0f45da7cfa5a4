"""The rules as their files describe them, read without importing one: what they are called, and why they matter."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kscaffold.base.errors import RequestError, did_you_mean

PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (PACKAGE / "check" / "static" / "rules", PACKAGE / "probe" / "rules")
EXAMPLE = re.compile(r"^(Bad|Good):\n\n?((?:    .*\n|\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class RuleDescription:
    """A rule as people read of it.

    Attributes:
        id: Its id, `KS301`.
        name: Its name, `config-round-trip`.
        severity: "error" where what it finds is wrong, "warning" where it may be meant.
        title: What holds for code that passes.
        why: Why that matters.
        bad: Code that it flags.
        good: The same code as it should be.
        fix: What to do about a finding.
        causes: The ids of the rules whose findings follow from this one's.
        requires: The ids of the rules without which it cannot be tried.
        static: Whether it reads the source alone, without Keras.
    """

    id: str
    name: str
    severity: str
    title: str
    why: str
    bad: str
    good: str
    fix: str
    causes: tuple[str, ...]
    requires: tuple[str, ...]
    static: bool


@cache
def read_rulebook() -> tuple[RuleDescription, ...]:
    """All rules, in the order of their ids."""
    files = [(path, folder) for folder in FOLDERS for path in folder.glob("[!_]*.py")]
    return tuple(sorted((_read(path, folder is FOLDERS[0]) for path, folder in files), key=lambda rule: rule.id))


def find_rule(text: str) -> RuleDescription:
    """The rule with an id or a name, whatever its case.

    Raises:
        RequestError: There is none.
    """
    for rule in read_rulebook():
        if text.lower() in (rule.id.lower(), rule.name):
            return rule
    known = [word for rule in read_rulebook() for word in (rule.id, rule.name)]
    hint = did_you_mean(text, known) or "'kscaffold check --list-rules' prints them."
    raise RequestError(f"There is no rule {text!r}.", hint=hint, where="--explain")


def check_selection(texts: tuple[str, ...], where: str) -> tuple[str, ...]:
    """The ids that a selection names: ids, names, or the beginnings of ids (`KS3`).

    Raises:
        RequestError: One of them names no rule.
    """
    selected: list[str] = []
    for text in (part.strip() for item in texts for part in item.split(",")):
        wanted = text.upper().replace("X", "")
        named = [
            rule.id
            for rule in read_rulebook()
            if text.lower() == rule.name or (wanted.startswith("KS") and rule.id.startswith(wanted))
        ]
        if not named:
            known = [word for rule in read_rulebook() for word in (rule.id, rule.name)]
            hint = did_you_mean(text, known) or "'kscaffold check --list-rules' prints them."
            raise RequestError(f"There is no rule {text!r}.", hint=hint, where=where)
        selected += named
    return tuple(dict.fromkeys(selected))


def _read(path: Path, static: bool) -> RuleDescription:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        for target in _targets(node)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and node.value is not None
        and target.id in ("ID", "SEVERITY", "FIX", "CAUSES", "REQUIRES")
    }
    document = inspect.cleandoc(ast.get_docstring(tree) or "") + "\n"
    examples = {match[1]: textwrap.dedent(match[2]).strip() for match in EXAMPLE.finditer(document)}
    title, _, why = EXAMPLE.sub("", document).partition("\n")
    return RuleDescription(
        id=constants["ID"],
        name=path.stem.replace("_", "-"),
        severity=constants["SEVERITY"],
        title=title.strip().rstrip("."),
        why=" ".join(why.split()),
        bad=examples.get("Bad", ""),
        good=examples.get("Good", ""),
        fix=constants.get("FIX", ""),
        causes=tuple(constants.get("CAUSES", ())),
        requires=tuple(constants.get("REQUIRES", ())),
        static=static,
    )


def _targets(node: ast.stmt) -> list[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target for target in targets if isinstance(target, ast.Name)]
