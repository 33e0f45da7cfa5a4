"""Templates to Python: sandboxed Jinja, and a look at what came out."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kscaffold.errors import broken_template
from kscaffold.spec import source, statements
from kscaffold.spec.expr import literal
from kscaffold.spec.layer import LayerSpec

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


def render_layer_test(spec: LayerSpec, template: str, root: Path, import_from: str, path_to_module: str | None) -> str:
    """The text of the test beside a layer's module, before formatting.

    Args:
        spec: The layer.
        template: The file below `root` to render.
        root: The folder with all templates.
        import_from: The module to import the class from.
        path_to_module: The module's folder as seen from the test's, where Python would not find it by itself.
    """
    context = {"layer": spec, "import_from": import_from, "path_to_module": path_to_module}
    return _render(template, root, context)


def _render(template: str, root: Path, context: Mapping[str, Any]) -> str:
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(root),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update({function.__name__: function for function in FILTERS})
    try:
        return environment.get_template(template).render(context)
    except jinja2.TemplateSyntaxError as error:
        raise broken_template(error.name or template, error.lineno, error.message or "syntax error") from error
    except jinja2.TemplateNotFound as error:
        raise broken_template(template, None, f"there is no {error.name}") from error
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        file, line = _template_place(error, root)
        raise broken_template(file or template, line, str(error)) from error


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


def demand_class(text: str, class_name: str, template: str) -> None:
    """Holds a rendered module against what was asked for: exactly one class, of that name.

    Raises:
        RequestError: There is another class, or none.
    """
    classes = [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    if classes != [class_name]:
        found = ", ".join(classes) or "no class"
        raise broken_template(template, None, f"it gives {found} instead of the class {class_name}")
