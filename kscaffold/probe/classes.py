"""Classes that Keras calls and that are no layers: losses, optimizers, callbacks and the like."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar, TypeVar

from . import protocol
from .arguments import guesses
from .attributes import own_classes
from .exceptions import explain
from .found import Found, NotASubject
from .protocol import Known
from .rule import CannotBeTried
from .subject import Subject

Kind = TypeVar("Kind", bound="Class")


@dataclass(eq=False)
class Class(Subject):
    """A class under check that Keras calls.

    Attributes:
        base: The class of Keras' that it derives from.
        unfinished: The methods of the base that a finished class replaces, or does without by a `__call__` of its own.
        guessed: Whether arguments that its constructor needs may be made up.
        is_described: Whether somebody said how it is made, so that whatever it raises is a defect.
    """

    base: ClassVar[Any]
    unfinished: ClassVar[tuple[str, ...]] = ()
    guessed: ClassVar[bool] = True
    is_described: bool = False

    def fit(self, made: Any, known: Known) -> tuple[str, ...]:
        """Finds out what it is given when it is called; what was assumed for that, as flags."""
        return ()

    @property
    def fits(self) -> bool:
        """Whether it can be called on what was found."""
        return True

    def blame(self, error: Exception) -> None:
        """Raises an exception of the user's code if it is a defect, and `CannotBeTried` if it may want another use."""
        if self.is_described or misses_a_name(error, self.cls):
            raise error
        raise CannotBeTried(f"where it is tried it raises {explain(error)}") from error


def misses_a_name(error: BaseException, cls: type) -> bool:
    """Whether code is wrong whatever it is called on; other exceptions may come from values of the wrong kind."""
    if not isinstance(error, AttributeError):
        return isinstance(error, NameError)
    return bool(re.match(rf"module |'(\w*Tensor|{cls.__name__})' object", str(error)))


def find(module: ModuleType, kind: type[Class]) -> Iterator[Found]:
    """The classes of a module that are of a kind."""
    classes = {
        item
        for name, item in vars(module).items()
        if inspect.isclass(item) and issubclass(item, kind.base) and item.__module__ == module.__name__
        if item.__qualname__ == name
    }
    for cls in classes:
        derived = any(other is not cls and issubclass(other, cls) for other in classes)
        inherited = (name for name in kind.unfinished if getattr(cls, name) is getattr(kind.base, name))
        left = [] if _calls(cls) else list(inherited)
        why = "it is abstract" if inspect.isabstract(cls) else ""
        if left and derived:
            why = f"it has no {left[0]} of its own and is the base of others"
        yield Found(cls.__name__, cls, why, try_out=lambda *arguments: try_out(kind, *arguments))


def _calls(cls: type) -> bool:
    """Whether a class says itself what calling it does."""
    return any("__call__" in vars(one) for one in own_classes(cls))


def describe(kind: type[Kind], module: ModuleType, wanted: protocol.Subject, path: str) -> Kind | None:
    """The subject for a class that somebody described; `None` if it is not of a kind."""
    item = getattr(module, wanted.name, None)
    if not (inspect.isclass(item) and issubclass(item, kind.base)):
        return None
    subject = kind(module, wanted, path, is_described=True)
    subject.fit(subject.make(), Known(feeds=wanted.feeds))
    return subject


def try_out(
    kind: type[Kind], module: ModuleType, found: Found, known: Known, path: str
) -> tuple[Kind, tuple[str, ...]]:
    """How a class can be made and called, and what was assumed for that, as flags would say it.

    Raises:
        NotASubject: Its constructor needs what nobody said, and what may not be made up.
        BaseException: What the likeliest arguments raise if it cannot be made at all.
    """
    failure: BaseException | None = None
    best: tuple[Kind, tuple[str, ...]] | None = None
    given = dict(known.args)
    for arguments in guesses(found.item, given):
        construct = f"{found.name}({', '.join(f'{key}={source}' for key, source in arguments.items())})"
        assumed = tuple(f"--arg {name}={source}" for name, source in arguments.items() if name not in given)
        if assumed and not kind.guessed:
            needed = ", ".join(name for name in arguments if name not in given)
            raise NotASubject(f"its constructor needs {needed}: say what they are by --arg NAME=VALUE", is_open=False)
        subject = kind(module, protocol.Subject(found.name, construct), path, found.lines[0])
        try:
            made = subject.make()
        except (Exception, SystemExit) as error:
            failure = failure or error
            continue
        assumed += subject.fit(made, known)
        best = best or (subject, assumed)
        if subject.fits:
            return subject, assumed
    if best:
        return best
    assert failure is not None, "there is always a first guess"
    raise failure
