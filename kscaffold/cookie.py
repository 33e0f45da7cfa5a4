"""Cookiecutter templates: whole folders, whose names and contents are Jinja.

A template may come from anybody. Its Jinja is rendered in a sandbox, into a folder where nothing else is; its hooks,
which are programs, run only if the user accepts them.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from kscaffold.errors import ExitCode, RequestError, did_you_mean

CONTEXT_FILE = "cookiecutter.json"
HOOKS = ("pre_prompt", "pre_gen_project", "post_gen_project")
REMOTE = re.compile(r"(gh|gl|bb):|(git|hg)\+|\w+://|git@|.*\.zip$")
# The folder that is rendered into lies this deep in one of our own: `../..` of a hook ends where it is noticed.
DEPTH = ("in", "here", "nothing", "else")


@dataclass(frozen=True)
class Cookie:
    """A cookiecutter template.

    Attributes:
        folder: The folder with `cookiecutter.json`.
        shown: How messages name it.
        variables: What that file says.
        hooks: The programs that it brings, by their names.
    """

    folder: Path
    shown: str
    variables: Mapping[str, Any]
    hooks: tuple[str, ...]

    @property
    def questions(self) -> tuple[str, ...]:
        """The variables that a user may set."""
        return tuple(name for name in self.variables if not name.startswith("_"))


@dataclass(frozen=True)
class Question:
    """A variable that a user is asked for.

    Attributes:
        name: Its name.
        default: Its value if nothing is said.
        choices: The values that it may have; none for any.
        check: Raises a `RequestError` for a value that cannot be.
    """

    name: str
    default: str
    choices: tuple[str, ...] = ()
    check: Callable[[str], object] = str


Ask = Callable[[Question], str]


@dataclass(frozen=True)
class Baked:
    """A file of a rendered template.

    Attributes:
        path: Where it goes, from the folder of the project.
        data: Its contents.
        executable: Whether it is a program.
    """

    path: PurePosixPath
    data: bytes
    executable: bool

    @property
    def text(self) -> str | None:
        """Its contents as text, `None` if they are none."""
        try:
            return None if b"\0" in self.data else self.data.decode("utf-8")
        except UnicodeDecodeError:
            return None


@contextlib.contextmanager
def open_template(source: str, folder: Path) -> Iterator[Cookie]:
    """The template at a path, or fetched from where a URL or an abbreviation such as `gh:user/template` says.

    Args:
        source: What the user typed.
        folder: An empty folder to fetch it into.

    Raises:
        RequestError: There is none, or it cannot be fetched or read.
    """
    local = Path(source)
    if local.is_dir() or not REMOTE.match(source):
        if not local.is_dir():
            raise _refused(source, "there is no such folder", "Give a folder, a URL, or gh:user/template.")
        yield read_template(local.resolve(), source)
        return
    from cookiecutter.config import BUILTIN_ABBREVIATIONS
    from cookiecutter.exceptions import CookiecutterException, UnknownRepoType
    from cookiecutter.repository import determine_repo_dir

    before = os.environ.get("GIT_TERMINAL_PROMPT")
    os.environ["GIT_TERMINAL_PROMPT"] = "0"  # a repository that is not there would ask for a password
    try:
        with _output_to_errors():
            fetched, _ = determine_repo_dir(source, BUILTIN_ABBREVIATIONS, folder, None, no_input=True)
    except (CookiecutterException, OSError, subprocess.CalledProcessError) as error:
        if isinstance(error, UnknownRepoType):
            raise _refused(source, "what kind of repository it is cannot be told", "Write git+URL or hg+URL.") from None
        lines = _printed(error).splitlines() or [" ".join(str(error).split()) or type(error).__name__]
        reason = next((line for line in lines if line.startswith("fatal:")), lines[-1]).strip()
        raise _refused(source, f"it cannot be fetched ({reason.rstrip('.')})") from error
    finally:
        if before is None:
            os.environ.pop("GIT_TERMINAL_PROMPT")
        else:
            os.environ["GIT_TERMINAL_PROMPT"] = before
    yield read_template(Path(fetched).resolve(), source)


def read_template(folder: Path, shown: str) -> Cookie:
    """The template in a folder.

    Raises:
        RequestError: It is none, or a symbolic link in it leads out of it.
    """
    path = folder / CONTEXT_FILE
    try:
        variables = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _refused(shown, f"it has no {CONTEXT_FILE}, so it is no cookiecutter template") from None
    except (OSError, ValueError) as error:
        raise _refused(f"{shown}/{CONTEXT_FILE}", f"it cannot be read ({error})") from error
    if not isinstance(variables, dict):
        raise _refused(f"{shown}/{CONTEXT_FILE}", "it is no JSON object")
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            item = Path(place, name)
            if item.is_symlink() and not item.resolve().is_relative_to(folder):
                raise _refused(shown, f"{item.relative_to(folder)} is a symbolic link out of it")
    found = os.listdir(folder / "hooks") if (folder / "hooks").is_dir() else []
    hooks = tuple(sorted(name for name in found if name.partition(".")[0] in HOOKS and not name.endswith("~")))
    return Cookie(folder, shown, variables, hooks)


def resolve_variables(cookie: Cookie, given: Mapping[str, str], ask: Ask | None = None) -> dict[str, Any]:
    """The values of all variables: those given, then what the user answers, then the template's defaults.

    Args:
        cookie: The template.
        given: Values by name.
        ask: Asks the user for a variable; without it the defaults are taken.

    Raises:
        RequestError: A variable or a choice that there is not, or a default that cannot be rendered.
    """
    for name in given:
        if name not in cookie.questions:
            hint = did_you_mean(name, cookie.questions) or f"There are: {', '.join(cookie.questions)}."
            raise RequestError(f"The template has no variable {name!r}.", hint=hint, where="--set")
    values: dict[str, Any] = {name: raw for name, raw in cookie.variables.items() if re.match("_(?!_)", name)}
    for name, raw in cookie.variables.items():
        if name == "__prompts__" or name in values:
            continue
        default = _rendered(cookie, name, raw, values)
        if name.startswith("__") or isinstance(raw, dict):
            values[name] = default
            continue
        choices = tuple(default) if isinstance(raw, list) else ("yes", "no") if isinstance(raw, bool) else ()
        first = (choices[0] if raw else "") if isinstance(raw, list) else _as_text(default)
        question = Question(name, first, choices, functools.partial(_chosen, name, choices))
        answer = given[name] if name in given else ask(question) if ask else question.default
        question.check(answer)
        values[name] = answer == "yes" if isinstance(raw, bool) else answer
    return values


def bake(cookie: Cookie, context: Mapping[str, Any], staging: Path, accept_hooks: bool = False) -> tuple[Path, str]:
    """Renders a template.

    Args:
        cookie: The template.
        context: The values of its variables.
        staging: An empty folder.
        accept_hooks: Whether its hooks are run.

    Returns:
        The folder with the project, inside `staging`, and its name.

    Raises:
        RequestError: The template is broken, a hook fails, or something was written outside the project.
    """
    from cookiecutter import generate
    from cookiecutter.exceptions import CookiecutterException, FailedHookException
    from jinja2 import TemplateError

    staging = Path(os.path.realpath(staging))
    out = staging.joinpath(*DEPTH)
    out.mkdir(parents=True)
    wrapped = {"cookiecutter": dict(context)}
    if context.get("_extensions") and not accept_hooks:
        raise _refused(
            cookie.shown, "it brings extensions of Jinja, which are programs", "--accept-hooks runs what it brings."
        )
    here = os.getcwd()
    original = generate.create_env_with_context, tempfile.tempdir
    # A hook is rendered into a temporary file, which stays there if it fails.
    scripts = tempfile.TemporaryDirectory(prefix="kscaffold-hooks-")
    generate.create_env_with_context, tempfile.tempdir = make_environment, scripts.name
    try:
        _check_names(cookie, wrapped)
        with _output_to_errors():
            project = Path(generate.generate_files(cookie.folder, wrapped, out, accept_hooks=accept_hooks))
    except FailedHookException as error:
        raise _refused(cookie.shown, f"a hook failed ({str(error).rstrip('.')})") from error
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
            raise _refused(cookie.shown, f"it wrote outside of its folder: {others[0]}")
        place /= name
    return project, project.name


def read_baked(cookie: Cookie, project: Path) -> list[Baked]:
    """The files of a rendered project, in the order of their names; what Python has compiled is left out.

    Raises:
        RequestError: There is something else than files and folders, or nothing.
    """
    baked = []
    for place, folders, files in os.walk(project):
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", ".git"))
        for name in (*folders, *sorted(files)):
            path = Path(place, name)
            shown = path.relative_to(project).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise _refused(cookie.shown, f"{shown} is no ordinary file")
            if path.is_file():
                baked.append(Baked(PurePosixPath(shown), path.read_bytes(), os.access(path, os.X_OK)))
    if not baked:
        raise _refused(cookie.shown, "it gives no files")
    return baked


def make_environment(context: Mapping[str, Any]) -> Any:
    """What cookiecutter renders with, in a sandbox."""
    from cookiecutter.environment import ExtensionLoaderMixin
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    class Environment(ExtensionLoaderMixin, SandboxedEnvironment):  # type: ignore[misc]
        """As cookiecutter's own, in a sandbox."""

    options = context.get("cookiecutter", {}).get("_jinja2_env_vars", {})
    return Environment(context=dict(context), undefined=StrictUndefined, keep_trailing_newline=True, **options)


