"""The search for what is most worthwhile: it looks closely at the runs of steps that promise most."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kscaffold.program.repeats.draft import Draft
from kscaffold.program.repeats.unify import Unified
from kscaffold.program.steps import local
from kscaffold.program.tree import Ref
from kscaffold.program.value import Program, Step

WORK = 500_000  # steps that are compared in a pass: behind that it stays with what it has found
Promising: TypeAlias = tuple[float, int, tuple[int, ...]]  # lines saved at most, length and starts of runs


@dataclass(frozen=True)
class Candidate:
    """Runs of steps that can become one.

    Attributes:
        gain: The lines that it saves, less what makes it hard to read.
        unified: The steps that stand for all.
        outside: For each run, the values from outside.
        given: For each run, the value that it gives.
    """

    gain: float
    starts: tuple[int, ...]
    length: int
    unified: Unified
    outside: tuple[tuple[Ref, ...], ...]
    given: tuple[Ref, ...]


class Search(Draft):
    """A program in which what is most worthwhile is done, again and again."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.refused: set[object] = set()
        self.work = WORK

    def best(
        self, promising: Iterable[Promising], look: Callable[[Sequence[int], int], Candidate | None]
    ) -> Candidate | None:
        """What is most worthwhile of what is promising, once one has a look at runs by their starts and length."""
        best: Candidate | None = None
        for gain, length, starts in sorted(promising, key=lambda item: (-item[0], item[1])):
            if best is not None and gain <= best.gain:
                break
            key = (length, *(self.steps.steps[start].uid for start in starts))
            if key in self.refused:
                continue
            self.work -= length * len(starts)
            if self.work < 0:
                break
            candidate = look(starts, length)
            if candidate is None:
                self.refused.add(key)
            elif best is None or candidate.gain > best.gain:
                best = candidate
        return best

    def windows(
        self, starts: Sequence[int], length: int
    ) -> tuple[list[tuple[Step, ...]], tuple[tuple[Ref, ...], ...], tuple[Ref, ...]]:
        """The steps of each run with numbers of their own, the values from outside, and what each gives."""
        windows = [local(self.steps.steps[start : start + length]) for start in starts]
        given = tuple(self.steps.given(start, length)[0] for start in starts)
        return [steps for steps, _ in windows], tuple(outside for _, outside in windows), given


def apart(starts: Sequence[int], length: int) -> tuple[int, ...]:
    """Runs that do not overlap."""
    chosen: list[int] = []
    for start in starts:
        if not chosen or start >= chosen[-1] + length:
            chosen.append(start)
    return tuple(chosen)
