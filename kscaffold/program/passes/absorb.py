"""Steps that are the same as those of a function but for a few become a call of it.

x = block(x, 64, name="a") …                       x = block(x, 64, name="a") …
x = layers.Dense(64, name="b_dense")(x) …          x = block(x, 64, dropout=True, name="b")
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kscaffold.program.repeats.cost import total
from kscaffold.program.repeats.functions import LEAST_GAIN, Functions
from kscaffold.program.repeats.texts import CannotUnify, common_beginning, joined, tokens
from kscaffold.program.repeats.variants import merge
from kscaffold.program.steps import free_variables, layer_names, local, map_steps
from kscaffold.program.tree import Code, Ref, Text, Tree, Variable
from kscaffold.program.value import Program, Routine, Step, StepKind

ORDER = 20
SMALLEST = 5  # steps of a function that others become calls of


def apply(program: Program) -> Program:
    """A program in which steps call the function that they are nearly the same as, wherever that is shorter."""
    draft = _Absorbing(program, wraps=False)
    while any(draft.absorb(routine) for routine in draft.routines if routine.model is None and routine.steps):
        pass
    return draft.program


@dataclass(frozen=True)
class _Window:
    """Steps that may become a call: as a function, and what the names of its layers begin with."""

    start: int
    routine: Routine
    name: Text
    outside: tuple[Ref, ...]
    given: Ref


class _Absorbing(Functions):
    def absorb(self, routine: Routine) -> bool:
        """Makes a call of a function of the steps for which that saves most."""
        calls = self.calls_of([routine.name])
        flat = [inner for step in routine.steps for inner in step.body or (step,)]
        if len(flat) < SMALLEST or not calls:
            return False
        best: tuple[float, _Window, Routine, list[Step]] | None = None
        for window in self.windows_like(flat):
            self.work -= len(flat) * len(calls)
            if window.routine.inputs != routine.inputs or self.work < 0:
                continue
            named = (("name", window.name),)
            call = Step(next(self.uids), StepKind.INVOKE, Code(""), window.outside, named)
            try:
                made, after = merge(self, (routine, window.routine), [*((0, step) for step in calls), (1, call)])
            except CannotUnify:
                continue
            steps = self.steps.steps[window.start : window.start + len(window.routine.steps)]
            before = total(map(self.signatures.written, (*routine.steps, *steps, *calls)))
            gain = before - self.signatures.lines_with(made, after)
            if gain >= LEAST_GAIN and (best is None or gain > best[0]):
                best = (gain, window, made, after)
        if best is None:
            return False
        _, window, made, after = best
        self.rewrite({window.start: [after[-1]]}, len(window.routine.steps), {window.given: Ref(after[-1].uid)})
        self.put(made, [routine.name], after)
        return True

    def windows_like(self, flat: list[Step]) -> Iterator[_Window]:
        """The steps of models that may be nearly the same as those of a function."""
        classes = {step.class_name for step in flat}
        for start, step in enumerate(self.steps.steps):
            model = self.routines[self.steps.owner[start]].model
            if model is not None and not model.sequential and step.class_name in classes:
                for length in range(-(-len(flat) // 2), len(flat) + 2):
                    last = start + length - 1
                    if self.is_beside(last, start) and self.steps.steps[last].class_name in classes:
                        yield from self.window(start, length)

    def window(self, start: int, length: int) -> Iterator[_Window]:
        """Steps as a function of their own, if they can be one and have names like those of a block."""
        steps = self.steps.steps[start : start + length]
        given = self.steps.given(start, length)
        own, outside = local(steps)
        beginning = common_beginning([tokens(name) for name in layer_names(own)])
        plain = not any(step.kind is StepKind.NAMED for step in steps)
        if len(given) != 1 or not plain or any(free_variables(own)) or not beginning:
            return

        def shorter(tree: Tree) -> Tree | None:
            return joined([Variable("name"), *tokens(tree)[len(beginning) :]]) if isinstance(tree, Text) else None

        if not self.goes_on(joined(beginning), start, length):
            result = self.steps.inside(given[0], start, length)
            routine = Routine("", len(outside), (), map_steps(own, shorter), result)
            yield _Window(start, routine, joined(beginning), outside, given[0])
