"""What a function or class of a generated module is made of, as the templates of the styles ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from kscaffold.program.text import literal, show
from kscaffold.program.tree import Object, Plain, Tree, walk
from kscaffold.source.body import Line
from kscaffold.source.layer.expressions import object_source, signature_default
from kscaffold.source.layer.statements import description
from kscaffold.spec.graph.shapes import GraphShapes, shape_text
from kscaffold.spec.graph.value import Graph, Input, Layer, Target, every_graph
from kscaffold.spec.layer.argument import Argument


@dataclass(frozen=True)
class Function:
    """A function that builds a model, or a block that applies layers.

    Attributes:
        name: Its name.
        parameters: Source of its parameters.
        summary: The first line of its docstring.
        arguments: The parameters that its docstring explains, each with its line.
        inputs: Name and shape of each input.
        outputs: Name and shape of each output.
        returns: What it returns, in words.
        lines: Its statements.
    """

    name: str
    parameters: str
    summary: str
    arguments: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    returns: str
    lines: tuple[Line, ...]


def layer_source(
    layer: Layer,
    extra: Mapping[str, Tree] | None = None,
    dtype: bool = False,
    model: Callable[[str], str] = str,
) -> str:
    """Source that makes a layer.

    Args:
        layer: What makes it.
        extra: Further keyword arguments, where it has none of that name.
        dtype: Whether it is given the dtype policy of the layer that makes it.
        model: Gives the source of a model among its arguments.
    """
    given = dict(layer.call.keywords)
    keywords = layer.call.keywords + tuple((key, value) for key, value in (extra or {}).items() if key not in given)
    return object_source(replace(layer.call, keywords=keywords), str, dtype, "layers", model)


def shape_source(item: Input) -> str:
    """Source of the shape of an input."""
    assert item.shape is not None
    sizes = ", ".join("None" if size is None else show(size) for size in item.shape)
    return f"({sizes},)" if len(item.shape) == 1 else f"({sizes})"


def input_source(item: Input) -> str:
    """Source that makes an input."""
    dtype = "" if item.dtype == "float32" else f", dtype={literal(item.dtype)}"
    batch = "" if item.batch_size is None else f", batch_size={item.batch_size}"
    return f"keras.Input({shape_source(item)}{batch}{dtype}, name={literal(item.name)})"


def parameters_source(arguments: Iterable[Argument]) -> str:
    """Source of the parameters of a function."""
    return ", ".join(
        argument.name if argument.required else f"{argument.name}={signature_default(argument)}"
        for argument in arguments
    )


def passed_source(graph: Graph, given: Mapping[str, Tree]) -> str:
    """Source of the arguments that a sub-graph's function or class is called with: its own, then those passed on."""
    passed = {argument.name: show(given[argument.name]) for argument in graph.parameters if argument.name in given}
    own = graph.own_parameters
    inherited = {item.name: item.name for item in graph.parameters if item.name not in own}
    return ", ".join(f"{name}={source}" for name, source in {**passed, **inherited}.items())


def described_inputs(graph: Graph, shapes: GraphShapes) -> tuple[tuple[str, str], ...]:
    """Name and shape of each input, as a docstring says them."""
    return tuple(
        (
            item.name,
            shape_text(shapes.shown(item.name), item.batch_size)
            + ("" if item.dtype == "float32" else f", {item.dtype}"),
        )
        for item in graph.inputs
    )


def described_outputs(graph: Graph, shapes: GraphShapes) -> tuple[tuple[str, str], ...]:
    """Name and shape of each output, as a docstring says them."""
    batch = next((item.batch_size for item in graph.inputs if item.batch_size), None)
    return tuple((item.name, shape_text(shapes.shown(item.value), batch)) for item in graph.outputs)


def uses_operations(graph: Graph) -> bool:
    """Whether source of a graph names the module `ops`."""
    steps = (step for part in every_graph(graph) for step in part.steps)
    return any(step.target is Target.OPERATION and step.part is None for step in steps)


def imported_classes(graph: Graph) -> tuple[tuple[str, str], ...]:
    """Module and class of each layer of one's own, in order of their names."""
    calls = [step.layer.call for part in every_graph(graph) for step in part.steps if step.layer]
    calls += [item.layer.call for part in every_graph(graph) for item in part.shared]
    found = {part.own for call in calls for part in walk(call) if isinstance(part, Object) and part.own}
    return tuple(sorted((module, name) for module, name in found if module))


def explained(arguments: Iterable[Argument]) -> tuple[tuple[str, str], ...]:
    """Parameters with their lines in a docstring."""
    return tuple((argument.name, description(argument)) for argument in arguments)


def summary_of(graph: Graph, fallback: str) -> str:
    """The first line of a docstring."""
    return graph.summary or fallback


def named(name: str | None) -> dict[str, Tree]:
    """A `name` argument, none without a name."""
    return {} if name is None else {"name": Plain(name)}
