"""Templates to Python: sandboxed Jinja, and a look at what came out."""

import ast
import contextlib
import functools
import os
import posixpath
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kscaffold.base.errors import broken_template, did_you_mean
from kscaffold.library.templates import BUILT_IN, Page, shown
from kscaffold.program.text import literal

Filters = tuple[Callable[..., Any], ...]


class OwnFolderLoader(jinja2.FileSystemLoader):
    """Reads templates from a folder, and through no symbolic link that leads out of it."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Source, file name, and whether it is still the same, as Jinja asks for them."""
        source, path, is_current = super().get_source(environment, template)
        if not any(Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)) for root in self.searchpath):
            raise jinja2.TemplateRuntimeError(f"{template} leads out of the folder with the templates")
        return source, path, is_current


class Draft(NamedTuple):
    """A text that is rendered, and not yet formatted, and how messages name the template that it comes from."""

    text: str
    template: str


def render(page: Page, context: Mapping[str, Any], filters: Filters = ()) -> Draft:
    """What a template gives, before formatting; if it is broken, a `RequestError` names its file and line.

    It calls filters by the names of the functions; `literal` is always there.
    """
    try:
        with _limited(page):
            return Draft(_environment(page.roots, filters).get_template(page.file).render(context), page.shown)
    except jinja2.TemplateSyntaxError as error:
        named = shown(Path(error.filename)) if error.filename else page.shown
        raise broken_template(named, error.lineno, (error.message or "syntax error").rstrip(".")) from error
    except jinja2.TemplateNotFound as error:
        file, line = _place_in_template(error, page)
        raise broken_template(file, line, f"there is no {error.name!r}", _nearest_file(error, page)) from error
    except RecursionError as error:
        raise broken_template(page.shown, None, "it includes or calls itself without end") from error
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        file, line = _place_in_template(error, page)
        raise broken_template(file, line, str(error).rstrip(".")) from error


def _limited(page: Page) -> contextlib.AbstractContextManager[None]:
    """Limits for what is not built in."""
    if len(page.roots) == 1:
        return contextlib.nullcontext()
    from kscaffold.library.limits import limited

    return limited()


@functools.cache
def _environment(roots: tuple[Path, ...], filters: Filters) -> jinja2.Environment:
    folders = [OwnFolderLoader(root) for root in roots]
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.ChoiceLoader([*folders, jinja2.PrefixLoader({BUILT_IN: folders[-1]})]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update({function.__name__: function for function in (literal, *filters)})
    return environment


def _place_in_template(error: BaseException, page: Page) -> tuple[str, int | None]:
    """File and line of the template in which an error arose: Jinja puts template frames into tracebacks."""
    file, line = page.shown, None
    for frame, number in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if path.suffix == ".jinja" and any(path.is_relative_to(root) for root in page.roots):
            file, line = shown(path), number
    return file, line


def _nearest_file(error: jinja2.TemplateNotFound, page: Page) -> str:
    """What to write instead of the name of a file that is not there."""
    missing = str(error.name)
    beside = f"{posixpath.dirname(page.file)}/{missing}"
    if any((root / beside).is_file() for root in page.roots):
        return f"Did you mean {beside}?"
    known = {path.relative_to(root).as_posix() for root in page.roots for path in root.rglob("*.jinja")}
    return did_you_mean(missing, sorted(known)) or (
        f"Name a file as seen from the folder with the templates, for example: {page.file}."
    )


def without_header(text: str) -> str:
    """A module without its docstring and its imports."""
    body = ast.parse(text).body
    first = next(node for node in body if not isinstance(node, (ast.Expr, ast.Import, ast.ImportFrom)))
    start = min([first.lineno, *(item.lineno for item in getattr(first, "decorator_list", []))])
    return "\n".join(text.splitlines()[start - 1 :]) + "\n"


def demand_names(text: str, names: set[str], template: str) -> None:
    """Refuses a rendered module that does not define the classes and functions that were asked for, and no others."""
    defined = [node.name for node in ast.parse(text).body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    if sorted(defined) != sorted(names):
        found = ", ".join(defined) or "nothing"
        raise broken_template(template, None, f"it defines {found} instead of {', '.join(sorted(names))}")
