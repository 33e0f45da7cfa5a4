"""One file: import it, then hold each class that was asked for against the rules."""

from __future__ import annotations

import importlib.util
import linecache
import re
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from . import rules
from .subject import Subject

IMPORT_RULE = {"rule": "KS200", "name": "imports", "severity": "error"}
LONGEST_MESSAGE = 400
NOISE = (
    "Exception encountered when calling",
    "Arguments received by",
    "Call arguments received by",
    "Full object config",
)


def inspect_file(job: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The findings for one file.

    Args:
        job: `path` and `module` of the file; `search`, the folders where its own imports are found; `subjects`, each
            with what `Subject` takes.
        report: Told what is done next, in case it is the last thing done.

    Returns:
        `{"subjects": [{"findings": […], …}]}`, or `{"failed": finding}` if the file cannot be imported.
    """
    report({"stage": "on import"})
    # Last, so that a json.py beside the user's file is not taken for Python's own.
    sys.path.extend(job["search"])
    try:
        module = import_file(job["path"], job["module"])
    except BaseException as error:  # SystemExit and KeyboardInterrupt of the user's code too
        message = f"cannot be imported: {explain(error)}"
        return {"failed": {**IMPORT_RULE, "message": message, **locate(error, job["path"])}}
    return {"subjects": [inspect_subject(module, wanted, job["path"], report) for wanted in job["subjects"]]}


def import_file(path: str, name: str) -> ModuleType:
    """Imports the file at `path` as the module `name`."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def inspect_subject(
    module: ModuleType, wanted: dict[str, Any], path: str, report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Runs the rules in order; those that require a failed or skipped one are skipped."""
    subject = Subject(module, wanted)
    findings: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    passed: list[str] = []
    for rule in rules.find_rules():
        if not rule.applies(subject):
            continue
        missing = [name for name in rule.requires if name not in passed]
        if missing:
            skipped.append({"rule": rule.id, "because": f"{missing[0]} did not pass"})
            continue
        report({"stage": f"while it {rule.doing}"})
        started = time.monotonic()
        named = {"rule": rule.id, "name": rule.name, "severity": rule.severity}
        problems: list[dict[str, Any]] = []
        try:
            for text in rule.check(subject):
                problems.append({**named, "message": text, "line": None, "code": ""})
        except BaseException as error:  # the rule calls the user's code, which may raise or exit as it likes
            if not problems:  # what follows a defect that has a name is its consequence
                message = f"{rule.failure}: {explain(error)}"
                problems = [{**named, "severity": "error", "message": message, **locate(error, path)}]
        findings += problems
        if not problems:
            passed.append(rule.id)
        report({"timing": [rule.id, round(time.monotonic() - started, 4)]})
    return {"findings": findings, "skipped": skipped, "passed": passed, "facts": subject.facts}


def explain(error: BaseException) -> str:
    """An exception in one line, without what Keras wraps around it."""
    if isinstance(error, SystemExit):
        return f"it calls sys.exit({error.code!r})"
    text = re.sub(r"\x1b\[[0-9;]*m|\{\{function_node [^}]*\}\}+|\[Op:\w+\]", "", str(error))
    paragraphs = [part.strip() for part in text.split("\n\n")]
    telling = [part for part in paragraphs if part and not part.startswith(NOISE)]
    first = " ".join((telling or [text])[0].split())
    shortened = first if len(first) <= LONGEST_MESSAGE else first[: LONGEST_MESSAGE - 1] + "…"
    return f"{type(error).__name__}: {shortened}" if shortened else type(error).__name__


def locate(error: BaseException, path: str) -> dict[str, Any]:
    """The innermost line of the user's file that an exception passed through: `{"line": number, "code": text}`."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return {"line": error.lineno, "code": (error.text or "").strip()}
    line = None
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and line is None:
        seen.add(id(current))
        trace = current.__traceback__
        while trace:
            if trace.tb_frame.f_code.co_filename == path:
                line = trace.tb_lineno
            trace = trace.tb_next
        current = current.__cause__ or current.__context__
    return {"line": line, "code": linecache.getline(path, line).strip() if line else ""}
