"""A program in a style: the functions and classes of a module, and what it imports for them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kscaffold.base.choices import Style
from kscaffold.program.tree import Code, Object
from kscaffold.program.value import Program
from kscaffold.source.functions import parts_of, program_parts
from kscaffold.source.parts import ClassPart, Function


@dataclass(frozen=True)
class Written:
    """What a module defines.

    Attributes:
        functions: Its functions, each behind those that it calls.
        classes: Its classes, each behind those that it uses.
        cuts: Its functions that cut models out of the one that it builds.
    """

    program: Program
    functions: tuple[Function, ...]
    classes: tuple[ClassPart, ...] = ()
    cuts: tuple[Function, ...] = ()

    @property
    def names(self) -> set[str]:
        """The names of its functions and classes."""
        return {part.name for part in (*self.functions, *self.cuts)} | {part.name for part in self.classes}

    @property
    def imported(self) -> tuple[tuple[str, str], ...]:
        """Module and name of each custom class that it imports, in order."""
        found = {part.own for part in parts_of(self.program.routines) if isinstance(part, Object) and part.own}
        return tuple(sorted(own for own in found if own[0]))

    def uses(self, module: str, further: Iterable[str] = ()) -> bool:
        """Whether it, or further source, names `layers`, `ops` or `np`."""
        if module == "layers" and any(part.base.startswith("layers.") for part in self.classes):
            return True
        parts = (part for part in parts_of(self.program.routines) if isinstance(part, Object | Code))
        names = (part.target if isinstance(part, Object) else part.text for part in parts)
        named = re.compile(rf"(?<![\w.]){module}\.")
        return any(name.startswith(f"{module}.") for name in names) or any(map(named.search, further))


def write(program: Program, style: Style, class_name: str) -> Written:
    """The functions and classes that a program becomes; in the subclassed style the model is the class of that name."""
    cuts = [(routine.name, routine.cut) for routine in program.routines if routine.cut]
    if style is not Style.SUBCLASSED:
        parts = program_parts(program)
        count = len(parts) - len(cuts)
        return Written(program, parts[:count], cuts=parts[count:])
    from kscaffold.source.calling import class_cut
    from kscaffold.source.classes import Module
    from kscaffold.source.members import class_parts

    module = Module(Program(tuple(routine for routine in program.routines if not routine.cut)), class_name)
    made = tuple(class_cut(module, name, cut) for name, cut in cuts)
    return Written(module.program, *class_parts(module), made)
