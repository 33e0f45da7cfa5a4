"""The one way from a request to files on the disk: described, rendered, formatted, checked, planned, written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.errors import ExitCode
from kscaffold.kinds.destination import Request, refuse_namesake
from kscaffold.kinds.scaffold import Outcome, Scaffold
from kscaffold.source.formatting import Formatter

if TYPE_CHECKING:
    from kscaffold.check import CheckProcess, Verdict
    from kscaffold.disk.plan import Plan, Status

Resolve = Callable[["Plan"], "Mapping[Path, Status]"]
SAVED_LIMITS = 900.0, 16384  # seconds and megabytes: the largest models of keras.applications take minutes


def generate(
    request: Request,
    describe: Callable[[Request], Scaffold],
    formatter: Formatter,
    resolve: Resolve = lambda plan: {},
    on_check: Callable[[], None] = lambda: None,
) -> Outcome:
    """Carries out a request.

    Args:
        request: What every generating command is asked.
        describe: Describes what is generated.
        formatter: Formats what is rendered.
        resolve: Asked what becomes of the conflicts of a plan; those that it leaves out stay conflicts.
        on_check: Called when all that is left to do is to wait for the check.

    Returns:
        The outcome. Nothing is written if a conflict is left, or a check finds an error.

    Raises:
        RequestError: The request cannot be carried out; nothing is written.
    """
    scaffold = describe(request)
    if not request.check:
        return _carry_out(request, scaffold, formatter, resolve, None, on_check)
    from kscaffold.check import CheckProcess, Limits, find_interpreter

    # The check process takes seconds to import Keras, so it is started before anything is rendered.
    settings = scaffold.destination.settings
    interpreter = find_interpreter(request.python, settings.python, scaffold.destination.project.pyproject)
    limits = Limits(*SAVED_LIMITS) if scaffold.of_saved else Limits()
    limits = replace(limits, seconds=request.timeout or limits.seconds)
    with CheckProcess(interpreter, limits, settings.backend) as process:
        return _carry_out(request, scaffold, formatter, resolve, process, on_check)


def _carry_out(
    request: Request,
    scaffold: Scaffold,
    formatter: Formatter,
    resolve: Resolve,
    process: CheckProcess | None,
    on_check: Callable[[], None],
) -> Outcome:
    destination = scaffold.destination
    refuse_namesake(request, destination, scaffold.exports)
    rendered = scaffold.render(formatter, request.test)

    from kscaffold.disk import lock, log
    from kscaffold.disk.plan import Status, make_plan
    from kscaffold.kinds.package import add_to_package

    root = destination.project.root
    recovered = () if request.dry_run else log.recover(root)
    text = rendered[0].text
    forced = scaffold.of_saved and request.on_conflict is Status.FORCE and not request.dry_run
    with lock.turn(root):
        package = add_to_package(destination, scaffold.exports, formatter)
        plan = make_plan([*rendered, *package.files], root, Path.cwd())
    plan = plan.settle(request.on_conflict, resolve)
    module = plan.changes[0]
    if module.status is Status.SKIP:  # what is kept may not define what the package would export
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
    elif module.status is Status.SKIP:
        outcome = replace(outcome, unchecked=f"{module.shown} is kept as it is")
    else:
        import tempfile

        on_check()
        with tempfile.TemporaryDirectory(prefix="kscaffold-staging-") as folder:
            staged = Path(folder).resolve() / destination.module.name
            staged.write_text(text, encoding="utf-8")
            outcome = replace(outcome, verdicts=check(process, [Staged(scaffold, staged, module.shown, text)]))
        if not outcome.verdicts:
            outcome = replace(outcome, unchecked="what it lacks has to be filled in first")
    if outcome.exit_code is not ExitCode.DONE and not forced:
        return outcome
    outcome = replace(outcome, summary=scaffold.summary(outcome.verdicts))
    if request.dry_run:
        return outcome
    with lock.turn(root):
        # Another command may have added to the package while this one checked.
        if module.status is not Status.SKIP and package.is_outdated:
            plan = plan.without(file.path for file in package.files)
            package = add_to_package(destination, scaffold.exports, formatter)
            plan = plan.extended(package.files, Path.cwd())
        problems = log.commit(plan, f"{request.command} {request.name}")
    warnings = (*outcome.warnings, *problems)
    return replace(outcome, plan=plan, by_hand=package.by_hand, written=True, warnings=warnings)


@dataclass(frozen=True)
class Staged:
    """A module that is ready to be checked.

    Attributes:
        scaffold: What it is.
        path: Where it is until it is checked.
        shown: How messages name it.
        text: Its text.
    """

    scaffold: Scaffold
    path: Path
    shown: str
    text: str


def check(process: CheckProcess, modules: Sequence[Staged]) -> tuple[Verdict, ...]:
    """What the checks say of modules, in the user's terms.

    Args:
        process: The check process.
        modules: The modules.

    Raises:
        RequestError: The interpreter cannot import Keras, or does not answer.
    """
    jobs = tuple(module.scaffold.job(module.path, module.shown) for module in modules)
    verdicts = iter(process.finish(jobs))
    explained: list[Verdict] = []
    for module, job in zip(modules, jobs, strict=True):
        own = tuple(islice(verdicts, len(job.subjects or ())))
        explained += module.scaffold.explain(own, process.interpreter, module.text)
    return tuple(explained)
