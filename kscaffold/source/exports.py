"""What a package exports: a class or function is added to its `__init__.py` by a few characters, found with `ast`.

The rest of the file stays as it is, to the letter; where that cannot be had, nothing is changed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LIST_NAME = "__all__"


@dataclass(frozen=True)
class Export:
    """An `__init__.py` that exports names of a module of its package.

    Attributes:
        text: Its text; the same as before if there is nothing to add, `None` if it cannot be done safely.
        by_hand: The lines to add, if it cannot be done safely.
        reason: Why it cannot.
    """

    text: str | None
    by_hand: tuple[str, ...] = ()
    reason: str = ""


def add_export(text: str, module: str, names: tuple[str, ...], package: str = "") -> Export:
    """Adds names of a module to what a package exports.

    Args:
        text: The text of its `__init__.py`.
        module: The module, which stands in the folder of that file.
        names: Classes or functions of the module.
        package: The dotted name of the package, for a file that imports by it and not by a dot.
    """
    line = f"from .{module} import {', '.join(names)}"
    try:
        before = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return _by_hand(line, names, "it is no Python that can be read")
    source = _Source(text)
    absolute = f"{package}.{module}" if package else None
    there = _imported_from(before, module, absolute)
    missing = tuple(name for name in names if name not in there)
    taken = _bound(before) - there
    listed = _find_list(before)
    if taken & set(names):
        return _by_hand(line, names, f"{min(taken & set(names))} is something else there")
    if listed is _UNREADABLE:
        return _by_hand(line, names, f"its {LIST_NAME} is more than a list of names")
    imports = [node for node in before.body if isinstance(node, ast.ImportFrom)]
    siblings = [node for node in imports if _is_sibling(node, package)]
    inserts: list[tuple[int, str]] = []
    if missing:
        dotted = bool(siblings) and all(node.level == 0 for node in siblings)
        name_from = f"{package}.{module}" if dotted and package else f".{module}"
        same = all(alias.asname == alias.name for node in siblings for alias in node.names) and bool(siblings)
        written = ", ".join(f"{name} as {name}" if same else name for name in missing)
        inserts.append(source.new_line(before, siblings, name_from, f"from {name_from} import {written}"))
    if isinstance(listed, ast.List | ast.Tuple):
        present = [item.value for item in listed.elts if isinstance(item, ast.Constant)]
        unlisted = tuple(name for name in names if name not in present)
        inserts += source.new_items(listed, [str(item) for item in present], unlisted)
    elif missing and not siblings and all(_says_nothing(node) for node in before.body):
        position, written = inserts.pop()
        closing = (
            f"{source.newline}{LIST_NAME} = [{', '.join(_quoted(name) for name in sorted(names, key=_kinds_first))}]"
        )
        inserts.append((position, f"{written}{closing}{source.newline}"))
    after = source.insert(inserts)
    return (
        Export(after)
        if _is_safe(before, after, module, names)
        else _by_hand(line, names, "the rest of it could not stay as it is")
    )


class _Unreadable:
    """An `__all__` that is more than one list of names."""


_UNREADABLE = _Unreadable()


def _by_hand(line: str, names: tuple[str, ...], reason: str) -> Export:
    return Export(None, (line, f"{LIST_NAME} += [{', '.join(_quoted(name) for name in names)}]"), reason)


def _kinds_first(name: str) -> tuple[int, list[tuple[int, int | str]]]:
    """The order that ruff wants of `__all__`: constants, classes, the rest; numbers in names by their size."""
    parts = [part for part in re.split(r"(\d+)", name) if part]
    natural: list[tuple[int, int | str]] = [(0, int(part)) if part.isdigit() else (1, part) for part in parts]
    return 0 if name.isupper() else 1 if name[:1].isupper() else 2, natural


def _quoted(name: str) -> str:
    return f'"{name}"'


def _is_sibling(node: ast.ImportFrom, package: str) -> bool:
    """Whether a statement imports names from a module of the same folder."""
    if not node.module or node.names[0].name == "*":
        return False
    return node.level == 1 or (node.level == 0 and bool(package) and node.module.startswith(f"{package}."))


def _imported_from(tree: ast.Module, module: str, absolute: str | None) -> set[str]:
    """The names that are imported from the module already."""
    return {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        and ((node.level == 1 and node.module == module) or (node.level == 0 and node.module == absolute))
        for alias in node.names
        if alias.asname in (None, alias.name)
    }


def _bound(tree: ast.Module) -> set[str]:
    """The names that a file gives a meaning to, wherever it does."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(node.id)
    return found


def _find_list(tree: ast.Module) -> ast.List | ast.Tuple | _Unreadable | None:
    """The literal that is the file's `__all__`, if there is one, and nothing else changes it."""
    mentions = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == LIST_NAME]
    if not mentions:
        return None
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.List | ast.Tuple):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        texts = (isinstance(item, ast.Constant) and isinstance(item.value, str) for item in node.value.elts)
        if targets == mentions and all(texts):
            return node.value
    return _UNREADABLE


