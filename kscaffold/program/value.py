"""A program that builds models: functions of steps, where a step may be a loop over steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from kscaffold.base.place import Place
from kscaffold.program.argument import Argument
from kscaffold.program.tree import Code, Object, Ref, Text, Tree, refs


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
        callee: What makes the layer, or the name of what is called; what a loop goes over; when an `if` is done.
        args: What is called with; for a loop, the value that it begins with; for an `if`, what it leaves as it is.
        kwargs: Further arguments; for a function of the program, its parameters.
        outputs: Where its values are in what it gives; none where that is not known.
        body: The steps of a loop or an `if`. In a loop its own number stands for the value that is handed on.
        result: What a loop hands on, or an `if` gives.
        kept: The values of each round that a loop collects in lists, by the key of the list in what the loop gives.
        label: The class of the layer, where what is called does not tell.
        names: The variables of its values, where somebody has named them: one, or one for each value.
        place: Where a spec says so.
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
    kept: tuple[tuple[str, Ref], ...] = ()
    label: str = ""
    names: tuple[str, ...] = ()
    place: Place | None = None

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

    @property
    def is_function(self) -> bool:
        """Whether it calls a function by its name, and is no operator."""
        return self.kind is StepKind.OPERATION and self.class_name.isidentifier()

    @property
    def is_activation(self) -> bool:
        """Whether it calls an argument of the layer that it is in."""
        is_operation = self.kind is StepKind.OPERATION and isinstance(self.callee, Code)
        return is_operation and self.callee.text.startswith("self.")  # type: ignore[union-attr]

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
    """A parameter of a function; `argument` is what a spec says of it: its type, its checks, its docstring."""

    name: str
    default: Tree | None = None
    argument: Argument | None = None


@dataclass(frozen=True)
class Input:
    """An input of a model.

    Attributes:
        name: Its name; in code where it is `generated`, for Keras, too, where it is not.
        sizes: The shape of one example, without the batch axis; `None` where a size is not fixed.
        options: Further arguments that are true: sparse, ragged, optional.
        below: What whole numbers in it have to be less than, where a spec says so.
    """

    name: str
    sizes: tuple[Tree | None, ...]
    dtype: str = "float32"
    batch_size: int | None = None
    generated: bool = False
    options: tuple[str, ...] = ()
    place: Place | None = None
    below: Tree | None = None


@dataclass(frozen=True)
class Model:
    """What a function that builds a model makes of its steps.

    Attributes:
        name: The name that Keras is told, a `Text` where a parameter is in it; empty where Keras may name it.
        inputs: None for a `Sequential` that nobody has told its input.
        input_tree: How it is given its inputs: one, a list, a dictionary.
        build_shape: For a `Sequential` without an input, the shape that it is built for.
    """

    name: str | Text
    inputs: tuple[Input, ...]
    input_tree: Tree
    sequential: bool = False
    frozen: bool = False
    build_shape: tuple[int | None, ...] | None = None


@dataclass(frozen=True)
class Cut:
    """A model cut out of another one, whose layers it shares.

    Attributes:
        builder: The function that builds the other model.
        inputs: The layers or inputs of the other model whose outputs it takes.
        outputs: The layers of the other model whose outputs it gives.
        starts: The values of the other model that it takes; those that it gives are its ends.
        takes: Its inputs, where its layers are called once more: a class has none that could be taken out of it.
    """

    name: str
    builder: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    place: Place
    starts: tuple[Ref, ...]
    ends: tuple[Ref, ...]
    takes: tuple[Input, ...] = ()


@dataclass(frozen=True)
class Described:
    """What a spec says for a docstring: its first line, if it is not told from the steps; the shapes by their names."""

    summary: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Routine:
    """A function of the program.

    Attributes:
        inputs: How many values it takes, besides the parameters.
        model: The model that it builds; `None` for a function that applies layers.
        layers: What makes the layers and models that have a variable in it, by that.
        widths: Sizes that it finds out from the first value that it takes, by their variables.
        words: The words that some of those layers learned, by the variable.
        input_names: The names of the values that it takes, where a spec gives them.
        cut: What it cuts out of a model; it has no steps then.
        places: Where a spec says of the layers and models that have a variable, by that.
    """

    name: str
    inputs: int
    parameters: tuple[Parameter, ...]
    steps: tuple[Step, ...]
    result: Tree
    model: Model | None = None
    layers: tuple[tuple[str, Tree], ...] = ()
    widths: tuple[tuple[str, Tree], ...] = ()
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    input_names: tuple[str, ...] = ()
    cut: Cut | None = None
    described: Described = Described()
    places: tuple[tuple[str, Place], ...] = ()


@dataclass(frozen=True)
class Program:
    """Functions, each behind those that it calls; the last that is not a cut builds the model."""

    routines: tuple[Routine, ...]

    @property
    def main(self) -> Routine:
        """The function that builds the model."""
        return next(routine for routine in reversed(self.routines) if routine.cut is None)


def every_step(steps: Iterable[Step]) -> Iterator[Step]:
    """Steps and those inside loops."""
    for step in steps:
        yield step
        yield from every_step(step.body)
