"""The order of things that need each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def sort_by_need(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """Puts each name behind those that it needs, and else keeps the order given.

    Args:
        needs: What each name needs.

    Returns:
        The names in order and an empty list; or, where names need each other in a circle, those names from one of
        them back to it as the second list.
    """
    ordered: list[str] = []
    done: set[str] = set()
    path: dict[str, int] = {}
    for first in needs:
        waiting = [] if first in done else [(first, iter(needs[first]))]
        path = {first: 0}
        while waiting:
            name, rest = waiting[-1]
            following = next((needed for needed in rest if needed not in done), None)
            if following is None:
                waiting.pop()
                path.pop(name)
                done.add(name)
                ordered.append(name)
            elif following in path:
                return [], [*[item for item, _ in waiting[path[following] :]], following]
            else:
                path[following] = len(waiting)
                waiting.append((following, iter(needs[following])))
    return ordered, []
