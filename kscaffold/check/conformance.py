"""`kscaffold check`: files and folders -> jobs -> what static rules and the check process say of each -> one report."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kscaffold.base import project as config
from kscaffold.base.errors import ExitCode
from kscaffold.base.project import Project, find_project
from kscaffold.check.files import find_python_files, import_place
from kscaffold.check.findings import Finding, fold, unfold
from kscaffold.check.process import CheckProcess, Limits, find_interpreter
from kscaffold.check.rulebook import check_selection, read_rulebook
from kscaffold.check.settings import DEFAULT, CheckSettings, project_settings
from kscaffold.check.static import find_problems
from kscaffold.check.verdict import FileVerdict, Job, Known, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

IGNORE = re.compile(r"#\s*kscaffold:\s*ignore(?:\[(?P<rules>[^\]]*)\])?")


@dataclass(frozen=True)
class CheckRequest:
    """What `kscaffold check` is asked.

    Attributes:
        paths: Files and folders.
        static: Whether only the rules run that need no Keras.
        flags: What the flags say, for `CheckSettings.apply`.
        known: What the flags say of all classes.
        workers: How many files are checked at once; 0 for as many as there are cores.
        python: The interpreter for checks, if one is asked for.
    """

    paths: tuple[Path, ...]
    static: bool = False
    flags: Mapping[str, Any] = field(default_factory=dict)
    known: Known = field(default_factory=Known)
    workers: int = 0
    python: str | None = None


@dataclass(frozen=True)
class Run:
    """What was found on one backend.

    Attributes:
        backend: Its name; empty where Keras was not needed.
        files: What is said of each file.
    """

    backend: str
    files: tuple[FileVerdict, ...]


@dataclass(frozen=True)
class Conformance:
    """What a check found.

    Attributes:
        runs: One for each backend.
        strict: Whether warnings fail too.
        ignored: How many findings a comment or a setting takes out.
        seconds: How long it took.
        unused: Arguments given by flags that no class takes.
    """

    runs: tuple[Run, ...]
    strict: bool = False
    ignored: int = 0
    seconds: float = 0.0
    unused: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings that are causes."""
        files = [file for run in self.runs for file in run.files]
        return tuple(
            finding
            for file in files
            for finding in (*file.findings, *(item for verdict in file.verdicts for item in verdict.findings))
        )

    def count(self, severity: str) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What is said of each class that was checked."""
        found = (verdict for run in self.runs for file in run.files for verdict in file.verdicts)
        return tuple(verdict for verdict in found if not verdict.unchecked)

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        failed = self.count("error") or (self.strict and self.count("warning"))
        return ExitCode.CHECK_FAILED if failed else ExitCode.DONE


def check_files(request: CheckRequest, on_wait: Callable[[], None] = lambda: None) -> Conformance:
    """Carries out a check.

    Args:
        request: What is asked.
        on_wait: Called when all that is left to do is to wait for Keras.

    Raises:
        RequestError: A path, a setting or a rule that does not exist; Keras cannot be imported.
    """
    started = time.monotonic()
    project = find_project(_folder_of(request.paths))
    of_project = config.DEFAULT.apply(project.settings)
    settings = DEFAULT.apply({"backend": (of_project.backend,)})
    settings = settings.apply(project_settings(project)).apply(request.flags)
    selected = check_selection(settings.select, "--select") or tuple(rule.id for rule in read_rulebook())
    ignored = check_selection(settings.ignore, "--ignore")
    limits = Limits(settings.timeout, settings.memory, request.workers)
    runs = []
    dropped = 0
    for backend in settings.backend if not request.static else ("",):
        if request.static:
            files, dropped = _finish(_static_files(request, settings), selected, ignored)
            runs.append(Run("", files))
            break
        interpreter = find_interpreter(request.python, of_project.python, project.pyproject)
        with CheckProcess(interpreter, limits, backend) as process:
            sources = _static_files(request, settings)  # while Keras is imported
            jobs = tuple(_job(source, project, settings, request.known) for source in sources)
            on_wait()
            examined = process.examine(jobs) if jobs else ()
        pairs = zip(sources, examined, strict=True)
        files, some = _finish([source.with_verdicts(file) for source, file in pairs], selected, ignored)
        dropped += some
        runs.append(Run(backend, files))
    report = Conformance(tuple(runs), settings.strict, dropped, time.monotonic() - started)
    return report if request.static else replace(report, unused=_unused(request.known, report.verdicts))


@dataclass(frozen=True)
class Source:
    """A file, and what is known of it so far."""

    path: Path
    shown: str
    lines: tuple[str, ...]
    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...] = ()
    megabytes: int = 0

    def with_verdicts(self, file: FileVerdict) -> Source:
        """The same with what the check process says."""
        return replace(
            self,
            findings=(*self.findings, *file.findings),
            verdicts=file.verdicts,
            megabytes=file.megabytes,
        )


def _folder_of(paths: tuple[Path, ...]) -> Path:
    first = paths[0].resolve()
    return first if first.is_dir() else first.parent


def _static_files(request: CheckRequest, settings: CheckSettings) -> list[Source]:
    """The files, each with what its source alone shows."""
    rules = {rule.id: rule for rule in read_rulebook()}
    sources = []
    for path in find_python_files(request.paths, settings.exclude):
        shown = _shown(path)
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        lines = tuple(text.splitlines())
        findings = tuple(
            Finding(
                rule=problem.rule,
                name=rules[problem.rule].name,
                severity=rules[problem.rule].severity,
                message=problem.message,
                file=shown,
                line=problem.line,
                code=lines[problem.line - 1].strip() if 0 < problem.line <= len(lines) else "",
                fix=problem.fix,
                causes=rules[problem.rule].causes,
            )
            for problem in find_problems(text)
        )
        sources.append(Source(path, shown, lines, findings))
    return sources


def _shown(path: Path) -> str:
    folder = Path.cwd()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def _job(source: Source, project: Project, settings: CheckSettings, flags: Known) -> Job:
    module, root = import_place(source.path)
    known = {"": flags}
    for name, one in settings.known.items():
        place, _, cls = name.rpartition(".")
        if not place or module == place or module.endswith(f".{place}"):
            known[cls] = one
    search = dict.fromkeys((root, source.path.parent, Path.cwd(), *project.test_paths))
    return Job(source.path, source.shown, tuple(search), None, module, known)


def _finish(
    sources: list[Source], selected: tuple[str, ...], ignored: tuple[str, ...]
) -> tuple[tuple[FileVerdict, ...], int]:
    """Gives the findings of static rules to the classes that they are in, folds, and takes out what is ignored."""
    files = []
    dropped = 0

    def chosen(findings: Iterable[Finding], whole: int | None, source: Source) -> tuple[Finding, ...]:
        nonlocal dropped
        folded = fold(finding for finding in unfold(findings) if finding.rule in selected)
        kept = tuple(item for item in folded if item.rule not in ignored and not _silenced(item, whole, source.lines))
        dropped += len(folded) - len(kept)
        return kept

    for source in sources:
        loose = list(source.findings)
        verdicts = []
        for verdict in sorted(source.verdicts, key=lambda item: _size(item.lines)):
            own = [finding for finding in loose if _inside(finding, verdict.lines)]
            loose = [finding for finding in loose if finding not in own]
            first = verdict.lines[0] if verdict.lines else None
            verdicts.append(replace(verdict, findings=chosen((*own, *verdict.findings), first, source)))
        order = {id(verdict.subject): index for index, verdict in enumerate(source.verdicts)}
        verdicts.sort(key=lambda verdict: order[id(verdict.subject)])
        findings = chosen(loose, None, source)
        files.append(FileVerdict(source.shown, findings, tuple(verdicts), source.megabytes))
    return tuple(files), dropped


def _size(lines: tuple[int, int] | None) -> int:
    return lines[1] - lines[0] if lines else 0


def _inside(finding: Finding, lines: tuple[int, int] | None) -> bool:
    return lines is not None and finding.line is not None and lines[0] <= finding.line <= lines[1]


def _silenced(finding: Finding, whole: int | None, lines: tuple[str, ...]) -> bool:
    """Whether a comment on its line, or on the line where its class begins, says that it is meant."""
    for line in {finding.line, whole} - {None}:
        assert line is not None
        match = IGNORE.search(lines[line - 1]) if 0 < line <= len(lines) else None
        if match and (match["rules"] is None or finding.rule in _ids(match["rules"])):
            return True
    return False


def _ids(text: str) -> Iterator[str]:
    return (part.strip().upper() for part in text.split(","))


def _unused(known: Known, verdicts: tuple[Verdict, ...]) -> tuple[str, ...]:
    constructs = [verdict.subject.construct for verdict in verdicts]
    return tuple(
        name for name, _ in known.args if not any(re.search(rf"[(, ]{name}=", construct) for construct in constructs)
    )
