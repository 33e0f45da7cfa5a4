"""One file in one process of its own: it may print, hang, exit or crash, and the others never notice.

`run_jobs` keeps as many children at work as there are cores to spare. A child says what it is about to do; if it dies,
that is the finding for the class that it was at, and another child goes on with the next class of the file.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import re
import selectors
import signal
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

Report = Callable[[dict[str, Any]], None]
Work = Callable[[dict[str, Any], int, Report], None]
LAST_WORDS = 0.5  # seconds that a hanging child has to say where it hangs
GLANCE = 0.1  # seconds between looks at the memory of the children
FRAME = re.compile(r'File "(?P<file>[^"]*)", line (?P<line>\d+) in ')
OWN_MEMORY = re.compile(r"^RssAnon:\s*(\d+) kB", re.MULTILINE)
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What a file may use.

    Attributes:
        seconds: For its import, and for each class.
        megabytes: More than what Keras itself takes; 0 is no limit.
        workers: How many files are at work at once.
    """

    seconds: float
    megabytes: int
    workers: int


@dataclass
class Child:
    """A process that is at work on a file."""

    job: int
    pid: int
    reading: int
    faults: IO[bytes]
    output: IO[bytes]
    deadline: float
    start: int
    stage: str = "at the start"
    begun: dict[str, Any] | None = None
    received: bytes = b""
    killed: str = ""
    finished: bool = False
    said_end: bool = False
    reported: int = 0


@dataclass
class Outcome:
    """What is known of a file so far."""

    subjects: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, Any] | None = None
    died: dict[str, Any] | None = None
    seconds: float = 0.0
    megabytes: int = 0

    def as_json(self) -> dict[str, Any]:
        """The outcome for the document of results."""
        return {key: value for key, value in vars(self).items() if value is not None}


def run_jobs(jobs: list[dict[str, Any]], work: Work, limits: Limits) -> list[dict[str, Any]]:
    """Runs `work` on each job in a forked child, or here where the system has no fork.

    Args:
        jobs: Each with at least `path`, the user's file, to find its lines in what a dying process leaves behind.
        work: Called with a job, how many of its classes are done already, and a function for its messages:
            `{"stage": text}`, `{"begin": {…}}`, `{"subject": {…}}`, `{"failed": {…}}`.
        limits: What a file may use.

    Returns:
        For each job `{"subjects": […], "failed": {…}}`, or `"died": {"reason", "stage", "line"}` instead of the latter;
        what became of a class that died is `{"died": …}` among the subjects.
    """
    outcomes = [Outcome() for _ in jobs]
    if not hasattr(os, "fork"):
        for job, outcome in zip(jobs, outcomes, strict=True):
            work(job, 0, lambda message, outcome=outcome: take(message, outcome))  # type: ignore[misc]
        return [outcome.as_json() for outcome in outcomes]
    waiting = [(index, 0) for index in range(len(jobs))]
    baseline = resident(os.getpid())
    with selectors.DefaultSelector() as selector:
        children: dict[int, Child] = {}
        while waiting or children:
            while waiting and len(children) < limits.workers:
                index, start = waiting.pop(0)
                child = begin(jobs[index], index, start, work, limits)
                children[child.reading] = child
                selector.register(child.reading, selectors.EVENT_READ)
            for key, _ in selector.select(GLANCE):
                child = children[key.fd]
                child.finished = not listen(child, outcomes[child.job], limits)
            for child in list(children.values()):
                watch(child, outcomes[child.job], baseline, limits)
                if child.finished or child.killed:
                    selector.unregister(child.reading)
                    del children[child.reading]
                    again = end(child, jobs[child.job], outcomes[child.job])
                    if again is not None:
                        waiting.insert(0, (child.job, again))
    return [outcome.as_json() for outcome in outcomes]


