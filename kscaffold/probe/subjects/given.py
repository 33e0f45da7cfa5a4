"""A layer or model that a test holds in its hands, or a class or function without arguments that makes one."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

import keras

from .. import protocol
from ..inputs import input_guesses
from ..protocol import CallStyle, Feed
from ..subject import Subject, global_policy
from ..trying import ways_to_call


class GivenSubject(Subject):
    """What makes new layers like one that is there."""

    factory: Callable[..., Any]

    def make(self, **changes: Any) -> Any:
        """A new layer or model, with changes of its arguments."""
        return self.factory(**changes)


def give(layer: Any, name: str, feeds: tuple[Feed, ...], call: CallStyle | None) -> Subject:
    """The subject for a layer that is there.

    Args:
        layer: The layer, or what makes one.
        name: What it is called.
        feeds: What is fed to its inputs; none to have it found out.
        call: How; `None` to have it found out.

    Raises:
        TypeError: The layer is built already.
    """
    factory, unchangeable = _factory_of(layer)
    made = factory()
    cls = type(made)
    path = "" if cls.__module__.startswith("keras.") else inspect.getsourcefile(cls) or ""
    subjects = []
    for guessed, style in input_guesses(made, feeds):
        subject = GivenSubject(sys.modules[cls.__module__], protocol.Subject(name, name, guessed, call or style), path)
        subject.factory, subject.unchangeable = factory, unchangeable
        subjects.append(subject)
        if ways_to_call(subject) == 2:
            return subject
    return subjects[0]


def _makes_layers(layer: Any) -> bool:
    """Whether something is not a layer, and makes one."""
    return inspect.isfunction(layer) or inspect.ismethod(layer) or inspect.isclass(layer)


def _factory_of(layer: Any) -> tuple[Callable[..., Any], str]:
    """What makes new layers like one, and why it does not take changes of their arguments, if it does not.

    Raises:
        TypeError: The layer is built already, and does not say what it was made with.
    """
    if _makes_layers(layer):
        return lambda **changes: _made_with(layer, changes), ""
    kept = getattr(layer, "_auto_config", None)  # the arguments, where all of them are of plain types
    if kept is not None:
        return lambda **changes: type(layer)(**{**kept.config, **changes}), ""
    if layer.built:
        raise TypeError(f"this {type(layer).__name__} is built already: give a function that makes a new one")
    original = copy.deepcopy(layer)
    return lambda: copy.deepcopy(original), "it is not known how it is made with other arguments"


def _made_with(make: Callable[..., Any], changes: Mapping[str, Any]) -> Any:
    """What a function makes, with changes of the arguments that it gives to the constructor."""
    arguments: dict[int, inspect.BoundArguments] = {}
    original = keras.Operation.__new__

    def noting(cls: Any, *values: Any, **keywords: Any) -> Any:
        made = original(cls, *values, **keywords)
        arguments[id(made)] = inspect.signature(cls.__init__).bind_partial(made, *values, **keywords)
        return made

    keras.Operation.__new__ = noting
    try:
        with global_policy(changes.get("dtype")):
            made = make()
    finally:
        keras.Operation.__new__ = original
    if not changes:
        return made
    bound = arguments[id(made)]
    named = {name: value for name, value in list(bound.arguments.items())[1:] if name not in ("args", "kwargs")}
    return type(made)(**{**named, **bound.kwargs, **changes})
