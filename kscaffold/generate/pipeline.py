"""The one way from a request to files on the disk: described, rendered, formatted, checked, planned, written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kscaffold.config import DEFAULT, Project, Settings, check_package, find_project
from kscaffold.errors import ExitCode, RequestError
from kscaffold.formatting import Formatter
from kscaffold.naming import ModuleName, parse_module_name

if TYPE_CHECKING:
    from kscaffold import writer
    from kscaffold.check import CheckProcess, Job, Limits, Verdict

Resolve = Callable[["writer.Plan"], "Mapping[Path, writer.Status]"]


@dataclass(frozen=True)
class Request:
    """What every generating command is asked.

    Attributes:
        name: The name as typed.
        template: The template asked for, if any.
        output_dir: Where the module goes.
        package: The serialization package, if one is asked for.
        test: Whether a test is written beside the module.
        check: Whether the module is checked.
        dry_run: Whether nothing is written.
        on_conflict: What becomes of all conflicts, if that is asked for.
        python: The interpreter for checks, if one is asked for.
    """

    name: str
    template: str | None = None
    output_dir: Path = Path(".")
    package: str | None = None
    test: bool = True
    check: bool = True
    dry_run: bool = False
    on_conflict: writer.Status | None = None
    python: str | None = None


@dataclass(frozen=True)
class SummaryRow:
    """A line of the summary of a model.

    Attributes:
        layer: The layer, indented by two spaces for each model or layer that it is inside of.
        shape: The shape of its output; empty where it is not known.
        parameters: The number of its parameters, `None` where it is not known.
    """

    layer: str
    shape: str
    parameters: int | None


@dataclass(frozen=True)
class Outcome:
    """What came of a request.

    Attributes:
        template: The template that was used.
        text: The text of the module.
        plan: The files against the disk.
        verdicts: What the checks say, one for each class.
        unchecked: Why nothing was checked; empty if it was.
        warnings: What the user should know, though nothing is wrong.
        recovered: Files that an interrupted run had left half done, and that are again as they were before it.
        written: Whether the files are on the disk.
        summary: For a model, its layers.
    """

    template: str
    text: str
    plan: writer.Plan
    verdicts: tuple[Verdict, ...] = ()
    unchecked: str = ""
    warnings: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    written: bool = False
    summary: tuple[SummaryRow, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        if self.plan.conflicts:
            return ExitCode.CONFLICT
        return ExitCode.DONE if all(verdict.ok for verdict in self.verdicts) else ExitCode.CHECK_FAILED


@dataclass(frozen=True)
class Destination:
    """Where a module and its test go.

    Attributes:
        name: Names of the class and the module.
        output_dir: The folder of the module.
        project: The project that the folder belongs to.
        settings: What the project and the flags say.
    """

    name: ModuleName
    output_dir: Path
    project: Project
    settings: Settings

    @property
    def module(self) -> Path:
        """The file of the module."""
        return self.output_dir / f"{self.name.module}.py"

    @property
    def test(self) -> Path:
        """The test goes to the nearest `tests/` of the project, else beside the module."""
        name = f"test_{self.name.module}.py"
        for folder in (self.output_dir, *self.output_dir.parents):
            if (folder / "tests").is_dir():
                return folder / "tests" / name
            if folder == self.project.root:
                break
        return self.output_dir / name

    @property
    def import_root(self) -> Path:
        """The folder from which the module is imported: above all packages that it is in."""
        folder = self.output_dir
        while (folder / "__init__.py").is_file() and folder != folder.parent:
            folder = folder.parent
        return folder

    @property
    def import_from(self) -> str:
        """The module as its test imports it."""
        return ".".join((*self.output_dir.relative_to(self.import_root).parts, self.name.module))

    @property
    def path_to_module(self) -> str | None:
        """The module's folder as seen from the test's, where Python would not find it by itself."""
        root = self.import_root
        found = (
            root == self.test.parent
            or root in self.project.test_paths
            or (root != self.output_dir and (self.project.is_installed or self.test.parent == self.output_dir))
        )
        return None if found else os.path.relpath(root, self.test.parent).replace(os.sep, "/")

    @property
    def search(self) -> tuple[Path, ...]:
        """The folders in which the module's own imports are found."""
        return tuple(dict.fromkeys((self.output_dir, self.import_root, Path.cwd(), *self.project.test_paths)))


