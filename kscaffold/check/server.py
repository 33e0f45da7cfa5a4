"""The process that has imported Keras and forks a child for each file, seen from here.

What is checked may kill it, since it is the user's own process: then another one is started.
"""

import json
import os
import secrets
import selectors
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.check.child import Child, Outcome
from kscaffold.probe import processes
from kscaffold.probe.protocol import Limits
from kscaffold.probe.wire import Notice, Order, from_json, to_line

PROBE = Path(__file__).resolve().parents[1] / "probe" / "run.py"
MARK = "KSCAFFOLD_CHECK"  # by which all that a check starts is found, unless it forgets its environment
STARTUP_LIMIT = 180.0  # seconds for `import keras`
FORK_LIMIT = 30.0  # seconds for a child to be begun
ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": "1"}


class ServerLost(Exception):
    """The server has ended, or does nothing any more."""


class Checker(ABC):
    """What forks a child for each file, by the connection to it."""

    _control: socket.socket

    def __init__(self) -> None:
        self._mark = secrets.token_hex(8)
        self._received = b""
        self._statuses: dict[int, int] = {}  # of children that have ended

    @abstractmethod
    def await_keras(self) -> None:
        """Waits until Keras is imported; a `RequestError` if it cannot be, or is not in time.

        `ServerLost` if it was there before, and is no longer.
        """

    @abstractmethod
    def end(self) -> None:
        """Ends all that was ever started from it."""

    def begin(self, outcome: Outcome, limits: Limits, resources: ExitStack) -> Child:
        """A child that is at work on a file, or `ServerLost`; `resources` gets what is given back when it has ended."""
        around = resources.enter_context(_folder())
        folder = Path(around, "work")  # so that the folder around the one that the child is in is its own, too
        folder.mkdir()
        faults = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - `resources` closes it
        connection, theirs = socket.socketpair()
        resources.enter_context(connection)
        connection.setblocking(False)
        order = to_line(Order(outcome.job, len(outcome.verdicts), folder))
        with theirs:
            try:
                self._control.settimeout(FORK_LIMIT)
                sent = socket.send_fds(self._control, [order], [theirs.fileno(), faults.fileno()])
                self._control.sendall(order[sent:])
                while not (notice := self._receive(FORK_LIMIT)).pid:
                    pass
            except (TimeoutError, ConnectionError) as error:
                raise ServerLost from error
        return Child(outcome, limits, notice.pid, connection, faults, notice.private)

    def listen(self, children: Sequence[Child], seconds: float) -> None:
        """Takes what the children and the server say, and waits until there is something; `ServerLost` if it ended."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            for child in children:
                if child.silent is None:
                    selector.register(child.connection, selectors.EVENT_READ, child)
            for key, _ in selector.select(seconds):
                if key.data is None:
                    self._receive(FORK_LIMIT)
                else:
                    key.data.listen()
        for child in children:
            child.status = self._statuses.pop(child.pid, child.status)

    def _receive(self, seconds: float) -> Notice:
        """The last thing that the server says, but which children have ended."""
        self._control.settimeout(seconds)
        while b"\n" not in self._received:
            try:
                part = self._control.recv(1 << 16)
            except ConnectionError:
                part = b""
            if not part:
                raise ServerLost
            self._received += part
        *lines, self._received = self._received.split(b"\n")
        last = Notice()
        for notice in (from_json(Notice, json.loads(line)) for line in lines):
            if notice.status is None:
                last = notice
                self._statuses.pop(notice.pid, None)  # of another process that had its number
            else:
                self._statuses[notice.pid] = notice.status
        return last

    def _marked(self) -> set[int]:
        """The processes that it has started, but for those that have forgotten their environment."""
        return processes.marked(f"{MARK}={self._mark}")


class Server(Checker):
    """The process, started at once; a `RequestError` if the interpreter cannot be."""

    def __init__(self, interpreter: str, backend: str) -> None:
        self._interpreter, self._backend = interpreter, backend
        if not hasattr(os, "fork"):
            raise self._no_keras("cannot fork, as on Windows")
        super().__init__()
        self._folder = _folder()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - until `end`
        self._control, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [interpreter, "-P", str(PROBE)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd=self._folder.name,
                env={**environment(backend), MARK: self._mark},
                start_new_session=True,
            )
        except OSError as error:
            self._folder.cleanup()
            raise self._no_keras(f"cannot be started: {error.strerror}") from error
        finally:
            theirs.close()

    def await_keras(self) -> None:
        """Waits until Keras is imported; a `RequestError` if it cannot be, or is not in time."""
        try:
            notice = self._receive(STARTUP_LIMIT)
        except TimeoutError:
            raise self._no_keras("does not answer") from None
        except ServerLost:
            lines = os.pread(self._errors.fileno(), 1 << 20, 0).decode("utf-8", "replace").strip().splitlines()
            status = self._process.wait()
            raise self._no_keras(f"ended with status {status}: {lines[-1] if lines else 'no message'}") from None
        if notice.no_keras:
            raise self._no_keras(f"cannot import Keras: {notice.no_keras}")

    def end(self) -> None:
        """Ends it, and all that was ever started from it."""
        if self._control.fileno() < 0:
            return
        pid = self._process.pid
        alive = self._process.poll() is None
        if alive:
            processes.end_all(lambda: (processes.family([pid], processes.running()) | self._marked()) - {pid})
        processes.end_group(pid)
        self._process.wait()
        processes.end_all(self._marked)
        self._control.close()
        self._errors.close()
        self._folder.cleanup()

    def _no_keras(self, reason: str) -> RequestError:
        message = f"The interpreter for checks, {self._interpreter}, {reason}."
        ways = f"Install {self._backend} and what it needs there, name another with --python"
        hint = f"{ways}, or leave the check out with --no-check."
        return RequestError(message, hint=hint, exit_code=ExitCode.NO_KERAS)


def environment(backend: str) -> Mapping[str, str]:
    """What a process that checks begins with."""
    return {**os.environ, **ENVIRONMENT, "KERAS_BACKEND": backend}


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kscaffold-check-", ignore_cleanup_errors=True)
