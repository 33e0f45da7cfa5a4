"""One file in one process of its own: it may print, hang, exit or crash, and the others never notice.

The process that imported Keras forks a child for each file that it is told, and says when one has ended. It never looks
at what a child says: that goes through a socket of the child's own to the program that asked, which alone judges it and
keeps limits (`kscaffold.check.child`). A socket cannot be opened by another process, as a file or a pipe can.
"""

import contextlib
import faulthandler
import json
import os
import select
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from typing import NoReturn

from . import processes
from .protocol import Job
from .wire import CUT_OFF, Message, Notice, Order, from_json, to_line

Report = Callable[[Message], None]
Work = Callable[[Job, int, Report], None]
PAUSE = 0.02  # seconds between looks at which children have ended
PREPARATION = 20.0  # seconds that a child may take to get ready for whatever file will come


class Waiting:
    """A child that was forked before anybody knew its file, and has done by then what takes long at first uses.

    No user's code has run in it: it is given to one file, and ends with that.

    Args:
        work: What it does with its file.
        prepare: What it does before.
    """

    def __init__(self, work: Work, prepare: Callable[[], None]) -> None:
        self._connection, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self._connection.close()
            _wait_for_work(theirs, work, prepare)
        theirs.close()

    def hand_over(self, text: bytes, descriptors: list[int], environment: Mapping[str, str]) -> int | None:
        """Has it do what an order says; the bytes of memory that it has by then, `None` if it is no longer there."""
        with self._connection:
            try:
                if not select.select([self._connection], [], [], PREPARATION)[0] or not self._connection.recv(1):
                    return None
                private = processes.private_bytes(self.pid)
                line = json.dumps([dict(environment), text.decode()]).encode() + b"\n"
                sent = socket.send_fds(self._connection, [line], descriptors)
                if sent < len(line):  # a child that has all may have closed its end already
                    self._connection.sendall(line[sent:])
            except OSError:
                return None
        return private


def _wait_for_work(connection: socket.socket, work: Work, prepare: Callable[[], None]) -> NoReturn:
    """Gets ready, then does what is asked; ends with the process that would ask."""
    try:
        os.setsid()
        prepare()
        connection.sendall(b".")
        line, descriptors = receive(connection)
        if line:
            connection.close()
            environment, text = json.loads(line)
            processes.let_others_look()
            os.environ.clear()
            os.environ.update(environment)
            _be_the_child(from_json(Order, json.loads(text)), work, *descriptors)
    finally:
        os._exit(0)


def serve(control: socket.socket, work: Work, waiting: Waiting | None = None) -> None:
    """Forks a child for each `Order` that comes, until nobody is there any more who could send one.

    Each comes with a socket for messages and a file for the stack of a crash. The child is given the job, how many of
    its classes are done already, and a function for messages. The first order goes to a child that waits, if one does.
    """
    processes.adopt_orphans()
    children: set[int] = set()
    private = processes.private_bytes(os.getpid())
    with contextlib.suppress(ConnectionError):
        while True:
            if select.select([control], [], [], PAUSE)[0]:
                text, descriptors = receive(control)
                if not text:
                    break
                known = waiting.hand_over(text, descriptors, os.environ) if waiting else None
                if waiting and known is not None:
                    pid = waiting.pid
                else:
                    pid, known = os.fork(), private
                if pid == 0:
                    control.close()
                    os.setsid()
                    _be_the_child(from_json(Order, json.loads(text)), work, *descriptors)
                waiting = None
                for descriptor in descriptors:
                    os.close(descriptor)
                children.add(pid)
                control.sendall(to_line(Notice(pid=pid, private=known)))
            for pid, status in ended():
                if pid in children:
                    children.remove(pid)
                    control.sendall(to_line(Notice(pid=pid, status=status)))
    for pid in children | ({waiting.pid} if waiting else set()):
        processes.end_group(pid)
    processes.end_descendants()


def receive(control: socket.socket) -> tuple[bytes, list[int]]:
    """A line and the descriptors that come with it; an empty one if nobody is there any more."""
    text, descriptors, _, _ = socket.recv_fds(control, 65536, 2)
    while text and not text.endswith(b"\n"):
        part = control.recv(65536)
        if not part:
            return b"", descriptors
        text += part
    return text, descriptors


def ended() -> list[tuple[int, int]]:
    """The processes that have ended, each with its status: children, and orphans that were adopted."""
    found = []
    with contextlib.suppress(ChildProcessError):
        while (one := os.waitpid(-1, os.WNOHANG))[0]:
            found.append(one)
    return found


def _be_the_child(order: Order, work: Work, connection: int, faults: int) -> NoReturn:
    """Does the work and ends the process; what it prints is nobody's."""
    identity, own = os.fstat(connection), os.getpid()

    def report(message: Message) -> None:
        if os.getpid() != own:
            os._exit(0)  # the user's code has forked, and both go on
        text = to_line(message)
        try:
            # The user's code may have closed it, and opened something else that has its number now.
            while text and os.path.samestat(identity, os.fstat(connection)):
                text = text[os.write(connection, text) :]
        finally:
            if text:
                os._exit(CUT_OFF)

    try:
        for descriptor in (connection, faults):
            os.set_inheritable(descriptor, False)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(nothing, standard)
        os.close(nothing)
        faulthandler.enable(faults, all_threads=False)
        faulthandler.register(signal.SIGUSR1, faults, all_threads=False)
        tempfile.tempdir = str(order.folder)
        os.chdir(order.folder)
        work(order.job, order.start, report)
        report(Message(ended=True))
    except BaseException as error:  # what the user's code does to the check itself, or a mistake of this program
        place = traceback.extract_tb(error.__traceback__)[-1]
        report(Message(broken=f"{type(error).__name__} in {os.path.basename(place.filename)}:{place.lineno}"))
    finally:
        sys.stdout.flush()
        os._exit(0)
