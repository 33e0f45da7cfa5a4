"""A program while it is rewritten: steps go, calls and loops come, and values keep their meaning."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from kscaffold.base.naming import unique
from kscaffold.program.repeats.cost import Signatures, invoked
from kscaffold.program.repeats.unify import Unified
from kscaffold.program.repeats.windows import Steps
from kscaffold.program.repeats.words import function_words, parameter_names
from kscaffold.program.steps import Pairs, renumbered, with_trees
from kscaffold.program.tree import Code, Ref, Tree, transform
from kscaffold.program.value import Parameter, Program, Routine, Step, StepKind, every_step


class Draft:
    """A program that is being rewritten; `steps` are all of its steps as they were when they were last read."""

    def __init__(self, program: Program) -> None:
        self.routines = list(program.routines)
        self.read()

    @property
    def program(self) -> Program:
        """The program as it is now."""
        return Program(tuple(self.routines))

    def every_step(self) -> Iterator[Step]:
        """All steps, also those in others."""
        return (step for routine in self.routines for step in every_step(routine.steps))

    def read(self) -> None:
        """Looks at all steps anew."""
        self.uids = count(1 + max((step.uid for step in self.every_step()), default=0))
        self.signatures = Signatures(self.routines)
        self.steps = Steps(self.routines, self.signatures.written)

    def calls_of(self, names: Sequence[str]) -> list[Step]:
        """The calls of functions; nothing where one is called in a loop, so that its arguments are not known."""
        calls = [step for step in self.every_step() if _calls(step, names)]
        top = {step.uid for routine in self.routines for step in routine.steps}
        return calls if all(step.uid in top for step in calls) else []

    def fresh(self, steps: Sequence[Step]) -> tuple[tuple[Step, ...], dict[int, int]]:
        """Steps with numbers that no other step has, and those by the old ones."""
        numbers = {step.uid: next(self.uids) for step in every_step(steps)}
        return renumbered(steps, numbers), numbers

    def function(
        self, unified: Unified, inputs: int, result: Ref, without: Iterable[str] = ()
    ) -> tuple[Routine, list[Pairs]]:
        """A function of steps with variables, and the arguments that each repetition gives it.

        Args:
            unified: The steps.
            inputs: How many values they take.
            result: What they give.
            without: Functions that it takes the place of, whose names it may have.
        """
        names = parameter_names(unified)
        steps, numbers = self.fresh(unified.named(names))
        # The variables of loops must not hide functions.
        loops = {name for step in self.every_step() for name in step.variables}
        known = loops | ({routine.name for routine in self.routines} - set(without))
        words = function_words(steps)
        name = next((word for word in words if word not in known), unique(words[0], known))
        result = Ref(numbers.get(result.source, result.source), result.path)
        columns = [unified.columns[index].known for index in names]
        rows = [tuple(zip(names.values(), row)) for row in zip(*columns)]
        return Routine(name, inputs, tuple(map(Parameter, names.values())), steps, result), rows

    def rewrite(self, new: Mapping[int, Sequence[Step]], length: int, values: Mapping[Tree, Tree]) -> None:
        """Puts new steps in the place of runs of old ones.

        Args:
            new: The new steps, by where the others begin.
            length: How many of those each replaces.
            values: What is in the place of the values that those gave.
        """
        gone = {place for start in new for place in range(start, start + length)}
        lists: list[list[Step]] = [[] for _ in self.routines]
        for place, (owner, step) in enumerate(zip(self.steps.owner, self.steps.steps)):
            lists[owner] += new.get(place, () if place in gone else [step])
        self.routines = [
            replace(routine, steps=with_trees(steps, values), result=transform(routine.result, values.get))
            for routine, steps in zip(self.routines, lists)
        ]

    def put(self, made: Routine, names: Sequence[str] = (), calls: Sequence[Step] = ()) -> None:
        """Puts a function before those that call it, in the place of others whose calls get other arguments."""
        new = {step.uid: step.kwargs for step in calls}

        def called(step: Step) -> Step:
            callee = Code(made.name) if _calls(step, names) else step.callee
            body = tuple(map(called, step.body))
            return replace(step, callee=callee, kwargs=new.get(step.uid, step.kwargs), body=body)

        self.routines = [
            replace(routine, steps=tuple(map(called, routine.steps)))
            for routine in self.routines
            if routine.name not in names
        ]
        users = [any(step.class_name == made.name for step, _ in invoked(one.steps)) for one in self.routines]
        self.routines.insert(users.index(True), made)
        self.read()


def _calls(step: Step, names: Sequence[str]) -> bool:
    return step.kind is StepKind.INVOKE and step.class_name in names
