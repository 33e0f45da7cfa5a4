"""A class that derives from `keras.layers.Layer` or `keras.Model`."""

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import keras

from ..attributes import code_of
from ..found import Found


def find(module: ModuleType) -> list[Found]:
    """The layers and models that a module defines."""
    classes = list(_owned(module, vars(module), ""))
    return [Found(name, cls, _why_not(cls, [other for _, other in classes])) for name, cls in classes]


def _owned(module: ModuleType, names: Any, prefix: str) -> Iterator[tuple[str, type]]:
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
        yield from _owned(module, vars(item), f"{prefix}{name}.")


def _why_not(cls: Any, others: list[type]) -> str:
    """Why a class is not a layer to check: it is the unfinished base of others."""
    derived = [other.__name__ for other in others if other is not cls and issubclass(other, cls)]
    if inspect.isabstract(cls):
        return "it is abstract"
    unfinished = cls.call in (keras.layers.Layer.call, keras.Model.call)
    if _always_refuses(cls.call):
        return "it is abstract: its call raises NotImplementedError"
    if unfinished and re.match(r"_?(Base|Abstract)(?![a-z])", cls.__name__):
        return "it has no call of its own, and is a base by its name"
    if derived and unfinished:
        return f"it has no call of its own and is the base of {', '.join(derived)}"
    if unfinished and issubclass(cls, keras.Model) and cls.train_step is not keras.Model.train_step:
        return "it has a train_step and no call: there is nothing to call"
    return ""


def _always_refuses(function: Any) -> bool:
    """Whether a method does nothing but raise `NotImplementedError`."""
    code = code_of(function)
    return code is not None and code.co_names == ("NotImplementedError",)
