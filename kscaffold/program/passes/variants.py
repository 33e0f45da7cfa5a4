"""Functions, and steps, that are nearly the same as a function, as calls of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from kscaffold.base.naming import unique
from kscaffold.program.passes.arguments import (
    Pairs,
    asked_of,
    shown_call,
    usual_value,
    variables_in,
    with_beginning,
    with_names,
)
from kscaffold.program.passes.candidates import LEAST_GAIN, MODULE_NAMES, MOST_PARAMETERS, Finder
from kscaffold.program.passes.cost import FUNCTION_LINES, lines_of, total
from kscaffold.program.passes.layout import Layout, flat, lay_out
from kscaffold.program.passes.merge import unify_calls
from kscaffold.program.passes.rewriting import local, map_all
from kscaffold.program.passes.texts import CannotUnify
from kscaffold.program.passes.words import function_words, parameter_names
from kscaffold.program.tree import Code, Ref, Text, Tree
from kscaffold.program.value import Parameter, Routine, Step, StepKind, every_step

BETTER_AS_ONE = 4  # lines that two functions of one kind may be shorter by
SMALLEST_ABSORBING = 5  # steps of a function that others become calls of


class Variants(Finder):
    """Makes one function of several that are nearly the same."""

    def merge_functions(self) -> None:
        """Makes one function of two that are the same but for a few steps, while that makes the program shorter."""
        while any(self.merge_pair(one, two) for one, two in combinations(range(len(self.routines)), 2)):
            pass

    def merge_pair(self, first: int, second: int) -> bool:
        """Makes one function of two, if that is worthwhile."""
        pair = self.routines[first], self.routines[second]
        if any(routine.model is not None or not routine.steps for routine in pair) or pair[0].inputs != pair[1].inputs:
            return False
        names = [routine.name for routine in pair]
        calls = self.calls_of(names)
        layout = lay_out(*pair) if calls else None
        if layout is None:
            return False
        found = self.merged(layout, pair, [(names.index(step.class_name), dict(step.kwargs)) for step in calls])
        if found is None:
            return False
        made, arguments, usual = found
        gain = sum(total(routine.steps) for routine in pair) + FUNCTION_LINES + BETTER_AS_ONE - total(made.steps)
        gain += total(calls) - sum(lines_of(shown_call(step, given, usual)) for step, given in zip(calls, arguments))
        if gain < LEAST_GAIN:
            return False
        self.put(made, names, {step.uid: given for step, given in zip(calls, arguments)})
        return True

    def absorb(self) -> None:
        """Makes calls of functions of steps that are the same as theirs but for a few, wherever that is shorter."""
        while any(self.absorb_into(routine) for routine in self.routines if routine.model is None and routine.steps):
            pass

    def absorb_into(self, routine: Routine) -> bool:
        """Makes a call of a function of the steps for which that saves most."""
        size = len(flat(routine).steps)
        calls = self.calls_of([routine.name])
        if size < SMALLEST_ABSORBING or not calls:
            return False
        self.read()
        classes = {step.class_name for step in flat(routine).steps}
        best: tuple[float, int, int, tuple[Routine, list[Pairs], Pairs], tuple[Ref, ...]] | None = None
        for start in range(len(self.steps.steps)):
            owner = self.routines[self.steps.owner[start]]
            if owner.model is None or owner.model.sequential or self.steps.steps[start].class_name not in classes:
                continue
            for length in range(-(-size // 2), size + 2):
                window = self.window(start, length, classes)
                if window is None or window[0].inputs != routine.inputs:
                    continue
                other, argument, outside = window
                if not argument or self.is_beside(argument["name"], start, length):
                    continue
                layout = lay_out(routine, other)
                found = layout and self.merged(
                    layout, (routine, other), [*((0, dict(step.kwargs)) for step in calls), (1, argument)]
                )
                if not found:
                    continue
                made, arguments, usual = found
                call = Step(0, StepKind.INVOKE, Code(made.name), outside, arguments[-1])
                gain = total(routine.steps) + total(self.steps.steps[start : start + length]) + total(calls)
                gain -= total(made.steps) + lines_of(shown_call(call, arguments[-1], usual))
                gain -= sum(lines_of(shown_call(step, given, usual)) for step, given in zip(calls, arguments))
                if gain >= LEAST_GAIN and (best is None or gain > best[0]):
                    best = (gain, start, length, found, outside)
        if best is None:
            return False
        _, start, length, (made, arguments, _), outside = best
        given = self.steps.given(start, length)[0]
        uid = next(self.uids)
        call = Step(uid, StepKind.INVOKE, Code(routine.name), outside, arguments[-1])
        new = {step.uid: kwargs for step, kwargs in zip(calls, arguments)}
        self.rewrite({start: call}, length, {given: Ref(uid)})
        self.put(made, [routine.name], new)
        return True

    def window(
        self, start: int, length: int, classes: set[str]
    ) -> tuple[Routine, dict[str, Tree], tuple[Ref, ...]] | None:
        """Steps as a function of their own, its arguments, and what it takes; `None` if they cannot be one."""
        steps = self.steps.steps[start : start + length]
        if len(steps) < length or self.steps.owner[start] != self.steps.owner[start + length - 1]:
            return None
        if steps[-1].class_name not in classes or any(step.kind in (StepKind.NAMED, StepKind.LOOP) for step in steps):
            return None
        given = self.steps.given(start, length)
        if len(given) != 1:
            return None
        outside: dict[Ref, int] = {}
        own = local(steps, outside)
        if any(list(variables_in(tree)) for step in every_step(own) for tree in (step.callee, *step.trees)):
            return None
        beginning, own = with_beginning(own)
        place, path = self.place_in(given[0], start, length)
        routine = Routine("", len(outside), (), own, Ref(own[place].uid, path))
        return routine, ({"name": beginning} if beginning else {}), tuple(outside)

    def merged(
        self, layout: Layout, pair: tuple[Routine, Routine], calls: Sequence[tuple[int, Mapping[str, Tree]]]
    ) -> tuple[Routine, list[Pairs], Pairs] | None:
        """One function for two, the arguments of each call, and the defaults; `None` if there cannot be one."""
        try:
            unified = unify_calls(layout, calls)
        except CannotUnify:
            return None
        asked = asked_of(unified)
        texts = [index for index in asked if not unified.owners[index] and isinstance(unified.column(index)[0], Text)]
        if len(asked) > MOST_PARAMETERS + 2 or len(texts) > 1:
            return None
        found = parameter_names(unified, asked, MODULE_NAMES | {"x", "skip", "other", "further", "shortcut", "outputs"})
        renamed = {f"?{index}": found[index] for index in asked}
        steps = tuple(map_all(step, lambda tree: with_names(tree, renamed)) for step in unified.steps)
        steps, numbers = self.fresh(steps)
        result = layout.result
        result = Ref(numbers[result.source], result.path) if result.source in numbers else result
        known = self.names() - {routine.name for routine in pair}
        words = function_words(steps)
        name = next((word for word in words if word not in known), unique(words[0], known))
        made = Routine(name, pair[0].inputs, tuple(Parameter(found[index]) for index in asked), steps, result)
        arguments = [
            tuple((found[index], unified.column(index)[number]) for index in asked) for number in range(len(calls))
        ]
        usual = tuple((found[index], value) for index in asked if (value := usual_value(unified, index)) is not None)
        return made, arguments, usual
