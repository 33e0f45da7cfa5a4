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
from collections.abc import Callable
from typing import NoReturn

from . import processes
from .protocol import Job
from .wire import CUT_OFF, Message, Notice, Order, from_json, to_line

Report = Callable[[Message], None]
Work = Callable[[Job, int, Report], None]
PAUSE = 0.02  # seconds between looks at which children have ended


def serve(control: socket.socket, work: Work) -> None:
    """Forks a child for each `Order` that comes, until nobody is there any more who could send one.

    Each comes with a socket for messages and a file for the stack of a crash. The child is given the job, how many of
    its classes are done already, and a function for messages.
    """
    processes.adopt_orphans()
    children: set[int] = set()
    with contextlib.suppress(ConnectionError):
        while True:
            if select.select([control], [], [], PAUSE)[0]:
                text, descriptors = _receive(control)
                if not text:
                    break
                pid = os.fork()
                if pid == 0:
                    control.close()
                    _be_the_child(from_json(Order, json.loads(text)), work, *descriptors)
                for descriptor in descriptors:
                    os.close(descriptor)
                children.add(pid)
                control.sendall(to_line(Notice(pid=pid)))
            for pid, status in _ended():
                if pid in children:
                    children.remove(pid)
                    control.sendall(to_line(Notice(pid=pid, status=status)))
    for pid in children:
        processes.end_group(pid)
    processes.end_descendants()


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    text, descriptors, _, _ = socket.recv_fds(control, 65536, 2)
    while text and not text.endswith(b"\n"):
        text += control.recv(65536)
    return text, descriptors


def _ended() -> list[tuple[int, int]]:
    """The processes that have ended, each with its status: children, and orphans that were adopted."""
    ended = []
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended.append(found)
    return ended


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
        os.setsid()
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
