"""Loops as classes can hold them: over layers alone; what a round does with several is a function of its own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from kscaffold.base.naming import unique
from kscaffold.program.ranges import columns_of, iterable, times
from kscaffold.program.repeats.words import function_words
from kscaffold.program.steps import free_variables, variables_in, with_trees
from kscaffold.program.tree import Code, Object, Plain, Ref, Tree, Variable, transform, walk
from kscaffold.program.value import Parameter, Program, Routine, Step, StepKind, every_step

OWNERS = (StepKind.LAYER, StepKind.INVOKE)


def lift_loops(program: Program) -> Program:
    """A program whose loops either go through layers, each of which takes what the one before gave, or have none.

    What else a loop does becomes a function, which the loop calls.
    """
    lift = _Lift(program)
    for routine in program.routines:
        lift.done.append(lift.routine(routine))
    return Program(tuple(lift.done))


def is_chain(steps: Sequence[Step], start: Ref, inputs: Mapping[str, int]) -> bool:
    """Whether steps are layers, or loops over such: the first takes `start`, each other what the one before gave."""
    value = start
    for step in steps:
        if step.kind in OWNERS:
            if given_values(step, inputs) != (value,) or call_keywords(step) or step.outputs != ((),):
                return False
        elif step.kind in (StepKind.LOOP, StepKind.IF):
            inner = Ref(step.uid) if step.kind is StepKind.LOOP else value
            if step.args != (value,) or not is_chain(step.body, inner, inputs):
                return False
            if step.result != Ref(step.body[-1].uid):
                return False
        else:
            return False
        value = Ref(step.uid)
    return True


def given_values(step: Step, inputs: Mapping[str, int]) -> tuple[Tree, ...]:
    """What a layer is called with; of a function of the program, the values without its parameters."""
    return step.args[: inputs[step.class_name]] if step.kind is StepKind.INVOKE else step.args


def call_keywords(step: Step) -> tuple[tuple[str, Tree], ...]:
    """The keyword arguments of a call of a layer; those of a function of the program make its layers."""
    return () if step.kind is StepKind.INVOKE else step.kwargs


def is_over_one(step: Step, inputs: Mapping[str, int]) -> bool:
    """Whether a loop calls one layer a round, with nothing that the round decides."""
    if len(step.body) != 1 or step.body[0].kind not in OWNERS:
        return False
    if step.result != Ref(step.body[0].uid) and not step.kept:
        return False
    (inner,) = step.body
    trees = (*given_values(inner, inputs), *(value for _, value in call_keywords(inner)))
    return not any(isinstance(part, Variable) for tree in trees for part in walk(tree))


def owns_layers(step: Step) -> bool:
    """Whether something inside a loop or an `if` makes layers."""
    return any(inner.kind in OWNERS for inner in every_step(step.body))


class _Lift:
    def __init__(self, program: Program) -> None:
        self.done: list[Routine] = []
        self.inputs = {routine.name: routine.inputs for routine in program.routines}
        uids = (step.uid for routine in program.routines for step in every_step(routine.steps))
        self.uids = count(1 + max(uids, default=0))

    def routine(self, routine: Routine) -> Routine:
        return replace(routine, steps=tuple(self.step(step) for step in routine.steps))

    def step(self, step: Step) -> Step:
        """A step without such loops in it."""
        if not step.body or not owns_layers(step):
            return step
        if step.kind is StepKind.LOOP:
            if is_over_one(step, self.inputs) or is_chain(step.body, Ref(step.uid), self.inputs):
                return step
            return self.with_function(step)
        return replace(step, body=tuple(self.step(inner) for inner in step.body))

    def with_function(self, step: Step) -> Step:
        """A loop that calls a function, which does what the loop did."""
        inside = {inner.uid for inner in step.body}
        reads = (ref for inner in step.body for ref in inner.reads() if ref.source not in inside)
        outer = list(dict.fromkeys([Ref(step.uid), *reads]))
        places: dict[Tree, Tree] = {ref: Ref(-1 - index) for index, ref in enumerate(outer)}
        steps = with_trees(step.body, places)
        name = unique(function_words(steps)[0], self.inputs)
        names = list(dict.fromkeys(free_variables(step.body)))
        assert step.result is not None
        result = transform(step.result, places.get)
        self.inputs[name] = len(outer)
        self.done.append(self.routine(Routine(name, len(outer), tuple(map(Parameter, names)), steps, result)))
        given = tuple((name, Variable(name)) for name in names)
        call = Step(next(self.uids), StepKind.INVOKE, Code(name), tuple(outer), given)
        return replace(step, body=(call,), result=Ref(call.uid))


def names_only(program: Program) -> dict[str, frozenset[str]]:
    """The parameters of each function, by its name, that nothing but names of layers depends on."""
    found: dict[str, frozenset[str]] = {}
    for routine in program.routines:
        used = set(needed_variables(routine.steps, found, program)) | set(variables_in(routine.result))
        used |= set(variables_in(*(without_name(made) for _, made in routine.layers)))
        found[routine.name] = frozenset(item.name for item in routine.parameters if item.name not in used)
    return found


def needed_variables(steps: Iterable[Step], unneeded: Mapping[str, frozenset[str]], program: Program) -> Iterator[str]:
    """The variables from outside that steps need for more than names of layers."""
    for step in steps:
        if step.kind is StepKind.LOOP:
            inside = set(needed_variables(step.body, unneeded, program))
            yield from (name for name in inside if name not in step.variables)
            yield from variables_in(over_needed(step, inside), *step.args)
        elif step.kind is StepKind.INVOKE:
            yield from variables_in(*step.args[: _routine(program, step).inputs])
            given = parameters_given(program, step)
            yield from variables_in(*(value for name, value in given if name not in unneeded[step.class_name]))
        else:
            yield from variables_in(without_name(step.callee), *step.trees)
            yield from needed_variables(step.body, unneeded, program)


def _routine(program: Program, step: Step) -> Routine:
    return next(routine for routine in program.routines if routine.name == step.class_name)


def parameters_given(program: Program, step: Step) -> list[tuple[str, Tree]]:
    """The parameters that a call of a function gives, by name, in the order in which they stand."""
    routine = _routine(program, step)
    placed = zip((item.name for item in routine.parameters), step.args[routine.inputs :])
    return [*placed, *step.kwargs]


def without_name(tree: Tree) -> Tree:
    """What makes a layer, without the name that it is given."""
    if isinstance(tree, Object):
        return replace(tree, keywords=tuple(pair for pair in tree.keywords if pair[0] != "name"))
    return tree


def over_needed(step: Step, needed: Iterable[str]) -> Tree:
    """What a loop goes over, as far as its rounds need it: columns of the table that only name layers are left out."""
    wanted = [index for index, name in enumerate(step.variables) if name in set(needed)]
    if len(wanted) == len(step.variables):
        return step.callee
    columns = columns_of(step.callee, len(step.variables))
    if columns:
        return iterable([columns[index] for index in wanted], len(columns[0]))
    given = dict(step.callee.keywords) if isinstance(step.callee, Object) else {}
    counts = given.get("first") == Plain(1) and "step" not in given
    return times(given["last"]) if counts else step.callee
