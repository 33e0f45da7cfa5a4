"""The text of a module with a model: what a spec and a saved model have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kscaffold.base.choices import Style
from kscaffold.base.place import Place
from kscaffold.kinds.destination import Destination
from kscaffold.program.argument import Argument
from kscaffold.source.layer import arguments
from kscaffold.source.module import Written

if TYPE_CHECKING:
    from kscaffold.library.render import Draft


def parameters(given: Iterable[Argument]) -> str:
    """Source of the parameters of a constructor between `self` and `**kwargs`."""
    return "".join(f"{part}, " for part in arguments.parameters(given))


# What the templates of the styles call.
FILTERS = (parameters, arguments.description, arguments.in_config, arguments.in_docstring, arguments.stored)


def part_package(destination: Destination) -> str:
    """The package that the parts of a model are registered under: two models may each have an Encoder."""
    return f"{destination.settings.package}.{destination.name.module}"


def model_module(
    destination: Destination,
    style: Style,
    title: str,
    written: Written,
    own_classes: Sequence[str],
    imported: Iterable[tuple[str, str]] = (),
    compiled: str = "",
) -> tuple[Draft, Mapping[int, Place]]:
    """A module, before formatting, and the places that its statements come from, by their number.

    Args:
        title: The first line of its docstring.
        written: What it defines.
        own_classes: Source of the classes that it defines besides: from layer templates, or stubs.
        imported: Module and name of what it imports besides the classes that `written` names.
        compiled: Source of a function that compiles the model; empty for none.
    """
    from kscaffold.library.places import render_with_places

    names = sorted({*imported, *written.imported})
    context = {
        "title": title,
        "modules": [name for name in ("layers", "ops") if written.uses(name, own_classes)],
        "uses_numpy": written.uses("np", own_classes),
        "imported": names,
        "first_party": destination.first_party(module for module, _ in names),
        "own_classes": own_classes,
        "functions": written.functions,
        "classes": written.classes,
        "cuts": written.cuts,
        "compiled": compiled,
        "package": destination.settings.package,
        "part_package": part_package(destination),
    }
    page = "style/subclassed.py.jinja" if style is Style.SUBCLASSED else "style/functional.py.jinja"
    return render_with_places(destination.catalogue.page(page), context, FILTERS)
