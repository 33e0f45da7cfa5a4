"""What `kscaffold watch` prints: of a check, what is different from the one before; and the warm processes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

import click

from kscaffold.base.errors import printable
from kscaffold.check import FileVerdict, Finding, Severity
from kscaffold.check.warm import WarmProcess
from kscaffold.cli.words import status_line
from kscaffold.cli.words.check import plural
from kscaffold.cli.words.verdict import finding_lines, verdict_lines

Told = tuple[str, Finding]  # with the class that it is about; without a name for the file


def heading(changed: Iterable[str], importing: int) -> str:
    """`14:02:11  src/layers.py, and 2 that import it`."""
    names = sorted(changed)
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    more = f", and {importing} that import{'s' if importing == 1 else ''} {'it' if len(names) == 1 else 'them'}"
    return click.style(printable(f"{time.strftime('%H:%M:%S')}  {shown}{more if importing else ''}"), bold=True)


def changed_lines(file: FileVerdict, before: FileVerdict | None, is_saved: bool) -> list[str]:
    """The classes of a file, with what is new in full and what was there before in a line, then what is mended.

    Nothing, if all is as it was and the file was not saved itself.
    """
    old, new = _identities(before), _identities(file)
    if not is_saved and old == new:
        return []
    lines = []
    for verdict in file.verdicts:
        name = verdict.subject.name
        place = f"{file.shown}:{verdict.lines[0]}" if verdict.lines else file.shown
        if verdict.unchecked:
            lines.append(status_line("skip", f"{place}  {name}: {verdict.unchecked}"))
        else:
            lines.append(verdict_lines(verdict, place)[0])
        lines += _finding_lines(name, verdict.findings, old)
    if file.findings:
        lines.append(status_line("check", f"{file.shown}  failed", "red"))
        lines += _finding_lines("", file.findings, old)
    elif not file.verdicts:
        lines.append(status_line("check", f"{file.shown}  ok"))
    gone = [(name, finding) for name, finding in _told(before) if _identity(name, finding) not in new]
    return [*lines, *(_gone_line(file.shown, name, finding) for name, finding in gone)]


def removed_lines(before: FileVerdict) -> list[str]:
    """That a file is gone."""
    return [status_line("gone", before.shown, "yellow")]


def _finding_lines(name: str, findings: Sequence[Finding], old: set[tuple[str, str, str]]) -> Iterator[str]:
    for finding in findings:
        lines = finding_lines([finding])
        yield from lines[:1] if _identity(name, finding) in old else lines


def _gone_line(shown: str, name: str, finding: Finding) -> str:
    return status_line("fixed", f"{shown}  {f'{name}: ' if name else ''}{finding.rule} {finding.name}", "green")


def _told(file: FileVerdict | None) -> Iterator[Told]:
    if file is not None:
        yield from (("", finding) for finding in file.findings)
        yield from ((verdict.subject.name, finding) for verdict in file.verdicts for finding in verdict.findings)


def _identity(name: str, finding: Finding) -> tuple[str, str, str]:
    return name, finding.rule, finding.message


def _identities(file: FileVerdict | None) -> set[tuple[str, str, str]]:
    return {_identity(name, finding) for name, finding in _told(file)}


def totals(files: Iterable[FileVerdict], seconds: float | None = None) -> str:
    """`1 error, 2 warnings in 12 files, in 0.4 s`, in the colour of the worst."""
    seen = list(files)
    findings = [finding for file in seen for _, finding in _told(file)]
    counts = {severity: sum(finding.severity is severity for finding in findings) for severity in Severity}
    said = ", ".join(plural(count, severity) for severity, count in counts.items() if count)
    text = f"{said or 'nothing found'} in {plural(len({file.shown for file in seen}), 'file')}"
    colour = "red" if counts[Severity.ERROR] else "yellow" if counts[Severity.WARNING] else "green"
    return click.style(f"{text}, checked in {seconds:.1f} s" if seconds is not None else text, fg=colour)


def process_lines(processes: Iterable[WarmProcess], word: str) -> list[str]:
    """A line for each warm process: what it is for, what it takes, when it ends."""
    lines = []
    for one in processes:
        ends = f"ends after {one.seconds / 60:g} minutes without a check" if one.seconds else "ends with its watch"
        since = time.strftime("%H:%M", time.localtime(one.since))
        size = f"{one.megabytes} MB, " if one.megabytes else ""
        state = "" if one.ready else "imports Keras, "
        lines.append(
            status_line(word, f"{one.interpreter} on {one.backend}, {state}{size}pid {one.pid}, since {since}, {ends}")
        )
    return lines or ["no warm process"]
