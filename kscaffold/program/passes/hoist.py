"""Long objects that many layers are given, as functions that make one for each."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from kscaffold.base.naming import unique
from kscaffold.program.passes.cost import width
from kscaffold.program.passes.rewriting import map_all
from kscaffold.program.tree import Object, Ref, Tree, walk
from kscaffold.program.value import Program, Routine, every_step

LEAST_WIDTH = 40  # characters of an object that is worth a function
LEAST_USES = 3


def hoist(program: Program) -> Program:
    """A program in which initializers and the like that are long and used often are made by functions.

    One object for all layers would not do: an initializer without a seed gives each layer the same numbers then.
    """
    uses: Counter[Object] = Counter()
    keys: dict[Object, str] = {}
    for routine in program.routines:
        for step in every_step(routine.steps):
            for part in walk(step.callee):
                if not isinstance(part, Object):
                    continue
                for key, value in part.keywords:
                    plain = isinstance(value, Object) and value.target.startswith("keras.")
                    if (
                        plain
                        and not any(isinstance(inner, Ref) for inner in walk(value))
                        and width(value) >= LEAST_WIDTH
                    ):
                        uses[value] += 1  # type: ignore[index]
                        keys.setdefault(value, key)  # type: ignore[arg-type]
    names: dict[Object, str] = {}
    taken = {routine.name for routine in program.routines}
    for made, count in uses.most_common():
        if count >= LEAST_USES:
            names[made] = unique(keys[made], taken | set(names.values()))
    if not names:
        return program

    def change(tree: Tree) -> Tree | None:
        return Object(f":{names[tree]}") if isinstance(tree, Object) and tree in names else None

    makers = tuple(Routine(name, 0, (), (), made) for made, name in names.items())
    return Program(
        (
            *makers,
            *(
                replace(routine, steps=tuple(map_all(step, change) for step in routine.steps))
                for routine in program.routines
            ),
        )
    )
