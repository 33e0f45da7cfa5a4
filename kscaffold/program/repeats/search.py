"""A program while it is rewritten, and the search for what is most worthwhile."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeAlias

from kscaffold.base.naming import unique
from kscaffold.program.repeats.cost import Signatures, invoked
from kscaffold.program.repeats.unify import Unified
from kscaffold.program.repeats.windows import Steps
from kscaffold.program.repeats.words import function_words, parameter_names
from kscaffold.program.steps import Pairs, local, renumbered, with_trees
from kscaffold.program.tree import Code, Ref, Tree, transform
from kscaffold.program.value import Parameter, Program, Routine, Step, StepKind, every_step

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
        """A function of steps that take so many inputs, and the arguments that each repetition gives it.

        Its name may be that of a function which the program will be `without`.
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
        """Puts new steps in the place of runs of old ones of some length, by where these begin, and so with values."""
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