def _printed(error: BaseException) -> str:
    """What the program that failed has printed."""
    output = getattr(error, "output", None) or b""
    return output.decode("utf-8", "replace").strip() if isinstance(output, bytes) else str(output).strip()


def _check_names(cookie: Cookie, context: Mapping[str, Any]) -> None:
    """Refuses names that would lead out of the project, before anything is written."""
    from cookiecutter.find import find_template

    environment = make_environment(context)
    root = Path(find_template(cookie.folder, environment))
    top = environment.from_string(root.name).render(**context)
    if _parts(top) != (top,) or not top.strip() or top in (".", ".."):
        raise _refused(cookie.shown, f"its folder would be called {top!r}", "Give a name without separators.")
    for place, folders, files in os.walk(root):
        for name in (*folders, *files):
            relative = Path(place, name).relative_to(root).as_posix()
            rendered = environment.from_string(relative).render(**context)
            if rendered.startswith(("/", "\\", "~")) or ".." in _parts(rendered) or PureWindowsPath(rendered).drive:
                raise _refused(cookie.shown, f"{relative} would be written outside of its folder, to {rendered!r}")


def _parts(name: str) -> tuple[str, ...]:
    return tuple(re.split(r"[/\\\0]", name))


def _rendered(cookie: Cookie, name: str, raw: Any, values: Mapping[str, Any]) -> Any:
    from jinja2 import TemplateError

    if isinstance(raw, list):
        return [_rendered(cookie, name, item, values) for item in raw]
    if isinstance(raw, dict):
        return {key: _rendered(cookie, name, item, values) for key, item in raw.items()}
    if not isinstance(raw, str):
        return raw
    context = {"cookiecutter": dict(values)}
    try:
        return make_environment({}).from_string(raw).render(**context)
    except (TemplateError, ValueError, TypeError, ArithmeticError) as error:
        raise _refused(f"{cookie.shown}/{CONTEXT_FILE}", f"the default of {name} is broken ({error})") from error


