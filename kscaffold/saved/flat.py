"""A saved model as a program: a statement for each call, without functions of its own."""

from dataclasses import replace
from itertools import count

from kscaffold.base.naming import identifier, unique
from kscaffold.program.tree import Code, Object, Plain, Ref, Text, Tree, transform
from kscaffold.program.value import Input, Model, Program, Routine, Step, StepKind
from kscaffold.saved.value import SavedFile, SavedInput, SavedLayer, SavedModel, embedded, every_model


def flat_program(file: SavedFile, name: str) -> Program:
    """The program of a saved model without functions of its own; in the code the model has that name."""
    models: list[SavedModel] = []
    for model in every_model(file.model):
        models += [] if model in models else [model]
    flat = _Flat(models, name, tuple(own for _, own in file.customs))
    return Program(tuple(map(flat.routine, models)))


class _Flat:
    def __init__(self, models: list[SavedModel], main: str, imported: tuple[str, ...]) -> None:
        self.models = models
        self.imported = imported
        self.uids = count(1)
        names: list[str] = []
        for model in models[:-1]:
            wanted = "part" if model.generated else identifier(model.name, "part")
            names.append(unique(wanted, (main, *names, *(own.removeprefix("build_") for own in imported))))
        self.names = [*names, main]

    def name(self, model: SavedModel) -> str:
        return self.names[self.models.index(model)]

    def builder(self, model: SavedModel) -> Object:
        return Object(f":build_{self.name(model)}")

    def made(self, layer: SavedLayer) -> Object:
        """What makes a layer or a model, with its name where somebody chose it."""
        if layer.model:
            return self.builder(layer.model)

        def change(part: Tree) -> Tree | None:
            return self.builder(*embedded(part)) if isinstance(part, Object) and part.target == "model" else None

        made = transform(layer.made, change)
        assert isinstance(made, Object)
        return made if layer.generated else replace(made, keywords=(*made.keywords, ("name", Text((layer.name,)))))

    def variables(self, model: SavedModel) -> dict[int, str]:
        """The variables of those layers that need one: they are called twice, are models, or learned words."""
        variables: dict[int, str] = {}
        taken = ("x", "outputs", "inputs", "keras", "layers", "ops", *self.imported)
        for number, layer in enumerate(model.layers):
            if layer.calls > 1 or layer.model or layer.words:
                stem = self.name(layer.model) if layer.model else layer.made.class_name
                wanted = identifier(stem if layer.generated else layer.name, "layer")
                variables[number] = unique(wanted, (*taken, *variables.values()))
        return variables

    def routine(self, model: SavedModel) -> Routine:
        variables = self.variables(model)
        uids: list[int] = []

        def moved(tree: Tree) -> Tree:
            def change(part: Tree) -> Tree | None:
                return Ref(uids[part.source], part.path) if isinstance(part, Ref) and part.source >= 0 else None

            return transform(tree, change)

        steps = []
        for call in model.calls:
            callee: Tree
            if call.function:
                kind, callee = StepKind.OPERATION, Code(call.function)
            elif call.layer in variables:
                kind, callee = StepKind.NAMED, Code(variables[call.layer])
            else:
                kind, callee = StepKind.LAYER, self.made(model.layers[call.layer])
            args = tuple(map(moved, call.args))
            kwargs = tuple((key, moved(value)) for key, value in call.kwargs)
            uids.append(next(self.uids))
            steps.append(Step(uids[-1], kind, callee, args, kwargs, call.outputs))
        inputs, told = tuple(map(_input, model.inputs)), "" if model.generated else model.name
        facts = Model(told, inputs, model.input_tree, model.sequential, model.frozen, model.build_shape)
        layers = tuple((variable, self.made(model.layers[number])) for number, variable in variables.items())
        words = tuple((variables[number], layer.words) for number, layer in enumerate(model.layers) if layer.words)
        name, result = f"build_{self.name(model)}", moved(model.output_tree)
        return Routine(name, len(inputs), (), tuple(steps), result, facts, layers, words=words)


def _input(item: SavedInput) -> Input:
    sizes = tuple(None if size is None else Plain(size) for size in item.shape[1:])
    return Input(item.name, sizes, item.dtype, item.shape[0] if item.shape else None, item.generated, item.options)
