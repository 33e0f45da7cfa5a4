"""A function `build_…` that returns a model."""

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import keras

from ..found import Found
from ..names import MODEL_CLASSES

BUILDER = "build_"


def find(module: ModuleType) -> Iterator[Found]:
    """The functions of a module that build models."""
    for name, item in vars(module).items():
        if name.startswith(BUILDER) and inspect.isfunction(item) and item.__module__ == module.__name__:
            if _may_build_a_model(item):
                yield Found(name, item)


def _may_build_a_model(function: Callable[..., Any]) -> bool:
    """Whether a function says that it returns a model, or does not say what it returns but speaks of one."""
    returns = function.__annotations__.get("return")
    if returns is not None:
        text = returns if isinstance(returns, str) else getattr(returns, "__name__", str(returns))
        return text.rpartition(".")[2].strip("'\" ") in MODEL_CLASSES or _is_model(returns)
    names = {*function.__code__.co_names}
    return bool(names & {"Model", "Sequential"}) or any(_is_model(function.__globals__.get(name)) for name in names)


def _is_model(item: Any) -> bool:
    return inspect.isclass(item) and issubclass(item, keras.Model)
