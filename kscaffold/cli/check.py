"""`kscaffold check`."""

from __future__ import annotations

from enum import StrEnum

import click

from kscaffold.base.errors import RequestError
from kscaffold.base.project import Backend
from kscaffold.cli._output import (
    JSON,
    PYTHON,
    TRUST,
    Offer,
    OneOf,
    Output,
    flag,
    offers,
    tell,
    value,
    values,
    with_output,
)


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    GITHUB = "github"
    SARIF = "sarif"
    JSON = "json"


@click.command("check", short_help="Check the layers and models in Python files.")
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path())
@flag("--static", "Run only the rules that need no Keras: KS1xx.")
@click.option("--strict", is_flag=True, default=None, help="Warnings fail, too.")
@values("--select", "RULES", "Rules that count: KS301, KS3, config-round-trip, ….", offers(Offer.RULES))
@values("--ignore", "RULES", "Rules that do not count.", offers(Offer.RULES))
@values("--arg arguments", "NAME=VALUE", "Constructor argument: units=8.")
@values(
    "--input-shape shapes",
    "[NAME=]SHAPE[:DTYPE]",
    "One example of an input: 16, 8,8,3, 6:int32; once for each input.",
)
@click.option(
    "--backend", multiple=True, type=OneOf(Backend), help="Backend of Keras; repeatable.  [default: tensorflow]"
)
@click.option("--timeout", type=click.FloatRange(min=0.1), metavar="SECONDS", help="For each class.  [default: 60]")
@click.option(
    "--memory",
    type=click.IntRange(min=0),
    metavar="MB",
    help="For each file, beyond Keras itself; 0 for no limit.  [default: 4096]",
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Files at once.  [default: one a core]")
@PYTHON
@TRUST
@click.option(
    "--output-format", type=OneOf(Format), default=Format.TEXT, help="How findings are printed.  [default: text]"
)
@with_output(
    JSON,
    flag("-q --quiet", "Print findings only."),
    flag("--list-rules", "Print all rules."),
    value("--explain", "RULE", "Print what a rule is about, with an example.", offers(Offer.RULES)),
)
def command(
    paths: tuple[str, ...],
    static: bool,
    strict: bool | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    arguments: tuple[str, ...],
    shapes: tuple[str, ...],
    backend: tuple[Backend, ...],
    timeout: float | None,
    memory: int | None,
    jobs: int | None,
    python: str | None,
    output_format: Format,
    list_rules: bool,
    explain: str | None,
    output: Output,
) -> int:
    """Find the defects of Keras layers and models in Python files and folders, also those that Keras is silent about.

    Each class that derives from keras.layers.Layer or keras.Model, and each function build_… that returns a model, is
    built, called, saved, loaded, exported and trained; losses and metrics are called, reset and trained with. Each file
    has a process of its own. What a constructor and a call take is found out, and printed where it was guessed.
    """
    from kscaffold.check import rulebook

    output = output._replace(as_json=output.as_json or output_format is Format.JSON)
    if explain or list_rules:
        from kscaffold.cli.words import rules

        said = rules.explanation(rulebook.find_rule(explain)) if explain else rules.listing(rulebook.read_rulebook())
        return tell(said, output)
    if not paths:
        raise RequestError("There is nothing to check.", hint="Name files or folders: kscaffold check src")
    from pathlib import Path

    from kscaffold.check import Known
    from kscaffold.check.conformance import CheckRequest, check_files
    from kscaffold.check.settings import parse_argument, parse_feed

    flags: dict[str, object] = {"select": select, "ignore": ignore, "backend": backend}
    flags |= {"strict": strict, "timeout": timeout, "memory": memory}
    request = CheckRequest(
        paths=tuple(map(Path, paths)),
        static=static,
        flags={name: given if given != () else None for name, given in flags.items()},
        known=Known(tuple(map(parse_argument, arguments)), tuple(map(parse_feed, shapes))),
        workers=jobs or 0,
        python=python,
    )
    with output.progress() as progress:
        found = check_files(request, progress)

    from kscaffold.cli.words import check, formats

    report = check.report(found, output)
    lines_of = {Format.GITHUB: formats.github_lines, Format.SARIF: formats.sarif_lines}.get(output_format)
    return tell(report._replace(lines=lines_of(found)) if lines_of else report, output)
