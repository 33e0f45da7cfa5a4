"""Runs of steps that follow each other become loops.

x = layers.Dense(64, name="hidden1")(x)            for i in range(1, 3):
x = layers.Dense(64, name="hidden2")(x)                x = layers.Dense(64, name=f"hidden{i}")(x)
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import groupby, takewhile

from kscaffold.program.ranges import is_counted, iterable
from kscaffold.program.repeats.cost import lines_of, program_lines, total
from kscaffold.program.repeats.derive import derive
from kscaffold.program.repeats.search import Candidate, Promising, Search
from kscaffold.program.repeats.texts import CannotUnify
from kscaffold.program.repeats.unify import unify
from kscaffold.program.repeats.words import loop_names
from kscaffold.program.steps import local, map_steps
from kscaffold.program.tree import NONE, Arithmetic, Ref, Text, Tree, plain_text
from kscaffold.program.value import Program, Routine, Step, StepKind, every_step

ORDER = 60
MOST_COLUMNS = 4
LONG_TABLE = 5  # rounds of a loop that may have more columns
MORE_COLUMNS = 3
LEAST_GAIN = 1.0
LEAST_LIST = 4  # lines that loops have to save in a `Sequential`
DEEP = 8  # how far its layers are indented


def apply(program: Program) -> Program:
    """A program with loops: first over single steps, so that what is around them is more alike, then over several."""
    draft = _Loops(program)
    draft.collapse_runs()
    while (found := draft.best(draft.promising(), draft.look)) is not None and found.gain >= LEAST_GAIN:
        draft.make(found)
        draft.collapse_runs()
    return Program(tuple(map(_better, program.routines, draft.routines)))


def _better(flat: Routine, looped: Routine) -> Routine:
    """A function with its loops; a `Sequential` stays a list of layers if they do not save some lines."""
    is_list = flat.model is not None and flat.model.sequential
    return flat if is_list and total(flat.steps, DEEP) - total(looped.steps, DEEP) < LEAST_LIST else looped


class _Loops(Search):
    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.settings: dict[int, Step] = {}

    def collapse_runs(self) -> None:
        """Makes loops of single steps that follow each other, however few."""
        self.read()
        while (found := next(self.single_runs(), None)) is not None:
            self.make(found)
            self.read()

    def single_runs(self) -> Iterator[Candidate]:
        """Loops over a single step, with no more than two variables; of two steps one number may differ."""
        for item in takewhile(lambda item: item.length == 1, self.steps.repeated()):
            kind = self.steps.steps[item.starts[0]].kind
            for run in runs_of(item.starts, 1) if kind in (StepKind.LAYER, StepKind.INVOKE) else ():
                parts = [part for part in self.alike(run, 1) if len(part) > 1]
                for part in parts or ([run] if kind is StepKind.INVOKE else []):
                    key = ("run", *(self.steps.steps[start].uid for start in part))
                    candidate = self.candidate(part, 1) if key not in self.refused else None
                    if candidate is not None and len(candidate.unified.asked) <= min(2, len(part) - 1):
                        yield candidate
                    self.refused.add(key)

    def alike(self, run: Sequence[int], length: int) -> Iterator[tuple[int, ...]]:
        """The parts of a run in which rounds differ in names alone, and in numbers that something is computed from."""

        def settings(start: int) -> list[Step]:
            return [self.setting(step) for step in self.steps.steps[start : start + length]]

        return (tuple(group) for _, group in groupby(run, settings))

    def setting(self, step: Step) -> Step:
        """What is set in a step, without names, values, and what is computed from numbers that count."""
        if step.uid not in self.settings:
            own, _ = local([step])
            computed = (Text, Ref, Arithmetic)
            (self.settings[step.uid],) = map_steps(own, lambda tree: NONE if isinstance(tree, computed) else None)
        return self.settings[step.uid]

    def promising(self) -> Iterator[Promising]:
        for item in self.steps.repeated():
            for run in runs_of(item.starts, item.length):
                # Several steps of one kind are a round only where all rounds are the same.
                periodic = self.steps.is_periodic(run[0], item.length)
                for part in self.alike(run, item.length) if periodic else [run]:
                    gain = item.estimate * (len(part) - 1) - 1
                    if gain >= 0 and len(part) > 1:
                        yield gain, item.length, part

    def look(self, starts: Sequence[int], length: int) -> Candidate | None:
        candidate = self.candidate(starts, length)
        if candidate is None:
            return None
        invokes = any(step.kind is StepKind.INVOKE for step in every_step(candidate.unified.steps))
        if invokes:  # a loop that calls functions decides what their defaults are
            trial = copy(self)
            trial.make(candidate)
            before, after = sum(self.steps.lines), program_lines(trial.routines)
        else:
            before = sum(self.steps.lines[start + place] for start in starts for place in range(length))
            after = lines_of(self.loop(candidate, 0))
        return replace(candidate, gain=before - after - 0.3 * max(0, len(candidate.unified.asked) - 2))

    def candidate(self, starts: Sequence[int], length: int) -> Candidate | None:
        """A loop for runs; `None` if they cannot be one."""
        kinds = {step.kind for step in every_step(self.steps.steps[starts[0] : starts[0] + length])}
        if StepKind.NAMED in kinds and kinds & {StepKind.LAYER, StepKind.INVOKE}:
            return None  # no class can hold layers of its own and of others in one list
        if any(len(self.steps.given(start, length)) != 1 for start in starts):
            return None
        windows, outside, given = self.windows(starts, length)
        if len({self.steps.inside(ref, start, length) for ref, start in zip(given, starts)}) != 1:
            return None
        first, handed = outside[0], [number for number, ref in enumerate(outside[1]) if ref == given[0]]
        wanted = ((*first[: handed[0]], last, *first[handed[0] + 1 :]) for last in given[:-1] if handed)
        if len(handed) != 1 or outside[1:] != tuple(wanted):
            return None
        if any(self.steps.last[value] >= start + 2 * length for value, start in zip(given[:-1], starts)):
            return None
        if length == 1 and windows[0][0].kind is StepKind.LOOP and not windows[0][0].variables:
            return None
        try:
            unified = unify(windows, split=True, closed=False)
        except CannotUnify:
            return None
        derive(unified)
        columns = [unified.columns[index] for index in unified.asked]
        words = any(len(plain_text(value)) > 1 for column in columns for value in column.known)
        if len(columns) > MOST_COLUMNS + MORE_COLUMNS * (len(starts) >= LONG_TABLE):
            return None
        if len(starts) == 2 and (words or len(columns) > 2):
            return None
        return Candidate(0, tuple(starts), length, unified, outside, given)

    def loop(self, candidate: Candidate, uid: int) -> Step:
        unified, outside = candidate.unified, candidate.outside[0]
        handed = candidate.outside[1].index(candidate.given[0])
        owner = self.routines[self.steps.owner[candidate.starts[0]]]
        taken = {routine.name for routine in self.routines} | {item.name for item in owner.parameters}
        taken |= {name for name, _ in (*owner.widths, *owner.layers)}
        names = loop_names(unified, taken | {name for step in every_step(unified.steps) for name in step.variables})
        if len(names) == 2:  # numbers that count stand before letters
            names = dict(sorted(names.items(), key=lambda item: not is_counted(unified.columns[item[0]].known)))
        over = iterable([unified.columns[index].known for index in names], len(candidate.starts))
        variables = tuple(names.values()) or ("_",)
        given = self.steps.inside(candidate.given[0], candidate.starts[0], candidate.length)
        body, numbers = self.fresh(unified.named(names))

        def moved(tree: Tree) -> Tree | None:
            if not isinstance(tree, Ref) or tree.source >= 0:
                return None
            return Ref(uid) if tree.source == -1 - handed else outside[-1 - tree.source]

        body = map_steps(body, moved)
        result = Ref(numbers[given.source], given.path)
        return Step(uid, StepKind.LOOP, over, (outside[handed],), variables=variables, body=body, result=result)

    def make(self, candidate: Candidate) -> None:
        step = self.loop(candidate, next(self.uids))
        length = candidate.length * len(candidate.starts)
        self.rewrite({candidate.starts[0]: [step]}, length, {candidate.given[-1]: Ref(step.uid)})


def runs_of(starts: Sequence[int], length: int) -> Iterator[tuple[int, ...]]:
    """Runs that follow each other without a gap."""
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
