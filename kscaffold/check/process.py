"""The check process: another interpreter that is started before anything else is done.

`CheckProcess` starts `kscaffold/probe/run.py` in a session and a folder of its own. That process imports Keras while
the caller renders, takes one request, forks a child for each file, keeps them within the limits of a file
(`kscaffold.probe.isolation`), and writes its answer to a file in its folder, which is read here. Here there is one
limit for all of it, in case it does not answer.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.check.findings import fold
from kscaffold.disk.trust import demand_trust
from kscaffold.probe.protocol import FileVerdict, Job, Limits, Verdict
from kscaffold.probe.wire import Answer, Request, from_json, to_json

PROBE = Path(__file__).resolve().parents[1] / "probe" / "run.py"
STARTUP_LIMIT = 180.0  # seconds for `import keras`
UNKNOWN_CLASSES = 100  # how many classes a file may have of which nobody says how many it has
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def find_interpreter(asked: str | None, configured: str | None = None, pyproject: Path | None = None) -> str:
    """The interpreter that checks run in: the one asked for, the active virtual environment's, or this one.

    Args:
        asked: What `--python` says.
        configured: What the project's settings say.
        pyproject: Where they say it.

    Raises:
        RequestError: There is no such program, or it is one of a repository's that the user does not trust.
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
    """The check process: started at once, asked later, once. Leaving the context ends it, whatever it is doing.

    Args:
        interpreter: The Python to run it with.
        limits: What a file may use.
        backend: The backend of Keras.

    Raises:
        RequestError: The interpreter cannot be started.
    """

    def __init__(self, interpreter: str, limits: Limits | None = None, backend: str = "tensorflow") -> None:
        self.interpreter = interpreter
        self.limits = limits or Limits()
        self.backend = backend
        self._folder = tempfile.TemporaryDirectory(prefix="kscaffold-check-")
        self._answer = Path(self._folder.name, "answer.json")
        self._errors = Path(self._folder.name, "errors.txt")
        try:
            with self._errors.open("wb") as errors:
                self._process = subprocess.Popen(
                    [interpreter, "-P", str(PROBE), str(self._answer)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    cwd=self._folder.name,
                    env={**os.environ, **ENVIRONMENT, "KERAS_BACKEND": backend},
                    start_new_session=True,
                )
        except OSError as error:
            self._folder.cleanup()
            raise self._no_keras(f"cannot be started: {error.strerror}") from error

    def __enter__(self) -> CheckProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._folder.cleanup()

    def finish(self, jobs: tuple[Job, ...]) -> tuple[Verdict, ...]:
        """Hands over the jobs and waits for the verdicts, one for each subject in order.

        What is wrong with a file itself, so that none of its classes can be checked, is said of each of them.

        Raises:
            RequestError: The interpreter cannot import Keras, or does not answer.
        """
        verdicts: list[Verdict] = []
        for job, file in zip(jobs, self.examine(jobs), strict=True):
            known = {verdict.subject.construct: verdict for verdict in file.verdicts}
            for subject in job.subjects or ():
                verdict = known.get(subject.construct, Verdict(subject))
                findings = (*file.findings, *fold(verdict.findings))
                verdicts.append(replace(verdict, subject=subject, findings=findings))
        return tuple(verdicts)

    def examine(self, jobs: tuple[Job, ...]) -> tuple[FileVerdict, ...]:
        """Hands over the jobs and waits for what is said of each file; no finding is folded under another one yet.

        Raises:
            RequestError: The interpreter cannot import Keras, or does not answer.
        """
        request = json.dumps(to_json(Request(self.limits, jobs)))
        try:
            self._process.communicate(request.encode(), timeout=self._patience(jobs))
        except subprocess.TimeoutExpired:
            self._end()
            raise self._no_keras("does not answer") from None
        if not self._answer.exists():
            lines = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise self._no_keras(
                f"ended with status {self._process.returncode}: {lines[-1] if lines else 'no message'}"
            )
        answer = from_json(Answer, json.loads(self._answer.read_text(encoding="utf-8")))
        if answer.no_keras:
            raise self._no_keras(f"cannot import Keras: {answer.no_keras}")
        if answer.broken:
            raise RuntimeError(f"the check process failed:\n{answer.broken}")
        return answer.files

    def _patience(self, jobs: tuple[Job, ...]) -> float:
        """The seconds after which it does not answer: for Keras, and for each class as long as it may take."""
        classes = sum(UNKNOWN_CLASSES if job.subjects is None else 1 + len(job.subjects) for job in jobs)
        return STARTUP_LIMIT + classes * (self.limits.seconds + 1)

    def _end(self) -> None:
        """Ends the process and what is in its session; each child is in one of its own, see `isolation`."""
        if self._process.poll() is None:
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def _no_keras(self, reason: str) -> RequestError:
        return RequestError(
            f"The interpreter for checks, {self.interpreter}, {reason}.",
            hint=f"Install {self.backend} and what it needs there, name another with --python, or leave the check out"
            " with --no-check.",
            exit_code=ExitCode.NO_KERAS,
        )
