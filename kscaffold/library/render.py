"""Templates to Python: sandboxed Jinja, and a look at what came out."""

from __future__ import annotations

import ast
import bisect
import os
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kscaffold.base.errors import broken_template, did_you_mean
from kscaffold.library.templates import BUILT_IN, shown
from kscaffold.program.argument import Argument
from kscaffold.program.text import literal
from kscaffold.source import test as model_source
from kscaffold.source.layer import expressions as source
from kscaffold.source.layer import statements
from kscaffold.spec.layer.value import LayerSpec

if TYPE_CHECKING:  # a layer has no use for graphs
    from kscaffold.base.place import Place
    from kscaffold.source.parts import Line

Roots = tuple[Path, ...]

FILTERS = (
    source.build_arguments,
    source.builds_from,
    source.call_parameters,
    source.constant_source,
    source.construct,
    source.default_in_init,
    source.example_lines,
    source.input_text,
    source.output_text,
    source.own_classes,
    source.shape_parameters,
    source.signature,
    model_source.batch_shapes,
    model_source.grouped,
    model_source.random_numbers,
    source.start_shape,
    source.sublayer_source,
    literal,
    statements.build_statements,
    statements.call_statements,
    statements.description,
    statements.in_config,
    statements.output_shape_statements,
    statements.stored,
    statements.validation,
    statements.weight_statements,
)


class OwnFolderLoader(jinja2.FileSystemLoader):
    """Reads templates from a folder, and through no symbolic link that leads out of it."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Source, file name, and whether it is still the same, as Jinja asks for them."""
        source, path, is_current = super().get_source(environment, template)
        if not any(Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)) for root in self.searchpath):
            raise jinja2.TemplateRuntimeError(f"{template} leads out of the folder with the templates")
        return source, path, is_current


def render_layer(spec: LayerSpec, template: str, roots: Roots) -> str:
    """The text of the module of a layer, before formatting.

    Args:
        spec: The layer.
        template: The file to render, such as `layer/dense/module.py.jinja`.
        roots: The folders that it is looked for in.

    Raises:
        RequestError: The template is broken; names its file and line.
    """
    return render(template, roots, {"layer": spec})


def render_layer_test(
    spec: LayerSpec, template: str, roots: Roots, import_from: str, path_to_module: str | None
) -> str:
    """The text of the test beside a layer's module, before formatting.

    Args:
        spec: The layer.
        template: The file to render.
        roots: The folders that it is looked for in.
        import_from: The module to import the class from.
        path_to_module: The module's folder as seen from the test's, where Python would not find it by itself.
    """
    context = {"layer": spec, "import_from": import_from, "path_to_module": path_to_module}
    return render(template, roots, context)


def render(
    template: str,
    roots: Roots,
    context: Mapping[str, Any],
    filters: Mapping[str, Callable[..., Any]] | None = None,
) -> str:
    """The text that a template gives, before formatting.

    Args:
        template: The file to render.
        roots: The folders that it, and what it extends or includes, are looked for in; the last has what is built in,
            which `built-in/…` names whatever overrides it.
        context: What the template's names stand for.
        filters: Further filters that the template uses.

    Raises:
        RequestError: The template is broken; names its file and line.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.ChoiceLoader(
            [
                *(OwnFolderLoader(root) for root in roots),
                jinja2.PrefixLoader({BUILT_IN: OwnFolderLoader(roots[-1])}),
            ]
        ),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update({function.__name__: function for function in FILTERS} | dict(filters or {}))
    try:
        return environment.get_template(template).render(context)
    except jinja2.TemplateSyntaxError as error:
        named = shown(Path(error.filename)) if error.filename else shown_name(template, roots)
        raise broken_template(named, error.lineno, (error.message or "syntax error").rstrip(".")) from error
    except jinja2.TemplateNotFound as error:
        file, line = _template_place(error, roots)
        named = file or shown_name(template, roots)
        raise broken_template(
            named, line, f"there is no {error.name!r}", _nearest_file(error, template, roots)
        ) from error
    except RecursionError as error:
        raise broken_template(shown_name(template, roots), None, "it includes or calls itself without end") from error
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        file, line = _template_place(error, roots)
        raise broken_template(file or shown_name(template, roots), line, str(error).rstrip(".")) from error


def shown_name(template: str, roots: Roots) -> str:
    """How messages name a template's file."""
    return next((shown(root / template) for root in roots if (root / template).is_file()), template)


