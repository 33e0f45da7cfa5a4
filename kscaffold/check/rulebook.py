"""The rules as their files describe them, read without importing one: some of them need Keras."""

import ast
from functools import cache
from pathlib import Path

from kscaffold.base.errors import RequestError, did_you_mean
from kscaffold.probe.rule import Rule, is_defined, read_rule

PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (PACKAGE / "check" / "static" / "rules", PACKAGE / "probe" / "rules")


@cache
def read_rulebook() -> tuple[Rule, ...]:
    """All rules, in the order of their ids."""
    files = (path for folder in FOLDERS for path in folder.glob("[!_]*.py"))
    return tuple(sorted(map(_read, files), key=lambda rule: rule.id))


def _read(path: Path) -> Rule:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    constants = {name: ast.literal_eval(value) for name, value in assigned.items() if is_defined(name)}
    return read_rule(path.stem, ast.get_docstring(tree) or "", constants)


def find_rule(text: str) -> Rule:
    """The rule with an id or a name, whatever its case; refuses what is neither."""
    for rule in read_rulebook():
        if text.lower() in (rule.id.lower(), rule.name):
            return rule
    raise _no_rule(text, "--explain")


def _no_rule(text: str, where: str) -> RequestError:
    known = [word for rule in read_rulebook() for word in (rule.id, rule.name)]
    hint = did_you_mean(text, known) or "'kscaffold check --list-rules' prints them."
    return RequestError(f"There is no rule {text!r}.", hint=hint, where=where)


def check_selection(texts: tuple[str, ...], where: str) -> tuple[str, ...]:
    """The ids that a selection names: ids, names, or the beginnings of ids (`KS3`); refuses what names no rule."""
    selected: list[str] = []
    for text in (part.strip() for item in texts for part in item.split(",")):
        wanted = text.upper().replace("X", "")
        named = [
            rule.id
            for rule in read_rulebook()
            if text.lower() == rule.name or (wanted.startswith("KS") and rule.id.startswith(wanted))
        ]
        if not named:
            raise _no_rule(text, where)
        selected += named
    return tuple(dict.fromkeys(selected))
