"""A program in a style: the functions and classes of a module, and what it imports for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kscaffold.base.project import Style
from kscaffold.program.tree import Code, Object, walk
from kscaffold.program.value import Program
from kscaffold.source.functions import program_parts, trees_of
from kscaffold.source.parts import ClassPart, Function


@dataclass(frozen=True)
class Written:
    """What a module defines.

    Attributes:
        program: What it is made from.
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
        parts = (part for routine in self.program.routines for tree in trees_of(routine) for part in walk(tree))
        found = {part.own for part in parts if isinstance(part, Object) and part.own}
        return tuple(sorted(own for own in found if own[0]))

    def uses(self, module: str, further: Iterable[str] = ()) -> bool:
        """Whether it names `layers`, `ops` or `np`.

        Args:
            module: One of these.
            further: Further source that the module has.
        """
        if module == "layers" and any(part.base.startswith("layers.") for part in self.classes):
            return True
        named = re.compile(rf"(?<![\w.]){module}\.")
        return any(text.startswith(f"{module}.") for text in self._named()) or any(map(named.search, further))

    def _named(self) -> Iterator[str]:
        for part in (part for routine in self.program.routines for tree in trees_of(routine) for part in walk(tree)):
            if isinstance(part, Object):
                yield part.target
            elif isinstance(part, Code):
                yield part.text


def write(program: Program, style: Style, class_name: str) -> Written:
    """The functions and classes that a program becomes.

    Args:
        program: The program.
        style: How it is written.
        class_name: The class of the model in the subclassed style.
    """
    cuts = [(routine.name, routine.cut) for routine in program.routines if routine.cut]
    if style is not Style.SUBCLASSED:
        parts = program_parts(program)
        count = len(parts) - len(cuts)
        return Written(program, parts[:count], cuts=parts[count:])
    from kscaffold.source.classes import Module
    from kscaffold.source.cuts import class_cut
    from kscaffold.source.members import class_parts

    module = Module(Program(tuple(routine for routine in program.routines if not routine.cut)), class_name)
    made = tuple(class_cut(module, name, cut) for name, cut in cuts)
    return Written(module.program, *class_parts(module), made)
