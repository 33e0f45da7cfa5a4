"""A program that builds models: functions of steps, where a step may be a loop over steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from kscaffold.program.model import CallKind, SavedFile, SavedModel, every_model
from kscaffold.program.tree import Code, Object, Plain, Ref, Text, Tree, refs


class StepKind(StrEnum):
    """What a step does."""

    LAYER = "layer"  # makes a layer and calls it
    NAMED = "named"  # calls a layer or a model that has a variable
    OPERATION = "operation"
    INVOKE = "invoke"  # calls a function of the program
    LOOP = "loop"
    IF = "if"


@dataclass(frozen=True)
class Step:
    """A statement.

    Attributes:
        uid: Its number, by which others find what it gives; no other step of the program has it.
        kind: What it does.
        callee: What is called: what makes the layer, or a name; for a loop, what it goes over; for an `if`, when.
        args: What is called with; for a loop, the value that it begins with; for an `if`, what it leaves as it is.
        kwargs: Further arguments by name; for a function of the program, its parameters.
        outputs: Where its values are in what it gives; none where that is not known.
        variables: The variables of a loop.
        body: The steps of a loop or an `if`. In a loop its own number stands for the value that is handed on.
        result: What a loop hands on, or an `if` gives.
        label: The class of the layer, where what is called does not tell.
    """

    uid: int
    kind: StepKind
    callee: Tree
    args: tuple[Tree, ...] = ()
    kwargs: tuple[tuple[str, Tree], ...] = ()
    outputs: tuple[tuple[int | str, ...], ...] = ((),)
    variables: tuple[str, ...] = ()
    body: tuple[Step, ...] = ()
    result: Ref | None = None
    label: str = ""

    @property
    def trees(self) -> tuple[Tree, ...]:
        """Its arguments, in order."""
        return (*self.args, *(value for _, value in self.kwargs))

    @property
    def class_name(self) -> str:
        """The class of the layer that it makes; the function that it calls."""
        if self.label:
            return self.label
        if isinstance(self.callee, Object):
            return self.callee.class_name
        return self.callee.text.rpartition(".")[2] if isinstance(self.callee, Code) else ""

    def reads(self) -> Iterator[Ref]:
        """The values that it takes, in order; those of a loop without what is made inside."""
        for tree in self.trees:
            yield from refs(tree)
        if self.body:
            inside = {self.uid}
            for step in self.body:
                for ref in step.reads():
                    if ref.source not in inside:
                        yield ref
                inside.add(step.uid)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function of the program.

    Attributes:
        name: Its name.
        default: Its default, if it has one.
    """

    name: str
    default: Tree | None = None


@dataclass(frozen=True)
class Routine:
    """A function of the program.

    Attributes:
        name: Its name.
        inputs: How many values it takes.
        parameters: What else it takes.
        steps: Its statements.
        result: What it returns.
        model: The model that it builds; `None` for a function that applies layers.
        layers: The layers and models that have a variable in it: the variable and what makes each.
        widths: Sizes that it finds out from the first value that it takes, by their variables.
        words: The words that some of those layers learned, by the variable.
    """

    name: str
    inputs: int
    parameters: tuple[Parameter, ...]
    steps: tuple[Step, ...]
    result: Tree
    model: SavedModel | None = None
    layers: tuple[tuple[str, Tree], ...] = ()
    widths: tuple[tuple[str, Tree], ...] = ()
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Program:
    """Functions, each behind those that it calls; the last builds the model of the file."""

    routines: tuple[Routine, ...]

    @property
    def main(self) -> Routine:
        """The function that builds the model."""
        return self.routines[-1]


def every_step(steps: Iterable[Step]) -> Iterator[Step]:
    """Steps and those inside loops."""
    for step in steps:
        yield step
        yield from every_step(step.body)


def flat_program(file: SavedFile, name: str) -> Program:
    """The program of a saved model without functions of its own: a statement for each call.

    Args:
        file: What the file says.
        name: The name of the model in the code.
    """
    models: list[SavedModel] = []
    for model in every_model(file.model):
        models += [part for part in (*embedded_models(model), model) if part not in models]
    names = _builder_names(models, name)
    counter = iter(range(1, 10**9))
    return Program(tuple(_routine(model, models, names, counter) for model in models))


