"""The one way from a request to files on the disk: described, rendered, formatted, checked, planned, written."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.kinds.destination import Request, refuse_namesake
from kscaffold.kinds.scaffold import Outcome, Scaffold
from kscaffold.source.formatting import Formatter

if TYPE_CHECKING:
    from kscaffold.check import CheckProcess, Job, Verdict
    from kscaffold.disk.plan import Plan, Status

Resolve = Callable[["Plan"], "Mapping[Path, Status]"]
OnCheck = Callable[[], None]
SAVED_LIMITS = 900.0, 16384  # seconds and megabytes: the largest models of keras.applications take minutes


def generate(
    request: Request,
    describe: Callable[[Request], Scaffold],
    formatter: Formatter,
    resolve: Resolve = lambda plan: {},
    on_check: OnCheck = lambda: None,
) -> Outcome:
    """Carries out a request.

    Args:
        describe: Describes what is generated.
        resolve: Asked what becomes of the conflicts of a plan; those that it leaves out stay conflicts.
        on_check: Called when all that is left to do is to wait for the check.

    Returns:
        The outcome. Nothing is written if a conflict is left, or a check finds an error.

    Raises:
        RequestError: The request cannot be carried out; nothing is written.
    """
    try:
        scaffold = describe(request)
    except RequestError as error:
        if error.missing is None:
            raise
        from kscaffold.kinds.own_classes import explained

        raise explained(error, request) from None
    destination = scaffold.destination
    root = destination.project.root
    with _check_process(request, scaffold) as process:
        refuse_namesake(request, destination, scaffold.exports)
        rendered = scaffold.render(formatter, request.test)

        from kscaffold.disk import lock, log
        from kscaffold.disk.plan import Status, make_plan
        from kscaffold.kinds.package import add_to_package

        recovered = () if request.dry_run else log.recover(root)
        with lock.turn(root):
            package = add_to_package(destination, scaffold.exports, formatter)
            plan = make_plan([*rendered, *package.files], root, Path.cwd())
        plan = plan.settle(request.on_conflict, resolve)
        module, text = plan.changes[0], rendered[0].text
        kept = module.status is Status.SKIP
        if kept:  # it may not define what the package would export
            plan = plan.without(file.path for file in package.files)
        warnings = (*scaffold.warnings, *package.warnings)
        outcome = Outcome(
            scaffold.template,
            text,
            plan,
            warnings=warnings,
            recovered=recovered,
            by_hand=package.by_hand,
            templates=destination.catalogue.used,
            of_saved=scaffold.of_saved,
        )
        if plan.conflicts:
            return outcome
        if process is None:
            outcome = replace(outcome, unchecked="--no-check")
        elif kept:
            outcome = replace(outcome, unchecked=f"{module.shown} is kept as it is")
        else:
            import tempfile

            on_check()
            with tempfile.TemporaryDirectory(prefix="kscaffold-staging-") as folder:
                staged = Path(folder).resolve() / destination.module.name
                staged.write_text(text, encoding="utf-8")
                verdicts = check(process, [(scaffold, scaffold.job(staged, module.shown), text)])
                beside = scaffold.found_files(staged)
            lacks = "" if verdicts else "what it lacks has to be filled in first"
            outcome = replace(outcome, verdicts=verdicts, unchecked=lacks)
            if beside:
                plan = plan.extended(beside, Path.cwd()).settle(request.on_conflict, resolve)
                outcome = replace(outcome, plan=plan, weights=plan.changes[-1].shown)
    forced = scaffold.of_saved and request.on_conflict is Status.FORCE and not request.dry_run
    if (outcome.exit_code is not ExitCode.DONE and not forced) or plan.conflicts:
        return outcome
    outcome = replace(outcome, summary=scaffold.summary(outcome.verdicts))
    if request.dry_run:
        return outcome
    with lock.turn(root):
        # Another command may have added to the package while this one checked.
        if not kept and package.is_outdated:
            plan = plan.without(file.path for file in package.files)
            package = add_to_package(destination, scaffold.exports, formatter)
            plan = plan.extended(package.files, Path.cwd())
        problems = log.commit(plan, f"{request.command} {request.name}")
    return replace(outcome, plan=plan, by_hand=package.by_hand, written=True, warnings=(*warnings, *problems))


def _check_process(request: Request, scaffold: Scaffold) -> AbstractContextManager[CheckProcess | None]:
    """The check process, if one is needed: it takes seconds to import Keras, so it is started before all else."""
    if not request.check:
        return nullcontext()
    from kscaffold.check import CheckProcess, Limits, find_interpreter

    destination = scaffold.destination
    interpreter = find_interpreter(request.python, destination.settings.python, destination.project.pyproject)
    limits = Limits(*SAVED_LIMITS) if scaffold.of_saved else Limits()
    limits = replace(limits, seconds=request.timeout or limits.seconds)
    return CheckProcess(interpreter, limits, destination.settings.backend, destination.settings.warm)


def check(process: CheckProcess, modules: Sequence[tuple[Scaffold, Job, str]]) -> tuple[Verdict, ...]:
    """What the checks say of modules, each of which goes with what is asked of it and its text, in the user's terms.

    Raises:
        RequestError: The interpreter cannot import Keras, or does not answer.
    """
    verdicts = iter(process.finish(tuple(_alone(job) for _, job, _ in modules)))
    explained: list[Verdict] = []
    for scaffold, job, text in modules:
        explained += scaffold.explain(tuple(islice(verdicts, len(job.subjects or ()))), process.interpreter, text)
    return tuple(explained)


def _alone(job: Job) -> Job:
    """A job in which a module that needs nothing of the project finds nothing there.

    Keras tries to import packages that may not be installed, and a stranger's project may have modules of that name.
    """
    nodes = list(ast.walk(ast.parse(job.path.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    comes_with_keras = all(name.partition(".")[0] in ("keras", "numpy", "tensorflow") for name in names)
    return replace(job, search=()) if comes_with_keras else job
