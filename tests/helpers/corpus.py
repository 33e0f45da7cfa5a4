"""Defects and near misses, one file for each rule, and what is expected of each: `tests/corpus`."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
EXPECT = re.compile(r"\s*# expect: (KS\d+)")


@dataclass(frozen=True)
class Expectation:
    """A class of the corpus, and the rule that must flag it, if any."""

    file: str
    name: str
    rule: str | None


def expectations() -> list[Expectation]:
    found = []
    for path in sorted(CORPUS.glob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if not isinstance(node, ast.ClassDef | ast.FunctionDef):
                continue
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            match = EXPECT.match(lines[first - 2]) if first > 1 else None
            if match:
                found.append(Expectation(path.name, node.name, match[1]))
    return found
