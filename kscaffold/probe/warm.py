"""The warm process: it has imported Keras, and is there for many checks.

It runs nothing but the imports, and reads nothing of what a check says. For each check that connects to its socket a
process is forked that is the server of that check alone (`isolation.serve`) and ends with it; what that leaves running
is ended here. One such process is forked before anybody connects, with a child that waits for a file and has checked a
sample meanwhile (`isolation.Waiting`), in which the first uses of TensorFlow have their threads.

Its files are in a folder that nobody else may enter: the socket, and one that says who it is, which it has locked for
as long as it lives. When what it has imported is no longer what is installed, it ends: nothing is ever reloaded.
"""

import contextlib
import fcntl
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from . import processes
from .isolation import Waiting, ended, receive, serve
from .protocol import Job
from .wire import Notice, to_line

Stamp = tuple[int, int, int]  # of a file: nanoseconds, bytes, inode

BUSY, IDLE = 0.05, 0.5  # seconds between looks at what has ended, while a check is at work and otherwise
MOST_CHECKS = 32  # at once
GREETING = 10.0  # seconds for a check to say what it is after it has connected
FAILURES = 3  # of processes that are forked ahead, after which there are none any more
ATTEMPTS = 4  # to lock a file
INSTALLED = (".dist-info", ".egg-info", ".egg-link", ".pth")


def stay(name: str, seconds: float, has_parent: bool, import_keras: Callable[[], None]) -> None:
    """Serves checks until nothing has been asked for some time, or it is told to end.

    Args:
        name: What its files are called, in the current folder.
        seconds: The time after which it ends if nothing is asked; 0 for none.
        has_parent: Whether it ends with the process that began it, which holds the other end of its standard input.
        import_keras: Does that, or raises.
    """
    with contextlib.ExitStack() as stack:
        described = _lock(f"{name}.json", stack) if _is_private(".") else None
        if described is None:
            return  # there is one already
        parent = [os.dup(sys.stdin.fileno())] if has_parent else []
        os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
        # It does not raise, since that would happen in a process that has just been forked, too.
        told_to_end: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, frame: told_to_end.append(number))
        woken, waker = (stack.enter_context(end) for end in socket.socketpair())
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno())
        os.umask(0o077)
        door = _Door(f"{name}.socket", stack)
        scratch = Path(f"{name}.scratch").absolute()
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        stack.callback(shutil.rmtree, scratch, True)
        about = {"pid": os.getpid(), "started": _started(), "since": time.time(), "seconds": seconds}
        _describe(described, about)
        installed = _installed()
        processes.let_nobody_look()
        processes.adopt_orphans()
        import_keras()
        inspection = importlib.import_module(f"{__package__}.inspection")
        inspection.freeze()
        imported = _files()
        _describe(described, {**about, "ready": True})
        # A lock belongs to what is open: whoever else has that open keeps it.
        servers = _Servers(
            inspection.inspect_file,
            (door.listener.fileno(), woken.fileno(), waker.fileno(), described, *parent),
            scratch,
        )
        stack.callback(processes.end_descendants)
        last = time.monotonic()
        while (time.monotonic() - last < seconds or not seconds) and not told_to_end and door.is_there:
            servers.look()
            last = time.monotonic() if servers.at_work else last
            pause = BUSY if servers.at_work else IDLE
            ready = select.select([door.listener.fileno(), woken.fileno(), *parent], [], [], pause)[0]
            if not {*parent}.isdisjoint(ready):
                return
            if door.listener.fileno() in ready and (connection := door.open()):
                with connection:
                    if installed != _installed() or imported != _files(imported):
                        break
                    servers.begin(connection)
                last = time.monotonic()
        door.close()
        while servers.at_work and not told_to_end:  # what runs may end, unless somebody wants it to
            servers.look(is_closing=True)
            time.sleep(BUSY)


class _Door:
    """The socket that checks connect to; those that do before Keras is there wait."""

    def __init__(self, place: str, stack: contextlib.ExitStack) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place)
        self._place = place
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(place)
        self._own = os.lstat(place)
        stack.callback(self.close)
        self.listener.listen(MOST_CHECKS)

    @property
    def is_there(self) -> bool:
        """Whether anybody can find it."""
        return _is(self._place, self._own)

    def open(self) -> socket.socket | None:
        """The connection of a process of the same user; `None` for one of another."""
        connection, _ = self.listener.accept()
        if hasattr(socket, "SO_PEERCRED"):  # elsewhere nobody else can enter the folder, either
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            if int.from_bytes(credentials[4:8], sys.byteorder) != os.geteuid():
                connection.close()
                return None
        return connection

    def close(self) -> None:
        """Lets nobody in any more."""
        self.listener.close()
        _remove(self._place, self._own)


def _is_private(folder: str) -> bool:
    found = os.lstat(folder)
    return found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _lock(name: str, stack: contextlib.ExitStack) -> int | None:
    """Opens and locks a file, which is removed at the end; `None` if another process has it."""
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    stack.callback(os.close, descriptor)
    for attempt in reversed(range(ATTEMPTS)):  # who only looks whether it is locked has it for a moment
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if not attempt:
                return None
            time.sleep(BUSY)
    if not _is(name, os.fstat(descriptor)):
        return None  # it has been removed meanwhile, and another one is there
    stack.callback(_remove, name, os.fstat(descriptor))
    return descriptor


def _is(place: str, one: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.lstat(place), one)
    except OSError:
        return False


def _remove(place: str, one: os.stat_result) -> None:
    if _is(place, one):
        os.unlink(place)


