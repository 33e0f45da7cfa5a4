"""Runs of steps that are the same but for values, wherever they are, as a function and calls of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, zip_longest

from kscaffold.program.repeats.cost import FUNCTION_LINES
from kscaffold.program.repeats.derive import derive
from kscaffold.program.repeats.search import Candidate, Promising, Search, apart
from kscaffold.program.repeats.texts import CannotUnify, common_beginning, joined, tokens
from kscaffold.program.repeats.unify import Unified, unify
from kscaffold.program.repeats.words import ACTIVATIONS
from kscaffold.program.steps import free_variables, layer_names
from kscaffold.program.tree import Code, Ref, Text, Tree, plain_text
from kscaffold.program.value import Program, Routine, Step, StepKind, every_step

MOST_PARAMETERS = 7
TORN = 0.85  # what is left of the worth of a function that tears a convolution from its normalization
SPLIT = 0.3  # and of one whose layers have names that begin in different ways
WIDE = 8  # lines of a single step that may become a function of many parameters
LEAST_GAIN = 2.0
WORTH_A_PAIR = 8.0  # what a function has to save that is called twice


class Functions(Search):
    """A program in which runs of steps become functions.

    If it `wraps`, a function may do little but call others, and may have layers whose names begin in different ways.
    """

    def __init__(self, program: Program, wraps: bool) -> None:
        super().__init__(program)
        self.wraps = wraps

    def make_best(self) -> bool:
        """Makes the most worthwhile function, if there is one."""
        candidate = self.best(self.promising(), self.look)
        if candidate is None:
            return False
        routine, calls = self.made(candidate)
        values: dict[Tree, Tree] = {given: Ref(call.uid) for given, call in zip(candidate.given, calls)}
        self.rewrite({start: [call] for start, call in zip(candidate.starts, calls)}, candidate.length, values)
        self.put(routine)
        return True

    def made(self, candidate: Candidate) -> tuple[Routine, list[Step]]:
        """The function for runs, and its calls."""
        result = self.steps.inside(candidate.given[0], candidate.starts[0], candidate.length)
        routine, arguments = self.function(candidate.unified, len(candidate.outside[0]), result)
        return routine, [
            Step(next(self.uids), StepKind.INVOKE, Code(routine.name), values, kwargs)
            for values, kwargs in zip_longest(candidate.outside, arguments, fillvalue=())
        ]

    def promising(self) -> Iterator[Promising]:
        """The runs that may become functions."""
        sizes = {routine.name: len(list(every_step(routine.steps))) for routine in self.routines}
        invokes = (sizes[step.class_name] if step.kind is StepKind.INVOKE else 0 for step in self.steps.steps)
        called = [0, *accumulate(invokes)]
        for item in self.steps.repeated():
            separate = apart(item.starts, item.length)
            gain = item.estimate * (len(separate) - 1) - FUNCTION_LINES - len(separate)
            # Most of what the steps do may be done by functions that they call.
            first, last = item.starts[0], item.starts[0] + item.length
            wraps = 2 * (called[last] - called[first]) >= item.length
            if gain >= LEAST_GAIN and (self.wraps or not wraps) and len(self.steps.given(first, item.length)) == 1:
                yield gain, item.length, item.starts

    def look(self, starts: Sequence[int], length: int) -> Candidate | None:
        """A function for runs; `None` if they cannot be one, or that is not worthwhile."""
        first = starts[0]
        inner = self.steps.steps[first : first + length]
        if self.steps.is_periodic(first, length) or any(step.kind is StepKind.NAMED for step in every_step(inner)):
            return None
        if length == 1 and (inner[0].kind is not StepKind.LAYER or self.steps.lines[first] < 3):
            return None
        chosen = self.alike(starts, length)
        if len(chosen) < 2:
            return None
        windows, outside, given = self.windows(chosen, length)
        try:
            unified = unify(windows, split=False, closed=True)
        except CannotUnify:
            return None
        derive(unified)
        if not all(name.startswith("?") for name in free_variables(unified.steps)):
            return None
        wide = len(chosen) > 3 and self.steps.lines[chosen[0]] >= WIDE
        if not is_callable(unified, min(MOST_PARAMETERS, 3 + length + 3 * wide)):
            return None
        before = sum(self.steps.lines[start + place] for start in chosen for place in range(length))
        candidate = Candidate(0, chosen, length, unified, outside, given)
        gain: float = before - self.signatures.lines_with(*self.made(candidate)) - FUNCTION_LINES
        if self.cuts_names(chosen, length) or self.cuts_shortcut(chosen, length):
            if not self.wraps:
                return None
            gain *= SPLIT
        cuts = self.cuts_chain(chosen[0], length)
        gain = (gain * TORN**cuts - 3 * cuts) * max(0.0, 1 - 0.25 * (len(outside[0]) - 1))
        if gain < (LEAST_GAIN if len(chosen) > 2 else WORTH_A_PAIR):
            return None
        return replace(candidate, gain=gain)

    def alike(self, starts: Sequence[int], length: int) -> tuple[int, ...]:
        """The runs that give one value, most of them the same one of theirs, and do not overlap."""
        groups: dict[object, list[int]] = {}
        for start in starts:
            routine = self.routines[self.steps.owner[start]]
            given = self.steps.given(start, length)
            sequential = routine.model is not None and routine.model.sequential
            if len(given) == 1 and not sequential and length < len(routine.steps):
                groups.setdefault(self.steps.inside(given[0], start, length), []).append(start)
        return apart(max(groups.values(), key=len, default=[]), length)

    def cuts_chain(self, start: int, length: int) -> int:
        """How often steps end or begin where a convolution and what goes with it are torn apart."""
        cuts = 0
        for place in (start, start + length):
            if self.is_beside(place - 1, start) and self.is_beside(place, start):
                before, behind = (self.steps.steps[one].class_name for one in (place - 1, place))
                convolves = "Conv" in before or before == "Dense"
                cuts += behind == "BatchNormalization" and convolves
                cuts += behind in ACTIVATIONS and (convolves or before in ("BatchNormalization", "Add", "+"))
        return cuts

    def is_beside(self, place: int, start: int) -> bool:
        """Whether there is a step at a place, in the same function as another one."""
        return 0 <= place < len(self.steps.steps) and self.steps.owner[place] == self.steps.owner[start]

    def cuts_names(self, starts: Sequence[int], length: int) -> bool:
        """Whether the layers of a run have names that begin in different ways, or like those beside them."""
        for start in starts:
            names = layer_names(self.steps.steps[start : start + length])
            beginning = joined(common_beginning([tokens(name) for name in names]))
            if len(names) > 1 and (not beginning.parts or self.goes_on(beginning, start, length)):
                return True
        return False

    def cuts_shortcut(self, starts: Sequence[int], length: int) -> bool:
        """Whether what most runs give is added right behind them to what they take: that belongs to them."""
        cut = 0
        for start in starts:
            behind = start + length
            if self.is_beside(behind, start) and self.steps.steps[behind].class_name in ("Add", "+"):
                taken = {ref for reads in self.steps.reads[start:behind] for ref in reads}
                added = set(self.steps.reads[behind])
                cut += self.steps.given(start, length)[0] in added and len(added & taken) > 0
        return 2 * cut > len(starts)

    def goes_on(self, beginning: Tree, start: int, length: int) -> bool:
        """Whether a layer beside some steps has a name that begins like theirs."""
        text = plain_text(beginning)
        for place in (start - 1, start + length):
            if text and self.is_beside(place, start):
                name = "".join(map(plain_text, layer_names([self.steps.steps[place]])[:1]))
                following = name[len(text) : len(text) + 1]
                other = following.isalpha() or (following.isdigit() and text[-1:].isdigit())
                if name.startswith(text) and not other:
                    return True
        return False


def is_callable(unified: Unified, most: int) -> bool:
    """Whether a function of some steps is one that a person would call: with few parameters, of which one is a name."""
    columns = [unified.columns[index] for index in unified.asked]
    texts = [column for column in columns if not column.owner and isinstance(column.known[0], Text)]
    return len(columns) <= most and len(texts) <= 1
