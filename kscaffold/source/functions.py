"""The functions of a program as source: those that build models, those that apply layers, and cuts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from kscaffold.base.naming import identifier, unique
from kscaffold.program.text import literal, show
from kscaffold.program.tree import Code, Listing, Object, Plain, Ref, Text, Tree, walk
from kscaffold.program.value import Cut, Input, Model, Parameter, Program, Routine, every_step
from kscaffold.source.docstrings import summary
from kscaffold.source.expression import no_value, source
from kscaffold.source.layer.arguments import description, signature_default
from kscaffold.source.parts import Function, Line
from kscaffold.source.routine import RoutineWriter


def program_parts(program: Program) -> tuple[Function, ...]:
    """The functions of a program, in its order."""
    functions = {routine.name: routine for routine in program.routines}
    taken = {*functions}
    for part in parts_of(program.routines):
        if isinstance(part, Object) and ":" in part.target:
            taken.add(part.class_name)
        elif isinstance(part, Code) and part.text.isidentifier():
            taken.add(part.text)
    return tuple(_function(routine, frozenset(taken), functions) for routine in program.routines)


def parts_of(routines: Iterable[Routine]) -> Iterator[Tree]:
    """All trees of some routines, and all that is in them."""
    for routine in routines:
        trees = [*dict(routine.layers).values(), routine.result]
        for step in every_step(routine.steps):
            trees += [step.callee, *step.trees]
        yield from (part for tree in trees for part in walk(tree))


def _function(routine: Routine, taken: frozenset[str], functions: Mapping[str, Routine]) -> Function:
    if routine.cut is not None:
        return _cut(routine.name, routine.cut)
    if routine.model is not None:
        return _builder(routine, routine.model, taken)
    if not routine.steps:
        return maker(routine, parameters_source(routine.parameters), routine.result)
    names = input_names(routine)
    writer = RoutineWriter(routine, bound_inputs(names), taken)
    lines = [Line(f"{name} = {writer.source(tree)}") for name, tree in routine.widths]
    lines += writer.layer_lines()
    lines += writer.block(routine.steps, routine.result, returns=True)
    count = len(routine.result.items) if isinstance(routine.result, Listing) else 1
    explains = bool(routine.input_names)
    return Function(
        name=routine.name,
        parameters=", ".join([*names, *parameters_source(routine.parameters)]),
        summary=routine.described.summary or summary(routine, functions),
        arguments=(*((name, "Tensor, an input.") for name in names), *_explained(routine)) if explains else (),
        returns="" if not explains else "A tensor." if count == 1 else f"{count} tensors.",
        lines=tuple(lines),
    )


def bound_inputs(names: Iterable[str]) -> dict[Ref, str]:
    """The values that a function takes, each with its variable."""
    return {Ref(-1 - place): name for place, name in enumerate(names)}


def maker(routine: Routine, parameters: Iterable[str], made: Tree, words: str = "") -> Function:
    """A function that makes an object, or a layer that somebody else calls."""
    lines = (Line(f"return {source(made, no_value)}"),)
    words = words or f"new {routine.name.replace('_', ' ')}"
    return Function(routine.name, ", ".join(parameters), f"Makes a {words}.", lines)


def _builder(routine: Routine, model: Model, taken: frozenset[str]) -> Function:
    lines = _sequential(routine, model, taken) if model.sequential else functional_lines(routine, model, taken)
    known = bool(model.inputs or model.build_shape)
    return Function(
        name=routine.name,
        parameters=", ".join(parameters_source(routine.parameters)),
        summary=routine.described.summary or f"Builds the model {routine.name.removeprefix('build_')}.",
        arguments=tuple(_explained(routine)),
        inputs=shown_inputs(routine),
        outputs=routine.described.outputs,
        returns="The model, not compiled" + ("." if known else ", and built by its first call."),
        lines=tuple(lines),
    )


def shown_inputs(routine: Routine) -> tuple[tuple[str, str], ...]:
    """Name and shape of each input of a model, as a docstring says them."""
    if routine.described.inputs or routine.model is None:
        return routine.described.inputs
    shapes = (f"`{_shape(item)}`" for item in routine.model.inputs)
    return tuple(zip(variables_of_inputs(routine.model), shapes))


def input_names(routine: Routine) -> tuple[str, ...]:
    """The parameters for the values that a function takes."""
    return routine.input_names or ("x", "skip", "other", "further")[: routine.inputs]


def parameters_source(parameters: Iterable[Parameter]) -> list[str]:
    """Source of each parameter of a function, required ones first."""
    listed = sorted(parameters, key=lambda item: item.default is not None)
    parts = []
    for item in listed:
        default = item.default and (
            signature_default(item.argument) if item.argument else source(item.default, no_value)
        )
        parts.append(item.name if default is None else f"{item.name}={default}")
    return parts


def _explained(routine: Routine) -> Iterator[tuple[str, str]]:
    """The parameters that a docstring explains, each with its line."""
    return ((item.name, description(item.argument)) for item in routine.parameters if item.argument is not None)


def _shape(item: Input) -> str:
    """The shape of an input, for people, with its type where that is not float32."""
    batch = "batch_size" if item.batch_size is None else str(item.batch_size)
    sizes = [batch, *("None" if size is None else show(size) for size in item.sizes)]
    shape = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
    return shape if item.dtype == "float32" else f"{shape}, {item.dtype}"


def variables_of_inputs(model: Model) -> list[str]:
    """The variables of the inputs of a model."""
    if len(model.inputs) == 1:
        item = model.inputs[0]
        return ["inputs" if item.generated else identifier(item.name, "inputs", "input")]
    taken: list[str] = []
    for item in model.inputs:
        # A name that somebody wrote in a spec is kept.
        reserved = () if item.place else ("x", "outputs")
        taken.append(unique(identifier(item.name, "input", "input"), (*taken, *reserved)))
    return taken


def input_source(item: Input) -> str:
    """Source that makes an input."""
    shape = Listing("()", tuple(Plain(None) if size is None else size for size in item.sizes))
    parts = [source(shape, no_value)]
    parts += [] if item.batch_size is None else [f"batch_size={item.batch_size}"]
    parts += [] if item.dtype == "float32" else [f"dtype={literal(item.dtype)}"]
    parts += [f"{option}=True" for option in item.options]
    parts += [] if item.generated else [f"name={literal(item.name)}"]
    return f"keras.Input({', '.join(parts)})"


def functional_lines(routine: Routine, model: Model, taken: frozenset[str]) -> list[Line]:
    """Statements that call the layers of a routine on inputs and return a model; no variable hides what is `taken`."""
    variables = [f"{name}_input" if name in taken else name for name in variables_of_inputs(model)]
    lines = [Line(f"{name} = {input_source(item)}", item.place) for name, item in zip(variables, model.inputs)]
    writer = RoutineWriter(routine, bound_inputs(variables), taken)
    lines += writer.layer_lines()
    lines += writer.block(routine.steps, routine.result)
    given = [writer.source(model.input_tree), writer.result, *_named(model)]
    return [*lines, *_returned(model, [Line(f"keras.Model({', '.join(given)})")])]


def _named(model: Model) -> list[str]:
    if isinstance(model.name, Text):
        return [f"name={source(model.name, no_value)}"]
    return [f"name={literal(model.name)}"] if model.name else []


def _finished(model: Model) -> list[Line]:
    """Statements that build and freeze a model, if need be."""
    shape = Listing("()", tuple(Plain(size) for size in model.build_shape or ()))
    built = [Line(f"model.build({source(shape, no_value)})")] if model.build_shape else []
    return [*built, Line("model.trainable = False")] if model.frozen else built


def _returned(model: Model, made: Sequence[Line]) -> list[Line]:
    """Statements that return a model, whose expression is given."""
    finished = _finished(model)
    first = replace(made[0], text=f"{'model =' if finished else 'return'} {made[0].text}")
    return [first, *made[1:], *finished, *([Line("return model")] if finished else [])]


def _sequential(routine: Routine, model: Model, taken: frozenset[str]) -> list[Line]:
    """A list of layers; where loops make several at a time, layers that are added one after the other."""
    writer = RoutineWriter(routine, {Ref(-1): "model"}, taken)
    lines = writer.layer_lines()
    inputs = [(input_source(item), item.place) for item in model.inputs]
    items = [(writer.item(step), step.place) for step in routine.steps]
    if any(item is None for item, _ in items):
        lines.append(Line(f"model = keras.Sequential({', '.join(_named(model))})"))
        lines += [Line(f"model.add({item})", place) for item, place in inputs]
        return [*lines, *writer.added(routine.steps), *_finished(model), Line("return model")]
    listed = [Line(f"        {item},", place) for item, place in (*inputs, *items)]
    named = [Line(f"    {name},") for name in _named(model)]
    made = [Line("keras.Sequential("), Line("    ["), *listed, Line("    ],"), *named, Line(")")]
    return [*lines, *_returned(model, made)]


def cut_function(name: str, cut: Cut, given: str, lines: Iterable[Line]) -> Function:
    """A function that cuts a model out of another one, which `given` says in words."""
    return Function(
        name=name,
        parameters="model",
        summary=f"Cuts the model {cut.name} out of {cut.builder.removeprefix('build_')}; it shares the layers.",
        arguments=(("model", given),),
        returns=f"The model from {' and '.join(cut.inputs)} to {' and '.join(cut.outputs)}.",
        lines=tuple(lines),
    )


def _cut(name: str, cut: Cut) -> Function:
    sides = []
    for layers in (cut.inputs, cut.outputs):
        values = [f"model.get_layer({literal(layer)}).output" for layer in layers]
        sides.append(values[0] if len(values) == 1 else f"[{', '.join(values)}]")
    line = Line(f"return keras.Model({sides[0]}, {sides[1]}, name={literal(cut.name)})", cut.place)
    return cut_function(name, cut, f"What `{cut.builder}` returns.", [line])
