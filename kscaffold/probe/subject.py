"""What is checked: a class of the user's, and how to make one, build it, call it and put it into a model."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import keras
import numpy as np

Shape = tuple[int | None, ...]


class Subject:
    """A layer class under check.

    Args:
        module: The user's module.
        wanted: `construct`, the source that makes a layer; `inputs`, a list of `{"shape": …, "dtype": …}` without the
            batch axis; `call`, one of "single", "list", "arguments" and "cell".

    Attributes:
        facts: What rules find out on their way: shapes and the number of parameters, for the report.
    """

    def __init__(self, module: ModuleType, wanted: dict[str, Any]) -> None:
        self.module = module
        self.construct: str = wanted["construct"]
        self.inputs: list[dict[str, Any]] = wanted["inputs"]
        self.call_style: str = wanted["call"]
        self.facts: dict[str, Any] = {}

    def make(self) -> Any:
        """A new layer."""
        names = {**vars(self.module), "keras": keras}
        return eval(compile(self.construct, "<construct>", "eval"), names)

    def arrange(self, values: list[Any]) -> tuple[Any, ...]:
        """One value for each input as positional arguments of a call."""
        return (list(values),) if self.call_style == "list" else tuple(values)

    def shapes(self, batch_size: int | None) -> tuple[Any, ...]:
        """The input shapes as the arguments of `build` and `compute_output_shape`."""
        shapes: list[Any] = [(batch_size, *item["shape"]) for item in self.inputs]
        if self.call_style == "cell":
            shapes = [(batch_size, *item["shape"][1:]) for item in self.inputs]
        return self.arrange(shapes)

    def build(self, layer: Any) -> None:
        """Builds a layer for the input shapes alone."""
        layer.build(*self.shapes(None))

    def symbolic_inputs(self) -> list[Any]:
        """`keras.Input`s with an unknown batch size."""
        return [keras.Input(item["shape"], dtype=item["dtype"]) for item in self.inputs]

    def arrays(self, batch_size: int, seed: int = 0) -> list[Any]:
        """Random inputs for one batch."""
        generator = np.random.default_rng(seed)
        return [generator.normal(size=(batch_size, *item["shape"])).astype(item["dtype"]) for item in self.inputs]

    def callable(self, layer: Any) -> Any:
        """What takes the inputs: the layer, or for a cell the RNN around it."""
        return keras.layers.RNN(layer) if self.call_style == "cell" else layer

    def call(self, layer: Any, values: list[Any], **arguments: Any) -> Any:
        """The outputs of a layer, or of its cell's RNN, for one value an input."""
        return self.callable(layer)(*self.arrange(values), **arguments)

    def model(self) -> Any:
        """A functional model with nothing but a new layer."""
        inputs = self.symbolic_inputs()
        return keras.Model(inputs, self.call(self.make(), inputs))

    def train_one_step(self) -> tuple[float, list[str]]:
        """Trains for one step of gradient descent towards random targets.

        Returns:
            The loss, and the paths of the trainable weights that the step left as they were.
        """
        model = self.model()
        # Keras refuses to train where no weight has a gradient; with this one there always is.
        trained = keras.Model(model.inputs, [Gain()(output) for output in model.outputs])
        arrays = self.arrays(4)
        generator = np.random.default_rng(1)
        targets = [generator.normal(size=output.shape) for output in self.numbers(model(arrays))]
        before = self.numbers(model.trainable_weights)
        # XLA would take longer to compile this one step than everything else here.
        trained.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
        loss = float(trained.train_on_batch(arrays, targets))
        after = self.numbers(model.trainable_weights)
        moved = [not np.array_equal(one, other) for one, other in zip(before, after, strict=True)]
        return loss, [own_path(weight) for weight, has in zip(model.trainable_weights, moved, strict=True) if not has]

    def numbers(self, outputs: Any) -> list[Any]:
        """All output tensors as arrays."""
        return [keras.ops.convert_to_numpy(tensor) for tensor in keras.tree.flatten(outputs)]


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


def difference(first: list[Any], second: list[Any]) -> str | None:
    """How two lists of arrays differ, in words; `None` if they are equal up to rounding."""
    if [array.shape for array in first] != [array.shape for array in second]:
        return f"shapes {[array.shape for array in first]} became {[array.shape for array in second]}"
    for one, other in zip(first, second, strict=True):
        if not np.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True):
            worst = float(np.max(np.abs(one.astype("float64") - other.astype("float64"))))
            return f"the largest difference is {worst:.3g}"
    return None
