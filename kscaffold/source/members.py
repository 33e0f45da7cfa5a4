"""The methods of the classes of a program: what their constructors make, and all that templates ask for."""

from __future__ import annotations

from collections.abc import Iterator

from kscaffold.program.lift import is_over_one, needed_variables, over_needed
from kscaffold.program.tree import Tree, Variable, transform, walk
from kscaffold.program.value import Routine, Step, StepKind, every_step
from kscaffold.source.attributes import Attributes, owners
from kscaffold.source.building import chain_lines, chain_of_layers, symbolic_lines
from kscaffold.source.calling import Calling
from kscaffold.source.classes import Module, is_maker
from kscaffold.source.docstrings import summary
from kscaffold.source.expression import no_value, source
from kscaffold.source.functions import shown_inputs
from kscaffold.source.parts import ClassPart, Function, Line
from kscaffold.source.routine import made_lines


def class_parts(module: Module) -> tuple[tuple[Function, ...], tuple[ClassPart, ...]]:
    """The functions of a module, which make objects and layers, and its classes, each behind those that it uses."""
    functions = [module.maker(routine) for routine in module.program.routines if is_maker(routine)]
    classes = [_Class(module, routine).part() for routine in module.program.routines if not is_maker(routine)]
    return tuple(functions), tuple(classes)


class _Class:
    def __init__(self, module: Module, routine: Routine) -> None:
        self.module = module
        self.routine = routine
        self.layers = dict(routine.layers)
        self.attributes = Attributes(module, routine)

    def part(self) -> ClassPart:
        """The class."""
        routine, model = self.routine, self.routine.model
        is_main = routine is self.module.program.main
        chain = chain_of_layers(self.module, routine, self.attributes)
        build, output_shape = chain_lines(chain) if chain else symbolic_lines(routine)
        passes_mask = not is_main and self.module.passes_mask(routine)
        return ClassPart(
            name=self.module.classes[routine.name],
            base="keras.Model" if is_main else "layers.Layer",
            summary=self.summary(),
            arguments=self.module.arguments(routine),
            inputs=shown_inputs(routine),
            outputs=routine.described.outputs,
            constructor=tuple(self.constructor()),
            build=build,
            call=tuple(Calling(self.module, routine, self.attributes).lines()),
            takes_training=routine.name in self.module.training,
            output_shape=output_shape,
            passes_mask=passes_mask,
            keeps_masks=self.module.masks and not is_main and not passes_mask,
            autocasts=self.module.autocasts,
            frozen=bool(model and model.frozen),
        )

    def summary(self) -> str:
        """The first line of the docstring: which model it is, or what it does."""
        if self.routine.described.summary:
            return self.routine.described.summary
        words = self.routine.name.removeprefix("build_").replace("_", " ")
        if self.routine.model is None:
            return summary(self.routine, self.module.routines)
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
        """The statements that make a layer with a variable."""
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
        """Source of the layer of a step."""
        return self.source(self.module.invoked(step) if step.kind is StepKind.INVOKE else self.module.made(step.callee))

    def source(self, tree: Tree) -> str:
        """Source in the constructor, where the arguments are local names, and layers with a variable attributes."""

        def change(part: Tree) -> Tree | None:
            return Variable(f"self.{part.name}") if isinstance(part, Variable) and part.name in self.layers else None

        return source(transform(tree, change), no_value)
