"""`kscaffold eject`: a built-in template, copied to where it overrides the one it was copied from."""

from pathlib import Path

from kscaffold.base.errors import RequestError, did_you_mean
from kscaffold.base.kinds import KIND, find_kinds, templates_root
from kscaffold.base.project import find_project
from kscaffold.disk import log, trust
from kscaffold.disk.plan import File, Status, make_plan
from kscaffold.kinds.pipeline import Resolve
from kscaffold.kinds.scaffold import Outcome
from kscaffold.library.templates import full_name_of, project_folder, user_folder

KINDS = ("layer", "model", "style", "test", "common")  # a project is begun from a template, and has none itself


def eject(name: str, for_user: bool, on_conflict: Status | None, dry_run: bool, resolve: Resolve) -> Outcome:
    """Copies a built-in template to the project's own, or to the user's.

    Args:
        name: `layer/dense`, `model/mlp`, `style/functional`, `test/layer`; or `dense`, where only one has that name.
        on_conflict: What becomes of all conflicts, if that is asked for; else `resolve` is.

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
    recovered = () if dry_run else log.recover(root)
    files = [File(target / file, (templates_root() / file).read_text(encoding="utf-8")) for file in parts[full_name]]
    plan = make_plan(files, root, Path.cwd()).settle(on_conflict, resolve)
    written, is_first = not (plan.conflicts or dry_run), not for_user and not target.exists()
    warnings = log.commit(plan, "" if for_user else f"eject {full_name}") if written else ()
    if written and is_first:  # what was just copied is no stranger's
        trust.remember(root)
    return Outcome(full_name, "", plan, warnings=warnings, recovered=recovered, written=written)


def built_in_parts() -> dict[str, list[str]]:
    """What is built in, by names such as `layer/dense`, `model/mlp`, `style/functional`: files below its folder."""
    root, kinds = templates_root(), {*KINDS, *find_kinds()}
    parts: dict[str, list[str]] = {}
    for file in sorted(path.relative_to(root) for path in root.glob("*/**/*") if path.is_file()):
        if file.parts[0] in kinds and file.name != KIND and "__pycache__" not in file.parts:
            name = file.parts[1].partition(".")[0]
            parts.setdefault(f"{file.parts[0]}/{name}", []).append(file.as_posix())
    return parts
