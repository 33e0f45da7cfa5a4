"""Checks of generated files on real Keras, in another interpreter that is started before anything else is done.

`CheckProcess` starts `kscaffold/probe/run.py`, which imports Keras while the caller renders; `finish` hands it the
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
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from kscaffold.errors import ExitCode, RequestError

PROBE = Path(__file__).resolve().parents[1] / "probe" / "run.py"
TIME_LIMIT = 60.0  # seconds a file
STARTUP_LIMIT = 180.0  # seconds for `import keras`
ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class Feed:
    """What is fed to one input.

    Attributes:
        shape: The shape of one example, without the batch axis; where a size is not fixed, checks choose one.
        dtype: The type of its numbers.
        below: For whole numbers, what they are below; `None` if any will do.
    """

    shape: tuple[int | None, ...]
    dtype: str = "float32"
    below: int | None = None


@dataclass(frozen=True)
class Subject:
    """A layer or model that is to be checked.

    Attributes:
        name: The class, or the function that builds the model.
        construct: Source that makes it.
        feeds: What is fed to each input.
        call: How it is given its inputs: "single", "list", "arguments" or "cell".
        layers: For a model made from a graph, how many layers of each class it has; shared ones count once.
        parts: Source of models that share their layers with this one, which is called `model` there.
    """

    name: str
    construct: str
    feeds: tuple[Feed, ...]
    call: str
    layers: tuple[tuple[str, int], ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """A file that is to be checked.

    Attributes:
        path: Where it is.
        shown: How messages name it.
        search: Folders in which its own imports are found.
        subjects: The classes in it.
    """

    path: Path
    shown: str
    search: tuple[Path, ...]
    subjects: tuple[Subject, ...]


@dataclass(frozen=True)
class Finding:
    """A defect of the user's code.

    Attributes:
        rule: The id of the rule that found it.
        name: The name of the rule.
        severity: "error" or "warning".
        message: What is wrong.
        file: The file as messages name it.
        line: The line in it, where one is known.
        code: That line.
        place: Where the spec says so, if the code comes from a spec.
    """

    rule: str
    name: str
    severity: str
    message: str
    file: str
    line: int | None = None
    code: str = ""
    place: str = ""


@dataclass(frozen=True)
class CalledLayer:
    """A layer that a model called, for its summary.

    Attributes:
        name: The name of the layer.
        kind: Its class.
        depth: How many sub-models or layers of one's own it is inside of.
        shapes: The shapes of its outputs.
        parameters: How many parameters it has.
        again: Whether it was called before: its weights are shared.
    """

    name: str
    kind: str
    depth: int
    shapes: tuple[tuple[int | None, ...], ...]
    parameters: int
    again: bool


@dataclass(frozen=True)
class Verdict:
    """What the checks say of one class.

    Attributes:
        subject: The class.
        findings: Its defects.
        passed: The ids of the rules that found none.
        skipped: The rules that did not run, each with the reason.
        input_shapes: The shapes of the inputs of a symbolic call, `()` if there was none.
        output_shapes: The shapes of its outputs.
        parameters: How many parameters the layer has once it is built.
        trainable: How many of them are trainable.
        layers: For a model, the layers that it calls, in order.
    """

    subject: Subject
    findings: tuple[Finding, ...]
    passed: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    input_shapes: tuple[tuple[int | None, ...], ...] = ()
    output_shapes: tuple[tuple[int | None, ...], ...] = ()
    parameters: int | None = None
    trainable: int | None = None
    layers: tuple[CalledLayer, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings do not count."""
        return not any(finding.severity == "error" for finding in self.findings)


def find_interpreter(asked: str | None) -> str:
    """The interpreter that checks run in: the one asked for, the active virtual environment's, or this one.

    Raises:
        RequestError: There is no such program.
    """
    if asked is None:
        active = os.environ.get("VIRTUAL_ENV")
        folder = "Scripts" if os.name == "nt" else "bin"
        candidate = shutil.which("python", path=str(Path(active, folder))) if active else None
        return candidate or sys.executable
    found = shutil.which(asked)
    if found is None:
        raise RequestError(f"There is no program {asked!r}.", hint="Give the path of a Python.", where="--python")
    return found


class CheckProcess:
    """The check process: started at once, asked later. Leaving the context ends it, whatever it is doing.

    Args:
        interpreter: The Python to run it with.
        limit: Seconds that one file may take.

    Raises:
        RequestError: The interpreter cannot be started.
    """

    def __init__(self, interpreter: str, limit: float = TIME_LIMIT) -> None:
        self.interpreter = interpreter
        self.limit = limit
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
                    env={**os.environ, **ENVIRONMENT},
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

        Raises:
            RequestError: The interpreter cannot import Keras, or does not answer.
        """
        request = {"limit": self.limit, "jobs": [_as_json(job) for job in jobs]}
        try:
            self._process.communicate(json.dumps(request).encode(), timeout=STARTUP_LIMIT + len(jobs) * self.limit)
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
        return tuple(
            verdict
            for job, result in zip(jobs, document["results"], strict=True)
            for verdict in _read_result(job, result)
        )

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
            hint="Install tensorflow there, name another with --python, or leave the check out with --no-check.",
            exit_code=ExitCode.NO_KERAS,
        )


def _as_json(job: Job) -> dict[str, Any]:
    return {
        "path": str(job.path),
        "module": job.path.stem,
        "search": [str(folder) for folder in job.search],
        "subjects": [
            {
                "construct": subject.construct,
                "call": subject.call,
                "inputs": [
                    {"shape": list(feed.shape), "dtype": feed.dtype, "below": feed.below} for feed in subject.feeds
                ],
                "layers": dict(subject.layers),
                "parts": list(subject.parts),
            }
            for subject in job.subjects
        ],
    }


def _read_result(job: Job, result: Mapping[str, Any]) -> list[Verdict]:
    """The verdicts on a file; one that could not be imported, or that died, has the same for all its classes."""
    if "died" in result:
        line = result["line"]
        failed = Finding("KS200", "survives", "error", f"{result['died']} {result['stage']}", job.shown, line)
        code = _line_of(job.path, line)
        return [Verdict(subject, (Finding(**{**vars(failed), "code": code}),)) for subject in job.subjects]
    if "failed" in result:
        finding = Finding(file=job.shown, **result["failed"])
        return [Verdict(subject, (finding,)) for subject in job.subjects]
    verdicts = []
    for subject, entry in zip(job.subjects, result["subjects"], strict=True):
        facts = entry["facts"]
        verdicts.append(
            Verdict(
                subject=subject,
                findings=tuple(Finding(file=job.shown, **finding) for finding in entry["findings"]),
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
            )
        )
    return verdicts


def _line_of(path: Path, line: int | None) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return lines[line - 1].strip() if line and line <= len(lines) else ""
