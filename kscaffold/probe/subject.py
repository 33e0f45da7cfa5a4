"""What is checked: a class of the user's, and how to make one, build it, call it and put it into a model."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import keras
import numpy as np

Shape = tuple[int | None, ...]
TRAINING = "training"
UNCHANGEABLE = "it is not known how it is made with other arguments"
NOT_OF_USERS = ("keras.", "builtins", "tensorflow.", "torch.", "jax.", "flax.")
SEED_STATE = "seed_generator_state"


class Subject:
    """A layer or model under check.

    Args:
        module: The user's module.
        wanted: `construct`, the source that makes it; `inputs`, a list of `{"shape": …, "dtype": …, "below": …,
            "name": …}` without the batch axis; `call`, one of "single", "list", "dict", "arguments" and "cell"; for a
            model made from a graph, `layers` and `parts`, and for one made from a saved one `saved`, as in
            `kscaffold.check.Subject`.
        path: The user's file.
        factory: Makes it, with changes of its arguments as keywords, instead of the source.
        changeable: Whether it can be made with changes of its arguments.

    Attributes:
        facts: What rules find out on their way: shapes and the number of parameters, for the report.
    """

    def __init__(
        self,
        module: ModuleType,
        wanted: dict[str, Any],
        path: str = "",
        factory: Callable[..., Any] | None = None,
        changeable: bool = True,
    ) -> None:
        self.module = module
        self.path = path
        self.construct: str = wanted["construct"]
        self.inputs: list[dict[str, Any]] = wanted["inputs"]
        self.call_style: str = wanted["call"]
        self.layers: dict[str, int] = wanted.get("layers", {})
        self.parts: list[str] = wanted.get("parts", [])
        self.saved: dict[str, Any] | None = wanted.get("saved")
        self.factory = factory
        self.changeable = changeable
        self.facts: dict[str, Any] = {}

    def make(self, **changes: Any) -> Any:
        """A new layer or model, with changes of its arguments."""
        if self.factory is not None:
            return self.factory(**changes)
        if not changes:
            return self.evaluate(self.construct)
        call = ast.parse(self.construct, mode="eval").body
        assert isinstance(call, ast.Call)
        # Layers among the arguments get the policy that the layer is given, as they would from whoever writes both.
        with global_policy(changes.get("dtype")):
            keywords = {item.arg: self.evaluate(ast.unparse(item.value)) for item in call.keywords if item.arg}
            positional = [self.evaluate(ast.unparse(item)) for item in call.args]
        function = self.evaluate(ast.unparse(call.func))
        bound = inspect.signature(function).bind_partial(*positional, **keywords)
        named = {name: value for name, value in bound.arguments.items() if name not in bound.kwargs}
        return function(**{**named, **bound.kwargs, **changes})

    @functools.cached_property
    def cls(self) -> type:
        """The class of what is made."""
        return type(self.make())

    @property
    def is_made_by_class(self) -> bool:
        """Whether the user wrote its class: what a function returns may be a model of Keras'."""
        return not self.cls.__module__.startswith("keras.src.")

    @property
    def is_model(self) -> bool:
        """Whether it is a model."""
        return issubclass(self.cls, keras.Model)

    @property
    def own_classes(self) -> list[type]:
        """Its class and its bases, down to Keras' own."""
        return [cls for cls in self.cls.__mro__ if not cls.__module__.startswith(NOT_OF_USERS)]

    def defines(self, method: str) -> bool:
        """Whether the user's classes define a method."""
        return any(method in vars(cls) for cls in self.own_classes)

    def line(self, methods: tuple[str, ...]) -> int | None:
        """The first line of the first of some methods that stands in the user's file, else that of the class."""
        for method in methods:
            for cls in self.own_classes:
                function = vars(cls).get(method)
                # Classmethods and properties hide what was written; Keras wraps `build`, `call` and others.
                inner = getattr(function, "__func__", getattr(function, "fget", function))
                code = getattr(inspect.unwrap(inner), "__code__", None) if callable(inner) else None
                if code is not None and code.co_filename == self.path:
                    return int(code.co_firstlineno)
        return None

    def evaluate(self, source: str, **names: Any) -> Any:
        """The value of an expression in the user's module."""
        return eval(compile(source, "<construct>", "eval"), {**vars(self.module), "keras": keras, **names})

    @contextlib.contextmanager
    def known_classes(self) -> Iterator[None]:
        """Inside, Keras finds the module's classes by their names, whether they are registered or not."""
        classes = {
            name: item
            for name, item in vars(self.module).items()
            if inspect.isclass(item) and getattr(item, "__module__", "") == self.module.__name__
        }
        if self.is_made_by_class:
            classes[self.cls.__name__] = self.cls
        with keras.saving.custom_object_scope(classes):
            yield

    def arrange(self, values: list[Any]) -> tuple[Any, ...]:
        """One value for each input as positional arguments of a call."""
        if self.call_style == "dict":
            return ({item["name"]: value for item, value in zip(self.inputs, values, strict=True)},)
        return (list(values),) if self.call_style == "list" else tuple(values)

    def shapes(self, batch_size: int | None) -> tuple[Any, ...]:
        """The input shapes as the arguments of `build` and `compute_output_shape`."""
        shapes: list[Any] = [(batch_size, *item["shape"]) for item in self.inputs]
        if self.call_style == "cell":
            shapes = [(batch_size, *item["shape"][1:]) for item in self.inputs]
        return self.arrange(shapes)

    def build(self, layer: Any) -> None:
        """Builds a layer for the input shapes alone; a model that is made built stays as it is."""
        if not (isinstance(layer, keras.Model) and layer.built):
            layer.build(*self.shapes(None))

    def symbolic_inputs(self) -> list[Any]:
        """`keras.Input`s with an unknown batch size."""
        return [keras.Input(item["shape"], dtype=item["dtype"], name=item.get("name")) for item in self.inputs]

    def arrays(self, batch_size: int, seed: int = 0) -> list[Any]:
        """Random inputs for one batch."""
        generator = np.random.default_rng(seed)
        return [random_array(generator, batch_size, item) for item in self.inputs]

    def callable(self, layer: Any) -> Any:
        """What takes the inputs: the layer, or for a cell the RNN around it."""
        return keras.layers.RNN(layer, dtype=layer.dtype_policy) if self.call_style == "cell" else layer

    def call(self, layer: Any, values: list[Any], **arguments: Any) -> Any:
        """The outputs of a layer, or of its cell's RNN, for one value an input."""
        return self.callable(layer)(*self.arrange(values), **arguments)

    @functools.cached_property
    def called(self) -> Any:
        """A layer, or the RNN around a cell, that is built and was called on `arrays(2)`; rules leave it as it is."""
        layer = self.callable(self.make())
        layer(*self.arrange(self.arrays(2)))
        return layer

    @contextlib.contextmanager
    def kept(self, layer: Any) -> Iterator[None]:
        """Gives the variables of a layer that is built the values back that they had before."""
        before = [(variable, keras.ops.convert_to_numpy(variable.value).copy()) for variable in layer.variables]
        try:
            yield
        finally:
            for variable, value in before:
                variable.assign(value)

    def infer(self, values: list[Any]) -> list[Any]:
        """The outputs of `called` for one value an input, as arrays."""
        return self.numbers(self.called(*self.arrange(values), training=False))

    def model(self) -> Any:
        """A new model, or a functional model with nothing but a new layer."""
        made = self.make()
        if isinstance(made, keras.Model):
            self.build(made)
            return made
        inputs = self.symbolic_inputs()
        return keras.Model(alone(inputs), self.call(made, inputs))

    def outputs(self, model: Any, batch_size: int, training: bool = False) -> list[Any]:
        """The outputs of what `model` gives, for one batch, as arrays."""
        return self.numbers(model(*self.model_arguments(model, self.arrays(batch_size)), training=training))

    def model_arguments(self, model: Any, values: list[Any]) -> tuple[Any, ...]:
        """One value an input as what `model` gives takes them: the model around a layer takes a list."""
        return self.arrange(values) if self.is_model else (alone(values),)

    def train_one_step(self) -> tuple[float, list[str], list[int]]:
        """Trains for one step of gradient descent towards random targets.

        Returns:
            The loss, the paths of the trainable weights that the step left as they were, and the indices of the inputs
            that no gradient reached.
        """
        model = self.model()
        inputs = self.symbolic_inputs()
        # Keras refuses to train where no weight has a gradient; with these there always is.
        gains = [Gain() if tensor.dtype.startswith("float") else None for tensor in inputs]
        scaled = [gain(tensor) if gain else tensor for gain, tensor in zip(gains, inputs, strict=True)]
        outputs = keras.tree.flatten(model(*self.model_arguments(model, scaled)))
        trained = keras.Model(alone(inputs), [Gain()(output) for output in outputs])
        arrays = self.arrays(4)
        generator = np.random.default_rng(1)
        targets = [generator.normal(size=output.shape) for output in self.outputs(model, 4, training=True)]
        before = self.numbers(model.trainable_weights)
        # XLA would take longer to compile this one step than everything else here.
        trained.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
        # With several outputs, the total comes first.
        loss = float(np.ravel(trained.train_on_batch(alone(arrays), alone(targets)))[0])
        after = self.numbers(model.trainable_weights)
        moved = [not np.array_equal(one, other) for one, other in zip(before, after, strict=True)]
        unmoved = [own_path(weight) for weight, has in zip(model.trainable_weights, moved, strict=True) if not has]
        cut = [
            index for index, gain in enumerate(gains) if gain and float(keras.ops.convert_to_numpy(gain.gain)) == 1.0
        ]
        return loss, unmoved, cut

    def train_own_step(self) -> tuple[float, list[str]]:
        """Trains a model for a step of its own `train_step`, on its inputs and random targets, or on its inputs alone.

        Returns:
            The loss, and the paths of the trainable weights that the step left as they were.
        """
        model = self.model()
        arrays = self.arrays(4)
        generator = np.random.default_rng(1)
        targets = [generator.normal(size=output.shape) for output in self.outputs(model, 4, training=True)]
        inputs = self.model_arguments(model, arrays)[0]
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", jit_compile=False)
        before = self.numbers(model.trainable_weights)
        try:
            result = model.train_on_batch(inputs, targets if len(targets) > 1 else targets[0])
        except Exception:  # a model of the kind of an autoencoder has no targets
            result = model.train_on_batch(inputs)
        after = self.numbers(model.trainable_weights)
        moved = [not np.array_equal(one, other) for one, other in zip(before, after, strict=True)]
        unmoved = [own_path(weight) for weight, has in zip(model.trainable_weights, moved, strict=True) if not has]
        return float(np.ravel(result)[0]), unmoved

    def draws_at_inference(self) -> bool:
        """Whether a call at inference takes random numbers from a seed that Keras knows."""
        layer = self.called
        seeds = [variable for variable in layer.variables if SEED_STATE in variable.path]
        with self.kept(layer):
            before = self.numbers([seed.value for seed in seeds])
            self.infer(self.arrays(2))
            after = self.numbers([seed.value for seed in seeds])
        return any(not np.array_equal(one, other) for one, other in zip(before, after, strict=True))

    def numbers(self, outputs: Any) -> list[Any]:
        """All output tensors as arrays."""
        return [keras.ops.convert_to_numpy(tensor) for tensor in keras.tree.flatten(outputs)]


