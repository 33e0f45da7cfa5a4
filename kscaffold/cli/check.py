"""`kscaffold check`."""

from __future__ import annotations

import sys
from typing import Any

import click

from kscaffold.base.errors import RequestError
from kscaffold.cli._completion import complete_rule

BACKENDS = click.Choice(["tensorflow", "jax", "torch", "numpy"])
FORMATS = click.Choice(["text", "github", "sarif", "json"])


@click.command("check", short_help="Check the layers and models in Python files.")
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())
@click.option("--static", is_flag=True, help="Run only the rules that need no Keras: KS1xx.")
@click.option("--strict", is_flag=True, default=None, help="Warnings fail, too.")
@click.option(
    "--select",
    multiple=True,
    metavar="RULES",
    shell_complete=complete_rule,
    help="Rules that count: KS301, KS3, config-round-trip, ….",
)
@click.option("--ignore", multiple=True, metavar="RULES", shell_complete=complete_rule, help="Rules that do not count.")
@click.option("--arg", "arguments", multiple=True, metavar="NAME=VALUE", help="Constructor argument: units=8.")
@click.option(
    "--input-shape",
    "shapes",
    multiple=True,
    metavar="[NAME=]SHAPE[:DTYPE]",
    help="One example of an input: 16, 8,8,3, 6:int32; once for each input.",
)
@click.option("--backend", multiple=True, type=BACKENDS, help="Backend of Keras; repeatable.  [default: tensorflow]")
@click.option("--timeout", type=click.FloatRange(min=0.1), metavar="SECONDS", help="For each class.  [default: 60]")
@click.option(
    "--memory",
    type=click.IntRange(min=0),
    metavar="MB",
    help="For each file, beyond Keras itself; 0 for no limit.  [default: 4096]",
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Files at once.  [default: one a core]")
@click.option(
    "--python", metavar="EXE", help="Interpreter that checks run in.  [default: the active virtual environment's]"
)
@click.option("--output-format", type=FORMATS, default="text", help="How findings are printed.  [default: text]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@click.option("--list-rules", is_flag=True, help="Print all rules.")
@click.option(
    "--explain", metavar="RULE", shell_complete=complete_rule, help="Print what a rule is about, with an example."
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def command(paths: tuple[str, ...], output_format: str, as_json: bool, quiet: bool, debug: bool, **values: Any) -> int:
    """Find the defects of Keras layers and models in Python files and folders, also those that Keras is silent about.

    Each class that derives from keras.layers.Layer or keras.Model, and each function build_… that returns a model, is
    built, called, saved, loaded and trained in a process of its own. What its constructor and its call take is found
    out, and printed where it was guessed.
    """
    from kscaffold.check import rulebook

    output_format = "json" if as_json else output_format
    if values["list_rules"] or values["explain"]:
        chosen = [rulebook.find_rule(values["explain"])] if values["explain"] else rulebook.read_rulebook()
        return _print_rules(chosen, bool(values["explain"]), output_format == "json")
    if not paths:
        raise RequestError("There is nothing to check.", hint="Name files or folders: kscaffold check src")
    return _check(paths, output_format, quiet, values)


def _print_rules(rules: Any, explain: bool, as_json: bool) -> int:
    from kscaffold.cli import words as report
    from kscaffold.cli.words import conformance

    if as_json:
        click.echo(report.dump(conformance.rules_json(rules)))
    else:
        for line in conformance.rule_lines(rules[0]) if explain else conformance.rule_list_lines(rules):
            click.echo(line)
    return 0


def _check(paths: tuple[str, ...], output_format: str, quiet: bool, values: dict[str, Any]) -> int:
    from pathlib import Path

    from kscaffold.check.conformance import CheckRequest, check_files
    from kscaffold.check.settings import parse_argument, parse_feed
    from kscaffold.check.verdict import Known
    from kscaffold.cli._progress import Progress

    names = ("select", "ignore", "backend", "strict", "timeout", "memory")
    request = CheckRequest(
        paths=tuple(map(Path, paths)),
        static=values["static"],
        flags={name: values[name] if values[name] not in ((), None) else None for name in names},
        known=Known(
            tuple(parse_argument(text) for text in values["arguments"]),
            tuple(parse_feed(text) for text in values["shapes"]),
        ),
        workers=values["jobs"] or 0,
        python=values["python"],
    )
    waits = Progress(enabled=output_format == "text" and not quiet and sys.stderr.isatty())
    try:
        found = check_files(request, waits.begin)
    finally:
        waits.end()

    from kscaffold.cli import words as report
    from kscaffold.cli.words import conformance

    for name in found.unused:
        click.echo(f"{click.style('warning', fg='yellow')}: --arg {name}: no class here takes it", err=True)
    if output_format == "json":
        click.echo(report.dump(conformance.conformance_json(found)))
    elif output_format == "sarif":
        click.echo(report.dump(conformance.sarif(found)))
    else:
        lines = conformance.github_lines(found) if output_format == "github" else None
        for line in conformance.conformance_lines(found, quiet) if lines is None else lines:
            click.echo(line)
    return int(found.exit_code)
