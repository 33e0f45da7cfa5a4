"""`build` and `compute_output_shape` of a class.

A short chain of layers is built layer by layer. What forks says so once, in `call`, which is run without numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kscaffold.program.lift import call_keywords, given_values, is_chain, owns_layers
from kscaffold.program.text import literal
from kscaffold.program.tree import Listing, Object, Ref, Table, Tree
from kscaffold.program.value import Routine, Step, StepKind
from kscaffold.source.attributes import Attributes
from kscaffold.source.classes import Module, input_structure
from kscaffold.source.parts import Line

LONGEST_CHAIN = 8  # layers that `build` names again; what is longer is said once


def chain_of_layers(module: Module, routine: Routine, attributes: Attributes) -> tuple[str, ...]:
    """Source of the layers of a routine that is a chain, each of which takes what the one before gave.

    A list of layers has a star. There are none where it is not such a chain, where it is a long one, or where a layer
    may say nothing of shapes.
    """
    value, layers = input_structure(routine), []
    for step in routine.steps:
        takes = given_values(step, module.inputs) == (value,) and not call_keywords(step) and step.outputs == ((),)
        if not takes or not (layer := _layer(module, routine, step, attributes)) or layer in layers:
            return ()
        layers.append(layer)
        value = Ref(step.uid)
    return tuple(layers) if value == routine.result and len(layers) <= LONGEST_CHAIN else ()


def _layer(module: Module, routine: Routine, step: Step, attributes: Attributes) -> str:
    """Source of the layer of a step, or of the list of its layers; empty where shapes may not go through it."""
    if step.kind is StepKind.LOOP:
        chained = owns_layers(step) and is_chain(step.body, Ref(step.uid), module.inputs)
        known = all(_tells_shapes(inner) for inner in step.body)
        return f"*self.{attributes.by_step[step.uid]}" if chained and known else ""
    if step.kind is StepKind.NAMED:
        return f"self.{step.class_name}" if _is_known(dict(routine.layers)[step.class_name]) else ""
    return f"self.{attributes.by_step[step.uid]}" if _tells_shapes(step) else ""


def _tells_shapes(step: Step) -> bool:
    return step.kind is StepKind.INVOKE or (step.kind is StepKind.LAYER and _is_known(step.callee))


def _is_known(made: Tree) -> bool:
    """Whether a layer is one of Keras or of the module: an imported one may say nothing of shapes."""
    return isinstance(made, Object) and made.target.startswith(("layers.", ":"))


def chain_lines(layers: Sequence[str]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The statements of `build` and of `compute_output_shape` of a chain of layers; see `chain_of_layers`."""
    if len(layers) == 1 and not layers[0].startswith("*"):
        shape = Line(f"return {layers[0]}.compute_output_shape(input_shape)")
        return (Line(f"{layers[0]}.build(input_shape)"),), (shape,)
    over = layers[0].removeprefix("*") if len(layers) == 1 else f"({', '.join(layers)})"
    before = (Line("shape = input_shape"), Line(f"for layer in {over}:"))
    onwards = Line("    shape = layer.compute_output_shape(shape)")
    return (*before, Line("    layer.build(shape)"), onwards), (*before, onwards, Line("return shape"))


def symbolic_lines(routine: Routine) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The statements of `build` and of `compute_output_shape`, which run `call` without numbers."""
    model, inputs = routine.model, input_structure(routine)
    types = {Ref(-1 - place): item.dtype for place, item in enumerate(model.inputs)} if model else {}
    given = _tensors(inputs, "input_shape", types)
    single = isinstance(inputs, Ref)
    before = () if single else (Line(f"inputs = {given}"),)
    called = f"self.call({given if single else 'inputs'})"
    if isinstance(routine.result, Ref):
        return (*before, Line(called)), (*before, Line(f"return {called}.shape"))
    shapes = Line("return keras.tree.map_structure(lambda output: output.shape, outputs)")
    return (*before, Line(called)), (*before, Line(f"outputs = {called}"), shapes)


def _tensors(inputs: Tree, shape: str, types: Mapping[Ref, str]) -> str:
    """Source of tensors without numbers."""
    match inputs:
        case Ref():
            kind = types.get(inputs, "float32")
            return f"keras.KerasTensor({shape}{'' if kind == 'float32' else f', dtype={literal(kind)}'})"
        case Listing(brackets=brackets, items=items):
            alike = {types.get(item, "float32") for item in items if isinstance(item, Ref)} == {"float32"}
            if brackets == "[]" and alike and len(items) > 1 and all(isinstance(item, Ref) for item in items):
                return f"[keras.KerasTensor(shape) for shape in {shape}]"
            parts = [_tensors(item, f"{shape}[{place}]", types) for place, item in enumerate(items)]
            comma = "," if brackets == "()" and len(parts) == 1 else ""
            return f"{brackets[0]}{', '.join(parts)}{comma}{brackets[1]}"
        case Table(items=pairs):
            parts = [f"{literal(key)}: {_tensors(item, f'{shape}[{literal(key)}]', types)}" for key, item in pairs]
            return "{" + ", ".join(parts) + "}"
    raise AssertionError(f"{inputs} is not an input")
