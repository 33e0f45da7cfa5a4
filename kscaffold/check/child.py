"""A file and the process that it is checked in: what that says, what it uses, how it ends.

Nothing that such a process does is trusted: it may write what it likes to its socket, close it, end or stop itself.
"""

import contextlib
import json
import linecache
import os
import re
import signal
import socket
import time
from dataclasses import dataclass, field, replace
from typing import IO

from kscaffold.check.rulebook import find_rule
from kscaffold.probe import processes
from kscaffold.probe.processes import Process
from kscaffold.probe.protocol import FileVerdict, Finding, Job, Limits, Verdict
from kscaffold.probe.wire import CUT_OFF, Message, from_json

IMPORTS, WITHIN_LIMITS = "KS200", "KS212"
PATIENCE = 4  # times the limit of time, for what waits instead of computing
LAST_WORDS = 0.5  # seconds that a hanging child has to say where it hangs
GRACE = 2.0  # seconds for a child that says nothing more to end
LONGEST_LINE = 1 << 26
MEGABYTE = 1024 * 1024
FRAME = re.compile(r'File "(?P<file>[^"\n]*)", line (?P<line>\d{1,9}) in ')


@dataclass
class Outcome:
    """What is known of a file so far."""

    number: int  # which of the jobs it is
    job: Job
    verdicts: list[Verdict] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    megabytes: int = 0
    suspected: bool = False  # whether it may have ended the server: it is checked alone then

    def verdict(self) -> FileVerdict:
        """What is said of the file."""
        return FileVerdict(self.job.shown, tuple(self.findings), tuple(self.verdicts), self.megabytes)


