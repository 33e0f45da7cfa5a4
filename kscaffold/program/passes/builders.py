"""Functions that build models which differ in sizes and numbered names alone become one, with parameters.

def build_down_0(): …                              def build_down(size, filters, index): …
def build_down_1(): …
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from kscaffold.base.choices import Style
from kscaffold.base.naming import identifier, unique
from kscaffold.program.repeats.texts import Name, joined, tokens
from kscaffold.program.steps import map_steps, renumbered, renumbered_ref
from kscaffold.program.tree import Object, Plain, Ref, Text, Tree, Variable, rebuilt, transform
from kscaffold.program.value import Model, Parameter, Program, Routine

ORDER = 75
STYLES = (Style.FUNCTIONAL, Style.SEQUENTIAL)  # a class is one for each of its models
MOST_PARAMETERS = 4
SIZES = {1: ("size",), 2: ("steps", "channels"), 3: ("height", "width", "channels")}  # of an input, by its axes
Leaves = list[tuple[str, Tree]]  # numbers and names, each with what it is an argument for
Visit = Callable[[str, Tree], Tree]


def apply(program: Program) -> Program:
    """A program in which such functions are one, and whoever called them gives it what they differed in."""
    groups: dict[Any, list[Routine]] = {}
    for routine in program.routines:
        if routine.model is not None and routine is not program.main and not (routine.parameters or routine.cut):
            groups.setdefault((_stem(routine.name), _skeleton(routine)), []).append(routine)
    for alike in groups.values():
        if len(alike) > 1 and (found := _merged(alike, {routine.name for routine in program.routines})):
            program = _called(program, alike, *found)
    return program


def _stem(name: str) -> str:
    return re.sub(r"_?\d+", "", name)


def _skeleton(routine: Routine) -> Routine:
    """A function without its name, and without what another one may differ in."""
    bare = _visited(routine, lambda key, value: Text(()) if isinstance(value, (str, Text)) else Plain(0))
    uids = {step.uid: number for number, step in enumerate(bare.steps)}
    steps = renumbered(bare.steps, uids)
    model = bare.model
    assert model is not None
    inputs = tuple(replace(item, name="" if item.generated else item.name) for item in model.inputs)
    result = transform(bare.result, lambda part: renumbered_ref(part, uids))
    return replace(bare, name="", steps=steps, result=result, model=replace(model, inputs=inputs))


def _visited(routine: Routine, visit: Visit) -> Routine:
    """A function with other numbers and names: `visit` is given each with what it is an argument for, in order."""

    def inside(tree: Tree, key: str) -> Tree:
        if isinstance(tree, Plain):
            is_number = isinstance(tree.value, (int, float)) and not isinstance(tree.value, bool)
            return visit(key, tree) if is_number else tree
        if isinstance(tree, Text):
            return visit("name", tree)
        if isinstance(tree, Object):
            return replace(tree, keywords=tuple((name, inside(value, name)) for name, value in tree.keywords))
        return tree if isinstance(tree, Ref) else rebuilt(tree, lambda part: inside(part, key))

    model = routine.model
    assert isinstance(model, Model)
    inputs = []
    for item in model.inputs:
        keys = SIZES.get(len(item.sizes), ("size",) * len(item.sizes))
        if len(keys) == 3 and item.sizes[0] == item.sizes[1]:
            keys = ("size", "size", "channels")
        sizes = tuple(size and inside(size, key) for key, size in zip(keys, item.sizes))
        inputs.append(replace(item, sizes=sizes))
    name = visit("name", Text((model.name,)) if isinstance(model.name, str) else model.name) if model.name else ""
    steps = tuple(
        replace(
            step,
            callee=inside(step.callee, ""),
            args=tuple(inside(arg, "value") for arg in step.args),
            kwargs=tuple((key, inside(value, key)) for key, value in step.kwargs),
        )
        for step in routine.steps
    )
    layers = tuple((variable, inside(tree, "")) for variable, tree in routine.layers)
    assert isinstance(name, (str, Text))
    return replace(routine, steps=steps, layers=layers, model=replace(model, inputs=tuple(inputs), name=name))


def _leaves(routine: Routine) -> Leaves:
    found: Leaves = []

    def visit(key: str, value: Tree) -> Tree:
        found.append((key, value))
        return value

    _visited(routine, visit)
    return found


def _merged(alike: Sequence[Routine], taken: set[str]) -> tuple[Routine, list[dict[str, Tree]]] | None:
    """The one function, and what each of the others gives it; `None` if they differ in more than one would write."""
    columns = list(zip(*map(_leaves, alike), strict=True))
    given: dict[tuple[Tree, ...], str] = {}  # the parameters, by the values that they have
    places: list[Tree | None] = []
    for column in columns:
        key, values = column[0][0], tuple(value for _, value in column)
        if len(set(values)) == 1:
            places.append(None)
            continue
        texts = [value for value in values if isinstance(value, Text)]
        split = _numbered(texts) if texts else ((), (), values)
        if split is None:
            return None
        before, after, numbers = split
        if len({type(getattr(number, "value", None)) for number in numbers}) > 1:
            return None
        wanted = "index" if texts else identifier(key or "value", "value")
        variable = Variable(given.setdefault(numbers, unique(wanted, given.values())))
        places.append(joined((*before, variable, *after)) if texts else variable)
    if not given or len(given) > MOST_PARAMETERS:
        return None
    waiting = iter(places)
    made = _visited(alike[0], lambda key, value: next(waiting) or value)
    others = taken - {routine.name for routine in alike}
    one = replace(made, name=unique(_stem(alike[0].name), others), parameters=tuple(map(Parameter, given.values())))
    rows = [{name: values[place] for values, name in given.items()} for place in range(len(alike))]
    return one, rows


def _numbered(texts: Sequence[Text]) -> tuple[Name, Name, tuple[Tree, ...]] | None:
    """What names have before and behind the one whole number that they differ in; `None` if they differ in more."""
    names = [tokens(text) for text in texts]
    columns = list(zip(*names))
    differing = [place for place, column in enumerate(columns) if len(set(column)) > 1]
    if len({*map(len, names)}) > 1 or len(differing) != 1:
        return None
    (place,) = differing
    numbers = [part for part in columns[place] if isinstance(part, str) and re.fullmatch("0|[1-9][0-9]*", part)]
    if len(numbers) < len(names):
        return None
    return names[0][:place], names[0][place + 1 :], tuple(Plain(int(number)) for number in numbers)


def _called(program: Program, alike: Sequence[Routine], one: Routine, rows: Sequence[dict[str, Tree]]) -> Program:
    """A program with the one function in the place of the first, that all who called the others call."""
    calls = {f":{routine.name}": Object(f":{one.name}", tuple(row.items())) for routine, row in zip(alike, rows)}

    def change(part: Tree) -> Tree | None:
        return calls.get(part.target) if isinstance(part, Object) and not part.keywords else None

    def everywhere(routine: Routine) -> Routine:
        layers = tuple((key, transform(tree, change)) for key, tree in routine.layers)
        return replace(routine, steps=map_steps(routine.steps, change), layers=layers)

    left_out = {routine.name for routine in alike[1:]}
    kept = (one if routine is alike[0] else routine for routine in program.routines if routine.name not in left_out)
    return Program(tuple(map(everywhere, kept)))
