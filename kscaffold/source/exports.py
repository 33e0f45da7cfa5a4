"""What a package exports: a class or function is added to its `__init__.py` by a few characters, found with `ast`.

The rest of the file stays as it is, to the letter; where that cannot be had, nothing is changed.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

LIST_NAME = "__all__"
UNREADABLE = (SyntaxError, ValueError, RecursionError)
Insert = tuple[int, str]  # a position, and what goes there


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

    def by_hand(reason: str) -> Export:
        lines = f"from .{module} import {', '.join(names)}", f"{LIST_NAME} += [{', '.join(map(_quoted, names))}]"
        return Export(None, lines, reason)

    try:
        before = ast.parse(text)
    except UNREADABLE:
        return by_hand("it is no Python that can be read")
    source = _Source(text)
    imports = [node for node in before.body if isinstance(node, ast.ImportFrom)]
    siblings = [node for node in imports if _module(node, package) and node.names[0].name != "*"]
    there = {
        alias.name
        for node in siblings
        for alias in node.names
        if _module(node, package) == module and alias.asname in (None, alias.name)
    }
    missing = [name for name in names if name not in there]
    taken = (_bound(before) - there) & set(names)
    listed = _find_list(before)
    if taken:
        return by_hand(f"{min(taken)} is something else there")
    if listed is None and any(isinstance(node, ast.Name) and node.id == LIST_NAME for node in ast.walk(before)):
        return by_hand(f"its {LIST_NAME} is more than a list of names")
    inserts: list[Insert] = []
    if missing:
        dotted = package and siblings and all(node.level == 0 for node in siblings)
        name_from = f"{package}.{module}" if dotted else f".{module}"
        same = siblings and all(alias.asname == alias.name for node in siblings for alias in node.names)
        written = ", ".join(f"{name} as {name}" if same else name for name in missing)
        inserts.append(source.new_line(before, siblings, name_from, f"from {name_from} import {written}"))
    if listed:
        inserts += source.new_items(listed, names)
    elif missing and not siblings and all(_says_nothing(node) for node in before.body):
        position, written = inserts.pop()
        sorted_names = ", ".join(map(_quoted, sorted(names, key=_kinds_first)))
        inserts.append((position, f"{written}{source.newline}{LIST_NAME} = [{sorted_names}]{source.newline}"))
    after = source.insert(inserts)
    return (
        Export(after)
        if _others(after, module, names) == _others(text, module, names)
        else by_hand("the rest of it could not stay as it is")
    )


def _kinds_first(name: str) -> tuple[int, list[tuple[bool, int, str]]]:
    """The order that ruff wants of `__all__`: constants, classes, the rest, numbers inside of them by their size."""
    parts = [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.findall(r"\d+|\D+", name)]
    return 0 if name.isupper() else 1 if name[:1].isupper() else 2, parts


def _quoted(name: str) -> str:
    return f'"{name}"'


def _module(node: ast.ImportFrom, package: str) -> str | None:
    """The module of the same folder that a statement imports from."""
    if node.level == 1:
        return node.module
    absolute = node.level == 0 and package and node.module and node.module.startswith(f"{package}.")
    return str(node.module).removeprefix(f"{package}.") if absolute else None


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


def _find_list(tree: ast.Module) -> ast.List | ast.Tuple | None:
    """The literal of texts that is the file's `__all__`, if nothing else mentions that."""
    mentions = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == LIST_NAME]
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.List | ast.Tuple):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if mentions and targets == mentions and len(_texts(node.value)) == len(node.value.elts):
                return node.value
    return None


def _texts(listed: ast.List | ast.Tuple) -> list[str]:
    return [item.value for item in listed.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]