def _started() -> int:
    found = processes.find(os.getpid())
    return found.started if found else 0


def _describe(descriptor: int, about: dict[str, Any]) -> None:
    text = json.dumps({**about, "interpreter": sys.executable, "backend": os.environ["KERAS_BACKEND"]}).encode()
    os.pwrite(descriptor, text, 0)
    os.ftruncate(descriptor, len(text))


def _installed() -> dict[str, int]:
    """What is installed where this interpreter imports from, and kscaffold's own part here, with times of change."""
    found = {}
    for folder in (*sys.path, os.path.dirname(os.path.abspath(__file__))):
        own = folder == os.path.dirname(os.path.abspath(__file__))
        with contextlib.suppress(OSError):
            for entry in os.scandir(folder):
                if entry.name.endswith(INSTALLED) or (own and not entry.name.startswith("__")):
                    with contextlib.suppress(OSError):
                        found[entry.path] = entry.stat().st_mtime_ns
    return found


def _files(paths: Any = None) -> dict[str, tuple[int, ...] | None]:
    """The files of all that is imported, or those that are given, each with what changes when it is changed."""
    if paths is None:
        modules = (vars(module).get("__file__") for module in [*sys.modules.values()] if hasattr(module, "__dict__"))
        home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
        own = [os.path.join(home, "keras.json"), sys.executable, os.path.join(sys.prefix, "pyvenv.cfg")]
        paths = [path for path in modules if isinstance(path, str)] + own
    return {path: stamp(path) for path in paths}


def stamp(path: str | Path) -> Stamp | None:
    """What changes with a file: its time, its size, what it is on the disk; `None` if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class _Servers:
    """The servers of the checks that are at work, and the one that waits for the next check.

    Args:
        work: What is done with a file.
        private: The descriptors that no check may have.
        scratch: The folder that children which wait have theirs in.
    """

    def __init__(self, work: Callable[..., None], private: tuple[int, ...], scratch: Path) -> None:
        self._work, self._private, self._scratch = work, private, scratch
        self.at_work: set[int] = set()
        self._next: tuple[int, socket.socket] | None = None
        self._failures = 0

    def look(self, is_closing: bool = False) -> None:
        """Takes note of what has ended, ends what is left of it, and forks ahead when there is time."""
        gone = {pid for pid, _ in ended()}
        if self._next and self._next[0] in gone:
            self._next[1].close()
            self._next = None
            self._failures += 1
        if gone & self.at_work:
            self.at_work -= gone
            processes.end_all(self._strangers)
        if not (is_closing or self.at_work or self._next) and self._failures < FAILURES:
            self._fork_ahead()

    def _strangers(self) -> set[int]:
        """What checks have left, which is adopted when their servers end, and all that descends from it."""
        table = processes.running()
        own = {self._next[0], *self.at_work} if self._next else self.at_work
        left = [one.pid for one in table.values() if one.parent == os.getpid() and one.pid not in own]
        return processes.family(left, table)

    def begin(self, connection: socket.socket) -> None:
        """Has a server for the check that has connected."""
        if self._next:
            pid, channel = self._next
            self._next = None
            with channel, contextlib.suppress(OSError):
                socket.send_fds(channel, [b".\n"], [connection.fileno()])
                self.at_work.add(pid)
                return
        if len(self.at_work) < MOST_CHECKS:
            pid = os.fork()
            if pid == 0:
                try:
                    self._become_another()
                    self._serve(connection, None)
                finally:
                    os._exit(0)
            self.at_work.add(pid)

    def _fork_ahead(self) -> None:
        channel, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            channel.close()
            self._wait(theirs)
        theirs.close()
        self._next = pid, channel

    def _wait(self, channel: socket.socket) -> NoReturn:
        """Is the server of a check that is yet to connect; ends with the process that would say so."""
        try:
            self._become_another()

            def prepare() -> None:
                channel.close()
                self._check_sample()

            waiting = Waiting(self._work, prepare)
            text, descriptors = receive(channel)
            channel.close()
            if text:
                self._serve(socket.socket(fileno=descriptors[0]), waiting)
            processes.end_group(waiting.pid)
        finally:
            os._exit(0)

    def _serve(self, control: socket.socket, waiting: Waiting | None) -> None:
        """Is the server of a check."""
        processes.let_others_look()
        control.settimeout(GREETING)
        text = b""
        while not text.endswith(b"\n"):
            part = control.recv(65536)
            if not part:
                return
            text += part
        control.settimeout(None)
        environment = json.loads(text)["environment"]  # of a `Greeting`, with what is no text as it is
        os.environ.clear()
        os.environ.update(environment)
        control.sendall(to_line(Notice(server=os.getpid())))
        serve(control, self._work, waiting)
        with contextlib.suppress(OSError):
            control.sendall(to_line(Notice(server=os.getpid())))  # nothing is left
        control.close()

    def _become_another(self) -> None:
        """Leaves what belongs to the warm process."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        for descriptor in self._private:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        if self._next:
            self._next[1].close()
        os.chdir("/")

    def _check_sample(self) -> None:
        with _folder(self._scratch), contextlib.suppress(Exception):
            path = Path(__file__).with_name("sample.py")
            self._work(Job(path, path.name, (), None, f"{__package__}.sample"), 0, lambda message: None)
            importlib.import_module(f"{__package__}.inspection").freeze()


@contextlib.contextmanager
def _folder(scratch: Path) -> Iterator[None]:
    """Inside, files are made in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir("/")
            tempfile.tempdir = None
