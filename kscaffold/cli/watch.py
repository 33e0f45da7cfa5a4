"""`kscaffold watch`."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

import click

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.cli._checking import checking, request_of, terminated_as_by_ctrl_c
from kscaffold.cli._output import QUIET, Output, flag, tell, with_output
from kscaffold.cli.words import Report, failure_line

if TYPE_CHECKING:
    from pathlib import Path

    from kscaffold.check import FileVerdict
    from kscaffold.check.conformance import CheckRequest
    from kscaffold.check.watching import Watched


@click.command("watch", short_help="Check files again whenever they are saved.")
@click.argument("paths", nargs=-1, metavar="PATH...")
@checking
@with_output(
    flag("--status", "Print the processes that have imported Keras and stay for further checks."),
    flag("--stop", "End those processes."),
    QUIET,
)
def command(paths: tuple[str, ...], status: bool, stop: bool, output: Output, **options: Any) -> int:
    """Check files as 'kscaffold check' does, then each one again when it is saved, with those that import it.

    Keras is imported once, in a process that other commands use meanwhile, too. What is new is printed in full, what
    was there before in a line. Ctrl-C ends it.
    """
    if status or stop:
        from kscaffold.check import warm
        from kscaffold.cli.words import watch as words

        lines = words.process_lines(*((warm.stop(), "ended") if stop else (warm.running(), "warm")))
        return tell(Report(lines=lines), output)
    if not paths:
        raise RequestError("There is nothing to watch.", hint="Name files or folders: kscaffold watch src")
    from kscaffold.check.warm import keeping

    request = request_of(paths, **options)
    with terminated_as_by_ctrl_c(), keeping() as reasons, contextlib.suppress(KeyboardInterrupt):
        _Watch(request, output).run(reasons)
    if sys.stdout.isatty():
        click.echo()  # behind the ^C that the terminal shows
    return int(ExitCode.DONE)


class _Watch:
    """What is known of the files that are watched, and what is printed of it."""

    def __init__(self, request: CheckRequest, output: Output) -> None:
        self._request, self._output = request, output
        self._known: dict[tuple[str, str], FileVerdict] = {}  # by backends, and what the files are called

    def run(self, reasons: list[str]) -> None:
        """Checks all, then what changes, until Ctrl-C; `reasons` gets why checks are not warm."""
        from kscaffold.base.project import find_project
        from kscaffold.check.conformance import folder_of
        from kscaffold.check.files import find_python_files
        from kscaffold.check.settings import project_settings
        from kscaffold.check.watching import Imports, Watched

        project = find_project(folder_of(self._request.paths))
        exclude = project_settings(project).get("exclude", ())
        find_python_files(self._request.paths, exclude)  # refuses what is not there
        watched = Watched(self._request.paths, exclude, (project.pyproject,))
        imports = Imports()
        imports.read(watched.files)
        if not self._check_all():
            return
        for reason in reasons:
            click.echo(f"note: each check imports Keras anew: {reason}", err=True)
        if not self._output.quiet:
            click.echo(f"watch   {', '.join(map(str, self._request.paths))}; Ctrl-C ends it")
        for changed in watched.changes():
            imports.read(changed & watched.files.keys())
            importing = imports.importing(changed)
            imports.forget(changed - watched.files.keys())
            try:
                if not self._check(changed, importing, watched, project.pyproject in changed):
                    return
            except RequestError as error:  # such as settings that are just being written
                click.echo(failure_line(error), err=True)

    def _check_all(self) -> bool:
        """Checks all files, as `kscaffold check` does; false if Ctrl-C stopped it."""
        from kscaffold.check.conformance import check_files
        from kscaffold.cli.words import check

        with self._output.progress() as progress:

            def tell_file(backend: str, file: FileVerdict) -> None:
                progress.clear()
                self._known[backend, file.shown] = file
                for line in check.file_lines(file, self._output.quiet):
                    click.echo(line)

            found = check_files(self._request, progress, tell_file)
        tell(check.report(found, self._output), self._output)
        return not found.unfinished

    def _check(self, changed: frozenset[Path], importing: frozenset[Path], watched: Watched, wants_all: bool) -> bool:
        """Checks what has changed and what imports that, and prints what is different; false if Ctrl-C stopped it."""
        from dataclasses import replace
        from pathlib import Path

        from kscaffold.check.conformance import check_files, shown_path
        from kscaffold.cli.words import watch as words

        names = {path: shown_path(path, Path.cwd()) for path in changed}
        click.echo()
        click.echo(words.heading(names.values(), 0 if wants_all else len(importing)))
        removed = {name for path, name in names.items() if path not in watched.files}
        for backend, shown in [key for key in self._known if key[1] in removed]:
            for line in words.removed_lines(self._known.pop((backend, shown))):
                click.echo(line)

        def tell_file(backend: str, file: FileVerdict) -> None:
            before = self._known.get((backend, file.shown))
            self._known[backend, file.shown] = file
            for line in words.changed_lines(file, before, file.shown in names.values()):
                click.echo(line)

        paths = tuple(path for path in self._request.paths if path.exists())
        among = None if wants_all else changed | importing
        found = check_files(replace(self._request, paths=paths, among=among), on_file=tell_file) if paths else None
        click.echo(words.totals(self._known.values(), found.seconds if found else None))
        return not (found and found.unfinished)
