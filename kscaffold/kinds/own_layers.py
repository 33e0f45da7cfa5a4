"""The layers that the module of a model defines itself, from the templates of layers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kscaffold.base.naming import parse_module_name
from kscaffold.base.place import located
from kscaffold.library.templates import Catalogue, Template
from kscaffold.program.tree import Object
from kscaffold.spec.graph.value import OwnClass
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

    def describe(self, item: OwnClass, shapes: tuple[str, ...] = ()) -> tuple[LayerSpec, Template]:
        """A class for inputs of those shapes, each as after `--input-shape`, and what it is rendered from."""
        from kscaffold.kinds.layer import describe_template
        from kscaffold.spec.layer.describe import LayerFlags

        flags = LayerFlags(input_shapes=shapes)
        name = parse_module_name(item.name)
        return describe_template(self.template(item), name, self.package, flags, self.catalogue)

    def infer(self, call: Object, shapes: tuple[Shape | None, ...]) -> Inferred:
        """What a class makes of shapes: known where it is given no arguments."""
        item = next((item for item in self.items if call.target == f":{item.name}"), None)
        if item is None or call.arguments or call.keywords or any(not shape or None in shape for shape in shapes):
            return Inferred(None, None)
        spec, _ = self.describe(item, tuple(",".join(map(str, shape or ())) for shape in shapes))
        weights = spec.expected_weights
        return Inferred(spec.output_shape, None if weights is None else sum(map(math.prod, weights)))

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