def take(message: dict[str, Any], outcome: Outcome) -> None:
    """Keeps what a message says."""
    if "subject" in message:
        outcome.subjects.append(message["subject"])
    elif "failed" in message:
        outcome.failed = message["failed"]


def begin(job: dict[str, Any], index: int, start: int, work: Work, limits: Limits) -> Child:
    """Starts a child."""
    faults, output = tempfile.TemporaryFile("w+b"), tempfile.TemporaryFile("w+b")  # noqa: SIM115 - until `end`
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        be_the_child(lambda report: work(job, start, report), writing, faults, output)
    os.close(writing)
    return Child(index, pid, reading, faults, output, time.monotonic() + limits.seconds, start)


def be_the_child(work: Callable[[Report], None], writing: int, faults: IO[bytes], output: IO[bytes]) -> None:
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
        # Inside the folder of the check process, which is removed with all that a child leaves in it.
        tempfile.tempdir = tempfile.mkdtemp(dir=os.getcwd())
        os.chdir(tempfile.tempdir)
        work(report)
        report({"end": True})
    except BaseException:  # nothing of the user's gets here: a mistake of this program
        report({"broken": traceback.format_exc()})
    finally:
        os._exit(0)


def listen(child: Child, outcome: Outcome, limits: Limits) -> bool:
    """Takes what a child says; whether it may say more."""
    part = os.read(child.reading, 65536)
    if not part:
        return False
    child.received += part
    *lines, child.received = child.received.split(b"\n")
    for line in lines:
        message = json.loads(line)
        if "begin" in message:
            child.begun = message["begin"]
            child.deadline = time.monotonic() + limits.seconds
        elif "stage" in message:
            child.stage = message["stage"]
        elif "broken" in message:
            raise RuntimeError(message["broken"])
        elif "end" in message:
            child.said_end = True
            return False
        else:
            child.reported += 1
            child.begun = None
            take(message, outcome)
    return True


def watch(child: Child, outcome: Outcome, baseline: int, limits: Limits) -> None:
    """Kills a child that takes more time or memory than it may."""
    used = max(0, resident(child.pid) - baseline)
    outcome.megabytes = max(outcome.megabytes, used // MEGABYTE)
    if child.finished:
        return
    if time.monotonic() > child.deadline:
        child.killed = f"does not end within {limits.seconds:g} seconds"
    elif limits.megabytes and used > limits.megabytes * MEGABYTE:
        child.killed = f"takes more than {limits.megabytes} MB of memory"


def end(child: Child, job: dict[str, Any], outcome: Outcome) -> int | None:
    """Ends a child for good.

    Returns:
        With how many classes done its file has to be gone on with, `None` if there is nothing left to do.
    """
    done = child.start + child.reported
    os.close(child.reading)
    if child.killed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGUSR1)
        time.sleep(LAST_WORDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    _, status = os.waitpid(child.pid, 0)
    died = {
        "reason": child.killed or describe_end(status),
        "stage": child.stage,
        "line": last_line(child.faults, job["path"]),
    }
    child.faults.close()
    child.output.close()
    if child.begun is not None:
        outcome.subjects.append({**child.begun, "died": died})
        return done + 1
    if not child.said_end and outcome.failed is None:
        outcome.died = died
    return None


def resident(pid: int) -> int:
    """The bytes of memory that a process has, without mapped files; 0 where the system does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    match = OWN_MEMORY.search(status)
    return int(match[1]) * 1024 if match else 0


def describe_end(status: int) -> str:
    """How a process ended, in words."""
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return f"crashes the interpreter ({name})"
    return f"ends the interpreter (exit status {os.waitstatus_to_exitcode(status)})"


def last_line(faults: IO[bytes], path: str) -> int | None:
    """The innermost line of the user's file in what `faulthandler` wrote."""
    faults.seek(0)
    for match in FRAME.finditer(faults.read().decode("utf-8", "replace")):
        if match["file"] == path:
            return int(match["line"])
    return None
