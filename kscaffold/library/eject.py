"""`kscaffold eject`: a built-in template, copied to where it overrides the one it was copied from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kscaffold.base.errors import ExitCode, RequestError, did_you_mean
from kscaffold.base.project import find_project
from kscaffold.disk import log, trust
from kscaffold.disk.plan import File, Plan, Status, make_plan
from kscaffold.library.templates import full_name_of, project_folder, templates_root, user_folder

KINDS = ("layer", "model", "style", "test")  # a project is begun from a template, and has none itself


@dataclass(frozen=True)
class Ejection:
    """What came of an ejection.

    Attributes:
        name: The template: `layer/dense`.
        plan: The files against the disk.
        warnings: What the user should know, though nothing is wrong.
        written: Whether the files are on the disk.
    """

    name: str
    plan: Plan
    warnings: tuple[str, ...] = ()
    written: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        return ExitCode.CONFLICT if self.plan.conflicts else ExitCode.DONE


def eject(
    name: str,
    for_user: bool = False,
    on_conflict: Status | None = None,
    dry_run: bool = False,
    resolve: Callable[[Plan], Mapping[Path, Status]] = lambda plan: {},
) -> Ejection:
    """Copies a built-in template to the project's own, or to the user's.

    Args:
        name: `layer/dense`, `model/mlp`, `style/functional`, `test/layer`; or `dense`, where only one has that name.
        for_user: Whether it goes to the user's templates.
        on_conflict: What becomes of all conflicts, if that is asked for.
        dry_run: Whether nothing is written.
        resolve: Asked what becomes of conflicts.

    Raises:
        RequestError: There is no such template, or it cannot be written.
    """
    parts = built_in_parts()
    project = find_project(Path.cwd())
    full_name = full_name_of(name, parts, "TEMPLATE")
    if full_name is None:
        near = did_you_mean(name, parts) or did_you_mean(f"layer/{name}", parts)
        hint = near or f"There are: {', '.join(parts)}."
        raise RequestError(f"There is no built-in template {name!r}.", hint=hint, where="TEMPLATE")
    target = user_folder() if for_user else project_folder(project)
    root = target if for_user else project.root
    if not dry_run:
        log.recover(root)
    files = [File(target / file, (templates_root() / file).read_text(encoding="utf-8")) for file in parts[full_name]]
    plan = make_plan(files, root, Path.cwd()).settle(on_conflict, resolve)
    if plan.conflicts or dry_run:
        return Ejection(full_name, plan)
    is_first = not for_user and not target.exists()
    problems = log.commit(plan, "" if for_user else f"eject {full_name}")
    if is_first:  # what was just copied is no stranger's
        trust.remember(root)
    return Ejection(full_name, plan, problems, written=True)


def built_in_parts() -> dict[str, list[str]]:
    """What is built in, by names such as `layer/dense`, `model/mlp`, `style/functional`: files below its folder."""
    root = templates_root()
    parts: dict[str, list[str]] = {}
    for file in sorted(path.relative_to(root) for path in root.glob("*/**/*") if path.is_file()):
        if file.parts[0] in KINDS and "__pycache__" not in file.parts:
            name = file.parts[1].removesuffix(".jinja").removesuffix(".py").removesuffix(".yaml")
            parts.setdefault(f"{file.parts[0]}/{name}", []).append(file.as_posix())
    return parts