def find_destination(request: Request) -> Destination:
    """Where the files of a request go.

    Raises:
        RequestError: A name that cannot be used, a file in the place of the folder, a broken pyproject.
    """
    name = parse_module_name(request.name)
    output_dir = _output_folder(request.output_dir)
    project = find_project(output_dir)
    settings = DEFAULT.apply(project.settings).apply({"package": request.package})
    check_package(settings.package)
    return Destination(name, output_dir, project, settings)


class Scaffold(Protocol):
    """What one kind of module brings to the pipeline."""

    @property
    def destination(self) -> Destination:
        """Where its files go."""

    @property
    def template(self) -> str:
        """The template that it is made from, or the spec."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know, though nothing is wrong."""

    def render(self, formatter: Formatter, with_test: bool) -> list[writer.File]:
        """The formatted module, held against what was asked for, then its test, then further files."""

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked about the module that is staged at a path."""

    def explain(self, verdicts: tuple[Verdict, ...], interpreter: str, text: str) -> tuple[Verdict, ...]:
        """The verdicts in the user's terms."""

    def summary(self, verdicts: tuple[Verdict, ...]) -> tuple[SummaryRow, ...]:
        """For a model, its layers: as Keras called them if it was checked, else as far as they are known."""


def generate(
    request: Request,
    scaffold: Callable[[], Scaffold],
    formatter: Formatter,
    resolve: Resolve,
    on_check: Callable[[], None],
    limits: Limits | None = None,
    forced: bool = False,
) -> Outcome:
    """Carries out a request.

    Args:
        request: What every generating command is asked.
        scaffold: Describes what is generated.
        formatter: Formats what is rendered.
        resolve: Asked what becomes of the conflicts of a plan; those that it leaves out stay conflicts.
        on_check: Called when all that is left to do is to wait for the check.
        limits: What the check may use, if that is more than usual.
        forced: Whether files are written whatever the check finds.

    Returns:
        The outcome. Nothing is written if a conflict is left, or a check finds an error.

    Raises:
        RequestError: The request cannot be carried out; nothing is written.
    """
    described = scaffold()
    if not request.check:
        return _carry_out(request, described, formatter, resolve, None, on_check, forced)
    from kscaffold.check import CheckProcess, find_interpreter

    # The check process takes seconds to import Keras, so it is started before anything is rendered.
    with CheckProcess(find_interpreter(request.python), limits) as process:
        return _carry_out(request, described, formatter, resolve, process, on_check, forced)


def _carry_out(
    request: Request,
    scaffold: Scaffold,
    formatter: Formatter,
    resolve: Resolve,
    process: CheckProcess | None,
    on_check: Callable[[], None],
    forced: bool,
) -> Outcome:
    destination = scaffold.destination
    rendered = scaffold.render(formatter, request.test)

    from kscaffold import journal, writer

    recovered = () if request.dry_run else journal.recover(destination.project.root)
    text = rendered[0].text
    plan = writer.make_plan(rendered, destination.project.root, Path.cwd())
    if request.on_conflict is not None:
        plan = plan.resolve({change.path: request.on_conflict for change in plan.conflicts})
    elif plan.conflicts:
        plan = plan.resolve(resolve(plan))
    outcome = Outcome(scaffold.template, text, plan, warnings=scaffold.warnings, recovered=recovered)
    if plan.conflicts:
        return outcome
    module = plan.changes[0]
    if process is None:
        outcome = replace(outcome, unchecked="--no-check")
    elif module.status is writer.Status.SKIP:
        outcome = replace(outcome, unchecked=f"{module.shown} is kept as it is")
    else:
        import tempfile

        on_check()
        with tempfile.TemporaryDirectory(prefix="kscaffold-staging-") as folder:
            staged = Path(folder).resolve() / destination.module.name
            staged.write_text(text, encoding="utf-8")
            verdicts = process.finish((scaffold.job(staged, module.shown),))
            outcome = replace(outcome, verdicts=scaffold.explain(verdicts, process.interpreter, text))
        if not verdicts:
            outcome = replace(outcome, unchecked="what it lacks has to be filled in first")
    if outcome.exit_code is not ExitCode.DONE and not forced:
        return outcome
    outcome = replace(outcome, summary=scaffold.summary(outcome.verdicts))
    if request.dry_run:
        return outcome
    writer.commit(plan)
    return replace(outcome, written=True)


def _output_folder(folder: Path) -> Path:
    resolved = folder.resolve()
    existing = next(place for place in (resolved, *resolved.parents) if place.exists())
    if not existing.is_dir():
        raise RequestError(f"{existing} is no folder.", where="--output-dir", exit_code=ExitCode.REFUSED)
    return resolved
