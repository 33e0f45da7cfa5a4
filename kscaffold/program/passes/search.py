"""Finds what is repeated in a program, and makes functions and loops of it, the most worthwhile first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from heapq import nsmallest
from itertools import groupby

from kscaffold.base.naming import unique
from kscaffold.program.passes.arguments import asked_of, with_names
from kscaffold.program.passes.candidates import LEAST_GAIN, LONG_TABLE, MODULE_NAMES, Candidate, apart
from kscaffold.program.passes.cost import FUNCTION_LINES, total
from kscaffold.program.passes.draft import invokes
from kscaffold.program.passes.rewriting import map_all
from kscaffold.program.passes.shares import RATE
from kscaffold.program.passes.variants import Variants
from kscaffold.program.passes.widths import with_widths
from kscaffold.program.passes.words import function_words, parameter_names
from kscaffold.program.tree import Code, Object, Plain, Ref, Text
from kscaffold.program.value import Parameter, Program, Routine, Step, StepKind, every_step

MOST_TRIED = 3000  # candidates in each round
WORTH_ADDING = 4  # lines
LEAST_GROWING = 3  # calls with rates that grow, for a loop
EVALUATED = 400  # candidates that are looked at closely in each round


def factor(program: Program, reads_shapes: bool = True) -> Program:
    """A program in which what is repeated is said once.

    Args:
        program: The program, with a statement for each call.
        reads_shapes: Whether its functions may find sizes out from the values that they take.
    """
    routines = list(program.routines)
    largest = max((step.uid for routine in routines for step in every_step(routine.steps)), default=0)
    search = _Search(routines, largest)
    while (best := search.best(functions=True, wraps=False)) is not None:
        search.apply(best)
        search.merge_functions()
    search.absorb()
    search.whole_names = False
    search.inline_few()
    search.routines = with_widths(search.routines) if reads_shapes else search.routines
    search.collapse_runs()
    for functions in (False, True):
        while (best := search.best(functions)) is not None:
            search.apply(best)
            search.collapse_runs()
    chosen = search.finished()
    flat = {routine.name: routine for routine in routines}
    return Program(tuple(flat[one.name] if _is_better_listed(flat.get(one.name), one) else one for one in chosen))


def _is_better_listed(flat: Routine | None, factored: Routine) -> bool:
    """Whether a `Sequential` stays a list of layers: loops that add layers have to save some lines."""
    if flat is None or flat.model is None or not flat.model.sequential:
        return False
    return total(flat.steps) - total(factored.steps) < WORTH_ADDING


class _Search(Variants):
    """Does what is most worthwhile, again and again."""

    def __init__(self, routines: list[Routine], largest: int) -> None:
        super().__init__(routines, largest)
        self.refused: set[object] = set()

    def best(self, functions: bool, wraps: bool = True) -> Candidate | None:
        """What is most worthwhile.

        Args:
            functions: Whether functions are looked for; else loops.
            wraps: Whether functions count that do little but call another.
        """
        sizes = {routine.name: len(list(every_step(routine.steps))) for routine in self.routines}
        self.read()
        called = [0]
        for step in self.steps.steps:
            called.append(called[-1] + (sizes.get(step.class_name, 1) if step.kind is StepKind.INVOKE else 0))
        found: list[tuple[float, int, tuple[int, ...], bool]] = []
        for item in self.steps.repeated():
            if not functions:
                for run in runs_of(item.starts, item.length):
                    gain = item.estimate * (len(run) - 1) - 1
                    if gain >= 0:
                        found.append((gain, item.length, run, True))
                continue
            separate = apart(item.starts, item.length)
            gain = item.estimate * (len(separate) - 1) - FUNCTION_LINES - len(separate)
            # Most of what the steps do may be done by functions that they call.
            first, last = item.starts[0], item.starts[0] + item.length
            little = not wraps and 2 * (called[last] - called[first]) >= item.length
            if gain >= LEAST_GAIN and not little and self.steps.gives_one(first, item.length):
                found.append((gain, item.length, item.starts, False))
        found = nsmallest(MOST_TRIED, found, key=lambda item: (-item[0], item[1]))
        best: Candidate | None = None
        looked = 0
        for gain, length, starts, loops in found:
            if best is not None and (gain + 3 <= best.gain or looked >= EVALUATED):
                break
            key = (length, loops, self.whole_names, tuple(self.steps.steps[start].uid for start in starts))
            if key in self.refused:
                continue
            candidate = self.loop(starts, length) if loops else self.function(starts, length)
            if candidate is None:
                self.refused.add(key)
                continue
            looked += 1
            if best is None or candidate.gain > best.gain:
                best = candidate
        return best if best is not None and best.gain >= LEAST_GAIN - best.loops else None

    def collapse_runs(self) -> None:
        """Makes loops of single steps that follow each other, however few: what is around them is more alike then."""
        self.read()
        while (found := next(self.single_runs(), None)) is not None:
            self.apply(found)
            self.read()

    def single_runs(self) -> Iterator[Candidate]:
        """Loops over a single step, with no more than two variables."""
        for item in self.steps.repeated():
            if item.length > 1:
                return
            if self.steps.steps[item.starts[0]].kind not in (StepKind.LAYER, StepKind.INVOKE):
                continue
            for run in runs_of(item.starts, 1):
                for part in self.alike(run):
                    candidate = self.loop(part, 1)
                    if candidate is not None and len(asked_of(candidate.unified)) <= 2:
                        yield candidate

    def alike(self, run: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """The parts of a run in which steps differ in names alone; of calls the whole run where there are none."""

        def settings(start: int) -> object:
            step = self.steps.steps[start]
            pairs = step.callee.keywords if isinstance(step.callee, Object) else step.kwargs
            return tuple(pair for pair in pairs if not isinstance(pair[1], Text))

        parts = [tuple(group) for _, group in groupby(run, settings)]
        long = [part for part in parts if len(part) > 1] or list(self.growing(run))
        yield from long or ([run] if self.steps.steps[run[0]].kind is StepKind.INVOKE else [])

    def growing(self, run: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """The parts of a run in which steps differ in names, and in rates that grow evenly."""

        def settings(start: int) -> tuple[int, object]:
            pairs = self.steps.steps[start].kwargs
            rates = [(key, value) for key, value in pairs if key == RATE and self.is_share(value)]
            return len(rates), tuple(pair for pair in pairs if pair not in rates and not isinstance(pair[1], Text))

        if self.shares is None or self.steps.steps[run[0]].kind is not StepKind.INVOKE:
            return
        for (rates, _), group in groupby(run, settings):
            part = tuple(group)
            if rates and len(part) >= LEAST_GROWING:
                yield part

    def is_share(self, value: object) -> bool:
        """Whether a rate is one of those that grow evenly."""
        return self.shares is not None and isinstance(value, Plain) and self.shares.number(value.value) is not None

    def apply(self, candidate: Candidate) -> None:
        """Does it."""
        if candidate.loops:
            self.make_loop(candidate)
        else:
            self.make_function(candidate)

    def make_function(self, candidate: Candidate) -> None:
        """A new function, and calls of it."""
        unified = candidate.unified
        asked = asked_of(unified)
        names = parameter_names(unified, asked, MODULE_NAMES | {"x", "skip", "other", "further", "shortcut", "outputs"})
        renamed = {f"?{index}": names[index] for index in asked}
        steps = tuple(map_all(step, lambda tree: with_names(tree, renamed)) for step in unified.steps)
        steps, numbers = self.fresh(steps)
        first = candidate.starts[0]
        place, path = self.place_in(candidate.given[0], first, candidate.length)
        local_uid = unified.steps[place].uid
        result = Ref(numbers[local_uid], path)
        known = self.names()
        words = function_words(steps)
        name = next((word for word in words if word not in known), unique(words[0], known))
        inputs = len(candidate.outside[0])
        routine = Routine(name, inputs, tuple(Parameter(renamed[f"?{index}"]) for index in asked), steps, result)
        replacements: dict[Ref, Ref] = {}
        calls = {}
        for number, start in enumerate(candidate.starts):
            uid = next(self.uids)
            kwargs = tuple((renamed[f"?{index}"], unified.column(index)[number]) for index in asked)
            calls[start] = Step(uid, StepKind.INVOKE, Code(name), candidate.outside[number], kwargs)
            replacements[candidate.given[number]] = Ref(uid)
        self.rewrite(calls, candidate.length, replacements)
        users = [index for index, one in enumerate(self.routines) if invokes(one, name)]
        self.routines.insert(min(users), routine)

    def make_loop(self, candidate: Candidate) -> None:
        """A loop in the place of the repetitions."""
        uid = next(self.uids)
        handed = next(n for n, ref in enumerate(candidate.outside[1]) if ref == candidate.given[0])
        owner = self.routines[self.steps.owner[candidate.starts[0]]]
        taken = {routine.name for routine in self.routines} | {item.name for item in owner.parameters}
        taken |= {name for name, _ in (*owner.widths, *owner.layers)}
        step = self.loop_step(candidate.unified, candidate.outside[0], handed, len(candidate.starts), uid, taken)
        place, path = self.place_in(candidate.given[0], candidate.starts[0], candidate.length)
        local_uid = step.body[place].uid
        body, numbers = self.fresh(step.body, keep={uid})
        step = replace(step, body=body, result=Ref(numbers[local_uid], path))
        first = candidate.starts[0]
        self.rewrite({first: step}, candidate.length * len(candidate.starts), {candidate.given[-1]: Ref(uid)})


def runs_of(starts: Sequence[int], length: int) -> Iterable[tuple[int, ...]]:
    """Repetitions that follow each other without a gap."""
    listed = set(starts)
    for start in starts:
        if start - length in listed:
            continue
        run = [start]
        while run[-1] + length in listed:
            run.append(run[-1] + length)
        if len(run) > 1:
            yield tuple(run)
        if len(run) > LONG_TABLE:  # the first or the last is often different
            yield tuple(run[1:])
            yield tuple(run[:-1])