def embedded_models(model: SavedModel) -> Iterator[SavedModel]:
    """The models that are arguments of layers, such as those of TimeDistributed."""
    for layer in model.layers:
        for part in _objects(layer.made):
            inner = dict(part.keywords).get("model")
            if part.target == "model" and inner is not None:
                for deeper in every_model(inner):  # type: ignore[arg-type]
                    yield from embedded_models(deeper)
                    yield deeper


def _objects(tree: object) -> Iterator[Object]:
    from kscaffold.program.tree import walk

    return (part for part in walk(tree) if isinstance(part, Object))  # type: ignore[arg-type]


def _builder_names(models: list[SavedModel], main: str) -> dict[int, str]:
    """A name for each model, by its place."""
    from kscaffold.base.naming import identifier

    taken = {main}
    names = {len(models) - 1: main}
    for place, model in enumerate(models[:-1]):
        wanted = identifier(model.name, "part") if not model.generated else "part"
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}{number}", number + 1
        taken.add(name)
        names[place] = name
    return names


def _routine(model: SavedModel, models: list[SavedModel], names: dict[int, str], counter: Iterator[int]) -> Routine:
    from kscaffold.base.naming import identifier

    variables: dict[int, str] = {}
    layers: list[tuple[str, Tree]] = []
    taken: set[str] = {"x", "outputs", "inputs", "keras", "layers", "ops"}

    def builder(inner: SavedModel) -> str:
        return f"build_{names[models.index(inner)]}"

    def with_builders(tree: Tree) -> Tree:
        from kscaffold.program.tree import transform

        def change(part: Tree) -> Tree | None:
            if isinstance(part, Object) and part.target == "model":
                return Object(f":{builder(dict(part.keywords)['model'])}")  # type: ignore[arg-type]
            return None

        return transform(tree, change)

    for number, layer in enumerate(model.layers):
        if layer.calls < 2 and layer.model is None and not layer.words:
            continue
        stem = names[models.index(layer.model)] if layer.model else layer.made.class_name
        wanted = identifier(layer.name if not layer.generated else stem, "layer")
        variable, count = wanted, 2
        while variable in taken:
            variable, count = f"{wanted}{count}", count + 1
        taken.add(variable)
        variables[number] = variable
        made = (
            Object(f":{builder(layer.model)}")
            if layer.model
            else named(with_builders(layer.made), layer.name, layer.generated)
        )
        layers.append((variable, made))
    uids: list[int] = []

    def moved(tree: Tree) -> Tree:
        from kscaffold.program.tree import transform

        return transform(
            tree,
            lambda part: (Ref(uids[part.source], part.path) if isinstance(part, Ref) and part.source >= 0 else None),
        )

    steps = []
    for call in model.calls:
        args = tuple(moved(arg) for arg in call.args)
        kwargs = tuple((key, moved(value)) for key, value in call.kwargs)
        uid = next(counter)
        if call.kind is CallKind.OPERATION:
            step = Step(uid, StepKind.OPERATION, Code(call.function), args, kwargs, call.outputs)
        elif call.layer in variables:
            step = Step(uid, StepKind.NAMED, Code(variables[call.layer]), args, kwargs, call.outputs)
        else:
            layer = model.layers[call.layer]
            made = named(with_builders(layer.made), layer.name, layer.generated)
            step = Step(uid, StepKind.LAYER, made, args, kwargs, call.outputs)
        uids.append(uid)
        steps.append(step)
    return Routine(
        f"build_{names[models.index(model)]}",
        len(model.inputs),
        (),
        tuple(steps),
        moved(model.output_tree),
        model,
        tuple(layers),
        words=tuple((variables[number], layer.words) for number, layer in enumerate(model.layers) if layer.words),
    )


def named(made: Tree, name: str, generated: bool) -> Object:
    """What makes a layer, with its name where somebody chose it."""
    assert isinstance(made, Object)
    return made if generated else replace(made, keywords=(*made.keywords, ("name", Text((name,)))))


def is_true(tree: Tree | None) -> bool:
    """Whether a tree is `True`."""
    return tree == Plain(True)
