"""Templates to formatted Python: sandboxed Jinja, black, and a look at what came out."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import black
import jinja2
from black.const import DEFAULT_LINE_LENGTH
from black.mode import TargetVersion
from black.parsing import InvalidInput
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kscaffold.errors import ExitCode, RequestError
from kscaffold.spec import source
from kscaffold.spec.layer import LayerSpec

SOURCE_FILTERS = (
    source.build_arguments,
    source.builds_from,
    source.call_parameters,
    source.constant_source,
    source.construct,
    source.default_in_init,
    source.depends_on_use,
    source.example_lines,
    source.in_init,
    source.input_text,
    source.literal,
    source.output_text,
    source.own_classes,
    source.shape_parameters,
    source.signature,
    source.start_shape,
    source.uses_mask,
)


def render_layer(spec: LayerSpec, template: str, root: Path) -> str:
    """The text of the module of a layer, before formatting.

    Args:
        spec: The layer.
        template: The file below `root` to render, such as `layer/dense/module.py.jinja`.
        root: The folder with all templates.

    Raises:
        RequestError: The template is broken; names its file and line.
    """
    return _render(template, root, {"layer": spec})


def render_layer_test(spec: LayerSpec, root: Path, import_from: str, path_to_module: str | None) -> str:
    """The text of the test beside a layer's module, before formatting.

    Args:
        spec: The layer.
        root: The folder with all templates.
        import_from: The module to import the class from.
        path_to_module: The module's folder as seen from the test's, where Python would not find it by itself.
    """
    context = {"layer": spec, "import_from": import_from, "path_to_module": path_to_module}
    return _render("test/layer.py.jinja", root, context)


def _render(template: str, root: Path, context: Mapping[str, Any]) -> str:
    spec = context["layer"]
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(root),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update({function.__name__: function for function in SOURCE_FILTERS})
    environment.filters["in_methods"] = lambda expression: source.in_methods(expression, spec)
    environment.filters["sizes"] = lambda weight: source.sizes(weight, spec)
    try:
        return environment.get_template(template).render(context)
    except jinja2.TemplateSyntaxError as error:
        raise _broken(error.name or template, error.lineno, error.message or "syntax error") from error
    except jinja2.TemplateNotFound as error:
        raise _broken(template, None, f"there is no {error.name}") from error
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        file, line = _template_place(error, root)
        raise _broken(file or template, line, str(error)) from error


def _template_place(error: BaseException, root: Path) -> tuple[str | None, int | None]:
    """File and line of the template in which an error arose: Jinja puts template frames into tracebacks."""
    file, line = None, None
    trace = error.__traceback__
    while trace:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.suffix == ".jinja" and path.is_relative_to(root):
            file, line = path.relative_to(root).as_posix(), trace.tb_lineno
        trace = trace.tb_next
    return file, line


def _broken(template: str, line: int | None, reason: str) -> RequestError:
    return RequestError(
        f"The template is broken: {reason}.",
        where=f"{template}:{line}" if line else template,
        exit_code=ExitCode.REFUSED,
    )


def black_mode(settings: Mapping[str, Any]) -> black.Mode:
    """The mode that a project's `[tool.black]` asks for.

    Args:
        settings: The table, with dashes or underscores in its keys; options about files are of no interest.

    Raises:
        RequestError: A value that black would refuse.
    """
    table = {key.replace("-", "_"): value for key, value in settings.items()}
    versions = table.get("target_version", [])
    try:
        targets = {TargetVersion[version.upper()] for version in versions}
    except (KeyError, AttributeError, TypeError):
        raise RequestError(f"target-version {versions!r} is not known to black.", where="[tool.black]") from None
    line_length = table.get("line_length", DEFAULT_LINE_LENGTH)
    if not isinstance(line_length, int) or isinstance(line_length, bool) or line_length < 1:
        raise RequestError(f"line-length {line_length!r} is no positive whole number.", where="[tool.black]")
    flags = {}
    for key in ("skip_string_normalization", "skip_magic_trailing_comma", "preview", "unstable"):
        flags[key] = table.get(key, False)
        if not isinstance(flags[key], bool):
            raise RequestError(f"{key.replace('_', '-')} is neither true nor false.", where="[tool.black]")
    return black.Mode(
        target_versions=targets,
        line_length=line_length,
        string_normalization=not flags["skip_string_normalization"],
        magic_trailing_comma=not flags["skip_magic_trailing_comma"],
        preview=flags["preview"] or flags["unstable"],
        unstable=flags["unstable"],
    )


def format_python(text: str, mode: black.Mode, template: str) -> str:
    """Text as black leaves it.

    Raises:
        RequestError: The text is no Python; the template is to blame.
    """
    try:
        return black.format_str(text, mode=mode)
    except InvalidInput as error:
        raise _broken(template, None, f"what it gives is no Python ({error})") from error


def demand_class(text: str, class_name: str, template: str) -> None:
    """Holds a rendered module against what was asked for: exactly one class, of that name.

    Raises:
        RequestError: There is another class, or none.
    """
    classes = [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    if classes != [class_name]:
        found = ", ".join(classes) or "no class"
        raise _broken(template, None, f"it gives {found} instead of the class {class_name}")
