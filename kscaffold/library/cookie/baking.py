"""From a template and its variables to files, and to nothing outside of their folder."""

import os
import re
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from kscaffold.base.errors import RequestError, broken_template
from kscaffold.disk.plan import is_of_git
from kscaffold.library.cookie.sandbox import make_environment, output_to_errors
from kscaffold.library.cookie.template import Cookie, refused
from kscaffold.library.limits import limited

# The folder that is rendered into lies this deep in one of our own: `../..` of a hook ends where it is noticed.
DEPTH = ("in", "here", "nothing", "else")


@dataclass(frozen=True)
class Baked:
    """A file of a rendered template."""

    path: PurePosixPath  # from the folder of the project
    data: bytes
    executable: bool

    @property
    def text(self) -> str | None:
        """Its contents as text, `None` if they are not text."""
        try:
            return None if b"\0" in self.data else self.data.decode("utf-8")
        except UnicodeDecodeError:
            return None


def bake(cookie: Cookie, context: Mapping[str, Any], staging: Path, accept_hooks: bool = False) -> tuple[Path, str]:
    """Renders a template with values of its variables into an empty folder; gives the project in it, and its name.

    Refuses a broken template, a hook that fails, and one that has written outside the project.
    """
    from cookiecutter import generate
    from cookiecutter.exceptions import CookiecutterException, FailedHookException
    from jinja2 import TemplateError

    staging = Path(os.path.realpath(staging))
    out = staging.joinpath(*DEPTH)
    out.mkdir(parents=True)
    wrapped = {"cookiecutter": dict(context)}
    if context.get("_extensions") and not accept_hooks:
        raise refused(
            cookie.shown, "it brings extensions of Jinja, which are programs", "--accept-hooks runs what it brings."
        )
    here = os.getcwd()
    original = generate.create_env_with_context, tempfile.tempdir
    # A hook is rendered into a temporary file, which stays there if it fails.
    scripts = tempfile.TemporaryDirectory(prefix="kscaffold-hooks-")
    generate.create_env_with_context, tempfile.tempdir = make_environment, scripts.name
    try:
        with limited():
            _check_names(cookie, wrapped)
        with limited(memory=not accept_hooks), output_to_errors():
            project = Path(generate.generate_files(cookie.folder, wrapped, out, accept_hooks=accept_hooks))
    except FailedHookException as error:
        raise refused(cookie.shown, f"a hook failed ({str(error).rstrip('.')})") from error
    except (
        CookiecutterException,
        TemplateError,
        OSError,
        ValueError,
        TypeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        raise _broken(cookie, error) from error
    finally:
        generate.create_env_with_context, tempfile.tempdir = original
        scripts.cleanup()
        os.chdir(here)
    place = staging
    for name in (*DEPTH, project.name):
        others = sorted(set(os.listdir(place)) - {name})
        if others:
            raise refused(cookie.shown, f"it wrote outside of its folder: {others[0]}")
        place /= name
    return project, project.name


def read_baked(cookie: Cookie, project: Path) -> list[Baked]:
    """The files of a rendered project, in the order of their names.

    What Python has compiled is left out, and the repository that a hook has begun. Refused is something else than files
    and folders, nothing at all, or another repository of git.
    """
    baked = []
    for place, folders, files in os.walk(project):
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", ".git"))
        if {"head", "objects", "refs"} <= {name.casefold() for name in (*folders, *files)}:
            shown = Path(place).relative_to(project.parent).as_posix()
            raise refused(cookie.shown, f"git would take {shown} for a repository, and run what its settings say")
        for name in (*folders, *sorted(files)):
            path = Path(place, name)
            shown = path.relative_to(project).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise refused(cookie.shown, f"{shown} is not an ordinary file")
            if path.is_file():
                baked.append(Baked(PurePosixPath(shown), path.read_bytes(), os.access(path, os.X_OK)))
    if not baked:
        raise refused(cookie.shown, "it gives no files")
    return baked


def _check_names(cookie: Cookie, context: Mapping[str, Any]) -> None:
    """Refuses names that would lead out of the project, before anything is written."""
    from cookiecutter.find import find_template

    environment = make_environment(context)
    root = Path(find_template(cookie.folder, environment))
    top = environment.from_string(root.name).render(**context)
    if _parts(top) != (top,) or not top.strip() or top in (".", ".."):
        raise refused(cookie.shown, f"its folder would be called {top!r}", "Give a name without separators.")
    for place, folders, files in os.walk(root):
        for name in (*folders, *files):
            relative = Path(place, name).relative_to(root).as_posix()
            rendered = environment.from_string(relative).render(**context)
            if rendered.startswith(("/", "\\", "~")) or ".." in _parts(rendered) or PureWindowsPath(rendered).drive:
                raise refused(cookie.shown, f"{relative} would be written outside of its folder, to {rendered!r}")
            if any(map(is_of_git, _parts(rendered))):
                raise refused(cookie.shown, f"{rendered!r} is where git keeps what it runs")


def _parts(name: str) -> tuple[str, ...]:
    return tuple(re.split(r"[/\\\0]", name))


def _broken(cookie: Cookie, error: BaseException) -> RequestError:
    """An error in a template, with the file and the line if Jinja knows them."""
    file, line = getattr(error, "name", None), getattr(error, "lineno", None)
    cause: BaseException | None = error
    while cause is not None:
        for frame, number in traceback.walk_tb(cause.__traceback__):
            if line is None and "__jinja_exception__" in frame.f_globals:  # how Jinja marks the lines of a template
                file, line = frame.f_code.co_filename, number
        cause = cause.__cause__
    reason = getattr(error, "message", None) or " ".join(str(error).split()) or type(error).__name__
    inner = getattr(error, "error", None)
    if inner is not None:
        reason = f"{reason}: {inner}" if line is None else str(inner)
    file = file if isinstance(file, str) and file != "<template>" else None
    where = cookie.shown
    if file is not None:
        # Jinja knows files from the folder whose name is that of the project.
        above = next((path.name for path in cookie.folder.iterdir() if (path / file).is_file()), "")
        where = f"{cookie.shown}/{PurePosixPath(above, file)}"
    return broken_template(where, line, str(reason).rstrip("."))
