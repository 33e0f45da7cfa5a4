"""Warm checks: a process that has imported Keras stays, and further checks need not wait for that.

See `kscaffold.probe.warm` for the process. Here it is looked for, by all that decides what it has imported, started,
spoken to, seen and stopped. Whatever is wrong with it, a check begins a process of its own instead, as it does where
there is no warm one. Nobody but the user can enter the folder of its files, nor does a check speak to anybody else's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from kscaffold import __version__
from kscaffold.base.choices import Backend
from kscaffold.check.server import MARK, PROBE, STARTUP_LIMIT, Checker, ServerLost, environment
from kscaffold.probe import processes
from kscaffold.probe.wire import Greeting, from_json, to_line

IDLE_SECONDS = 300.0  # after which a process ends that nobody has asked for anything
# What libraries read as they are imported, or with what they do first; all else is taken from each check.
IMPORTED_WITH = re.compile(
    r"(KERAS|TF|XLA|JAX|TORCH|PYTORCH|CUDA|NVIDIA|ROCM|HIP|LD|DYLD|OMP|KMP|MKL|OPENBLAS|BLIS|NUMEXPR|NPY|MALLOC|LC)_\w+"
    r"|PYTHON\w*|HOME|LANG|LANGUAGE|TZ"
)
BACKENDS = (Backend.TENSORFLOW, Backend.NUMPY)  # that are known to bear a fork long after they were imported
ANSWER_LIMIT = 10.0  # seconds for one that is ready to answer
BEGINNING = 5.0  # seconds for one to let others connect after it was started
ENDING = 5.0  # seconds for what a check has started to end


class Use(Enum):
    """Whether checks use a warm process."""

    IF_THERE = "if there is one"
    START = "and one is started if there is none"
    NEVER = "never"


_use: ContextVar[tuple[Use, list[str]] | None] = ContextVar("whether checks are warm, as flags say", default=None)
_kept: ContextVar[dict[str, subprocess.Popen[bytes]] | None] = ContextVar("warm processes of this one", default=None)


@contextlib.contextmanager
def using(use: Use) -> Iterator[list[str]]:
    """Inside, checks are warm as flags say.

    Yields:
        The reasons why they are not although they should be, as they come.
    """
    reasons: list[str] = []
    token = _use.set((use, reasons))
    try:
        yield reasons
    finally:
        _use.reset(token)


@contextlib.contextmanager
def keeping() -> Iterator[list[str]]:
    """As `using`: inside, checks are warm, and what is started for that ends with the context, or this process."""
    kept: dict[str, subprocess.Popen[bytes]] = {}
    token = _kept.set(kept)
    try:
        with using(Use.START) as reasons:
            yield reasons
    finally:
        _kept.reset(token)
        for process in kept.values():
            _let_go(process)


def _let_go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class NotWarm(Exception):
    """Why a check cannot be warm."""


class WarmServer(Checker):
    """A server that a warm process has forked for this check."""

    def __init__(self, connection: socket.socket, backend: str, seconds: float) -> None:
        super().__init__()
        self._control, self._seconds = connection, seconds
        self._pid = 0
        connection.settimeout(ANSWER_LIMIT)
        with contextlib.suppress(OSError):  # `await_keras` sees it
            connection.sendall(to_line(Greeting({**environment(backend), MARK: self._mark})))

    def await_keras(self) -> None:
        """Waits until it is there; `ServerLost` if it is not in time."""
        try:
            self._pid = self._receive(self._seconds).server
        except TimeoutError:
            raise ServerLost from None

    def end(self) -> None:
        """Has it end, and ends whatever was started from it."""
        if self._control.fileno() < 0:
            return
        is_done = not self._pid
        with contextlib.suppress(OSError, ServerLost):
            self._control.shutdown(socket.SHUT_WR)
            while not is_done:  # it says so when it has ended whatever descends from it
                is_done = self._receive(ENDING).server == self._pid
        self._control.close()
        if not is_done:
            processes.end_all(lambda: processes.family([self._pid], processes.running()) | self._marked())


def reach(interpreter: str, backend: str, wanted: bool = False) -> WarmServer:
    """A server of the warm process for an interpreter and a backend; `NotWarm` where there is none.

    One is started where flags, or else the settings, want it.
    """
    use, reasons = _use.get() or (Use.START if wanted else Use.IF_THERE, [])
    try:
        return _reach(interpreter, backend, use)
    except NotWarm as reason:
        reasons += [str(reason)] if use is Use.START and str(reason) not in reasons else []
        raise


def _reach(interpreter: str, backend: str, use: Use) -> WarmServer:
    if use is Use.NEVER:
        raise NotWarm("it is not wanted")
    if not hasattr(os, "fork"):
        raise NotWarm("this system cannot fork")
    if backend not in BACKENDS:
        raise NotWarm(f"{backend} is not known to bear it")
    with _folder(make=use is Use.START) as folder:
        name = _name(interpreter, backend)
        try:
            connection = folder.connect(f"{name}.socket")
        except OSError:
            if use is not Use.START:
                raise NotWarm("there is none") from None
            connection = _start(folder, name, interpreter, backend)
        about = folder.about(name)
        return WarmServer(connection, backend, ANSWER_LIMIT if about and about.get("ready") else STARTUP_LIMIT)


def _start(folder: _Folder, name: str, interpreter: str, backend: str) -> socket.socket:
    """Starts a warm process, or finds that somebody else just did; gives a connection."""
    kept = _kept.get()
    seconds = 0.0 if kept is not None else IDLE_SECONDS
    try:
        process = subprocess.Popen(
            [interpreter, "-P", str(PROBE), name, str(seconds), str(kept is not None)],
            stdin=subprocess.DEVNULL if kept is None else subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder.path,
            env=environment(backend),
            start_new_session=True,
        )
    except OSError as error:
        raise NotWarm(f"{interpreter} cannot be started: {error.strerror}") from error
    ends_at = time.monotonic() + BEGINNING
    while True:
        has_ended = process.poll() is not None  # as it does where there is another one
        with contextlib.suppress(OSError):
            connection = folder.connect(f"{name}.socket")
            break
        if time.monotonic() > ends_at or (has_ended and not folder.about(name)):
            process.kill()
            raise NotWarm(f"{interpreter} does not stay")
        time.sleep(0.01)
    if kept is None:
        process.returncode = 0  # it is nobody's child any more
    elif process.poll() is None:
        if name in kept:
            _let_go(kept[name])
        kept[name] = process
    return connection


class _Folder:
    """The folder of the files of warm processes, which nobody else can enter.

    Args:
        path: Where it is.
        descriptor: By which it is open, so that it is always the one that was looked at.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor

    def connect(self, name: str) -> socket.socket:
        """A connection to a socket in it; an `OSError` where nobody, or somebody else, listens there."""
        # What is before the name may be longer than the name of a socket can be.
        place = f"/proc/self/fd/{self._descriptor}" if sys.platform == "linux" else str(self.path)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(1.0)
            connection.connect(f"{place}/{name}")
            if hasattr(socket, "SO_PEERCRED"):
                credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
                pid, uid = (int.from_bytes(credentials[at : at + 4], sys.byteorder) for at in (0, 4))
                if uid != os.geteuid() or not pid:  # it has none where it is in another container
                    raise PermissionError
        except BaseException:
            connection.close()
            raise
        return connection

    def names(self) -> list[str]:
        """What the files of each process are called."""
        return sorted(name.removesuffix(".json") for name in os.listdir(self._descriptor) if name.endswith(".json"))

    def about(self, name: str) -> Mapping[str, Any] | None:
        """What a process says of itself; `None` if none of that name runs."""
        import fcntl

        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            descriptor = os.open(f"{name}.json", flags, dir_fd=self._descriptor)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:  # it lives
                try:
                    found = json.loads(file.read(1 << 16))
                except ValueError:
                    found = {}
                return found if isinstance(found, dict) else {}
            except OSError:
                pass
        return None


