"""Repetitions that can become a function or a loop, and what that is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kscaffold.program.passes.arguments import (
    asked_of,
    common_beginning,
    is_word,
    layer_names,
    name_of,
    usual_value,
    with_names,
)
from kscaffold.program.passes.cost import FUNCTION_LINES, lines_of, total
from kscaffold.program.passes.derive import derive
from kscaffold.program.passes.draft import Draft
from kscaffold.program.passes.rewriting import free_variables, local, map_all
from kscaffold.program.passes.shares import number_rates
from kscaffold.program.passes.texts import CannotUnify, joined
from kscaffold.program.passes.unify import Unified, unify
from kscaffold.program.passes.words import ACTIVATIONS, is_counted, iterable, loop_names
from kscaffold.program.tree import Code, Object, Ref, Text, Tree
from kscaffold.program.value import Routine, Step, StepKind, every_step

MOST_PARAMETERS = 7
MOST_COLUMNS = 4
LONG_TABLE = 5  # rounds of a loop that may have more columns
MOST_INPUTS = 3
TORN = 0.85  # what is left of the worth of a function that tears a convolution from its normalization
WIDE = 8  # lines of a single step that may become a function of many parameters
LEAST_GAIN = 2.0
WORTH_A_PAIR = 8.0  # what a function has to save that is called twice
MODULE_NAMES = {"keras", "layers", "ops", "np"}


@dataclass(frozen=True)
class Candidate:
    """Something that could be done.

    Attributes:
        gain: The lines that it saves, less what makes it hard to read.
        starts: Where the repetitions begin.
        length: How many steps each has.
        unified: The steps that stand for all.
        outside: For each repetition, the values from outside.
        given: For each repetition, the value that it gives.
        loops: Whether it is a loop.
    """

    gain: float
    starts: tuple[int, ...]
    length: int
    unified: Unified
    outside: tuple[tuple[Ref, ...], ...]
    given: tuple[Ref, ...]
    loops: bool


class Finder(Draft):
    """Looks closely at repetitions: whether they can be a function or a loop, and what that is worth."""

    def __init__(self, routines: list[Routine], largest: int) -> None:
        super().__init__(routines, largest)
        self.whole_names = True

    def windows(
        self, starts: Sequence[int], length: int
    ) -> tuple[list[tuple[Step, ...]], list[tuple[Ref, ...]], list[Ref]]:
        """The steps of each repetition with numbers of their own, the values from outside, and what each gives."""
        windows, outside, given = [], [], []
        for start in starts:
            numbers: dict[Ref, int] = {}
            windows.append(local(self.steps.steps[start : start + length], numbers))
            outside.append(tuple(numbers))
            given.append(self.steps.given(start, length)[0])
        return windows, outside, given

    def function(self, starts: tuple[int, ...], length: int) -> Candidate | None:
        """A function for repetitions wherever they are; `None` if they cannot be one."""
        first = starts[0]
        inner = self.steps.steps[first : first + length]
        if self.is_periodic(first, length):
            return None
        if length == 1 and (inner[0].kind is not StepKind.LAYER or self.steps.lines[first] < 3):
            return None
        if any(step.kind is StepKind.NAMED for step in every_step(inner)):
            return None
        groups: dict[object, list[int]] = {}
        for start in starts:
            routine = self.routines[self.steps.owner[start]]
            given = self.steps.given(start, length)
            if len(given) == 1 and not (routine.model and routine.model.sequential):
                if length < len(routine.steps):
                    groups.setdefault(self.place_in(given[0], start, length), []).append(start)
        if not groups:
            return None
        chosen = apart(max(groups.values(), key=lambda group: len(group)), length)
        if len(chosen) < 2:
            return None
        windows, outside, given = self.windows(chosen, length)
        if len(outside[0]) > MOST_INPUTS:
            return None
        try:
            unified = unify(windows, {}, split=False, closed=True)
        except CannotUnify:
            return None
        derive(unified)
        if not all(name.startswith("?") for name in free_variables(unified.steps)):
            return None
        asked = asked_of(unified)
        texts = [index for index in asked if not unified.owners[index] and isinstance(unified.column(index)[0], Text)]
        wide = len(chosen) > 3 and self.steps.lines[chosen[0]] >= WIDE
        if len(asked) > min(MOST_PARAMETERS, 3 + length + 3 * wide) or len(texts) > 1:
            return None
        before = sum(self.steps.lines[start + place] for start in chosen for place in range(length))
        usual = {index: usual_value(unified, index) for index in asked}
        calls = sum(lines_of(self.call(unified, number, outside, usual)) for number in range(len(chosen)))
        gain = before - calls - total(unified.steps) - FUNCTION_LINES - self.strangeness(unified)
        if self.cuts_names(chosen, length) or self.cuts_shortcut(chosen, length):
            if self.whole_names:
                return None
            gain *= 0.3
        cuts = self.cuts_chain(chosen[0], length)
        gain = gain * TORN**cuts - 3 * cuts
        gain *= 1 - 0.25 * (len(outside[0]) - 1)
        if gain < (LEAST_GAIN if len(chosen) > 2 else WORTH_A_PAIR):
            return None
        return Candidate(gain, chosen, length, unified, tuple(outside), tuple(given), False)

    def is_periodic(self, start: int, length: int) -> bool:
        """Whether steps are themselves a repetition of fewer: those are the better function."""
        shapes = self.steps.shapes[start : start + length]
        return any(length % period == 0 and shapes[period:] == shapes[:-period] for period in range(1, length // 2 + 1))

    def strangeness(self, unified: Unified) -> float:
        """What makes a function odd to a reader, in lines that it would have to save."""
        asked = asked_of(unified)
        odd = 0.4 * max(0, len(asked) - 3)
        odd += 6 * ("first" in [unified.keys[index] for index in asked])
        if unified.steps[0].kind is StepKind.LOOP and len(unified.steps) > 1:
            odd += 3
        return odd

    def cuts_chain(self, start: int, length: int) -> int:
        """How often steps end or begin where a convolution and what goes with it are torn apart."""
        steps, owner = self.steps.steps, self.steps.owner
        cuts = 0
        for place in (start, start + length):
            if 0 < place < len(steps) and owner[place - 1] == owner[place] == owner[start]:
                before, behind = steps[place - 1].class_name, steps[place].class_name
                convolves = "Conv" in before or before == "Dense"
                cuts += behind == "BatchNormalization" and convolves
                cuts += behind in ACTIVATIONS and (convolves or before in ("BatchNormalization", "Add", "+"))
        return cuts

    def cuts_names(self, starts: Sequence[int], length: int) -> bool:
        """Whether the layers of a repetition have names that begin in different ways, or like those beside them."""
        for start in starts:
            names = layer_names(self.steps.steps[start : start + length])
            if len(names) < 2:
                continue
            beginning = common_beginning(names)
            if not beginning or self.is_beside(joined(beginning), start, length):
                return True
        return False

    def cuts_shortcut(self, starts: Sequence[int], length: int) -> bool:
        """Whether what most repetitions give is added right behind them to what they take: that belongs to them."""
        cut = 0
        for start in starts:
            given, behind = self.steps.given(start, length)[0], start + length
            if behind < len(self.steps.steps) and self.steps.owner[behind] == self.steps.owner[start]:
                taken = {ref for reads in self.steps.reads[start:behind] for ref in reads}
                reads = set(self.steps.reads[behind])
                adds = self.steps.steps[behind].class_name in ("Add", "+")
                cut += adds and given in reads and bool((reads - {given}) & taken)
        return 2 * cut > len(starts)

    def is_beside(self, beginning: Tree, start: int, length: int) -> bool:
        """Whether a layer beside some steps has a name that begins like theirs."""
        text = "".join(map(str, beginning.parts)) if isinstance(beginning, Text) else ""
        for place in (start - 1, start + length):
            if 0 <= place < len(self.steps.steps) and self.steps.owner[place] == self.steps.owner[start]:
                name = name_of(self.steps.steps[place])
                following = name[len(text) : len(text) + 1]
                goes_on = following.isalpha() or (following.isdigit() and text[-1:].isdigit())
                if name.startswith(text) and not goes_on:
                    return True
        return False

    def call(
        self, unified: Unified, number: int, outside: Sequence[tuple[Ref, ...]], usual: Mapping[int, Tree | None]
    ) -> Step:
        """A call of a function in the place of a repetition, to see how long it is."""
        kwargs = tuple(
            (unified.keys[index] or "index", value)
            for index, default in usual.items()
            if (value := unified.column(index)[number]) is not None and value != default
        )
        return Step(0, StepKind.INVOKE, Code("a_function_name"), tuple(outside[number]), kwargs)

    def loop(self, starts: tuple[int, ...], length: int) -> Candidate | None:
        """A loop for repetitions one behind the other; `None` if they cannot be one."""
        for start in starts:
            if not self.steps.gives_one(start, length):
                return None
        places = {self.place_in(self.steps.given(start, length)[0], start, length) for start in starts}
        if len(places) != 1:
            return None
        windows, outside, given = self.windows(starts, length)
        handed = [number for number, ref in enumerate(outside[1]) if ref == given[0]]
        if len(handed) != 1 or len({len(one) for one in outside}) != 1:
            return None
        for place, first in enumerate(outside[0]):
            for last, one in zip(given, outside[1:]):
                if one[place] != (last if place == handed[0] else first):
                    return None
        if any(self.steps.last[value] >= start + 2 * length for value, start in zip(given[:-1], starts)):
            return None
        if length == 1 and windows[0][0].kind is StepKind.LOOP and not windows[0][0].variables:
            return None
        try:
            unified = unify(windows, {}, split=True, closed=False)
        except CannotUnify:
            return None
        derive(unified)
        number_rates(unified, self.shares, asked_of(unified))
        asked = asked_of(unified)
        if len(asked) > (MOST_COLUMNS if len(starts) < LONG_TABLE else MOST_COLUMNS + 3):
            return None
        words = [index for index in asked if any(is_word(value) for value in unified.column(index))]
        if len(starts) == 2 and (words or len(asked) > 2):
            return None
        step = self.loop_step(unified, outside[0], handed[0], len(starts))
        before = sum(self.steps.lines[start + place] for start in starts for place in range(length))
        odd = 0.3 * max(0, len(asked) - 2)
        step = replace(step, body=tuple(self.shown(inner) for inner in step.body))
        return Candidate(before - lines_of(step) - odd, starts, length, unified, tuple(outside), tuple(given), True)

    def loop_step(
        self,
        unified: Unified,
        outside: Sequence[Ref],
        handed: int,
        rounds: int,
        uid: int = 0,
        taken: Iterable[str] = (),
    ) -> Step:
        """The loop that stands for all repetitions."""
        asked = asked_of(unified)
        used = {*taken, *(name for step in every_step(unified.steps) for name in step.variables), "x", *MODULE_NAMES}
        found = loop_names(unified, asked, used)
        names = {f"?{index}": found[index] for index in asked}
        columns = [unified.column(index) for index in asked]
        steps = [map_all(step, lambda tree: with_names(tree, names)) for step in unified.steps]

        def moved(tree: Tree) -> Tree | None:
            if isinstance(tree, Ref) and tree.source < 0:
                number = -1 - tree.source
                return Ref(uid) if number == handed else outside[number]
            return None

        body = tuple(map_all(step, moved) for step in steps)
        over = iterable(columns, rounds)
        variables = tuple(names[f"?{index}"] for index in asked) or ("_",)
        if isinstance(over, Object) and over.target == "enumerate" and is_counted(columns[1]):
            variables = variables[::-1]
        return Step(uid, StepKind.LOOP, over, (outside[handed],), variables=variables, body=body)


def apart(starts: Sequence[int], length: int) -> tuple[int, ...]:
    """Repetitions that do not overlap."""
    chosen: list[int] = []
    for start in starts:
        if not chosen or start >= chosen[-1] + length:
            chosen.append(start)
    return tuple(chosen)
