"""The variables of a template: what is given, what the user answers, what the template says itself."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kscaffold.base.errors import unknown
from kscaffold.library.cookie.sandbox import make_environment
from kscaffold.library.cookie.template import CONTEXT_FILE, Cookie, refused
from kscaffold.library.limits import limited


@dataclass(frozen=True)
class Question:
    """A variable that a user is asked for."""

    name: str
    default: str
    choices: tuple[str, ...] = ()  # the values that it may have; none for any
    check: Callable[[str], object] = str  # raises a `RequestError` for a value that is not allowed


Ask = Callable[[Question], str]


def resolve_variables(cookie: Cookie, given: Mapping[str, str], ask: Ask | None = None) -> dict[str, Any]:
    """The values of all variables: those given, then what the user answers if asked, then the template's defaults.

    Refuses a variable or a choice that does not exist, and a default that cannot be rendered.
    """
    for name in given:
        if name not in cookie.questions:
            raise unknown(f"The template has no variable {name!r}.", name, cookie.questions, "--set")
    values: dict[str, Any] = {name: raw for name, raw in cookie.variables.items() if re.match("_(?!_)", name)}
    for name, raw in cookie.variables.items():
        if name == "__prompts__" or name in values:
            continue
        default = _rendered(cookie, name, raw, values)
        if name.startswith("__") or isinstance(raw, dict):
            values[name] = default
            continue
        choices = (
            tuple(map(_as_text, default)) if isinstance(raw, list) else ("yes", "no") if isinstance(raw, bool) else ()
        )
        first = (choices[0] if raw else "") if isinstance(raw, list) else _as_text(default)
        question = Question(name, first, choices, functools.partial(_chosen, name, choices))
        answer = given[name] if name in given else ask(question) if ask else question.default
        question.check(answer)
        values[name] = answer == "yes" if isinstance(raw, bool) else answer
    return values


def _rendered(cookie: Cookie, name: str, raw: Any, values: Mapping[str, Any]) -> Any:
    from jinja2 import TemplateError

    if isinstance(raw, list):
        return [_rendered(cookie, name, item, values) for item in raw]
    if isinstance(raw, dict):
        return {key: _rendered(cookie, name, item, values) for key, item in raw.items()}
    if not isinstance(raw, str):
        return raw
    try:
        with limited():
            return make_environment({}).from_string(raw).render(cookiecutter=dict(values))
    except (TemplateError, ValueError, TypeError, ArithmeticError) as error:
        raise refused(f"{cookie.shown}/{CONTEXT_FILE}", f"the default of {name} is broken ({error})") from error


def _as_text(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else "" if value is None else str(value)


def _chosen(name: str, choices: tuple[str, ...], text: str) -> str:
    if choices and text not in choices:
        raise unknown(f"{text!r} is not a choice for {name}.", text, choices)
    return text
