"""What is checked: a class of the user's, and how to make one, build it, call it and put it into a model."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import keras
import numpy as np

Shape = tuple[int | None, ...]


class Subject:
    """A layer or model under check.

    Args:
        module: The user's module.
        wanted: `construct`, the source that makes it; `inputs`, a list of `{"shape": …, "dtype": …, "below": …}`
            without the batch axis; `call`, one of "single", "list", "arguments" and "cell"; for a model made from a
            graph, `layers` and `parts` as in `kscaffold.check.Subject`.

    Attributes:
        facts: What rules find out on their way: shapes and the number of parameters, for the report.
    """

    def __init__(self, module: ModuleType, wanted: dict[str, Any]) -> None:
        self.module = module
        self.construct: str = wanted["construct"]
        self.inputs: list[dict[str, Any]] = wanted["inputs"]
        self.call_style: str = wanted["call"]
        self.layers: dict[str, int] = wanted.get("layers", {})
        self.parts: list[str] = wanted.get("parts", [])
        self.facts: dict[str, Any] = {}

    def make(self) -> Any:
        """A new layer or model."""
        return self.evaluate(self.construct)

    def evaluate(self, source: str, **names: Any) -> Any:
        """The value of an expression in the user's module."""
        return eval(compile(source, "<construct>", "eval"), {**vars(self.module), "keras": keras, **names})

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
        """Builds a layer for the input shapes alone; a model that is made built stays as it is."""
        if not (isinstance(layer, keras.Model) and layer.built):
            layer.build(*self.shapes(None))

    def symbolic_inputs(self) -> list[Any]:
        """`keras.Input`s with an unknown batch size."""
        return [keras.Input(item["shape"], dtype=item["dtype"]) for item in self.inputs]

    def arrays(self, batch_size: int, seed: int = 0) -> list[Any]:
        """Random inputs for one batch."""
        generator = np.random.default_rng(seed)
        return [random_array(generator, batch_size, item) for item in self.inputs]

    def callable(self, layer: Any) -> Any:
        """What takes the inputs: the layer, or for a cell the RNN around it."""
        return keras.layers.RNN(layer) if self.call_style == "cell" else layer

    def call(self, layer: Any, values: list[Any], **arguments: Any) -> Any:
        """The outputs of a layer, or of its cell's RNN, for one value an input."""
        return self.callable(layer)(*self.arrange(values), **arguments)

    def model(self) -> Any:
        """A new model, or a functional model with nothing but a new layer."""
        made = self.make()
        if isinstance(made, keras.Model):
            self.build(made)
            return made
        inputs = self.symbolic_inputs()
        return keras.Model(inputs, self.call(made, inputs))

    def outputs(self, model: Any, batch_size: int) -> list[Any]:
        """The outputs of what `model` gives, for one batch, as arrays."""
        arrays = self.arrays(batch_size)
        return self.numbers(model(arrays if len(arrays) > 1 else arrays[0]))

    def train_one_step(self) -> tuple[float, list[str]]:
        """Trains for one step of gradient descent towards random targets.

        Returns:
            The loss, and the paths of the trainable weights that the step left as they were.
        """
        model = self.model()
        inputs = self.symbolic_inputs()
        outputs = keras.tree.flatten(model(inputs if len(inputs) > 1 else inputs[0]))
        # Keras refuses to train where no weight has a gradient; with this one there always is.
        trained = keras.Model(inputs, [Gain()(output) for output in outputs])
        arrays = self.arrays(4)
        generator = np.random.default_rng(1)
        targets = [generator.normal(size=output.shape) for output in self.outputs(model, 4)]
        before = self.numbers(model.trainable_weights)
        # XLA would take longer to compile this one step than everything else here.
        trained.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
        # With several outputs, the total comes first.
        loss = float(np.ravel(trained.train_on_batch(arrays, targets))[0])
        after = self.numbers(model.trainable_weights)
        moved = [not np.array_equal(one, other) for one, other in zip(before, after, strict=True)]
        return loss, [own_path(weight) for weight, has in zip(model.trainable_weights, moved, strict=True) if not has]

    def numbers(self, outputs: Any) -> list[Any]:
        """All output tensors as arrays."""
        return [keras.ops.convert_to_numpy(tensor) for tensor in keras.tree.flatten(outputs)]


UNFIXED_SIZE = 7  # what a size is in random inputs where it is not fixed


def random_array(generator: Any, batch_size: int, item: dict[str, Any]) -> Any:
    """Random numbers of the right shape and type for one input."""
    shape = (batch_size, *(UNFIXED_SIZE if size is None else size for size in item["shape"]))
    if item["dtype"] == "string":
        return np.full(shape, "text")
    if item["dtype"] == "bool":
        return generator.integers(0, 2, size=shape).astype(bool)
    if "int" in item["dtype"]:
        return generator.integers(0, item.get("below") or 10, size=shape).astype(item["dtype"])
    return generator.normal(size=shape).astype("float32" if item["dtype"] == "bfloat16" else item["dtype"])


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
