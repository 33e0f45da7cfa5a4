"""One file: import it, then hold each class in it, or each that was described, against the rules."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import linecache
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import ModuleType

import keras

from . import protocol
from .arguments import BASE_ARGUMENTS, parameters
from .protocol import Finding, Job, Known, Severity, Verdict
from .rule import CannotBeTried, Problem, Rule, find_rules
from .subject import Subject
from .subjects import Found, NotASubject, find_all
from .trying import try_out
from .wire import Message

RULES = f"{__package__}.rules"
IMPORTS, CONSTRUCTS = "KS200", "KS201"  # what a file, and a class that cannot even be made, is held against
LONGEST_MESSAGE = 400
NOISE = (
    "Exception encountered when calling",
    "Arguments received by",
    "Call arguments received by",
    "Full object config",
)
Report = Callable[[Message], None]


def inspect_file(job: Job, start: int, report: Report) -> None:
    """Reports the findings for one file, class by class.

    Args:
        job: The file.
        start: How many classes are left out, because they were reported before.
        report: Told what is done next, which class begins and what is said of it, or that the import fails.
    """
    report(Message(stage="on import"))
    # Last, so that a json.py beside the user's file is not taken for Python's own.
    sys.path.extend(map(str, job.search))
    try:
        module = import_file(str(job.path), job.module or job.path.stem)
        wanted = find_all(module, job.path.read_text(encoding="utf-8")) if job.subjects is None else job.subjects
    except BaseException as error:  # SystemExit and KeyboardInterrupt of the user's code too
        report(Message(failed=_failure(rule_of(IMPORTS), error, job)))
        return
    folder, environment = os.getcwd(), dict(os.environ)
    for one in wanted[start:]:
        if isinstance(one, Found):
            begun = Verdict(protocol.Subject(one.name, one.name), lines=one.lines, unchecked=one.skip)
        else:
            begun = Verdict(protocol.Subject(one.name, one.construct))
        report(Message(begun=begun))
        try:
            verdict = begun if begun.unchecked else _inspect(module, one, job, report)
        except NotASubject as error:
            verdict = replace(begun, unchecked=str(error))
        except BaseException as error:  # of the user's constructor, or of what is asked of a class before it is tried
            finding = _failure(rule_of(CONSTRUCTS), error, job)
            line = finding.line or (begun.lines[0] if begun.lines else None)
            verdict = replace(begun, findings=(replace(finding, line=line),))
        report(Message(verdict=verdict))
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        keras.backend.clear_session()


def _inspect(module: ModuleType, wanted: Found | protocol.Subject, job: Job, report: Report) -> Verdict:
    """What is said of a class or function, described or not."""
    if isinstance(wanted, protocol.Subject):
        return inspect_subject(Subject(module, wanted, str(job.path)), job.shown, report)
    report(Message(stage="while it is constructed and called to find out how"))
    subject, assumed = try_out(module, wanted, known_of(wanted, job.known), str(job.path))
    return replace(inspect_subject(subject, job.shown, report), lines=wanted.lines, assumed=assumed)


def known_of(found: Found, known: Mapping[str, Known]) -> Known:
    """What the user says of a class: by name, and over that what is said of all, where it fits."""
    own, of_all = known.get(found.name, Known()), known.get("", Known())
    names = {parameter.name for parameter in parameters(found.item)} | set(BASE_ARGUMENTS)
    fitting = {name: source for name, source in of_all.args if name in names}
    return Known(tuple({**dict(own.args), **fitting}.items()), of_all.feeds or own.feeds)


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
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def rule_of(id: str) -> Rule:
    """The rule with an id."""
    return next(rule for rule in find_rules(RULES) if rule.id == id)


def inspect_subject(subject: Subject, shown: str, report: Report = lambda message: None) -> Verdict:
    """Tries the rules in order; those that require a failed or skipped one are skipped.

    Args:
        subject: A layer or model.
        shown: How messages name its file.
        report: Told what is done next.
    """
    findings: list[Finding] = []
    skipped: dict[str, str] = {}
    passed: list[str] = []
    silent: list[str] = []
    for rule in find_rules(RULES):
        if not subject.is_tried_on(rule):
            continue
        missing = [name for name in rule.requires if name not in passed and name not in silent]
        try:
            applies = f"{missing[0]} did not pass" if missing else rule.applies(subject)
        except BaseException as error:  # it may call the user's code
            findings.append(_raised(rule, error, subject, shown))
            continue
        if isinstance(applies, str):
            skipped[rule.id] = applies
            continue
        if not applies:
            silent.append(rule.id)
            continue
        report(Message(stage=f"while it {rule.doing}"))
        try:
            problems = list(_try(rule, subject, shown))
        except CannotBeTried as reason:
            skipped[rule.id] = str(reason)
            continue
        findings += problems
        if not problems:
            passed.append(rule.id)
    facts = subject.facts
    return Verdict(
        protocol.Subject(subject.wanted.name, subject.wanted.construct),
        tuple(findings),
        tuple(passed),
        tuple(skipped.items()),
        facts.input_shapes,
        facts.output_shapes,
        facts.parameters,
        facts.trainable,
        facts.layers or (),
    )


def _try(rule: Rule, subject: Subject, shown: str) -> Iterator[Finding]:
    """The findings of one rule."""
    found = 0
    try:
        for item in rule.check(subject):
            problem = item if isinstance(item, Problem) else Problem(item)
            line = subject.line(problem.at or rule.at)
            finding = rule.finding(problem.message, shown, line, _code(subject.path, line), problem.fix)
            yield replace(finding, severity=problem.severity or rule.severity)
            found += 1
    except CannotBeTried:
        raise
    except BaseException as error:  # the rule calls the user's code, which may raise or exit as it likes
        if not found:  # what follows a defect that has a name is its consequence
            yield _raised(rule, error, subject, shown)


def _raised(rule: Rule, error: BaseException, subject: Subject, shown: str) -> Finding:
    """The finding of a rule where the code of a subject raised an exception."""
    line, code = locate(error, subject.path)
    if line is None and subject.first_line is not None:
        line = subject.first_line
        with contextlib.suppress(BaseException):  # of the user's constructor: it has a finding of its own
            line = subject.line(rule.at)
        code = _code(subject.path, line)
    finding = rule.finding(f"{rule.failure}: {explain(error)}", shown, line, code)
    return replace(finding, severity=Severity.ERROR)


def _failure(rule: Rule, error: BaseException, job: Job) -> Finding:
    """The finding of a rule where the user's code raised an exception."""
    return rule.finding(f"{rule.failure}: {explain(error)}", job.shown, *locate(error, str(job.path)))


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


def locate(error: BaseException, path: str) -> tuple[int | None, str]:
    """The innermost line of the user's file that an exception passed through, and its text."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno, (error.text or "").strip()
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
    return line, _code(path, line)


def _code(path: str, line: int | None) -> str:
    """A line of the user's file."""
    return linecache.getline(path, line).strip() if line else ""
