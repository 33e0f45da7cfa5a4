"""The rows that the boxes of a graph stand in, and their order in each."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 12


@dataclass(frozen=True)
class Rows:
    """Boxes, numbered from 0, and bends, numbered after them, joined only from one row to the next.

    Args:
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


def closing(count: int, edges: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """The edges that close a circle, found by going through the graph depth first, from its inputs."""
    following: list[list[int]] = [[] for _ in range(count)]
    entered = [False] * count
    for source, target in edges:
        following[source].append(target)
        entered[target] = True
    seen, on_path, closing = [False] * count, [False] * count, set()
    for start in sorted(range(count), key=entered.__getitem__):
        if seen[start]:
            continue
        seen[start] = on_path[start] = True
        path = [(start, iter(following[start]))]
        while path:
            node, rest = path[-1]
            target = next(rest, -1)
            if target < 0:
                on_path[node] = False
                path.pop()
            elif on_path[target]:
                closing.add((node, target))
            elif not seen[target]:
                seen[target] = on_path[target] = True
                path.append((target, iter(following[target])))
    return closing


def in_rows(count: int, edges: Sequence[tuple[int, int]]) -> Rows:
    """Every box in the row that is its longest path from the inputs, every long edge with its bends.

    Args:
        count: How many boxes there are.
        edges: From box to box; they close no circle.

    Returns:
        The rows, in the order of the boxes' numbers.
    """
    following: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count
    for source, target in edges:
        following[source].append(target)
        missing[target] += 1
    rank = [0] * count
    ready = [node for node in range(count) if not missing[node]]
    for node in ready:
        for target in following[node]:
            rank[target] = max(rank[target], rank[node] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)

    rows: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    for node in range(count):
        rows[rank[node]].append(node)
    source_of = list(range(count))
    trunks: list[list[int]] = []
    for node in range(count):
        trunk = [node]
        for row in range(rank[node] + 1, max((rank[target] for target in following[node]), default=0)):
            trunk.append(len(rank))
            rows[row].append(len(rank))
            rank.append(row)
            source_of.append(node)
        trunks.append(trunk)
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
    for row in rows:
        for index, node in enumerate(row):
            place[node] = index
    best, fewest = [list(row) for row in rows], _crossings(rows, graph.down, place)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        neighbours = graph.down if sweep % 2 else graph.up
        for row in reversed(rows) if sweep % 2 else rows:
            mean = {
                node: (
                    sum(map(place.__getitem__, neighbours[node])) / len(neighbours[node])
                    if neighbours[node]
                    else float(place[node])
                )
                for node in row
            }
            row.sort(key=mean.__getitem__)
            for index, node in enumerate(row):
                place[node] = index
        crossings = _crossings(rows, graph.down, place)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    return Rows(graph.boxes, graph.rank, best, graph.up, graph.down, graph.trunks, graph.source)


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
