"""The `call` of a class: the steps of a routine, in which attributes are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from kscaffold.program.lift import call_keywords, given_values, is_over_one, owns_layers
from kscaffold.program.text import literal
from kscaffold.program.tree import Code, Listing, Object, Plain, Ref, Scaled, Table, Tree, Variable, refs, transform
from kscaffold.program.value import Routine, Step, StepKind
from kscaffold.source.attributes import Attributes, loop_variable
from kscaffold.source.classes import Module, input_structure
from kscaffold.source.functions import bound_inputs, input_names, parts_of, variables_of_inputs
from kscaffold.source.parts import Line
from kscaffold.source.routine import RoutineWriter

ALWAYS = Code("True if training is None else training")


class Calling:
    """Writes the statements of `call` of the class of a routine.

    In a function outside of the class, the `owner` of the attributes is the model.
    """

    def __init__(self, module: Module, routine: Routine, attributes: Attributes, owner: str = "self") -> None:
        self.module = module
        self.routine = routine
        self.attributes = attributes
        self.owner = owner
        self.layers = dict(routine.layers)

    def lines(self) -> Iterator[Line]:
        """The statements of `call`."""
        structure = input_structure(self.routine)
        bound, lines = self.unpacked(structure)
        steps = tuple(self.called(step, {}) for step in self.routine.steps)
        steps_of = replace(self.routine, steps=steps, layers=(), parameters=())
        writer = RoutineWriter(steps_of, bound, frozenset({"self", "training", "inputs"}))
        writer.fixed = set(bound.values())
        yield from map(Line, lines)
        yield from writer.block(steps, self.in_call(self.routine.result), returns=True)

    def unpacked(self, structure: Tree) -> tuple[dict[Ref, str], list[str]]:
        """The variables of the inputs, and the statements that take them out of `inputs`."""
        if isinstance(structure, Ref):
            return {structure: "inputs"}, []
        model = self.routine.model
        names = variables_of_inputs(model) if model else input_names(self.routine)
        bound = bound_inputs(f"{name}_input" if name in ("self", "training", "inputs") else name for name in names)
        used = {part.source for part in parts_of([self.routine]) if isinstance(part, Ref)}
        if isinstance(structure, Listing) and all(isinstance(item, Ref) for item in structure.items):
            listed = [bound[item] if item.source in used else "_" for item in refs(structure)]
            return bound, [f"{', '.join(listed)}{',' if len(listed) == 1 else ''} = inputs"]
        return bound, [f"{bound[ref]} = inputs{path}" for ref, path in _paths(structure, "") if ref.source in used]

    def called(self, step: Step, loop: Mapping[int, str]) -> Step:
        """A step that calls an attribute."""
        kwargs = tuple((key, self.in_call(value)) for key, value in call_keywords(step))
        if step.kind in (StepKind.LAYER, StepKind.INVOKE):
            name = loop.get(step.uid) or f"{self.owner}.{self.attributes.by_step[step.uid]}"
            args = tuple(self.in_call(arg) for arg in given_values(step, self.module.inputs))
            if step.kind is StepKind.INVOKE and len(args) > 1:
                args = (Listing("[]", args),)
            return replace(
                step,
                kind=StepKind.NAMED,
                callee=Code(name),
                args=args,
                kwargs=self.with_training(step, kwargs),
                label=step.class_name,
            )
        if step.kind is StepKind.LOOP and owns_layers(step):
            attribute = self.attributes.by_step[step.uid]
            over, args = Code(f"{self.owner}.{attribute}"), tuple(self.in_call(arg) for arg in step.args)
            if is_over_one(step, self.module.inputs):
                variable = loop_variable(attribute)
                (layer,) = step.body
                body = self.called(layer, {layer.uid: variable})
            else:
                variable = "layer"
                last, given = step.body[-1].uid, (Ref(step.uid),)
                body = Step(last, StepKind.NAMED, Code(variable), given, label=variable)
            return replace(step, callee=over, args=args, variables=(variable,), body=(body,))
        if step.kind is StepKind.NAMED:
            return replace(
                step,
                callee=Code(f"{self.owner}.{step.class_name}"),
                args=tuple(self.in_call(arg) for arg in self.as_the_model_takes(step)),
                kwargs=self.with_training(step, kwargs),
                label=self.label(step),
            )
        return replace(
            step,
            callee=self.in_call(step.callee),
            args=tuple(self.in_call(arg) for arg in step.args),
            kwargs=kwargs,
            body=tuple(self.called(inner, loop) for inner in step.body),
        )

    def label(self, step: Step) -> str:
        """The class of what has a variable."""
        made = self.layers[step.class_name]
        return made.class_name if isinstance(made, Object) and made.target.startswith("layers.") else step.class_name

    def as_the_model_takes(self, step: Step) -> tuple[Tree, ...]:
        """What a model is called with, in the form in which its class takes its inputs."""
        made = self.layers[step.class_name]
        routine = self.module.routines.get(made.target.removeprefix(":")) if isinstance(made, Object) else None
        if routine is None or routine.model is None or len(step.args) != 1:
            return step.args
        given = list(refs(step.args[0]))
        if isinstance(step.args[0], Table) or len(given) != routine.inputs:
            return step.args

        def change(part: Tree) -> Tree | None:
            return given[-1 - part.source] if isinstance(part, Ref) else None

        return (transform(routine.model.input_tree, change),)

    def with_training(self, step: Step, kwargs: tuple[tuple[str, Tree], ...]) -> tuple[tuple[str, Tree], ...]:
        """The keyword arguments of a call, with `training` where what is called takes it.

        A functional model that is told whether it is in training tells all its layers, whatever their calls say.
        """
        if self.owner != "self":  # Keras tells the layers of a functional model itself
            return kwargs
        if dict(kwargs).get("training") == Plain(True):
            return tuple((key, ALWAYS if key == "training" else value) for key, value in kwargs)
        if "training" in dict(kwargs) or not self.module.takes_training(step, self.routine):
            return kwargs
        return (*kwargs, ("training", Code("training")))

    def in_call(self, tree: Tree) -> Tree:
        """A tree in `call`, where the arguments of the constructor are attributes."""

        def change(part: Tree) -> Tree | None:
            match part:
                case Variable(name=name) if name in self.attributes.arguments:
                    return Variable(f"{self.owner}.{name}")
                case Scaled(factor=factor, variable=variable, divides=divides) if (
                    variable.name in self.attributes.arguments
                ):
                    return Scaled(factor, Variable(f"{self.owner}.{variable.name}"), divides)
            return None

        return transform(tree, change)


def _paths(structure: Tree, path: str) -> Iterator[tuple[Ref, str]]:
    """The values in a structure, each with the source of its place."""
    if isinstance(structure, Ref):
        yield structure, path
    elif isinstance(structure, Listing):
        for place, item in enumerate(structure.items):
            yield from _paths(item, f"{path}[{place}]")
    elif isinstance(structure, Table):
        for key, item in structure.items:
            yield from _paths(item, f"{path}[{literal(key)}]")
