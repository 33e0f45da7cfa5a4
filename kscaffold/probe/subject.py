"""What rules are given: a layer or model of the user's, and how to make one, build it, call it and train it."""

import contextlib
import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar
from unittest.mock import patch

import keras
import numpy as np

from . import protocol
from .adapting import adapted
from .arguments import parameters
from .arrays import alone, difference, numbers, random_array
from .attributes import code_of, own_classes
from .configs import saved_config
from .protocol import CalledLayer, CallStyle, Feed, Shape
from .rule import OfSaved, Problem, Rule

SEED_STATE = "seed_generator_state"
COMPILED = 1e-4  # how far numbers may be apart, relative to them, where operations are in another order
SEVERAL = 5  # examples: a number that no argument is likely to have
Defects = Iterator[str | Problem]  # what a rule gives


@dataclass
class Facts:
    """What rules find out on their way: for the verdict, see `protocol.Verdict`, and for rules that come after them.

    Attributes:
        unmoved: The paths of the trainable weights that a step of training leaves as they are.
        cut: The indices of the inputs that its gradient does not reach; none where a model trains itself.
        teaches_nothing: Whether a step with a loss leaves all weights as they are.
        breaks_when_right: Whether a step with a loss on targets that are predicted exactly leaves no finite weights.
    """

    input_shapes: tuple[Shape, ...] = ()
    output_shapes: tuple[Shape, ...] = ()
    parameters: int | None = None
    trainable: int | None = None
    layers: tuple[CalledLayer, ...] | None = None
    unmoved: list[str] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    teaches_nothing: bool = False
    breaks_when_right: bool = False


