"""Which part of a spec each statement of a rendered module comes from."""

from __future__ import annotations

import ast
import bisect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context
from jinja2.runtime import Context

from kscaffold.base.place import Place
from kscaffold.library.render import Draft, Filters, render
from kscaffold.library.templates import Page

if TYPE_CHECKING:
    from kscaffold.source.parts import Line

MARK = re.compile(r"  # place ([0-9]+)$", re.MULTILINE)
PLACES = "_places"  # what the template's context calls the places that were met


@pass_context
def placed(context: Context, line: Line) -> str:
    """A line with a mark where it comes from a place in the spec: a filter."""
    if line.place is None:
        return line.text
    context[PLACES].append(line.place)
    return f"{line.text}  # place {len(context[PLACES]) - 1}"


def render_with_places(page: Page, context: Mapping[str, Any], filters: Filters) -> tuple[Draft, dict[int, Place]]:
    """The module of a model, before formatting, and the places in the spec that its statements come from.

    These are by the number of the statement: black moves statements to other lines, but leaves their order. What the
    template is given is as for `render`.
    """
    places: list[Place] = []
    marked = render(page, {**context, PLACES: places}, (placed, *filters))
    text = MARK.sub("", marked.text)
    statements = _statements(text)
    found: dict[int, Place] = {}
    for number, line in enumerate(marked.text.splitlines(), 1):
        mark = MARK.search(line)
        index = _innermost(statements, number) if mark else None
        if mark and index is not None:
            found.setdefault(index, places[int(mark.group(1))])
    return marked._replace(text=text), found


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
