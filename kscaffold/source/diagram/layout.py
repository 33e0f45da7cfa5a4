"""Where the boxes of a graph go, and the ways of the arrows between them: layers, after Sugiyama.

Every box stands in the row that is its longest path from the inputs. An arrow that skips rows goes through a bend in
each of them, which has its place in the row like a box has, so that it runs through none. All the arrows that leave
one box share their bends: a value has one trunk, and the work stays small for a box that is used everywhere.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise
from math import inf

from kscaffold.source.diagram.rows import Rows, in_order, in_rows, mean

GAPS = (32.0, 22.0, 11.0)  # between two boxes, a box and a bend, two bends
BEND_WIDTH = 2.0
ROW_GAP = 40.0
PORT_GAP = 14.0
ROUNDS = 200
SETTLED = 0.02
RUN_IN = 9.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Rect:
    """A box's place: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """A graph that has its place, from 0 on.

    A route is straight between two points of the same x, and otherwise a curve that begins and ends upright.
    """

    width: float
    height: float
    rects: Mapping[str, Rect]
    routes: Mapping[tuple[str, str], tuple[Point, ...]]


def lay_out(sizes: Mapping[str, tuple[float, float]], arrows: Sequence[tuple[str, str]]) -> Layout:
    """Places boxes of some widths and heights, by name, and the arrows between them: each once, and in no circle.

    No two boxes overlap, and an arrow touches no box but its ends.
    """
    number = {name: index for index, name in enumerate(sizes)}
    edges = [(number[source], number[target]) for source, target in arrows]
    graph = in_order(in_rows(len(sizes), edges))
    widths = [width for width, _ in sizes.values()] + [BEND_WIDTH] * (len(graph.rank) - len(sizes))
    centres = _centres(graph, widths)

    tops, bottoms = _heights(graph, centres, [height for _, height in sizes.values()])
    rects = {}
    for (name, (width, height)), centre, row in zip(sizes.items(), centres, graph.rank):
        rects[name] = Rect(centre - width / 2, (tops[row] + bottoms[row] - height) / 2, width, height)

    ports = _ports(graph, edges, centres, widths)
    routes = {}
    for arrow, edge in zip(arrows, edges):
        (source, target), first, last = edge, rects[arrow[0]], rects[arrow[1]]
        x, row, lowest = centres[source], graph.rank[source], graph.rank[target]
        points = [(x, first.y + first.height), (x, bottoms[row] + RUN_IN)]
        for bend in graph.trunks[source][1 : lowest - row]:
            row += 1
            points += [(centres[bend], tops[row]), (centres[bend], bottoms[row])]
        points += [(ports[edge], tops[lowest] - RUN_IN), (ports[edge], last.y)]
        inner = [at for before, at, after in zip(points, points[1:], points[2:]) if {before[0], after[0]} != {at[0]}]
        routes[arrow] = (points[0], *inner, points[-1])
    ends = [rect.x + rect.width for rect in rects.values()] + [x + BEND_WIDTH for x in centres[len(sizes) :]]
    return Layout(max(ends, default=0.0), max(bottoms, default=0.0), rects, routes)


def _centres(graph: Rows, widths: Sequence[float]) -> list[float]:
    """The x of every box and bend, from 0 at the left of all.

    Boxes that follow each other in a chain, and the bends of a trunk, are columns with one x. A column wants to be
    at the mean of what it is joined to. Pushing all that overlaps to the right gives one solution, to the left
    another; their mean keeps every distance as well, and is symmetric.
    """
    skipping = _skipping(graph)
    column_of = _columns(graph, skipping)
    columns = range(max(column_of, default=-1) + 1)
    apart: dict[tuple[int, int], float] = {}
    for row in graph.rows:
        for left, right in pairwise(row):
            gap = GAPS[(left >= graph.boxes) + (right >= graph.boxes)]
            pair = column_of[left], column_of[right]
            apart[pair] = max(apart.get(pair, 0.0), (widths[left] + widths[right]) / 2 + gap)
    joined: list[list[int]] = [[] for _ in columns]
    beside: list[list[int]] = [[] for _ in columns]
    for upper, lowers in enumerate(graph.down):
        for lower in lowers:
            first, second = column_of[upper], column_of[lower]
            if (upper, lower) not in skipping:
                joined[first].append(second)
                joined[second].append(first)
            elif upper < graph.boxes:
                beside[second].append(first)
            else:
                beside[first].append(second)

    ordered = _left_to_right(apart)
    x = _pushed([0.0 for _ in columns], ordered)
    for _ in range(ROUNDS):
        wanted = [(x[at] + mean([x[other] for other in joined[at]] or [x[at]])) / 2 for at in columns]
        previous, x = x, _pushed(wanted, ordered)
        if all(abs(old - new) < SETTLED for old, new in zip(previous, x)):
            break
    _drawn_in(x, {at: beside[at] for at in columns if beside[at] and not joined[at]}, apart)
    start = min((x[column] - width / 2 for column, width in zip(column_of, widths)), default=0.0)
    return [float(round(x[column] - start)) for column in column_of]


def _skipping(graph: Rows) -> set[tuple[int, int]]:
    """The first and the last piece of every way round something: they do not pull the boxes that they join."""
    before = [0] * graph.boxes
    for row in graph.rows:
        for node in row:
            for upper in graph.up[node] if node < graph.boxes else ():
                source = graph.source[upper]
                before[node] |= before[source] | 1 << source
    skipping = set()
    for node in range(graph.boxes):
        if len(graph.trunks[node]) > 1 and len(graph.down[node]) > 1:
            skipping.add((node, graph.trunks[node][1]))
        others = [graph.source[upper] for upper in graph.up[node]]
        for upper in graph.up[node]:
            if upper >= graph.boxes and any(before[other] >> graph.source[upper] & 1 for other in others):
                skipping.add((upper, node))
    return skipping


def _columns(graph: Rows, skipping: set[tuple[int, int]]) -> list[int]:
    """A number for every box and bend; those that are to have one x have the same. Columns never cross."""
    place = {node: index for row in graph.rows for index, node in enumerate(row)}
    column_of = [-1] * len(graph.rank)
    count = 0
    for row in graph.rows:
        straight: list[tuple[bool, int, int, int, int]] = []
        for lower in row:
            heavy = [upper for upper in graph.up[lower] if (upper, lower) not in skipping]
            in_trunk = lower >= graph.boxes and graph.up[lower][0] >= graph.boxes
            alone = len(heavy) == 1 and sum((heavy[0], other) not in skipping for other in graph.down[heavy[0]]) == 1
            if in_trunk or alone:
                straight.append((not in_trunk, place[heavy[0]], place[lower], heavy[0], lower))
        accepted: list[tuple[int, int]] = []
        for _, above, below, upper, lower in sorted(straight):
            at = bisect_right(accepted, (above, below))
            if (at and accepted[at - 1][1] >= below) or (at < len(accepted) and accepted[at][1] <= below):
                continue
            accepted.insert(at, (above, below))
            column_of[lower] = column_of[upper]
        for node in row:
            if column_of[node] < 0:
                column_of[node] = count
                count += 1
    return column_of


def _left_to_right(apart: Mapping[tuple[int, int], float]) -> list[tuple[int, int, float]]:
    """The distances between columns, so that all that end at a column come before those that start there."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for left, right in apart:
        sorter.add(right, left)
    place = {column: index for index, column in enumerate(sorter.static_order())}
    ordered = ((left, right, distance) for (left, right), distance in apart.items())
    return sorted(ordered, key=lambda item: place[item[0]])


