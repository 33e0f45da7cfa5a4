"""The functions of a program as source: variables that are handed on, loops, and calls of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kscaffold.base.naming import identifier, unique
from kscaffold.program.model import SavedInput, SavedModel
from kscaffold.program.text import literal
from kscaffold.program.tree import Code, Listing, Object, Plain, Ref, Tree, walk
from kscaffold.program.value import Program, Routine, StepKind, every_step
from kscaffold.source.body import Line
from kscaffold.source.docstrings import summary
from kscaffold.source.expression import no_value, source
from kscaffold.source.parts import Function
from kscaffold.source.routine import RoutineWriter


def program_parts(program: Program) -> tuple[Function, ...]:
    """The functions of a program."""
    taken = frozenset(name for routine in program.routines for name in (routine.name, *_called(routine)))
    functions = {routine.name: routine for routine in program.routines}
    return tuple(_function(routine, taken, functions) for routine in program.routines)


def _called(routine: Routine) -> Iterator[str]:
    """The classes and functions of the module and of its imports that a routine names."""
    trees = [made for _, made in routine.layers]
    for step in every_step(routine.steps):
        trees += [step.callee, *step.trees]
    for part in (part for tree in trees for part in walk(tree)):
        if isinstance(part, Object) and ":" in part.target:
            yield part.class_name
        elif isinstance(part, Code) and part.text.isidentifier():
            yield part.text


def _function(routine: Routine, taken: frozenset[str], functions: Mapping[str, Routine]) -> Function:
    if routine.model is None and not routine.steps:
        made = source(routine.result, no_value)
        words = routine.name.replace("_", " ")
        return Function(routine.name, "", f"Makes a new {words}.", (), (), (), "", (Line(f"return {made}"),))
    if routine.model is None:
        values = {Ref(-1 - index): name for index, name in enumerate(input_names(routine))}
        writer = RoutineWriter(routine, values, taken)
        lines = [f"{name} = {source(tree, writer.value)}" for name, tree in routine.widths]
        lines += writer.block(routine.steps, routine.result, returns=True)
        return Function(
            name=routine.name,
            parameters=", ".join([*input_names(routine), *_parameters(routine)]),
            summary=summary(routine, functions),
            arguments=(),
            inputs=(),
            outputs=(),
            returns="",
            lines=tuple(Line(line) for line in lines),
        )
    model = routine.model
    lines = _sequential(routine, taken) if model.sequential else _functional(routine, taken)
    inputs = tuple(zip(variables_of_inputs(model), (f"`{shape_of_input(item)}`" for item in model.inputs)))
    return Function(
        name=routine.name,
        parameters="",
        summary=f"Builds the model {routine.name.removeprefix('build_')}.",
        arguments=(),
        inputs=inputs,
        outputs=(),
        returns="The model, not compiled.",
        lines=tuple(Line(line) for line in lines),
    )


def input_names(routine: Routine) -> tuple[str, ...]:
    """The parameters for the values that a function takes."""
    return ("x", "skip", "other", "further")[: routine.inputs]


def _parameters(routine: Routine) -> list[str]:
    required = [item.name for item in routine.parameters if item.default is None]
    usual = [f"{item.name}={source(item.default, no_value)}" for item in routine.parameters if item.default is not None]
    return required + usual


def shape_of_input(item: SavedInput) -> str:
    """The shape of an input, for people, with its type where that is not float32."""
    sizes = ["batch_size" if item.shape and item.shape[0] is None else str(item.shape[0])] if item.shape else []
    shape = ", ".join([*sizes, *(str(size) for size in item.shape[1:])])
    return f"({shape}{',' if len(item.shape) == 1 else ''})" + ("" if item.dtype == "float32" else f", {item.dtype}")


def variables_of_inputs(model: SavedModel) -> list[str]:
    """The variables of the inputs of a model."""
    if len(model.inputs) == 1:
        item = model.inputs[0]
        return ["inputs" if item.generated else identifier(item.name, "inputs", "input")]
    taken: list[str] = []
    for item in model.inputs:
        taken.append(unique(identifier(item.name, "input", "input"), (*taken, "x", "outputs")))
    return taken


def input_source(item: SavedInput) -> str:
    """Source that makes an input."""
    shape = Listing("()", tuple(Plain(size) for size in item.shape[1:]))
    parts = [source(shape, no_value)]
    parts += [f"batch_size={item.shape[0]}"] if item.shape and item.shape[0] is not None else []
    parts += [] if item.dtype == "float32" else [f"dtype={literal(item.dtype)}"]
    parts += [f"{option}=True" for option in item.options]
    parts += [] if item.generated else [f"name={literal(item.name)}"]
    return f"keras.Input({', '.join(parts)})"


def _model_arguments(model: SavedModel) -> str:
    return "" if model.generated else f"name={literal(model.name)}"


def _functional(routine: Routine, taken: frozenset[str]) -> list[str]:
    model = routine.model
    assert model is not None
    variables = variables_of_inputs(model)
    lines = [f"{variable} = {input_source(item)}" for variable, item in zip(variables, model.inputs)]
    writer = RoutineWriter(routine, {Ref(-1 - index): name for index, name in enumerate(variables)}, taken)
    lines += writer.layer_lines()
    body = writer.block(routine.steps, routine.result)
    lines += body
    given = [source(model.input_tree, writer.value), writer.result, _model_arguments(model)]
    made = f"keras.Model({', '.join(part for part in given if part)})"
    return [*lines, *_ending(model, made)]


def _ending(model: SavedModel, made: str) -> list[str]:
    if not model.frozen:
        return [f"return {made}"]
    return [f"model = {made}", "model.trainable = False", "return model"]


def _sequential(routine: Routine, taken: frozenset[str]) -> list[str]:
    """A list of layers; with loops in it, layers that are added one after the other."""
    model = routine.model
    assert model is not None
    writer = RoutineWriter(routine, {Ref(-1): "model"}, taken)
    lines = writer.layer_lines()
    inputs = [input_source(item) for item in model.inputs]
    if all(step.kind in (StepKind.LAYER, StepKind.NAMED) for step in routine.steps):
        items = [*inputs, *(writer.made(step) for step in routine.steps)]
        lines.append(
            "return keras.Sequential(" if not (model.frozen or model.build_shape) else "model = keras.Sequential("
        )
        lines += ["    [", *(f"        {item}," for item in items), "    ],"]
        lines += [f"    {_model_arguments(model)},"] if _model_arguments(model) else []
        lines.append(")")
    else:
        lines.append(f"model = keras.Sequential({_model_arguments(model)})")
        lines += [f"model.add({item})" for item in inputs]
        lines += writer.added(routine.steps)
    if model.build_shape:
        shape = Listing("()", tuple(Plain(size) for size in model.build_shape))
        lines.append(f"model.build({source(shape, no_value)})")
    lines += ["model.trainable = False"] if model.frozen else []
    return lines if lines[-1] == ")" and "return keras.Sequential(" in lines else [*lines, "return model"]


def uses_module(program: Program, prefix: str) -> bool:
    """Whether the source of a program names a module."""
    for routine in program.routines:
        trees: list[Tree] = [made for _, made in routine.layers]
        for step in every_step(routine.steps):
            trees += [step.callee, *step.trees]
        for part in (part for tree in trees for part in walk(tree)):
            text = part.target if isinstance(part, Object) else part.text if isinstance(part, Code) else ""
            if text.startswith(prefix):
                return True
    return False
