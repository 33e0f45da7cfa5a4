"""Formatting by black, in a process of its own that imports black while the caller still renders.

Importing black takes longer than everything else that a command does without a check.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kscaffold.base.errors import ExitCode, RequestError, broken_template

if TYPE_CHECKING:
    from black.mode import Mode


class Formatter:
    """Formats texts in the order in which they are sent. Leaving the context ends its process.

    Where the system has no fork, the texts are formatted here.
    """

    def __init__(self) -> None:
        self._child = 0
        self._pending: list[tuple[str, dict[str, Any], str]] = []
        if not hasattr(os, "fork"):
            return
        questions, self._ask = os.pipe()
        self._hear, answers = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(self._ask)
            os.close(self._hear)
            _serve(questions, answers)
        os.close(questions)
        os.close(answers)
        self._answers = os.fdopen(self._hear, encoding="utf-8")

    def __enter__(self) -> Formatter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            os.close(self._ask)
            self._answers.close()

    def send(self, text: str, settings: Mapping[str, Any], template: str) -> None:
        """Sends a text to be formatted.

        Args:
            text: Python source.
            settings: The `[tool.black]` table of the project that it goes to.
            template: What is to blame if it is no Python.
        """
        if self._child == 0:
            self._pending.append((text, dict(settings), template))
            return
        message = json.dumps([text, dict(settings), template], default=str).encode() + b"\n"
        while message:
            message = message[os.write(self._ask, message) :]

    def receive(self) -> str:
        """The next formatted text.

        Raises:
            RequestError: The settings are not understood, or the text is no Python.
        """
        if self._child == 0:
            text, settings, template = self._pending.pop(0)
            return format_python(text, black_mode(settings), template)
        answer = json.loads(self._answers.readline() or '{"crash": "it ended"}')
        if "crash" in answer:
            raise RuntimeError(f"the formatting process failed: {answer['crash']}")
        if "error" in answer:
            error = answer["error"]
            raise RequestError(**{**error, "exit_code": ExitCode(error["exit_code"])})
        return str(answer["text"])


def _serve(questions: int, answers: int) -> None:
    """The other side: formats until nobody asks any more, then ends the process."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller decides when this process ends
        import queue
        import threading

        asked: queue.SimpleQueue[str] = queue.SimpleQueue()

        def listen() -> None:
            with os.fdopen(questions, encoding="utf-8") as lines:
                for line in lines:
                    asked.put(line)
            asked.put("")

        # Questions are taken at once: a caller who sends several long texts would wait for ever on a full pipe.
        threading.Thread(target=listen, daemon=True).start()
        import black  # noqa: F401 - before the first question comes

        with os.fdopen(answers, "w", encoding="utf-8") as told:
            while line := asked.get():
                text, settings, template = json.loads(line)
                try:
                    answer: dict[str, Any] = {"text": format_python(text, black_mode(settings), template)}
                except RequestError as error:
                    answer = {"error": vars(error)}
                except Exception as error:  # passed on, and raised where it can be reported
                    answer = {"crash": f"{type(error).__name__}: {error}"}
                told.write(json.dumps(answer) + "\n")
                told.flush()
    finally:
        with contextlib.suppress(BaseException):
            os._exit(0)


def black_mode(settings: Mapping[str, Any]) -> Mode:
    """The mode that a project's `[tool.black]` asks for.

    Args:
        settings: The table, with dashes or underscores in its keys; options about files are of no interest.

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
    flags = {}
    for key in ("skip_string_normalization", "skip_magic_trailing_comma", "preview", "unstable"):
        flags[key] = table.get(key, False)
        if not isinstance(flags[key], bool):
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
        raise broken_template(
            template, None, f"what it gives is no Python ({' '.join(str(error).split())[:300]})"
        ) from error
