"""A drawing as a standalone SVG."""

import unicodedata
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from math import ceil

from kscaffold.source.diagram.drawing import Box, Drawing, clean, shorten
from kscaffold.source.diagram.layout import Layout, Point, Rect, lay_out

TITLE_SIZE, DETAIL_SIZE, HEADING_SIZE = 13, 11, 17
LONGEST, LONGEST_HEADING = 44, 80
MARGIN, FRAME_PADDING, FRAME_GAP = 24.0, 20.0, 32.0
LABEL_HEIGHT = 26.0
SHELF = 1200.0
NARROW = frozenset("ijl|!'.,:; ftr()[]-/I")
WIDE = frozenset("mwMW@%")

# No custom properties: Inkscape and other converters do not know them. All is below one class, for an SVG that is
# pasted into a page shares its styles with the page.
STYLE = """\
.kscaffold-diagram text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
.kscaffold-diagram .page { fill: #ffffff; }
.kscaffold-diagram .heading { font-size: 17px; font-weight: 600; fill: #1f2328; }
.kscaffold-diagram .label { font-size: 13px; font-weight: 600; fill: #59636e; }
.kscaffold-diagram .title { font-size: 13px; fill: #1f2328; text-anchor: middle; }
.kscaffold-diagram .detail { font-size: 11px; fill: #59636e; text-anchor: middle; }
.kscaffold-diagram .frame { fill: none; stroke: #818b98; stroke-dasharray: 6 4; }
.kscaffold-diagram .arrow { fill: none; stroke: #6e7781; stroke-width: 1.5; }
.kscaffold-diagram .head { fill: #6e7781; }
.kscaffold-diagram .input rect { fill: #dafbe1; stroke: #2da44e; }
.kscaffold-diagram .layer rect { fill: #ddf4ff; stroke: #218bff; }
.kscaffold-diagram .model rect { fill: #fbefff; stroke: #8250df; stroke-width: 2.5; }
.kscaffold-diagram .output rect { fill: #fff1e5; stroke: #e16f24; }
@media (prefers-color-scheme: dark) {
  .kscaffold-diagram .page { fill: #0d1117; }
  .kscaffold-diagram .heading, .kscaffold-diagram .title { fill: #f0f6fc; }
  .kscaffold-diagram .label, .kscaffold-diagram .detail { fill: #b1bac4; }
  .kscaffold-diagram .frame { stroke: #656c76; }
  .kscaffold-diagram .arrow { stroke: #9198a1; }
  .kscaffold-diagram .head { fill: #9198a1; }
  .kscaffold-diagram .input rect { fill: #12361f; stroke: #3fb950; }
  .kscaffold-diagram .layer rect { fill: #0c2d6b; stroke: #4493f8; }
  .kscaffold-diagram .model rect { fill: #3c1e70; stroke: #ab7df8; }
  .kscaffold-diagram .output rect { fill: #5a2a0b; stroke: #f0883e; }
}"""


def to_svg(drawing: Drawing) -> str:
    """The drawing as an SVG that any browser opens, in light and in dark.

    The main graph comes first, each group beside it, or below, in a frame of its own. Boxes are `<g data-name="…">`,
    arrows `<path data-from="…" data-to="…">`. The same drawing gives the same text.
    """
    heading = clean(drawing.title)
    shown = shorten(heading, LONGEST_HEADING)
    top = MARGIN + (HEADING_SIZE + 19 if shown else 0)
    parts = []
    x, y, shelf_height = MARGIN, top, 0.0
    right, bottom = MARGIN + text_width(shown, HEADING_SIZE, bold=True), top
    pieces = [(group, _lay_out(boxes, arrows), boxes, arrows) for group, boxes, arrows in drawing.groups()]
    framed = any(group for group, *_ in pieces)
    main_width = max((layout.width for group, layout, _, _ in pieces if not group), default=0.0)
    for group, layout, boxes, arrows in pieces:
        label = shorten(clean(group), LONGEST)
        # The main graph keeps the place that a frame would take, so that all first boxes stand in one line.
        padding, above = (FRAME_PADDING, LABEL_HEIGHT + 12.0) if framed else (0.0, 0.0)
        width = max(layout.width, ceil(text_width(label, TITLE_SIZE, bold=True))) + 2 * padding
        height = layout.height + above + padding
        if x > MARGIN and x + width > MARGIN + max(SHELF, main_width):
            x, y, shelf_height = MARGIN, y + shelf_height + FRAME_GAP, 0.0
        if group:
            parts.append(_frame(group, label, x, y, width, height))
        left, upper = x + (width - layout.width) / 2, y + above
        for arrow in arrows:
            ends = 'data-from="{}" data-to="{}"'.format(*(escape(clean(end)) for end in arrow))
            path = _path([(left + at, upper + down) for at, down in layout.routes[arrow]])
            parts.append(f'<path class="arrow" {ends} marker-end="url(#kscaffold-head)" d="{path}"/>')
        parts += [_box(box, layout.rects[box.name], left, upper) for box in boxes]
        right, bottom = max(right, x + width), max(bottom, y + height)
        x, shelf_height = x + width + FRAME_GAP, max(shelf_height, height)
    size = f"{ceil(right + MARGIN)}", f"{ceil(bottom + MARGIN)}"
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" class="kscaffold-diagram" role="img"'
        f' aria-label="{escape(heading or "diagram")}"'
        f' width="{size[0]}" height="{size[1]}" viewBox="0 0 {size[0]} {size[1]}">',
        f"<title>{escape(heading or 'diagram')}</title>",
        f"<style>\n{STYLE}\n</style>",
        '<defs><marker id="kscaffold-head" markerUnits="userSpaceOnUse" markerWidth="9" markerHeight="8" refX="9"'
        ' refY="4" orient="auto"><path class="head" d="M0,0 L9,4 L0,8 L2,4 Z"/></marker></defs>',
        '<rect class="page" width="100%" height="100%"/>',
    ]
    if shown:
        lines.append(f'<text class="heading" {_at(x=MARGIN, y=MARGIN + 15)}>{escape(shown)}</text>')
    return "\n".join([*lines, *parts, "</svg>", ""])


