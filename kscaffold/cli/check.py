"""`kscaffold check`."""

import contextlib
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from kscaffold.base.choices import Backend
from kscaffold.base.errors import RequestError
from kscaffold.cli._output import (
    JSON,
    PYTHON,
    TIMEOUT,
    TRUST,
    OneOf,
    Output,
    flag,
    offers,
    tell,
    value,
    values,
    with_output,
)

if TYPE_CHECKING:
    from pathlib import Path

    from kscaffold.check import FileVerdict


@click.command("check", short_help="Check the layers and models in Python files.")
@click.argument("paths", nargs=-1, metavar="PATH...")
@flag("--static", "Run only the rules that need no Keras: KS1xx.")
@click.option(
    "--strict", is_flag=True, default=None, help="Warnings fail, too, and so do classes that could not be checked."
)
@values("--select", "RULES", "Rules that count: KS301, KS3, config-round-trip, ….", offers("rules"))
@values("--ignore", "RULES", "Rules that do not count.", offers("rules"))
@values("--arg arguments", "NAME=VALUE", "Constructor argument: units=8, or Gate.units=8 for one class.")
@values(
    "--input-shape shapes",
    "[NAME=]SHAPE[:DTYPE]",
    "One example of an input: 16, 8,8,3, 6:int32, or Gate:16 for one class; once for each input.",
)
@click.option(
    "--backend", multiple=True, type=OneOf(Backend), help="Backend of Keras; repeatable.  [default: tensorflow]"
)
@TIMEOUT
@value(
    "--memory", "MB", "For each file, beyond Keras itself; 0 for no limit.  [default: 4096]", type=click.IntRange(min=0)
)
@value("--jobs", "N", "Files at once.  [default: one a core]", type=click.IntRange(min=1))
@PYTHON
@TRUST
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
    arguments: tuple[str, ...],
    shapes: tuple[str, ...],
    static: bool,
    jobs: int | None,
    python: str | None,
    output_format: str,
    list_rules: bool,
    explain: str | None,
    output: Output,
    **settings: Any,
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
    from pathlib import Path

    from kscaffold.check.conformance import CheckRequest, check_files
    from kscaffold.check.settings import parse_known

    request = CheckRequest(
        tuple(Path(path.partition("::")[0]) for path in paths),
        static,
        {name: given if given != () else None for name, given in settings.items()},
        parse_known(arguments, shapes),
        _only(paths),
        workers=jobs or 0,
        python=python,
    )
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


def _only(paths: tuple[str, ...]) -> "dict[Path, tuple[str, ...]]":
    """The classes that `FILE::Class` names, by the files."""
    from pathlib import Path

    only: dict[Path, tuple[str, ...]] = {}
    for text in paths:
        file, colons, name = text.partition("::")
        if colons:
            path = Path(file).resolve()
            if not path.is_file() or not name.isidentifier():
                hint = "Write FILE::Class: layers.py::Gate."
                raise RequestError(f"{text!r} does not name a class in a file.", hint=hint, where="PATH")
            only[path] = (*only.get(path, ()), name)
    return only


@contextlib.contextmanager
def terminated_as_by_ctrl_c() -> Iterator[None]:
    """Inside, SIGTERM does what Ctrl-C does."""
    before = None
    with contextlib.suppress(ValueError):  # signals go to the main thread, and this is another
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
