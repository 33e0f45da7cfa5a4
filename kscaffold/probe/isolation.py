"""One file in one process of its own: it may print, hang, exit or crash, and the others never notice."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import re
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from typing import IO, Any

Report = Callable[[dict[str, Any]], None]
LAST_WORDS = 0.5  # seconds that a hanging child has to say where it hangs
FRAME = re.compile(r'File "(?P<file>[^"]*)", line (?P<line>\d+) in ')


def run_isolated(work: Callable[[Report], dict[str, Any]], limit: float, path: str) -> dict[str, Any]:
    """Runs `work` in a forked child, or here where the system has no fork.

    Args:
        work: Called with a function that reports progress as `{"stage": text}`; gives the result.
        limit: Seconds that it may take.
        path: The user's file, to find its lines in what a dying process leaves behind.

    Returns:
        The result of `work`, or `{"died": reason, "stage": text, "line": number or None, "output": text}`.
    """
    if not hasattr(os, "fork"):
        return work(lambda progress: None)
    with tempfile.TemporaryFile("w+b") as faults, tempfile.TemporaryFile("w+b") as output:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _be_the_child(work, writing, faults, output)
        os.close(writing)
        messages, timed_out = _listen(reading, time.monotonic() + limit)
        os.close(reading)
        if timed_out:
            os.kill(child, signal.SIGUSR1)
            time.sleep(LAST_WORDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        for message in messages:
            if "result" in message:
                result: dict[str, Any] = message["result"]
                return result
        stages = [message["stage"] for message in messages if "stage" in message]
        return {
            "died": f"does not end within {limit:g} seconds" if timed_out else _describe_end(status),
            "stage": stages[-1] if stages else "at the start",
            "line": _last_line(faults, path),
            "output": _tail(output),
        }


def _be_the_child(work: Callable[[Report], dict[str, Any]], writing: int, faults: IO[bytes], output: IO[bytes]) -> None:
    """Does the work and ends the process; what it prints goes to `output`."""
    os.setsid()
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    faulthandler.enable(faults, all_threads=False)
    faulthandler.register(signal.SIGUSR1, faults, all_threads=False)

    def report(message: dict[str, Any]) -> None:
        text = (json.dumps(message) + "\n").encode()
        while text:
            text = text[os.write(writing, text) :]

    try:
        report({"result": work(report)})
    finally:
        sys.stdout.flush()
        os._exit(0)


def _listen(reading: int, deadline: float) -> tuple[list[dict[str, Any]], bool]:
    """All messages until the child closes its end, and whether the deadline came first."""
    received = b""
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return _messages(received), True
        part = os.read(reading, 65536)
        if not part:
            return _messages(received), False
        received += part
        if received.endswith(b"}\n") and b'{"result": ' in received:
            messages = _messages(received)
            if any("result" in message for message in messages):
                return messages, False


def _messages(received: bytes) -> list[dict[str, Any]]:
    messages = []
    for line in received.split(b"\n"):
        with contextlib.suppress(json.JSONDecodeError):  # a child that died may leave half a line
            messages.append(json.loads(line))
    return messages


def _describe_end(status: int) -> str:
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return f"crashes the interpreter ({name})"
    return f"ends the interpreter (exit status {os.waitstatus_to_exitcode(status)})"


def _last_line(faults: IO[bytes], path: str) -> int | None:
    faults.seek(0)
    for match in FRAME.finditer(faults.read().decode("utf-8", "replace")):
        if match["file"] == path:
            return int(match["line"])
    return None


def _tail(output: IO[bytes]) -> str:
    output.seek(0, os.SEEK_END)
    output.seek(max(0, output.tell() - 2000))
    return output.read().decode("utf-8", "replace")
