"""`kscaffold check`: files and folders -> jobs -> what static rules and the check process say of each -> one report."""

import ast
import contextlib
import itertools
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from kscaffold.base import project as config
from kscaffold.base.errors import ExitCode, unknown
from kscaffold.base.project import Project, find_project
from kscaffold.check.files import find_python_files, import_place
from kscaffold.check.findings import fold
from kscaffold.check.process import CheckProcess, find_interpreter
from kscaffold.check.rulebook import check_selection, read_rulebook
from kscaffold.check.settings import DEFAULT, CheckSettings, project_settings
from kscaffold.check.static import find_problems
from kscaffold.check.static.at_import import Work, has_subjects, work_at_import
from kscaffold.probe.protocol import FileVerdict, Finding, Job, Known, Limits, Severity, Verdict

IGNORE = re.compile(r"#\s*kscaffold:\s*ignore(?:\[(?P<rules>[^\]]*)\])?")


@dataclass(frozen=True)
class CheckRequest:
    """What `kscaffold check` is asked."""

    paths: tuple[Path, ...]
    static: bool = False  # whether only the rules run that need no Keras
    flags: Mapping[str, Any] = field(default_factory=dict)  # for `CheckSettings.apply`
    # What the flags say of classes, by their names; under "" what they say of all.
    known: Mapping[str, Known] = field(default_factory=dict)
    # The classes that are wanted of single files, which are among the paths; none for all.
    only: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    # Those of the files that are looked at, as `find_python_files` gives them; `None` for all.
    among: frozenset[Path] | None = None
    workers: int = 0  # as in `Limits`
    python: str | None = None


@dataclass(frozen=True)
class Run:
    """What was found on one backend; on none, without a name, where Keras was not needed."""

    backend: str
    files: tuple[FileVerdict, ...]


@dataclass(frozen=True)
class Conformance:
    """What a check found."""

    runs: tuple[Run, ...]
    strict: bool = False  # whether warnings fail too
    ignored: int = 0  # how many findings a comment or a setting takes out
    seconds: float = 0.0
    unused: tuple[str, ...] = ()  # arguments given by flags that no class takes
    unfinished: int = 0  # how many files were not checked, because the user stopped it

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings that are causes."""
        files = (file for run in self.runs for file in run.files)
        found = ((file.findings, *(verdict.findings for verdict in file.verdicts)) for file in files)
        return tuple(finding for several in found for findings in several for finding in findings)

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What is said of each class that was checked."""
        found = (verdict for run in self.runs for file in run.files for verdict in file.verdicts)
        return tuple(verdict for verdict in found if not verdict.unchecked)

    @property
    def unchecked(self) -> int:
        """How many classes could not be checked: nobody said what they take, and it was not found out."""
        verdicts = (verdict for run in self.runs for file in run.files for verdict in file.verdicts)
        return sum(verdict.is_open for verdict in verdicts)

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        failed = self.count(Severity.ERROR) or self.unfinished
        failed = failed or (self.strict and (self.count(Severity.WARNING) or self.unchecked))
        return ExitCode.CHECK_FAILED if failed else ExitCode.DONE


def check_files(
    request: CheckRequest,
    on_wait: Callable[[], None] = lambda: None,
    on_file: Callable[[str, FileVerdict], None] = lambda backend, file: None,
) -> Conformance:
    """Carries out a check; where Ctrl-C stops it, gives what is known by then.

    Args:
        request: What is asked.
        on_wait: Called when all that is left to do is to wait for Keras.
        on_file: Called with the backend, empty if there is but one, and what is said of a file: in the order of the
            files, each as soon as it and those before it are done.
    """
    started = time.monotonic()
    project = find_project(folder_of(request.paths))
    of_project = config.DEFAULT.apply(project.settings)
    settings = DEFAULT.apply({"backend": (of_project.backend,)} | project_settings(project)).apply(request.flags)
    chosen = _Chosen(settings)
    limits = Limits(settings.timeout, settings.memory, request.workers)
    runs: list[Run] = []
    unfinished = 0

    def take(backend: str, sources: list[Source], examined: Iterable[tuple[int, FileVerdict | None]]) -> None:
        nonlocal unfinished
        done: dict[int, FileVerdict] = {}
        told = 0
        shown = backend if len(settings.backend) > 1 else ""
        with contextlib.suppress(KeyboardInterrupt):
            for number, said in examined:
                done[number] = chosen.of(sources[number], said)
                while told in done:
                    on_file(shown, done[told])
                    told += 1
        files = tuple(done[number] for number in sorted(done))
        for file in files[told:]:
            on_file(shown, file)
        unfinished = len(sources) - len(files)
        runs.append(Run(backend, files))

    if request.static:
        sources = _read_files(request, settings)
        take("", sources, ((number, None) for number in range(len(sources))))
    for backend in () if request.static else settings.backend:
        interpreter = find_interpreter(request.python, of_project.python, project.pyproject)
        with CheckProcess(interpreter, limits, backend, of_project.warm) as process:
            sources = _read_files(request, settings)  # while Keras is imported
            asked = [number for number, source in enumerate(sources) if source.has_subjects]
            jobs = tuple(_job(sources[number], project, settings, request) for number in asked)
            on_wait()
            others: Iterable[tuple[int, None]] = (
                (number, None) for number in range(len(sources)) if number not in asked
            )
            examined = ((asked[number], said) for number, said in (process.examine(jobs) if jobs else ()))
            take(backend, sources, itertools.chain(others, examined))
        if unfinished:
            break
    report = Conformance(
        tuple(runs), settings.strict, chosen.dropped, time.monotonic() - started, unfinished=unfinished
    )
    return (
        report if request.static else replace(report, unused=_unused(request.known.get("", Known()), report.verdicts))
    )