@dataclass(eq=False)
class Subject:
    """A layer or model under check.

    Attributes:
        module: The user's module.
        wanted: What it is, how it is made, and what is fed to it.
        path: The user's file.
        first_line: The line there that it begins in, if nobody described it.
        unchangeable: Why it cannot be made with other arguments; empty if it can.
        kinds: The words for what it is: what Keras calls it, "saved" if a file keeps its config, and "any".
    """

    kinds: ClassVar[frozenset[str]] = frozenset({"layer", "saved", "any"})
    module: ModuleType
    wanted: protocol.Subject
    path: str = ""
    first_line: int | None = None
    unchangeable: str = ""
    facts: Facts = field(default_factory=Facts)

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """What is fed to each input."""
        return self.wanted.feeds

    def is_tried_on(self, rule: Rule) -> bool:
        """Whether a rule is about it. Whatever a saved model does is right, so few are about one made from that.

        Where inputs can be made for a class, also what Keras asks of every class: building, config, saving.
        """
        if self.kinds.isdisjoint(rule.kinds):
            return False
        if self.wanted.saved is None or rule.of_saved is OfSaved.ALL:
            return True
        return rule.of_saved is OfSaved.CLASSES and bool(self.feeds)

    def make(self, **changes: Any) -> Any:
        """A new layer or model, with changes of its arguments."""
        if not changes:
            return self.new()
        given: dict[int, dict[str, Any]] = {}
        names = [parameter.name for parameter in parameters(self.cls)]
        original: Any = self.cls.__init__  # type: ignore[misc]

        def noting(made: Any, *values: Any, **keywords: Any) -> None:
            given[id(made)] = {**dict(zip(names, values, strict=False)), **keywords}
            original(made, *values, **keywords)

        # Layers among the arguments get the policy that the layer is given, as they would from whoever writes both.
        with global_policy(changes.get("dtype")), patch.object(self.cls, "__init__", noting):
            made = self.new()
        return adapted(type(made)(**{**given[id(made)], **changes}))

    def new(self) -> Any:
        """A new layer or model."""
        return adapted(self.evaluate(self.wanted.construct))

    @functools.cached_property
    def cls(self) -> type:
        """The class of what is made."""
        return type(self.new())

    @property
    def is_made_by_class(self) -> bool:
        """Whether the user wrote its class: what a function returns may be a model of Keras'."""
        return not self.cls.__module__.startswith("keras.src.")

    @property
    def is_model(self) -> bool:
        """Whether it is a model."""
        return issubclass(self.cls, keras.Model)

    def defines(self, method: str) -> bool:
        """Whether the user's classes define a method."""
        return any(method in vars(cls) for cls in own_classes(self.cls))

    def line(self, methods: tuple[str, ...]) -> int | None:
        """The first line of the first of some methods that stands in the user's file, else that of the class."""
        codes = (code_of(vars(cls).get(method)) for method in methods for cls in own_classes(self.cls))
        return next((code.co_firstlineno for code in codes if code and code.co_filename == self.path), self.first_line)

    def evaluate(self, source: str, **names: Any) -> Any:
        """The value of an expression in the user's module."""
        return eval(compile(source, "<construct>", "eval"), {**vars(self.module), "keras": keras, **names})

    def known_classes(self) -> contextlib.AbstractContextManager[None]:
        """Inside, Keras finds the module's classes by their names, whether they are registered or not."""
        classes = {
            name: item
            for name, item in vars(self.module).items()
            if inspect.isclass(item) and getattr(item, "__module__", "") == self.module.__name__
        }
        if self.is_made_by_class:
            classes[self.cls.__name__] = self.cls
        scope: contextlib.AbstractContextManager[None] = keras.saving.custom_object_scope(classes)
        return scope

    def rebuilt(self, layer: Any) -> Any:
        """A new layer from the config of one, as it stands in a file."""
        with self.known_classes():
            return adapted(keras.saving.deserialize_keras_object(saved_config(layer)))

    def arrange(self, values: list[Any]) -> tuple[Any, ...]:
        """One value for each input as positional arguments of a call."""
        if self.wanted.call is CallStyle.DICT:
            return ({feed.name: value for feed, value in zip(self.feeds, values, strict=True)},)
        return (list(values),) if self.wanted.call is CallStyle.LIST else tuple(values)

    def shape_arguments(self, method: Any, shapes: list[Any]) -> tuple[Any, ...]:
        """The input shapes as Keras gives them to `build` or `compute_output_shape` of a layer.

        A method with one parameter gets those of the first argument of the call alone.
        """
        kinds = [parameter.kind for parameter in inspect.signature(method).parameters.values()]
        takes_one = len(kinds) == 1 and kinds[0] is not inspect.Parameter.VAR_POSITIONAL
        arranged = self.arrange(shapes)
        return arranged[:1] if takes_one or getattr(method, "_is_default", False) else arranged

    def build(self, layer: Any) -> None:
        """Builds a layer for the input shapes alone; a model that is made built stays as it is."""
        if not (isinstance(layer, keras.Model) and layer.built):
            steps = 1 if self.wanted.call is CallStyle.CELL else 0
            shapes = [(None, *feed.shape[steps:]) for feed in self.feeds]
            layer.build(*self.shape_arguments(layer.build, shapes))

    def symbolic_inputs(self) -> list[Any]:
        """`keras.Input`s with an unknown batch size."""
        return [keras.Input(feed.shape, dtype=feed.dtype, name=feed.name or None) for feed in self.feeds]

    def arrays(self, batch_size: int, seed: int = 0) -> list[Any]:
        """Random inputs for one batch: arrays, or tensors where there are texts, which Keras takes as tensors alone."""
        generator = np.random.default_rng(seed)
        arrays = [random_array(generator, batch_size, feed) for feed in self.feeds]
        if not any(feed.dtype == "string" for feed in self.feeds):
            return arrays
        return [
            keras.ops.convert_to_tensor(array.tolist(), dtype=feed.dtype)
            for array, feed in zip(arrays, self.feeds, strict=True)
        ]

    def callable(self, layer: Any) -> Any:
        """What takes the inputs: the layer, or for a cell the RNN around it."""
        return keras.layers.RNN(layer, dtype=layer.dtype_policy) if self.wanted.call is CallStyle.CELL else layer

    def call(self, layer: Any, values: list[Any], **arguments: Any) -> Any:
        """The outputs of a layer, or of its cell's RNN, for one value an input."""
        return self.callable(layer)(*self.arrange(values), **arguments)

    def make_called(self) -> tuple[Any, tuple[Any, ...]]:
        """A new layer, or the RNN around a new cell, that was called once, and the arguments of that call."""
        layer, arguments = self.callable(self.make()), self.arrange(self.arrays(SEVERAL))
        layer(*arguments)
        return layer, arguments

    @functools.cached_property
    def called(self) -> Any:
        """A layer, or the RNN around a cell, that is built and was called on data; rules leave it as it is."""
        return self.make_called()[0]

    @property
    def called_itself(self) -> Any:
        """The layer that is `called`, or the cell in that RNN."""
        return self.called.cell if self.wanted.call is CallStyle.CELL else self.called

    @property
    def seeds(self) -> list[Any]:
        """The variables of `called` that random numbers are drawn with."""
        return [variable for variable in self.called.variables if SEED_STATE in variable.path]

    @contextlib.contextmanager
    def kept(self) -> Iterator[Any]:
        """Gives `called`, and afterwards its variables the values back that they had before."""
        before = [(variable, values_of(variable)) for variable in self.called.variables]
        try:
            yield self.called
        finally:
            for variable, value in before:
                variable.assign(value)

    def infer(self, values: list[Any]) -> list[Any]:
        """The outputs of `called` for one value an input, as arrays; its variables stay as they are."""
        with self.kept() as layer:
            return numbers(layer(*self.arrange(values), training=False))

    @functools.cached_property
    def symbolic(self) -> tuple[list[Any], Any]:
        """`keras.Input`s, and what a new layer gives for them."""
        inputs = self.symbolic_inputs()
        return inputs, self.call(self.make(), inputs)

    def model(self) -> Any:
        """A new model, or a functional model with nothing but a new layer."""
        made = self.make()
        if isinstance(made, keras.Model):
            self.build(made)
            return made
        inputs = self.symbolic_inputs()
        return keras.Model(alone(inputs), self.call(made, inputs))

    @functools.cached_property
    def used_model(self) -> Any:
        """What `model` gives, called on data, as Keras wants it before it is saved; rules may change its weights."""
        model = self.model() if self.is_model else keras.Model(alone(self.symbolic[0]), self.symbolic[1])
        self.outputs(model, 2)
        return model

    def outputs(self, model: Any, batch_size: int, training: bool = False) -> list[Any]:
        """The outputs of what `model` gives, for one batch, as arrays."""
        return numbers(model(*self.model_arguments(self.arrays(batch_size)), training=training))

    def differ_from(self, model: Any, outputs: list[Any]) -> str | None:
        """How outputs for `arrays(3)` differ from those of what `model` gives; `None` too if these are random."""
        different = difference(self.outputs(model, 3), outputs, COMPILED)
        return None if different and (self.varies_at_inference or self.draws_at_inference) else different

    def model_arguments(self, values: list[Any]) -> tuple[Any, ...]:
        """One value an input as what `model` gives takes them: the model around a layer takes a list."""
        return self.arrange(values) if self.is_model else (alone(values),)

    @functools.cached_property
    def varies_at_inference(self) -> str | None:
        """How two calls at inference on the same data with the same variables differ."""
        arrays = self.arrays(3)
        return difference(self.infer(arrays), self.infer(arrays))

    @functools.cached_property
    def changed_at_inference(self) -> list[Any]:
        """The variables of `called` that a call at inference changes; they are changed back."""
        with self.kept() as layer:
            before = [(variable, values_of(variable)) for variable in layer.variables]
            layer(*self.arrange(self.arrays(4, seed=7)), training=False)
            return [variable for variable, value in before if not np.array_equal(value, values_of(variable))]

    @property
    def draws_at_inference(self) -> bool:
        """Whether a call at inference takes random numbers from a seed that Keras knows."""
        return any(SEED_STATE in variable.path for variable in self.changed_at_inference)


def values_of(variable: Any) -> Any:
    """The values that a variable has now, as an array."""
    return keras.ops.convert_to_numpy(variable.value).copy()


@contextlib.contextmanager
def global_policy(policy: str | None) -> Iterator[None]:
    """Inside, layers that are made have a policy; `None` for the one that they have anyway."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy or before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def own_path(variable: Any) -> str:
    """The path of a variable inside its layer: the name of the layer has a number that says nothing."""
    return str(variable.path).partition("/")[2] or str(variable.path)
