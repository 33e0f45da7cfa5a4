"""The check: files -> processes of their own -> what is said of each.

`CheckProcess` starts another interpreter before anything else is done (`kscaffold.check.server`), which imports Keras
while the caller renders. Asked later, it has a child begun there for each file, as many at once as there are cores, and
keeps them within their limits (`kscaffold.check.child`). The user's code runs in the children alone, so that whatever
it does ends there; where it ends the server too, the files that were at work then are tried again one by one. Where a
process is there that has imported Keras before (`kscaffold.check.warm`), that forks the server.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from kscaffold.base.errors import RequestError
from kscaffold.check.child import Child, Outcome
from kscaffold.check.findings import fold
from kscaffold.check.server import Checker, Server, ServerLost
from kscaffold.check.warm import NotWarm, reach
from kscaffold.disk.trust import demand_trust
from kscaffold.probe import processes
from kscaffold.probe.protocol import FileVerdict, Job, Limits, Verdict

GLANCE = 0.2  # seconds between looks at what the children use
ATTEMPTS = 3  # to begin a child in a server that does not


def find_interpreter(asked: str | None, configured: str | None = None, pyproject: Path | None = None) -> str:
    """The interpreter that checks run in: the one asked for, the active virtual environment's, or this one.

    `--python` comes before the settings, which stand in `pyproject`. Refuses a repository's that is not trusted.
    """
    where = "--python" if asked is not None else str(pyproject)
    # A bare name is looked for where the user's own programs are, but on Windows in the current folder first.
    if asked is None and configured and pyproject and (os.path.dirname(configured) or os.name == "nt"):
        demand_trust(pyproject.parent, f"its own interpreter for checks, {configured}", where)
    asked = configured if asked is None else asked
    if asked is None:
        active = os.environ.get("VIRTUAL_ENV")
        folder = "Scripts" if os.name == "nt" else "bin"
        candidate = shutil.which("python", path=str(Path(active, folder))) if active else None
        return candidate or sys.executable
    found = shutil.which(asked)
    if found is None:
        raise RequestError(f"There is no program {asked!r}.", hint="Give the path of a Python.", where=where)
    return os.path.abspath(found)  # it is started in a folder of its own


class CheckProcess:
    """The check process: started at once, asked later. Leaving the context ends it, whatever it is doing.

    A `RequestError` if the interpreter cannot be started, cannot import Keras, or does not answer.

    Args:
        interpreter: What it runs in.
        limits: What a file may use.
        backend: What Keras runs on.
        warm: Whether a process is left for further checks, if flags do not say so.
    """

    def __init__(
        self, interpreter: str, limits: Limits | None = None, backend: str = "tensorflow", warm: bool = False
    ) -> None:
        self.interpreter, self.limits, self.backend, self._wants_warm = interpreter, limits or Limits(), backend, warm
        self._server = self._reach()
        self._children: dict[Child, ExitStack] = {}  # with what is given back when they have ended
        self._next_glance = 0.0

    def __enter__(self) -> CheckProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.end()
        for resources in self._children.values():
            resources.close()

    def finish(self, jobs: tuple[Job, ...]) -> tuple[Verdict, ...]:
        """Hands over the jobs and waits for the verdicts, one for each subject in order.

        What is wrong with a file itself, so that none of its classes can be checked, is said of each of them.
        """
        verdicts: list[Verdict] = []
        for number, file in sorted(self.examine(jobs), key=lambda numbered: numbered[0]):
            known = {verdict.subject.construct: verdict for verdict in file.verdicts}
            for subject in jobs[number].subjects or ():
                verdict = known.get(subject.construct, Verdict(subject))
                findings = (*file.findings, *fold(verdict.findings))
                verdicts.append(replace(verdict, subject=subject, findings=findings))
        return tuple(verdicts)

    def examine(self, jobs: tuple[Job, ...]) -> Iterator[tuple[int, FileVerdict]]:
        """Hands over the jobs and gives what is said of each file, with its number, as soon as it is done.

        No finding is folded under another one yet.
        """
        self._await_keras()
        waiting = deque(Outcome(number, job) for number, job in enumerate(jobs))
        attempts = 0
        while waiting or self._children:
            try:
                while waiting and len(self._children) < self._places(waiting[0]):
                    self._begin(waiting[0])
                    waiting.popleft()
                self._server.listen(list(self._children), GLANCE)
                attempts = 0
            except ServerLost:
                attempts += not self._children
                if attempts > ATTEMPTS:
                    raise RuntimeError("the check process ends as soon as it is to check a file") from None
                waiting.extendleft(self._begin_again())
            self._watch()
            for child in [child for child in self._children if child.is_over]:
                goes_on = child.end()
                self._children.pop(child).close()
                if goes_on:
                    waiting.appendleft(child.outcome)
                else:
                    yield child.outcome.number, child.outcome.verdict()

    def _reach(self) -> Checker:
        try:
            return reach(self.interpreter, self.backend, self._wants_warm)
        except NotWarm:
            return Server(self.interpreter, self.backend)

    def _await_keras(self) -> None:
        """Waits for the server, and for another one where a warm process is no longer what is installed, or no more."""
        for another in (self._reach, self._begin_cold):
            with contextlib.suppress(ServerLost):
                self._server.await_keras()
                return
            self._server.end()
            self._server = another()
        self._server.await_keras()

    def _begin_cold(self) -> Checker:
        return Server(self.interpreter, self.backend)

    def _places(self, outcome: Outcome) -> int:
        """How many files may be at work together with this one."""
        alone = outcome.suspected or any(child.outcome.suspected for child in self._children)
        return 1 if alone else self.limits.workers or _available_cores()

    def _begin(self, outcome: Outcome) -> None:
        with ExitStack() as resources:
            child = self._server.begin(outcome, self.limits, resources)
            self._children[child] = resources.pop_all()

    def _watch(self) -> None:
        if time.monotonic() >= self._next_glance:
            table = processes.running()
            for child in self._children:
                child.watch(table)
            self._next_glance = time.monotonic() + GLANCE

    def _begin_again(self) -> list[Outcome]:
        """Starts another server; gives the files that were at work, which are checked alone now.

        One that was alone is to blame.
        """
        self._server.end()
        self._server = self._begin_cold()
        self._server.await_keras()
        suspects = []
        for child in list(self._children):
            if child.outcome.suspected:
                child.killed = "ends the process that checks it"
            else:
                child.kill()
                self._children.pop(child).close()
                suspects.append(replace(child.outcome, suspected=True))
        return suspects


def _available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