@contextlib.contextmanager
def _folder(make: bool) -> Iterator[_Folder]:
    """The folder, open; `NotWarm` if there is none, or others may enter it."""
    from platformdirs import user_state_path

    path = user_state_path("kscaffold", appauthor=False) / "warm"
    try:
        if make:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise NotWarm(f"{path}: {error.strerror}" if make else "there is none") from None
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise NotWarm(f"{path} has to belong to you, and nobody else may enter it (chmod 700)")
        yield _Folder(path, descriptor)
    finally:
        os.close(descriptor)


def _name(interpreter: str, backend: str) -> str:
    """What the files of a process are called: a digest of all that decides what it has imported."""
    parts: list[object] = [__version__, str(PROBE), interpreter, backend, os.geteuid()]
    with contextlib.suppress(OSError):
        parts.append([os.path.realpath(interpreter), os.stat(interpreter).st_mtime_ns])
    parts.append(sorted(item for item in environment(backend).items() if IMPORTED_WITH.fullmatch(item[0])))
    for place in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid", "/proc/self/ns/mnt"):
        with contextlib.suppress(OSError):
            parts.append(os.readlink(place) if os.path.islink(place) else Path(place).read_text(encoding="ascii"))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class WarmProcess:
    """A warm process that runs."""

    pid: int
    started: int  # as in `processes.Process`, where that is known
    interpreter: str
    backend: str
    since: float  # seconds of the clock
    seconds: float  # after which it ends if nobody asks; 0 for one that ends with the command that began it
    ready: bool = False

    @property
    def megabytes(self) -> int:
        """The memory that it takes, with the processes that it has forked."""
        own = processes.private_bytes(self.pid)
        others = processes.family([self.pid], processes.running()) - {self.pid}
        more = sum(max(0, processes.private_bytes(pid) - own) for pid in others)
        return (processes.resident_bytes(self.pid) + more) // (1 << 20)

    @property
    def is_there(self) -> bool:
        """Whether it runs, and its number is not another one's."""
        if processes.PROC.is_dir():
            found = processes.find(self.pid)
            return found is not None and found.started == self.started
        try:
            os.kill(self.pid, 0)
        except OSError:
            return False
        return True


def running() -> tuple[WarmProcess, ...]:
    """The warm processes of the user."""
    try:
        with _folder(make=False) as folder:
            said = [folder.about(name) for name in folder.names()]
    except NotWarm:
        return ()
    found = []
    for about in said:
        with contextlib.suppress(TypeError, ValueError):  # what it says is not whole yet
            found.append(from_json(WarmProcess, about))
    return tuple(process for process in found if process.pid > 1 and process.is_there)


def stop() -> tuple[WarmProcess, ...]:
    """Ends all warm processes of the user; checks that are at work go on with processes of their own."""
    found = running()
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in found:
            if process.is_there:
                with contextlib.suppress(OSError):
                    os.kill(process.pid, number)
        ends_at = time.monotonic() + ENDING
        while any(process.is_there for process in found) and time.monotonic() < ends_at:
            time.sleep(0.02)
    return found
