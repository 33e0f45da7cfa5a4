"""One file in one process of its own: it may print, hang, exit or crash, and the others never notice.

The check process forks a child for each file, as many at once as there are cores to spare, and is the only one that
looks at what a child says, at its time and at its memory. A child says what it is about to do; if it dies or is killed,
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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from .inspection import IMPORTS, rule_of
from .protocol import FileVerdict, Finding, Job, Limits, Verdict
from .wire import Message, from_json, to_json

Report = Callable[[Message], None]
Work = Callable[[Job, int, Report], None]
LAST_WORDS = 0.5  # seconds that a hanging child has to say where it hangs
GLANCE = 0.1  # seconds between looks at the memory of the children
FRAME = re.compile(r'File "(?P<file>[^"]*)", line (?P<line>\d+) in ')
OWN_MEMORY = re.compile(r"^RssAnon:\s*(\d+) kB", re.MULTILINE)
MEGABYTE = 1024 * 1024


@dataclass
class Outcome:
    """What is known of a file so far."""

    job: Job
    verdicts: list[Verdict] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    megabytes: int = 0

    def take(self, message: Message) -> None:
        """Keeps what a child says of the file."""
        self.verdicts += [message.verdict] if message.verdict else []
        self.findings += [message.failed] if message.failed else []

    def verdict(self) -> FileVerdict:
        """What is said of the file."""
        return FileVerdict(self.job.shown, tuple(self.findings), tuple(self.verdicts), self.megabytes)


@dataclass
class Child:
    """A process that is at work on a file.

    Attributes:
        outcome: What is known of its file.
        pid: The process.
        reading: The end of the pipe that it writes its messages to.
        faults: Where it writes the stack to if it crashes, or is asked to.
        deadline: When it is killed.
        stage: What it does.
        begun: The class that it is at.
        received: The beginning of a message.
        killed: Why it is killed.
        silent: Whether it says nothing more.
        ended: Whether it said that it is done with its file.
    """

    outcome: Outcome
    pid: int
    reading: int
    faults: IO[bytes]
    deadline: float
    stage: str = "at the start"
    begun: Verdict | None = None
    received: bytes = b""
    killed: str = ""
    silent: bool = False
    ended: bool = False


def run_jobs(jobs: tuple[Job, ...], work: Work, limits: Limits) -> tuple[FileVerdict, ...]:
    """Runs `work` on each job in a forked child, or here where the system has no fork.

    Args:
        jobs: The files.
        work: Called with a job, how many of its classes are done already, and a function for its messages.
        limits: What a file may use.

    Returns:
        What is said of each file.

    Raises:
        RuntimeError: A child failed, and not the user's code in it.
    """
    outcomes = [Outcome(job) for job in jobs]
    if hasattr(os, "fork"):
        _run_children(outcomes, work, limits)
    else:
        for outcome in outcomes:
            work(outcome.job, 0, outcome.take)
    return tuple(outcome.verdict() for outcome in outcomes)


def _run_children(outcomes: list[Outcome], work: Work, limits: Limits) -> None:
    waiting = list(outcomes)
    workers = limits.workers or _available_cores()
    baseline = _resident(os.getpid())
    with selectors.DefaultSelector() as selector:
        children: dict[int, Child] = {}
        while waiting or children:
            while waiting and len(children) < workers:
                child = _begin(waiting.pop(0), work, limits)
                children[child.reading] = child
                selector.register(child.reading, selectors.EVENT_READ)
            for key, _ in selector.select(GLANCE):
                _listen(children[key.fd], limits)
            for child in list(children.values()):
                _watch(child, baseline, limits)
                if child.silent or child.killed:
                    selector.unregister(child.reading)
                    del children[child.reading]
                    if _end(child):
                        waiting.insert(0, child.outcome)


def _begin(outcome: Outcome, work: Work, limits: Limits) -> Child:
    """Forks a child, which begins with the first class of its file that nothing is said of."""
    faults = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - until `_end`
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _be_the_child(lambda report: work(outcome.job, len(outcome.verdicts), report), writing, faults)
    os.close(writing)
    return Child(outcome, pid, reading, faults, time.monotonic() + limits.seconds)


def _be_the_child(work: Callable[[Report], None], writing: int, faults: IO[bytes]) -> None:
    """Does the work and ends the process; what it prints goes to a file that nobody reads."""

    def report(message: Message) -> None:
        text = (json.dumps(to_json(message)) + "\n").encode()
        while text:
            text = text[os.write(writing, text) :]

    try:
        os.setsid()
        with open(os.devnull, "rb") as nothing, tempfile.TemporaryFile("w+b") as output:
            for standard, file in enumerate((nothing, output, output)):
                os.dup2(file.fileno(), standard)
        faulthandler.enable(faults, all_threads=False)
        faulthandler.register(signal.SIGUSR1, faults, all_threads=False)
        # Inside the folder of the check process, which is removed with all that a child leaves in it.
        tempfile.tempdir = tempfile.mkdtemp(dir=os.getcwd())
        os.chdir(tempfile.tempdir)
        work(report)
        report(Message(ended=True))
    except BaseException:  # nothing of the user's gets here: a mistake of this program
        report(Message(broken=traceback.format_exc()))
    finally:
        os._exit(0)


def _listen(child: Child, limits: Limits) -> None:
    """Takes what a child says."""
    part = os.read(child.reading, 65536)
    child.silent = not part
    *lines, child.received = (child.received + part).split(b"\n")
    for line in lines:
        message = from_json(Message, json.loads(line))
        if message.broken:
            raise RuntimeError(message.broken)
        child.outcome.take(message)
        child.stage = message.stage or child.stage
        child.ended = message.ended
        child.silent = child.silent or message.ended
        if message.begun:
            child.begun = message.begun
            child.deadline = time.monotonic() + limits.seconds
        elif message.verdict:
            child.begun = None


def _watch(child: Child, baseline: int, limits: Limits) -> None:
    """Sees whether a child takes more time or memory than it may."""
    used = max(0, _resident(child.pid) - baseline)
    child.outcome.megabytes = max(child.outcome.megabytes, used // MEGABYTE)
    if child.silent:
        return
    if time.monotonic() > child.deadline:
        child.killed = f"does not end within {limits.seconds:g} seconds"
    elif limits.megabytes and used > limits.megabytes * MEGABYTE:
        child.killed = f"takes more than {limits.megabytes} MB of memory"


def _end(child: Child) -> bool:
    """Ends a child for good, with all that it started in its group; whether its file has to be gone on with."""
    os.close(child.reading)
    if child.killed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGUSR1)
        time.sleep(LAST_WORDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    _, status = os.waitpid(child.pid, 0)
    outcome = child.outcome
    if child.begun is not None:
        outcome.verdicts.append(replace(child.begun, findings=(_death(child, status),)))
    elif not child.ended and not outcome.findings:
        outcome.findings.append(_death(child, status))
    child.faults.close()
    return child.begun is not None


def _death(child: Child, status: int) -> Finding:
    """What is said of a class, or of a whole file, whose process came to an end by itself or was ended."""
    job, rule = child.outcome.job, rule_of(IMPORTS)
    line = _last_line(child.faults, str(job.path))
    if line is None and child.begun is not None and child.begun.lines is not None:
        line = child.begun.lines[0]
    text = job.path.read_text(encoding="utf-8").splitlines()
    code = text[line - 1].strip() if line and line <= len(text) else ""
    message = f"{child.killed or _describe_end(status)} {child.stage}"
    return Finding(rule.id, rule.name, rule.severity, message, job.shown, line, code)


def _available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _resident(pid: int) -> int:
    """The bytes of memory that a process has, without mapped files; 0 where the system does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    match = OWN_MEMORY.search(status)
    return int(match[1]) * 1024 if match else 0


def _describe_end(status: int) -> str:
    """How a process ended, in words."""
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return f"crashes the interpreter ({name})"
    return f"ends the interpreter (exit status {os.waitstatus_to_exitcode(status)})"


def _last_line(faults: IO[bytes], path: str) -> int | None:
    """The innermost line of the user's file in what `faulthandler` wrote."""
    faults.seek(0)
    for match in FRAME.finditer(faults.read().decode("utf-8", "replace")):
        if match["file"] == path:
            return int(match["line"])
    return None
