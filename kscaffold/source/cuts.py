"""Functions that cut a model out of one that is a class: they call its layers once more."""

from __future__ import annotations

from dataclasses import replace

from kscaffold.program.steps import with_trees
from kscaffold.program.tree import Listing, Ref, Tree, transform
from kscaffold.program.value import Cut, Model, Step
from kscaffold.source.attributes import Attributes
from kscaffold.source.calling import Calling
from kscaffold.source.classes import Module
from kscaffold.source.functions import cut_function, functional_lines
from kscaffold.source.parts import Function


def class_cut(module: Module, name: str, cut: Cut) -> Function:
    """The function of that name that cuts a model out of the class of a program."""
    main = module.program.main
    calling = Calling(module, main, Attributes(module, main), "model")
    places: dict[Tree, Tree] = {ref: Ref(-1 - place) for place, ref in enumerate(cut.starts)}
    steps = with_trees((calling.called(step, {}) for step in _needed(main.steps, cut)), places)
    inputs = tuple(
        replace(item, sizes=tuple(size and calling.in_call(size) for size in item.sizes)) for item in cut.takes
    )
    model = Model(cut.name, inputs, _structure(tuple(places.values())))
    routine = replace(
        main, steps=steps, result=transform(_structure(cut.ends), places.get), model=model, layers=(), parameters=()
    )
    return cut_function(
        name, cut, f"A `{module.name}` that is built.", functional_lines(routine, model, frozenset({"model"}))
    )


def _needed(steps: tuple[Step, ...], cut: Cut) -> list[Step]:
    """The steps that make what a cut gives of what it takes."""
    wanted = set(cut.ends)
    needed: list[Step] = []
    for step in reversed(steps):
        wanted -= set(cut.starts)
        if any(ref.source == step.uid for ref in wanted):
            needed.insert(0, step)
            wanted |= set(step.reads())
    return needed


def _structure(values: tuple[Tree, ...]) -> Tree:
    return values[0] if len(values) == 1 else Listing("[]", values)
