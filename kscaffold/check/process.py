"""The check process: another interpreter that is started before anything else is done.

`CheckProcess` starts `kscaffold/probe/run.py`, which imports Keras while the caller renders; `examine` hands it the
jobs and waits for the verdicts.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.check.findings import Finding, fold
from kscaffold.check.verdict import CalledLayer, Feed, FileVerdict, Job, Saved, Subject, Verdict

PROBE = Path(__file__).resolve().parents[1] / "probe" / "run.py"
STARTUP_LIMIT = 180.0  # seconds for `import keras`
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class Limits:
    """What a file may use.

    Attributes:
        seconds: For its import, and for each class.
        megabytes: Of memory, more than what Keras itself takes; 0 is no limit.
        workers: How many files are checked at once; 0 for as many as there are cores.
    """

    seconds: float = 60.0
    megabytes: int = 4096
    workers: int = 0

    @property
    def processes(self) -> int:
        """How many files are checked at once."""
        return self.workers or available_cores()


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def find_interpreter(asked: str | None, configured: str | None = None, pyproject: Path | None = None) -> str:
    """The interpreter that checks run in: the one asked for, the active virtual environment's, or this one.

    Args:
        asked: What `--python` says.
        configured: What the project's settings say.
        pyproject: Where they say it.

    Raises:
        RequestError: There is no such program.
    """
    where = "--python" if asked is not None else str(pyproject)
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
        self._results = Path(self._folder.name, "results.json")
        self._errors = Path(self._folder.name, "errors.txt")
        try:
            with self._errors.open("wb") as errors:
                self._process = subprocess.Popen(
                    [interpreter, "-P", str(PROBE), str(self._results)],
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
                verdicts.append(replace(verdict, subject=subject, findings=(*file.findings, *verdict.findings)))
        return tuple(verdicts)

    def examine(self, jobs: tuple[Job, ...]) -> tuple[FileVerdict, ...]:
        """Hands over the jobs and waits for what is said of each file.

        Raises:
            RequestError: The interpreter cannot import Keras, or does not answer.
        """
        limits = {
            "seconds": self.limits.seconds,
            "megabytes": self.limits.megabytes,
            "workers": self.limits.processes,
        }
        request = {"limits": limits, "jobs": [_as_json(job) for job in jobs]}
        # The process keeps the limits of the files itself; this one is for Keras, which it imports first.
        try:
            self._process.communicate(json.dumps(request).encode(), timeout=self._patience(jobs))
        except subprocess.TimeoutExpired:
            self._end()
            raise self._no_keras("does not answer") from None
        if not self._results.exists():
            lines = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise self._no_keras(
                f"ended with status {self._process.returncode}: {lines[-1] if lines else 'no message'}"
            )
        document = json.loads(self._results.read_text(encoding="utf-8"))
        if "error" in document:
            raise self._no_keras(f"cannot import Keras: {document['error']}")
        if "broken" in document:
            raise RuntimeError(f"the check process failed:\n{document['broken']}")
        return tuple(_read_file(job, result) for job, result in zip(jobs, document["results"], strict=True))

    def _patience(self, jobs: tuple[Job, ...]) -> float:
        classes = sum(100 if job.subjects is None else 1 + len(job.subjects) for job in jobs)
        return STARTUP_LIMIT + classes * (self.limits.seconds + 1)

    def _end(self) -> None:
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


def _as_json(job: Job) -> dict[str, Any]:
    return {
        "path": str(job.path),
        "module": job.module or job.path.stem,
        "search": [str(folder) for folder in job.search],
        "settings": {
            name: {"args": dict(known.args), "inputs": [_feed_json(feed) for feed in known.feeds]}
            for name, known in job.known.items()
        },
        "subjects": (
            None
            if job.subjects is None
            else [
                {
                    "construct": subject.construct,
                    "call": subject.call,
                    "inputs": [_feed_json(feed) for feed in subject.feeds],
                    "layers": dict(subject.layers),
                    "parts": list(subject.parts),
                    **({"saved": _saved_json(subject.saved)} if subject.saved else {}),
                }
                for subject in job.subjects
            ]
        ),
    }


def _saved_json(saved: Saved) -> dict[str, Any]:
    order = [list(path) for path in saved.order]
    return {
        "path": str(saved.path),
        "kind": saved.kind,
        "customs": list(saved.customs),
        "config": saved.config,
        "order": order,
    }


def _feed_json(feed: Feed) -> dict[str, Any]:
    named = {"name": feed.name} if feed.name else {}
    return {"shape": list(feed.shape), "dtype": feed.dtype, "below": feed.below, **named}


def _read_file(job: Job, result: Mapping[str, Any]) -> FileVerdict:
    findings = []
    if "failed" in result:
        findings.append(_finding(job, result["failed"]))
    if "died" in result:
        findings.append(_death(job, result["died"]))
    verdicts = tuple(_read_subject(job, index, entry) for index, entry in enumerate(result["subjects"]))
    return FileVerdict(job.shown, tuple(findings), verdicts, result["megabytes"])


def _read_subject(job: Job, index: int, entry: Mapping[str, Any]) -> Verdict:
    given = job.subjects[index] if job.subjects is not None else None
    subject = given or Subject(entry["name"], entry["construct"])
    lines = (entry["line"], entry["last_line"]) if "line" in entry else None
    if "died" in entry:
        return Verdict(subject, (_death(job, entry["died"], entry.get("line")),), lines=lines)
    facts = entry["facts"]
    return Verdict(
        subject=subject,
        findings=fold(_finding(job, finding) for finding in entry["findings"]),
        passed=tuple(entry["passed"]),
        skipped=tuple((item["rule"], item["because"]) for item in entry["skipped"]),
        input_shapes=tuple(tuple(shape) for shape in facts.get("inputs", ())),
        output_shapes=tuple(tuple(shape) for shape in facts.get("outputs", ())),
        parameters=facts.get("parameters"),
        trainable=facts.get("trainable"),
        layers=tuple(
            CalledLayer(**{**layer, "shapes": tuple(tuple(shape) for shape in layer["shapes"])})
            for layer in facts.get("layers", ())
        ),
        lines=lines,
        assumed=tuple(entry.get("assumed", ())),
        unchecked=entry.get("unchecked", ""),
    )


def _finding(job: Job, fields: Mapping[str, Any]) -> Finding:
    return Finding(file=job.shown, **{**fields, "causes": tuple(fields["causes"])})


def _death(job: Job, died: Mapping[str, Any], line: int | None = None) -> Finding:
    """What is said of a class, or a whole file, whose process came to an end by itself or was ended."""
    at = died["line"] or line
    message = f"{died['reason']} {died['stage']}"
    return Finding("KS200", "imports", "error", message, job.shown, at, _line_of(job.path, at))


def _line_of(path: Path, line: int | None) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return lines[line - 1].strip() if line and line <= len(lines) else ""
