"""One file: import it, then hold each class in it, or each that was asked for, against the rules."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import linecache
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from . import rules
from .arguments import BASE_ARGUMENTS, parameters
from .discovery import Found, find_all
from .problem import CannotBeTried, Problem
from .subject import Subject
from .trial import NotAModel, find_subject

IMPORTS, CONSTRUCTS = "KS200", "KS201"
# What a model is held against that is made from a saved one: whatever that one does is right.
OF_SAVED = (CONSTRUCTS, "KS601")
# Of a class that is written for it, also what Keras asks of every class: building, shapes, config, saving.
OF_SAVED_CLASSES = (*OF_SAVED, *"KS202 KS203 KS204 KS205 KS207 KS208 KS301 KS303 KS304 KS305 KS306 KS401".split())
LONGEST_MESSAGE = 400
NOISE = (
    "Exception encountered when calling",
    "Arguments received by",
    "Call arguments received by",
    "Full object config",
)
Report = Callable[[dict[str, Any]], None]


def inspect_file(job: dict[str, Any], start: int, report: Report) -> None:
    """Reports the findings for one file, class by class.

    Args:
        job: `path` and `module` of the file; `search`, the folders where its own imports are found; `subjects`, each
            with what `Subject` takes, or `None` for all that the file defines; `settings`, for those what the user said
            of each by name, and under "" of all.
        start: How many classes are left out, because they were reported before.
        report: Told what is done next, `{"stage": text}`, in case it is the last thing done; that a class begins,
            `{"begin": {…}}`; its result, `{"subject": {…}}`; or that the import fails, `{"failed": finding}`.
    """
    report({"stage": "on import"})
    # Last, so that a json.py beside the user's file is not taken for Python's own.
    sys.path.extend(job["search"])
    try:
        module = import_file(job["path"], job["module"])
        found = None if job["subjects"] is not None else find_all(module, Path(job["path"]).read_text(encoding="utf-8"))
    except BaseException as error:  # SystemExit and KeyboardInterrupt of the user's code too
        report({"failed": failure_of(IMPORTS, error, job["path"])})
        return
    folder, environment = os.getcwd(), dict(os.environ)
    for index, wanted in enumerate(job["subjects"] if found is None else found):
        if index < start:
            continue
        if isinstance(wanted, Found):
            inspect_found(module, wanted, job, report)
        else:
            report({"begin": {"construct": wanted["construct"]}})
            report({"subject": inspect_subject(Subject(module, wanted, job["path"]), report)})
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        keras.backend.clear_session()


def inspect_found(module: ModuleType, found: Found, job: dict[str, Any], report: Report) -> None:
    """Reports on a class or function that nobody described."""
    named = {"name": found.name, "line": found.line, "last_line": found.last_line}
    report({"begin": {**named, "construct": found.name}})
    empty = {**named, "construct": found.name, "assumed": [], "findings": [], "passed": [], "skipped": [], "facts": {}}
    if found.skip:
        report({"subject": {**empty, "unchecked": found.skip}})
        return
    settings = settings_for(found, job["settings"])
    report({"stage": "while it is constructed and called to find out how"})
    try:
        subject, assumed = find_subject(module, found, settings, job["path"])
    except NotAModel as error:
        report({"subject": {**empty, "unchecked": str(error)}})
        return
    except BaseException as error:  # of the user's constructor
        finding = failure_of(CONSTRUCTS, error, job["path"])
        report({"subject": {**empty, "findings": [finding | {"line": finding["line"] or found.line}]}})
        return
    result = inspect_subject(subject, report, found)
    report({"subject": {**result, **named, "construct": subject.construct, "assumed": assumed}})


def settings_for(found: Found, settings: dict[str, Any]) -> dict[str, Any]:
    """What the user says of a class: by name, and over that what is said of all, where it fits."""
    own = settings.get(found.name, {})
    of_all = settings.get("", {})
    names = {parameter.name for parameter in parameters(found.item)} | set(BASE_ARGUMENTS)
    fitting = {name: source for name, source in of_all.get("args", {}).items() if name in names}
    return {"args": {**own.get("args", {}), **fitting}, "inputs": of_all.get("inputs") or own.get("inputs")}


def import_file(path: str, name: str) -> ModuleType:
    """Imports the file at `path` as the module `name`, inside its packages if the name has dots."""
    parent = name.rpartition(".")[0]
    if parent:
        importlib.import_module(parent)
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) and os.path.samefile(str(known.__file__), path):
        return known  # its package imports it
    if known is not None:
        name = f"{name}_under_check"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def inspect_subject(subject: Subject, report: Report, found: Found | None = None) -> dict[str, Any]:
    """Runs the rules in order; those that require a failed or skipped one are skipped."""
    findings: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    passed: list[str] = []
    silent: list[str] = []
    wanted = (OF_SAVED_CLASSES if subject.inputs else OF_SAVED) if subject.saved else None
    for rule in rules.find_rules():
        if wanted is not None and rule.id not in wanted:
            continue
        missing = [name for name in rule.requires if name not in passed and name not in silent]
        if missing:
            skipped.append({"rule": rule.id, "because": f"{missing[0]} did not pass"})
            continue
        applies = rule.applies(subject)
        if isinstance(applies, str):
            skipped.append({"rule": rule.id, "because": applies})
            continue
        if not applies:
            silent.append(rule.id)
            continue
        report({"stage": f"while it {rule.doing}"})
        try:
            problems = try_rule(rule, subject, found)
        except CannotBeTried as reason:
            skipped.append({"rule": rule.id, "because": str(reason)})
            continue
        findings += problems
        if not problems:
            passed.append(rule.id)
    return {"findings": findings, "skipped": skipped, "passed": passed, "facts": subject.facts}


def try_rule(rule: rules.Rule, subject: Subject, found: Found | None) -> list[dict[str, Any]]:
    """The findings of one rule."""
    problems: list[dict[str, Any]] = []
    try:
        for item in rule.check(subject):
            problem = item if isinstance(item, Problem) else Problem(item)
            line = subject.line(problem.at or rule.at) or (found.line if found else None)
            code = linecache.getline(subject.path, line).strip() if line else ""
            problems.append(finding_of(rule, problem.message, problem.fix or rule.fix) | {"line": line, "code": code})
    except CannotBeTried:
        raise
    except BaseException as error:  # the rule calls the user's code, which may raise or exit as it likes
        if not problems:  # what follows a defect that has a name is its consequence
            place = locate(error, subject.path)
            if place["line"] is None and found is not None:
                line = subject_line(subject, rule) or found.line
                place = {"line": line, "code": linecache.getline(subject.path, line).strip()}
            problems = [finding_of(rule, f"{rule.failure}: {explain(error)}", rule.fix) | {"severity": "error"} | place]
    return problems


def failure_of(id: str, error: BaseException, path: str) -> dict[str, Any]:
    """The finding of a rule where the user's code raised an exception."""
    rule = next(rule for rule in rules.find_rules() if rule.id == id)
    return finding_of(rule, f"{rule.failure}: {explain(error)}", rule.fix) | locate(error, path)


def subject_line(subject: Subject, rule: rules.Rule) -> int | None:
    """The line that a rule's findings are about; `None` if the class cannot even be made."""
    try:
        return subject.line(rule.at)
    except BaseException:  # of the user's constructor: it has a finding of its own
        return None


def finding_of(rule: rules.Rule, message: str, fix: str) -> dict[str, Any]:
    """A finding without a place."""
    return {
        "rule": rule.id,
        "name": rule.name,
        "severity": rule.severity,
        "message": message,
        "fix": fix,
        "causes": list(rule.causes),
    }


def freeze() -> None:
    """Keeps what is imported out of later garbage collections: they take a fifth of a second each otherwise."""
    gc.collect()
    gc.freeze()


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
