"""The kinds of subjects, one file each: found by looking into this folder.

A kind is a module whose docstring says what it is. What nobody described is found by kinds that define `find(module)`,
which gives a `Found` for each class or function of the kind that an imported module defines, or `KIND`, a subclass of
`classes.Class`, for all classes that derive from one of Keras'.
"""

import ast
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial
from types import ModuleType

from .. import classes
from ..found import Found


def find_all(module: ModuleType, text: str) -> list[Found]:
    """What a module defines itself, in the order of its lines."""
    places = dict(_definitions(ast.parse(text), ""))
    found = [
        replace(one, lines=places.get(one.item.__qualname__, one.lines)) for find in _finders() for one in find(module)
    ]
    return sorted(found, key=lambda one: one.lines[0])


def _finders() -> Iterator[Callable[[ModuleType], Iterable[Found]]]:
    for kind in kinds():
        if hasattr(kind, "KIND"):
            yield partial(classes.find, kind=kind.KIND)
        elif hasattr(kind, "find"):
            yield kind.find


@cache
def kinds() -> tuple[ModuleType, ...]:
    """The modules of this folder."""
    return tuple(importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The qualified name of each class and function, with its first and its last line."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{child.name}"
            yield name, (child.lineno, child.end_lineno or child.lineno)
            inner = f"{name}." if isinstance(child, ast.ClassDef) else f"{name}.<locals>."
            yield from _definitions(child, inner)
        else:
            yield from _definitions(child, prefix)