def _template_place(error: BaseException, roots: Roots) -> tuple[str | None, int | None]:
    """File and line of the template in which an error arose: Jinja puts template frames into tracebacks."""
    file, line = None, None
    trace = error.__traceback__
    while trace:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.suffix == ".jinja" and any(path.is_relative_to(root) for root in roots):
            file, line = shown(path), trace.tb_lineno
        trace = trace.tb_next
    return file, line


def _nearest_file(error: jinja2.TemplateNotFound, template: str, roots: Roots) -> str:
    """What to write instead of the name of a file that is not there."""
    missing = str(error.name)
    beside = f"{posixpath.dirname(template)}/{missing}"
    if any((root / beside).is_file() for root in roots):
        return f"Did you mean {beside}?"
    known = {path.relative_to(root).as_posix() for root in roots for path in root.rglob("*.jinja")}
    return did_you_mean(missing, sorted(known)) or (
        f"Name a file as seen from the folder with the templates, for example: {template}."
    )


MARK = re.compile(r"  # place ([0-9]+)$", re.MULTILINE)


def render_graph(template: str, roots: Roots, context: Mapping[str, Any]) -> tuple[str, dict[int, Place]]:
    """The text of the module of a model, before formatting.

    Args:
        template: The file to render.
        roots: The folders that it is looked for in.
        context: What the template's names stand for.

    Returns:
        The text, and the places in the spec that its statements come from, by the number of the statement: black
        moves statements to other lines, but leaves their order.
    """
    places: list[Place] = []

    def placed(line: Line) -> str:
        if line.place is None:
            return line.text
        places.append(line.place)
        return f"{line.text}  # place {len(places) - 1}"

    filters: dict[str, Callable[..., Any]] = {"placed": placed, "parameters": _class_parameters}
    marked = render(template, roots, context, filters)
    lines = {number: MARK.search(line) for number, line in enumerate(marked.splitlines(), 1)}
    found: dict[int, Place] = {}
    text = MARK.sub("", marked)
    statements = _statements(text)
    for number, mark in lines.items():
        index = _innermost(statements, number) if mark else None
        if mark and index is not None:
            found.setdefault(index, places[int(mark.group(1))])
    return text, found


def statement_at(text: str, line: int) -> int | None:
    """The number of the innermost statement at a line."""
    return _innermost(_statements(text), line)


def _statements(text: str) -> list[ast.stmt]:
    try:
        found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    except SyntaxError:  # black, which is next, says what is wrong with it
        return []
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _innermost(statements: list[ast.stmt], line: int) -> int | None:
    position = bisect.bisect_right(statements, line, key=lambda node: node.lineno) - 1
    while position >= 0 and (statements[position].end_lineno or 0) < line:
        position -= 1
    return position if position >= 0 else None


def _class_parameters(arguments: Iterable[Argument]) -> str:
    """Source of the parameters of a constructor between `self` and `**kwargs`: required ones and the first by place."""
    parts = []
    starred = False
    for index, argument in enumerate(arguments):
        if not argument.required and index > 0 and not starred:
            parts.append("*")
            starred = True
        parts.append(argument.name if argument.required else f"{argument.name}={source.signature_default(argument)}")
    return "".join(f"{part}, " for part in parts)


def without_header(text: str) -> str:
    """A module without its docstring and its imports."""
    body = ast.parse(text).body
    first = next(node for node in body if not isinstance(node, (ast.Expr, ast.Import, ast.ImportFrom)))
    start = min([first.lineno, *(item.lineno for item in getattr(first, "decorator_list", []))])
    return "\n".join(text.splitlines()[start - 1 :]) + "\n"


def demand_names(text: str, names: set[str], template: str) -> None:
    """Holds a rendered module against what was asked for: it defines those classes and functions, and no others.

    Raises:
        RequestError: There is another one, or one is missing.
    """
    defined = [node.name for node in ast.parse(text).body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    if sorted(defined) != sorted(names):
        found = ", ".join(defined) or "nothing"
        raise broken_template(template, None, f"it defines {found} instead of {', '.join(sorted(names))}")