def alone(values: list[Any]) -> Any:
    """A single value as it is, several as the list that they are."""
    return values if len(values) > 1 else values[0]


UNFIXED_SIZE = 7  # what a size is in random inputs where it is not fixed


def random_array(generator: Any, batch_size: int, item: dict[str, Any]) -> Any:
    """Random numbers of the right shape and type for one input."""
    shape = (batch_size, *(UNFIXED_SIZE if size is None else size for size in item["shape"]))
    if item["dtype"] == "string":
        return np.full(shape, "text", dtype=object)
    if item["dtype"] == "bool":
        return generator.integers(0, 2, size=shape).astype(bool)
    if "int" in item["dtype"]:
        return generator.integers(0, item.get("below") or 10, size=shape).astype(item["dtype"])
    return generator.normal(size=shape).astype("float32" if item["dtype"] == "bfloat16" else item["dtype"])


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


class Gain(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types here
    """Multiplies by one trainable number."""

    def build(self, input_shape: Any) -> None:
        """Creates the number."""
        self.gain = self.add_weight(name="gain", shape=(), initializer="ones")

    def call(self, inputs: Any) -> Any:
        """The inputs, in floating point, times the number."""
        return keras.ops.cast(inputs, self.compute_dtype) * self.gain

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the inputs."""
        return input_shape


def difference(first: list[Any], second: list[Any], rtol: float = 1e-5, atol: float = 1e-6) -> str | None:
    """How two lists of arrays differ, in words; `None` if they are equal up to rounding."""
    if [array.shape for array in first] != [array.shape for array in second]:
        return f"shapes {[array.shape for array in first]} became {[array.shape for array in second]}"
    for one, other in zip(first, second, strict=True):
        if one.dtype.kind not in "fiub":
            if not np.array_equal(one, other):
                return "they hold other texts"
        elif not np.allclose(one, other, rtol=rtol, atol=atol, equal_nan=True):
            worst = float(np.max(np.abs(one.astype("float64") - other.astype("float64"))))
            return f"the largest difference is {worst:.3g}"
    return None