def _says_nothing(node: ast.stmt) -> bool:
    """Whether a statement is a docstring or an import for the compiler, so that the file exports nothing yet."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class _Source:
    """A text by the positions that `ast` names: lines from 1, columns in bytes."""

    def __init__(self, text: str) -> None:
        self.bytes = text.encode()
        self.starts = [0, *(match.end() for match in re.finditer(rb"\r\n|\r|\n", self.bytes))]
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def after(self, node: ast.stmt | ast.expr) -> int:
        return (*self.starts, len(self.bytes))[node.end_lineno or 0]

    def insert(self, inserts: list[Insert]) -> str:
        found = self.bytes
        for position, added in sorted(inserts, reverse=True):
            found = found[:position] + added.encode() + found[position:]
        return found.decode()

    def new_line(self, tree: ast.Module, siblings: Sequence[ast.ImportFrom], name_from: str, written: str) -> Insert:
        """Where an import goes: among its like, in their order; behind the last import; behind the docstring."""
        modules = [str(node.module).casefold() for node in siblings]
        later = [node for node, key in zip(siblings, modules) if key > name_from.lstrip(".").casefold()]
        if later and modules == sorted(modules):
            return self.starts[later[0].lineno - 1], written + self.newline
        before = ""
        imports: Sequence[ast.stmt] = siblings or [
            node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        if imports:
            position = self.after(imports[-1])
        elif tree.body and not _says_nothing(tree.body[0]):
            return self.starts[tree.body[0].lineno - 1], written + self.newline * 2
        elif tree.body:
            position, before = self.after(tree.body[0]), self.newline
        else:
            position = len(self.bytes)
        ended = self.bytes[:position].endswith((b"\r", b"\n")) or not position
        return position, before + ("" if ended else self.newline) + written + self.newline

    def new_items(self, listed: ast.List | ast.Tuple, names: Sequence[str]) -> Iterator[Insert]:
        """Where names go in a list: in their order if it was sorted, else at its end."""
        if not listed.elts:
            comma = "," if isinstance(listed, ast.Tuple) else ""
            inside = f"{', '.join(map(_quoted, sorted(names, key=_kinds_first)))}{comma}"
            yield self.starts[listed.lineno - 1] + listed.col_offset + 1, inside
            return
        present = _texts(listed)
        orders: tuple[Callable[[str], Any], ...] = (_kinds_first, str)
        order = next((key for key in orders if present == sorted(present, key=key)), None)
        for name in sorted(names, key=order) if order else names:
            if name not in present:
                index = sum(order(item) < order(name) for item in present) if order else len(present)
                yield from self._new_item(listed, index, _quoted(name))

    def _new_item(self, listed: ast.List | ast.Tuple, index: int, written: str) -> Iterator[Insert]:
        beside = listed.elts[min(index, len(listed.elts) - 1)]
        line = self.starts[beside.lineno - 1]
        start, end = line + beside.col_offset, self.starts[(beside.end_lineno or 0) - 1] + (beside.end_col_offset or 0)
        indent = self.bytes[line:start].decode()
        on_own_line = beside.lineno > listed.lineno and not indent.strip()
        separator = f",{self.newline}{indent}" if on_own_line else ", "
        if index < len(listed.elts):
            yield start, f"{written}{separator}"
        elif not on_own_line or beside.end_lineno == listed.end_lineno:
            yield end, f"{separator}{written}"
        else:  # a comment behind the last item is about that item
            following = self.after(beside)
            if not self.bytes[end:following].lstrip().startswith(b","):
                yield end, ","
            yield following, f"{indent}{written},{self.newline}"


def _others(text: str, module: str, names: Sequence[str]) -> list[str] | None:
    """What a file says, but for the names of a module; `None` if it is no Python."""
    try:
        tree = ast.parse(text)
    except UNREADABLE:
        return None
    listed = _find_list(tree)
    others = [name for name in _texts(listed) if name not in names] if listed else []
    for node in tree.body:
        imports = isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] == module
        if not imports and not (listed and getattr(node, "value", None) is listed):
            others.append(ast.dump(node))
    return others