def _as_text(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else "" if value is None else str(value)


def _chosen(name: str, choices: tuple[str, ...], text: str) -> str:
    if choices and text not in choices:
        hint = did_you_mean(text, choices) or f"There are: {', '.join(choices)}."
        raise RequestError(f"{text!r} is no choice for {name}.", hint=hint)
    return text


def _broken(cookie: Cookie, error: BaseException) -> RequestError:
    """An error in a template, with the file and the line if Jinja knows them."""
    causes = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    file, line = getattr(error, "name", None), getattr(error, "lineno", None)
    for cause in causes:
        trace = cause.__traceback__
        while trace is not None and line is None:
            if "__jinja_exception__" in trace.tb_frame.f_globals:  # how Jinja marks the lines of a template
                file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
            trace = trace.tb_next
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
    return RequestError(
        f"The template is broken: {str(reason).rstrip('.')}.",
        where=where if line is None else f"{where}:{line}",
        exit_code=ExitCode.REFUSED,
    )


def _refused(where: str, reason: str, hint: str | None = None) -> RequestError:
    return RequestError(f"The template cannot be used: {reason}.", hint=hint, where=where, exit_code=ExitCode.REFUSED)


@contextlib.contextmanager
def _output_to_errors() -> Iterator[None]:
    """What hooks and git print goes to standard error: standard output is for results."""
    log = logging.getLogger("cookiecutter")
    log.addHandler(logging.NullHandler())
    log.propagate = False  # what goes wrong is said once, by us
    sys.stdout.flush()
    saved = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
