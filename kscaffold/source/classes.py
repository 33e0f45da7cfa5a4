"""A program as classes: a model, and a layer for each of its functions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kscaffold.base.naming import to_class_name, unique
from kscaffold.keras_data import catalogue
from kscaffold.program.lift import lift_loops, names_only, parameters_given
from kscaffold.program.tree import Code, Listing, Object, Plain, Ref, Tree, Variable, transform
from kscaffold.program.value import Parameter, Program, Routine, Step, StepKind, every_step
from kscaffold.source.docstrings import summary
from kscaffold.source.functions import maker, parameters_source, parts_of
from kscaffold.source.parts import Function

# What leaves each step of a sequence where it is.
ELEMENTWISE = (
    "+ - * / ** add subtract multiply divide power abs clip exp expm1 gelu leaky_relu log log1p maximum minimum"
    " negative relu rsqrt sigmoid sign silu sin cos softplus sqrt square stop_gradient tanh"
).split()
# What does where it is along the last axis alone.
ALONG_AN_AXIS = "concatenate max mean min norm normalize softmax std sum var".split()
KEEPING = ("concatenate", "normalize", "softmax")  # of these, what keeps the axis
# Layers that give whole numbers, which a dtype policy knows nothing of, unless they are told to encode them.
LOOKING_UP = ("Discretization", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization")
INT = Plain("int")
OWN_DTYPE = Code("self.dtype_policy")


class Module:
    """What the classes of a program share.

    Attributes:
        name: The class of the model.
        inputs: How many values each function takes.
        unneeded: The parameters of each function that only names of layers depend on.
        classes: The class that each function becomes; those that make a layer without calling it stay functions.
        training: The functions whose classes take `training`.
        autocasts: Whether the classes cast their inputs: not where layers have types of their own.
        masks: Whether some layer makes a mask.
    """

    def __init__(self, program: Program, name: str) -> None:
        self.program = lift_loops(program)
        self.name = name
        self.routines = {routine.name: routine for routine in self.program.routines}
        self.inputs = {routine.name: routine.inputs for routine in self.program.routines}
        self.unneeded = names_only(self.program)
        objects = [part for part in parts_of(self.program.routines) if isinstance(part, Object)]
        taken = {part.class_name for part in objects if ":" in part.target}
        self.classes = {self.program.main.name: name}
        for routine in self.program.routines[:-1]:
            if not is_maker(routine):
                wanted = to_class_name(routine.name.removeprefix("build_"))
                self.classes[routine.name] = unique(wanted, (*taken, *self.classes.values()))
        models = [routine.model for routine in self.program.routines if routine.model]
        types = {item.dtype for model in models for item in model.inputs if "float" in item.dtype}
        keywords = [dict(part.keywords) for part in objects]
        self.autocasts = types <= {"float32"} and not any("dtype" in given for given in keywords)
        self.masks = any(part.class_name == "Masking" for part in objects)
        self.masks |= any(given.get("mask_zero") == Plain(True) for given in keywords)
        self.training: set[str] = set()
        for routine in self.program.routines:
            if self._trains(routine):
                self.training.add(routine.name)

    def _trains(self, routine: Routine) -> bool:
        """Whether the class of a routine takes `training`: a layer in it does, or somebody says it in a call."""
        for step in every_step(routine.steps):
            said = dict(step.kwargs).get("training")
            if said == Plain(True) or (said is None and self.takes_training(step, routine)):
                return True
        for caller in self.program.routines:
            told = {step.class_name for step in every_step(caller.steps) if "training" in dict(step.kwargs)}
            for name, made in caller.layers:
                if name in told and isinstance(made, Object) and made.target == f":{routine.name}":
                    return True
        return False

    def takes_training(self, step: Step, routine: Routine) -> bool:
        """Whether what a step calls behaves differently in training."""
        if step.kind is StepKind.INVOKE:
            called = self.routines[step.class_name]
            return called.name in self.training or (is_maker(called) and layer_trains(called.steps[0].callee))
        if step.kind is StepKind.NAMED:
            made = dict(routine.layers)[step.class_name]
            assert isinstance(made, Object)
            return made.target.removeprefix(":") in self.training or layer_trains(made)
        return step.kind is StepKind.LAYER and layer_trains(step.callee)

    def passes_mask(self, routine: Routine) -> bool:
        """Whether all that a routine does keeps the steps of a sequence."""
        return routine.inputs == 1 and all(
            self._keeps_steps(step, dict(routine.layers)) for step in every_step(routine.steps)
        )

    def _keeps_steps(self, step: Step, named: Mapping[str, Tree]) -> bool:
        if step.kind is StepKind.INVOKE:
            return self.passes_mask(self.routines[step.class_name])
        if step.kind is StepKind.OPERATION:
            given = dict(step.kwargs)
            if step.class_name in ALONG_AN_AXIS:
                kept = given.get("keepdims") == Plain(True) or step.class_name in KEEPING
                return kept and given.get("axis") == Plain(-1)
            times_weight = step.class_name in ("@", "matmul") and isinstance(step.args[-1], Code)
            return times_weight or step.is_activation or step.class_name in ELEMENTWISE
        if step.kind is StepKind.NAMED:
            return (known := of_keras(named[step.class_name])) is not None and known.keeps_steps
        if step.kind is StepKind.LAYER:
            return (known := of_keras(step.callee)) is not None and known.keeps_steps
        return step.kind in (StepKind.LOOP, StepKind.IF)

    def parameters(self, routine: Routine) -> list[Parameter]:
        """The parameters of a routine that its class needs, required ones first."""
        kept = [item for item in routine.parameters if item.name not in self.unneeded[routine.name]]
        return sorted(kept, key=lambda item: item.default is not None)

    def made(self, tree: Tree, dtype: Tree = OWN_DTYPE) -> Tree:
        """What makes a layer: without a name, with the dtype policy of what it belongs to, of classes of the module."""

        def typed(part: Object) -> Object:
            given = dict(part.keywords)
            if "dtype" in given or (part.class_name in LOOKING_UP and given.get("output_mode", INT) == INT):
                return part
            return replace(part, keywords=(*part.keywords, ("dtype", dtype)))

        def change(part: Tree) -> Tree | None:
            if not isinstance(part, Object):
                return None
            builder = part.target.removeprefix(":")
            if part.target.startswith(":") and builder in self.classes:
                return typed(replace(part, target=f":{self.classes[builder]}"))
            is_layer = part is tree or part.target.startswith("layers.")
            kept = (pair for pair in part.keywords if not (is_layer and pair[0] == "name"))
            inner = replace(part, keywords=tuple((key, transform(value, change)) for key, value in kept))
            return typed(inner) if is_layer else inner

        return transform(tree, change)

    def invoked(self, step: Step) -> Object:
        """What makes the layer of a call of a function of the program."""
        routine = self.routines[step.class_name]
        placed = {item.name for item in routine.parameters[: len(step.args) - routine.inputs]}
        kept = {item.name: item for item in self.parameters(routine)}
        positional: list[tuple[str, Tree]] = []
        named: list[tuple[str, Tree]] = []
        for name, value in parameters_given(self.program, step):
            if name not in kept:
                continue
            # What has a default can only be named in the constructor of a class, unless it is the first.
            in_place = not named and list(kept)[len(positional)] == name
            in_place = in_place and name in placed and (kept[name].default is None or not positional)
            (positional if in_place else named).append((name, value))
        target = f":{self.classes.get(routine.name, routine.name)}"
        return Object(target, (*positional, *named, ("dtype", OWN_DTYPE)), len(positional))

    def maker(self, routine: Routine) -> Function:
        """A function that makes an object, or a layer that somebody else calls."""
        listed = parameters_source(self.parameters(routine))
        if not routine.steps:
            return maker(routine, listed, routine.result)
        made = self.made(routine.steps[0].callee, Variable("dtype"))
        words = summary(routine, self.routines).removeprefix("Applies ").rstrip(".").removeprefix("a ")
        return maker(routine, [*listed, "dtype=None"], made, words)


def is_maker(routine: Routine) -> bool:
    """Whether a function makes an object, or does nothing but call one layer that it makes."""
    if routine.model is not None or routine.input_names or len(routine.steps) > 1:
        return False
    if not routine.steps:
        return True
    (step,) = routine.steps
    plain = step.kind is StepKind.LAYER and not step.kwargs and step.outputs == ((),)
    return plain and step.args == (Ref(-1),) and routine.inputs == 1 and routine.result == Ref(step.uid)


def of_keras(made: Tree) -> catalogue.Signature | None:
    """What Keras says of a layer of its own, `None` for any other."""
    if not isinstance(made, Object) or not made.target.startswith("layers."):
        return None
    return catalogue.find_class(made.class_name) if catalogue.is_layer(made.class_name) else None


def layer_trains(made: Tree) -> bool:
    """Whether a layer of Keras takes `training`; Keras tells custom ones where they do."""
    return (known := of_keras(made)) is not None and known.trains


def input_structure(routine: Routine) -> Tree:
    """How a class is given its inputs."""
    if routine.model is not None:
        return routine.model.input_tree
    return one_or_list([Ref(-1 - index) for index in range(routine.inputs)])


def one_or_list(values: Sequence[Tree]) -> Tree:
    """How several values are given: as a list, and one as it is."""
    return values[0] if len(values) == 1 else Listing("[]", tuple(values))
