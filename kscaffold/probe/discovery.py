"""The layers, models and functions that build models in a module that was imported."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import keras

BUILDER = "build_"


@dataclass(frozen=True)
class Found:
    """A class or a function that is to be checked.

    Attributes:
        name: What it is called inside its module: `Outer.Inner` for a class in a class.
        item: The class or function.
        line: The line of its definition.
        last_line: The last line of it.
        skip: Why it is not checked; empty if it is.
    """

    name: str
    item: Any
    line: int
    last_line: int
    skip: str = ""


def find_all(module: ModuleType, text: str) -> list[Found]:
    """What a module defines itself, in the order of its lines."""
    places = dict(definitions(ast.parse(text), ""))
    classes = list(owned_classes(module, vars(module), ""))
    found = []
    for name, cls in classes:
        line, last = places.get(cls.__qualname__, (1, 1))
        found.append(Found(name, cls, line, last, why_not(cls, [other for _, other in classes])))
    for name, item in vars(module).items():
        if name.startswith(BUILDER) and inspect.isfunction(item) and item.__module__ == module.__name__:
            line, last = places.get(item.__qualname__, (1, 1))
            if may_build_a_model(item):
                found.append(Found(name, item, line, last))
    return sorted(found, key=lambda one: one.line)


def definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The qualified name of each class and function, with its first and its last line."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{child.name}"
            yield name, (child.lineno, child.end_lineno or child.lineno)
            inner = f"{name}." if isinstance(child, ast.ClassDef) else f"{name}.<locals>."
            yield from definitions(child, inner)
        else:
            yield from definitions(child, prefix)


def owned_classes(module: ModuleType, names: Any, prefix: str) -> Iterator[tuple[str, type]]:
    """The layers and models that a module, or a class in it, defines; each once, under its own name if it has it."""
    seen: set[int] = set()
    for name, item in list(names.items()):
        if not inspect.isclass(item) or item.__module__ != module.__name__ or id(item) in seen:
            continue
        if item.__qualname__ != f"{prefix}{item.__name__}" or item.__name__ != name:
            continue  # another name of a class, or one that was made in a function
        seen.add(id(item))
        if issubclass(item, keras.layers.Layer):
            yield f"{prefix}{name}", item
        yield from owned_classes(module, vars(item), f"{prefix}{name}.")


def why_not(cls: Any, others: list[type]) -> str:
    """Why a class is no layer to check: it is the unfinished base of others."""
    derived = [other.__name__ for other in others if other is not cls and issubclass(other, cls)]
    if inspect.isabstract(cls):
        return "it is abstract"
    unfinished = cls.call in (keras.layers.Layer.call, keras.Model.call) or always_refuses(cls.call)
    if derived and unfinished:
        return f"it has no call of its own and is the base of {', '.join(derived)}"
    if unfinished and issubclass(cls, keras.Model) and cls.train_step is not keras.Model.train_step:
        return "it has a train_step and no call: there is nothing to call"
    return ""


def always_refuses(function: Any) -> bool:
    """Whether a method does nothing but raise `NotImplementedError`."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code is not None and code.co_names[:1] == ("NotImplementedError",) and len(code.co_names) == 1


def may_build_a_model(function: Callable[..., Any]) -> bool:
    """Whether a function says that it returns a model, or does not say what it returns but speaks of one."""
    returns = function.__annotations__.get("return")
    if returns is not None:
        text = returns if isinstance(returns, str) else getattr(returns, "__name__", str(returns))
        return text.rpartition(".")[2].strip("'\" ") in ("Model", "Sequential", "Functional") or (
            inspect.isclass(returns) and issubclass(returns, keras.Model)
        )
    names = {*function.__code__.co_names}
    spoken = {name for name in names if is_model_class(function.__globals__.get(name))}
    return bool(spoken or names & {"Model", "Sequential"})


def is_model_class(item: Any) -> bool:
    """Whether something is a class of models."""
    return inspect.isclass(item) and issubclass(item, keras.Model)
