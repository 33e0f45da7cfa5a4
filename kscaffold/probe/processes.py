"""What Linux says of processes: who began them, what they use, which are still there. Elsewhere nothing is known."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
SET_DUMPABLE, SET_CHILD_SUBREAPER = 4, 36  # of prctl(2)
ROUNDS = 100  # in which new processes may still begin while others are killed
LONGEST_END = 20.0  # seconds that what begins new processes, again and again, is tried to be killed for


@dataclass(frozen=True)
class Process:
    """A process that is not at its end."""

    pid: int  # which another one may have later
    started: int  # in ticks of the clock: with the number, that is this process and no other
    parent: int  # what began it, or adopted it
    seconds: float  # of a processor, with those of its own processes that have ended


def running() -> dict[int, Process]:
    """All processes by their numbers."""
    found = (find(pid) for pid in _numbers())
    return {process.pid: process for process in found if process}


def _numbers() -> Iterator[int]:
    return (int(name) for name in (os.listdir(PROC) if PROC.is_dir() else ()) if name.isdigit())


def find(pid: int) -> Process | None:
    """The process that has a number, if one has it that is not at its end."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # before that is the name of the program, which may hold anything
    if fields[0] in "ZX":
        return None
    return Process(pid, int(fields[19]), int(fields[1]), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK"))


def family(pids: Collection[int], table: dict[int, Process]) -> set[int]:
    """Those of some processes that are in a table, and all that descend from them there."""
    found = set(pids) & table.keys()
    while more := {process.pid for process in table.values() if process.parent in found} - found:
        found |= more
    return found


def marked(variable: str) -> set[int]:
    """The processes that were begun with `NAME=VALUE` in their environment."""
    found = set()
    for pid in running():
        with contextlib.suppress(OSError):
            if variable.encode() in (PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                found.add(pid)
    return found


def private_bytes(pid: int) -> int:
    """The memory that a process has to itself, without mapped files."""
    try:
        _, resident, shared, *_ = (PROC / str(pid) / "statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    """The memory that a process has, with what it shares with others."""
    try:
        return int((PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def starved_seconds(pid: int) -> float:
    """The time that the threads of a process had work to do, and no processor."""
    found = 0
    for path in (PROC / str(pid) / "task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            found += int(path.read_text(encoding="ascii").split()[1])  # nanoseconds
    return found / 1e9


def adopt_orphans() -> None:
    """Makes this process the parent of all that descend from it whose own parents end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1)


def let_nobody_look() -> None:
    """Keeps other processes of the user from reading and changing this one (those of root may)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DUMPABLE, 0, 0, 0, 0)


def let_others_look() -> None:
    """Takes `let_nobody_look` back, also for one that began as a copy of such a process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DUMPABLE, 1, 0, 0, 0)


def end_all(which: Callable[[], Collection[int]]) -> None:
    """Kills processes until none is found any more, twice: one may begin, and its parent end, during a look."""
    found_none = False
    for _ in range(ROUNDS):
        pids = which()
        if not pids and found_none:
            return
        found_none = not pids
        _kill(pids)
        time.sleep(0.005)


def end_descendants() -> None:
    """Kills all that descends from this process, after `adopt_orphans`: until there is nobody to be waited for."""
    own = os.getpid()
    ends_at = time.monotonic() + LONGEST_END
    while time.monotonic() < ends_at:
        _kill(family([own], running()) - {own})
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def _kill(pids: Collection[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def end_group(leader: int) -> None:
    """Kills a process and those that are in its group still."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
