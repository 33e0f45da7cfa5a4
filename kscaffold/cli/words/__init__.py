"""What users read of what came of a command: a `Report`.

A module of this folder says what several commands say, or more than has room in the file of its command.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kscaffold.base.errors import ExitCode, RequestError, printable

if TYPE_CHECKING:
    from kscaffold.disk.plan import Change, Plan

COLOURS = {
    **dict.fromkeys(("create", "update", "check"), "green"),
    **dict.fromkeys(("remove", "restore", "add", "force", "skip", "uses"), "yellow"),
    "conflict": "red",
    "identical": "blue",
}


class Report(NamedTuple):
    """What is said of what came of a command, to programs as a JSON document, to people as lines.

    Attributes:
        notes: What is not a result, and does not go where results go.
        failure: What went wrong, if anything did.
        exit_code: What the command ends with; `None` for one that always succeeds, and says no exit code.
    """

    document: Mapping[str, Any] = {}
    lines: Sequence[str] = ()
    notes: Sequence[str] = ()
    failure: RequestError | None = None
    exit_code: ExitCode | None = None


def status_line(word: str, text: str, colour: str | None = None) -> str:
    """A line that begins with a status word: `create  my_dense.py`."""
    return f"{click.style(f'{word:<7}', fg=colour or COLOURS.get(word))} {printable(text)}"


def failure_line(error: RequestError) -> str:
    """The one message for what went wrong."""
    return f"{click.style('error', fg='red')}: {error}"


def warning_lines(warnings: Iterable[str]) -> list[str]:
    """What the user should know, though nothing is wrong."""
    return [f"{click.style('warning', fg='yellow')}: {warning}" for warning in warnings]


def recovered_lines(paths: Iterable[str]) -> list[str]:
    """What was put back that an interrupted run had left half done."""
    return [f"note: {path} is again as it was before a run that was interrupted" for path in paths]


def file_lines(plan: Plan, with_diff: bool) -> list[str]:
    """A line for each file of a plan, below it a unified diff if asked for."""
    lines = []
    for change in plan.changes:
        lines.append(status_line(change.status.value, change.shown))
        lines += diff_lines(change) if with_diff else []
    return lines


def diff_lines(change: Change) -> list[str]:
    """A unified diff in the colours that are usual for it."""
    from kscaffold.disk.plan import diff

    return [_styled(line) for line in diff(change).splitlines()]


def _styled(line: str) -> str:
    colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    return click.style(line, fg=colour) if colour and not line.startswith(("+++", "---")) else line


def files_json(plan: Plan, with_diff: Container[Change]) -> list[dict[str, Any]]:
    """The files of a plan as JSON, some of them with a unified diff."""
    from kscaffold.disk.plan import diff

    return [
        {"path": change.shown, "status": change.status.value} | ({"diff": diff(change)} if change in with_diff else {})
        for change in plan.changes
    ]


def conflict(plan: Plan) -> RequestError | None:
    """What is said of the conflicts that a plan has left; `None` without any."""
    if not plan.conflicts:
        return None
    shown = ", ".join(change.shown for change in plan.conflicts)
    return RequestError(
        f"{shown}: exists with other content; nothing was written."
        " Use --force to overwrite, --skip to keep, --diff to compare."
    )
