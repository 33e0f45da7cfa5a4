"""Formatting by black, in a process of its own that imports black while the caller still renders.

Importing black takes longer than everything else that a command does without a check.
"""

from __future__ import annotations

import gc
import json
import os
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kscaffold.base.errors import ExitCode, RequestError, broken_template

if TYPE_CHECKING:
    from black.mode import Mode

CRASH = '{"crash": "it ended"}'
HAS_FORK = hasattr(os, "fork")


class Formatter:
    """Formats texts in the order in which they are sent. Leaving the context ends its process.

    Where the system has no fork, the texts are formatted here.
    """

    def __init__(self) -> None:
        self._child = 0
        self._waiting: list[str] = []
        if HAS_FORK:
            questions, ask = os.pipe()
            hear, answers = os.pipe()
            self._child = os.fork()
            if self._child == 0:
                os.close(ask)
                os.close(hear)
                _serve(questions, answers)
            os.close(questions)
            os.close(answers)
            self._ask, self._hear = os.fdopen(ask, "w", encoding="utf-8"), os.fdopen(hear, encoding="utf-8")

    def __enter__(self) -> Formatter:
        return self

    def __exit__(self, *error: object) -> None:
        if self._child:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            self._ask.close()
            self._hear.close()

    def send(self, text: str, settings: Mapping[str, Any], template: str) -> None:
        """Sends a text to be formatted by a `[tool.black]` table; the template is to blame if it is no Python."""
        self._waiting.append(json.dumps([text, dict(settings), template], default=str))
        if len(self._waiting) == 1:
            self._ask_next()

    def receive(self) -> str:
        """The next formatted text.

        Raises:
            RequestError: The settings are not understood, or the text is no Python.
        """
        answer = json.loads(self._hear.readline() or CRASH) if self._child else _answer(self._waiting[0])
        del self._waiting[0]
        self._ask_next()
        if "crash" in answer:
            raise RuntimeError(f"the formatting process failed: {answer['crash']}")
        if "error" in answer:
            raise RequestError(**answer["error"] | {"exit_code": ExitCode(answer["error"]["exit_code"])})
        return str(answer["text"])

    def _ask_next(self) -> None:
        # One at a time: if both sides had more to say than a pipe holds, each would wait for the other.
        if self._child and self._waiting:
            self._ask.write(f"{self._waiting[0]}\n")
            self._ask.flush()


def _serve(questions: int, answers: int) -> None:
    """The other side: formats until nobody asks any more, then ends the process."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller decides when this process ends
        gc.freeze()  # what the caller has made is not this process's to end: TensorFlow's functions crash
        import black  # noqa: F401 - before the first question comes

        gc.freeze()
        with os.fdopen(questions, encoding="utf-8") as asked, os.fdopen(answers, "w", encoding="utf-8") as told:
            for question in asked:
                told.write(json.dumps(_answer(question)) + "\n")
                told.flush()
    finally:
        os._exit(0)


def _answer(question: str) -> dict[str, Any]:
    text, settings, template = json.loads(question)
    try:
        return {"text": format_python(text, black_mode(settings), template)}
    except RequestError as error:
        return {"error": vars(error)}
    except Exception as error:  # passed on, and raised where it can be reported
        return {"crash": f"{type(error).__name__}: {error}"}


def black_mode(settings: Mapping[str, Any]) -> Mode:
    """The mode that a project's `[tool.black]` asks for; its keys have dashes or underscores.

    Raises:
        RequestError: A value that black would refuse.
    """
    from black.const import DEFAULT_LINE_LENGTH
    from black.mode import Mode, TargetVersion

    table = {key.replace("-", "_"): value for key, value in settings.items()}
    versions = table.get("target_version", [])
    try:
        targets = {TargetVersion[version.upper()] for version in versions}
    except (KeyError, AttributeError, TypeError):
        raise RequestError(f"target-version {versions!r} is not known to black.", where="[tool.black]") from None
    line_length = table.get("line_length", DEFAULT_LINE_LENGTH)
    if not isinstance(line_length, int) or isinstance(line_length, bool) or line_length < 1:
        raise RequestError(f"line-length {line_length!r} is not a positive whole number.", where="[tool.black]")
    known = ("skip_string_normalization", "skip_magic_trailing_comma", "preview", "unstable")
    flags = {key: table.get(key, False) for key in known}
    for key, flag in flags.items():
        if not isinstance(flag, bool):
            raise RequestError(f"{key.replace('_', '-')} is neither true nor false.", where="[tool.black]")
    return Mode(
        target_versions=targets,
        line_length=line_length,
        string_normalization=not flags["skip_string_normalization"],
        magic_trailing_comma=not flags["skip_magic_trailing_comma"],
        preview=flags["preview"] or flags["unstable"],
        unstable=flags["unstable"],
    )


def format_python(text: str, mode: Mode, template: str) -> str:
    """Text as black leaves it.

    Raises:
        RequestError: The text is no Python; the template is to blame.
    """
    import black
    from black.parsing import InvalidInput

    try:
        return black.format_str(text, mode=mode)
    except InvalidInput as error:
        problem = " ".join(str(error).split())[:300]
        raise broken_template(template, None, f"what it gives is no Python ({problem})") from error
