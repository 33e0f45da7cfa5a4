"""Puts a new repository in its place: a folder that is new or empty, all files or none, and git if it is wanted."""

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.disk import log
from kscaffold.disk.plan import File, make_plan
from kscaffold.kinds.scaffold import Outcome
from kscaffold.library.cookie.baking import Baked


@dataclass(frozen=True)
class NewOutcome:
    """A new repository, and what came of it.

    Attributes:
        outcome: Files and checks.
        commands: What to type next.
        notes: What the user should know.
        folder: The repository, as messages name it.
        git: What was done about git.
    """

    outcome: Outcome
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    folder: str = ""
    git: str = ""


def recover_above(output_dir: Path) -> tuple[str, ...]:
    """Puts back what a run that was killed has left, which may have begun above the folder because it made that too."""
    found: list[str] = []
    for place in (output_dir, *output_dir.parents):
        if place.is_dir() and os.access(place, os.W_OK):
            found += log.recover(place)
    return tuple(found)


def demand_empty(target: Path) -> None:
    """Refuses a place where something is: a repository is begun, not mixed into another."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise RequestError(f"{target} exists, and is not a folder.", where="NAME", exit_code=ExitCode.REFUSED)
    try:
        filled = target.is_dir() and any(target.iterdir())
    except OSError as error:
        raise RequestError(
            f"{target} cannot be read: {error.strerror}.", where="NAME", exit_code=ExitCode.REFUSED
        ) from error
    if filled:
        raise RequestError(
            f"The folder {target} is not empty; nothing was written.",
            hint="Give another name, or another folder with -o.",
            where="NAME",
            exit_code=ExitCode.REFUSED,
        )


def put_repository(target: Path, baked: list[Baked], result: NewOutcome, git: bool | None, dry_run: bool) -> NewOutcome:
    """Plans the files, and puts them in their places if nothing speaks against it.

    Args:
        target: The folder.
        baked: Its files.
        result: What the checks say of them.
        git: Whether the folder becomes a git repository; `None` if it is in none yet.
        dry_run: Whether nothing is written.

    Raises:
        RequestError: The folder is not empty, or cannot be written; nothing is changed.
    """
    root = next(place for place in target.parents if place.is_dir())
    demand_empty(target)
    files = [
        File(
            target / file.path,
            file.text or "",
            data=file.data if file.text is None else None,
            executable=file.executable,
        )
        for file in baked
    ]
    plan = make_plan(files, root, Path.cwd())
    outcome = replace(result.outcome, plan=plan)
    result = replace(result, outcome=outcome, folder=os.path.relpath(target).replace(os.sep, "/"))
    if outcome.exit_code is not ExitCode.DONE or dry_run:
        return result
    log.commit(plan)
    return replace(result, outcome=replace(outcome, written=True), git=_begin_git(git, target))


def _begin_git(git: bool | None, target: Path) -> str:
    """Makes the folder a git repository, unless it is in one; says what was done."""
    if git is False:
        return ""
    if git is None:
        inside = next((place for place in target.parents if (place / ".git").exists()), None)
        if inside is not None:
            return f"no new repository: {inside} is one already"
    # A hook of another repository would have these set to its own.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-c", "init.defaultBranch=main", "init", "--quiet", str(target)]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"no repository: git cannot be started ({error.strerror})"
    if done.returncode != 0:
        return f"no repository: {' '.join(done.stderr.split())}"
    return "empty repository, nothing committed yet"