@dataclass(frozen=True)
class Source:
    """A file, what its source alone shows, and the classes that are wanted; one without subjects is not imported."""

    path: Path
    shown: str
    text: str
    findings: tuple[Finding, ...]
    only: tuple[str, ...] = ()

    @cached_property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.text.splitlines()

    @cached_property
    def wanted(self) -> list[tuple[int, int]]:
        """The first and the last lines of the classes and functions that are wanted."""
        nodes = (node for node in ast.walk(ast.parse(self.text)) if isinstance(node, ast.ClassDef | ast.FunctionDef))
        return [(node.lineno, node.end_lineno or node.lineno) for node in nodes if node.name in self.only]

    @cached_property
    def has_subjects(self) -> bool:
        """Whether it may define a layer, a model or what builds one."""
        return has_subjects(self.text)

    @cached_property
    def work(self) -> Work | None:
        """Where a program begins that importing the file would run."""
        return work_at_import(self.text) if self.has_subjects else None


def shown_path(path: Path, folder: Path) -> str:
    """How messages name a file."""
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def folder_of(paths: tuple[Path, ...]) -> Path:
    """The folder whose project is that of the files."""
    first = paths[0].resolve()
    return first if first.is_dir() else first.parent


def _read_files(request: CheckRequest, settings: CheckSettings) -> list[Source]:
    sources = []
    folder = Path.cwd()
    for path in find_python_files(request.paths, settings.exclude):
        if request.among is not None and path not in request.among:
            continue
        shown = shown_path(path, folder)
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        only = request.only.get(path, ())
        for name in only:
            if not re.search(rf"^\s*(class|def)\s+{name}\b", text, re.MULTILINE):
                defined = re.findall(r"^(?:class|def)\s+(\w+)", text, re.MULTILINE)
                raise unknown(f"{shown} defines no {name!r}.", name, defined, "PATH")
        sources.append(Source(path, shown, text, tuple(find_problems(text, shown)), only))
    return sources


def _job(source: Source, project: Project, settings: CheckSettings, request: CheckRequest) -> Job:
    module, root = import_place(source.path)
    known = {"": request.known.get("", Known())}
    for name, one in settings.known.items():
        place, _, cls = name.rpartition(".")
        if not place or module == place or module.endswith(f".{place}"):
            known[cls] = one
    search = dict.fromkeys((root, source.path.parent, Path.cwd(), *project.test_paths))
    return Job(
        source.path,
        source.shown,
        tuple(search),
        None,
        module,
        known,
        request.known,
        source.only,
        source.work.line if source.work else 0,
    )


class _Chosen:
    """Takes out the findings that settings and comments say do not count, and counts those that would have."""

    def __init__(self, settings: CheckSettings) -> None:
        self.dropped = 0
        self._selected = check_selection(settings.select, "--select") or [rule.id for rule in read_rulebook()]
        self._ignored = check_selection(settings.ignore, "--ignore")

    def of(self, source: Source, examined: FileVerdict | None = None) -> FileVerdict:
        """What is said of a file: findings in its source are given to the classes that they are in, and folded."""
        note = ""
        if examined and source.work:
            work = source.work
            note = f"line {work.line}, {work.call}(…), {work.does} on import: from there on only definitions are run"
        examined = replace(examined or FileVerdict(source.shown), note=note)
        loose = [*source.findings, *examined.findings]
        verdicts = list(examined.verdicts)
        # The innermost class that a finding is in comes first.
        for index in sorted(range(len(verdicts)), key=lambda index: _size(verdicts[index].lines)):
            verdict = verdicts[index]
            own = [finding for finding in loose if _inside(finding, verdict.lines)]
            loose = [finding for finding in loose if finding not in own]
            first = verdict.lines[0] if verdict.lines else None
            verdicts[index] = replace(verdict, findings=self._fold((*own, *verdict.findings), first, source.lines))
        if source.only:  # what is said of other parts of the file is not asked for
            verdicts = [verdict for verdict in verdicts if verdict.subject.name in source.only]
            inside = (one for one in source.findings if any(_inside(one, lines) for lines in source.wanted))
            loose = [one for one in (*inside, *examined.findings) if one in loose]
        return replace(examined, findings=self._fold(loose, None, source.lines), verdicts=tuple(verdicts))

    def _fold(self, findings: Iterable[Finding], first: int | None, lines: Sequence[str]) -> tuple[Finding, ...]:
        folded = fold(finding for finding in findings if finding.rule in self._selected)
        kept = tuple(item for item in folded if item.rule not in self._ignored and not _silenced(item, first, lines))
        self.dropped += len(folded) - len(kept)
        return kept


def _size(lines: tuple[int, int] | None) -> int:
    return lines[1] - lines[0] if lines else 0


def _inside(finding: Finding, lines: tuple[int, int] | None) -> bool:
    return lines is not None and finding.line is not None and lines[0] <= finding.line <= lines[1]


def _silenced(finding: Finding, first: int | None, lines: Sequence[str]) -> bool:
    """Whether a comment on its line, or on the line where its class begins, says that it is meant."""
    for line in (finding.line, first):
        match = IGNORE.search(lines[line - 1]) if line is not None and 0 < line <= len(lines) else None
        if match and (match["rules"] is None or finding.rule in _ids(match["rules"])):
            return True
    return False


def _ids(text: str) -> Iterator[str]:
    return (part.strip().upper() for part in text.split(","))


def _unused(known: Known, verdicts: tuple[Verdict, ...]) -> tuple[str, ...]:
    constructs = "\n".join(verdict.subject.construct for verdict in verdicts)
    return tuple(name for name, _ in known.args if not re.search(rf"[(, ]{name}=", constructs))