def _says_nothing(node: ast.stmt) -> bool:
    """Whether a statement is a docstring or an import for the compiler, so that the file exports nothing yet."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class _Source:
    """A text by the positions that `ast` names: lines from 1, columns in bytes."""

    def __init__(self, text: str) -> None:
        self.text = text
        ends = [match.end() for match in re.finditer(r"\r\n|\r|\n", text)]
        self.starts = [0, *ends]
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def line(self, number: int) -> str:
        """A line with its end."""
        following = self.starts[number : number + 1]
        return self.text[self.starts[number - 1] : following[0] if following else len(self.text)]

    def position(self, line: int, column: int) -> int:
        """Where a place of `ast` is in the text."""
        return self.starts[line - 1] + len(self.line(line).encode()[:column].decode())

    def after(self, node: ast.AST) -> int:
        """The position of the line behind a node."""
        end = node.end_lineno  # type: ignore[attr-defined]
        return self.starts[end] if end < len(self.starts) else len(self.text)

    def insert(self, inserts: list[tuple[int, str]]) -> str:
        """The text with others put in."""
        text = self.text
        for position, added in sorted(inserts, reverse=True):
            text = text[:position] + added + text[position:]
        return text

    def new_line(
        self, tree: ast.Module, siblings: list[ast.ImportFrom], name_from: str, written: str
    ) -> tuple[int, str]:
        """Where an import goes: among its like, in their order; behind the last import; behind the docstring."""
        modules = [_key(node) for node in siblings]
        key = name_from.lstrip(".").casefold()
        if siblings and modules == sorted(modules):
            later = [node for node in siblings if _key(node) > key]
            if later:
                return self.starts[later[0].lineno - 1], written + self.newline
        imports: list[ast.stmt] = [*siblings] or [
            node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        if imports:
            return self._behind(imports[-1], written)
        if tree.body and _says_nothing(tree.body[0]):
            position, added = self._behind(tree.body[0], written)
            return position, self.newline + added
        if not tree.body:
            return self._at(len(self.text), written)
        return self.starts[tree.body[0].lineno - 1], written + self.newline * 2

    def _behind(self, node: ast.stmt, written: str) -> tuple[int, str]:
        return self._at(self.after(node), written)

    def _at(self, position: int, written: str) -> tuple[int, str]:
        """A line at a position; the line before it is ended if it has no end."""
        ended = position == 0 or self.text[position - 1] in "\r\n"
        return position, ("" if ended else self.newline) + written + self.newline

    def new_items(
        self, listed: ast.List | ast.Tuple, present: list[str], names: tuple[str, ...]
    ) -> list[tuple[int, str]]:
        """Where names go in a list: in their order if it was sorted, else at its end."""
        inserts: list[tuple[int, str]] = []
        orders: tuple[Callable[[str], Any], ...] = (_kinds_first, str)
        order = next((key for key in orders if present == sorted(present, key=key)), None)
        for name in sorted(names, key=order) if order else names:
            index = sum(order(item) < order(name) for item in present) if order else len(present)
            inserts += self._new_item(listed, index, _quoted(name))
        return inserts

    def _new_item(self, listed: ast.List | ast.Tuple, index: int, written: str) -> list[tuple[int, str]]:
        items = listed.elts
        if index < len(items):
            start = self.position(items[index].lineno, items[index].col_offset)
            line_start = self.starts[items[index].lineno - 1]
            indent = self.text[line_start:start]
            between = f",{self.newline}{indent}" if items[index].lineno > listed.lineno and not indent.strip() else ", "
            return [(start, written + between)]
        if not items:
            start = self.position(listed.lineno, listed.col_offset) + 1
            return [(start, written + ("," if isinstance(listed, ast.Tuple) else ""))]
        last = items[-1]
        end = self.position(last.end_lineno or 0, last.end_col_offset or 0)
        indent = self.text[self.starts[last.lineno - 1] : self.position(last.lineno, last.col_offset)]
        if last.lineno == listed.lineno or indent.strip():
            return [(end, f", {written}")]
        if last.end_lineno == listed.end_lineno:
            return [(end, f",{self.newline}{indent}{written}")]
        # A comment behind the last item is about that item.
        line_end = self.after(last)
        comma = [] if self.text[end:line_end].lstrip().startswith(",") else [(end, ",")]
        return [*comma, (line_end, f"{indent}{written},{self.newline}")]


def _key(node: ast.ImportFrom) -> str:
    return (node.module or "").casefold()


def _is_safe(before: ast.Module, after: str, module: str, names: tuple[str, ...]) -> bool:
    """Whether a file is what it was but for the names of the module."""
    try:
        return _without(ast.parse(after), module, names) == _without(before, module, names)
    except (SyntaxError, ValueError, RecursionError):
        return False


def _without(tree: ast.Module, module: str, names: tuple[str, ...]) -> list[str]:
    """The statements of a file without those names of a module, and without an `__all__` that lists no others."""
    statements = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] == module:
            node.names = [alias for alias in node.names if alias.name not in names]
            if not node.names:
                continue
        listed = _find_list(ast.Module([node], []))
        if isinstance(listed, ast.List | ast.Tuple):
            listed.elts = [item for item in listed.elts if isinstance(item, ast.Constant) and item.value not in names]
            if not listed.elts:
                continue
        statements.append(ast.dump(node))
    return statements
