"""A step of training, and what it reaches."""

import inspect
import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from .arrays import alone, numbers
from .attributes import misses_a_name
from .rule import CannotBeTried
from .subject import Subject, own_path
from .tensorflow_graph import has_graph, traced

BATCH = 4
NEARLY_ZERO = 1e-3  # behind such a factor, as it scales residual branches at first, a gradient is lost by rounding
OWN_TRAINING = ("train_step", "compute_loss", "compile")
SMALL = 0.05  # how far a weight is moved that is 0 at first: what it is multiplied by would get no gradient


class Shift(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types here
    """Adds a trainable number to each number of a batch.

    One for all of them would get no gradient in front of a layer that is invariant to it, such as a normalization.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.wanted = shape

    def build(self, input_shape: Any) -> None:
        """Creates the numbers."""
        self.shift = self.add_weight(name="shift", shape=self.wanted, initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """The inputs and the numbers."""
        # All of them: but how many that is, is nothing that the layer after this one may know.
        shift = self.shift[: keras.ops.shape(inputs)[0]]
        return inputs + keras.ops.cast(shift, inputs.dtype)

    def compute_output_spec(self, inputs: Any) -> Any:
        """That of the inputs."""
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)


class Gain(keras.layers.Layer):  # type: ignore[misc]
    """Multiplies by one trainable number."""

    def build(self, input_shape: Any) -> None:
        """Creates the number."""
        self.gain = self.add_weight(name="gain", shape=(), initializer="ones")

    def call(self, inputs: Any) -> Any:
        """The inputs, in floating point, times the number."""
        return keras.ops.cast(inputs, self.compute_dtype) * self.gain


def train(subject: Subject) -> float:
    """Trains a new model for a step of gradient descent towards random targets, in its own way if it has one.

    Gives the loss. What the step did not reach is among the facts of the subject.

    Raises:
        CannotBeTried: It is not known what its `compile` or its `train_step` takes.
    """
    if subject.is_model and any(map(subject.defines, OWN_TRAINING)):
        return _train_by_itself(subject)
    loss, unmoved, model = _train_once(subject, moved=True)
    if unmoved:
        # What changes nothing but by rounding, such as the key bias of an attention, moves from 0 alone.
        _, still, _ = _train_once(subject, moved=False)
        unmoved = [index for index in unmoved if index in still]
    subject.facts.unmoved = [own_path(model.trainable_weights[index]) for index in unmoved]
    return loss


def _train_once(subject: Subject, moved: bool) -> tuple[float, list[int], Any]:
    """The loss of a step, the indices of the weights that it leaves as they are, and the model.

    Args:
        subject: A layer or model.
        moved: Whether weights that are 0 are given other values first.
    """
    model = subject.model()
    targets = _random_targets(subject, model)
    if moved:
        move_from_zero(model)
    trained, shifts = _with_shifts(subject, model)
    before = numbers(model.trainable_weights)
    if has_graph() and moved:  # one of the call alone: that of the gradients takes longer than everything else here
        traced(model, subject.model_arguments(subject.arrays(BATCH)), training=True)
    trained.compile(_optimizer(), "mse", jit_compile=False, run_eagerly=has_graph() or not moved)
    result = trained.train_on_batch(alone(subject.arrays(BATCH)), alone(targets))
    subject.facts.cut = [index for index, one in enumerate(shifts) if one and not numbers(one.shift)[0].any()]
    # With several outputs, the total loss comes first.
    return float(np.ravel(result)[0]), _unmoved(model, before), model


def _train_by_itself(subject: Subject) -> float:
    """The loss of a step by a model's own `train_step` or `compute_loss`, or after its own `compile`, as users do it.

    What they take is found out by trying. What fails in the same way whatever it is given is a defect.
    """
    failures: list[Exception] = []
    losses: list[float] = []
    for inputs, targets in _data(subject):
        try:
            history, unmoved, model = _fit_once(subject, inputs, targets, moved=True)
            if unmoved:  # see `train`
                _, still, _ = _fit_once(subject, inputs, targets, moved=False)
                unmoved = [index for index in unmoved if index in still]
        except CannotBeTried:
            raise
        except Exception as error:
            failures.append(error)
            continue
        subject.facts.unmoved = [own_path(model.trainable_weights[index]) for index in unmoved]
        values = history.get("loss") or next(iter(history.values()), [0.0])
        losses.append(float([*np.ravel(values[0]), 0.0][0]))
        if math.isfinite(losses[-1]):
            return losses[-1]
    if losses:
        return losses[0]
    same = len({(type(error), str(error)) for error in failures}) == 1
    if misses_a_name(failures[0]) or (same and not subject.defines("compile")):
        raise failures[0]
    told = f"{type(failures[0]).__name__}: {' '.join(str(failures[0]).split())}"
    raise CannotBeTried(f"what its training takes could not be found out ({told})")


def _fit_once(subject: Subject, inputs: Any, targets: Any, moved: bool) -> tuple[dict[str, Any], list[int], Any]:
    """What `fit` of one batch tells, the indices of the weights that it leaves as they are, and the new model."""
    model = subject.model()
    _compile(subject, model)
    subject.call(model, subject.arrays(BATCH))
    if moved:
        move_from_zero(model)
    before = numbers(model.trainable_weights)
    history = model.fit(inputs, targets, batch_size=BATCH, epochs=1, verbose=0).history
    return history, _unmoved(model, before), model


def _data(subject: Subject) -> Iterator[tuple[Any, Any]]:
    """Inputs and targets as `fit` takes them, the likeliest first: those of autoencoders have no targets."""
    model = subject.model()
    arranged = subject.arrange(subject.arrays(BATCH))
    inputs = arranged[0] if len(arranged) == 1 else arranged
    targets = alone(_random_targets(subject, model))
    generator = np.random.default_rng(2)
    yield inputs, targets
    yield inputs, None
    if isinstance(targets, np.ndarray):
        shape = targets.shape[:-1] if targets.ndim > 1 else targets.shape
        yield inputs, generator.integers(0, 2, size=shape)
        yield inputs, generator.integers(0, 2, size=targets.shape).astype("float32")
    if len(arranged) > 1:
        yield arranged[0], arranged[1]


def _random_targets(subject: Subject, model: Any) -> list[Any]:
    generator = np.random.default_rng(1)
    outputs = subject.outputs(model, BATCH, training=True)
    return [generator.normal(size=output.shape).astype("float32") for output in outputs]


def _compile(subject: Subject, model: Any) -> None:
    """Compiles a model; what its own `compile` takes is known by names.

    Raises:
        CannotBeTried: It is not known.
    """
    if not subject.defines("compile"):
        model.compile(_optimizer(), "mse", jit_compile=False)
        return
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(model.compile).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if "optimizer" in name or name in ("opt", "optim"):
            given[name] = _optimizer()
        elif "metric" in name:
            given[name] = None
        elif "loss" in name and "weight" not in name:
            given[name] = keras.losses.MeanSquaredError()
        elif parameter.default is parameter.empty:
            raise CannotBeTried(f"its compile() takes an argument {name!r}: it is not known what that is")
    try:
        model.compile(**given)
    except Exception as error:
        raise CannotBeTried(f"it is not known how its compile() is called ({type(error).__name__}: {error})") from error


def _optimizer() -> Any:
    return keras.optimizers.SGD(0.1)


def move_from_zero(model: Any) -> None:
    """Gives trainable weights that are 0 everywhere, or nearly so, small numbers."""
    generator = np.random.default_rng(3)
    for weight in model.trainable_weights:
        value = numbers(weight)[0]
        if np.issubdtype(value.dtype, np.floating) and np.abs(value).max(initial=0) < NEARLY_ZERO:
            weight.assign(generator.normal(size=value.shape).astype(value.dtype) * SMALL)


def _unmoved(model: Any, before: list[Any]) -> list[int]:
    pairs = zip(before, numbers(model.trainable_weights), strict=False)
    return [index for index, (one, other) in enumerate(pairs) if np.array_equal(one, other)]


def _with_shifts(subject: Subject, model: Any) -> tuple[Any, list[Shift | None]]:
    """A model around another one that has weights before and after it: Keras trains no model without a gradient."""
    inputs = subject.symbolic_inputs()
    shapes = [tuple(array.shape) for array in subject.arrays(BATCH)]
    shifts = [
        Shift(shape) if tensor.dtype.startswith("float") else None for tensor, shape in zip(inputs, shapes, strict=True)
    ]
    moved = [shift(tensor) if shift else tensor for shift, tensor in zip(shifts, inputs, strict=True)]
    outputs = keras.tree.flatten(model(*subject.model_arguments(moved)))
    return keras.Model(alone(inputs), [Gain()(output) for output in outputs]), shifts
