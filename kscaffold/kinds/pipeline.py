"""The one way from a request to files on the disk: described, rendered, formatted, checked, planned, written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kscaffold.base.errors import ExitCode
from kscaffold.kinds.destination import ByHand, Destination, Request, refuse_namesake
from kscaffold.source.formatting import Formatter

if TYPE_CHECKING:
    from kscaffold.check import CalledLayer, CheckProcess, Job, Limits, Verdict
    from kscaffold.disk import writer

Resolve = Callable[["writer.Plan"], "Mapping[Path, writer.Status]"]


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


def called_row(layer: CalledLayer) -> SummaryRow:
    """A line of the summary for a layer that Keras called."""
    # The names that Keras gives by itself say nothing beside the class.
    made_up = re.sub(r"_[0-9]+$", "", layer.name).replace("_", "") == layer.kind.lower()
    title = layer.kind if made_up else f"{layer.kind} {layer.name}"
    shapes = ", ".join(str(shape) for shape in layer.shapes)
    repeated = " (again)" if layer.again else ""
    return SummaryRow("  " * layer.depth + title + repeated, shapes, 0 if layer.again else layer.parameters)


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
        by_hand: What is left for the user to add to files.
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
    by_hand: tuple[ByHand, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        if self.plan.conflicts:
            return ExitCode.CONFLICT
        return ExitCode.DONE if all(verdict.ok for verdict in self.verdicts) else ExitCode.CHECK_FAILED


class Scaffold(Protocol):
    """What one kind of module brings to the pipeline."""

    @property
    def destination(self) -> Destination:
        """Where its files go."""

    @property
    def template(self) -> str:
        """The template that it is made from, or the spec."""

    @property
    def exports(self) -> tuple[str, ...]:
        """The names of the module that its package exports."""

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
    settings = described.destination.settings
    interpreter = find_interpreter(request.python, settings.python, described.destination.project.pyproject)
    with CheckProcess(interpreter, limits, settings.backend) as process:
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
    refuse_namesake(request, destination, scaffold.exports)
    rendered = scaffold.render(formatter, request.test)

    from kscaffold.disk import history, journal, turns, writer
    from kscaffold.kinds.package import add_to_package

    root = destination.project.root
    recovered = () if request.dry_run else journal.recover(root)
    text = rendered[0].text
    with turns.turn(root):
        package = add_to_package(destination, scaffold.exports, formatter)
        plan = writer.make_plan([*rendered, *package.files], root, Path.cwd())
    plan = plan.settle(request.on_conflict, resolve)
    module = plan.changes[0]
    if module.status is writer.Status.SKIP:  # what is kept may not define what the package would export
        plan = plan.without(file.path for file in package.files)
    outcome = Outcome(
        scaffold.template,
        text,
        plan,
        warnings=(*scaffold.warnings, *package.warnings),
        recovered=recovered,
        by_hand=package.by_hand,
    )
    if plan.conflicts:
        return outcome
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
    with turns.turn(root):
        if (
            module.status is not writer.Status.SKIP and package.is_outdated
        ):  # by another command, while this one checked
            plan = plan.without(file.path for file in package.files)
            package = add_to_package(destination, scaffold.exports, formatter)
            plan = plan.extended(package.files, Path.cwd())
        problems = history.commit(plan, f"{request.command} {request.name}")
    warnings = (*outcome.warnings, *problems)
    return replace(outcome, plan=plan, by_hand=package.by_hand, written=True, warnings=warnings)