def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is at most, in the widest of the fonts that it may be shown in."""
    return sum(map(_character_width, text)) * size * (1.12 if bold else 1.0)


def _character_width(character: str) -> float:
    """In parts of the font's size. Outside of ASCII the scripts' widest letters count."""
    if character >= "\x7f":
        wide = 1.45 if character >= "\u0530" else 1.0 if character.islower() else 1.1
        return 0.0 if unicodedata.combining(character) else wide
    if character in NARROW or character in WIDE:
        return 0.42 if character in NARROW else 1.0
    return 0.65 if character.islower() or character.isdigit() or character in '_*"?$`' else 0.85


def _lay_out(boxes: Sequence[Box], arrows: Sequence[tuple[str, str]]) -> Layout:
    sizes = {}
    for box in boxes:
        title, detail = _texts(box)
        width = max(text_width(title, TITLE_SIZE), text_width(detail, DETAIL_SIZE)) + 28
        sizes[box.name] = (max(72.0, 2.0 * ceil(width / 2)), 46.0 if detail else 34.0)
    return lay_out(sizes, arrows)


def _texts(box: Box) -> tuple[str, str]:
    return shorten(clean(box.title), LONGEST), shorten(clean(box.detail), LONGEST)


def _frame(group: str, label: str, x: float, y: float, width: float, height: float) -> str:
    whole = escape(clean(group))
    tooltip = f"<title>{whole}</title>" if label != clean(group) else ""
    rect = f'<rect class="frame" {_at(x=x, y=y, width=width, height=height)} rx="10"/>'
    text = f'<text class="label" {_at(x=x + FRAME_PADDING, y=y + 22)}>{escape(label)}</text>'
    return f'<g data-group="{whole}">{tooltip}{rect}{text}</g>'


def _path(points: Sequence[Point]) -> str:
    steps = [f"M{_number(points[0][0])},{_number(points[0][1])}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        if x == to_x:
            steps.append(f"V{_number(to_y)}")
        else:
            half = _number((y + to_y) / 2)
            steps.append(f"C{_number(x)},{half} {_number(to_x)},{half} {_number(to_x)},{_number(to_y)}")
    return " ".join(steps)


def _box(box: Box, rect: Rect, x: float, y: float) -> str:
    title, detail = _texts(box)
    left, top = x + rect.x, y + rect.y
    middle = left + rect.width / 2
    whole = " ".join(filter(None, (clean(box.title), clean(box.detail))))
    tooltip = f"<title>{escape(whole)}</title>" if (title, detail) != (clean(box.title), clean(box.detail)) else ""
    radius = rect.height / 2 if box.kind in ("input", "output") else 6
    shape = f"<rect {_at(x=left, y=top, width=rect.width, height=rect.height, rx=radius)}/>"
    text = f'<text class="title" {_at(x=middle, y=top + (20 if detail else 21.5))}>{escape(title)}</text>'
    if detail:
        text += f'<text class="detail" {_at(x=middle, y=top + 36)}>{escape(detail)}</text>'
    return f'<g class="{box.kind}" data-name="{escape(clean(box.name))}">{tooltip}{shape}{text}</g>'


def _at(**values: float) -> str:
    return " ".join(f'{key}="{_number(value)}"' for key, value in values.items())


def _number(value: float) -> str:
    return f"{round(value, 1):.7g}"
