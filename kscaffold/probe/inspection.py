"""One file: import it, then hold each class in it, or each that was described, against the rules."""

import __future__

import ast
import contextlib
import functools
import gc
import importlib
import importlib.util
import inspect
import linecache
import operator
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType

import keras

from . import protocol
from .arguments import BASE_ARGUMENTS, parameters
from .classes import describe
from .exceptions import explain
from .found import Found, NotASubject
from .protocol import Finding, Job, Known, Severity, Verdict
from .rule import CannotBeTried, Problem, Rule, find_rules
from .subject import Subject
from .subjects import find_all, kinds
from .trying import try_out
from .wire import Message

RULES = f"{__package__}.rules"
FUTURE = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)
COLLECTED_AFTER = 50_000  # objects
IMPORTS, CONSTRUCTS = "KS200", "KS201"  # what a file, and a class that cannot even be made, is held against
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
        module, left_out = import_file(str(job.path), job.module or job.path.stem, job.stop)
        wanted = find_all(module, job.path.read_text(encoding="utf-8")) if job.subjects is None else job.subjects
    except BaseException as error:  # SystemExit and KeyboardInterrupt of the user's code too
        report(Message(failed=_failure(rule_of(IMPORTS), error, job)))
        return
    folder, environment = os.getcwd(), dict(os.environ)
    for one in [one for one in wanted if not job.only or one.name in job.only][start:]:
        if isinstance(one, Found):
            begun = Verdict(protocol.Subject(one.name, one.name), lines=one.lines, unchecked=one.skip)
        else:
            begun = Verdict(protocol.Subject(one.name, one.construct))
        is_class = isinstance(one, Found) and inspect.isclass(one.item)  # a function may take a model that nobody has
        report(Message(begun=begun))
        try:
            verdict = begun if begun.unchecked else _inspect(module, one, job, report, begun)
        except NotASubject as error:
            verdict = replace(begun, unchecked=str(error), is_open=is_class and error.is_open)
        except BaseException as error:  # of the user's constructor, or of what is asked of a class before it is tried
            finding = _failure(rule_of(CONSTRUCTS), error, job)
            line = finding.line or (begun.lines[0] if begun.lines else None)
            verdict = replace(begun, findings=(replace(finding, line=line),))
        missing = next((name for name in left_out if any(_misses(name, one) for one in verdict.findings)), None)
        if missing:
            verdict = replace(
                begun, unchecked=f"it needs {missing}, which the program in this file makes", is_open=True
            )
        report(Message(verdict=verdict))
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        keras.backend.clear_session()


def _inspect(module: ModuleType, wanted: Found | protocol.Subject, job: Job, report: Report, begun: Verdict) -> Verdict:
    """What is said of a class or function, described or not."""
    if isinstance(wanted, protocol.Subject):
        described = (describe(kind.KIND, module, wanted, str(job.path)) for kind in kinds() if hasattr(kind, "KIND"))
        subject = next(filter(None, described), None) or Subject(module, wanted, str(job.path))
        return inspect_subject(subject, job.shown, report, begun)
    report(Message(stage="while it is constructed and called to find out how"))
    find_out = wanted.try_out or try_out
    subject, assumed = find_out(module, wanted, known_of(wanted, job), str(job.path))
    begun = replace(begun, subject=protocol.Subject(wanted.name, subject.wanted.construct), assumed=assumed)
    return inspect_subject(subject, job.shown, report, begun)


def known_of(found: Found, job: Job) -> Known:
    """What the user says of a class: by settings, over that what flags say of all, where it fits, and of that class."""
    own, of_all, asked = (
        known.get(name, Known()) for known, name in ((job.known, found.name), (job.known, ""), (job.asked, found.name))
    )
    names = {parameter.name for parameter in parameters(found.item)} | set(BASE_ARGUMENTS)
    fitting = {name: source for name, source in of_all.args if name in names}
    return Known(tuple((dict(own.args) | fitting | dict(asked.args)).items()), asked.feeds or of_all.feeds or own.feeds)


