"""The rows that the boxes of a graph stand in, and their order in each."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from itertools import pairwise

SWEEPS = 12


@dataclass(frozen=True)
class Rows:
    """Boxes, numbered from 0, and bends, numbered after them, joined only from one row to the next.

    Attributes:
        boxes: How many are boxes.
        rank: The row of each box and bend.
        rows: What stands in each row, from left to right.
        up: What each is joined to in the row above.
        down: What each is joined to in the row below.
        trunks: For each box itself and its bends, from row to row.
        source: The box that each belongs to: a bend to the one that its arrows come from.
    """

    boxes: int
    rank: list[int]
    rows: list[list[int]]
    up: list[list[int]]
    down: list[list[int]]
    trunks: list[list[int]]
    source: list[int]


def in_rows(count: int, edges: Sequence[tuple[int, int]]) -> Rows:
    """Every box in the row that is its longest path from the inputs, in the order of their numbers.

    The edges close no circle. Every long one has its bends.
    """
    before: dict[int, list[int]] = {node: [] for node in range(count)}
    for source, target in edges:
        before[target].append(source)
    rank = [0] * count
    for node in TopologicalSorter(before).static_order():
        rank[node] = max((rank[upper] + 1 for upper in before[node]), default=0)
    lowest = [0] * count
    for source, target in edges:
        lowest[source] = max(lowest[source], rank[target])

    rows: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    for node in range(count):
        rows[rank[node]].append(node)
    source_of = list(range(count))
    trunks = [[node] for node in range(count)]
    for node, trunk in enumerate(trunks):
        for row in range(rank[node] + 1, lowest[node]):
            trunk.append(len(rank))
            rows[row].append(len(rank))
            rank.append(row)
            source_of.append(node)
    up: list[list[int]] = [[] for _ in rank]
    down: list[list[int]] = [[] for _ in rank]
    joined = [pair for trunk in trunks for pair in pairwise(trunk)]
    joined += [(trunks[source][rank[target] - rank[source] - 1], target) for source, target in edges]
    for upper, lower in joined:
        down[upper].append(lower)
        up[lower].append(upper)
    return Rows(count, rank, rows, up, down, trunks, source_of)


def in_order(graph: Rows) -> Rows:
    """The rows in an order with few crossings: each sorted by the mean place of its neighbours, down and up again."""
    rows = [list(row) for row in graph.rows]
    place = [0] * len(graph.rank)

    def number(row: Sequence[int]) -> None:
        for index, node in enumerate(row):
            place[node] = index

    for row in rows:
        number(row)
    best, fewest = graph.rows, _crossings(rows, graph.down, place)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        beside, order = (graph.down, reversed(rows)) if sweep % 2 else (graph.up, iter(rows))
        for row in order:
            means = {node: mean([place[other] for other in beside[node]] or [place[node]]) for node in row}
            row.sort(key=means.__getitem__)
            number(row)
        crossings = _crossings(rows, graph.down, place)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return replace(graph, rows=best)


def mean(values: Sequence[float]) -> float:
    """The mean of some numbers; `statistics` takes longer to import than a picture to draw."""
    return sum(values) / len(values)


def _crossings(rows: Sequence[Sequence[int]], down: Sequence[Sequence[int]], place: Sequence[int]) -> int:
    crossings = 0
    for row in rows:
        met: list[int] = []
        for node in row:
            ends = sorted(place[lower] for lower in down[node])
            crossings += sum(len(met) - bisect_right(met, end) for end in ends)
            for end in ends:
                insort(met, end)
    return crossings
