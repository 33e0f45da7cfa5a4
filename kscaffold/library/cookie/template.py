"""A template that somebody names: fetched if need be, and read."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.library.cookie.sandbox import output_to_errors

CONTEXT_FILE = "cookiecutter.json"
HOOKS = ("pre_prompt", "pre_gen_project", "post_gen_project")
REMOTE = re.compile(r"(gh|gl|bb):|(git|hg)\+|\w+://|git@|.*\.zip$")


@dataclass(frozen=True)
class Cookie:
    """A cookiecutter template: a folder with a `cookiecutter.json`, and what that says."""

    folder: Path
    shown: str  # how messages name it
    variables: Mapping[str, Any]
    hooks: tuple[str, ...]  # the programs that it brings

    @property
    def questions(self) -> tuple[str, ...]:
        """The variables that a user may set."""
        return tuple(name for name in self.variables if not name.startswith("_"))


def open_template(source: str, folder: Path) -> Cookie:
    """The template at a path, or fetched, into an empty folder, from where a URL or `gh:user/template` says."""
    local = Path(source)
    if local.is_dir() or not REMOTE.match(source):
        if not local.is_dir():
            raise refused(source, "there is no such folder", "Give a folder, a URL, or gh:user/template.")
        return read_template(local.resolve(), source)
    from cookiecutter.config import BUILTIN_ABBREVIATIONS
    from cookiecutter.exceptions import CookiecutterException, UnknownRepoType
    from cookiecutter.repository import determine_repo_dir

    before = os.environ.get("GIT_TERMINAL_PROMPT")
    os.environ["GIT_TERMINAL_PROMPT"] = "0"  # a repository that is not there would ask for a password
    try:
        with output_to_errors():
            fetched, _ = determine_repo_dir(source, BUILTIN_ABBREVIATIONS, folder, None, no_input=True)
    except (CookiecutterException, OSError, subprocess.CalledProcessError) as error:
        if isinstance(error, UnknownRepoType):
            raise refused(source, "what kind of repository it is cannot be told", "Write git+URL or hg+URL.") from None
        lines = _printed(error).splitlines() or [" ".join(str(error).split()) or type(error).__name__]
        reason = next((line for line in lines if line.startswith("fatal:")), lines[-1]).strip()
        raise refused(source, f"it cannot be fetched ({reason.rstrip('.')})") from error
    finally:
        if before is None:
            os.environ.pop("GIT_TERMINAL_PROMPT")
        else:
            os.environ["GIT_TERMINAL_PROMPT"] = before
    return read_template(Path(fetched).resolve(), source)


def read_template(folder: Path, shown: str) -> Cookie:
    """The template in a folder; refuses one with a symbolic link that leads out of it."""
    path = folder / CONTEXT_FILE
    try:
        variables = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise refused(shown, f"it has no {CONTEXT_FILE}, so it is not a cookiecutter template") from None
    except (OSError, ValueError, RecursionError) as error:
        raise refused(f"{shown}/{CONTEXT_FILE}", f"it cannot be read ({error})") from error
    if not isinstance(variables, dict):
        raise refused(f"{shown}/{CONTEXT_FILE}", "it is not a JSON object")
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            item = Path(place, name)
            if item.is_symlink() and not item.resolve().is_relative_to(folder):
                raise refused(shown, f"{item.relative_to(folder)} is a symbolic link out of it")
    found = os.listdir(folder / "hooks") if (folder / "hooks").is_dir() else []
    hooks = tuple(sorted(name for name in found if name.partition(".")[0] in HOOKS and not name.endswith("~")))
    return Cookie(folder, shown, variables, hooks)


def _printed(error: BaseException) -> str:
    """What the program that failed has printed."""
    output = getattr(error, "output", None) or b""
    return output.decode("utf-8", "replace").strip() if isinstance(output, bytes) else str(output).strip()


def refused(where: str, reason: str, hint: str | None = None) -> RequestError:
    """The error of a template that cannot be used."""
    return RequestError(f"The template cannot be used: {reason}.", hint=hint, where=where, exit_code=ExitCode.REFUSED)
