"""The layers that the module of a model defines itself, from the templates of layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import BASE_ARGUMENTS, parse_module_name
from kscaffold.base.place import located
from kscaffold.library.templates import Catalogue, Template
from kscaffold.program.text import show
from kscaffold.program.tree import Listing, Object, Plain, Tree, walk
from kscaffold.spec.graph.value import OwnClass
from kscaffold.spec.layer.call import bind
from kscaffold.spec.shapes.rules import Inferred
from kscaffold.spec.shapes.shape import Shape

if TYPE_CHECKING:  # most models define no layer: nothing of these is loaded for them
    from kscaffold.spec.layer.spec import LayerSpec


@dataclass(frozen=True)
class OwnLayers:
    """The layer classes that a module defines itself, made from layer templates.

    Attributes:
        items: The classes as the spec names them.
        package: The package that they are registered under for saving.
    """

    items: tuple[OwnClass, ...]
    package: str
    catalogue: Catalogue

    def template(self, item: OwnClass) -> Template:
        """The layer template of a class; refuses one that there is not, with the place."""
        with located(item.place):
            template = self.catalogue.find(item.template, "layer")
        return template

    def describe(
        self, item: OwnClass, shapes: tuple[str, ...] = (), arguments: tuple[str, ...] = ()
    ) -> tuple[LayerSpec, Template]:
        """A class for inputs of those shapes, with those defaults, and what it is rendered from.

        Args:
            shapes: Each as after `--input-shape`.
            arguments: Each as after `--arg`.
        """
        from kscaffold.kinds.layer import describe_template
        from kscaffold.spec.layer.describe import LayerFlags

        flags = LayerFlags(input_shapes=shapes, arguments=arguments)
        name = parse_module_name(item.name)
        return describe_template(self.template(item), name, self.package, flags, self.catalogue)

    def has_layers(self, item: OwnClass) -> bool:
        """Whether a class makes layers inside."""
        spec, _ = self.describe(item)
        body = spec.body
        return bool(spec.sublayers or spec.manifest.owns_build or (body and (body.constructor or body.late)))

    def infer(self, call: Object, shapes: tuple[Shape | None, ...]) -> Inferred:
        """What a class makes of shapes, with arguments that are numbers, strings and the like.

        Raises:
            RequestError: It has no such argument, one is missing, or a value or a shape does not fit.
        """
        item = next((item for item in self.items if call.target == f":{item.name}"), None)
        if item is None:
            return Inferred(None, None)
        plain, _ = self.describe(item)
        parameters = {one.name: () if one.required else (one.default,) for one in plain.arguments}
        given = bind(item.name, call, parameters, further=BASE_ARGUMENTS)
        values = {name: value for name, value in given.items() if name in parameters}
        if any(shape is None or None in shape for shape in shapes) or not all(map(_is_literal, values.values())):
            return Inferred(None, None)
        texts = tuple(f"{name}={show(value)}" for name, value in values.items())
        try:
            spec, _ = self.describe(item, tuple(",".join(map(str, shape or ())) for shape in shapes), texts)
        except RequestError as error:  # where it stands in a flag is nowhere here
            raise RequestError(f"{item.name}: {error.message}", hint=error.hint) from None
        return Inferred(spec.output_shape, spec.parameter_count)

    def sources(self) -> list[str]:
        """Source of the classes.

        Raises:
            RequestError: A template is a repository's that the user does not trust.
        """
        if not self.items:
            return []
        from kscaffold.kinds.layer import render_layer
        from kscaffold.library.render import without_header

        for template in map(self.template, self.items):
            self.catalogue.use(template.source, template.full_name)
        return [without_header(render_layer(*self.describe(item)).text) for item in self.items]


def _is_literal(value: Tree) -> bool:
    return all(isinstance(part, Plain | Listing) for part in walk(value))
