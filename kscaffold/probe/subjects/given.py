"""A layer or model that a test holds in its hands, or a class or function without arguments that makes one."""

import copy
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .. import protocol
from ..inputs import input_guesses
from ..protocol import CallStyle, Feed
from ..subject import Subject
from ..trying import SOUND, how_well


@dataclass(eq=False)
class GivenSubject(Subject):
    """What makes new layers like one that is there."""

    factory: Callable[[], Any] = field(kw_only=True)

    def new(self) -> Any:
        """A new layer or model."""
        return self.factory()


def give(layer: Any, name: str, feeds: tuple[Feed, ...], call: CallStyle | None) -> Subject:
    """The subject for a layer that is there, or for what makes one; what it is fed, and how, is found out if not given.

    Raises:
        TypeError: The layer is built already.
    """
    factory, unchangeable = _factory_of(layer)
    made = factory()
    module = sys.modules[type(made).__module__]
    path = "" if module.__name__.startswith("keras.") else inspect.getsourcefile(type(made)) or ""
    best, most = None, -1.0
    for guessed, style in input_guesses(made, feeds):
        wanted = protocol.Subject(name, name, guessed, call or style)
        subject = GivenSubject(module, wanted, path, unchangeable=unchangeable, factory=factory)
        well = how_well(subject)
        if well > most:
            best, most = subject, well
        if most == SOUND:
            break
    assert best is not None, "there is always a first guess"
    return best


def _factory_of(layer: Any) -> tuple[Callable[[], Any], str]:
    """What makes new layers like one, and why it does not take changes of their arguments, if it does not.

    Raises:
        TypeError: The layer is built already, and does not say what it was made with.
    """
    if inspect.isfunction(layer) or inspect.ismethod(layer) or inspect.isclass(layer):
        return layer, ""
    kept = getattr(layer, "_auto_config", None)  # the arguments, where all of them are of plain types
    if kept is not None:
        return lambda: type(layer)(**kept.config), ""
    if layer.built:
        raise TypeError(f"this {type(layer).__name__} is built already: give a function that makes a new one")
    original = copy.deepcopy(layer)
    return lambda: copy.deepcopy(original), "it is not known how it is made with other arguments"