def import_file(path: str, name: str, stop: int = 0) -> tuple[ModuleType, set[str]]:
    """Imports the file at `path` as the module `name`, inside its packages if the name has dots.

    Args:
        path: The file.
        name: The name of the module.
        stop: The line from which on only what defines something is run; 0 for none.

    Returns:
        The module, and the names that it would have if all of it had been run.
    """
    parent = name.rpartition(".")[0]
    if parent:
        importlib.import_module(parent)
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) and os.path.samefile(str(known.__file__), path):
        return known, set()  # its package imports it
    if known is not None:
        name = f"{name}_under_check"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    if not stop:
        spec.loader.exec_module(module)
        return module, set()
    with open(path, "rb") as file:
        tree = ast.parse(file.read(), path)
    rest = [statement for statement in tree.body if (statement.end_lineno or 0) >= stop]
    tree.body = [statement for statement in tree.body if statement not in rest]
    first = compile(tree, path, "exec")
    exec(first, vars(module))
    for statement in filter(_defines, rest):
        # A constant may be made of what the program would have made; a class that cannot be defined is an error.
        is_constant = isinstance(statement, ast.Assign | ast.AnnAssign)
        with contextlib.suppress(NameError) if is_constant else contextlib.nullcontext():
            flags = first.co_flags & FUTURE
            exec(compile(ast.Module([statement], []), path, "exec", flags), vars(module))
    nodes = (node for statement in rest for node in ast.walk(statement) if isinstance(node, ast.Name))
    return module, {node.id for node in nodes if isinstance(node.ctx, ast.Store)} - {*vars(module)}


def _defines(statement: ast.stmt) -> bool:
    """Whether a statement defines something, and does nothing else: a class, a function, an import, a constant."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return not any(isinstance(node, ast.Call | ast.Await) for node in ast.walk(statement))
    return isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Import | ast.ImportFrom)


def _misses(name: str, finding: Finding) -> bool:
    return f"NameError: name {name!r} is not defined" in finding.message


def rule_of(id: str) -> Rule:
    """The rule with an id."""
    return next(rule for rule in find_rules(RULES) if rule.id == id)


def inspect_subject(
    subject: Subject, shown: str, report: Report = lambda message: None, begun: Verdict | None = None
) -> Verdict:
    """Tries the rules in order; those that require a failed or skipped one are skipped.

    Args:
        subject: A layer or model.
        shown: How messages name its file.
        report: Told what is done next, and what each rule found.
        begun: What is known of the subject already.
    """
    verdict = begun or Verdict(protocol.Subject(subject.wanted.name, subject.wanted.construct))
    settled: set[str] = set()  # the rules that passed, and those that have nothing to say
    for rule in find_rules(RULES):
        if not subject.is_tried_on(rule):
            continue
        missing = [name for name in rule.requires if name not in settled]
        try:
            applies = f"{missing[0]} did not pass" if missing else rule.applies(subject)
        except BaseException as error:  # it may call the user's code
            verdict = replace(verdict, findings=(*verdict.findings, _raised(rule, error, subject, shown)))
            report(Message(begun=verdict))
            continue
        if not applies:
            settled.add(rule.id)
            continue
        if not isinstance(applies, str):
            report(Message(stage=f"while it {rule.doing}"))
            try:
                problems = tuple(_try(rule, subject, shown))
            except CannotBeTried as reason:
                applies = str(reason)
            else:
                settled |= set() if problems else {rule.id}
                passed = verdict.passed if problems else (*verdict.passed, rule.id)
                verdict = replace(verdict, findings=(*verdict.findings, *problems), passed=passed)
        if isinstance(applies, str):
            verdict = replace(verdict, skipped=(*verdict.skipped, (rule.id, applies)))
        report(Message(begun=verdict))
    facts = subject.facts
    return replace(
        verdict,
        input_shapes=facts.input_shapes,
        output_shapes=facts.output_shapes,
        parameters=facts.parameters,
        trainable=facts.trainable,
        layers=facts.layers or (),
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
        if type(error).__name__ == "UnimplementedError":  # what TensorFlow raises, such as for NCHW on most CPUs
            raise CannotBeTried(f"this machine cannot do it ({explain(error)})") from error
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
    """Keeps what is imported out of later garbage collections, which take a fifth of a second each otherwise.

    And has fewer of them: with the usual threshold they take a tenth of what a small class takes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER)


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
