"""What the generating commands print: files, checks, and the layers of a model."""

import json
from collections.abc import Iterable
from typing import Any

import click

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.base.kinds import find_kinds
from kscaffold.cli._output import Output
from kscaffold.cli.words import Report, conflict, file_lines, files_json, recovered_lines, status_line, warning_lines
from kscaffold.kinds import Outcome, SummaryRow


def report(outcome: Outcome, output: Output) -> Report:
    """A line for each file, unified diffs if asked for, the checks, the summary of a model.

    Files that a failed check keeps from being written have no line.
    """
    checks, subjects = [], []
    if outcome.verdicts:  # a command that checks nothing has no use for the words about that
        from kscaffold.cli.words import verdict as words

        subjects = [words.verdict_json(verdict) for verdict in outcome.verdicts]
        told = [verdict for verdict in outcome.verdicts if not (output.quiet and verdict.ok)]
        checks = [line for verdict in told for line in words.verdict_lines(verdict)]
    by_hand = _by_hand_lines(outcome)
    lines, notes = checks, by_hand
    if not output.quiet:
        notes = [*recovered_lines(outcome.recovered), *warning_lines(outcome.warnings)]
    if not output.quiet and not output.stdout:
        if outcome.exit_code is not ExitCode.CHECK_FAILED or outcome.written:
            used = [status_line("uses", f"{place}  ({title})") for place, title in outcome.templates.items()]
            is_template = outcome.text and outcome.template.partition("/")[0] in ("layer", "model", *find_kinds())
            made = [status_line("from", outcome.template)] if is_template else []
            lines = [*used, *file_lines(outcome.plan, output.diff), *by_hand, *made, *lines]
        if outcome.weights:
            lines = [*lines, status_line("weights", f"model.load_weights({json.dumps(outcome.weights)})")]
        if outcome.unchecked:
            lines = [*lines, status_line("check", f"not checked: {outcome.unchecked}", "yellow")]
        lines = [*lines, *_summary_lines(outcome.summary)]
    if output.stdout:
        notes = [*notes, *lines]
        lines = [outcome.text.removesuffix("\n")] if outcome.exit_code is ExitCode.DONE else []
    document: dict[str, Any] = {
        "template": outcome.template,
        "uses": [{"path": place, "from": title} for place, title in outcome.templates.items()],
        "dry_run": output.dry_run,
        "written": outcome.written,
        "files": files_json(outcome.plan, outcome.plan.changes if output.diff else ()),
        "check": {"skipped": outcome.unchecked or None, "subjects": subjects},
        "summary": [dict(vars(row)) for row in outcome.summary],
        "warnings": list(outcome.warnings),
        "recovered": list(outcome.recovered),
        "add_by_hand": [left._asdict() for left in outcome.by_hand],
    }
    if outcome.of_saved:
        document |= {"verified": not outcome.doubt, "not_verified": outcome.doubt or None}
        document["weights"] = outcome.weights or None
    return Report(document, lines, () if output.as_json else notes, _failure(outcome), outcome.exit_code)


def _by_hand_lines(outcome: Outcome) -> list[str]:
    """What is left for the user to add to a file."""
    lines = []
    for left in outcome.by_hand:
        lines.append(status_line("add", f"to {left.path} by hand, because {left.because}:"))
        lines += [f"            {line}" for line in left.lines]
    return lines


def _summary_lines(rows: Iterable[SummaryRow]) -> list[str]:
    """A table of layers, output shapes and numbers of parameters; nothing without rows."""
    cells = [(row.layer, row.shape or "?", "?" if row.parameters is None else f"{row.parameters:,}") for row in rows]
    if not cells:
        return []
    table = [("layer", "output", "params"), *cells]
    first, second, third = (max(len(row[column]) for row in table) for column in range(3))
    lines = [f"        {row[0]:<{first}}  {row[1]:<{second}}  {row[2]:>{third}}" for row in table]
    return [click.style(lines[0], bold=True), *lines[1:]]


def _failure(outcome: Outcome) -> RequestError | None:
    """What is said of an outcome that is not what was asked for; `None` if it is."""
    if outcome.exit_code is not ExitCode.CHECK_FAILED:
        return conflict(outcome.plan)
    if outcome.written:
        return RequestError("The check failed; the files were written all the same, because of --force.")
    return RequestError("The check failed; nothing was written. --no-check writes without checking.")
