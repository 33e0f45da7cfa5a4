"""A saved model as a program: a statement for each call, without functions of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kscaffold.base.naming import identifier, unique
from kscaffold.program.tree import Code, Object, Plain, Ref, Text, Tree, transform, walk
from kscaffold.program.value import Input, Model, Program, Routine, Step, StepKind
from kscaffold.saved.value import CallKind, SavedFile, SavedInput, SavedLayer, SavedModel, every_model


def flat_program(file: SavedFile, name: str) -> Program:
    """The program of a saved model without functions of its own: a statement for each call.

    Args:
        file: What the file says.
        name: The name of the model in the code.
    """
    models: list[SavedModel] = []
    for model in every_model(file.model):
        models += [part for part in (*embedded_models(model), model) if part not in models]
    flat = _Flat(models, name)
    return Program(tuple(flat.routine(model) for model in models))


def embedded_models(model: SavedModel) -> Iterator[SavedModel]:
    """The models that are arguments of layers, such as those of TimeDistributed."""
    for layer in model.layers:
        for part in walk(layer.made):
            if isinstance(part, Object) and part.target == "model" and part.keywords:
                for deeper in every_model(_model_of(part)):
                    yield from embedded_models(deeper)
                    yield deeper


def _model_of(made: Object) -> SavedModel:
    inner: object = dict(made.keywords)["model"]
    assert isinstance(inner, SavedModel)
    return inner


class _Flat:
    def __init__(self, models: list[SavedModel], main: str) -> None:
        self.models = models
        self.counter = iter(range(1, 10**9))
        names: list[str] = []
        for model in models[:-1]:
            wanted = identifier(model.name, "part") if not model.generated else "part"
            names.append(unique(wanted, (main, *names)))
        self.names = [*names, main]

    def builder(self, model: SavedModel) -> Object:
        """What makes a model."""
        return Object(f":build_{self.names[self.models.index(model)]}")

    def made(self, layer: SavedLayer) -> Object:
        """What makes a layer or a model, with its name where somebody chose it."""
        if layer.model:
            return self.builder(layer.model)

        def change(part: Tree) -> Tree | None:
            return self.builder(_model_of(part)) if isinstance(part, Object) and part.target == "model" else None

        made = transform(layer.made, change)
        assert isinstance(made, Object)
        return made if layer.generated else replace(made, keywords=(*made.keywords, ("name", Text((layer.name,)))))

    def variables(self, model: SavedModel) -> dict[int, str]:
        """The variables of those layers that need one: they are called twice, are models, or learned words."""
        variables: dict[int, str] = {}
        taken = ("x", "outputs", "inputs", "keras", "layers", "ops")
        for number, layer in enumerate(model.layers):
            if layer.calls > 1 or layer.model or layer.words:
                stem = self.names[self.models.index(layer.model)] if layer.model else layer.made.class_name
                wanted = identifier(layer.name if not layer.generated else stem, "layer")
                variables[number] = unique(wanted, (*taken, *variables.values()))
        return variables

    def routine(self, model: SavedModel) -> Routine:
        """The function that builds a model."""
        variables = self.variables(model)
        uids: list[int] = []

        def moved(tree: Tree) -> Tree:
            return transform(
                tree,
                lambda part: Ref(uids[part.source], part.path) if isinstance(part, Ref) and part.source >= 0 else None,
            )

        steps = []
        for call in model.calls:
            if call.kind is CallKind.OPERATION:
                kind = StepKind.OPERATION
                callee: Tree = Code(call.function)
            elif call.layer in variables:
                kind, callee = StepKind.NAMED, Code(variables[call.layer])
            else:
                kind, callee = StepKind.LAYER, self.made(model.layers[call.layer])
            args = tuple(moved(arg) for arg in call.args)
            kwargs = tuple((key, moved(value)) for key, value in call.kwargs)
            uids.append(next(self.counter))
            steps.append(Step(uids[-1], kind, callee, args, kwargs, call.outputs))
        words = ((variables[number], layer.words) for number, layer in enumerate(model.layers) if layer.words)
        return Routine(
            f"build_{self.names[self.models.index(model)]}",
            len(model.inputs),
            (),
            tuple(steps),
            moved(model.output_tree),
            model_facts(model),
            tuple((variable, self.made(model.layers[number])) for number, variable in variables.items()),
            words=tuple(words),
        )


def model_facts(model: SavedModel) -> Model:
    """What the function that builds a model makes of its steps."""
    return Model(
        "" if model.generated else model.name,
        tuple(map(_input, model.inputs)),
        model.input_tree,
        model.sequential,
        model.frozen,
        model.build_shape,
    )


def _input(item: SavedInput) -> Input:
    sizes = tuple(None if size is None else Plain(size) for size in item.shape[1:])
    return Input(item.name, sizes, item.dtype, item.shape[0] if item.shape else None, item.generated, item.options)
