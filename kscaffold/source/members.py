"""The methods of the classes of a program: what their constructors make, and all that templates ask for.

A short chain of layers is built layer by layer. What forks says so once, in `call`, which is run without numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kscaffold.program.argument import Kind
from kscaffold.program.lift import (
    call_keywords,
    given_values,
    is_chain,
    is_over_one,
    needed_variables,
    over_needed,
    owns_layers,
)
from kscaffold.program.text import literal
from kscaffold.program.tree import Listing, Object, Ref, Table, Tree, Variable, refs, transform, walk
from kscaffold.program.value import Program, Routine, Step, StepKind, every_step
from kscaffold.source.attributes import Attributes, owners
from kscaffold.source.calling import Calling
from kscaffold.source.classes import Module, input_structure, is_maker, of_keras
from kscaffold.source.docstrings import summary
from kscaffold.source.expression import no_value, source
from kscaffold.source.functions import shown_inputs
from kscaffold.source.kinds import argument_of
from kscaffold.source.parts import ClassPart, Function, Line
from kscaffold.source.routine import made_lines

INPUT_SIZE = "input_dim"  # what `build` finds out, and no argument
LONGEST_CHAIN = 8  # layers that `build` names again; what is longer is said once


def class_parts(module: Module) -> tuple[tuple[Function, ...], tuple[ClassPart, ...]]:
    """The functions of a module, which make objects and layers, and its classes, each behind those that it uses."""
    functions = [module.maker(routine) for routine in module.program.routines if is_maker(routine)]
    classes = [_Class(module, routine).part() for routine in module.program.routines if not is_maker(routine)]
    return tuple(functions), tuple(classes)


@dataclass(frozen=True)
class LayerLines:
    """The statements of the one class that a program becomes, as the template of a layer asks for them.

    Attributes:
        part: Its methods.
        late: What makes its layers, as it stands in `build`.
        passes_mask: Whether a mask of the inputs is valid for the outputs.
    """

    part: ClassPart
    late: tuple[Line, ...]
    passes_mask: bool


def layer_lines(program: Program, name: str) -> LayerLines:
    """The methods of a layer of that name."""
    module = Module(program, name)
    made = _Class(module, module.program.main)
    part = made.part()
    made.in_build = True
    return LayerLines(part, tuple(made.constructor()), module.passes_mask(module.program.main))


class _Class:
    in_build = False  # whether layers are made in `build`, where arguments are attributes

    def __init__(self, module: Module, routine: Routine) -> None:
        self.module = module
        self.routine = routine
        self.layers = dict(routine.layers)
        self.attributes = Attributes(module, routine)

    def part(self) -> ClassPart:
        routine, model = self.routine, self.routine.model
        is_main = routine is self.module.program.main
        chain = self.chain()
        build, output_shape = _chain_lines(chain) if chain else _symbolic_lines(routine)
        passes_mask = not is_main and self.module.passes_mask(routine)
        return ClassPart(
            name=self.module.classes[routine.name],
            base="keras.Model" if is_main else "layers.Layer",
            summary=self.summary(),
            arguments=tuple(
                argument_of(self.module.program, routine, item) for item in self.module.parameters(routine)
            ),
            inputs=shown_inputs(routine),
            outputs=routine.described.outputs,
            constructor=tuple(self.constructor()),
            build=build,
            call=tuple(Calling(self.module, routine, self.attributes).lines()),
            takes_training=routine.name in self.module.training,
            output_shape=output_shape,
            passes_mask=passes_mask,
            keeps_masks=not is_main and not passes_mask and (self.module.masks or self.takes_sequences()),
            autocasts=self.module.autocasts,
            frozen=bool(model and model.frozen),
        )

    def takes_sequences(self) -> bool:
        """Whether a layer inside takes nothing but sequences."""
        made = (step.callee for step in every_step(self.routine.steps) if step.kind is StepKind.LAYER)
        return any((known := of_keras(callee)) is not None and known.ranks == (3,) for callee in made)

    def summary(self) -> str:
        """The first line of the docstring: which model it is, or what it does."""
        if self.routine.described.summary or self.routine.model is None:
            return self.routine.described.summary or summary(self.routine, self.module.routines)
        words = self.routine.name.removeprefix("build_").replace("_", " ")
        return f"The model {words}." if self.routine is self.module.program.main else f"The {words} of the model."

    def constructor(self) -> Iterator[Line]:
        """The statements that make the layers, in the order in which they are called first."""
        done: set[str] = set()
        for step in self.routine.steps:
            for inner in (step, *every_step(step.body)):
                for name in self.needed(inner):
                    if name not in done:
                        done.add(name)
                        yield from self.shared(name)
            yield from self.making(step, "")
        yield from (line for name in self.layers if name not in done for line in self.shared(name))

    def needed(self, step: Step) -> Iterator[str]:
        """The layers and models with a variable that a step calls, or that the layer is given which it makes."""
        named = [step.class_name] if step.kind is StepKind.NAMED else []
        made = self.layers[named[0]] if named else step.callee
        inside = [part.name for part in walk(made) if isinstance(part, Variable)]
        return (name for name in (*inside, *named) if name in self.layers)

    def shared(self, name: str) -> Iterator[Line]:
        return made_lines(self.routine, name, self.source(self.module.made(self.layers[name])), "self.")

    def making(self, step: Step, pad: str) -> Iterator[Line]:
        """The statements that make the layers of a step."""
        if step.uid in self.attributes.by_step:
            attribute = f"self.{self.attributes.by_step[step.uid]}"
            if step.kind is not StepKind.LOOP:
                yield Line(f"{pad}{attribute} = {self.layer(step)}", step.place)
            elif is_over_one(step, self.module.inputs):
                yield Line(f"{pad}{attribute} = [{self.layer(step.body[0])} {self.rounds(step)}]", step.place)
            else:
                yield Line(f"{pad}{attribute} = []")
                yield from self.appending(step, attribute, pad)
        elif step.kind is StepKind.IF and any(owners(step.body)):
            yield Line(f"{pad}if {self.source(step.callee)}:")
            for inner in step.body:
                yield from self.making(inner, f"{pad}    ")

    def appending(self, step: Step, attribute: str, pad: str) -> Iterator[Line]:
        """The statements that append the layers of a loop, or of something in it, to a list."""
        if step.kind is StepKind.LOOP:
            yield Line(f"{pad}{self.rounds(step)}:")
        elif step.kind is StepKind.IF:
            yield Line(f"{pad}if {self.source(step.callee)}:")
        else:
            yield Line(f"{pad}{attribute}.append({self.layer(step)})")
        for inner in step.body:
            yield from self.appending(inner, attribute, f"{pad}    ")

    def rounds(self, step: Step) -> str:
        """The head of a loop that makes layers, without what only their names need."""
        needed = set(needed_variables(step.body, self.module.unneeded, self.module.program))
        over = over_needed(step, needed)
        kept = [name for name in step.variables if name in needed]
        names = ("_",) if not kept else step.variables if over == step.callee else tuple(kept)
        return f"for {', '.join(names)} in {self.source(over)}"

    def layer(self, step: Step) -> str:
        made = self.module.invoked(step) if step.kind is StepKind.INVOKE else self.module.made(step.callee)
        return self.source(self.with_tuples(made))

    def with_tuples(self, made: Tree) -> Tree:
        """What makes a layer, given the tuples that attributes hold: from a config the arguments come as lists."""
        listed = (item for item in self.module.parameters(self.routine) if item.argument)
        tuples = {item.name for item in listed if item.argument and item.argument.kind is Kind.TUPLE}
        if not isinstance(made, Object) or self.in_build:
            return made
        keywords = (
            (key, Variable(f"self.{value.name}") if isinstance(value, Variable) and value.name in tuples else value)
            for key, value in made.keywords
        )
        return replace(made, keywords=tuple(keywords))

    def source(self, tree: Tree) -> str:
        """Source in the constructor, where the arguments are local names, and layers with a variable attributes."""

        attributes = {*self.layers, *(self.attributes.arguments - {INPUT_SIZE} if self.in_build else ())}

        def change(part: Tree) -> Tree | None:
            return Variable(f"self.{part.name}") if isinstance(part, Variable) and part.name in attributes else None

        return source(transform(tree, change), no_value)

    def chain(self) -> list[str]:
        """Source of the layers of a chain, each of which takes what the one before gave; of a list, with a star.

        There are none where it is no such chain, where it is a long one, or where a layer may say nothing of shapes.
        """
        value, layers = input_structure(self.routine), []
        for step in self.routine.steps:
            takes = given_values(step, self.module.inputs) == (value,) and not call_keywords(step)
            if not takes or step.outputs != ((),) or not (layer := self.chained(step)) or layer in layers:
                return []
            layers.append(layer)
            value = Ref(step.uid)
        return layers if value == self.routine.result and len(layers) <= LONGEST_CHAIN else []

    def chained(self, step: Step) -> str:
        """Source of the layer of a step, or of the list of its layers; empty where shapes may not go through it."""
        if step.kind is StepKind.NAMED:
            return f"self.{step.class_name}" if _is_known(self.layers[step.class_name]) else ""
        attribute = f"self.{self.attributes.by_step.get(step.uid)}"
        if step.kind is not StepKind.LOOP:
            return attribute if _tells_shapes(step) else ""
        chained = owns_layers(step) and is_chain(step.body, Ref(step.uid), self.module.inputs)
        return f"*{attribute}" if chained and all(map(_tells_shapes, step.body)) else ""


def _tells_shapes(step: Step) -> bool:
    return step.kind is StepKind.INVOKE or (step.kind is StepKind.LAYER and _is_known(step.callee))


def _is_known(made: Tree) -> bool:
    """Whether a layer is one of Keras or of the module: an imported one may say nothing of shapes."""
    return isinstance(made, Object) and made.target.startswith(("layers.", ":"))


def _chain_lines(layers: Sequence[str]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The statements of `build` and of `compute_output_shape` of a chain of layers."""
    if len(layers) == 1 and not layers[0].startswith("*"):
        shape = Line(f"return {layers[0]}.compute_output_shape(input_shape)")
        return (Line(f"{layers[0]}.build(input_shape)"),), (shape,)
    over = layers[0].removeprefix("*") if len(layers) == 1 else f"({', '.join(layers)})"
    before = (Line("shape = input_shape"), Line(f"for layer in {over}:"))
    onwards = Line("    shape = layer.compute_output_shape(shape)")
    return (*before, Line("    layer.build(shape)"), onwards), (*before, onwards, Line("return shape"))


def _symbolic_lines(routine: Routine) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The statements of `build` and of `compute_output_shape`, which run `call` without numbers."""
    model, inputs = routine.model, input_structure(routine)
    types = {Ref(-1 - place): item.dtype for place, item in enumerate(model.inputs)} if model else {}
    given = _tensors(inputs, "input_shape", types)
    single = isinstance(inputs, Ref)
    before = () if single else (Line(f"inputs = {given}"),)
    called = f"self.call({given if single else 'inputs'})"
    if isinstance(routine.result, Ref) and not _is_function(routine):
        return (*before, Line(called)), (*before, Line(f"return {called}.shape"))
    shapes = Line("return keras.tree.map_structure(lambda output: output.shape, outputs)")
    return (*before, Line(called)), (*before, Line(f"outputs = {called}"), shapes)


def _is_function(routine: Routine) -> bool:
    """Whether the result is that of a function, which type checkers take for `None`, too."""
    given = {ref.source for ref in refs(routine.result)}
    return any(step.is_function for step in routine.steps if step.uid in given)


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
