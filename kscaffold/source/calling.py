"""The `call` of a class: the steps of a routine, in which attributes are called; also outside of it, by a cut."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kscaffold.program.lift import call_keywords, given_values, is_over_one, owns_layers
from kscaffold.program.steps import map_steps, with_trees
from kscaffold.program.text import literal
from kscaffold.program.tree import Code, Listing, Object, Plain, Ref, Table, Tree, Variable, refs, transform
from kscaffold.program.value import Cut, Model, Routine, Step, StepKind
from kscaffold.source.attributes import Attributes, loop_variable
from kscaffold.source.classes import Module, input_structure, one_or_list
from kscaffold.source.functions import (
    bound_inputs,
    cut_function,
    functional_lines,
    input_names,
    parts_of,
    variables_of_inputs,
)
from kscaffold.source.parts import Function, Line
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
        bound, lines = self.unpacked(input_structure(self.routine))
        steps = self.called(self.routine.steps)
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

    def called(self, steps: Iterable[Step]) -> tuple[Step, ...]:
        """Steps that call attributes."""
        return tuple(map(self.calling, map_steps(steps, self.as_attribute)))

    def calling(self, step: Step, name: str = "") -> Step:
        """A step that calls an attribute, or a variable of that name."""
        if step.kind in (StepKind.LAYER, StepKind.INVOKE):
            args = given_values(step, self.module.inputs)
            return replace(
                step,
                kind=StepKind.NAMED,
                callee=Code(name or f"{self.owner}.{self.attributes.by_step[step.uid]}"),
                args=(Listing("[]", args),) if step.kind is StepKind.INVOKE and len(args) > 1 else args,
                kwargs=self.with_training(step),
                label=step.class_name,
            )
        if step.kind is StepKind.LOOP and owns_layers(step):
            attribute = self.attributes.by_step[step.uid]
            if is_over_one(step, self.module.inputs):
                variable = loop_variable(attribute)
                body = self.calling(step.body[0], variable)
            else:
                variable = "layer"
                body = Step(step.body[-1].uid, StepKind.NAMED, Code(variable), (Ref(step.uid),), label=variable)
            return replace(step, callee=Code(f"{self.owner}.{attribute}"), variables=(variable,), body=(body,))
        if step.kind is StepKind.NAMED:
            made = self.layers[step.class_name]
            assert isinstance(made, Object)
            return replace(
                step,
                callee=Code(f"{self.owner}.{step.class_name}"),
                args=self.as_the_model_takes(step, made),
                kwargs=self.with_training(step),
                label=made.class_name if made.target.startswith("layers.") else step.class_name,
            )
        return replace(step, body=tuple(map(self.calling, step.body)))

    def as_the_model_takes(self, step: Step, made: Object) -> tuple[Tree, ...]:
        """What a model is called with, in the form in which its class takes its inputs."""
        routine = self.module.routines.get(made.target.removeprefix(":"))
        if routine is None or routine.model is None or len(step.args) != 1:
            return step.args
        given = list(refs(step.args[0]))
        if isinstance(step.args[0], Table) or len(given) != routine.inputs:
            return step.args
        places: dict[Tree, Tree] = {Ref(-1 - place): ref for place, ref in enumerate(given)}
        return (transform(routine.model.input_tree, places.get),)

    def with_training(self, step: Step) -> tuple[tuple[str, Tree], ...]:
        """The keyword arguments of a call, with `training` where what is called takes it.

        A functional model that is told whether it is in training tells all its layers, whatever their calls say.
        """
        kwargs = dict(call_keywords(step))
        if self.owner == "self":  # else Keras tells the layers of a functional model itself
            if kwargs.get("training") == Plain(True):
                kwargs["training"] = ALWAYS
            elif "training" not in kwargs and self.module.takes_training(step, self.routine):
                kwargs["training"] = Code("training")
        return tuple(kwargs.items())

    def as_attribute(self, part: Tree) -> Tree | None:
        """An argument of the constructor, which is an attribute in `call`; `None` for anything else."""
        known = isinstance(part, Variable) and part.name in self.attributes.arguments
        return Variable(f"{self.owner}.{part.name}") if known and isinstance(part, Variable) else None

    def in_call(self, tree: Tree) -> Tree:
        """A tree in `call`."""
        return transform(tree, self.as_attribute)


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


def class_cut(module: Module, name: str, cut: Cut) -> Function:
    """The function of that name that cuts a model out of the class of a program."""
    main = module.program.main
    calling = Calling(module, main, Attributes(module, main), "model")
    places: dict[Tree, Tree] = {ref: Ref(-1 - place) for place, ref in enumerate(cut.starts)}
    steps = with_trees(calling.called(_needed(main.steps, cut)), places)
    inputs = tuple(
        replace(item, sizes=tuple(size and calling.in_call(size) for size in item.sizes)) for item in cut.takes
    )
    model = Model(cut.name, inputs, one_or_list(list(places.values())))
    routine = replace(
        main, steps=steps, result=transform(one_or_list(cut.ends), places.get), model=model, layers=(), parameters=()
    )
    return cut_function(
        name, cut, f"A `{module.name}` that is built.", functional_lines(routine, model, frozenset({"model"}))
    )


def _needed(steps: tuple[Step, ...], cut: Cut) -> list[Step]:
    """The steps that make what a cut gives of what it takes."""
    wanted = set(cut.ends)
    needed: list[Step] = []
    for step in reversed(steps):
        wanted -= set(cut.starts)
        if any(ref.source == step.uid for ref in wanted):
            needed.insert(0, step)
            wanted |= set(step.reads())
    return needed
