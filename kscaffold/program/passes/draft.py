"""A program while it is rewritten: steps go, calls and loops come, and values keep their meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from kscaffold.program.passes.arguments import Pairs
from kscaffold.program.passes.cost import FUNCTION_LINES, total
from kscaffold.program.passes.defaults import defaults_of, with_defaults
from kscaffold.program.passes.instances import instantiated
from kscaffold.program.passes.rewriting import map_all
from kscaffold.program.passes.shares import shares_of, with_shares
from kscaffold.program.passes.texts import CannotUnify
from kscaffold.program.passes.windows import Steps
from kscaffold.program.tree import Code, Ref, Tree, transform
from kscaffold.program.value import Routine, Step, StepKind, every_step


class Draft:
    """A program that is being rewritten."""

    def __init__(self, routines: list[Routine], largest: int) -> None:
        self.routines = routines
        self.uids = count(largest + 1)
        self.shares = shares_of(step for routine in routines for step in every_step(routine.steps))
        self.read()

    def read(self) -> None:
        """Looks at all steps anew."""
        self.usual = defaults_of(self.routines)
        self.steps = Steps([(routine.steps, routine.result) for routine in self.routines], self.shown)

    def shown(self, step: Step) -> Step:
        """A step as it will be written: without arguments that are defaults."""
        usual = self.usual.get(step.class_name) if step.kind is StepKind.INVOKE else None
        if not usual:
            return step
        return replace(step, kwargs=tuple((key, value) for key, value in step.kwargs if usual.get(key) != value))

    def names(self) -> set[str]:
        """The names of functions, and of the variables of loops, which must not hide those."""
        loops = {name for routine in self.routines for step in every_step(routine.steps) for name in step.variables}
        return loops | {routine.name for routine in self.routines}

    def place_in(self, ref: Ref, start: int, length: int) -> tuple[int, tuple[int | str, ...]]:
        """Which step of a repetition gives a value."""
        uids = [step.uid for step in self.steps.steps[start : start + length]]
        return uids.index(ref.source), ref.path

    def calls_of(self, names: Sequence[str]) -> list[Step]:
        """The calls of functions; nothing where one is called in a loop, so that its arguments are not known."""
        top = [
            step
            for routine in self.routines
            for step in routine.steps
            if step.kind is StepKind.INVOKE and step.class_name in names
        ]
        everywhere = [
            step
            for routine in self.routines
            for step in every_step(routine.steps)
            if step.kind is StepKind.INVOKE and step.class_name in names
        ]
        return top if len(top) == len(everywhere) else []

    def fresh(self, steps: Sequence[Step], keep: Iterable[int] = ()) -> tuple[tuple[Step, ...], dict[int, int]]:
        """Steps with numbers that no other step has."""
        numbers: dict[int, int] = {}
        listed = [step.uid for step in every_step(steps)]
        for uid in listed:
            numbers[uid] = next(self.uids)
        outer = set(keep)

        def moved(tree: Tree) -> Tree | None:
            if isinstance(tree, Ref) and tree.source in numbers and tree.source not in outer:
                return Ref(numbers[tree.source], tree.path)
            return None

        def renumbered(step: Step) -> Step:
            changed = map_all(replace(step, body=()), moved)
            result = moved(step.result) if step.result else None
            return replace(
                changed,
                uid=numbers[step.uid],
                body=tuple(renumbered(inner) for inner in step.body),
                result=result if isinstance(result, Ref) else step.result,
            )

        return tuple(renumbered(step) for step in steps), numbers

    def rewrite(self, new: Mapping[int, Step], length: int, replacements: Mapping[Ref, Ref]) -> None:
        """Puts new steps in the place of others, and their values in the place of what those gave."""
        gone = {place for start in new for place in range(start, start + length)}
        lists: dict[int, list[Step]] = {number: [] for number in range(len(self.routines))}
        for place, step in enumerate(self.steps.steps):
            if place in new:
                lists[self.steps.owner[place]].append(new[place])
            elif place not in gone:
                lists[self.steps.owner[place]].append(step)

        def moved(tree: Tree) -> Tree | None:
            return replacements.get(tree) if isinstance(tree, Ref) else None

        def changed(step: Step) -> Step:
            done = map_all(step, moved)
            return with_results(done, replacements)

        self.routines = [
            replace(
                routine,
                steps=tuple(changed(step) for step in lists[number]),
                result=transform(routine.result, moved),
            )
            for number, routine in enumerate(self.routines)
        ]

    def put(self, made: Routine, names: Sequence[str], new: Mapping[int, Pairs]) -> None:
        """Puts a function in the place of others, with new arguments for their calls."""

        def called(step: Step) -> Step:
            step = replace(step, kwargs=new[step.uid]) if step.uid in new else step
            named = step.kind is StepKind.INVOKE and step.class_name in names
            body = tuple(called(inner) for inner in step.body)
            return replace(step, callee=Code(made.name) if named else step.callee, body=body)

        routines = [
            replace(routine, steps=tuple(called(step) for step in routine.steps))
            for routine in self.routines
            if routine.name not in names
        ]
        routines.insert(min(place for place, routine in enumerate(routines) if invokes(routine, made.name)), made)
        self.routines = routines

    def inline_few(self) -> None:
        """Puts the steps of functions where they are called: once, or twice if the program is shorter so."""
        for routine in list(self.routines):
            calls = self.calls_of([routine.name])
            if routine.model is not None or not routine.steps or not 1 <= len(calls) <= 2:
                continue
            before = list(self.routines)
            try:
                for call in calls:
                    # One may take what another gave, which is made by other steps now.
                    current = next(one for one in self.calls_of([routine.name]) if one.uid == call.uid)
                    self.inline(routine, current)
            except CannotUnify:
                self.routines = before
                continue
            self.routines = [one for one in self.routines if one.name != routine.name]
            if len(calls) > 1 and length_of(self.routines) >= length_of(before):
                self.routines = before

    def inline(self, routine: Routine, call: Step) -> None:
        """Puts the steps of a function where it is called.

        Raises:
            CannotUnify: They depend on something that is not known there.
        """
        steps, numbers = self.fresh(routine.steps)
        given = dict(enumerate(call.args))
        steps = tuple(instantiated(step, dict(call.kwargs), given) for step in steps)
        result = routine.result
        assert isinstance(result, Ref)
        swap = _swap(Ref(call.uid), Ref(numbers[result.source], result.path))
        self.routines = [
            replace(
                one,
                steps=tuple(
                    map_all(inner, swap) for step in one.steps for inner in (steps if step.uid == call.uid else (step,))
                ),
                result=transform(one.result, swap),
            )
            for one in self.routines
        ]

    def finished(self) -> list[Routine]:
        """The routines, with defaults for parameters that are mostly the same."""
        return with_shares(with_defaults(self.routines), self.shares)


def length_of(routines: Iterable[Routine]) -> float:
    """The lines of a program; a function counts for more than its lines, because a reader has to look it up."""
    return sum(total(routine.steps) + (0 if routine.model else FUNCTION_LINES + 2) for routine in routines)


def invokes(routine: Routine, name: str) -> bool:
    """Whether a routine calls a function."""
    return any(step.kind is StepKind.INVOKE and step.class_name == name for step in every_step(routine.steps))


def with_results(step: Step, replacements: Mapping[Ref, Ref]) -> Step:
    """A step in which loops and conditions give other values."""
    body = tuple(with_results(inner, replacements) for inner in step.body)
    return replace(step, body=body, result=replacements.get(step.result, step.result) if step.result else None)


def _swap(old: Ref, new: Ref) -> Callable[[Tree], Tree | None]:
    return lambda tree: new if tree == old else None
