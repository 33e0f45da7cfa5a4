"""A program while it is rewritten: steps go, calls and loops come, and values keep their meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from kscaffold.base.naming import unique
from kscaffold.program.repeats.calls import Signatures, invoked
from kscaffold.program.repeats.unify import Unified
from kscaffold.program.repeats.windows import Steps
from kscaffold.program.repeats.words import function_words, parameter_names
from kscaffold.program.steps import Pairs, map_steps, renumbered
from kscaffold.program.tree import Code, Ref, Tree, transform
from kscaffold.program.value import Parameter, Program, Routine, Step, StepKind, every_step

NO_ARGUMENTS: Mapping[int, Pairs] = {}


class Draft:
    """A program that is being rewritten.

    Attributes:
        routines: Its functions.
        steps: All steps of them, as they were when they were last read.
    """

    def __init__(self, program: Program) -> None:
        self.routines = list(program.routines)
        self.read()

    @property
    def program(self) -> Program:
        """The program as it is now."""
        return Program(tuple(self.routines))

    def read(self) -> None:
        """Looks at all steps anew."""
        listed = (step.uid for routine in self.routines for step in every_step(routine.steps))
        self.uids = count(max(listed, default=0) + 1)
        self.signatures = Signatures(self.routines)
        written = [self.signatures.written(step) for routine in self.routines for step in routine.steps]
        self.steps = Steps([(routine.steps, routine.result) for routine in self.routines], written)

    def names(self) -> set[str]:
        """The names of functions, and of the variables of loops, which must not hide those."""
        loops = {name for routine in self.routines for step in every_step(routine.steps) for name in step.variables}
        return loops | {routine.name for routine in self.routines}

    def calls_of(self, names: Sequence[str]) -> list[Step]:
        """The calls of functions; nothing where one is called in a loop, so that its arguments are not known."""
        calls = [step for routine in self.routines for step in every_step(routine.steps) if _calls(step, names)]
        top = {step.uid for routine in self.routines for step in routine.steps}
        return calls if all(step.uid in top for step in calls) else []

    def fresh(self, steps: Sequence[Step]) -> tuple[tuple[Step, ...], dict[int, int]]:
        """Steps with numbers that no other step has, and those by the old ones."""
        numbers = {step.uid: next(self.uids) for step in every_step(steps)}
        return renumbered(steps, numbers), numbers

    def function(
        self, unified: Unified, inputs: int, result: Ref, without: Iterable[str] = ()
    ) -> tuple[Routine, dict[int, str]]:
        """A function of steps with variables, and what its parameters are called by the numbers of those.

        Args:
            unified: The steps.
            inputs: How many values they take.
            result: What they give.
            without: Functions that it takes the place of, whose names it may have.
        """
        names = parameter_names(unified)
        steps, numbers = self.fresh(unified.named(names))
        result = Ref(numbers[result.source], result.path) if result.source in numbers else result
        known = self.names() - set(without)
        words = function_words(steps)
        name = next((word for word in words if word not in known), unique(words[0], known))
        return Routine(name, inputs, tuple(map(Parameter, names.values())), steps, result), names

    def rewrite(self, new: Mapping[int, Step], length: int, replacements: Mapping[Ref, Ref]) -> None:
        """Puts new steps in the place of others, and their values in the place of what those gave.

        Args:
            new: The new steps, by where the others begin.
            length: How many of those each replaces.
            replacements: The new values by the old ones.
        """
        gone = {place for start in new for place in range(start, start + length)}
        lists: list[list[Step]] = [[] for _ in self.routines]
        for place, (owner, step) in enumerate(zip(self.steps.owner, self.steps.steps)):
            if place in new or place not in gone:
                lists[owner].append(new.get(place, step))

        def moved(tree: Tree) -> Tree | None:
            return replacements.get(tree) if isinstance(tree, Ref) else None

        self.routines = [
            replace(routine, steps=map_steps(steps, moved), result=transform(routine.result, moved))
            for routine, steps in zip(self.routines, lists)
        ]

    def put(self, made: Routine, names: Sequence[str] = (), new: Mapping[int, Pairs] = NO_ARGUMENTS) -> None:
        """Puts a function before those that call it, in the place of others, and looks at all steps anew.

        Args:
            made: The function.
            names: Those that it takes the place of.
            new: New arguments for their calls, by the numbers of these.
        """

        def called(step: Step) -> Step:
            callee = Code(made.name) if _calls(step, names) else step.callee
            body = tuple(map(called, step.body))
            return replace(step, callee=callee, kwargs=new.get(step.uid, step.kwargs), body=body)

        self.routines = [
            replace(routine, steps=tuple(map(called, routine.steps)))
            for routine in self.routines
            if routine.name not in names
        ]
        users = (
            place
            for place, routine in enumerate(self.routines)
            if any(step.class_name == made.name for step, _ in invoked(routine.steps))
        )
        self.routines.insert(next(users), made)
        self.read()


def _calls(step: Step, names: Sequence[str]) -> bool:
    return step.kind is StepKind.INVOKE and step.class_name in names