def _pushed(wanted: Sequence[float], ordered: Sequence[tuple[int, int, float]]) -> list[float]:
    rightwards, leftwards = list(wanted), list(wanted)
    for left, right, distance in ordered:
        rightwards[right] = max(rightwards[right], rightwards[left] + distance)
    for left, right, distance in reversed(ordered):
        leftwards[left] = min(leftwards[left], leftwards[right] - distance)
    return [(one + other) / 2 for one, other in zip(rightwards, leftwards)]


def _drawn_in(x: list[float], beside: Mapping[int, Sequence[int]], apart: Mapping[tuple[int, int], float]) -> None:
    """Moves what only goes round something as near to it as there is room: it moves nothing else."""
    left_of: dict[int, list[tuple[int, float]]] = {column: [] for column in beside}
    right_of: dict[int, list[tuple[int, float]]] = {column: [] for column in beside}
    for (left, right), distance in apart.items():
        left_of.get(right, []).append((left, distance))
        right_of.get(left, []).append((right, distance))
    wanted = {column: mean([x[other] for other in others]) for column, others in beside.items()}
    for column in sorted(wanted, key=lambda column: abs(x[column] - wanted[column])):
        low = max((x[other] + distance for other, distance in left_of[column]), default=-inf)
        high = min((x[other] - distance for other, distance in right_of[column]), default=inf)
        x[column] = min(max(wanted[column], low), max(low, high))


def _heights(graph: Rows, centres: Sequence[float], heights: Sequence[float]) -> tuple[list[float], list[float]]:
    """The top and the bottom of every row. Where arrows go far to the side, they get more room below it."""
    tops: list[float] = []
    bottoms: list[float] = []
    y = 0.0
    for row in graph.rows:
        tops.append(y)
        bottoms.append(y + max(heights[node] for node in row if node < graph.boxes))
        far = max((abs(centres[node] - centres[lower]) for node in row for lower in graph.down[node]), default=0.0)
        y = bottoms[-1] + ROW_GAP + round(min(40.0, far * 0.06))
    return tops, bottoms


def _ports(
    graph: Rows, edges: Sequence[tuple[int, int]], centres: Sequence[float], widths: Sequence[float]
) -> dict[tuple[int, int], float]:
    """Where each arrow enters its target: side by side, and one that comes from straight above in the middle."""
    entering: dict[int, list[tuple[float, int]]] = {}
    for source, target in edges:
        last = graph.trunks[source][graph.rank[target] - graph.rank[source] - 1]
        entering.setdefault(target, []).append((centres[last], source))
    ports = {}
    for target, ends in entering.items():
        ends.sort()
        centre, room = centres[target], widths[target] / 2 - PORT_GAP
        above = [index for index, (x, _) in enumerate(ends) if abs(x - centre) < 1]
        middle = float(above[0]) if above else (len(ends) - 1) / 2
        step = min(PORT_GAP, room / max(middle, len(ends) - 1 - middle, 1))
        for index, (_, source) in enumerate(ends):
            ports[source, target] = centre + round((index - middle) * step, 1)
    return ports