class Child:
    """A process that is at work on a file.

    Args:
        outcome: What is known of its file; more is added to it.
        limits: What it may use.
        pid: Its number.
        connection: Where it is heard.
        faults: Where it writes its stack to if it crashes, or is asked for it.
        baseline: The bytes of memory that it began with.
    """

    def __init__(
        self, outcome: Outcome, limits: Limits, pid: int, connection: socket.socket, faults: IO[bytes], baseline: int
    ) -> None:
        self.outcome, self.limits, self.pid, self.connection = outcome, limits, pid, connection
        self.status: int | None = None  # how it ended, once it has
        self.killed = ""  # why it is ended here
        self.silent: float | None = None  # since when its end of the connection is closed
        self._faults, self._baseline = faults, baseline
        self._rule = IMPORTS
        self._stage = "at the start"
        self._class: Verdict | None = None
        self._received = b""
        self._ended = False
        # Seconds that have passed, that it has computed, and that it has waited for a processor.
        self._clocks: tuple[float, ...] = (0.0, 0.0, 0.0)
        self._glance: tuple[float, ...] = ()  # what there was to be read last
        self._since: tuple[float, ...] = ()  # the clocks as its class began
        self._family: dict[int, Process] = {}

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be expected of it."""
        return self._ended or bool(self.killed) or self.status is not None

    def listen(self) -> None:
        """Takes what it has said."""
        for _ in range(64):  # others want to be heard, too
            try:
                part = self.connection.recv(1 << 16)
            except BlockingIOError:
                return
            except ConnectionError:
                part = b""
            if not part:
                self.silent = self.silent or time.monotonic()
                return
            *lines, self._received = (self._received + part).split(b"\n")
            try:
                for line in lines:
                    self._take(from_json(Message, json.loads(line)))
                if len(self._received) > LONGEST_LINE:
                    raise ValueError("this is no line")
            except (ValueError, TypeError, RecursionError):
                self.killed = "writes to a connection that is not its own"
            if self.is_over:
                return

    def _take(self, message: Message) -> None:
        outcome = self.outcome
        self._stage = message.stage or self._stage
        self._ended = message.ended
        if message.begun:
            self._since = self._since if self._class else ()
            self._class = message.begun
        if message.verdict:
            outcome.verdicts.append(message.verdict)
            self._class = None
        if message.failed:
            outcome.findings.append(message.failed)
        if message.broken:
            self.killed = f"breaks the check ({message.broken})"

    def watch(self, table: dict[int, Process]) -> None:
        """Sees whether it takes more time or memory than it may, of all processes that there are."""
        self._family = self._known(table)
        used = max((processes.private_bytes(pid) for pid in self._family), default=0) - self._baseline
        self.outcome.megabytes = max(self.outcome.megabytes, used // MEGABYTE)
        now = time.monotonic()
        spent = sum(process.seconds for process in self._family.values())
        glance = now, spent, sum(map(processes.starved_seconds, self._family))
        # What ends takes its own sums with it: they may not be held against what goes on.
        steps = (max(0.0, new - old) for new, old in zip(glance, self._glance or glance, strict=True))
        self._clocks = tuple(sum(pair) for pair in zip(self._clocks, steps, strict=True))
        self._glance = glance
        self._since = self._since or self._clocks
        passed, computed, starved = (new - old for new, old in zip(self._clocks, self._since, strict=True))
        seconds, megabytes = self.limits.seconds, self.limits.megabytes
        if self.is_over:
            return
        if self.silent is not None:
            if now > self.silent + GRACE:
                self.killed = "closes the connection that it is heard by"
        elif passed - starved > seconds * PATIENCE or (passed > seconds and (computed > seconds or not table)):
            self._rule = WITHIN_LIMITS
            allowed = seconds if computed > seconds or not table else seconds * PATIENCE
            self.killed = f"does not end within {allowed:g} seconds"
        elif megabytes and used > megabytes * MEGABYTE:
            self._rule = WITHIN_LIMITS
            self.killed = f"takes more than {megabytes} MB of memory"

    def _known(self, table: dict[int, Process]) -> dict[int, Process]:
        """What it has started that is there still, also where the parents have ended."""
        alive = [pid for pid, known in self._family.items() if pid in table and table[pid].started == known.started]
        own = [self.pid] if self.status is None else []
        return {pid: table[pid] for pid in processes.family([*own, *alive], table)}

    def kill(self) -> None:
        """Ends it, with all that it started."""

        def rest() -> set[int]:
            self._family = self._known(processes.running())
            return set(self._family)

        processes.end_group(self.pid)
        processes.end_all(rest)

    def end(self) -> bool:
        """Ends it for good, with all that it started; whether its file has to be gone on with."""
        if self._rule == WITHIN_LIMITS and self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGUSR1)
            time.sleep(LAST_WORDS)
        if not self.killed:
            self.listen()  # its last words
        self.kill()
        goes_on = self._class is not None
        if self._class is not None:
            findings = (*self._class.findings, self._death())
            self.outcome.verdicts.append(replace(self._class, findings=findings, unchecked=""))
        elif not self._ended and not self.outcome.findings:
            self.outcome.findings.append(self._death())
        return goes_on

    def _death(self) -> Finding:
        """What is said of a class, or of a whole file, whose process came to an end by itself or was ended."""
        path = str(self.outcome.job.path)
        line = self._last_line(path)
        if line is None and self._class is not None and self._class.lines is not None:
            line = self._class.lines[0]
        linecache.checkcache(path)
        code = linecache.getline(path, line).strip() if line else ""
        message = f"{self.killed or _describe_end(self.status)} {self._stage}"
        found = find_rule(self._rule).finding(message, self.outcome.job.shown, line, code)
        return found if self._rule == WITHIN_LIMITS else replace(found, fix="", causes=())

    def _last_line(self, path: str) -> int | None:
        """The innermost line of the user's file in what `faulthandler` wrote."""
        written = os.pread(self._faults.fileno(), MEGABYTE, 0).decode("utf-8", "replace")
        return next((int(match["line"]) for match in FRAME.finditer(written) if match["file"] == path), None)


def _describe_end(status: int | None) -> str:
    """How a process ended, in words."""
    if status is None:
        return "ends the interpreter"
    code = os.waitstatus_to_exitcode(status)
    if code == CUT_OFF:
        return "closes the connection that it is heard by"
    if code >= 0:
        return f"ends the interpreter (exit status {code})"
    named = -code in list(signal.Signals)
    return f"crashes the interpreter ({signal.Signals(-code).name if named else f'signal {-code}'})"
