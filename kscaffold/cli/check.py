"""`kscaffold check`."""

from typing import TYPE_CHECKING, Any

import click

from kscaffold.base.errors import RequestError
from kscaffold.cli._checking import checking, request_of, terminated_as_by_ctrl_c
from kscaffold.cli._output import JSON, WARM, Output, flag, offers, tell, value, with_output

if TYPE_CHECKING:
    from kscaffold.check import FileVerdict


@click.command("check", short_help="Check the layers and models in Python files.")
@click.argument("paths", nargs=-1, metavar="PATH...")
@flag("--static", "Run only the rules that need no Keras: KS1xx.")
@click.option(
    "--strict", is_flag=True, default=None, help="Warnings fail, too, and so do classes that could not be checked."
)
@checking
@WARM
@click.option(
    "--output-format",
    type=click.Choice(["text", "github", "sarif", "json"]),
    default="text",
    help="How findings are printed.  [default: text]",
)
@with_output(
    JSON,
    flag("-q --quiet", "Print findings only."),
    flag("--list-rules", "Print all rules."),
    value("--explain", "RULE", "Print what a rule is about, with an example.", offers("rules")),
)
def command(
    paths: tuple[str, ...],
    output_format: str,
    list_rules: bool,
    explain: str | None,
    output: Output,
    **options: Any,
) -> int:
    """Find the defects of Keras layers and models in Python files and folders, also those that Keras is silent about.

    Each class that derives from keras.layers.Layer or keras.Model, and each function build_… that returns a model, is
    built, called, saved, loaded, exported and trained; losses and metrics are called, reset and trained with. Each file
    has a process of its own. What a constructor and a call take is found out, and printed where it was guessed. Results
    are printed as files are done; Ctrl-C stops after those.
    """
    from kscaffold.check import rulebook

    output = output._replace(as_json=output.as_json or output_format == "json")
    if explain or list_rules:
        from kscaffold.cli.words import rules

        said = rules.explanation(rulebook.find_rule(explain)) if explain else rules.listing(rulebook.read_rulebook())
        return tell(said, output)
    if not paths:
        raise RequestError("There is nothing to check.", hint="Name files or folders: kscaffold check src")
    from kscaffold.check.conformance import check_files

    request = request_of(paths, **options)
    from kscaffold.cli.words import check, formats

    streams = output_format == "text" and not output.as_json
    last = ""
    with output.progress() as progress, terminated_as_by_ctrl_c():

        def tell_file(backend: str, file: "FileVerdict") -> None:
            nonlocal last
            if not streams:
                return
            progress.clear()
            if backend != last:
                click.secho(f"backend {backend}", bold=True)
                last = backend
            for line in check.file_lines(file, output.quiet):
                click.echo(line)

        found = check_files(request, progress, tell_file)
    report = check.report(found, output)
    lines_of = {"github": formats.github_lines, "sarif": formats.sarif_lines}.get(output_format)
    return tell(report._replace(lines=lines_of(found)) if lines_of else report, output)
