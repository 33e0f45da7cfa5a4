"""The passes that rewrite a program so that what is repeated is said once.

Each is a file of this folder with two names in it:

    ORDER = 65                                       # where it stands: after the loops (60), before `wrap` (70)

    def apply(program: Program) -> Program: …        # the same program, in other words

They are found by looking, so a new pass is a new file. A pass that is for some styles only names them in `STYLES`.
What a program does must not change: `tests/program_meaning.py` runs it.
"""

import functools
import importlib
import pkgutil
from types import ModuleType

from kscaffold.base.choices import Style
from kscaffold.program.value import Program


@functools.cache
def passes() -> tuple[ModuleType, ...]:
    """All passes in their order."""
    found = (importlib.import_module(f"{__name__}.{item.name}") for item in pkgutil.iter_modules(__path__))
    return tuple(sorted(found, key=lambda item: (item.ORDER, item.__name__)))


def rewrite(program: Program, style: Style = Style.FUNCTIONAL) -> Program:
    """A program with a statement for each call in which what is repeated is said once, to be written in a style."""
    for item in passes():
        if style in getattr(item, "STYLES", Style):
            program = item.apply(program)
    return program
