"""What `kscaffold new` can be told of a repository, and which answers are allowed."""

import re
from collections.abc import Mapping
from functools import partial

from kscaffold.base.errors import RequestError, unknown
from kscaffold.kinds.model_spec import DEFAULT_PRESET
from kscaffold.library.cookie.template import Cookie
from kscaffold.library.cookie.variables import Ask, Question
from kscaffold.library.templates import Catalogue

OLDEST_PYTHON, NEWEST_PYTHON = 10, 13  # of Python 3: what TensorFlow runs on
AUTHOR = re.compile(r"\s*(?P<name>[^<>]*?)\s*(?:<(?P<email>[^<>\s]+@[^<>\s]+)>)?\s*")


def questions(template: Cookie, catalogue: Catalogue) -> tuple[Question, ...]:
    """What the built-in template, which says the defaults, can be told."""
    said = template.variables
    licenses = tuple(said["license"])
    models = catalogue.of_kind("model")
    presets = tuple(template.name for template in models if template.is_spec)
    others = tuple(template.name for template in models if not template.is_spec)
    return (
        Question("description", said["description"], check=partial(_check_line, "--description")),
        Question("author", said["author"], check=_check_author),
        Question("license", licenses[0], licenses, partial(_check_choice, "--license", licenses)),
        Question("model", DEFAULT_PRESET, presets, partial(_check_model, presets, others)),
        Question("python", said["python"], check=_check_python),
    )


def find_answers(given: Mapping[str, str], asked: tuple[Question, ...], ask: Ask | None) -> dict[str, str]:
    """What the flags, else the user, else the defaults say, by name; refuses an answer that is not allowed."""
    answers = dict(given)
    for question in asked:
        if question.name not in given:
            answers[question.name] = ask(question) if ask and question.name != "python" else question.default
            question.check(answers[question.name])
    return answers


def _check_line(flag: str, text: str) -> None:
    if any(not character.isprintable() for character in text) or len(text) > 300:
        raise RequestError("It has to be one line of at most 300 characters.", where=flag)


def _check_author(text: str) -> None:
    _check_line("--author", text)
    if not AUTHOR.fullmatch(text):
        hint = "For example: Ada Byte <ada@example.org>."
        raise RequestError(f"{text!r} is not an author.", hint=hint, where="--author")


def _check_choice(flag: str, choices: tuple[str, ...], text: str) -> None:
    if text not in choices:
        raise unknown(f"There is no {flag[2:]} {text!r}.", text, choices, flag)


def _check_model(presets: tuple[str, ...], others: tuple[str, ...], text: str) -> None:
    if text in others:
        problem = f"model/{text} says itself how it is trained, and the program of a repository trains towards targets."
        hint = f"Begin with a preset, and add it there: kscaffold model NAME -t {text}."
        raise RequestError(problem, hint=hint, where="--model")
    _check_choice("--model", presets, text)


def is_version(text: str) -> bool:
    """Whether what follows `--python` is a version, and not an interpreter."""
    return re.fullmatch(r"[0-9]+(\.[0-9]+)*", text) is not None


def _check_python(text: str) -> None:
    match = re.fullmatch(r"3\.([0-9]{1,2})", text)
    if match is None or not OLDEST_PYTHON <= int(match[1]) <= NEWEST_PYTHON:
        raise RequestError(
            f"The repository cannot be for Python {text}.",
            hint=f"Give a version from 3.{OLDEST_PYTHON} to 3.{NEWEST_PYTHON}.",
            where="--python",
        )
